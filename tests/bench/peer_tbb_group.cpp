/* oneTBB's task_group in an arena per calling thread. The caller takes a place
 * of the arena and runs tasks while it waits, as oneTBB means it. A stream
 * gets a place for the caller besides the workers', which was up to twice as
 * fast as without; fib and the loops, where a caller elsewhere sleeps, get
 * `workers` places in all. */
#include "bench.h"

#include <memory>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

namespace
{

struct caller {
    explicit caller(int places) : arena(places + 1, 1)
    {
    }
    tbb::task_arena arena;
    std::unique_ptr<tbb::task_group> group; /* made in the arena */
};

std::unique_ptr<tbb::global_control> limit;
std::unique_ptr<tbb::task_arena> arena_of_workers; /* caller is one */
int places;
thread_local std::unique_ptr<caller> mine;

void open_arena(unsigned workers, long[], size_t)
{
    limit = std::make_unique<tbb::global_control>(
        tbb::global_control::max_allowed_parallelism, workers + 1);
    places = static_cast<int>(workers);
    arena_of_workers = std::make_unique<tbb::task_arena>(places, 1);
}

void close_arena()
{
    mine.reset();
    arena_of_workers.reset();
    limit.reset();
}

template <typename Body>
void run_each(tbb::task_group &group, long slots[], size_t count, Body body)
{
    for (size_t i = 0; i < count; i++) {
        group.run([slot = &slots[i], body] { body(slot); });
    }
}

void submit(bench_kind kind, long slots[], size_t count)
{
    if (!mine) {
        mine = std::make_unique<caller>(places);
    }
    mine->arena.execute([=] {
        if (!mine->group) {
            mine->group = std::make_unique<tbb::task_group>();
        }
        tbb::task_group &group = *mine->group;
        if (kind == BENCH_TRIVIAL) {
            run_each(group, slots, count,
                     [](long *slot) { bench_body_in_place(slot); });
        } else {
            run_each(group, slots, count,
                     [kind](long *slot) { bench_do_in_place(kind, slot); });
        }
    });
}

void wait_for_all()
{
    mine->arena.execute([] {
        mine->group->wait();
        mine->group.reset();
    });
}

long fib_task(int n)
{
    if (n < 2) {
        return n;
    }
    long child = 0;
    tbb::task_group group;
    group.run([&child, n] { child = fib_task(n - 1); });
    long other = fib_task(n - 2);
    group.wait();
    return child + other;
}

long fib_by_group(int n)
{
    return arena_of_workers->execute([=] { return fib_task(n); });
}

long invoke_fib(int n)
{
    if (n < 2) {
        return n;
    }
    long one = 0;
    long other = 0;
    tbb::parallel_invoke([&one, n] { one = invoke_fib(n - 1); },
                         [&other, n] { other = invoke_fib(n - 2); });
    return one + other;
}

long fib_by_invoke(int n)
{
    return arena_of_workers->execute([=] { return invoke_fib(n); });
}

using range = tbb::blocked_range<size_t>;

void run_range(long slots[], const range &part)
{
    for (size_t i = part.begin(); i < part.end(); i++) {
        bench_body_in_place(&slots[i]);
    }
}

void for_each(long slots[], size_t count)
{
    arena_of_workers->execute([=] {
        tbb::parallel_for(
            range(0, count, 1),
            [=](const range &part) { run_range(slots, part); },
            tbb::simple_partitioner());
    });
}

void for_coarse(long slots[], size_t count)
{
    arena_of_workers->execute([=] {
        tbb::parallel_for(
            range(0, count),
            [=](const range &part) { run_range(slots, part); },
            tbb::auto_partitioner());
    });
}

#define IS_WORKER "no future; the caller is one of the workers"

const bench_fib fibs[] = {
    {"spawn", "oneTBB task_group", IS_WORKER, fib_by_group},
    {"join", "oneTBB parallel_invoke", IS_WORKER, fib_by_invoke},
    {nullptr, nullptr, nullptr, nullptr},
};

const bench_loop loops[] = {
    {"fine", "oneTBB parallel_for", "simple partitioner; the caller works too",
     for_each, nullptr},
    {"coarse", "oneTBB parallel_for", "auto partitioner; the caller works too",
     for_coarse, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

const bench_remark remarks[] = {
    {"shared", false, "no future; callers run tasks too, an arena for each"},
    {"trip", false, "the caller runs it itself"},
    {nullptr, false, nullptr},
};

bench_peer make_peer()
{
    bench_peer peer = {};
    peer.name = "oneTBB task_group";
    peer.note = "no future; the caller runs tasks too";
    peer.remarks = remarks;
    peer.open = open_arena;
    peer.close = close_arena;
    peer.submit = submit;
    peer.wait = wait_for_all;
    peer.loops = loops;
    peer.fibs = fibs;
    return peer;
}

} // namespace

const bench_peer bench_this_peer = make_peer();
