/* Gather: look at all, attach to what has not ended, block, read what came of
 * each. The first pass decides everything that can be known without touching
 * anything: bad input, deadlock, and whether all have ended already. */
#include <futures/gather.h>

#include "base/atomic.h"
#include "combine/block.h"
#include "combine/gather.h"
#include "combine/survey.h"
#include "combine/verdict.h"
#include "combine/watch.h"
#include "core/token.h"

/* How many futures to look ahead. */
enum { LINES_AHEAD = 16 };

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

/* All have ended, or the first error ends it at once. */
static bool is_over_on_entry(const struct fut_set *set,
                             const struct fut_survey *survey)
{
    return set->options.on_done == NULL &&
           (survey->pending == 0 ||
            (survey->first_error != NULL &&
             set->options.on_error == FUTURES_ON_ERROR_LEAVE));
}

static futures_status block(struct fut_set *set,
                            const struct fut_survey *survey,
                            futures_outcome outcomes[])
{
    futures_status status;

    atomic_init(&set->first_error, survey->first_error);
    atomic_init(&set->live, survey->ran);
    if (is_over_on_entry(set, survey)) {
        return fut_verdict(set, outcomes);
    }
    status = fut_set_attach(set);
    if (status == FUTURES_OK) {
        fut_set_watch(set);
        fut_block_on(set);
        status = fut_verdict(set, outcomes);
    }
    fut_set_free_hooks(set);
    return status;
}

/* One future is left, nothing but its end can end the wait, and the caller can
 * run it itself: fork and join. An error that came before would stop it or end
 * the wait. */
static void run_last(futures_future *const futures[],
                     const futures_gather_options *options,
                     struct fut_survey *survey)
{
    bool goes_on = survey->first_error == NULL ||
                   options->on_error == FUTURES_ON_ERROR_COLLECT;

    if (survey->pending == 1 && goes_on && options->on_done == NULL &&
        options->token == NULL && options->deadline == FUTURES_NEVER &&
        fut_block_run_own(futures[survey->last])) {
        survey->pending = 0;
        survey->ran = true;
        fut_survey_note(survey, futures[survey->last],
                        fut_future_state(futures[survey->last]));
    }
}

/* Where the others are well, these decide. `ran`: the last one has been run
 * here. */
static futures_status gather(futures_future *const futures[], size_t count,
                             futures_outcome outcomes[],
                             const futures_gather_options *options, bool ran)
{
    struct fut_survey survey;
    struct fut_set set;
    futures_status status = fut_survey_look(futures, count, &survey);

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
    futures_gather_options storage;
    const futures_gather_options *options =
        fut_survey_options(given, &storage);
    size_t well;

    if (options == NULL || !fut_survey_are_there(futures, count)) {
        return FUTURES_INVALID;
    }
    well = options->on_done == NULL ? read_ok(futures, count, outcomes) : 0;
    if (well == count) {
        return FUTURES_OK;
    }
    return gather(&futures[well], count - well,
                  outcomes != NULL ? &outcomes[well] : NULL, options, ran);
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
static futures_status wait_for(futures_future *future, futures_time deadline,
                               bool bound)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_hook hook = {0};
    struct fut_survey survey;
    struct fut_set set;
    futures_status status = fut_survey_look(&future, 1, &survey);

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
    set.bound = bound;
    return block(&set, &survey, NULL);
}

futures_status futures_wait(futures_future *future, futures_time deadline)
{
    futures_status status = futures_poll(future);

    if (status != FUTURES_PENDING) {
        return status;
    }
    status = wait_for(future, deadline, false);
    if (status == FUTURES_DEADLOCK || status == FUTURES_FORKED) {
        return status;
    }
    status = futures_poll(future);
    return status == FUTURES_PENDING ? FUTURES_TIMEOUT : status;
}

void fut_wait_through(futures_future *future)
{
    if (futures_poll(future) == FUTURES_PENDING) {
        (void)wait_for(future, FUTURES_NEVER, true);
    }
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
