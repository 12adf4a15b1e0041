/* C-Thread-Pool: a list under one lock, a token per sleeper. */
#include "queue.h"

#include <cthreadpool/thpool.h>

static threadpool pool;

static void run_item(void *item)
{
    bench_run_item(item);
}

void bench_queue(bench_item *item)
{
    bench_require(thpool_add_work(pool, run_item, item) == 0,
                  "thpool_add_work");
}

static void open_pool(unsigned workers, long slots[], size_t count)
{
    bench_queue_open(slots, count);
    pool = thpool_init((int)workers);
    bench_require(pool != NULL, "thpool_init");
}

static void close_pool(void)
{
    thpool_destroy(pool);
    bench_queue_close();
}

static const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = "C-Thread-Pool",
    .note = "no future",
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = bench_queue_submit,
    .wait = bench_queue_wait,
};
