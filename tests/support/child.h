/* Runs a function in a forked child: for tests that expect a process to abort
 * or that are about fork itself. The child never returns into the test, and
 * one that hangs is killed. */
#ifndef FUTURES_TESTS_CHILD_H
#define FUTURES_TESTS_CHILD_H

#include <stdbool.h>

/* How it ended, and the first of what it printed on stderr. */
struct child {
    int status; /* as waitpid gives it */
    char printed[4096];
};

/* Runs `fn(arg)` in a child, which then ends with status 0 by _exit. `fn` may
 * end it otherwise. No asserts in fn: it returns, exits with a status that
 * says what was wrong, or aborts. */
struct child child_run(void (*fn)(void *arg), void *arg);

/* In the child: ends it with the number of a check that does not hold. */
void child_expect(int number, bool holds);

/* Whether it was killed by abort(). */
bool child_aborted(const struct child *child);

/* Its exit status; -1 if a signal ended it. */
int child_exit_status(const struct child *child);

#endif
