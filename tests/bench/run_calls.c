/* The workloads of single calls: W2, W3, W4. */
#include "measure.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define peer bench_this_peer

static const bench_loop *find_loop(const char *key)
{
    const bench_loop *loop = peer.loops;
    while (loop != NULL && loop->key != NULL) {
        if (strcmp(loop->key, key) == 0) {
            return loop;
        }
        loop++;
    }
    return NULL;
}

/* The results are read outside the clock: most loops leave them in place. */
static moment time_loop(const bench_loop *loop, long slots[], size_t count)
{
    uint64_t expected = fill(slots, count);
    moment start = now();
    loop->run(slots, count);
    moment taken = since(start);
    uint64_t digest = loop->read != NULL ? loop->read(slots, count)
                                         : bench_digest_slots(slots, count);
    bench_require(digest == expected, "loop: wrong results");
    return taken;
}

/* Some take a few passes until their threads are there. */
#define LOOP_PASSES 3

void run_loop(const bench_order *order)
{
    const bench_loop *loop = find_loop(order->key);
    if (loop == NULL) {
        print_cannot("no such loop in this build");
        return;
    }
    size_t count = order->count;
    long *slots = bench_room(count, sizeof *slots);
    moment steady = {0, 0};
    peer.open(order->workers, slots, count);
    for (int i = 0; i < LOOP_PASSES; i++) {
        steady = time_loop(loop, slots, count);
    }
    print_threads();
    peer.close();
    free(slots);
    printf("name %s\n", loop->name);
    print_note(loop->note);
    printf("steady %.4f\n", (double)steady.wall / (double)count);
    printf("cpu %.4f\n", (double)steady.cpu / (double)count);
}

static const bench_fib *find_fib(const char *key)
{
    const bench_fib *fib = peer.fibs;
    while (fib != NULL && fib->key != NULL) {
        if (strcmp(fib->key, key) == 0) {
            return fib;
        }
        fib++;
    }
    return NULL;
}

static long fib_by_loop(int n)
{
    long previous = 1;
    long value = 0;
    for (int i = 0; i < n; i++) {
        long next = previous + value;
        previous = value;
        value = next;
    }
    return value;
}

static moment time_fib(const bench_fib *fib, int n)
{
    moment start = now();
    long value = fib->run(n);
    moment taken = since(start);
    bench_require(value == fib_by_loop(n), "fib: wrong result");
    return taken;
}

/* Each call with n >= 2 spawns once: fib(n + 1) - 1 spawns in all. */
void run_fib(const bench_order *order)
{
    const bench_fib *fib = find_fib(order->key);
    if (fib == NULL) {
        print_cannot("no such fork and join in this build");
        return;
    }
    int n = (int)order->count;
    double spawns = (double)(fib_by_loop(n + 1) - 1);
    long slot = 0;
    peer.open(order->workers, &slot, 1);
    (void)time_fib(fib, n);
    moment steady = time_fib(fib, n);
    print_threads();
    peer.close();
    printf("name %s\n", fib->name);
    print_note(fib->note);
    printf("steady %.3f\n", (double)steady.wall / spawns);
    printf("cpu %.3f\n", (double)steady.cpu / spawns);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static long trip(long *slot, long number)
{
    if (peer.trip != NULL) {
        return peer.trip(number);
    }
    *slot = number;
    peer.submit(BENCH_TRIVIAL, slot, 1);
    peer.wait();
    return peer.read != NULL ? (long)peer.read(slot, 1) : *slot;
}

static void make_trips(long *slot, int64_t taken[], size_t count, long pause)
{
    for (size_t i = 0; i < count; i++) {
        if (pause > 0) {
            sleep_ns(pause);
        }
        int64_t start = wall_clock();
        long value = trip(slot, (long)i);
        taken[i] = wall_clock() - start;
        bench_require(value == bench_body((long)i), "trip: wrong result");
    }
}

static double us_at(const int64_t sorted[], size_t count, size_t percent)
{
    int64_t ns = sorted[count * percent / 100];
    return (double)ns / NS_PER_US;
}

void run_trip(const bench_order *order)
{
    size_t count = order->count;
    long pause = order->extra * NS_PER_US;
    int64_t *taken = bench_room(count, sizeof *taken);
    long slot = 0;
    peer.open(order->workers, &slot, 1);
    make_trips(&slot, taken, count / 10, pause);
    moment start = now();
    make_trips(&slot, taken, count, pause);
    moment all = since(start);
    print_threads();
    peer.close();
    qsort(taken, count, sizeof *taken, by_size);
    printf("median %.3f\n", us_at(taken, count, 50));
    printf("p99 %.3f\n", us_at(taken, count, 99));
    printf("cpu %.6f\n", (double)all.cpu / NS_PER_SECOND);
    free(taken);
}
