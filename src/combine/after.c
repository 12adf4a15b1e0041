/* A time is a promise of the library's own that the timer thread keeps; its
 * last release ends it as that of any promise does. A task at a time is a task
 * after such a one. */
#include <futures/then.h>

#include "base/clock.h"
#include "base/fork.h"
#include "combine/then.h"
#include "core/life.h"

static void end(futures_future *future)
{
    if (fut_future_claim_end(future)) {
        fut_future_disarm(future);
        fut_future_publish(future, FUTURES_OK, 1);
    }
}

static void ring(struct fut_timer *timer)
{
    struct fut_future_timer *mine = (struct fut_future_timer *)timer;

    end(mine->future);
    fut_cancel_fired(mine);
}

/* returns  a future that ends then; one that has ended NOMEM or SYSTEM where
 *          it could not be made */
static futures_future *at(futures_time when, void *value)
{
    futures_status status = FUTURES_OK;
    futures_future *future;

    if (!fut_fork_watch()) {
        return fut_future_ended(FUTURES_SYSTEM);
    }
    future = fut_block_get();
    if (future == NULL) {
        return fut_future_ended(FUTURES_NOMEM);
    }
    fut_future_init(future, fut_future_word(FUT_QUEUED, 0, 0));
    future->promise = FUT_OWN_PROMISE;
    future->on_cancel = NULL;
    atomic_init(&future->value, value);
    if (fut_clock_passed(when)) {
        end(future);
    } else {
        status = fut_cancel_arm(future, when, ring);
    }
    if (status != FUTURES_OK) {
        fut_future_discard(future);
        return fut_future_ended(status);
    }
    return future;
}

static futures_future *task_at(futures_pool *pool, futures_time when,
                               futures_fn fn, void *arg)
{
    struct fut_order order;
    futures_status status = fut_order_make(&order, pool, fn, NULL);
    futures_future *time;
    futures_future *task;

    if (status != FUTURES_OK) {
        return fut_future_ended(status);
    }
    time = at(when, NULL);
    if (futures_poll(time) == FUTURES_PENDING ||
        futures_poll(time) == FUTURES_OK) {
        task = fut_then(&order, status, &time, 1, arg, "until a time");
        futures_release(time);
        return task;
    }
    return time;
}

futures_future *futures_after(futures_pool *pool, futures_time when,
                              futures_fn fn, void *arg)
{
    if (when == FUTURES_NEVER) {
        return fut_future_ended(FUTURES_INVALID);
    }
    return fn == NULL ? at(when, arg) : task_at(pool, when, fn, arg);
}
