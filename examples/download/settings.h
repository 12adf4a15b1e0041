/* What the command line decides, as the transfers see it: constant once the
 * first thread has started, so that all threads may read it. */
#ifndef DOWNLOAD_SETTINGS_H
#define DOWNLOAD_SETTINGS_H

#include <futures/time.h>

#include <stdbool.h>

typedef struct settings {
    unsigned jobs;        /* transfers at a time */
    unsigned retries;     /* further tries after one that failed */
    futures_time timeout; /* nanoseconds for one transfer; 0: no limit */
    int folder;           /* descriptor of the folder for the files */
    bool fail_fast;       /* the first error cancels the rest */
    bool direct;          /* use no proxy */
} settings;

#endif
