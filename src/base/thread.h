/* Starting threads, and knowing where a thread's stack ends. */
#ifndef FUT_BASE_THREAD_H
#define FUT_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts a thread that takes no signals but the synchronous ones. The caller's
 * own mask is unchanged on every path.
 * stack_size  0: the system's default; never under 1 MiB
 * returns     0 or an errno value */
int fut_thread_start(pthread_t *thread, size_t stack_size, void *(*fn)(void *),
                     void *arg);

/* Names the calling thread; the name is cut to what the system takes. */
void fut_thread_name(const char *name);

/* The lowest address that a new task's frame may have; until it is known the
 * highest that there is. */
extern _Thread_local uintptr_t fut_thread_stack_limit;

bool fut_thread_stack_is_low(uintptr_t here);

/* Whether the calling thread has less stack left than a task should start
 * with: an eighth of it, 64 KiB at least. False where it cannot be known. */
static inline bool fut_thread_stack_low(void)
{
#if defined(__GNUC__)
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
#else
    char frame;
    uintptr_t here = (uintptr_t)&frame;
#endif

    return here < fut_thread_stack_limit && fut_thread_stack_is_low(here);
}

static inline void fut_lock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_lock(mutex);
}

static inline void fut_unlock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_unlock(mutex);
}

#endif
