/* High priority first; then what the worker's own tasks submitted, newest
 * first; then what came from outside, oldest first; then the others' work;
 * low priority last. One look in FUTURES_FAIRNESS goes to what came from
 * outside before everything else, so that a task which resubmits itself
 * starves nobody, and of these one in FAIR_LOW to low priority.
 *
 * Of short tasks a worker draws several at once from the injector: the lock is
 * paid once for many. They lie in a deque of their own, so that they keep
 * their order beneath what tasks submit meanwhile, and the others can still
 * take what it has not begun. */
#include "core/find.h"

#include <assert.h>

#include <futures/task.h>

#include "base/clock.h"

enum { FAIR_LOW = 4, SHORT_NS = 1000000, KEPT_MOST = 31 };

static_assert((int)FUTURES_PRIORITY_NORMAL == (int)FUT_STRIPED_LANE,
              "most tasks go there");

/* How many to keep back for later, of `length`. Tasks that take long are drawn
 * one by one, so that they start in their order on whatever worker is free;
 * while a draw lasts for less than a tick of the coarse clock, the next may be
 * twice as large. */
static size_t share(struct fut_worker *worker, size_t length)
{
    futures_time now = fut_clock_coarse();
    size_t fair = length / worker->pool->workers;

    if (now - worker->drew > SHORT_NS) {
        worker->draw = 0;
    } else if (worker->draw < KEPT_MOST) {
        worker->draw = 2 * worker->draw + 1;
    }
    worker->drew = now;
    return worker->draw < fair ? worker->draw : fair;
}

/* The oldest; those behind it are kept, so that the next of them is popped
 * first. Until they can be found there they count in the queue. */
static void *draw_several(struct fut_worker *worker, struct fut_queue *queue)
{
    void *entries[KEPT_MOST + 1];
    size_t length = fut_queue_length(queue);
    size_t count;

    if (length == 0) {
        return NULL;
    }
    count = fut_queue_draw(queue, entries, 1 + share(worker, length));
    if (count == 0) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        fut_prefetch_write(entries[i]);
    }
    while (count > 1) {
        bool kept = fut_deque_push(&worker->drawn, entries[--count]);

        assert(kept); /* it was empty, and even its first ring has room */
        (void)kept;
    }
    fut_queue_drawn(queue);
    return entries[0];
}

/* What came from outside at normal priority: in its order, as far as it came
 * from one thread; the stripes take turns. */
static void *from_outside(struct fut_worker *worker)
{
    struct fut_injector *injector = &worker->pool->injector;
    void *entry = fut_deque_pop(&worker->drawn);

    for (unsigned i = 0; i < injector->stripes && entry == NULL; i++) {
        struct fut_queue *queue =
            fut_injector_queue(injector, FUT_STRIPED_LANE, worker->stripe++);

        entry = draw_several(worker, queue);
    }
    return entry;
}

static void *from_lane(struct fut_worker *worker, unsigned lane)
{
    struct fut_queue *queue =
        fut_injector_queue(&worker->pool->injector, lane, 0);
    void *entry;

    return fut_queue_length(queue) > 0 && fut_queue_take(queue, &entry, 1) > 0
               ? entry
               : NULL;
}

static void *steal(struct fut_deque *deque)
{
    bool lost;
    void *entry = fut_deque_steal(deque, &lost);

    for (unsigned round = 0; lost; round++) {
        fut_spin_pause(round);
        entry = fut_deque_steal(deque, &lost);
    }
    return entry;
}

static void *rob(struct fut_worker *victim)
{
    void *entry = steal(&victim->deque);

    return entry != NULL ? entry : steal(&victim->drawn);
}

static void *from_others(struct fut_worker *worker)
{
    futures_pool *pool = worker->pool;

    for (unsigned i = 0; i < pool->workers; i++) {
        struct fut_worker *victim = &pool->worker[worker->victim];
        void *entry = victim != worker ? rob(victim) : NULL;

        if (entry != NULL) {
            return entry;
        }
        worker->victim = (worker->victim + 1) % pool->workers;
    }
    return NULL;
}

static void *fairly(struct fut_worker *worker)
{
    void *entry = NULL;

    if (worker->tick / FUTURES_FAIRNESS % FAIR_LOW == FAIR_LOW - 1) {
        entry = from_lane(worker, FUTURES_PRIORITY_LOW);
    }
    return entry != NULL ? entry : from_outside(worker);
}

void *fut_find_entry(struct fut_worker *worker)
{
    void *entry = NULL;

    worker->tick++;
    if (worker->tick % FUTURES_FAIRNESS == 0) {
        entry = fairly(worker);
    }
    if (entry == NULL) {
        entry = from_lane(worker, FUTURES_PRIORITY_HIGH);
    }
    if (entry == NULL) {
        entry = fut_deque_pop(&worker->deque);
    }
    if (entry == NULL) {
        entry = from_outside(worker);
    }
    if (entry == NULL) {
        entry = from_others(worker);
    }
    return entry != NULL ? entry : from_lane(worker, FUTURES_PRIORITY_LOW);
}

void *fut_find_left(futures_pool *pool)
{
    void *entry = fut_injector_take_any(&pool->injector);

    for (unsigned i = 0; i < pool->workers && entry == NULL; i++) {
        entry = rob(&pool->worker[i]);
    }
    return entry;
}

bool fut_find_any(const futures_pool *pool)
{
    if (!fut_injector_is_empty(&pool->injector)) {
        return true;
    }
    for (unsigned i = 0; i < pool->workers; i++) {
        if (!fut_deque_is_empty(&pool->worker[i].deque) ||
            !fut_deque_is_empty(&pool->worker[i].drawn)) {
            return true;
        }
    }
    return false;
}
