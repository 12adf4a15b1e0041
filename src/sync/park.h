/* A thread sleeps on a 32-bit word for as long as the word has the value it
 * saw, until somebody wakes that address or the deadline passes. Wake-ups may
 * be spurious: every wait is a loop around its own condition. Waking an
 * address whose memory is gone is harmless. */
#ifndef FUT_SYNC_PARK_H
#define FUT_SYNC_PARK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <futures/time.h>

#define FUT_PARK_ALL INT_MAX

/* Sleeps if *word is still `seen`.
 * returns  false once the deadline has passed, else true */
bool fut_park(_Atomic uint32_t *word, uint32_t seen, futures_time deadline);

/* Wakes up to `count` of those that sleep on the word. */
void fut_unpark(_Atomic uint32_t *word, int count);

#endif
