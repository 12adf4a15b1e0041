/* The first pass over what a caller wants to wait for: it decides everything
 * that can be known without touching anything. */
#ifndef FUT_COMBINE_SURVEY_H
#define FUT_COMBINE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/gather.h>

struct fut_survey {
    size_t pending;
    size_t running;
    size_t last;                /* the index of the last one pending */
    bool ran;                   /* the last one, here */
    futures_status first_error; /* of those that have ended, by index */
};

/* returns  the options as this version knows them, in storage if need be, the
 *          defaults for NULL; NULL for bad ones */
const futures_gather_options *fut_survey_options(
    const futures_gather_options *given, futures_gather_options *storage);

/* returns  false where there is a NULL */
bool fut_survey_are_there(futures_future *const futures[], size_t count);

/* returns  OK; FORKED; DEADLOCK for a set with what is on this very stack */
futures_status fut_survey_look(futures_future *const futures[], size_t count,
                               struct fut_survey *survey);

/* One has ended that way. */
void fut_survey_note(struct fut_survey *survey, unsigned state);

#endif
