/* One sample of one workload with one runtime, on the command line of
 * bench.py: prints "key value" lines. Every result is checked, and a wrong one
 * ends the program with status 1, so that no figure stands for work that was
 * not done. What is timed lies between two readings of the clock; arrays are
 * made, filled and checked outside. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000L
#define NS_PER_MS 1000000L
#define NS_PER_US 1000L
#define WARM_UP_TASKS 10000

/* Two clocks, read together: time and the CPU of the whole process. */
typedef struct moment {
    int64_t wall;
    int64_t cpu;
} moment;

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

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    bench_require(clock_gettime(clock, &now) == 0, "no clock");
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static moment now(void)
{
    return (moment){read_clock(CLOCK_MONOTONIC),
                    read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

static moment since(moment start)
{
    moment end = now();
    return (moment){end.wall - start.wall, end.cpu - start.cpu};
}

static void sleep_ns(long ns)
{
    struct timespec left = {ns / NS_PER_SECOND, ns % NS_PER_SECOND};
    while (nanosleep(&left, &left) != 0) {
    }
}

static void print_note(const char *note)
{
    if (note != NULL) {
        printf("note %s\n", note);
    }
}

/* So that the table can show who ran how many threads. */
static void print_threads(void)
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

static moment time_stream(long slots[], size_t count)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        slots[i] = (long)i;
        expected = bench_digest(expected, bench_body((long)i));
    }
    moment start = now();
    uint64_t digest = bench_this_peer.stream(slots, count);
    moment taken = since(start);
    bench_require(digest == expected, "stream: wrong results");
    return taken;
}

/* The first pass meets new threads and new memory, the second has both. */
static void run_stream(unsigned workers, const long arguments[])
{
    size_t count = (size_t)arguments[0];
    long *slots = bench_room(count, sizeof *slots);
    bench_this_peer.open(workers, count);
    moment first = time_stream(slots, count);
    moment steady = time_stream(slots, count);
    print_threads();
    bench_this_peer.close();
    free(slots);
    print_note(bench_this_peer.stream_note);
    printf("first %.3f\n", (double)first.wall / (double)count);
    printf("steady %.3f\n", (double)steady.wall / (double)count);
    printf("cpu %.3f\n", (double)steady.cpu / (double)count);
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

static moment time_fib(int n)
{
    moment start = now();
    long value = bench_this_peer.fib(n);
    moment taken = since(start);
    bench_require(value == fib_by_loop(n), "fib: wrong result");
    return taken;
}

/* Each call with n >= 2 spawns once: fib(n + 1) - 1 spawns in all. */
static void run_fib(unsigned workers, const long arguments[])
{
    if (bench_this_peer.fib == NULL) {
        printf("cannot %s\n", bench_this_peer.fib_note);
        return;
    }
    int n = (int)arguments[0];
    double spawns = (double)(fib_by_loop(n + 1) - 1);
    bench_this_peer.open(workers, 1);
    (void)time_fib(n);
    moment steady = time_fib(n);
    print_threads();
    bench_this_peer.close();
    print_note(bench_this_peer.fib_note);
    printf("steady %.3f\n", (double)steady.wall / spawns);
    printf("cpu %.3f\n", (double)steady.cpu / spawns);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void make_trips(int64_t taken[], size_t count, long pause)
{
    for (size_t i = 0; i < count; i++) {
        if (pause > 0) {
            sleep_ns(pause);
        }
        int64_t start = read_clock(CLOCK_MONOTONIC);
        long value = bench_this_peer.trip((long)i);
        taken[i] = read_clock(CLOCK_MONOTONIC) - start;
        bench_require(value == bench_body((long)i), "trip: wrong result");
    }
}

static double us_at(const int64_t sorted[], size_t count, size_t percent)
{
    int64_t ns = sorted[count * percent / 100];
    return (double)ns / NS_PER_US;
}

static void run_trip(unsigned workers, const long arguments[])
{
    size_t count = (size_t)arguments[0];
    long pause = arguments[1] * NS_PER_US;
    int64_t *taken = bench_room(count, sizeof *taken);
    bench_this_peer.open(workers, 1);
    make_trips(taken, count / 10, pause);
    moment start = now();
    make_trips(taken, count, pause);
    moment all = since(start);
    print_threads();
    bench_this_peer.close();
    qsort(taken, count, sizeof *taken, by_size);
    print_note(bench_this_peer.trip_note);
    printf("median %.3f\n", us_at(taken, count, 50));
    printf("p99 %.3f\n", us_at(taken, count, 99));
    printf("cpu %.6f\n", (double)all.cpu / NS_PER_SECOND);
    free(taken);
}

static void run_idle(unsigned workers, const long arguments[])
{
    long *slots = bench_room(WARM_UP_TASKS, sizeof *slots);
    bench_this_peer.open(workers, WARM_UP_TASKS);
    (void)time_stream(slots, WARM_UP_TASKS);
    moment start = now();
    sleep_ns(arguments[0] * NS_PER_MS);
    moment idle = since(start);
    print_threads();
    bench_this_peer.close();
    free(slots);
    print_note(bench_this_peer.stream_note);
    printf("cpu %.6f\n", (double)idle.cpu / NS_PER_MS);
}

typedef struct command {
    const char *name;
    int arguments;
    const char *usage;
    void (*run)(unsigned workers, const long arguments[]);
} command;

static const command commands[] = {
    {"stream", 1, "WORKERS TASKS", run_stream},
    {"fib", 1, "WORKERS N", run_fib},
    {"trip", 2, "WORKERS TRIPS PAUSE_US", run_trip},
    {"idle", 1, "WORKERS MS", run_idle},
};

#define COMMANDS (sizeof commands / sizeof commands[0])
#define MOST_ARGUMENTS 2

static int usage(void)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(stderr, "usage: %s %s\n", commands[i].name, commands[i].usage);
    }
    return 2;
}

static int parse(const char *text, long *number)
{
    char *end = NULL;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= 0 && *number <= 100000000;
}

static const command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const command *chosen = argc > 1 ? find_command(argv[1]) : NULL;
    if (chosen == NULL || argc != chosen->arguments + 3) {
        return usage();
    }
    long numbers[1 + MOST_ARGUMENTS] = {0};
    for (int i = 2; i < argc; i++) {
        if (!parse(argv[i], &numbers[i - 2])) {
            return usage();
        }
    }
    if (numbers[0] == 0 || numbers[1] == 0) {
        return usage();
    }
    printf("name %s\n", bench_this_peer.name);
    chosen->run((unsigned)numbers[0], numbers + 1);
    return EXIT_SUCCESS;
}
