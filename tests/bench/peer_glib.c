/* GLib's GThreadPool: a queue under one lock. */
#include "queue.h"

#include <glib.h>

static GThreadPool *pool;

static void run_item(gpointer data, gpointer user_data)
{
    (void)user_data;
    bench_run_item(data);
}

void bench_queue(bench_item *item)
{
    bench_require(g_thread_pool_push(pool, item, NULL), "g_thread_pool_push");
}

static void open_pool(unsigned workers, long slots[], size_t count)
{
    bench_queue_open(slots, count);
    pool = g_thread_pool_new(run_item, NULL, (gint)workers, TRUE, NULL);
    bench_require(pool != NULL, "g_thread_pool_new");
}

static void close_pool(void)
{
    g_thread_pool_free(pool, FALSE, TRUE);
    bench_queue_close();
}

static const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = "GLib",
    .note = "no future",
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = bench_queue_submit,
    .wait = bench_queue_wait,
};
