/* Gather: look at all, attach to what has not ended, block, read what came of
 * each. The first pass decides everything that can be known without touching
 * anything: bad input, deadlock, and whether all have ended already. */
#include <futures/gather.h>

#include "base/atomic.h"
#include "combine/block.h"
#include "combine/deadlock.h"
#include "core/cancel.h"
#include "core/options.h"
#include "core/self.h"
#include "core/token.h"

/* How many futures to look ahead. */
enum { LINES_AHEAD = 16 };

/* What the first pass saw. */
struct survey {
    size_t pending;
    size_t running;
    size_t last;                /* the index of the last one pending */
    bool ran;                   /* the last one, here */
    futures_status first_error; /* of those that have ended, by index */
};

static bool are_there(futures_future *const futures[], size_t count)
{
    if (futures == NULL) {
        return count == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* Most often all are well, and one look at each is enough.
 * returns  how many of the first are; their outcomes are filled */
static size_t read_ok(futures_future *const futures[], size_t count,
                      futures_outcome outcomes[])
{
    for (size_t i = 0; i < count; i++) {
        if (i + LINES_AHEAD < count) {
            fut_prefetch(futures[i + LINES_AHEAD]);
        }
        if (fut_future_state(futures[i]) != FUTURES_OK) {
            return i;
        }
        if (outcomes != NULL) {
            outcomes[i].status = FUTURES_OK;
            outcomes[i].value = load_acquire(&futures[i]->value);
            outcomes[i].error = NULL;
        }
    }
    return count;
}

static void note_ended(struct survey *survey, unsigned state)
{
    if (survey->first_error == FUTURES_OK) {
        survey->first_error = (futures_status)state;
    }
}

static futures_status look(futures_future *const futures[], size_t count,
                           struct survey *survey)
{
    *survey = (struct survey){.first_error = FUTURES_OK};
    for (size_t i = 0; i < count; i++) {
        unsigned state = fut_future_state(futures[i]);

        if (!fut_state_is_pending(state)) {
            note_ended(survey, state);
        } else if (fut_future_is_foreign(futures[i])) {
            return FUTURES_FORKED;
        } else {
            survey->pending++;
            survey->running += state == FUT_RUNNING;
            survey->last = i;
        }
    }
    if (survey->running > 0 && fut_deadlock_on_stack(futures, count)) {
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
    outcome->value = NULL;
    outcome->error = NULL;
    if (outcome->status != FUTURES_PENDING) {
        outcome->value = futures_value(future);
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
    return load_relaxed(&set->live) && set->task != NULL &&
           fut_cancel_is_asked(fut_self_task());
}

static futures_status why(struct fut_set *set, struct result result)
{
    unsigned stop = load_acquire(&set->stop);
    unsigned first_error = load_acquire(&set->first_error);

    if (stop == FUT_STOP_TIME || (set->late && result.pending)) {
        return FUTURES_TIMEOUT;
    }
    if (stop == FUT_STOP_TOKEN ||
        (stop == FUT_STOP_NOT && !result.pending && task_was_asked(set))) {
        return FUTURES_CANCELLED;
    }
    return first_error != FUTURES_OK ? (futures_status)first_error
                                     : result.worst;
}

/* A slot can end after the wait was left and before it is read: what is read
 * counts, so the status and the outcomes never contradict each other. */
static futures_status verdict(struct fut_set *set, futures_outcome outcomes[])
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

/* All have ended, or the first error ends it at once. */
static bool is_over_on_entry(const struct fut_set *set,
                             const struct survey *survey)
{
    return set->options.on_done == NULL &&
           (survey->pending == 0 ||
            (survey->first_error != FUTURES_OK &&
             set->options.on_error == FUTURES_ON_ERROR_LEAVE));
}

static futures_status block(struct fut_set *set, const struct survey *survey,
                            futures_outcome outcomes[])
{
    futures_status status;

    atomic_init(&set->first_error, survey->first_error);
    atomic_init(&set->live, survey->ran);
    if (is_over_on_entry(set, survey)) {
        return verdict(set, outcomes);
    }
    status = fut_set_attach(set);
    if (status == FUTURES_OK) {
        fut_set_watch(set);
        fut_block_on(set);
        status = verdict(set, outcomes);
    }
    fut_set_free_hooks(set);
    return status;
}

/* One future is left, nothing but its end can end the wait, and the caller can
 * run it itself: fork and join. An error that came before would stop it or end
 * the wait. */
static void run_last(futures_future *const futures[],
                     const futures_gather_options *options,
                     struct survey *survey)
{
    bool goes_on = survey->first_error == FUTURES_OK ||
                   options->on_error == FUTURES_ON_ERROR_COLLECT;

    if (survey->pending == 1 && goes_on && options->on_done == NULL &&
        options->token == NULL && options->deadline == FUTURES_NEVER &&
        fut_block_run_own(futures[survey->last])) {
        survey->pending = 0;
        survey->ran = true;
        note_ended(survey, fut_future_state(futures[survey->last]));
    }
}

/* Where the others are well, these decide. `ran`: the last one has been run
 * here. */
static futures_status gather(futures_future *const futures[], size_t count,
                             futures_outcome outcomes[],
                             const futures_gather_options *options, bool ran)
{
    struct survey survey;
    struct fut_set set;
    futures_status status = look(futures, count, &survey);

    if (status != FUTURES_OK) {
        return status;
    }
    survey.ran = ran;
    run_last(futures, options, &survey);
    if (survey.ran && read_ok(futures, count, outcomes) == count) {
        return FUTURES_OK;
    }
    fut_set_init(&set, futures, count, options);
    return block(&set, &survey, outcomes);
}

static futures_status gather_with(futures_future *const futures[],
                                  size_t count, futures_outcome outcomes[],
                                  const futures_gather_options *given,
                                  bool ran)
{
    static const futures_gather_options defaults = FUTURES_GATHER_OPTIONS_INIT;
    futures_gather_options options;
    size_t well;

    if (given != NULL && (!fut_options_read(&options, sizeof options, given) ||
                          !are_valid(&options))) {
        return FUTURES_INVALID;
    }
    if (!are_there(futures, count)) {
        return FUTURES_INVALID;
    }
    given = given != NULL ? &options : &defaults;
    well = given->on_done == NULL ? read_ok(futures, count, outcomes) : 0;
    if (well == count) {
        return FUTURES_OK;
    }
    return gather(&futures[well], count - well,
                  outcomes != NULL ? &outcomes[well] : NULL, given, ran);
}

futures_status futures_gather(futures_future *const futures[], size_t count,
                              futures_outcome outcomes[],
                              const futures_gather_options *given)
{
    /* Fork and join. */
    bool ran = given == NULL && count == 1 && futures != NULL &&
               fut_block_run_own(futures[0]);

    if (ran && read_ok(futures, 1, outcomes) == 1) {
        return FUTURES_OK;
    }
    return gather_with(futures, count, outcomes, given, ran);
}

/* A wait is not interrupted when the waiting task is asked to stop, its
 * deadline touches nothing, and it needs no memory. */
static futures_status wait_for(futures_future *future, futures_time deadline)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_hook hook = {0};
    struct survey survey;
    struct fut_set set;
    futures_status status = look(&future, 1, &survey);

    if (status != FUTURES_OK) {
        return status;
    }
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.deadline = deadline;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    run_last(&future, &options, &survey);
    if (survey.pending == 0) {
        return FUTURES_OK;
    }
    options.token = futures_token_none();
    fut_set_init(&set, &future, 1, &options);
    set.hooks = &hook;
    return block(&set, &survey, NULL);
}

futures_status futures_wait(futures_future *future, futures_time deadline)
{
    futures_status status = futures_poll(future);

    if (status != FUTURES_PENDING) {
        return status;
    }
    status = wait_for(future, deadline);
    if (status == FUTURES_DEADLOCK || status == FUTURES_FORKED) {
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
