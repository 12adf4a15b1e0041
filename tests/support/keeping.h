/* What the tests of futures_for_with share: options with a place for the first
 * error. Include support/test.h first: some of it asserts. */
#ifndef FUTURES_TESTS_KEEPING_H
#define FUTURES_TESTS_KEEPING_H

#include <string.h>

#include <futures/futures.h>

#include "support/loops.h"

enum { BAD = 7, PARTS = 40 };

static inline futures_for_options keeping(futures_outcome *first)
{
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    memset(first, 0x55, sizeof *first);
    options.first_error = first;
    return options;
}

static inline void expect_outcome(futures_outcome *first,
                                  futures_status status, int code)
{
    assert_status(first->status, status);
    cr_assert_null(first->value);
    if (code == 0)
        cr_assert_null(first->error);
    else
        cr_assert_eq(first->error->code, code);
    futures_outcomes_free(first, 1);
}

#endif
