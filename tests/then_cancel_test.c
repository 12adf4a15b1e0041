/* futures_then: what ends a task before it is ready. Whatever does, arg_free
 * runs once, the task does not, and what it waits for goes on untouched. */
#include "support/test.h"

#include <errno.h>

#include "support/helpers.h"

/* A task after a promise, and what became of its argument. */
struct scene {
    futures_pool *pool;
    futures_future *promise;
    futures_future *then;
    struct counted counted;
};

static void begin(struct scene *scene, futures_task_options options)
{
    scene->counted = (struct counted){0};
    scene->pool = pool_of(1);
    scene->promise = futures_promise(NULL, NULL);
    options.arg_free = counted_arg_free;
    options.value_free = counted_value_free;
    scene->then = futures_then_with(scene->pool, &scene->promise, 1,
                                    counted_run, &scene->counted, &options);
}

static void end(struct scene *scene)
{
    cr_assert_eq(futures_poll(scene->then), FUTURES_CANCELLED);
    cr_assert_eq(scene->counted.arg_freed, 1);
    cr_assert_eq(futures_poll(scene->promise), FUTURES_PENDING);
    cr_assert_eq(futures_resolve(scene->promise, NULL), FUTURES_OK);
    futures_release(scene->promise);
    futures_pool_destroy(scene->pool);
    cr_assert_eq(scene->counted.ran, 0);
    cr_assert_eq(scene->counted.arg_freed, 1);
    futures_release(scene->then);
}

static const futures_task_options none = FUTURES_TASK_OPTIONS_INIT;

Test(then_cancel, a_cancel_ends_it_at_once)
{
    struct scene scene;
    begin(&scene, none);
    cr_assert_eq(futures_cancel(scene.then), FUTURES_CANCELLED);
    end(&scene);
}

Test(then_cancel, its_token_ends_it_with_the_reason)
{
    futures_task_options options = none;
    struct scene scene;
    cr_assert_eq(futures_token_create(&options.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    begin(&scene, options);
    futures_token_cancel(options.token, 9, "enough");
    cr_assert_eq(futures_poll(scene.then), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(scene.then)->code, 9);
    end(&scene);
    futures_token_release(options.token);
}

Test(then_cancel, its_deadline_counts_from_the_call)
{
    futures_task_options options = none;
    struct scene scene;
    options.deadline = futures_in_ms(5);
    begin(&scene, options);
    cr_assert_eq(futures_wait(scene.then, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(scene.then)->code, ETIMEDOUT);
    end(&scene);
}

Test(then_cancel, a_pool_that_cancels_ends_it)
{
    struct scene scene;
    begin(&scene, none);
    cr_assert_eq(futures_pool_shutdown(scene.pool, FUTURES_SHUTDOWN_CANCEL,
                                       FUTURES_NEVER),
                 FUTURES_OK);
    end(&scene);
}

Test(then_cancel, a_pool_that_drains_ends_what_nothing_can_make_ready)
{
    struct scene scene;
    begin(&scene, none);
    cr_assert_eq(futures_pool_shutdown(scene.pool, FUTURES_SHUTDOWN_DRAIN,
                                       FUTURES_NEVER),
                 FUTURES_OK);
    end(&scene);
}

Test(then_cancel, once_it_is_ready_its_end_is_its_own)
{
    struct scene scene;
    struct gate gate;
    gate_init(&gate);
    begin(&scene, none);
    cr_assert(saturate(scene.pool, &gate));
    cr_assert_eq(futures_resolve(scene.promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_cancel(scene.then), FUTURES_CANCELLED);
    cr_assert_eq(scene.counted.arg_freed, 1);
    gate_open(&gate);
    futures_pool_destroy(scene.pool);
    cr_assert_eq(scene.counted.ran, 0);
    futures_release(scene.promise);
    futures_release(scene.then);
    gate_destroy(&gate);
}

Test(then_cancel, one_that_runs_is_asked)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *then =
        futures_then(pool, &promise, 1, run_until_cancelled, NULL);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    eventually(futures_cancel(then) == FUTURES_CANCELLED);
    futures_release(then);
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* A task that leaves tasks behind that are not ready, one of them by no
 * token. */
struct parent {
    futures_pool *pool;
    futures_future *promise;
    futures_future *beneath;
    futures_future *apart;
    struct gate gate;
};

static void *leave_thens(void *arg)
{
    struct parent *parent = arg;
    futures_task_options apart = FUTURES_TASK_OPTIONS_INIT;
    apart.token = futures_token_none();
    parent->beneath =
        futures_then(parent->pool, &parent->promise, 1, return_arg, parent);
    parent->apart = futures_then_with(parent->pool, &parent->promise, 1,
                                      return_arg, parent, &apart);
    gate_pass(&parent->gate);
    return arg;
}

Test(then_cancel, it_is_cancelled_with_the_task_that_made_it)
{
    struct parent parent = {.pool = pool_of(1),
                            .promise = futures_promise(NULL, NULL)};
    gate_init(&parent.gate);
    futures_future *task = futures_submit(parent.pool, leave_thens, &parent);
    cr_assert(gate_await_arrivals(&parent.gate, 1));
    cr_assert_eq(futures_cancel(task), FUTURES_PENDING);
    cr_assert_eq(futures_poll(parent.beneath), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(parent.apart), FUTURES_PENDING);
    cr_assert_eq(futures_resolve(parent.promise, NULL), FUTURES_OK);
    gate_open(&parent.gate);
    cr_assert_eq(futures_wait(parent.apart, FUTURES_NEVER), FUTURES_OK);
    futures_release(task);
    futures_release(parent.beneath);
    futures_release(parent.apart);
    futures_release(parent.promise);
    futures_pool_destroy(parent.pool);
    gate_destroy(&parent.gate);
}

static void *cancel_self_then_leave(void *arg)
{
    struct parent *parent = arg;
    futures_token_cancel(futures_current_token(), 3, "stop");
    parent->beneath =
        futures_then(parent->pool, &parent->promise, 1, return_arg, parent);
    parent->apart = futures_then(parent->pool, NULL, 0, return_arg, parent);
    return arg;
}

Test(then_cancel, one_that_was_stopped_before_ends_as_it_is_made)
{
    struct parent parent = {.pool = pool_of(1),
                            .promise = futures_promise(NULL, NULL)};
    futures_future *task =
        futures_submit(parent.pool, cancel_self_then_leave, &parent);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_poll(parent.beneath), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(parent.apart), FUTURES_CANCELLED);
    futures_release(task);
    futures_release(parent.beneath);
    futures_release(parent.apart);
    futures_release(parent.promise);
    futures_pool_destroy(parent.pool);
}

/* Of three tasks in a row the first is cancelled: the next one runs. */
Test(then_cancel, what_comes_after_a_cancelled_one_runs)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *first = futures_then(pool, &promise, 1, return_arg, NULL);
    futures_future *second = futures_then(pool, &first, 1, return_arg, pool);
    cr_assert_eq(futures_cancel(first), FUTURES_CANCELLED);
    cr_assert_eq(futures_wait(second, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(second), (void *)pool);
    futures_release(first);
    futures_release(second);
    futures_release(promise);
    futures_pool_destroy(pool);
}
