/* Linux: the futex itself, with an absolute deadline (FUTEX_WAIT_BITSET takes
 * CLOCK_MONOTONIC). Elsewhere: a table of mutex and condition variable pairs
 * by address; each wake wakes all of a bucket, so that no wake-up is taken by
 * a thread that it was not meant for. The sleeper looks at the word under the
 * bucket's lock, which the waker takes after it has changed the word. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/park.h"

#include <errno.h>

#include "base/atomic.h"
#include "base/clock.h"

#if defined(__linux__) && !defined(FUT_PARK_PORTABLE)

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fut_park(_Atomic uint32_t *word, uint32_t seen, futures_time deadline)
{
    struct timespec at;
    struct timespec *until = NULL;
    int saved = errno;
    long result;

    if (deadline != FUTURES_NEVER) {
        if (deadline <= FUTURES_POLL) {
            return false;
        }
        at = fut_clock_timespec(deadline);
        until = &at;
    }
    result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, until,
                     NULL, FUTEX_BITSET_MATCH_ANY);
    if (result != 0 && errno == ETIMEDOUT) {
        errno = saved;
        return false;
    }
    errno = saved;
    return true;
}

void fut_unpark(_Atomic uint32_t *word, int count)
{
    int saved = errno;

    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}

#else

#include "base/fork.h"
#include "base/thread.h"

enum { BUCKETS = 64 };

struct bucket {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static struct bucket buckets[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Also in a forked child, where nobody holds them any more. */
static void make_all(void)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    for (int i = 0; i < BUCKETS; i++) {
        (void)pthread_mutex_init(&buckets[i].lock, NULL);
        (void)pthread_cond_init(&buckets[i].changed, &attributes);
    }
    (void)pthread_condattr_destroy(&attributes);
}

static void make_once(void)
{
    make_all();
    fut_fork_on_child(make_all);
}

static struct bucket *bucket_of(_Atomic uint32_t *word)
{
    (void)pthread_once(&once, make_once);
    return &buckets[((uintptr_t)word >> 4) % BUCKETS];
}

bool fut_park(_Atomic uint32_t *word, uint32_t seen, futures_time deadline)
{
    struct bucket *bucket = bucket_of(word);
    int error = 0;

    if (deadline != FUTURES_NEVER && deadline <= FUTURES_POLL) {
        return false;
    }
    fut_lock(&bucket->lock);
    if (load_acquire(word) == seen) {
        if (deadline == FUTURES_NEVER) {
            (void)pthread_cond_wait(&bucket->changed, &bucket->lock);
        } else {
            struct timespec at = fut_clock_timespec(deadline);

            error =
                pthread_cond_timedwait(&bucket->changed, &bucket->lock, &at);
        }
    }
    fut_unlock(&bucket->lock);
    return error != ETIMEDOUT;
}

void fut_unpark(_Atomic uint32_t *word, int count)
{
    struct bucket *bucket = bucket_of(word);

    (void)count;
    fut_lock(&bucket->lock);
    (void)pthread_cond_broadcast(&bucket->changed);
    fut_unlock(&bucket->lock);
}

#endif
