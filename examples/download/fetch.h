/* One worker's connections, and one HTTP request over them. Connections stay
 * open from one request to the next; a request that is asked to stop does so
 * at once, even where no byte arrives. */
#ifndef DOWNLOAD_FETCH_H
#define DOWNLOAD_FETCH_H

#include <futures/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fetcher fetcher;

typedef enum fetch_status {
    FETCH_OK,
    FETCH_AGAIN,  /* failed, but another try may do better */
    FETCH_FAILED, /* failed, and would again */
    FETCH_LATE,   /* the deadline passed */
    FETCH_STOPPED /* the running task was asked to stop */
} fetch_status;

/* Where the body goes: `write` gives 0 or an errno value, which fails the
 * request. `expected` is the length of the whole body, -1 where unknown. */
typedef struct fetch_sink {
    int (*write)(void *context, const char *data, size_t size,
                 int64_t expected);
    void *context;
} fetch_sink;

typedef struct fetch_failure {
    int code;         /* an HTTP status or an errno value, not 0 */
    int64_t pause_ms; /* how long the server asks to wait for another try */
    char message[256];
} fetch_failure;

/* returns  NULL without memory     threads  the worker that will use it
 * owns     fetcher_destroy ends it; NULL is fine there */
fetcher *fetcher_create(bool direct);
void fetcher_destroy(fetcher *self);

/* Asks for `url` and follows redirects. The body of a failure is not written.
 * returns  how it went; *failure is filled for AGAIN and FAILED
 * blocks   until the end, the deadline (FUTURES_NEVER: none), or until the
 *          running task is asked to stop
 * threads  the fetcher's own, in a task or not */
fetch_status fetcher_get(fetcher *self, const char *url, futures_time deadline,
                         const fetch_sink *sink, fetch_failure *failure);

#endif
