/* How many threads this process has, so that a test can show that it left
 * none. A joined thread may be listed for a moment longer: hence the wait. */
#ifndef FUTURES_TESTS_THREADS_H
#define FUTURES_TESTS_THREADS_H

#include <stdbool.h>

/* The threads of this process, the calling one included. */
unsigned test_threads(void);

/* Whether they are `before` or fewer within two seconds. */
bool test_threads_are_back_to(unsigned before);

#endif
