/* A shield is a promise that a wait hook on another future keeps. The hook has
 * a handle on it, so it ends as the other does even where nobody holds it; a
 * cancel takes the hook back, or comes too late for that: then whoever ends
 * the other finds the shield ended. */
#include <futures/gather.h>

#include <stddef.h>

#include "base/alloc.h"
#include "base/fork.h"
#include "combine/need.h"
#include "core/callback.h"
#include "core/error.h"
#include "core/life.h"
#include "core/waiters.h"

struct shield {
    struct fut_wait wait;
    struct fut_ender ender;
    struct fut_keep keep;
    struct fut_need need;
    futures_hook hook;
    futures_future *future; /* const; the hook's handle */
    futures_future *inner;  /* const; retained until the future is freed */
};

static futures_future *next_needed(struct fut_need *need, size_t *at)
{
    struct shield *shield =
        (void *)((char *)need - offsetof(struct shield, need));

    return (*at)++ == 0 ? shield->inner : NULL;
}

/* Its error was looked at if the shield's was. */
static void free_shield(struct fut_keep *keep)
{
    struct shield *shield =
        (void *)((char *)keep - offsetof(struct shield, keep));

    if ((load_relaxed(&shield->future->word) & FUT_SEEN) != 0) {
        (void)futures_error_of(shield->inner);
    }
    futures_release(shield->inner);
    fut_free(shield);
}

static void end_as_inner(struct shield *shield)
{
    futures_future *future = shield->future;
    futures_status status = futures_poll(shield->inner);

    if (!fut_future_claim_end(future)) {
        return; /* it was cancelled */
    }
    fut_need_detach(&shield->need);
    if (status == FUTURES_OK) {
        store_relaxed(&future->value, futures_value(shield->inner));
    } else {
        future->sink = NULL;
        store_relaxed(&fut_future_extra(future)->error,
                      fut_error_keep(fut_future_error(shield->inner)));
    }
    fut_future_publish(future, status, 1);
}

static void end_in_turn(struct fut_ender *ender)
{
    struct shield *shield =
        (void *)((char *)ender - offsetof(struct shield, ender));
    futures_future *future = shield->future;

    end_as_inner(shield);
    futures_release(future);
}

static void inner_ended(struct fut_wait *wait, futures_future *future,
                        futures_hook *hook)
{
    struct shield *shield = (struct shield *)wait;

    (void)future;
    (void)hook;
    fut_future_end_in_turn(&shield->ender);
}

static void cancelled(void *arg)
{
    struct shield *shield = arg;

    fut_need_detach(&shield->need);
    if (fut_waiters_detach_hook(shield->inner, &shield->hook)) {
        futures_release(shield->future);
    }
}

/* returns NULL without memory */
static struct shield *make(futures_future *inner)
{
    futures_future *future = fut_block_get();
    struct shield *shield =
        future != NULL ? fut_alloc(1, sizeof *shield) : NULL;

    if (shield == NULL) {
        if (future != NULL) {
            fut_block_put(future);
        }
        return NULL;
    }
    fut_future_init(future, fut_future_word(FUT_QUEUED, 0, 0));
    future->promise = FUT_OWN_PROMISE;
    future->options = true;
    future->on_cancel = cancelled;
    future->arg = shield;
    fut_future_extra(future)->keep = &shield->keep;
    shield->wait.ended = inner_ended;
    shield->wait.calls = true;
    shield->ender.end = end_in_turn;
    shield->keep.free = free_shield;
    shield->need.next = next_needed;
    shield->need.all = true;
    shield->need.future = future;
    shield->future = future;
    shield->inner = futures_retain(inner);
    return shield;
}

futures_future *futures_shield(futures_future *future)
{
    struct shield *shield;
    futures_future *shielding;

    if (future == NULL) {
        return fut_future_ended(FUTURES_INVALID);
    }
    if (fut_future_is_foreign(future)) {
        return fut_future_ended(FUTURES_FORKED);
    }
    if (!fut_fork_watch()) {
        return fut_future_ended(FUTURES_SYSTEM);
    }
    fut_callback_watch_forks();
    shield = make(future);
    if (shield == NULL) {
        return fut_future_ended(FUTURES_NOMEM);
    }
    shielding = futures_retain(shield->future);
    fut_need_attach(shielding, &shield->need);
    if (!fut_waiters_attach_hook(future, &shield->hook, &shield->wait)) {
        end_in_turn(&shield->ender);
    }
    return shielding;
}
