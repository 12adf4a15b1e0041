/* A pool's beginning. Creation unwinds through one ladder; threads are the
 * last step, so whoever sees the pool sees it whole. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/barrier.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/callback.h"
#include "core/hold.h"
#include "core/lifecycle.h"
#include "core/options.h"
#include "core/sweep.h"
#include "core/worker.h"

enum { WORKERS_MOST = 1 << 12 };

static bool are_valid(const futures_pool_options *options)
{
    return options->workers <= WORKERS_MOST &&
           (unsigned)options->overflow <= FUTURES_OVERFLOW_RUN;
}

static void copy_options(futures_pool *pool,
                         const futures_pool_options *options)
{
    const char *name = options->name != NULL ? options->name : "futures";
    size_t length = strlen(name);

    pool->workers =
        options->workers != 0 ? options->workers : futures_cpu_count();
    pool->overflow = options->overflow;
    pool->queue_limit = options->queue_limit;
    pool->stack_size = options->stack_size;
    pool->worker_start = options->worker_start;
    pool->worker_stop = options->worker_stop;
    pool->context = options->context;
    pool->marks = options->worker_start != NULL ? FUT_BOUND : 0;
    if (length > sizeof pool->name - 1) {
        length = sizeof pool->name - 1;
    }
    memcpy(pool->name, name, length);
    pool->name[length] = '\0';
}

static bool make_deques(struct fut_worker *worker)
{
    if (!fut_deque_init(&worker->deque)) {
        return false;
    }
    if (!fut_deque_init(&worker->drawn)) {
        fut_deque_destroy(&worker->deque);
        return false;
    }
    return true;
}

static bool make_worker(futures_pool *pool, unsigned index)
{
    struct fut_worker *worker = &pool->worker[index];

    memset(worker, 0, sizeof *worker);
    worker->pool = pool;
    worker->index = index;
    worker->victim = (index + 1) % pool->workers;
    worker->stripe = index;
    worker->patience = FUT_PATIENCE;
    return make_deques(worker);
}

static bool make_workers(futures_pool *pool)
{
    pool->worker = fut_alloc_lines(pool->workers, sizeof *pool->worker);
    if (pool->worker == NULL) {
        return false;
    }
    for (unsigned i = 0; i < pool->workers; i++) {
        if (!make_worker(pool, i)) {
            fut_pool_free_workers(pool, i);
            return false;
        }
    }
    return true;
}

static bool make_sink(futures_pool *pool, const futures_pool_options *options)
{
    if (options->unhandled == NULL) {
        return true;
    }
    pool->sink = fut_sink_create(options->unhandled, options->context);
    return pool->sink != NULL;
}

/* About as many as may draw at once: producers seldom meet then, and a look at
 * all of them stays short. */
static unsigned stripes_for(unsigned workers)
{
    unsigned stripes = 4;

    while (stripes < workers && stripes < FUT_STRIPES_MOST) {
        stripes *= 2;
    }
    return stripes;
}

/* returns  a pool without threads; NULL without memory */
static futures_pool *make_pool(const futures_pool_options *options)
{
    futures_pool *pool = fut_alloc_lines(1, sizeof *pool);

    if (pool == NULL) {
        return NULL;
    }
    memset(pool, 0, sizeof *pool);
    copy_options(pool, options);
    pool->generation = fut_fork_generation();
    pool->word = fut_future_word(FUT_QUEUED, 1, pool->marks);
    if (!make_sink(pool, options)) {
        goto no_sink;
    }
    if (!make_workers(pool)) {
        goto no_workers;
    }
    fut_injector_init(&pool->injector, stripes_for(pool->workers));
    fut_idle_init(&pool->idle);
    atomic_init(&pool->living, pool->workers);
    atomic_init(&pool->present, pool->workers);
    fut_hold_init(pool);
    (void)pthread_mutex_init(&pool->limbo_lock, NULL);
    (void)pthread_mutex_init(&pool->life_lock, NULL);
    pool->sweeper.collect = fut_sweep_collect;
    fut_scope_add_sweeper(&pool->sweeper);
    return pool;

no_workers:
    fut_sink_release(pool->sink);
no_sink:
    fut_free(pool);
    return NULL;
}

/* returns  0, or an errno value: none of the threads is left then */
static int start_threads(futures_pool *pool)
{
    int error = 0;
    unsigned started = 0;

    while (started < pool->workers && error == 0) {
        error = fut_worker_start(&pool->worker[started]);
        started += error == 0;
    }
    if (error != 0) {
        fut_pool_stop_threads(pool, started);
    }
    return error;
}

futures_status futures_pool_create(futures_pool **pool,
                                   const futures_pool_options *given)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *made;
    int error;

    if (pool == NULL) {
        return FUTURES_INVALID;
    }
    *pool = NULL;
    if (given != NULL &&
        (!fut_options_read(&options, sizeof options, given))) {
        return FUTURES_INVALID;
    }
    if (!are_valid(&options)) {
        return FUTURES_INVALID;
    }
    fut_scope_watch_forks();
    if (!fut_fork_watch()) {
        return FUTURES_SYSTEM;
    }
    fut_barrier_init();
    made = make_pool(&options);
    if (made == NULL) {
        return FUTURES_NOMEM;
    }
    error = start_threads(made);
    if (error != 0) {
        fut_pool_free(made);
        errno = error;
        return FUTURES_SYSTEM;
    }
    *pool = made;
    return FUTURES_OK;
}

unsigned futures_pool_workers(const futures_pool *pool)
{
    return pool != NULL ? pool->workers : 0;
}

futures_pool *futures_current_pool(void)
{
    struct fut_run *run = fut_self_task();

    if (run != NULL) {
        return run->future->pool;
    }
    return fut_self.worker != NULL ? fut_self.worker->pool : NULL;
}

void *futures_worker_data(void)
{
    return fut_self.worker != NULL ? fut_self.worker->data : NULL;
}
