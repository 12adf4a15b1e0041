/* See verdict.h. */
#include "combine/verdict.h"

#include "base/atomic.h"
#include "combine/done.h"
#include "core/cancel.h"
#include "core/future.h"
#include "core/scope.h"
#include "core/self.h"
#include "core/token.h"

static void read_outcome(futures_future *future, futures_outcome *outcome)
{
    outcome->status = futures_poll(future);
    outcome->value = NULL;
    outcome->error = NULL;
    if (outcome->status == FUTURES_OK) {
        outcome->value = load_acquire(&future->value);
    } else if (outcome->status != FUTURES_PENDING) {
        outcome->error = futures_error_of(future);
    }
}

/* A slot that on_done was not told of has not ended, as far as this gather
 * goes. */
static futures_status read_slot(const struct fut_set *set, size_t index,
                                futures_outcome *outcome)
{
    static const futures_outcome not_ended = {FUTURES_PENDING, NULL, NULL};
    futures_outcome seen = not_ended;

    if (!fut_set_was_detached(set, index)) {
        if (outcome == NULL) {
            return futures_poll(set->futures[index]);
        }
        read_outcome(set->futures[index], &seen);
    }
    if (outcome != NULL) {
        *outcome = seen;
    }
    return seen.status;
}

/* What the last pass saw. */
struct result {
    bool pending;         /* some have not ended */
    futures_status worst; /* of the lowest index that is not OK; else OK */
};

static struct result read_all(const struct fut_set *set,
                              futures_outcome outcomes[])
{
    struct result result = {false, FUTURES_OK};

    for (size_t i = 0; i < set->count; i++) {
        futures_status status =
            read_slot(set, i, outcomes != NULL ? &outcomes[i] : NULL);

        if (status == FUTURES_PENDING) {
            result.pending = true;
        } else if (result.worst == FUTURES_OK) {
            result.worst = status;
        }
    }
    return result;
}

/* Whether the task was asked to stop, where that stops its gathers. */
static bool task_was_asked(const struct fut_set *set)
{
    if (!load_relaxed(&set->live) || set->task == NULL) {
        return false;
    }
    return set->calls != NULL
               ? fut_scope_is_stopped(fut_token_of_task(set->task))
               : fut_cancel_is_asked(fut_self_task());
}

static futures_status why(struct fut_set *set, struct result result)
{
    unsigned stop = load_acquire(&set->stop);
    const futures_future *first_error = load_acquire(&set->first_error);

    if (stop == FUT_STOP_TIME ||
        (load_relaxed(&set->late) && result.pending)) {
        return FUTURES_TIMEOUT;
    }
    if (stop == FUT_STOP_TOKEN ||
        (stop == FUT_STOP_NOT && !result.pending && task_was_asked(set))) {
        return FUTURES_CANCELLED;
    }
    return first_error != NULL ? futures_poll(first_error) : result.worst;
}

/* A slot can end after the wait was left and before it is read: what is read
 * counts, so the status and the outcomes never contradict each other. */
futures_status fut_verdict(struct fut_set *set, futures_outcome outcomes[])
{
    struct result result = read_all(set, outcomes);

    if (!result.pending && result.worst == FUTURES_OK) {
        return FUTURES_OK;
    }
    if (result.pending && load_acquire(&set->deadlock)) {
        return FUTURES_DEADLOCK;
    }
    return why(set, result);
}
