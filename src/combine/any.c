/* Some of many: a set that is decided by the first end that is OK, or by so
 * many ends. Whoever ends the one that decides carries out what follows, as
 * with the first error of a gather. */
#include <futures/any.h>

#include "base/atomic.h"
#include "combine/block.h"
#include "combine/survey.h"
#include "combine/verdict.h"
#include "combine/watch.h"
#include "core/token.h"

/* returns  false without memory: nothing was touched */
static bool block(struct fut_set *set)
{
    bool attached = fut_set_attach(set) == FUTURES_OK;

    if (attached) {
        fut_set_watch(set);
        fut_block_on(set);
    }
    return attached;
}

static bool is_over_on_entry(const struct fut_survey *survey,
                             const futures_gather_options *options)
{
    return options->on_done == NULL &&
           (survey->pending == 0 ||
            (survey->first_ok != NULL &&
             options->on_error == FUTURES_ON_ERROR_LEAVE));
}

/* The set's answer; else, since one can end after the wait was left, what can
 * be seen now.
 * returns  the index; count where there is none */
static size_t find_winner(const struct fut_set *set)
{
    const futures_future *winner = load_acquire(&set->first_ok);
    size_t i = 0;

    while (i < set->count &&
           (winner != NULL ? set->futures[i] != winner
                           : futures_poll(set->futures[i]) != FUTURES_OK)) {
        i++;
    }
    return i;
}

/* The errors of those that lost count as looked at. */
static void forget_errors(const struct fut_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        (void)futures_error_of(set->futures[i]);
    }
}

static futures_status judge(struct fut_set *set, size_t *winner)
{
    futures_status status = fut_verdict(set, NULL);

    *winner = find_winner(set);
    if (*winner == set->count) {
        return status;
    }
    forget_errors(set);
    return FUTURES_OK;
}

static futures_status any(futures_future *const futures[], size_t count,
                          size_t *winner,
                          const futures_gather_options *options)
{
    struct fut_survey survey;
    struct fut_set set;
    futures_status status = fut_survey_look(futures, count, &survey);

    if (status != FUTURES_OK) {
        return status;
    }
    fut_set_init(&set, futures, count, options);
    set.goal = FUT_GOAL_OK;
    atomic_init(&set.first_error, survey.first_error);
    atomic_init(&set.first_ok, survey.first_ok);
    if (is_over_on_entry(&survey, options) || block(&set)) {
        status = judge(&set, winner);
    } else {
        status = FUTURES_NOMEM;
    }
    fut_set_free_hooks(&set);
    return status;
}

futures_status futures_any(futures_future *const futures[], size_t count,
                           size_t *winner, const futures_gather_options *given)
{
    futures_gather_options storage;
    const futures_gather_options *options =
        fut_survey_options(given, &storage);
    size_t index = count;
    futures_status status = FUTURES_INVALID;

    if (options != NULL && count > 0 && fut_survey_are_there(futures, count)) {
        status = any(futures, count, &index, options);
    }
    if (winner != NULL) {
        *winner = index;
    }
    return status;
}

static size_t count_ended(futures_future *const futures[], size_t count)
{
    size_t ended = 0;

    for (size_t i = 0; i < count; i++) {
        ended += !fut_future_is_pending(futures[i]);
    }
    return ended;
}

/* As futures_wait: nothing stops it but what it waits for, or the deadline. */
static futures_status wait_for(futures_future *const futures[], size_t count,
                               size_t enough, futures_time deadline)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct fut_survey survey;
    struct fut_set set;
    futures_status status = fut_survey_look(futures, count, &survey);

    if (status != FUTURES_OK) {
        return status;
    }
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    options.deadline = deadline;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    options.token = futures_token_none();
    fut_set_init(&set, futures, count, &options);
    set.goal = FUT_GOAL_ENOUGH;
    set.enough = enough;
    status = FUTURES_NOMEM;
    if (block(&set)) {
        status =
            load_acquire(&set.deadlock) ? FUTURES_DEADLOCK : FUTURES_TIMEOUT;
    }
    fut_set_free_hooks(&set);
    return status;
}

futures_status futures_wait_some(futures_future *const futures[], size_t count,
                                 size_t enough, futures_time deadline,
                                 size_t *ended)
{
    futures_status status = FUTURES_INVALID;
    size_t seen = 0;

    if (enough <= count && fut_survey_are_there(futures, count)) {
        seen = count_ended(futures, count);
        status = seen >= enough ? FUTURES_OK
                                : wait_for(futures, count, enough, deadline);
    }
    if (status == FUTURES_FORKED) {
        seen = 0;
    } else if (status != FUTURES_OK && status != FUTURES_INVALID) {
        seen = count_ended(futures, count);
        status = seen >= enough ? FUTURES_OK : status;
    }
    if (ended != NULL) {
        *ended = seen;
    }
    return status;
}
