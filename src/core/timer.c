/* A heap of the callers' own nodes, so arming allocates nothing. One lock; the
 * timer thread lets go of it to fire. */
#include "core/timer.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/fork.h"
#include "base/thread.h"
#include "sync/park.h"

enum { LINGER_MS = 50 };

static pthread_mutex_t timer_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fut_heap *heap;          /* timer lock */
static const struct fut_timer *firing; /* timer lock */
static bool alive;                     /* timer lock: there is a thread */
static pthread_t thread;               /* timer lock; while alive */
static futures_time sleeps_until;      /* timer lock; 0: it does not sleep */
static _Atomic uint32_t changes; /* moves to wake the thread, or who waits */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct fut_timer *first(void)
{
    return (struct fut_timer *)heap; /* its first field */
}

static futures_time when(const struct fut_timer *timer)
{
    return (futures_time)timer->heap.number;
}

static void remove_locked(struct fut_timer *timer)
{
    timer->armed = false;
    fut_heap_remove(&heap, &timer->heap);
}

static void signal_locked(void)
{
    add_seq_cst(&changes, 1);
    fut_unpark(&changes, FUT_PARK_ALL);
}

static void fire_locked(struct fut_timer *timer)
{
    remove_locked(timer);
    firing = timer;
    fut_unlock(&timer_lock);
    timer->fire(timer);
    fut_lock(&timer_lock);
    firing = NULL;
    signal_locked();
}

/* Sleeps until the top is due, or a while if there is none.
 * returns false where the while has passed and there still is none */
static bool sleep_locked(void)
{
    uint32_t seen = load_relaxed(&changes);
    futures_time until =
        heap != NULL ? when(first()) : futures_in_ms(LINGER_MS);
    bool in_time;

    sleeps_until = until;
    fut_unlock(&timer_lock);
    in_time = fut_park(&changes, seen, until);
    fut_lock(&timer_lock);
    sleeps_until = 0;
    return in_time || heap != NULL;
}

static void *serve(void *unused)
{
    bool more = true;

    fut_thread_name("futures-timer");
    fut_lock(&timer_lock);
    while (more) {
        if (heap != NULL && fut_clock_passed(when(first()))) {
            fire_locked(first());
        } else {
            more = sleep_locked();
        }
    }
    alive = false;
    fut_unlock(&timer_lock);
    return unused;
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    timer_lock = fresh;
    heap = NULL;
    firing = NULL;
    alive = false;
    sleeps_until = 0;
}

static void watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
}

static bool start_locked(void)
{
    int error = 0;

    if (!alive) {
        error = fut_thread_start(&thread, 0, serve, NULL);
        if (error == 0) {
            (void)pthread_detach(thread);
            alive = true;
        }
    }
    errno = error != 0 ? error : errno;
    return alive;
}

bool fut_timer_arm(struct fut_timer *timer, futures_time deadline,
                   void (*fire)(struct fut_timer *))
{
    bool started;

    (void)pthread_once(&once, watch_forks);
    fut_lock(&timer_lock);
    started = start_locked();
    if (started) {
        timer->heap.number = deadline > 0 ? (uint64_t)deadline : FUTURES_POLL;
        timer->fire = fire;
        timer->armed = true;
        timer->generation = fut_fork_generation();
        fut_heap_add(&heap, &timer->heap);
        if (deadline < sleeps_until) {
            signal_locked();
        }
    }
    fut_unlock(&timer_lock);
    return started;
}

/* The thread sleeps on until the deadline that is gone, unless it was the last
 * and that is far away. */
static bool disarm_locked(struct fut_timer *timer)
{
    bool armed = timer->armed;

    if (armed && timer->generation != fut_fork_generation()) {
        timer->armed = false; /* in the parent's heap: it never fires here */
    } else if (armed) {
        remove_locked(timer);
        if (heap == NULL && sleeps_until > futures_in_ms(LINGER_MS)) {
            signal_locked();
        }
    }
    return armed;
}

bool fut_timer_disarm(struct fut_timer *timer)
{
    bool armed;

    fut_lock(&timer_lock);
    armed = disarm_locked(timer);
    fut_unlock(&timer_lock);
    return armed;
}

void fut_timer_disarm_wait(struct fut_timer *timer)
{
    fut_lock(&timer_lock);
    (void)disarm_locked(timer);
    while (firing == timer && !pthread_equal(thread, pthread_self())) {
        uint32_t seen = load_relaxed(&changes);

        fut_unlock(&timer_lock);
        (void)fut_park(&changes, seen, FUTURES_NEVER);
        fut_lock(&timer_lock);
    }
    fut_unlock(&timer_lock);
}
