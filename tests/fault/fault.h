/* Makes calls for memory, threads or events fail, in programs that are linked
 * with --wrap for them. Counts the calls of all threads; nothing fails unless
 * a test has armed it. */
#ifndef FUTURES_TESTS_FAULT_H
#define FUTURES_TESTS_FAULT_H

#include <stdbool.h>

enum fault_kind { FAULT_MEMORY, FAULT_THREAD, FAULT_EVENT, FAULT_KINDS };

/* Lets the `nth` call from now fail (from 1), and all later ones too if it is
 * `forever`. */
void fault_arm(enum fault_kind kind, unsigned nth, bool forever);

/* Nothing fails any more.
 * returns  how many calls have failed since it was armed */
unsigned fault_disarm(enum fault_kind kind);

#endif
