/* The busy body does a fixed amount of work, not a fixed time: where more
 * threads than cores run it, it must not look done sooner. */
#include "measure.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MOST_US 100
#define GATE_SECONDS 20

static long busy_steps_per_us = 1; /* const once calibrated */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_changed = PTHREAD_COND_INITIALIZER;
static unsigned gate_waiting; /* gate_lock */
static bool gate_is_open;     /* gate_lock */

void bench_require(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

void *bench_room(size_t count, size_t size)
{
    void *room = calloc(count, size);
    bench_require(room != NULL, "out of memory");
    memset(room, 1, count * size);
    memset(room, 0, count * size);
    return room;
}

uint64_t fill(long slots[], size_t count)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        slots[i] = (long)i;
        expected = bench_digest(expected, bench_body((long)i));
    }
    return expected;
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    bench_require(clock_gettime(clock, &time) == 0, "no clock");
    return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

int64_t wall_clock(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

moment now(void)
{
    return (moment){wall_clock(), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

moment since(moment start)
{
    moment end = now();
    return (moment){end.wall - start.wall, end.cpu - start.cpu};
}

void sleep_ns(long ns)
{
    struct timespec left = {ns / NS_PER_SECOND, ns % NS_PER_SECOND};
    while (nanosleep(&left, &left) != 0) {
    }
}

double resident(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    bench_require(file != NULL, "no /proc/self/statm");
    bench_require(fscanf(file, "%*s %ld", &pages) == 1, "an odd statm");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void print_threads(void)
{
    char line[256];
    int threads = 0;
    FILE *status = fopen("/proc/self/status", "r");
    bench_require(status != NULL, "no /proc/self/status");
    while (fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "Threads: %d", &threads) == 1) {
            break;
        }
    }
    fclose(status);
    printf("threads %d\n", threads);
}

static uint64_t compute(uint64_t state, long steps)
{
    for (long i = 0; i < steps; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    return state;
}

/* xorshift never gets to 0, which the compiler does not know. */
long bench_busy(long number)
{
    uint64_t state = compute((uint64_t)number + 1,
                             number % BUSY_MOST_US * busy_steps_per_us);
    return bench_body(number) + (state == 0);
}

/* The quickest of some tries is the one that nobody interrupted. */
void calibrate_busy(void)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 50; i++) {
        busy_steps_per_us = 1000;
        int64_t start = wall_clock();
        long value = bench_busy(BUSY_MOST_US - 1);
        int64_t taken = wall_clock() - start;
        bench_require(value == bench_body(BUSY_MOST_US - 1), "xorshift");
        best = taken < best ? taken : best;
    }
    busy_steps_per_us = 1000 * NS_PER_US * (BUSY_MOST_US - 1) / (long)best;
}

long bench_pass_gate(long number)
{
    pthread_mutex_lock(&gate_lock);
    gate_waiting++;
    pthread_cond_broadcast(&gate_changed);
    while (!gate_is_open) {
        pthread_cond_wait(&gate_changed, &gate_lock);
    }
    gate_waiting--;
    pthread_mutex_unlock(&gate_lock);
    return bench_body(number);
}

void await_gate(unsigned count)
{
    struct timespec limit;
    int status = clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += GATE_SECONDS;
    pthread_mutex_lock(&gate_lock);
    while (status == 0 && gate_waiting < count) {
        status = pthread_cond_timedwait(&gate_changed, &gate_lock, &limit);
    }
    pthread_mutex_unlock(&gate_lock);
    bench_require(status == 0, "the pool's threads do not all run");
}

static void set_gate(bool is_open)
{
    pthread_mutex_lock(&gate_lock);
    gate_is_open = is_open;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate_lock);
}

void open_gate(void)
{
    set_gate(true);
}

void close_gate(void)
{
    set_gate(false);
}

void bench_do_in_place(bench_kind kind, long *slot)
{
    if (kind == BENCH_TRIVIAL) {
        *slot = bench_body(*slot);
    } else if (kind == BENCH_BUSY) {
        *slot = bench_busy(*slot);
    } else {
        *slot = bench_pass_gate(*slot);
    }
}
