/* The thread pool of the Apache Portable Runtime: a list under one lock. */
#include "queue.h"

#include <apr_general.h>
#include <apr_thread_pool.h>

static apr_pool_t *memory;
static apr_thread_pool_t *pool;

static void *APR_THREAD_FUNC run_item(apr_thread_t *thread, void *item)
{
    (void)thread;
    bench_run_item(item);
    return NULL;
}

void bench_queue(bench_item *item)
{
    apr_status_t status = apr_thread_pool_push(
        pool, run_item, item, APR_THREAD_TASK_PRIORITY_NORMAL, NULL);
    bench_require(status == APR_SUCCESS, "apr_thread_pool_push");
}

/* By default idle threads leave. */
static void open_pool(unsigned workers, long slots[], size_t count)
{
    bench_queue_open(slots, count);
    bench_require(apr_initialize() == APR_SUCCESS, "apr_initialize");
    bench_require(apr_pool_create(&memory, NULL) == APR_SUCCESS,
                  "apr_pool_create");
    bench_require(apr_thread_pool_create(&pool, workers, workers, memory) ==
                      APR_SUCCESS,
                  "apr_thread_pool_create");
    apr_thread_pool_idle_max_set(pool, workers + 1);
}

static void close_pool(void)
{
    apr_thread_pool_destroy(pool);
    apr_pool_destroy(memory);
    apr_terminate();
    bench_queue_close();
}

static const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {"memory", true, "each push walks along the queue: takes minutes"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = "APR",
    .note = "no future",
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = bench_queue_submit,
    .wait = bench_queue_wait,
};
