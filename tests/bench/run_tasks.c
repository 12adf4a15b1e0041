/* The workloads of single tasks: W1, W5, W6, W7, W9, W11. */
#include "measure.h"
#include "run.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define peer bench_this_peer

static long *open_slots(unsigned workers, size_t count)
{
    long *slots = bench_room(count, sizeof *slots);
    peer.open(workers, slots, count);
    return slots;
}

static void close_slots(long slots[])
{
    peer.close();
    free(slots);
}

static uint64_t read_results(long slots[], size_t count)
{
    return peer.read != NULL ? peer.read(slots, count)
                             : bench_digest_slots(slots, count);
}

static moment time_tasks(bench_kind kind, long slots[], size_t count)
{
    uint64_t expected = fill(slots, count);
    moment start = now();
    peer.submit(kind, slots, count);
    peer.wait();
    uint64_t digest = read_results(slots, count);
    moment taken = since(start);
    bench_require(digest == expected, "wrong results");
    return taken;
}

static moment time_batch(long slots[], size_t count)
{
    uint64_t expected = fill(slots, count);
    moment start = now();
    peer.submit_all(slots, count);
    peer.wait();
    uint64_t digest = read_results(slots, count);
    moment taken = since(start);
    bench_require(digest == expected, "batch: wrong results");
    return taken;
}

static void print_passes(moment first, moment steady, size_t count)
{
    printf("first %.3f\n", (double)first.wall / (double)count);
    printf("steady %.3f\n", (double)steady.wall / (double)count);
    printf("cpu %.3f\n", (double)steady.cpu / (double)count);
}

#define STEADY_TASKS 100000

/* The first pass meets new threads and new memory, the further have both: one,
 * or for small sizes the mean of several. */
void run_stream(const bench_order *order)
{
    size_t count = order->count;
    long *slots = open_slots(order->workers, count);
    moment first = time_tasks(BENCH_TRIVIAL, slots, count);
    moment steady = {0, 0};
    int passes = 1 + (int)((STEADY_TASKS - 1) / count);
    for (int i = 0; i < passes; i++) {
        moment taken = time_tasks(BENCH_TRIVIAL, slots, count);
        steady.wall += taken.wall / passes;
        steady.cpu += taken.cpu / passes;
    }
    print_threads();
    close_slots(slots);
    print_passes(first, steady, count);
}

void run_batch(const bench_order *order)
{
    if (peer.submit_all == NULL) {
        print_cannot("no call that submits many");
        return;
    }
    size_t count = order->count;
    long *slots = open_slots(order->workers, count);
    moment first = time_batch(slots, count);
    moment steady = time_batch(slots, count);
    print_threads();
    close_slots(slots);
    print_passes(first, steady, count);
}

/* One of the outside threads that share a pool. */
typedef struct caller {
    pthread_t thread;
    pthread_barrier_t *together;
    long *slots;
    size_t count;
    moment start;
    moment end;
} caller;

static void *call(void *argument)
{
    caller *me = argument;
    (void)time_tasks(BENCH_TRIVIAL, me->slots, me->count);
    uint64_t expected = fill(me->slots, me->count);
    pthread_barrier_wait(me->together);
    me->start = now();
    peer.submit(BENCH_TRIVIAL, me->slots, me->count);
    peer.wait();
    uint64_t digest = read_results(me->slots, me->count);
    me->end = now();
    bench_require(digest == expected, "shared: wrong results");
    return NULL;
}

static void start_callers(caller all[], size_t callers,
                          pthread_barrier_t *together, long slots[],
                          size_t each)
{
    for (size_t i = 0; i < callers; i++) {
        all[i].together = together;
        all[i].slots = slots + i * each;
        all[i].count = each;
        bench_require(pthread_create(&all[i].thread, NULL, call, &all[i]) == 0,
                      "no thread");
    }
}

/* From the first to start to the last to end. */
static moment join_callers(const caller all[], size_t callers)
{
    moment start = {INT64_MAX, INT64_MAX};
    moment end = {0, 0};
    for (size_t i = 0; i < callers; i++) {
        pthread_join(all[i].thread, NULL);
        start = all[i].start.wall < start.wall ? all[i].start : start;
        end = all[i].end.wall > end.wall ? all[i].end : end;
    }
    return (moment){end.wall - start.wall, end.cpu - start.cpu};
}

/* The barrier keeps the warm-up of one from running beside another's
 * sample. */
void run_shared(const bench_order *order)
{
    size_t callers = (size_t)order->extra;
    size_t each = order->count;
    bench_require(callers > 0, "no caller");
    pthread_barrier_t together;
    caller *all = bench_room(callers, sizeof *all);
    long *slots = open_slots(order->workers, callers * each);
    bench_require(pthread_barrier_init(&together, NULL, (unsigned)callers) ==
                      0,
                  "no barrier");
    start_callers(all, callers, &together, slots, each);
    moment taken = join_callers(all, callers);
    print_threads();
    close_slots(slots);
    pthread_barrier_destroy(&together);
    free(all);
    double tasks = (double)(callers * each);
    printf("steady %.3f\n", (double)taken.wall / tasks);
    printf("cpu %.3f\n", (double)taken.cpu / tasks);
}

