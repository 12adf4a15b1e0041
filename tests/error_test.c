/* Errors of tasks: thrown from any depth or returned, whole in the future for
 * as long as it lives, with where they came from and what led to them. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_exception_traceback -> error.says_where_and_in_which_task
 *   test_task_source_traceback -> error.says_where_and_in_which_task
 *   test_bare_create_named_task -> error.says_where_and_in_which_task
 *   test_run_coroutine_threadsafe_with_exception
 *   -> error.thrown_from_a_thousand_frames_down_is_captured
 * test_futures.py:
 *   test_future_source_traceback -> error.says_where_and_in_which_task
 * test_futures2.py:
 *   test_future_traceback -> error.says_where_and_in_which_task
 * executor.py:
 *   test_swallows_falsey_exceptions -> error.of_code_zero_is_einval
 * thread_pool/test.rs:
 *   panic_propagate -> error.thrown_from_a_thousand_frames_down_is_captured
 */
#include "support/test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

/* Runs one task to its end and hands over its future. */
static futures_future *run_named(futures_fn fn, void *arg, const char *name)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    options.name = name;
    futures_future *future = futures_submit_with(pool, fn, arg, &options);
    futures_pool_destroy(pool);
    return future;
}

static futures_future *run(futures_fn fn, void *arg)
{
    return run_named(fn, arg, NULL);
}

static volatile int frames_passed;
static volatile int deepest = 0; /* so that a compiler expects a return */

/* Has work to do after the call, so that each level keeps its frame. */
static void dive(int left, const char *message)
{
    if (left == deepest)
        futures_throw(49, "%s", message);
    if (left > deepest)
        dive(left - 1, message);
    frames_passed = left;
}

static void *throw_from_deep_down(void *message)
{
    frames_passed = 0;
    dive(1000, message);
    return message;
}

Test(error, thrown_from_a_thousand_frames_down_is_captured) /* row 49 */
{
    static char message[] = "from the deep";
    futures_future *future = run(throw_from_deep_down, message);
    assert_status(futures_poll(future), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(future)->code, 49);
    cr_assert_str_eq(futures_error_of(future)->message, message);
    cr_assert_str_eq(futures_error_of(future)->function, "dive");
    cr_assert_null(futures_value(future));
    cr_assert_null(futures_take(future));
    cr_assert_eq(frames_passed, 0);
    futures_release(future);
}

Test(error, message_is_cut_at_the_documented_length) /* row 49 */
{
    static const size_t lengths[] = {100000, FUTURES_MESSAGE_MAX + 1,
                                     FUTURES_MESSAGE_MAX,
                                     FUTURES_MESSAGE_MAX - 1, 0};
    char *message = malloc(lengths[0] + 1);
    cr_assert_not_null(message);
    for (size_t i = 0; i < lengths[0]; i++)
        message[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        size_t kept = lengths[i] < FUTURES_MESSAGE_MAX ? lengths[i]
                                                       : FUTURES_MESSAGE_MAX;
        message[lengths[i]] = '\0';
        futures_future *future = run(throw_from_deep_down, message);
        const futures_error *error = futures_error_of(future);
        cr_assert_eq(strlen(error->message), kept);
        cr_assert_eq(memcmp(error->message, message, kept), 0);
        cr_assert_eq(error->code, 49);
        futures_release(future);
    }
    free(message);
}

static int line_of_throw;

static void *throw_named(void *number)
{
    line_of_throw = __LINE__ + 1;
    futures_throw(42, "number %d of %s", *(int *)number, "seven");
}

Test(error, says_where_and_in_which_task)
{
    int number = 3;
    char name[] = "counting";
    futures_future *future = run_named(throw_named, &number, name);
    memset(name, 'x', strlen(name));
    const futures_error *error = futures_error_of(future);
    cr_assert_eq(error->code, 42);
    cr_assert_str_eq(error->message, "number 3 of seven");
    cr_assert_str_eq(error->task, "counting");
    cr_assert_str_eq(error->file, __FILE__);
    cr_assert_eq(error->line, line_of_throw);
    cr_assert_str_eq(error->function, "throw_named");
    cr_assert_null(error->cause);
    futures_release(future);
}

