/* OpenMP tasks: libgomp with gcc, libomp with clang. They live inside a
 * parallel region, so the producer is one of the team, and submit waits too.
 * There is no way to hand one task from outside to an idle team; the nearest
 * thing is a region of which another thread of the team does the work. */
#include "bench.h"

#include <omp.h>

#ifdef __clang__
#define NAME "libomp"
#else
#define NAME "libgomp"
#endif

static int team;

static void open_team(unsigned workers, long slots[], size_t count)
{
    (void)slots;
    (void)count;
    omp_set_dynamic(0);
    team = (int)workers;
}

static void close_team(void)
{
    bench_require(omp_in_parallel() == 0, "a region is still open");
}

static void submit_trivial(long slots[], size_t count)
{
#pragma omp parallel num_threads(team)
#pragma omp single
    for (size_t i = 0; i < count; i++) {
#pragma omp task firstprivate(i)
        bench_body_in_place(&slots[i]);
    }
}

static void submit_busy(long slots[], size_t count)
{
#pragma omp parallel num_threads(team)
#pragma omp single
    for (size_t i = 0; i < count; i++) {
#pragma omp task firstprivate(i)
        bench_do_in_place(BENCH_BUSY, &slots[i]);
    }
}

static void submit(bench_kind kind, long slots[], size_t count)
{
    if (kind == BENCH_TRIVIAL) {
        submit_trivial(slots, count);
    } else {
        submit_busy(slots, count);
    }
}

static void wait_for_all(void)
{
    close_team();
}

static long fib_task(int n)
{
    if (n < 2) {
        return n;
    }
    long child = 0;
#pragma omp task shared(child) firstprivate(n)
    child = fib_task(n - 1);
    long other = fib_task(n - 2);
#pragma omp taskwait
    return child + other;
}

static long fib(int n)
{
    long value = 0;
#pragma omp parallel num_threads(team)
#pragma omp single
    value = fib_task(n);
    return value;
}

static long trip(long number)
{
    long value = 0;
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1) {
        value = bench_body(number);
    }
    return value;
}

static void taskloop(long slots[], size_t count)
{
#pragma omp parallel num_threads(team)
#pragma omp single
#pragma omp taskloop grainsize(1)
    for (size_t i = 0; i < count; i++) {
        bench_body_in_place(&slots[i]);
    }
}

static void for_dynamic(long slots[], size_t count)
{
#pragma omp parallel for num_threads(team) schedule(dynamic, 1)
    for (size_t i = 0; i < count; i++) {
        bench_body_in_place(&slots[i]);
    }
}

static void for_static(long slots[], size_t count)
{
#pragma omp parallel for num_threads(team) schedule(static)
    for (size_t i = 0; i < count; i++) {
        bench_body_in_place(&slots[i]);
    }
}

#define IN_TEAM "no future; the caller is one of the team"

static const bench_fib fibs[] = {
    {"spawn", NAME, IN_TEAM, fib},
    {NULL, NULL, NULL, NULL},
};

static const bench_loop loops[] = {
    {"fine", NAME " taskloop", "grainsize 1; the caller works too", taskloop,
     NULL},
    {"dynamic", NAME " parallel for",
     "schedule(dynamic, 1); the caller works too", for_dynamic, NULL},
    {"coarse", NAME " parallel for",
     "schedule(static), no balancing; the caller works too", for_static, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const bench_remark remarks[] = {
    {"trip", false, "no task: a parallel region, done by its second thread"},
    {"shared", true, "a team for each caller, none that they share"},
    {"memory", true, "the producer runs what it submits before long"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = NAME,
    .note = IN_TEAM,
    .remarks = remarks,
    .open = open_team,
    .close = close_team,
    .submit = submit,
    .wait = wait_for_all,
    .trip = trip,
    .loops = loops,
    .fibs = fibs,
};
