/* The sweep: a scenario is run again and again, each time in a child process
 * that knows nothing yet, with its k-th call for memory (or for a thread)
 * failing, for k = 1, 2 ... until none is left to fail; then the same with all
 * calls from the k-th on failing. Each run must tell the failure by its
 * documented status, leave everything usable, and leak nothing. */
#ifndef FUTURES_TESTS_SWEEP_H
#define FUTURES_TESTS_SWEEP_H

#include <stdbool.h>

#include "fault/fault.h"

/* Runs the whole sweep.
 * returns  how many runs had a call that failed */
unsigned sweep(enum fault_kind kind, void (*scenario)(void));

/* In a scenario: calls may fail from here ... */
void sweep_begin(void);

/* ... to here. returns whether any has failed */
bool sweep_end(void);

/* Ends the run as failed, and names the line, unless `holds`. */
#define expect(holds) sweep_expect((holds), __LINE__, #holds)
void sweep_expect(bool holds, int line, const char *what);

#endif