static moment time_serial(long slots[], size_t count)
{
    uint64_t expected = fill(slots, count);
    moment start = now();
    for (size_t i = 0; i < count; i++) {
        slots[i] = bench_busy(slots[i]);
    }
    moment taken = since(start);
    bench_require(bench_digest_slots(slots, count) == expected,
                  "busy: wrong results");
    return taken;
}

/* Ideal is what one thread needs, shared by all that can run at once. The
 * serial pass is the better of one before and one after. */
void run_busy(const bench_order *order)
{
    size_t count = order->count;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long *slots = open_slots(order->workers, count);
    calibrate_busy();
    moment before = time_serial(slots, count);
    moment shared = time_tasks(BENCH_BUSY, slots, count);
    moment after = time_serial(slots, count);
    print_threads();
    close_slots(slots);
    int64_t serial = before.wall < after.wall ? before.wall : after.wall;
    long share = (long)order->workers;
    share = cores > 0 && cores < share ? cores : share;
    printf("over %.4f\n", (double)(shared.wall * share) / (double)serial);
}

static moment time_errors(long slots[], size_t count)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        slots[i] = (long)i;
        expected = bench_digest(expected, (long)i);
    }
    moment start = now();
    peer.submit(BENCH_THROW, slots, count);
    peer.wait();
    uint64_t digest = peer.read_errors(slots, count);
    moment taken = since(start);
    bench_require(digest == expected, "errors: wrong errors");
    return taken;
}

void run_errors(const bench_order *order)
{
    if (peer.read_errors == NULL) {
        print_cannot("its tasks hand no error back");
        return;
    }
    size_t count = order->count;
    long *slots = open_slots(order->workers, count);
    (void)time_tasks(BENCH_TRIVIAL, slots, count);
    moment plain = time_tasks(BENCH_TRIVIAL, slots, count);
    (void)time_errors(slots, count);
    moment thrown = time_errors(slots, count);
    print_threads();
    close_slots(slots);
    printf("plain %.3f\n", (double)plain.wall / (double)count);
    printf("thrown %.3f\n", (double)thrown.wall / (double)count);
}

/* Queues behind `workers` tasks that wait at the gate; gives how much memory
 * the queue has filled since `before`. */
static double queue_and_run(unsigned workers, long slots[], size_t count,
                            double before)
{
    uint64_t expected = fill(slots, count);
    close_gate();
    peer.submit(BENCH_GATE, slots, workers);
    await_gate(workers);
    peer.submit(BENCH_TRIVIAL, slots + workers, count - workers);
    double queued = resident() - before;
    open_gate();
    peer.wait();
    bench_require(read_results(slots, count) == expected,
                  "memory: wrong results");
    return queued;
}

/* The second wave shows whether what the first one left is used again. */
void run_memory(const bench_order *order)
{
    unsigned workers = order->workers;
    size_t count = order->count + workers;
    long *slots = open_slots(workers, count);
    (void)queue_and_run(workers, slots, 2 * (size_t)workers, 0);
    double before = resident();
    double first = queue_and_run(workers, slots, count, before);
    double left = resident() - before;
    double second = queue_and_run(workers, slots, count, before);
    print_threads();
    close_slots(slots);
    printf("queued %.3f\n", first / (double)count);
    printf("left %.3f\n", left / (double)count);
    printf("again %.3f\n", second / (double)count);
}

#define ENDED_IN_ALL 1000000

/* Small sets are gathered over and over, to about a million futures. */
void run_ended(const bench_order *order)
{
    if (peer.gather_ended == NULL) {
        print_cannot("no wait for many futures");
        return;
    }
    size_t count = order->count;
    size_t rounds = (ENDED_IN_ALL + count - 1) / count;
    long *slots = open_slots(order->workers, count);
    uint64_t expected = fill(slots, count);
    peer.submit(BENCH_TRIVIAL, slots, count);
    peer.wait();
    moment start = now();
    for (size_t i = 0; i < rounds; i++) {
        peer.gather_ended(count);
    }
    moment taken = since(start);
    bench_require(read_results(slots, count) == expected,
                  "ended: wrong results");
    print_threads();
    close_slots(slots);
    printf("each %.3f\n", (double)taken.wall / (double)(rounds * count));
}

#define WARM_UP_TASKS 10000

void run_idle(const bench_order *order)
{
    long *slots = open_slots(order->workers, WARM_UP_TASKS);
    (void)time_tasks(BENCH_TRIVIAL, slots, WARM_UP_TASKS);
    moment start = now();
    sleep_ns((long)order->count * NS_PER_MS);
    moment idle = since(start);
    print_threads();
    close_slots(slots);
    printf("cpu %.6f\n", (double)idle.cpu / NS_PER_MS);
}
