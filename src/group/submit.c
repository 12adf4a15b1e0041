/* Submitting to a group: room in the pool first, then a place in the group, so
 * that nobody waits for room who has a place. What has its place is queued
 * like any task; what has not is held back. One that is to run here, for want
 * of room, is held and claimed. */
#include "base/alloc.h"
#include "base/thread.h"
#include "group/member.h"
#include "core/enqueue.h"
#include "core/room.h"
#include "core/run.h"

struct enrol {
    struct fut_order order;
    struct fut_member *member;
    futures_future *future;
    struct fut_entry entry;
    bool here; /* to be run here */
};

static futures_status enter(struct enrol *enrol, bool wait)
{
    return fut_member_enter(enrol->member, enrol->order.options.key, wait,
                            &enrol->entry);
}

static futures_status enter_with_room(struct enrol *enrol)
{
    futures_status status = enter(enrol, true);

    if (status != FUTURES_OK) {
        fut_room_give(enrol->order.pool, 1);
    }
    return status;
}

/* Full, and it is to be run here: so it needs a place now. Without one a task
 * of the pool goes over the limit, and others wait. */
static futures_status enter_when_full(struct enrol *enrol)
{
    const struct fut_order *order = &enrol->order;
    futures_status status = enter(enrol, order->own);

    if (status == FUTURES_OK) {
        enrol->here = !enrol->entry.waits && !fut_thread_stack_low();
        fut_room_force(order->pool, 1);
        return FUTURES_OK;
    }
    if (status == FUTURES_PENDING) {
        status = fut_enqueue_take(order, true);
        if (status == FUTURES_OK) {
            status = enter_with_room(enrol);
        }
    }
    return status;
}

/* returns  OK: it is a member and has its place in the room; else why not */
static futures_status find_place(struct enrol *enrol)
{
    const struct fut_order *order = &enrol->order;
    futures_status status = FUTURES_OK;

    if (order->pool->queue_limit > 0) {
        status = fut_member_check(enrol->member->group);
    }
    if (status == FUTURES_OK) {
        status = fut_enqueue_take(order, false);
    }
    if (status == FUTURES_PENDING) {
        return enter_when_full(enrol);
    }
    return status == FUTURES_OK ? enter_with_room(enrol) : status;
}

static void fill(struct enrol *enrol, void *arg)
{
    struct fut_order *order = &enrol->order;

    order->held = enrol->here || enrol->entry.waits;
    order->counted = order->held;
    if (order->options.token == NULL) {
        order->options.token = enrol->entry.token;
    }
    fut_order_fill(order, enrol->future, arg);
    futures_token_release(enrol->entry.token);
    fut_member_attach(enrol->member, order->held, enrol->entry.waits);
}

static futures_status queue(const struct enrol *enrol)
{
    const struct fut_order *order = &enrol->order;
    futures_status status = FUTURES_OK;

    if (order->timed) {
        status = fut_cancel_at(enrol->future, order->options.deadline);
    }
    return status == FUTURES_OK ? fut_enqueue_one(order, enrol->future)
                                : status;
}

/* returns  OK: it may have ended already; else only the group knows of it */
static futures_status start(struct enrol *enrol)
{
    struct fut_member *member = enrol->member;
    const struct fut_order *order = &enrol->order;
    bool claimed;
    futures_status status;

    if (!order->held) {
        status = queue(enrol);
        if (status == FUTURES_OK) {
            fut_member_begin(member, false);
        }
        return status;
    }
    status = fut_hold_begin(&member->hold, order, enrol->future,
                            member->group->why);
    if (status != FUTURES_OK) {
        return status;
    }
    claimed = enrol->here && fut_hold_claim(&member->hold);
    fut_member_begin(member, claimed);
    if (claimed) {
        fut_run_one(enrol->future, false);
    }
    return FUTURES_OK;
}

static void submit(struct enrol *enrol, void *arg)
{
    futures_status status;

    fill(enrol, arg);
    status = start(enrol);
    if (status != FUTURES_OK) {
        fut_member_withdraw(enrol->member);
        fut_room_give(enrol->order.pool, 1);
        fut_order_refuse(enrol->future, status, 1);
    }
}

/* returns  OK; NOMEM, or why it is no member: nothing is left of it */
static futures_status prepare(struct enrol *enrol, futures_group *group)
{
    futures_status status = FUTURES_NOMEM;

    enrol->future = fut_block_get();
    if (enrol->future == NULL) {
        return FUTURES_NOMEM;
    }
    enrol->member = fut_member_create(group, enrol->future,
                                      enrol->order.options.token != NULL);
    if (enrol->member != NULL) {
        status = find_place(enrol);
    }
    if (status != FUTURES_OK) {
        fut_free(enrol->member);
        fut_block_put(enrol->future);
    }
    return status;
}

futures_future *futures_group_submit(futures_group *group, futures_fn fn,
                                     void *arg,
                                     const futures_task_options *options)
{
    struct enrol enrol = {.here = false};
    futures_status status = fut_order_make(
        &enrol.order, group != NULL ? group->pool : NULL, fn, options);

    if (status == FUTURES_OK) {
        status = prepare(&enrol, group);
    }
    if (status != FUTURES_OK) {
        fut_self_call(enrol.order.options.arg_free, arg);
        return fut_future_ended(status);
    }
    submit(&enrol, arg);
    return enrol.future;
}