static int line_of_fail;

static void *fail_unnamed(void *arg)
{
    (void)arg;
    line_of_fail = __LINE__ + 1;
    return futures_fail(ENOENT, "no %s", "file");
}

Test(error, returned_is_as_good_as_thrown)
{
    futures_future *future = run(fail_unnamed, NULL);
    const futures_error *error = futures_error_of(future);
    assert_status(futures_poll(future), FUTURES_FAILED);
    cr_assert_eq(error->code, ENOENT);
    cr_assert_str_eq(error->message, "no file");
    cr_assert_str_eq(error->task, "");
    cr_assert_str_eq(error->file, __FILE__);
    cr_assert_eq(error->line, line_of_fail);
    cr_assert_str_eq(error->function, "fail_unnamed");
    futures_release(future);
}

static void *fail_and_go_on(void *arg)
{
    futures_fail(1, "the first");
    futures_fail(2, "the second");
    return counted_run(arg);
}

Test(error, returned_first_stays_and_the_value_is_freed)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit_with(pool, fail_and_go_on, &counted, &options);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(future)->code, 1);
    cr_assert_null(futures_value(future));
    cr_assert_eq(atomic_load(&counted.ran), 1);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
}

static void *fail_then_throw(void *arg)
{
    (void)arg;
    futures_fail(1, "the first");
    futures_throw(2, "the second");
}

Test(error, returned_is_not_replaced_by_one_thrown_later)
{
    futures_future *future = run(fail_then_throw, NULL);
    cr_assert_eq(futures_error_of(future)->code, 1);
    cr_assert_str_eq(futures_error_of(future)->message, "the first");
    futures_release(future);
}

static void *fail_then_stop(void *arg)
{
    futures_fail(15, "a real error");
    futures_token_cancel(futures_current_token(), 0, NULL);
    futures_checkpoint();
    return arg;
}

Test(error, outranks_cancellation) /* row 15 */
{
    futures_future *future = run(fail_then_stop, NULL);
    assert_status(futures_poll(future), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(future)->code, 15);
    futures_release(future);
}

Test(error, of_code_zero_is_einval)
{
    int zero = 0;
    futures_future *future = run(throw_code, &zero);
    cr_assert_eq(futures_error_of(future)->code, EINVAL);
    futures_release(future);
}

static void *fail_code(void *code)
{
    return futures_fail(*(int *)code, "failed");
}

Test(error, codes_are_kept_whatever_they_are)
{
    int codes[] = {1, -1, INT32_MAX, INT32_MIN, ETIMEDOUT, ECANCELED};
    int zero = 0;
    for (size_t i = 0; i < LENGTH(codes); i++) {
        futures_future *future = run(fail_code, &codes[i]);
        cr_assert_eq(futures_error_of(future)->code, codes[i]);
        futures_release(future);
    }
    futures_future *future = run(fail_code, &zero);
    cr_assert_eq(futures_error_of(future)->code, EINVAL);
    futures_release(future);
}

static void *throw_on_top(void *future)
{
    futures_throw_from(futures_error_of(future), 2, "on top");
}

static void *fail_on_top(void *future)
{
    return futures_fail_from(futures_error_of(future), 3, "at the top");
}

Test(error, keeps_its_cause_when_the_cause_has_lost_its_future)
{
    int one = 1;
    futures_future *first = run_named(throw_code, &one, "bottom");
    futures_future *second = run(throw_on_top, first);
    futures_release(first);
    futures_future *third = run(fail_on_top, second);
    futures_release(second);
    const futures_error *error = futures_error_of(third);
    cr_assert_eq(error->code, 3);
    cr_assert_str_eq(error->message, "at the top");
    cr_assert_str_eq(error->function, "fail_on_top");
    cr_assert_eq(error->cause->code, 2);
    cr_assert_str_eq(error->cause->message, "on top");
    cr_assert_str_eq(error->cause->function, "throw_on_top");
    cr_assert_eq(error->cause->cause->code, 1);
    cr_assert_str_eq(error->cause->cause->message, "thrown");
    cr_assert_str_eq(error->cause->cause->task, "bottom");
    cr_assert_null(error->cause->cause->cause);
    futures_release(third);
}

