/* oneTBB's task_arena::enqueue: the arena has no place for the caller, so each
 * task is handed over. The wait is a countdown whose last task posts a
 * semaphore. */
#include "bench.h"

#include <atomic>
#include <memory>

#include <semaphore.h>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace
{

std::unique_ptr<tbb::global_control> limit;
std::unique_ptr<tbb::task_arena> arena;
std::atomic<size_t> left;
sem_t all_done;

/* oneTBB counts the thread that uses it, even where it does not work. */
void open_arena(unsigned workers, size_t)
{
    bench_require(sem_init(&all_done, 0, 0) == 0, "sem_init");
    limit = std::make_unique<tbb::global_control>(
        tbb::global_control::max_allowed_parallelism, workers + 1);
    arena = std::make_unique<tbb::task_arena>(static_cast<int>(workers), 0);
}

void close_arena()
{
    arena.reset();
    limit.reset();
    sem_destroy(&all_done);
}

void enqueue(long *slot)
{
    arena->enqueue([slot] {
        bench_body_in_place(slot);
        if (left.fetch_sub(1) == 1) {
            sem_post(&all_done);
        }
    });
}

void wait_for_all()
{
    while (sem_wait(&all_done) != 0) {
    }
}

uint64_t stream(long slots[], size_t count)
{
    left = count;
    for (size_t i = 0; i < count; i++) {
        enqueue(&slots[i]);
    }
    wait_for_all();
    return bench_digest_slots(slots, count);
}

long trip(long number)
{
    left = 1;
    enqueue(&number);
    wait_for_all();
    return number;
}

} // namespace

const bench_peer bench_this_peer = {
    "oneTBB enqueue",
    open_arena,
    close_arena,
    stream,
    "no future",
    nullptr,
    "deadlocks on a fixed pool",
    trip,
    "no future",
};
