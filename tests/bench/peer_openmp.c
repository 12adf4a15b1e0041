/* OpenMP tasks: libgomp with gcc, libomp with clang. They live inside a
 * parallel region, so the producer is one of the team. There is no way to hand
 * one task from outside to an idle team; the nearest thing is a region of
 * which another thread of the team does the work. */
#include "bench.h"

#include <omp.h>

#ifdef __clang__
#define NAME "libomp"
#else
#define NAME "libgomp"
#endif

static int team;

static void open_team(unsigned workers, size_t count)
{
    (void)count;
    omp_set_dynamic(0);
    team = (int)workers;
}

static void close_team(void)
{
    bench_require(omp_in_parallel() == 0, "a region is still open");
}

static uint64_t stream(long slots[], size_t count)
{
#pragma omp parallel num_threads(team)
#pragma omp single
    for (size_t i = 0; i < count; i++) {
#pragma omp task firstprivate(i)
        bench_body_in_place(&slots[i]);
    }
    return bench_digest_slots(slots, count);
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

const bench_peer bench_this_peer = {
    .name = NAME,
    .open = open_team,
    .close = close_team,
    .stream = stream,
    .stream_note = "no future; the caller is one of the team",
    .fib = fib,
    .fib_note = "no future; the caller is one of the team",
    .trip = trip,
    .trip_note = "no task: a parallel region, done by its second thread",
};
