/* The status type, its names and texts, the version, and the order of every
 * enumerator: callers in other languages pass these as numbers. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include <futures/futures.h>

Test(status, enumerators_count_up_from_zero_in_the_order_shown)
{
    static const futures_status expected[] = {
        FUTURES_OK,      FUTURES_PENDING, FUTURES_FAILED, FUTURES_CANCELLED,
        FUTURES_TIMEOUT, FUTURES_CLOSED,  FUTURES_FULL,   FUTURES_DEADLOCK,
        FUTURES_BROKEN,  FUTURES_FORKED,  FUTURES_NOMEM,  FUTURES_SYSTEM,
        FUTURES_INVALID};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_assert_eq((size_t)expected[i], i);
}

Test(status, the_zero_enumerator_of_each_option_is_its_default)
{
    cr_assert_eq((int)FUTURES_OVERFLOW_BLOCK, 0);
    cr_assert_eq((int)FUTURES_OVERFLOW_REFUSE, 1);
    cr_assert_eq((int)FUTURES_OVERFLOW_RUN, 2);
    cr_assert_eq((int)FUTURES_SHUTDOWN_DRAIN, 0);
    cr_assert_eq((int)FUTURES_SHUTDOWN_CANCEL, 1);
    cr_assert_eq((int)FUTURES_PRIORITY_NORMAL, 0);
    cr_assert_eq((int)FUTURES_PRIORITY_HIGH, 1);
    cr_assert_eq((int)FUTURES_PRIORITY_LOW, 2);
    cr_assert_eq((int)FUTURES_ON_ERROR_CANCEL, 0);
    cr_assert_eq((int)FUTURES_ON_ERROR_COLLECT, 1);
    cr_assert_eq((int)FUTURES_ON_ERROR_LEAVE, 2);
    cr_assert_eq((int)FUTURES_ON_TIMEOUT_CANCEL, 0);
    cr_assert_eq((int)FUTURES_ON_TIMEOUT_LEAVE, 1);
    cr_assert_eq((int)FUTURES_ON_TIMEOUT_ABANDON, 2);
}

#define CHECK_NAME(name, text) \
    cr_assert_str_eq(futures_status_name(FUTURES_##name), "FUTURES_" #name);
#define CHECK_TEXT(name, text) \
    cr_assert_str_eq(futures_status_text(FUTURES_##name), text);

Test(status, a_name_is_its_enumerator){FUTURES_STATUS_MAP(CHECK_NAME)}

Test(status, a_text_is_the_one_of_the_list){FUTURES_STATUS_MAP(CHECK_TEXT)}

Test(status, texts_differ_and_end_without_a_full_stop)
{
    for (int i = 0; i <= FUTURES_INVALID; i++) {
        const char *text = futures_status_text((futures_status)i);
        size_t length = strlen(text);
        cr_assert_gt(length, 0);
        cr_assert_neq(text[length - 1], '.');
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(text, futures_status_text((futures_status)j));
    }
}

Test(status, a_number_that_is_none_has_a_name_and_a_text)
{
    static const int strangers[] = {FUTURES_INVALID + 1, 1000, -1};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        futures_status stranger = (futures_status)strangers[i];
        cr_assert_str_eq(futures_status_name(stranger), "FUTURES_?");
        cr_assert_str_eq(futures_status_text(stranger), "unknown status");
    }
}

Test(version, the_library_and_its_headers_are_of_one_version)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", FUTURES_VERSION_MAJOR,
             FUTURES_VERSION_MINOR, FUTURES_VERSION_PATCH);
    cr_assert_str_eq(futures_version(), expected);
}
