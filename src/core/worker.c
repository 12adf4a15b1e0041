/* A worker runs, searches or sleeps; idle.h counts who does what. Only a
 * worker that runs calls callers' code.
 *
 * A worker whose start hook failed does not run tasks: it ends whatever the
 * broken pool still gets. A worker whose thread exits inside a task is
 * continued by a new thread, which joins the old one. `thread` is written
 * before the new thread runs, and read for joining only when all sleep. */
#include "core/worker.h"

#include <stdio.h>
#include <string.h>

#include "base/barrier.h"
#include "base/clock.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/cancel.h"
#include "core/find.h"
#include "core/job.h"
#include "core/limbo.h"
#include "core/quiet.h"
#include "core/run.h"
#include "sync/park.h"

/* How often to look for work after a wake-up; before, as its patience says. */
enum { LOOKS_AWAKE = 4 };

/* How many tasks begin between two looks at the clock at most. */
enum { UNSTAMPED = 7 };

struct worker_source {
    struct fut_source source;
    struct fut_worker *worker;
};

static void *worker_main(void *arg);

int fut_worker_start(struct fut_worker *worker)
{
    return fut_thread_start(&worker->thread, worker->pool->stack_size,
                            worker_main, worker);
}

/* Looks for a bounded time. */
static void *look(struct fut_worker *worker, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        void *entry =
            fut_find_any(worker->pool) ? fut_find_entry(worker) : NULL;

        if (entry != NULL) {
            return entry;
        }
        fut_spin_rest(round);
    }
    return NULL;
}

/* The same while all others run: then nobody looks whether this worker
 * searches, and it need not say so. */
static void *look_quietly(struct fut_worker *worker)
{
    for (unsigned round = 0; round < worker->patience; round++) {
        void *entry = NULL;

        if (!fut_idle_is_unused(&worker->pool->idle)) {
            return NULL;
        }
        if (fut_find_any(worker->pool)) {
            entry = fut_find_entry(worker);
        }
        if (entry != NULL) {
            return entry;
        }
        fut_spin_rest(round);
    }
    return NULL;
}

static void *look_first(struct fut_worker *worker)
{
    void *entry = look(worker, worker->patience);

    worker->patience = fut_spin_patience(worker->patience, entry != NULL);
    return entry;
}

/* Sleeps, unless there is work or the pool is over; searches before and
 * afterwards. */
static void doze(futures_pool *pool)
{
    bool last;

    fut_limbo_trim(pool);
    last = fut_idle_announce(&pool->idle) == load_seq_cst(&pool->living);
    fut_barrier_heavy(); /* pairs with publishing and fut_idle_notify */
    if (fut_find_any(pool) || load_seq_cst(&pool->over)) {
        fut_idle_withdraw(&pool->idle);
        return;
    }
    if (last) {
        fut_quiet_notify(pool);
    }
    fut_idle_sleep(&pool->idle);
}

/* The worker runs from now on. Who takes work while more is left wakes one
 * more. */
static void stop_searching(futures_pool *pool)
{
    if (fut_idle_found(&pool->idle) && fut_find_any(pool)) {
        fut_idle_notify(&pool->idle);
    }
}

/* returns  an entry, or NULL: the pool is over */
static void *next_entry(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    void *entry;

    if (fut_fork_generation() != pool->generation) {
        return NULL; /* a forked child has one thread and no workers */
    }
    entry = fut_find_entry(worker);
    if (entry != NULL || load_seq_cst(&pool->over)) {
        return entry;
    }
    entry = look_quietly(worker);
    if (entry != NULL) {
        return entry;
    }
    fut_idle_search(&pool->idle);
    entry = look_first(worker);
    while (entry == NULL && !load_seq_cst(&pool->over)) {
        doze(pool);
        entry = look(worker, LOOKS_AWAKE);
    }
    stop_searching(pool);
    return entry;
}

/* When the next task begins. While tasks are so short that the coarse clock
 * does not move between two looks, a few begin without one. */
static futures_time look_at_clock(struct fut_worker *worker)
{
    futures_time now;

    if (worker->unstamped > 0) {
        worker->unstamped--;
        return worker->stamp;
    }
    now = fut_clock_coarse();
    worker->unstamped = now == worker->stamp ? UNSTAMPED : 0;
    worker->stamp = now;
    return now;
}

/* For futures_pool_stats: what the worker's outermost task is. The name is
 * copied, since it may be gone with the task. */
static void note_task(struct fut_worker *worker, const char *name)
{
    char cut[FUT_NAME_WORDS * sizeof(uint64_t)] = {0};
    uint64_t words[FUT_NAME_WORDS];

    if (name != NULL) {
        for (size_t i = 0; i < sizeof cut - 1 && name[i] != '\0'; i++) {
            cut[i] = name[i];
        }
        memcpy(words, cut, sizeof cut);
        for (int i = 0; i < FUT_NAME_WORDS; i++) {
            store_relaxed(&worker->name[i], words[i]);
        }
    } else {
        store_relaxed(&worker->name[0], 0);
    }
    store_release(&worker->since, look_at_clock(worker));
}

