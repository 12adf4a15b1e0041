/* Put together in memory, so that nobody waits for a slow file under the lock.
 *
 * A name may go as soon as its task has ended. So only those are read that
 * cannot end meanwhile: what lies on the stack of a parked thread, under the
 * graph lock. The workers keep a copy of their outermost task's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <futures/pool.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fork.h"
#include "base/thread.h"
#include "combine/graph.h"
#include "core/hold.h"
#include "core/stats.h"

/* How many lines for one thread's stack, one wait, or what is held; and how
 * long one is. */
enum { LINES_MOST = 32, LINE_MOST = 256 };

struct text {
    char *chars; /* NULL: there was no memory, or nothing yet */
    size_t length;
    size_t capacity;
    bool failed;
};

static bool grow(struct text *text, size_t more)
{
    size_t capacity = 2 * text->capacity + more + 1;
    char *chars = fut_alloc(1, capacity);

    if (chars == NULL) {
        text->failed = true;
        return false;
    }
    if (text->length > 0) {
        memcpy(chars, text->chars, text->length);
    }
    fut_free(text->chars);
    text->chars = chars;
    text->capacity = capacity;
    return true;
}

/* wanted: as snprintf gave it. */
static void append(struct text *text, const char *line, int wanted)
{
    size_t length = wanted > 0 ? (size_t)wanted : 0;

    if (length > LINE_MOST - 1) {
        length = LINE_MOST - 1;
    }
    if (text->failed ||
        (text->length + length >= text->capacity && !grow(text, length))) {
        return;
    }
    memcpy(text->chars + text->length, line, length);
    text->length += length;
}

#define say(text, ...)                                            \
    do {                                                          \
        char fut_line[LINE_MOST];                                 \
                                                                  \
        append((text), fut_line,                                  \
               snprintf(fut_line, sizeof fut_line, __VA_ARGS__)); \
    } while (0)

/* In quotes, unless there is none. */
static void say_name(struct text *text, const char *name)
{
    if (name != NULL && name[0] != '\0') {
        say(text, "\"%.100s\"", name);
    } else {
        say(text, "(unnamed)");
    }
}

static void say_counts(struct text *text, futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;

    (void)futures_pool_stats(pool, &stats);
    say(text, "pool \"%s\": %" PRIu64 " workers", pool->name, stats.workers);
    if (load_relaxed(&pool->closed)) {
        say(text, ", closed");
    }
    say(text,
        "\n  %" PRIu64 " queued, %" PRIu64 " running, %" PRIu64
        " of them waiting\n",
        stats.queued, stats.running, stats.waiting);
    say(text,
        "  %" PRIu64 " submitted, %" PRIu64 " ok, %" PRIu64 " failed, %" PRIu64
        " cancelled\n",
        stats.submitted, stats.ok, stats.failed, stats.cancelled);
}

static void say_worker(struct text *text, const struct fut_worker *worker,
                       futures_time now)
{
    struct fut_stats_task task;

    say(text, "worker %u: ", worker->index);
    if (fut_stats_task(worker, now, &task)) {
        say_name(text, task.name);
        say(text, " for %" PRIu64 ".%03u s\n", task.ns / 1000000000,
            (unsigned)(task.ns / 1000000 % 1000));
    } else {
        say(text, "idle\n");
    }
}

/* Which thread it is, as far as the pool's readers know it. */
static void say_thread(struct text *text, const struct fut_parked *parked)
{
    if (parked->worker != NULL) {
        say(text, "worker %u of \"%s\"", parked->worker->index,
            parked->worker->pool->name);
    } else {
        say(text, "a thread that is no worker");
    }
}

/* The tasks on its stack, the innermost first; parts are one with theirs. */
static void say_stack(struct text *text, const struct fut_run *run)
{
    const futures_future *last = NULL;
    unsigned lines = 0;

    for (; run != NULL && lines < LINES_MOST; run = run->below) {
        if (run->future != NULL && run->future != last) {
            say(text, "%s", lines == 0 ? "  in " : "    beneath it ");
            say_name(text, fut_future_name(run->future));
            say(text, "%s\n", run->borrowed ? ", a part" : "");
            lines++;
        }
        last = run->future;
    }
    if (run != NULL) {
        say(text, "    and others beneath\n");
    }
}

