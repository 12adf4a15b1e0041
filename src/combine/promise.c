/* A promise is a future without a task: whoever keeps it claims it as a
 * canceller would, so of all who race exactly one ends it. */
#include <futures/promise.h>

#include "base/fork.h"
#include "core/callback.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/future.h"
#include "core/life.h"
#include "core/options.h"

static futures_future *make(const futures_promise_options *options)
{
    futures_future *promise;
    futures_status status = FUTURES_OK;

    if (!fut_fork_watch()) {
        return fut_future_ended(FUTURES_SYSTEM);
    }
    fut_callback_watch_forks();
    promise = fut_block_get();
    if (promise == NULL) {
        return fut_future_ended(FUTURES_NOMEM);
    }
    fut_future_init(promise, fut_future_word(FUT_QUEUED, 0, 0));
    promise->promise = FUT_OPEN_PROMISE;
    promise->on_cancel = options->on_cancel;
    promise->arg = options->arg;
    if (options->name != NULL || options->value_free != NULL) {
        promise->options = true;
        fut_future_extra(promise)->name = options->name;
        fut_future_extra(promise)->value_free = options->value_free;
    }
    if (options->deadline != FUTURES_NEVER) {
        status = fut_cancel_at(promise, options->deadline);
    }
    if (status != FUTURES_OK) {
        fut_future_discard(promise);
        return fut_future_ended(status);
    }
    return promise;
}

futures_future *futures_promise_with(const futures_promise_options *given)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;

    if (given != NULL && !fut_options_read(&options, sizeof options, given)) {
        return fut_future_ended(FUTURES_INVALID);
    }
    return make(&options);
}

futures_future *futures_promise(void (*on_cancel)(void *), void *arg)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;

    options.on_cancel = on_cancel;
    options.arg = arg;
    return make(&options);
}

/* returns  OK: the caller ends it */
static futures_status claim(futures_future *promise)
{
    if (promise == NULL || promise->promise != FUT_OPEN_PROMISE) {
        return FUTURES_INVALID;
    }
    if (fut_future_is_foreign(promise)) {
        return FUTURES_FORKED;
    }
    return fut_future_claim_end(promise) ? FUTURES_OK : FUTURES_INVALID;
}

futures_status futures_resolve(futures_future *promise, void *value)
{
    futures_status status = claim(promise);

    if (status != FUTURES_OK) {
        return status;
    }
    fut_future_disarm(promise);
    store_relaxed(&promise->value, value);
    fut_future_publish(promise, FUTURES_OK, 1);
    return FUTURES_OK;
}

futures_status futures_vreject(futures_future *promise, int code,
                               const char *format, va_list arguments)
{
    struct fut_error_site site = {.code = code};
    futures_status status = claim(promise);
    struct fut_extra *extra;
    futures_error *error;

    if (status != FUTURES_OK) {
        return status;
    }
    extra = fut_future_extra(promise);
    fut_future_disarm(promise);
    site.task = fut_future_name(promise);
    error = fut_error_create(&site, format, arguments);
    promise->sink = NULL;
    if (error == NULL) {
        fut_error_embed(&extra->embedded, &site);
        error = &extra->embedded;
    }
    store_relaxed(&extra->error, error);
    fut_future_publish(promise, FUTURES_FAILED, 1);
    return FUTURES_OK;
}

futures_status futures_reject(futures_future *promise, int code,
                              const char *format, ...)
{
    futures_status status;
    va_list arguments;

    va_start(arguments, format);
    status = futures_vreject(promise, code, format, arguments);
    va_end(arguments);
    return status;
}
