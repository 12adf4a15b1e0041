/* GLib's GThreadPool: a queue under one lock, no result and no wait. The
 * caller's wait is a countdown whose last task posts a semaphore, the cheapest
 * that it can have. */
#include "bench.h"

#include <semaphore.h>

#include <glib.h>

static GThreadPool *pool;
static gint left;
static sem_t all_done;

static void run_body(gpointer data, gpointer user_data)
{
    (void)user_data;
    bench_body_in_place(data);
    if (g_atomic_int_dec_and_test(&left)) {
        sem_post(&all_done);
    }
}

static void wait_for_all(void)
{
    while (sem_wait(&all_done) != 0) {
    }
}

static void open_pool(unsigned workers, size_t count)
{
    (void)count;
    bench_require(sem_init(&all_done, 0, 0) == 0, "sem_init");
    pool = g_thread_pool_new(run_body, NULL, (gint)workers, TRUE, NULL);
    bench_require(pool != NULL, "g_thread_pool_new");
}

static void close_pool(void)
{
    g_thread_pool_free(pool, FALSE, TRUE);
    sem_destroy(&all_done);
}

static void push(long *slot)
{
    bench_require(g_thread_pool_push(pool, slot, NULL), "g_thread_pool_push");
}

static uint64_t stream(long slots[], size_t count)
{
    g_atomic_int_set(&left, (gint)count);
    for (size_t i = 0; i < count; i++) {
        push(&slots[i]);
    }
    wait_for_all();
    return bench_digest_slots(slots, count);
}

static long trip(long number)
{
    g_atomic_int_set(&left, 1);
    push(&number);
    wait_for_all();
    return number;
}

const bench_peer bench_this_peer = {
    .name = "GLib",
    .open = open_pool,
    .close = close_pool,
    .stream = stream,
    .stream_note = "no future",
    .fib = NULL,
    .fib_note = "deadlocks on a fixed pool",
    .trip = trip,
    .trip_note = "no future",
};
