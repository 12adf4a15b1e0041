/* See survey.h. */
#include "combine/survey.h"

#include "combine/deadlock.h"
#include "core/future.h"
#include "core/options.h"

static bool are_valid(const futures_gather_options *options)
{
    return (unsigned)options->on_error <= FUTURES_ON_ERROR_LEAVE &&
           (unsigned)options->on_timeout <= FUTURES_ON_TIMEOUT_ABANDON;
}

const futures_gather_options *fut_survey_options(
    const futures_gather_options *given, futures_gather_options *storage)
{
    static const futures_gather_options defaults = FUTURES_GATHER_OPTIONS_INIT;

    if (given == NULL) {
        return &defaults;
    }
    return fut_options_read(storage, sizeof *storage, given) &&
                   are_valid(storage)
               ? storage
               : NULL;
}

void fut_survey_note(struct fut_survey *survey, futures_future *future,
                     unsigned state)
{
    if (state != FUTURES_OK && survey->first_error == NULL) {
        survey->first_error = future;
    } else if (state == FUTURES_OK && survey->first_ok == NULL) {
        survey->first_ok = future;
    }
}

futures_status fut_survey_take(futures_future *const futures[], size_t count,
                               struct fut_survey *survey)
{
    *survey = (struct fut_survey){.first_error = NULL};
    for (size_t i = 0; i < count; i++) {
        unsigned state = fut_future_state(futures[i]);

        if (!fut_state_is_pending(state)) {
            fut_survey_note(survey, futures[i], state);
        } else if (fut_future_is_foreign(futures[i])) {
            return FUTURES_FORKED;
        } else {
            survey->pending++;
            survey->running += state == FUT_RUNNING;
            survey->last = i;
        }
    }
    return FUTURES_OK;
}

futures_status fut_survey_look(futures_future *const futures[], size_t count,
                               struct fut_survey *survey)
{
    futures_status status = fut_survey_take(futures, count, survey);

    if (status == FUTURES_OK && survey->running > 0 &&
        fut_deadlock_on_stack(futures, count)) {
        return FUTURES_DEADLOCK;
    }
    return status;
}
