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
    size_t last;                 /* the index of the last one pending */
    bool ran;                    /* the last one, here */
    futures_future *first_error; /* of those that have ended, by index */
    futures_future *first_ok;    /* ... */
};

/* returns  the options as this version knows them, in storage if need be, the
 *          defaults for NULL; NULL for bad ones */
const futures_gather_options *fut_survey_options(
    const futures_gather_options *given, futures_gather_options *storage);

/* returns  false where there is a NULL */
static inline bool fut_survey_are_there(futures_future *const futures[],
                                        size_t count)
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

/* returns  OK; FORKED */
futures_status fut_survey_take(futures_future *const futures[], size_t count,
                               struct fut_survey *survey);

/* The same for a wait.
 * returns  OK; FORKED; DEADLOCK for a set with what is on this very stack */
futures_status fut_survey_look(futures_future *const futures[], size_t count,
                               struct fut_survey *survey);

/* One has ended with that state. */
void fut_survey_note(struct fut_survey *survey, futures_future *future,
                     unsigned state);

#endif
