/* One timer thread for the process, for deadlines that no parked waiter
 * watches. It starts with the first and ends soon after the last. */
#ifndef FUT_CORE_TIMER_H
#define FUT_CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <futures/time.h>

#include "base/heap.h"

/* Lies in the caller's storage until it has fired or is disarmed; zeroed
 * before its first use. */
struct fut_timer {
    struct fut_heap heap;             /* timer lock; numbered by the time */
    void (*fire)(struct fut_timer *); /* const; on the timer thread, no lock
                                     held; may free the timer */
    bool armed;                       /* timer lock */
    uint16_t generation;              /* const while armed: the process */
};

/* returns  false (errno) where the timer thread could not be started */
bool fut_timer_arm(struct fut_timer *timer, futures_time deadline,
                   void (*fire)(struct fut_timer *));

/* returns  true: it will not fire; false: it has fired, or is firing just now
 *          on the timer thread */
bool fut_timer_disarm(struct fut_timer *timer);

/* The same, and waits until it is not firing (except on the timer thread). */
void fut_timer_disarm_wait(struct fut_timer *timer);

#endif
