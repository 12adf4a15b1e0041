/* libfutures: a future per task, results through the futures. Built a second
 * time with BENCH_HELP, where the outside thread that gathers runs queued
 * tasks of the set too. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#ifdef BENCH_HELP
#define NAME "libfutures, help"
#define CALLER_HELPS true
#define NOTE "a future per task; the caller runs tasks too"
#else
#define NAME "libfutures"
#define CALLER_HELPS false
#define NOTE "a future per task"
#endif

static futures_pool *pool;
static long *all_slots;
static futures_future **futures; /* of all_slots[i] */
static futures_outcome *outcomes;
static void **args;
static _Thread_local size_t begun; /* what this thread has submitted: */
static _Thread_local size_t pending;

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

static void require_ok(futures_status status)
{
    bench_require(status == FUTURES_OK, futures_status_name(status));
}

static void *run_body(void *arg)
{
    return to_value(bench_body(*(const long *)arg));
}

static void *run_busy(void *arg)
{
    return to_value(bench_busy(*(const long *)arg));
}

static void *run_gate(void *arg)
{
    return to_value(bench_pass_gate(*(const long *)arg));
}

static void *run_throw(void *arg)
{
    long number = *(const long *)arg;
    futures_throw((int)number + 1, BENCH_MESSAGE, number);
}

static const futures_fn functions[] = {
    [BENCH_TRIVIAL] = run_body,
    [BENCH_BUSY] = run_busy,
    [BENCH_GATE] = run_gate,
    [BENCH_THROW] = run_throw,
};

static void open_pool(unsigned workers, long slots[], size_t count)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    require_ok(futures_pool_create(&pool, &options));
    all_slots = slots;
    futures = bench_room(count, sizeof(futures_future *));
    outcomes = bench_room(count, sizeof *outcomes);
    args = bench_room(count, sizeof *args);
    for (size_t i = 0; i < count; i++) {
        args[i] = &slots[i];
    }
}

static void close_pool(void)
{
    futures_pool_destroy(pool);
    free(futures);
    free(outcomes);
    free(args);
}

static size_t place_of(const long slots[])
{
    return (size_t)(slots - all_slots);
}

static void expect(size_t place, size_t count)
{
    if (pending == 0) {
        begun = place;
    }
    pending += count;
}

static void submit(bench_kind kind, long slots[], size_t count)
{
    futures_fn fn = functions[kind];
    futures_future **mine = futures + place_of(slots);
    for (size_t i = 0; i < count; i++) {
        mine[i] = futures_submit(pool, fn, &slots[i]);
    }
    expect(place_of(slots), count);
}

static void submit_all(long slots[], size_t count)
{
    size_t place = place_of(slots);
    require_ok(futures_submit_all(pool, run_body, args + place, count,
                                  futures + place, NULL));
    expect(place, count);
}

/* Errors, where a workload asks for any, are for read_errors to see. */
static void gather_all(void)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = CALLER_HELPS;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    (void)futures_gather(futures + begun, pending, outcomes + begun, &options);
    pending = 0;
}

static uint64_t read(long slots[], size_t count)
{
    size_t place = place_of(slots);
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        const futures_outcome *outcome = &outcomes[place + i];
        bench_require(outcome->status == FUTURES_OK, "a task failed");
        digest = bench_digest(digest, to_number(outcome->value));
    }
    futures_release_all(futures + place, count);
    return digest;
}

static uint64_t read_errors(long slots[], size_t count)
{
    size_t place = place_of(slots);
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        const futures_error *error = outcomes[place + i].error;
        bench_require(error != NULL && strlen(error->message) > 10,
                      "an error without its message");
        digest = bench_digest(digest, error->code - 1);
    }
    futures_release_all(futures + place, count);
    return digest;
}

static void gather_ended(size_t count)
{
    require_ok(futures_gather(futures, count, outcomes, NULL));
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
    require_ok(futures_gather(&child, 1, &outcome, NULL));
    futures_release(child);
    return to_number(outcome.value) + other;
}

static void *run_fib_task(void *arg)
{
    return to_value(fib_task(to_number(arg)));
}

static long run_root(futures_fn fn, int n)
{
    futures_outcome outcome;
    futures_future *root = futures_submit(pool, fn, to_value(n));
    require_ok(futures_gather(&root, 1, &outcome, NULL));
    futures_release(root);
    return to_number(outcome.value);
}

static long fib_by_submit(int n)
{
    return run_root(run_fib_task, n);
}

static void *join_fib_task(void *arg)
{
    long n = to_number(arg);
    if (n < 2) {
        return to_value(n);
    }
    futures_outcome both[2];
    const futures_call calls[] = {{join_fib_task, to_value(n - 1)},
                                  {join_fib_task, to_value(n - 2)}};
    require_ok(futures_join(pool, calls, 2, both));
    return to_value(to_number(both[0].value) + to_number(both[1].value));
}

static long fib_by_join(int n)
{
    return run_root(join_fib_task, n);
}

static const bench_fib fibs[] = {
    {"spawn", NAME, "a future per spawn", fib_by_submit},
    {"join", NAME " join", "no future; the calls lie on the stack",
     fib_by_join},
    {NULL, NULL, NULL, NULL},
};

#define LOOP_NOTE "called from outside; the caller waits"

static void body_of_range(void *context, size_t begin, size_t end)
{
    long *slots = context;
    for (size_t i = begin; i < end; i++) {
        bench_body_in_place(&slots[i]);
    }
}

static void for_each(long slots[], size_t count)
{
    require_ok(futures_for(pool, 0, count, 1, body_of_range, slots));
}

static void for_coarse(long slots[], size_t count)
{
    require_ok(futures_for(pool, 0, count, 0, body_of_range, slots));
}

static void map_each(long slots[], size_t count)
{
    require_ok(futures_map(pool, run_body, args + place_of(slots), count,
                           outcomes + place_of(slots), NULL));
}

static uint64_t read_map(long slots[], size_t count)
{
    const futures_outcome *mine = outcomes + place_of(slots);
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        digest = bench_digest(digest, to_number(mine[i].value));
    }
    futures_outcomes_free(outcomes + place_of(slots), count);
    return digest;
}

static const bench_loop loops[] = {
    {"fine", NAME " for", LOOP_NOTE, for_each, NULL},
    {"coarse", NAME " for", LOOP_NOTE, for_coarse, NULL},
    {"map", NAME " map", "an outcome per item; " LOOP_NOTE, map_each,
     read_map},
    {NULL, NULL, NULL, NULL, NULL},
};

#ifdef BENCH_HELP
static const bench_remark remarks[] = {
    {"trip", false, "the caller may run it itself"},
    {NULL, false, NULL},
};
#else
static const bench_remark remarks[] = {
    {"memory", false, "a future per task; handles not counted"},
    {NULL, false, NULL},
};
#endif

const bench_peer bench_this_peer = {
    .name = NAME,
    .note = NOTE,
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = submit,
    .submit_all = submit_all,
    .wait = gather_all,
    .read = read,
    .read_errors = read_errors,
    .gather_ended = gather_ended,
    .loops = loops,
    .fibs = fibs,
};
