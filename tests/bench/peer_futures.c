/* libfutures: a future per task, results through the futures. Built a second
 * time with BENCH_HELP, where the outside thread that gathers runs queued
 * tasks of the set too. */
#include "bench.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <futures/futures.h>

#ifdef BENCH_HELP
#define NAME "libfutures, help"
#define CALLER_HELPS true
#define STREAM_NOTE "a future per task; the caller runs tasks too"
#define TRIP_NOTE "the caller may run it itself"
#else
#define NAME "libfutures"
#define CALLER_HELPS false
#define STREAM_NOTE "a future per task"
#define TRIP_NOTE NULL
#endif

static futures_pool *pool;
static futures_future **futures;
static futures_outcome *outcomes;

/* A number travels in the pointer itself, as in pthread code: a place for it
 * would cost what is measured. */
static void *to_value(long number)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (void *)(intptr_t)number;
}

static long to_number(const void *value)
{
    return (long)(intptr_t)value;
}

static void *run_body(void *arg)
{
    return to_value(bench_body(*(const long *)arg));
}

static void *run_fib_task(void *arg);

static long fib_task(long n)
{
    if (n < 2) {
        return n;
    }
    futures_outcome outcome;
    futures_future *child =
        futures_submit(pool, run_fib_task, to_value(n - 1));
    long other = fib_task(n - 2);
    futures_status status = futures_gather(&child, 1, &outcome, NULL);
    bench_require(status == FUTURES_OK, futures_status_name(status));
    futures_release(child);
    return to_number(outcome.value) + other;
}

static void *run_fib_task(void *arg)
{
    return to_value(fib_task(to_number(arg)));
}

static void gather(size_t count)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = CALLER_HELPS;
    futures_status status = futures_gather(futures, count, outcomes, &options);
    bench_require(status == FUTURES_OK, futures_status_name(status));
}

static void open_pool(unsigned workers, size_t count)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    futures_status status = futures_pool_create(&pool, &options);
    bench_require(status == FUTURES_OK, futures_status_name(status));
    futures = bench_room(count, sizeof(futures_future *));
    outcomes = bench_room(count, sizeof *outcomes);
}

static void close_pool(void)
{
    futures_pool_destroy(pool);
    free(futures);
    free(outcomes);
}

static uint64_t stream(long slots[], size_t count)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        futures[i] = futures_submit(pool, run_body, &slots[i]);
    }
    gather(count);
    for (size_t i = 0; i < count; i++) {
        digest = bench_digest(digest, to_number(outcomes[i].value));
    }
    futures_release_all(futures, count);
    return digest;
}

static long fib(int n)
{
    futures[0] = futures_submit(pool, run_fib_task, to_value(n));
    gather(1);
    futures_release(futures[0]);
    return to_number(outcomes[0].value);
}

static long trip(long number)
{
    futures[0] = futures_submit(pool, run_body, &number);
    gather(1);
    futures_release(futures[0]);
    return to_number(outcomes[0].value);
}

const bench_peer bench_this_peer = {
    .name = NAME,
    .open = open_pool,
    .close = close_pool,
    .stream = stream,
    .stream_note = STREAM_NOTE,
    .fib = fib,
    .fib_note = "a future per spawn",
    .trip = trip,
    .trip_note = TRIP_NOTE,
};
