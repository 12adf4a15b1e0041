/* All transfers of one run: one future for each URL, one gather for all. */
#ifndef DOWNLOAD_BATCH_H
#define DOWNLOAD_BATCH_H

#include "settings.h"
#include "transfer.h"

#include <futures/futures.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct batch {
    size_t count;
    transfer *items;
    futures_future **futures;  /* NULLs until it has run */
    futures_outcome *outcomes; /* the errors are borrowed from the futures */
    futures_status status;     /* what gather said; PENDING: not run */
    double seconds;            /* that it took */
} batch;

/* Checks all URLs and gives each a file name.
 * returns  false: it has said what is wrong on standard error, and there is
 *          nothing to free
 * owns     batch_free ends it; borrows the URLs */
bool batch_prepare(batch *self, char *const urls[], size_t count);

/* Downloads them; the token stops it. A batch runs once.
 * returns  true if all of them are there
 * blocks   until each transfer has ended    owns  borrows chosen */
bool batch_run(batch *self, settings *chosen, futures_token *token);

/* Prints the table of a batch that has run, on standard output. */
void batch_report(const batch *self);

void batch_free(batch *self);

#endif
