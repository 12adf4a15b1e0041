/* Calling the caller's hooks so that "take it back" can promise that the
 * callback is not running: a callback is on record while it runs, and its hook
 * is not touched once it has begun, since it may be freed in there. */
#ifndef FUT_CORE_CALLBACK_H
#define FUT_CORE_CALLBACK_H

#include <pthread.h>

#include <futures/future.h>

struct fut_callback {
    struct fut_callback *next; /* record lock */
    const futures_hook *hook;  /* const: a name, never followed */
    pthread_t thread;          /* const */
};

/* Puts the hook on record as running here. Under the lock from which the hook
 * was just taken. */
void fut_callback_begin(struct fut_callback *callback,
                        const futures_hook *hook);
void fut_callback_end(struct fut_callback *callback);

/* Waits while the hook's callback runs on another thread. */
void fut_callback_await(const futures_hook *hook);

/* Prepares for forks; before the first hook. */
void fut_callback_watch_forks(void);

#endif
