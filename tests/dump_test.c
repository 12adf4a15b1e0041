/* futures_pool_dump: names, who waits for whom, and what is stuck. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_task_repr -> dump.names_what_runs_and_counts_what_is_queued
 *   test_task_repr_wait_for -> dump.says_who_waits_for_whom
 *   test_get_stack -> dump.shows_the_tasks_beneath
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/waiters.h"

/* returns  what it wrote, to be freed */
static char *dumped(futures_pool *pool)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    cr_assert_not_null(file);
    assert_status(futures_pool_dump(pool, file), FUTURES_OK);
    fclose(file);
    return text;
}

#define assert_says(text, part) \
    cr_assert_not_null(strstr((text), (part)), "no %s in:\n%s", (part), (text))
#define assert_hides(text, part) \
    cr_assert_null(strstr((text), (part)), "%s in:\n%s", (part), (text))

static futures_future *submit_named(futures_pool *pool, futures_fn fn,
                                    void *arg, const char *name)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = name;
    return futures_submit_with(pool, fn, arg, &options);
}

Test(dump, an_idle_pool)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.workers = 2;
    options.name = "mill";
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    char *text = dumped(pool);
    assert_says(text, "pool \"mill\": 2 workers\n");
    assert_says(text, "0 queued, 0 running, 0 of them waiting\n");
    assert_says(text, "worker 0: idle\n");
    assert_says(text, "worker 1: idle\n");
    assert_hides(text, "waits");
    free(text);
    futures_pool_destroy(pool);
}

Test(dump, names_what_runs_and_counts_what_is_queued)
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    futures_future *task = submit_named(pool, gate_task, &gate, "miller");
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    char *text = dumped(pool);
    assert_says(text, "1 queued, 1 running, 0 of them waiting\n");
    assert_says(text, "worker 0: \"miller\" for 0.");
    free(text);
    gate_open(&gate);
    futures_wait(queued, FUTURES_NEVER);
    futures_release(task);
    futures_release(queued);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* "first" waits for "second", which waits for a promise and a queued task of
 * another pool, with a deadline. */
Test(dump, says_who_waits_for_whom)
{
    struct gate gate;
    struct waiter first = {.options = FUTURES_GATHER_OPTIONS_INIT};
    struct waiter second = {.options = FUTURES_GATHER_OPTIONS_INIT};
    futures_pool *pool = pool_of(2);
    futures_pool *other = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    gate_init(&gate);
    gate_init(&first.gate);
    gate_init(&second.gate);
    cr_assert(saturate(other, &gate));
    futures_future *queued = futures_submit(other, return_arg, NULL);
    second.gathers = true;
    second.options.deadline = futures_in_ms(1000000);
    waiter_wants(&second, promise);
    waiter_wants(&second, queued);
    second.task = submit_named(pool, wait_at_gate, &second, "second");
    waiter_park(&second, pool);
    waiter_wants(&first, second.task);
    first.task = submit_named(pool, wait_at_gate, &first, NULL);
    waiter_park(&first, pool);
    char *text = dumped(pool);
    assert_says(text, "0 queued, 2 running, 2 of them waiting\n");
    assert_says(text, "  in \"second\"\n"
                      "  waits for 2 of 2, until a deadline\n"
                      "    [0] a promise\n"
                      "    [1] queued\n");
    assert_says(text, "  in (unnamed)\n"
                      "  waits for 1 of 1\n"
                      "    [0] \"second\", runs on worker ");
    free(text);
    futures_resolve(promise, NULL);
    gate_open(&gate);
    waiter_end(&first);
    waiter_end(&second);
    futures_release(promise);
    futures_release(queued);
    futures_pool_destroy(pool);
    futures_pool_destroy(other);
    gate_destroy(&gate);
}

/* A child that its parent runs while it waits. */
struct nest {
    futures_pool *pool;
    futures_future *promise;
};

static void *wait_for_promise(void *arg)
{
    struct nest *nest = arg;
    futures_wait(nest->promise, FUTURES_NEVER);
    return arg;
}

static void *gather_child(void *arg)
{
    struct nest *nest = arg;
    futures_future *child =
        submit_named(nest->pool, wait_for_promise, nest, "child");
    futures_gather(&child, 1, NULL, NULL);
    futures_release(child);
    return arg;
}

Test(dump, shows_the_tasks_beneath)
{
    struct nest nest = {pool_of(1), futures_promise(NULL, NULL)};
    futures_future *parent =
        submit_named(nest.pool, gather_child, &nest, "parent");
    eventually(parked(nest.pool) == 1);
    char *text = dumped(nest.pool);
    assert_says(text, "worker 0: \"parent\" for ");
    assert_says(text, "  in \"child\"\n    beneath it \"parent\"\n");
    free(text);
    futures_resolve(nest.promise, NULL);
    assert_status(futures_wait(parent, FUTURES_NEVER), FUTURES_OK);
    futures_release(parent);
    futures_release(nest.promise);
    futures_pool_destroy(nest.pool);
}

Test(dump, after_a_shutdown_that_gave_timeout_it_names_what_is_stuck)
{ /* row 40 */
    struct gate gate;
    futures_pool *pool = pool_of(2);
    gate_init(&gate);
    futures_future *task = submit_named(pool, gate_task, &gate, "stuck one");
    cr_assert(gate_await_arrivals(&gate, 1));
    assert_status(futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL,
                                        futures_in_ms(50)),
                  FUTURES_TIMEOUT);
    char *text = dumped(pool);
    assert_says(text, "2 workers, closed\n");
    assert_says(text, ": \"stuck one\" for 0.");
    free(text);
    gate_open(&gate);
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    free(dumped(pool));
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(dump, a_write_that_fails_is_an_error_of_the_system)
{
    futures_pool *pool = pool_of(1);
    FILE *full = fopen("/dev/full", "w");
    cr_assert_not_null(full);
    assert_status(futures_pool_dump(pool, full), FUTURES_SYSTEM);
    cr_assert_eq(errno, ENOSPC);
    fclose(full);
    assert_status(futures_pool_dump(NULL, stderr), FUTURES_INVALID);
    assert_status(futures_pool_dump(pool, NULL), FUTURES_INVALID);
    futures_pool_destroy(pool);
}

/* Threads park and go on while others look at them. */
static void *pass_on(void *arg)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *child =
        submit_named(futures_current_pool(), return_arg, arg, "child");
    futures_resolve(promise, NULL);
    futures_future *both[2] = {child, promise};
    futures_gather(both, 2, NULL, NULL);
    futures_release_all(both, 2);
    return arg;
}

static void *dump_often(void *arg)
{
    for (int i = 0; i < 200; i++)
        free(dumped(arg));
    return NULL;
}

Test(dump, while_everything_moves)
{
    enum { TASKS = TESTS_ARE_SLOW ? 500 : 5000 };
    static futures_future *tasks[TASKS];
    pthread_t thread;
    futures_pool *pool = pool_of(3);
    cr_assert_eq(pthread_create(&thread, NULL, dump_often, pool), 0);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = submit_named(pool, pass_on, NULL, "mover");
    assert_status(futures_gather(tasks, TASKS, NULL, NULL), FUTURES_OK);
    pthread_join(thread, NULL);
    futures_release_all(tasks, TASKS);
    futures_pool_destroy(pool);
}
