/* Figures are added up from each worker's own counters when somebody asks, so
 * that tasks pay for none that is shared. While tasks run the sums are not of
 * one moment; differences are kept from going below zero. */
#include <string.h>

#include <futures/pool.h>

#include "base/clock.h"
#include "base/fork.h"
#include "core/stats.h"

struct sums {
    uint64_t submitted;
    uint64_t started;
    uint64_t ok;
    uint64_t failed;
    uint64_t cancelled;
    uint64_t unstarted;
};

/* What ends is read before what begins: so fewer differences go below zero. */
static void add(struct sums *sums, const struct fut_counts *counts)
{
    sums->ok += load_acquire(&counts->ok);
    sums->failed += load_acquire(&counts->failed);
    sums->cancelled += load_acquire(&counts->cancelled);
    sums->unstarted += load_acquire(&counts->unstarted);
    sums->started += load_acquire(&counts->started);
    sums->submitted += load_acquire(&counts->submitted);
}

static uint64_t less(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

bool fut_stats_task(const struct fut_worker *worker, futures_time now,
                    struct fut_stats_task *task)
{
    uint64_t words[FUT_NAME_WORDS];
    futures_time since = load_acquire(&worker->since);

    for (int i = 0; i < FUT_NAME_WORDS; i++) {
        words[i] = load_relaxed(&worker->name[i]);
    }
    if (since == 0 || load_acquire(&worker->since) != since) {
        return false;
    }
    task->ns = less((uint64_t)now, (uint64_t)since);
    memcpy(task->name, words, sizeof task->name);
    task->name[sizeof task->name - 1] = '\0';
    return true;
}

static void note_longest(futures_stats *stats, const struct fut_worker *worker,
                         futures_time now)
{
    struct fut_stats_task task;

    if (fut_stats_task(worker, now, &task) && task.ns >= stats->longest_ns) {
        stats->longest_ns = task.ns;
        memcpy(stats->longest_name, task.name, sizeof stats->longest_name);
    }
}

static void collect(futures_stats *stats, const futures_pool *pool)
{
    struct sums sums = {0};
    futures_time now = fut_clock_coarse();

    /* first: what becomes ready goes on to the other counters */
    sums.submitted = load_acquire(&pool->holds.queued);
    add(&sums, &pool->outside);
    for (unsigned i = 0; i < pool->workers; i++) {
        add(&sums, &pool->worker[i].counts);
        note_longest(stats, &pool->worker[i], now);
    }
    sums.submitted += fut_injector_came(&pool->injector);
    stats->workers = pool->workers;
    stats->submitted = sums.submitted;
    stats->ok = sums.ok;
    stats->failed = sums.failed;
    stats->cancelled = sums.cancelled;
    stats->queued = less(sums.submitted, sums.started + sums.unstarted);
    stats->running = less(sums.started + sums.unstarted,
                          sums.ok + sums.failed + sums.cancelled);
    stats->waiting = load_relaxed(&pool->waiting);
}

/* What is done is added up first, what was submitted later, and neither ever
 * shrinks: if the sums are equal, all was done at the moment in between. */
bool fut_stats_all_done(const futures_pool *pool)
{
    uint64_t done = load_acquire(&pool->outside.done);
    uint64_t submitted;

    for (unsigned i = 0; i < pool->workers; i++) {
        done += load_acquire(&pool->worker[i].counts.done);
    }
    submitted = load_acquire(&pool->outside.submitted) +
                fut_injector_came(&pool->injector);
    for (unsigned i = 0; i < pool->workers; i++) {
        submitted += load_acquire(&pool->worker[i].counts.submitted);
    }
    return done == submitted;
}

futures_status futures_pool_stats(futures_pool *pool, futures_stats *stats)
{
    futures_stats whole = FUTURES_STATS_INIT;
    size_t size;

    if (pool == NULL || stats == NULL || stats->size < sizeof stats->size) {
        return FUTURES_INVALID;
    }
    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    collect(&whole, pool);
    size = stats->size;
    if (size > sizeof whole) {
        memset((char *)stats + sizeof whole, 0, size - sizeof whole);
    }
    whole.size = size;
    memcpy(stats, &whole, size < sizeof whole ? size : sizeof whole);
    return FUTURES_OK;
}
