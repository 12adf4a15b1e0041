/* High priority first; then what the worker's own tasks submitted, newest
 * first; then what came from outside, oldest first; then the others' work;
 * low priority last. One look in FUTURES_FAIRNESS goes to what came from
 * outside before everything else, so that a task which resubmits itself
 * starves nobody, and of these one in FAIR_LOW to low priority.
 *
 * Of short tasks a worker draws several at once from the injector, into its
 * inbox: the lock is paid once for many, and the others can still take what it
 * has not begun. */
#include "core/find.h"

#include <futures/task.h>

#include "base/clock.h"

enum { FAIR_LOW = 4, SHORT_NS = 1000000 };

static futures_future *future_of(struct fut_link *link)
{
    return link != NULL ? fut_future_of_link(link) : NULL;
}

static void keep(void *worker, struct fut_link *link)
{
    struct fut_worker *mine = worker;

    /* There is room: the inbox was empty and only its owner puts. */
    (void)fut_inbox_put(&mine->inbox, fut_future_of_link(link));
}

static futures_future *draw(struct fut_worker *worker, int lane, size_t most)
{
    return future_of(
        fut_injector_take(&worker->pool->injector, lane, most, keep, worker));
}

/* How many to keep back for later. Tasks that take long are drawn one by one,
 * so that they start in their order on whatever worker is free; while a draw
 * lasts for less than a tick of the coarse clock, the next may be twice as
 * large. */
static size_t share(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    futures_time now = fut_clock_coarse();
    size_t fair =
        fut_injector_length(&pool->injector, FUTURES_PRIORITY_NORMAL) /
        pool->workers;

    if (now - worker->drew > SHORT_NS) {
        worker->draw = 0;
    } else if (worker->draw < FUT_INBOX_CAPACITY) {
        worker->draw = 2 * worker->draw + 1;
    }
    worker->drew = now;
    if (worker->draw > FUT_INBOX_CAPACITY) {
        worker->draw = FUT_INBOX_CAPACITY;
    }
    return worker->draw < fair ? worker->draw : fair;
}

/* What came from outside at normal priority, in its order. */
static futures_future *from_outside(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;
    futures_future *future = fut_inbox_take(&worker->inbox);

    if (future != NULL ||
        fut_injector_length(&pool->injector, FUTURES_PRIORITY_NORMAL) == 0) {
        return future;
    }
    return draw(worker, FUTURES_PRIORITY_NORMAL, share(worker));
}

static futures_future *rob(struct fut_worker *victim)
{
    bool lost;
    futures_future *future = fut_deque_steal(&victim->deque, &lost);

    for (unsigned round = 0; lost; round++) {
        fut_spin_pause(round);
        future = fut_deque_steal(&victim->deque, &lost);
    }
    return future != NULL ? future : fut_inbox_take(&victim->inbox);
}

static futures_future *from_others(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;

    for (unsigned i = 0; i < pool->workers; i++) {
        struct fut_worker *victim = &pool->worker[worker->victim];
        futures_future *future = victim != worker ? rob(victim) : NULL;

        if (future != NULL) {
            return future;
        }
        worker->victim = (worker->victim + 1) % pool->workers;
    }
    return NULL;
}

static futures_future *fairly(struct fut_worker *worker)
{
    futures_future *future = NULL;

    if (worker->tick / FUTURES_FAIRNESS % FAIR_LOW == FAIR_LOW - 1) {
        future = draw(worker, FUTURES_PRIORITY_LOW, 0);
    }
    return future != NULL ? future : from_outside(worker);
}

futures_future *fut_find_entry(struct fut_worker *worker)
{
    futures_future *future = NULL;

    worker->tick++;
    if (worker->tick % FUTURES_FAIRNESS == 0) {
        future = fairly(worker);
    }
    if (future == NULL) {
        future = draw(worker, FUTURES_PRIORITY_HIGH, 0);
    }
    if (future == NULL) {
        future = fut_deque_pop(&worker->deque);
    }
    if (future == NULL) {
        future = from_outside(worker);
    }
    if (future == NULL) {
        future = from_others(worker);
    }
    return future != NULL ? future : draw(worker, FUTURES_PRIORITY_LOW, 0);
}

bool fut_find_any(const futures_pool *pool)
{
    for (int lane = 0; lane < FUT_LANES; lane++) {
        if (fut_injector_length(&pool->injector, lane) > 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < pool->workers; i++) {
        if (!fut_deque_is_empty(&pool->worker[i].deque) ||
            !fut_inbox_is_empty(&pool->worker[i].inbox)) {
            return true;
        }
    }
    return false;
}
