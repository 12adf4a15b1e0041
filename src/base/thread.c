/* Threads of the library. Names and stack bounds are extensions of the system
 * library, and live here only. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

enum { STACK_MIN = 1 << 20, STACK_RESERVE = 64 << 10, NAME_MAX_LENGTH = 15 };

_Thread_local uintptr_t fut_thread_stack_limit = UINTPTR_MAX;

/* Its lowest address. */
static _Thread_local uintptr_t stack_lowest;

static void block_signals(sigset_t *before)
{
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                      SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    sigset_t all;

    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++) {
        (void)sigdelset(&all, synchronous[i]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &all, before);
}

static int set_stack(pthread_attr_t *attributes, size_t wanted)
{
    size_t size = wanted;

    if (size == 0 && pthread_attr_getstacksize(attributes, &size) != 0) {
        size = STACK_MIN;
    }
    if (size < STACK_MIN) {
        size = STACK_MIN;
    }
    if (size > SIZE_MAX - 4096) {
        return ENOMEM;
    }
    return pthread_attr_setstacksize(attributes,
                                     (size + 4095) & ~(size_t)4095);
}

int fut_thread_start(pthread_t *thread, size_t stack_size, void *(*fn)(void *),
                     void *arg)
{
    pthread_attr_t attributes;
    sigset_t before;
    int error = pthread_attr_init(&attributes);

    if (error != 0) {
        return error;
    }
    error = set_stack(&attributes, stack_size);
    if (error == 0) {
        block_signals(&before);
        error = pthread_create(thread, &attributes, fn, arg);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return error;
}

void fut_thread_name(const char *name)
{
    char cut[NAME_MAX_LENGTH + 1];
    size_t length = strlen(name);

    if (length > NAME_MAX_LENGTH) {
        length = NAME_MAX_LENGTH;
    }
    memcpy(cut, name, length);
    cut[length] = '\0';
#if defined(__linux__)
    (void)pthread_setname_np(pthread_self(), cut);
#endif
}

static void find_limits(void)
{
#if defined(__linux__)
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;

    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &lowest, &size) == 0) {
            stack_lowest = (uintptr_t)lowest;
        }
        (void)pthread_attr_destroy(&attributes);
    }
    size /= 8;
    fut_thread_stack_limit =
        stack_lowest + (size > STACK_RESERVE ? size : STACK_RESERVE);
#else
    fut_thread_stack_limit = 0;
#endif
}

/* A frame outside the thread's own stack (a coroutine's, or one that an
 * address sanitizer keeps elsewhere) says nothing. */
bool fut_thread_stack_is_low(uintptr_t here)
{
    if (fut_thread_stack_limit == UINTPTR_MAX) {
        find_limits();
    }
    return stack_lowest <= here && here < fut_thread_stack_limit;
}