Test(error, may_have_no_cause)
{
    futures_future *fine = run(return_arg, NULL);
    futures_future *thrown = run(throw_on_top, fine);
    futures_future *failed = run(fail_on_top, fine);
    cr_assert_eq(futures_error_of(thrown)->code, 2);
    cr_assert_null(futures_error_of(thrown)->cause);
    cr_assert_eq(futures_error_of(failed)->code, 3);
    cr_assert_null(futures_error_of(failed)->cause);
    futures_release(failed);
    futures_release(thrown);
    futures_release(fine);
}

Test(error, with_a_long_chain_of_causes_is_freed_in_bounded_stack)
{
    const int length = TESTS_ARE_SLOW ? 20000 : 200000;
    futures_pool *pool = pool_of(1);
    int one = 1;
    futures_future *last = futures_submit(pool, throw_code, &one);
    for (int i = 0; i < length; i++) {
        futures_wait(last, FUTURES_NEVER);
        futures_future *next = futures_submit(pool, fail_on_top, last);
        futures_wait(next, FUTURES_NEVER);
        futures_release(last);
        last = next;
    }
    int depth = 0;
    for (const futures_error *error = futures_error_of(last); error != NULL;
         error = error->cause)
        depth++;
    cr_assert_eq(depth, length + 1);
    futures_release(last);
    futures_pool_destroy(pool);
}

static void wrap_throw(const char *file, int code, const char *format, ...)
    FUTURES_PRINTF(3, 4);

static void wrap_throw(const char *file, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    futures_vthrow_at(file, 12, "wrapped", code, format, arguments);
}

static void *throw_wrapped(void *arg)
{
    wrap_throw("script.lua", 5, "%s and %d", "words", 6);
    return arg;
}

static void *wrap_fail(const char *file, int code, const char *format, ...)
    FUTURES_PRINTF(3, 4);

static void *wrap_fail(const char *file, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    void *null =
        futures_vfail_at(file, 12, "wrapped", code, format, arguments);
    va_end(arguments);
    return null;
}

static void *fail_wrapped(void *arg)
{
    (void)arg;
    return wrap_fail("script.lua", 5, "%s and %d", "words", 6);
}

Test(error, can_be_thrown_on_behalf_of_other_languages)
{
    const futures_fn ways[] = {throw_wrapped, fail_wrapped};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        futures_future *future = run(ways[i], NULL);
        const futures_error *error = futures_error_of(future);
        cr_assert_eq(error->code, 5);
        cr_assert_str_eq(error->message, "words and 6");
        cr_assert_str_eq(error->file, "script.lua");
        cr_assert_eq(error->line, 12);
        cr_assert_str_eq(error->function, "wrapped");
        futures_release(future);
    }
}

Test(error, is_none_where_there_was_none)
{
    futures_future *set[3] = {resolved(NULL), futures_promise(NULL, NULL),
                              cancelled()};
    for (size_t i = 0; i < 3; i++)
        cr_assert_null(futures_error_of(set[i]));
    futures_release_all(set, 3);
}

static void *throw_in_helped_child(void *own_code)
{
    int one = 1;
    futures_outcome outcome;
    futures_future *child =
        futures_submit(futures_current_pool(), throw_code, &one);
    futures_status status = futures_gather(&child, 1, &outcome, NULL);
    int code = outcome.error == NULL ? 0 : outcome.error->code;
    futures_release(child);
    if (status != FUTURES_FAILED || code != 1)
        futures_throw(99, "the child did not fail");
    if (own_code != NULL)
        futures_throw(*(int *)own_code, "after the child");
    return &line_of_fail;
}

Test(error, in_nested_helping_fails_the_right_future) /* row 48 */
{
    int two = 2;
    futures_future *calm = run(throw_in_helped_child, NULL);
    futures_future *upset = run(throw_in_helped_child, &two);
    assert_status(futures_poll(calm), FUTURES_OK);
    cr_assert_eq(futures_value(calm), &line_of_fail);
    assert_status(futures_poll(upset), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(upset)->code, 2);
    futures_release(calm);
    futures_release(upset);
}
