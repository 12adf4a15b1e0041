/* Callbacks for the end of a future. */
#include <futures/future.h>

#include "core/callback.h"
#include "core/future.h"
#include "core/self.h"
#include "core/waiters.h"

static void call_here(futures_future *future,
                      void (*fn)(void *, futures_future *), void *arg)
{
    struct fut_run frame;

    fut_self_bar(&frame);
    fn(arg, future);
    fut_self_unbar(&frame);
}

futures_status futures_on_done(futures_future *future, futures_hook *hook,
                               void (*fn)(void *, futures_future *), void *arg)
{
    if (future == NULL || hook == NULL || fn == NULL) {
        return FUTURES_INVALID;
    }
    if (fut_future_is_foreign(future)) {
        return FUTURES_FORKED;
    }
    hook->linked = false;
    fut_callback_watch_forks();
    if (!fut_waiters_attach_callback(future, hook, fn, arg)) {
        call_here(future, fn, arg);
    }
    return FUTURES_OK;
}

void futures_off_done(futures_future *future, futures_hook *hook)
{
    if (future != NULL && hook != NULL && !fut_future_is_foreign(future) &&
        !fut_waiters_detach_hook(future, hook)) {
        fut_callback_await(hook);
    }
}
