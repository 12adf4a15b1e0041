/* oneTBB's task_arena::enqueue: the arena has no place for the caller, so each
 * task is handed over. */
#include "queue.h"

#include <memory>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace
{

std::unique_ptr<tbb::global_control> limit;
std::unique_ptr<tbb::task_arena> arena;

/* oneTBB counts the thread that uses it, even where it does not work. */
void open_arena(unsigned workers, long slots[], size_t count)
{
    bench_queue_open(slots, count);
    limit = std::make_unique<tbb::global_control>(
        tbb::global_control::max_allowed_parallelism, workers + 1);
    arena = std::make_unique<tbb::task_arena>(static_cast<int>(workers), 0);
}

void close_arena()
{
    arena.reset();
    limit.reset();
    bench_queue_close();
}

const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {nullptr, false, nullptr},
};

bench_peer make_peer()
{
    bench_peer peer = {};
    peer.name = "oneTBB enqueue";
    peer.note = "no future";
    peer.remarks = remarks;
    peer.open = open_arena;
    peer.close = close_arena;
    peer.submit = bench_queue_submit;
    peer.wait = bench_queue_wait;
    return peer;
}

} // namespace

void bench_queue(bench_item *item)
{
    arena->enqueue([item] { bench_run_item(item); });
}

const bench_peer bench_this_peer = make_peer();