static void say_member(struct text *text, size_t index,
                       const futures_future *future)
{
    const struct fut_parked *runner = fut_graph_runner(future);
    uint64_t word = load_acquire(&future->word);
    unsigned state = (unsigned)(word & FUT_STATE_MASK);

    say(text, "    [%zu] ", index);
    if (runner != NULL) {
        say_name(text, fut_future_name(future));
        say(text, ", runs on ");
        say_thread(text, runner);
        say(text, ", which waits\n");
    } else if (fut_graph_is_derived(future, word)) {
        say(text, "is not ready\n");
    } else if (future->pool == NULL) {
        say(text, "a promise\n");
    } else if (state == FUT_RUNNING) {
        say(text, "runs\n");
    } else {
        say(text, "%s\n", state == FUT_ENDING ? "ends" : "queued");
    }
}

static void say_set(struct text *text, const struct fut_parked *parked)
{
    const struct fut_set *set = parked->set;
    size_t pending = 0;

    for (size_t i = 0; i < set->count; i++) {
        pending += fut_future_is_pending(set->futures[i]);
    }
    say(text, "  waits for %zu of %zu%s\n", pending, set->count,
        parked->certain ? "" : ", until a deadline");
    pending = 0;
    for (size_t i = 0; i < set->count && pending < LINES_MOST; i++) {
        if (fut_future_is_pending(set->futures[i])) {
            say_member(text, i, set->futures[i]);
            pending++;
        }
    }
}

static void say_half(struct text *text, const struct fut_parked *parked)
{
    const struct fut_parked *taker = fut_graph_taker(parked);

    say(text, "  joins a part that ");
    if (taker != NULL) {
        say(text, "waits on ");
        say_thread(text, taker);
        say(text, "\n");
    } else {
        say(text, "runs\n");
    }
}

static bool concerns(const struct fut_parked *parked, const futures_pool *pool)
{
    if (parked->worker != NULL && parked->worker->pool == pool) {
        return true;
    }
    for (struct fut_run *run = parked->run; run != NULL; run = run->below) {
        if (run->future != NULL && run->future->pool == pool) {
            return true;
        }
    }
    return false;
}

static void say_waits(struct text *text, const futures_pool *pool)
{
    fut_graph_lock();
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        if (concerns(at, pool)) {
            say_thread(text, at);
            say(text, " waits\n");
            say_stack(text, at->run);
            if (at->set != NULL) {
                say_set(text, at);
            } else {
                say_half(text, at);
            }
        }
    }
    fut_graph_unlock();
}

/* One line for those that follow one another with the same reason. */
static void say_held(struct text *text, futures_pool *pool)
{
    const struct fut_hold *hold;
    unsigned lines = 0;

    fut_lock(&pool->holds.lock);
    hold = pool->holds.first;
    while (hold != NULL && lines < LINES_MOST) {
        const char *why = hold->why;
        size_t count = 0;

        for (; hold != NULL && hold->why == why; hold = hold->next) {
            count += hold->future != NULL &&
                     (load_relaxed(&hold->future->word) & FUT_HELD) != 0;
        }
        if (count > 0) {
            say(text, "held: %zu, %s\n", count, why != NULL ? why : "");
            lines++;
        }
    }
    if (hold != NULL) {
        say(text, "held: others\n");
    }
    fut_unlock(&pool->holds.lock);
}

static futures_status put(const struct text *text, FILE *file)
{
    if (text->failed) {
        errno = ENOMEM;
        return FUTURES_SYSTEM;
    }
    return fwrite(text->chars, 1, text->length, file) == text->length &&
                   fflush(file) == 0
               ? FUTURES_OK
               : FUTURES_SYSTEM;
}

futures_status futures_pool_dump(futures_pool *pool, FILE *file)
{
    struct text text = {NULL, 0, 0, false};
    futures_time now = fut_clock_coarse();
    futures_status status;

    if (pool == NULL || file == NULL) {
        return FUTURES_INVALID;
    }
    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    say_counts(&text, pool);
    for (unsigned i = 0; i < pool->workers; i++) {
        say_worker(&text, &pool->worker[i], now);
    }
    say_waits(&text, pool);
    say_held(&text, pool);
    status = put(&text, file);
    fut_free(text.chars);
    return status;
}
