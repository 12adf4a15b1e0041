/* Gather: look at all, attach to what has not ended, block, read what came of
 * each. The first pass decides everything that can be known without touching
 * anything: bad input, deadlock, and whether all have ended already. */
#include <futures/gather.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "combine/block.h"
#include "combine/deadlock.h"
#include "core/cancel.h"
#include "core/options.h"
#include "core/self.h"
#include "core/token.h"

/* What the first pass saw. */
struct survey {
    size_t pending;
    futures_status first_error; /* of those that have ended, by index */
};

static futures_status look(futures_future *const futures[], size_t count,
                           struct survey *survey)
{
    survey->pending = 0;
    survey->first_error = FUTURES_OK;
    if (futures == NULL && count > 0) {
        return FUTURES_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        futures_status status = futures_poll(futures[i]);

        if (futures[i] == NULL) {
            return FUTURES_INVALID;
        }
        if (status == FUTURES_PENDING) {
            survey->pending++;
            if (fut_future_is_foreign(futures[i])) {
                return FUTURES_FORKED;
            }
        } else if (survey->first_error == FUTURES_OK) {
            survey->first_error = status;
        }
    }
    if (survey->pending > 0 && fut_deadlock_on_stack(futures, count)) {
        return FUTURES_DEADLOCK;
    }
    return FUTURES_OK;
}

static bool are_valid(const futures_gather_options *options)
{
    return (unsigned)options->on_error <= FUTURES_ON_ERROR_LEAVE &&
           (unsigned)options->on_timeout <= FUTURES_ON_TIMEOUT_ABANDON;
}

static void read_outcome(futures_future *future, futures_outcome *outcome)
{
    outcome->status = futures_poll(future);
    outcome->value = futures_value(future);
    outcome->error = futures_error_of(future);
}

/* returns  whether all are OK; *pending: whether some have not ended */
static bool read_all(const struct fut_set *set, futures_outcome outcomes[],
                     bool *pending)
{
    bool ok = true;

    *pending = false;
    for (size_t i = 0; i < set->count; i++) {
        futures_status status = futures_poll(set->futures[i]);

        if (outcomes != NULL) {
            read_outcome(set->futures[i], &outcomes[i]);
            status = outcomes[i].status;
        }
        ok = ok && status == FUTURES_OK;
        *pending = *pending || status == FUTURES_PENDING;
    }
    return ok;
}

/* Whether the task was asked to stop, where that stops its gathers. */
static bool task_was_asked(const struct fut_set *set)
{
    struct fut_run *run = fut_self_task();

    return run != NULL && set->options.token != futures_token_none() &&
           fut_cancel_is_asked(run);
}

/* Why it ended, with a slot that is not OK. */
static futures_status why(struct fut_set *set, bool pending)
{
    unsigned stop = load_acquire(&set->stop);

    if (load_acquire(&set->deadlock) && pending) {
        return FUTURES_DEADLOCK;
    }
    if (stop == FUT_STOP_TIME || (set->late && pending)) {
        return FUTURES_TIMEOUT;
    }
    if (stop == FUT_STOP_TOKEN ||
        (stop == FUT_STOP_NOT && !pending && task_was_asked(set))) {
        return FUTURES_CANCELLED;
    }
    return (futures_status)load_acquire(&set->first_error);
}

static futures_status verdict(struct fut_set *set, futures_outcome outcomes[])
{
    bool pending;

    return read_all(set, outcomes, &pending) ? FUTURES_OK : why(set, pending);
}

/* All have ended, or the first error ends it at once. */
static bool is_over_on_entry(const struct fut_set *set,
                             const struct survey *survey)
{
    return set->options.on_done == NULL &&
           (survey->pending == 0 ||
            (survey->first_error != FUTURES_OK &&
             set->options.on_error == FUTURES_ON_ERROR_LEAVE));
}

static futures_status gather(struct fut_set *set, const struct survey *survey,
                             futures_outcome outcomes[])
{
    futures_status status;

    atomic_init(&set->first_error, survey->first_error);
    if (is_over_on_entry(set, survey)) {
        return verdict(set, outcomes);
    }
    status = fut_set_attach(set);
    if (status == FUTURES_OK) {
        if (survey->first_error != FUTURES_OK &&
            set->options.on_error == FUTURES_ON_ERROR_CANCEL) {
            fut_set_stop(set, FUT_STOP_ERROR, NULL);
        }
        fut_set_watch(set);
        fut_block_on(set);
        status = verdict(set, outcomes);
    }
    fut_free(set->hooks);
    return status;
}

futures_status futures_gather(futures_future *const futures[], size_t count,
                              futures_outcome outcomes[],
                              const futures_gather_options *given)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct survey survey;
    struct fut_set set;
    futures_status status;

    if (given != NULL && !fut_options_read(&options, sizeof options, given)) {
        return FUTURES_INVALID;
    }
    if (!are_valid(&options)) {
        return FUTURES_INVALID;
    }
    status = look(futures, count, &survey);
    if (status != FUTURES_OK || count == 0) {
        return status;
    }
    fut_set_init(&set, futures, count, &options);
    return gather(&set, &survey, outcomes);
}

/* A wait is not interrupted when the waiting task is asked to stop, and its
 * deadline touches nothing. */
futures_status futures_wait(futures_future *future, futures_time deadline)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct survey survey;
    struct fut_set set;
    futures_status status;

    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.deadline = deadline;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    options.token = futures_token_none();
    status = look(&future, 1, &survey);
    if (status != FUTURES_OK) {
        return status;
    }
    fut_set_init(&set, &future, 1, &options);
    status = gather(&set, &survey, NULL);
    if (status == FUTURES_NOMEM || status == FUTURES_DEADLOCK) {
        return status;
    }
    status = futures_poll(future);
    return status == FUTURES_PENDING ? FUTURES_TIMEOUT : status;
}

size_t futures_first_error(const futures_outcome outcomes[], size_t count)
{
    size_t index = 0;

    while (index < count && outcomes != NULL &&
           outcomes[index].status == FUTURES_OK) {
        index++;
    }
    return outcomes != NULL ? index : count;
}
