/* One download: the task that a worker runs, and what others may see of it
 * meanwhile. */
#ifndef DOWNLOAD_TRANSFER_H
#define DOWNLOAD_TRANSFER_H

#include "settings.h"

#include <futures/time.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef enum transfer_phase {
    TRANSFER_QUEUED,
    TRANSFER_RUNNING,
    TRANSFER_PAUSED, /* before another try */
    TRANSFER_ENDED
} transfer_phase;

/* The task writes the atomic fields, relaxed, and the display reads them: to
 * it each figure is good alone. */
typedef struct transfer {
    const char *url;              /* const once submitted */
    char *name;                   /* const, the file's */
    const settings *settings;     /* const */
    size_t index;                 /* const */
    _Atomic transfer_phase phase; /* atomic */
    _Atomic int64_t received;     /* atomic; of the try that runs */
    _Atomic int64_t expected;     /* atomic; -1: unknown */
    _Atomic futures_time started; /* atomic */
    futures_time ended; /* the task's, and whoever's who saw its future end;
                           0: it never ran */
} transfer;

/* A worker's start and stop hooks, to be given to the pool with the settings
 * as context: its data is a fetcher, whose connections serve one transfer
 * after the other. */
int transfer_worker_start(void *context, unsigned worker, void **data);
void transfer_worker_stop(void *context, unsigned worker, void *data);

/* The task, whose argument is a transfer: downloads its URL into its file, or
 * leaves no trace of it. Its value is the transfer.
 * returns  the transfer; throws the error of the last try
 * blocks   for the network and the disk, less than 100 ms on the network once
 *          it has been asked to stop
 * threads  workers with the hooks above    owns  borrows the transfer */
void *transfer_run(void *arg);

#endif
