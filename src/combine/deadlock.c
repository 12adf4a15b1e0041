/* Only a worker that is about to park without a deadline takes the lock here.
 * The last of a pool to do so looks at all of them: if nothing that they wait
 * for can be ended by anybody else, those whose stack was too low to help are
 * told. A wait with a deadline, or for a promise or another pool's future, is
 * not certain to last, so nothing is said then.
 *
 * A parked worker's frames do not change while its record is in the list: it
 * takes the record out, under the lock, before it goes on. */
#include "combine/deadlock.h"

#include "base/fork.h"
#include "base/thread.h"
#include "core/pool.h"

struct parked {
    struct parked *next;
    struct fut_set *set;
    struct fut_worker *worker;
    struct fut_run *run; /* the top of its stack */
};

static pthread_mutex_t parked_lock = PTHREAD_MUTEX_INITIALIZER;
static struct parked *all_parked; /* parked lock */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_beneath(const struct fut_run *run, const futures_future *future)
{
    for (; run != NULL; run = run->below) {
        if (run->future == future) {
            return true;
        }
    }
    return false;
}

bool fut_deadlock_on_stack(futures_future *const futures[], size_t count)
{
    if (fut_self.run == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (fut_future_state(futures[i]) == FUT_RUNNING &&
            is_beneath(fut_self.run, futures[i])) {
            return true;
        }
    }
    return false;
}

static bool runs_on_parked(const futures_future *future)
{
    for (struct parked *at = all_parked; at != NULL; at = at->next) {
        if (is_beneath(at->run, future)) {
            return true;
        }
    }
    return false;
}

/* Whether only the pool's parked workers could end one of its members. */
static bool is_stuck(const struct parked *parked)
{
    const struct fut_set *set = parked->set;

    for (size_t i = 0; i < set->count; i++) {
        const futures_future *future = set->futures[i];
        unsigned state = fut_future_state(future);

        if (!fut_state_is_pending(state)) {
            continue;
        }
        if (future->pool != parked->worker->pool || state == FUT_ENDING ||
            (state == FUT_RUNNING && !runs_on_parked(future))) {
            return false;
        }
    }
    return true;
}

static bool all_stuck(const futures_pool *pool)
{
    unsigned stuck = 0;

    for (struct parked *at = all_parked; at != NULL; at = at->next) {
        if (at->worker->pool == pool) {
            if (fut_set_may_go(at->set) || !is_stuck(at)) {
                return false;
            }
            stuck++;
        }
    }
    return stuck == load_seq_cst(&pool->living);
}

static void tell_low_ones(const futures_pool *pool)
{
    for (struct parked *at = all_parked; at != NULL; at = at->next) {
        if (at->worker->pool == pool && at->set->low) {
            store_release(&at->set->deadlock, true);
            fut_latch_poke(&at->set->latch);
        }
    }
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    parked_lock = fresh;
    all_parked = NULL;
}

static void watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
}

static void enter(struct parked *parked)
{
    const futures_pool *pool = parked->worker->pool;

    (void)pthread_once(&once, watch_forks);
    fut_lock(&parked_lock);
    parked->next = all_parked;
    all_parked = parked;
    if (all_stuck(pool)) {
        tell_low_ones(pool);
    }
    fut_unlock(&parked_lock);
}

static void leave(struct parked *parked)
{
    struct parked **from = &all_parked;

    fut_lock(&parked_lock);
    while (*from != parked) {
        from = &(*from)->next;
    }
    *from = parked->next;
    fut_unlock(&parked_lock);
}

enum fut_latch_wake fut_deadlock_park(struct fut_set *set,
                                      futures_time deadline)
{
    struct parked parked = {
        .set = set, .worker = fut_self.worker, .run = fut_self.run};
    enum fut_latch_wake wake;

    if (parked.worker == NULL || deadline != FUTURES_NEVER) {
        return fut_latch_wait(&set->latch, deadline);
    }
    enter(&parked);
    wake = fut_latch_wait(&set->latch, FUTURES_NEVER);
    leave(&parked);
    return wake;
}
