/* Needs of the tests' own, and held tasks. Include support/test.h first. */
#ifndef FUTURES_TESTS_NEEDS_H
#define FUTURES_TESTS_NEEDS_H

#include "combine/need.h"
#include "core/hold.h"
#include "core/room.h"
#include "support/waiters.h"

/* Needs of a few futures. */
struct few {
    struct fut_need need;
    futures_future *futures[2];
    struct fut_hold *lent; /* what lend claims; nullable */
    atomic_int asked;      /* how often lend was called */
    futures_future *holder;
};

static inline futures_future *next_of_few(struct fut_need *need, size_t *at)
{
    struct few *few = (struct few *)need;
    return *at < 2 ? few->futures[(*at)++] : NULL;
}

static inline bool lend(struct fut_need *need, futures_future *holder)
{
    struct few *few = (struct few *)need;
    few->holder = holder;
    atomic_fetch_add(&few->asked, 1);
    return fut_hold_claim(few->lent);
}

static inline void few_attach(struct few *few, futures_future *future,
                              futures_future *needed)
{
    *few = (struct few){.need = {.next = next_of_few, .all = true},
                        .futures = {needed}};
    fut_need_attach(future, &few->need);
}

/* A held task. */
struct held {
    struct fut_hold hold;
    futures_future *future;
};

static inline void hold(struct held *held, futures_pool *pool, futures_fn fn,
                        void *arg, struct few *few)
{
    struct fut_order order;
    assert_status(fut_order_make(&order, pool, fn, NULL), FUTURES_OK);
    order.held = true;
    order.counted = true;
    fut_room_force(pool, 1);
    held->future = fut_block_get();
    cr_assert_not_null(held->future);
    fut_order_fill(&order, held->future, arg);
    if (few != NULL)
        fut_need_attach(held->future, &few->need);
    assert_status(
        fut_hold_begin(&held->hold, &order, held->future, "for a test"),
        FUTURES_OK);
}

static inline void make_ready(struct held *held, futures_pool *pool)
{
    (void)fut_hold_queue(&held->hold);
    fut_need_poke(pool);
    fut_hold_forget(&held->hold);
}

#endif
