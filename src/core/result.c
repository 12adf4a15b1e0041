/* Reading a future: what it says depends on its state, and whoever reads an
 * ended state with acquire sees the value or error that was stored before. */
#include "core/future.h"

futures_status futures_poll(const futures_future *future)
{
    unsigned state;

    if (future == NULL) {
        return FUTURES_INVALID;
    }
    state = fut_future_state(future);
    return fut_state_is_pending(state) ? FUTURES_PENDING
                                       : (futures_status)state;
}

void *futures_value(const futures_future *future)
{
    if (future == NULL || fut_future_state(future) != FUTURES_OK) {
        return NULL;
    }
    return load_acquire(&future->value);
}

void *futures_take(futures_future *future)
{
    if (futures_poll(future) != FUTURES_OK ||
        (future->promise == FUT_OWN_PROMISE &&
         fut_future_extra(future)->keep != NULL)) {
        return NULL;
    }
    return exchange_acq_rel(&future->value, NULL);
}

const futures_error *fut_future_error(const futures_future *future)
{
    futures_status status = futures_poll(future);

    if (status != FUTURES_FAILED &&
        (status != FUTURES_CANCELLED ||
         (load_relaxed(&future->word) & FUT_IMMORTAL) != 0)) {
        return NULL;
    }
    return load_acquire(&fut_future_extra(future)->error);
}

const futures_error *futures_error_of(const futures_future *future)
{
    if (future == NULL) {
        return NULL;
    }
    if (fut_future_state(future) == FUTURES_FAILED) {
        /* The mark is no part of what the caller may not change. */
        or_relaxed(&((futures_future *)(uintptr_t)future)->word, FUT_SEEN);
    }
    return fut_future_error(future);
}
