/* What the user sees while transfers run: on a terminal a moving display,
 * elsewhere a line as each ends. Both go to standard error, so that standard
 * output holds the table alone. */
#ifndef DOWNLOAD_PROGRESS_H
#define DOWNLOAD_PROGRESS_H

#include "transfer.h"

#include <futures/gather.h>

typedef struct progress progress;

/* returns  NULL without memory, which shows nothing
 * owns     progress_stop ends it; borrows items */
progress *progress_start(const transfer items[], size_t count);

/* A gather's on_done, with the progress (nullable) as context. */
void progress_on_done(void *arg, size_t index, const futures_outcome *outcome);

/* Wipes the display away; NULL is fine. */
void progress_stop(progress *self);

#endif