/* What follows a task. A future that somebody else claimed goes to limbo; a
 * job is run here and now, since it has no future to be claimed. */
static futures_future *next_task(struct fut_source *source, bool *claimed)
{
    struct fut_worker *worker = ((struct worker_source *)source)->worker;
    void *entry;

    store_relaxed(&worker->since, 0);
    *claimed = true;
    while ((entry = next_entry(worker)) != NULL) {
        struct fut_job *job = fut_job_of(entry);
        futures_future *future = entry;

        if (job != NULL) {
            note_task(worker, NULL);
            job->run(job, true);
            store_relaxed(&worker->since, 0);
        } else if (fut_future_claim_run(future, true)) {
            note_task(worker, fut_future_name(future));
            return future;
        } else {
            fut_limbo_put(worker->pool, future);
        }
    }
    return NULL;
}

/* A worker that may not run tasks sleeps as any other, and ends what comes; a
 * job belongs to a task that runs on, so it goes back. */
static void serve_broken(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    void *entry;

    while (!load_seq_cst(&pool->over)) {
        fut_idle_search(&pool->idle);
        doze(pool);
        (void)fut_idle_found(&pool->idle);
        while ((entry = fut_find_entry(worker)) != NULL) {
            struct fut_job *job = fut_job_of(entry);

            if (job != NULL) {
                job->run(job, false);
            } else {
                fut_cancel_entry(entry);
            }
        }
    }
}

static bool call_start(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    struct fut_run frame;
    int result = 0;

    worker->data = NULL;
    if (pool->worker_start != NULL) {
        fut_self_bar(&frame);
        result =
            pool->worker_start(pool->context, worker->index, &worker->data);
        fut_self_unbar(&frame);
    }
    return result == 0;
}

static void call_stop(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    struct fut_run frame;

    if (worker->started && pool->worker_stop != NULL) {
        fut_self_bar(&frame);
        pool->worker_stop(pool->context, worker->index, worker->data);
        fut_self_unbar(&frame);
    }
    worker->started = false;
}

void fut_worker_condemn(futures_pool *pool, futures_status verdict)
{
    unsigned fine = FUTURES_OK;

    if (verdict == FUTURES_CANCELLED) {
        store_seq_cst(&pool->stopping, true);
    }
    (void)cas_seq_cst(&pool->verdict, &fine, (unsigned)verdict);
    fut_cancel_spread();
    if (verdict == FUTURES_CANCELLED) {
        fut_scope_call(pool);
    }
}

/* The last thing that a worker does with its pool: who joins waits for it. */
static void sign_off(futures_pool *pool)
{
    if (sub_seq_cst(&pool->present, 1) == 1) {
        fut_unpark(&pool->present, FUT_PARK_ALL);
    }
}

/* The thread exits inside a task; its tasks have ended already. */
static void replace(void *arg)
{
    struct fut_worker *worker = arg;
    futures_pool *pool = worker->pool;

    fut_self.run = NULL;
    fut_self.swept = NULL;
    call_stop(worker);
    store_relaxed(&worker->since, 0);
    fut_self.worker = NULL;
    worker->before = pthread_self();
    worker->replaces = true;
    if (fut_worker_start(worker) != 0) {
        worker->thread = worker->before;
        worker->replaces = false;
        if (sub_seq_cst(&pool->living, 1) == 1) {
            fut_worker_condemn(pool, FUTURES_BROKEN);
        }
        fut_quiet_notify(pool);
        sign_off(pool);
    }
}

static void name_thread(const struct fut_worker *worker)
{
    char name[FUT_THREAD_NAME + 16];
    char number[16];
    size_t length = strlen(worker->pool->name);
    size_t digits =
        (size_t)snprintf(number, sizeof number, "-%u", worker->index);

    if (length > FUT_THREAD_NAME - 1 - digits) {
        length = FUT_THREAD_NAME - 1 - digits;
    }
    (void)snprintf(name, sizeof name, "%.*s%s", (int)length,
                   worker->pool->name, number);
    fut_thread_name(name);
}

/* Until the pool is over, or the thread exits inside a task. */
static void run_tasks(struct fut_worker *worker)
{
    struct worker_source source = {{next_task}, worker};

    pthread_cleanup_push(replace, worker);
    fut_run_all(&source.source);
    pthread_cleanup_pop(0);
}

static void *worker_main(void *arg)
{
    struct fut_worker *worker = arg;

    if (worker->replaces) {
        (void)pthread_join(worker->before, NULL);
    }
    fut_self.worker = worker;
    name_thread(worker);
    worker->started = call_start(worker);
    if (worker->started) {
        run_tasks(worker);
        call_stop(worker);
    } else {
        fut_worker_condemn(worker->pool, FUTURES_BROKEN);
        serve_broken(worker);
    }
    fut_self.worker = NULL; /* for what the thread's own data may still do */
    sign_off(worker->pool);
    return NULL;
}
