/* What every test file includes: Test(suite, name) and the classic cr_assert
 * family. By default that is Criterion, a process per test; built with
 * FUTURES_TEST_IN_PROCESS the same files run in one process under runner.c,
 * since Criterion does not start under ThreadSanitizer.
 *
 * A test has no options, so that both know the same language. It fails if it
 * leaves a thread running. Asserts belong on the test's own thread. */
#ifndef FUTURES_TESTS_TEST_H
#define FUTURES_TESTS_TEST_H

#include "support/threads.h"

#ifdef FUTURES_TEST_IN_PROCESS

#include "support/in_process.h"

#else

#include <criterion/criterion.h>

#undef Test
#define Test(suite, name)                                               \
    static void suite##_##name##_body(void);                            \
    CR_TEST_BASE(suite, name, .sentinel_ = 0)                           \
    {                                                                   \
        unsigned threads = test_threads();                              \
        suite##_##name##_body();                                        \
        cr_assert(test_threads_are_back_to(threads), "left %u threads", \
                  test_threads() - threads);                            \
    }                                                                   \
    static void suite##_##name##_body(void)

#endif

#endif
