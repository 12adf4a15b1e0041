/* C++'s own futures: std::packaged_task, run by oneTBB's task_arena::enqueue,
 * since the language has no pool. The result or the exception comes through a
 * std::future per task. */
#include "bench.h"

#include <cstdio>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace
{

struct item_error : std::runtime_error {
    item_error(long number, const char *text)
        : std::runtime_error(text), code(number + 1)
    {
    }
    long code;
};

std::unique_ptr<tbb::global_control> limit;
std::unique_ptr<tbb::task_arena> arena;
long *all_slots;
std::vector<std::future<long>> futures; /* of all_slots[i] */
thread_local size_t begun;
thread_local size_t pending;

void open_arena(unsigned workers, long slots[], size_t count)
{
    limit = std::make_unique<tbb::global_control>(
        tbb::global_control::max_allowed_parallelism, workers + 1);
    arena = std::make_unique<tbb::task_arena>(static_cast<int>(workers), 0);
    all_slots = slots;
    futures.resize(count);
}

void close_arena()
{
    arena.reset();
    limit.reset();
    futures.clear();
}

long throw_item(long number)
{
    char text[64];
    (void)snprintf(text, sizeof text, BENCH_MESSAGE, number);
    throw item_error(number, text);
}

/* enqueue calls what it got as const. */
template <typename Body> std::future<long> send(Body body)
{
    std::packaged_task<long()> task(body);
    std::future<long> future = task.get_future();
    arena->enqueue([task = std::make_shared<std::packaged_task<long()>>(
                        std::move(task))] { (*task)(); });
    return future;
}

template <long (*Body)(long)>
void send_each(long slots[], size_t place, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        futures[place + i] = send([slot = &slots[i]] { return Body(*slot); });
    }
}

void submit(bench_kind kind, long slots[], size_t count)
{
    size_t place = static_cast<size_t>(slots - all_slots);
    if (pending == 0) {
        begun = place;
    }
    pending += count;
    switch (kind) {
    case BENCH_TRIVIAL:
        return send_each<bench_body>(slots, place, count);
    case BENCH_BUSY:
        return send_each<bench_busy>(slots, place, count);
    case BENCH_GATE:
        return send_each<bench_pass_gate>(slots, place, count);
    case BENCH_THROW:
        return send_each<throw_item>(slots, place, count);
    }
}

void wait_for_all()
{
    for (size_t i = 0; i < pending; i++) {
        futures[begun + i].wait();
    }
    pending = 0;
}

uint64_t read(long slots[], size_t count)
{
    size_t place = static_cast<size_t>(slots - all_slots);
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        digest = bench_digest(digest, futures[place + i].get());
    }
    return digest;
}

long code_of(std::future<long> &future)
{
    try {
        (void)future.get();
    } catch (const item_error &error) {
        return std::char_traits<char>::length(error.what()) > 10 ? error.code
                                                                 : 0;
    }
    return 0;
}

uint64_t read_errors(long slots[], size_t count)
{
    size_t place = static_cast<size_t>(slots - all_slots);
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        digest = bench_digest(digest, code_of(futures[place + i]) - 1);
    }
    return digest;
}

const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {"memory", false, "a future per task; handles not counted"},
    {nullptr, false, nullptr},
};

bench_peer make_peer()
{
    bench_peer peer = {};
    peer.name = "std::future on oneTBB";
    peer.note = "a future per task";
    peer.remarks = remarks;
    peer.open = open_arena;
    peer.close = close_arena;
    peer.submit = submit;
    peer.wait = wait_for_all;
    peer.read = read;
    peer.read_errors = read_errors;
    return peer;
}

} // namespace

const bench_peer bench_this_peer = make_peer();
