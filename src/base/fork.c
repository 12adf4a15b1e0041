/* One atfork handler for the whole library. In the child it counts, and puts
 * static locks back into their first state: a child has one thread, so nobody
 * holds them, whatever their memory says. */
#include "base/fork.h"

#include <pthread.h>

enum { RESETS = 8 };

_Atomic uint16_t fut_fork_count;
static _Atomic(void (*)(void)) resets[RESETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic bool watching;

static void in_child(void)
{
    store_relaxed(&fut_fork_count,
                  (uint16_t)(load_relaxed(&fut_fork_count) + 1));
    for (int i = 0; i < RESETS; i++) {
        void (*reset)(void) = load_acquire(&resets[i]);

        if (reset != NULL) {
            reset();
        }
    }
}

static void install(void)
{
    store_release(&watching, pthread_atfork(NULL, NULL, in_child) == 0);
}

bool fut_fork_watch(void)
{
    (void)pthread_once(&once, install);
    return load_acquire(&watching);
}

void fut_fork_on_child(void (*reset)(void))
{
    for (int i = 0; i < RESETS; i++) {
        void (*nobody)(void) = NULL;

        if (cas_acq_rel(&resets[i], &nobody, reset) || nobody == reset) {
            return;
        }
    }
}
