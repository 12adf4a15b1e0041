/* The record is one list under one lock: callbacks of hooks are short and
 * rare beside tasks. */
#include "core/callback.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/atomic.h"
#include "base/fork.h"
#include "base/thread.h"
#include "sync/park.h"

static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fut_callback *running; /* record lock */
static unsigned awaiting;            /* record lock; who waits below */
static _Atomic uint32_t changes;     /* moves when one has ended */

void fut_callback_begin(struct fut_callback *callback,
                        const futures_hook *hook)
{
    callback->hook = hook;
    callback->thread = pthread_self();
    fut_lock(&record_lock);
    callback->next = running;
    running = callback;
    fut_unlock(&record_lock);
}

void fut_callback_end(struct fut_callback *callback)
{
    struct fut_callback **from = &running;
    bool wake;

    fut_lock(&record_lock);
    while (*from != NULL && *from != callback) {
        from = &(*from)->next;
    }
    if (*from != NULL) {
        *from = callback->next;
    }
    wake = awaiting > 0;
    if (wake) {
        add_seq_cst(&changes, 1);
    }
    fut_unlock(&record_lock);
    if (wake) {
        fut_unpark(&changes, FUT_PARK_ALL);
    }
}

static bool runs_elsewhere_locked(const futures_hook *hook)
{
    bool elsewhere = false;

    for (struct fut_callback *at = running; at != NULL; at = at->next) {
        if (at->hook == hook) {
            if (pthread_equal(at->thread, pthread_self())) {
                return false;
            }
            elsewhere = true;
        }
    }
    return elsewhere;
}

void fut_callback_await(const futures_hook *hook)
{
    fut_lock(&record_lock);
    while (runs_elsewhere_locked(hook)) {
        uint32_t seen = load_relaxed(&changes);

        awaiting++;
        fut_unlock(&record_lock);
        (void)fut_park(&changes, seen, FUTURES_NEVER);
        fut_lock(&record_lock);
        awaiting--;
    }
    fut_unlock(&record_lock);
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    record_lock = fresh;
    running = NULL;
    awaiting = 0;
}

void fut_callback_watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
}
