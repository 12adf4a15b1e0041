/* The part of Criterion's language that the tests use, for tests that run one
 * after the other in one process. A failed assert ends the program: the
 * threads of a test that stopped halfway cannot be taken back. */
#ifndef FUTURES_TESTS_IN_PROCESS_H
#define FUTURES_TESTS_IN_PROCESS_H

#include <string.h>

struct test_case {
    const char *suite;
    const char *name;
    void (*body)(void);
    struct test_case *next;
};

/* Adds a test at the end of the list. */
void test_add(struct test_case *test);

/* Prints where and what, then the counts, and ends the program. Takes more
 * arguments than the format uses. */
_Noreturn void test_fail(const char *file, int line, const char *what,
                         const char *format, ...);

#define Test(suite, name)                                                     \
    static void suite##_##name##_body(void);                                  \
    __attribute__((constructor)) static void suite##_##name##_add(void)       \
    {                                                                         \
        static struct test_case test = {#suite, #name, suite##_##name##_body, \
                                        NULL};                                \
        test_add(&test);                                                      \
    }                                                                         \
    static void suite##_##name##_body(void)

/* The trailing "" stands for the message where a test gives none. */
#define TEST_ASSERT(condition, what, ...) \
    ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, what, __VA_ARGS__))
#define TEST_ONE(condition, ...) \
    TEST_ASSERT(condition, #condition, __VA_ARGS__)
#define TEST_TWO(op, actual, expected, ...)                          \
    TEST_ASSERT((actual)op(expected), #actual " " #op " " #expected, \
                __VA_ARGS__)
#define TEST_TEXT(op, actual, expected, ...)       \
    TEST_ASSERT(strcmp((actual), (expected)) op 0, \
                #actual " " #op " " #expected " as text", __VA_ARGS__)
#define TEST_NULL(op, value, ...) \
    TEST_ASSERT((value)op NULL, #value " " #op " NULL", __VA_ARGS__)

#define cr_assert(...) TEST_ONE(__VA_ARGS__, "")
#define cr_assert_eq(...) TEST_TWO(==, __VA_ARGS__, "")
#define cr_assert_neq(...) TEST_TWO(!=, __VA_ARGS__, "")
#define cr_assert_lt(...) TEST_TWO(<, __VA_ARGS__, "")
#define cr_assert_leq(...) TEST_TWO(<=, __VA_ARGS__, "")
#define cr_assert_gt(...) TEST_TWO(>, __VA_ARGS__, "")
#define cr_assert_geq(...) TEST_TWO(>=, __VA_ARGS__, "")
#define cr_assert_null(...) TEST_NULL(==, __VA_ARGS__, "")
#define cr_assert_not_null(...) TEST_NULL(!=, __VA_ARGS__, "")
#define cr_assert_str_eq(...) TEST_TEXT(==, __VA_ARGS__, "")
#define cr_assert_str_neq(...) TEST_TEXT(!=, __VA_ARGS__, "")
#define cr_assert_fail(...) \
    test_fail(__FILE__, __LINE__, "reached", __VA_ARGS__, "")

#endif
