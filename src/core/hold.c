/* One list for each pool, under a lock. A future is in it from before anybody
 * can know it until after it was queued, put into limbo or has ended; so the
 * pool lives as long as the list is not empty, and the last that a thread
 * which makes one ready touches of the pool is that lock.
 *
 * FUT_HELD goes and the entry comes in one step under the lock: a sweep, which
 * looks here first and then through the queues, finds it in one of them. Who
 * has a handle may claim it in between without the lock, so it has its place
 * in the room before. */
#include "core/hold.h"

#include "base/clock.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/enqueue.h"
#include "core/life.h"
#include "core/limbo.h"
#include "core/room.h"
#include "sync/park.h"

enum { HELD = FUT_QUEUED | FUT_HELD, HELD_MASK = FUT_STATE_MASK | FUT_HELD };

void fut_hold_init(futures_pool *pool)
{
    (void)pthread_mutex_init(&pool->holds.lock, NULL);
}

void fut_hold_destroy(futures_pool *pool)
{
    (void)pthread_mutex_destroy(&pool->holds.lock);
}

static void link_locked(struct fut_holds *holds, struct fut_hold *hold)
{
    hold->previous = NULL;
    hold->next = holds->first;
    if (hold->next != NULL) {
        hold->next->previous = hold;
    }
    holds->first = hold;
    holds->all.begun++;
    if (hold->counted) {
        holds->counted.begun++;
        add_relaxed(&holds->queued, 1); /* only a figure */
    }
}

static void unlink_locked(struct fut_holds *holds, struct fut_hold *hold)
{
    if (hold->previous != NULL) {
        hold->previous->next = hold->next;
    } else {
        holds->first = hold->next;
    }
    if (hold->next != NULL) {
        hold->next->previous = hold->previous;
    }
    holds->all.left++;
    holds->counted.left += hold->counted;
}

/* One that is timed is opened under the lock, too: a sweep that does not find
 * it here is one whose epoch is seen afterwards.
 * returns  OK or CLOSED */
static futures_status link_in(struct fut_hold *hold,
                              const struct fut_order *order)
{
    futures_pool *pool = hold->pool;
    futures_status status = FUTURES_CLOSED;

    fut_lock(&pool->holds.lock);
    /* The lock orders it against a shutdown, which takes it after closing. */
    if (!load_relaxed(order->own ? &pool->over : &pool->closed)) {
        link_locked(&pool->holds, hold);
        if (order->timed) {
            fut_future_open(hold->future);
        }
        status = FUTURES_OK;
    }
    fut_unlock(&pool->holds.lock);
    return status;
}

futures_status fut_hold_begin(struct fut_hold *hold,
                              const struct fut_order *order,
                              futures_future *future, const char *why)
{
    uint32_t seen = future->seen_epoch;
    futures_status status = FUTURES_OK;

    hold->future = future;
    hold->pool = order->pool;
    hold->why = why;
    hold->counted = order->counted;
    if (order->timed) {
        status = fut_cancel_at(future, order->options.deadline);
    }
    if (status == FUTURES_OK) {
        status = link_in(hold, order);
    }
    if (status != FUTURES_OK) {
        return status;
    }
    if (order->timed && fut_clock_passed(order->options.deadline)) {
        fut_cancel_late(future);
    }
    if (load_seq_cst(&order->pool->verdict) != FUTURES_OK) {
        fut_enqueue_look(order->pool, future); /* nobody may ever pop it */
    } else {
        fut_enqueue_check(order->pool, future, seen);
    }
    return FUTURES_OK;
}

/* Adds `change` to the word of one that is held; claim: with a handle. */
static bool move(futures_future *future, bool claim, uint64_t change)
{
    uint64_t word = load_relaxed(&future->word);

    while ((word & HELD_MASK) == HELD) {
        uint64_t next = claim ? fut_with_handle(word) : word;

        /* release: shows what its maker has done; acquire, as all claims */
        if (cas_acq_rel(&future->word, &word, next + change)) {
            return true;
        }
    }
    return false;
}

/* One after the other: the end of one makes the next ready, which finds no
 * memory either. */
static void refuse_in_turn(futures_future *future)
{
    struct fut_self *self = &fut_self;

    store_relaxed(&future->chain, self->refused);
    self->refused = future;
    if (self->refusing) {
        return;
    }
    self->refusing = true;
    while (self->refused != NULL) {
        future = self->refused;
        self->refused = load_relaxed(&future->chain);
        fut_future_free_arg(future);
        fut_future_disarm(future);
        fut_future_publish(future, FUTURES_NOMEM, 1);
    }
    self->refusing = false;
}

/* What came of making one ready. Without memory it is to be refused, unless
 * somebody claimed it who needs no entry. */
enum outcome { QUEUED, NOT_HELD, CLAIMED, REFUSED };

static enum outcome queue_locked(struct fut_hold *hold)
{
    struct fut_holds *holds = &hold->pool->holds;
    futures_future *future = hold->future;

