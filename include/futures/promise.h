/* The promise: a future that other code ends, such as an event loop or a
 * driver. Elsewhere: std::promise, CompletableFuture, asyncio.Future. */
#ifndef FUTURES_PROMISE_H
#define FUTURES_PROMISE_H

#include <stdarg.h>
#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>

FUTURES_BEGIN

typedef struct futures_promise_options {
    size_t size;
    const char *name; /* for errors; borrowed, outlives the promise */
    void (*on_cancel)(void *arg); /* when it is cancelled, once */
    void *arg;
    void (*value_free)(void *value); /* once, if nobody took the value */
    futures_time deadline; /* when it passes the promise is cancelled, with an
                              error of code ETIMEDOUT */
} futures_promise_options;

#define FUTURES_PROMISE_OPTIONS_INIT                             \
    {                                                            \
        sizeof(futures_promise_options), NULL, NULL, NULL, NULL, \
            FUTURES_NEVER                                        \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_promise_options_init(futures_promise_options *options,
                                              size_t size);

/* Makes a promise. The producer holds a reference until it has resolved or
 * rejected; one that gives up rejects, since a release wakes nobody. The last
 * release of one that is not kept ends it CANCELLED (without on_cancel).
 * returns  the promise, never NULL; without memory one that has ended NOMEM
 * blocks   never                       threads  any
 * owns     the caller owes a release */
FUTURES_API futures_future *futures_promise(void (*on_cancel)(void *arg),
                                            void *arg);

/* The same with options (nullable).
 * returns  the promise, never NULL; one that has ended NOMEM, SYSTEM (no timer
 *          thread) or INVALID where it could not be made
 * blocks   never    threads  any    owns  the caller owes a release */
FUTURES_API futures_future *futures_promise_with(
    const futures_promise_options *options);

/* Ends it OK with `value`. Of many racing resolvers exactly one wins.
 * returns  OK; INVALID if it has ended, is no promise or NULL, FORKED if it
 *          is the parent's: the value stays the caller's
 * blocks   never, but for callbacks    threads  any
 * owns     takes value */
FUTURES_API futures_status futures_resolve(futures_future *promise,
                                           void *value);

/* Ends it FAILED with an error; code 0 is taken as EINVAL.
 * returns  OK; INVALID if it has ended, is no promise or NULL; FORKED if it is
 *          the parent's
 * blocks   never, but for callbacks    threads  any
 * owns     copies what it formats */
FUTURES_API futures_status futures_reject(futures_future *promise, int code,
                                          const char *format, ...)
    FUTURES_PRINTF(3, 4);
FUTURES_API futures_status futures_vreject(futures_future *promise, int code,
                                           const char *format,
                                           va_list arguments)
    FUTURES_PRINTF(3, 0);

FUTURES_END

#endif
