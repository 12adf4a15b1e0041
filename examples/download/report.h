/* What came of the transfers, in words: a line as each ends, and the table in
 * input order. */
#ifndef DOWNLOAD_REPORT_H
#define DOWNLOAD_REPORT_H

#include "transfer.h"

#include <futures/gather.h>

#include <stdio.h>

/* Prints one line on a transfer that has ended: the `ended`th of `count`. */
void report_line(FILE *out, size_t ended, size_t count, const transfer *item,
                 const futures_outcome *outcome);

/* Prints the table: outcomes[i] is of items[i]; all have ended. `seconds` is
 * how long they took together. */
void report_table(FILE *out, const transfer items[],
                  const futures_outcome outcomes[], size_t count,
                  double seconds);

#endif