    hold->future = NULL; /* who looks from now on looks elsewhere */
    if (!move(future, false, -FUT_HELD)) {
        return NOT_HELD;
    }
    if (hold->counted) {
        sub_acq_rel(&holds->queued, 1);
    } else {
        /* For those who look whether the pool is quiet: between the figures
         * it has not come and may have ended. */
        holds->counted.begun++;
        holds->counted.left++;
    }
    if (fut_enqueue_ready(future)) {
        return QUEUED;
    }
    if (fut_future_claim_end(future)) {
        return REFUSED;
    }
    FUT_COUNT(hold->pool, submitted, 1);
    return CLAIMED;
}

/* One that has ended, or is about to, needs none: others might be refused for
 * it.
 * returns  whether it did; it may prove to be not held all the same */
static bool take_room(const struct fut_hold *hold)
{
    bool need = !hold->counted &&
                (load_relaxed(&hold->future->word) & HELD_MASK) == HELD;

    if (need) {
        fut_room_force(hold->pool, 1);
    }
    return need;
}

bool fut_hold_queue(struct fut_hold *hold)
{
    futures_pool *pool = hold->pool;
    futures_future *future = hold->future;
    enum outcome outcome;
    bool took;

    if (pool->generation != fut_fork_generation()) {
        return false; /* the parent's */
    }
    took = take_room(hold);
    fut_lock(&pool->holds.lock);
    outcome = queue_locked(hold);
    fut_unlock(&pool->holds.lock);
    if (outcome == QUEUED) {
        fut_idle_notify(&pool->idle);
        return true;
    }
    if (outcome == REFUSED || (outcome == NOT_HELD && took)) {
        fut_room_give(pool, 1);
    }
    fut_limbo_put(pool, future);
    if (outcome == REFUSED) {
        refuse_in_turn(future);
    }
    return false;
}

void fut_hold_forget(struct fut_hold *hold)
{
    futures_pool *pool = hold->pool;
    struct fut_holds *holds = &pool->holds;

    if (pool->generation != fut_fork_generation()) {
        return;
    }
    fut_lock(&holds->lock);
    unlink_locked(holds, hold);
    if (holds->waits > 0) {
        add_seq_cst(&holds->moves, 1);
        fut_unpark(&holds->moves, FUT_PARK_ALL);
    }
    fut_unlock(&holds->lock);
}

void fut_hold_end(struct fut_hold *hold)
{
    (void)fut_hold_queue(hold);
    fut_hold_forget(hold);
}

bool fut_hold_claim(struct fut_hold *hold)
{
    uint64_t change =
        FUT_RUNNING - FUT_QUEUED - FUT_HELD + (FUT_STOCK + 1) * FUT_PIN;
    bool took = take_room(hold);

    if (!move(hold->future, true, change)) {
        fut_room_give(hold->pool, took);
        return false;
    }
    if (hold->counted) {
        sub_acq_rel(&hold->pool->holds.queued, 1);
    }
    FUT_COUNT(hold->pool, submitted, 1);
    return true;
}

void fut_hold_cancelled(futures_future *future)
{
    futures_pool *pool = future->pool;

    if (future->counted) {
        fut_room_give(pool, 1);
        sub_acq_rel(&pool->holds.queued, 1);
    }
    FUT_COUNT(pool, submitted, 1);
}

void fut_hold_scan(futures_pool *pool,
                   void (*visit)(void *context, void *entry), void *context)
{
    fut_lock(&pool->holds.lock);
    for (struct fut_hold *hold = pool->holds.first; hold != NULL;
         hold = hold->next) {
        if (hold->future != NULL) {
            visit(context, hold->future);
        }
    }
    fut_unlock(&pool->holds.lock);
}

static struct fut_hold_tally *tally(struct fut_holds *holds, bool all)
{
    return all ? &holds->all : &holds->counted;
}

uint64_t fut_hold_left(futures_pool *pool, bool all)
{
    uint64_t left;

    fut_lock(&pool->holds.lock);
    left = tally(&pool->holds, all)->left;
    fut_unlock(&pool->holds.lock);
    return left;
}

bool fut_hold_none_since(futures_pool *pool, bool all, uint64_t left)
{
    bool none;

    fut_lock(&pool->holds.lock);
    none = tally(&pool->holds, all)->begun == left;
    fut_unlock(&pool->holds.lock);
    return none;
}

bool fut_hold_wait(futures_pool *pool, bool all, futures_time deadline)
{
    struct fut_holds *holds = &pool->holds;
    struct fut_hold_tally *of = tally(holds, all);
    bool in_time = true;

    fut_lock(&holds->lock);
    if (of->begun != of->left) {
        uint32_t seen = load_relaxed(&holds->moves);

        holds->waits++;
        fut_unlock(&holds->lock);
        in_time = fut_park(&holds->moves, seen, deadline);
        fut_lock(&holds->lock);
        holds->waits--;
    }
    fut_unlock(&holds->lock);
    return in_time;
}

static void claim(void *context, void *entry)
{
    struct fut_swept *swept = context;
    futures_future *future = entry;

    if (move(future, true, FUT_ENDING - FUT_QUEUED + FUT_PIN)) {
        store_relaxed(&future->chain, swept->claimed);
        swept->claimed = future;
    }
}

bool fut_hold_cancel_all(futures_pool *pool)
{
    struct fut_swept swept = {NULL, NULL};
    bool some;

    fut_hold_scan(pool, claim, &swept);
    some = swept.claimed != NULL;
    fut_cancel_swept(&swept);
    return some;
}
