/* Option structs: the INIT macros and their twins agree, zero is the default,
 * and `size` lets a struct be older or newer than the library. */
#include "support/test.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"

/* Fills with `fill`, has the twin zero `used` of it, and looks at the rest. */
#define CHECK_TWIN(type, init)                                            \
    do {                                                                  \
        unsigned char room[sizeof(type) + 8];                             \
        for (size_t used = sizeof(size_t); used <= sizeof room; used++) { \
            memset(room, 0xa5, sizeof room);                              \
            init((type *)(void *)room, used);                             \
            check_only_size_is_set(room, used, sizeof room);              \
        }                                                                 \
    } while (0)

static void check_only_size_is_set(const unsigned char *room, size_t used,
                                   size_t capacity)
{
    size_t size;
    memcpy(&size, room, sizeof size);
    cr_assert_eq(size, used);
    for (size_t i = sizeof size; i < used; i++)
        cr_assert_eq(room[i], 0);
    for (size_t i = used; i < capacity; i++)
        cr_assert_eq(room[i], 0xa5, "wrote past the size");
}

Test(options, the_init_functions_zero_the_struct_and_set_its_size)
{
    CHECK_TWIN(futures_pool_options, futures_pool_options_init);
    CHECK_TWIN(futures_task_options, futures_task_options_init);
    CHECK_TWIN(futures_gather_options, futures_gather_options_init);
    CHECK_TWIN(futures_promise_options, futures_promise_options_init);
    CHECK_TWIN(futures_stats, futures_stats_init);
}

Test(options, the_init_macros_give_the_same)
{
    futures_pool_options pool = FUTURES_POOL_OPTIONS_INIT;
    cr_assert_eq(pool.size, sizeof pool);
    cr_assert_eq(pool.workers, 0);
    cr_assert_eq(pool.queue_limit, 0);
    cr_assert_eq(pool.overflow, FUTURES_OVERFLOW_BLOCK);
    cr_assert_null(pool.name);
    cr_assert_eq(pool.stack_size, 0);
    cr_assert(!pool.worker_start && !pool.worker_stop && !pool.unhandled);
    cr_assert_null(pool.context);

    futures_task_options task = FUTURES_TASK_OPTIONS_INIT;
    cr_assert_eq(task.size, sizeof task);
    cr_assert_null(task.name);
    cr_assert_null(task.token);
    cr_assert(!task.arg_free && !task.value_free);
    cr_assert_eq(task.deadline, FUTURES_NEVER);
    cr_assert_eq(task.priority, FUTURES_PRIORITY_NORMAL);

    futures_promise_options promise = FUTURES_PROMISE_OPTIONS_INIT;
    cr_assert_eq(promise.size, sizeof promise);
    cr_assert_null(promise.name);
    cr_assert(!promise.on_cancel && !promise.value_free);
    cr_assert_null(promise.arg);
    cr_assert_eq(promise.deadline, FUTURES_NEVER);
}

Test(options, the_init_macros_of_gather_and_stats_give_the_same)
{
    futures_gather_options gather = FUTURES_GATHER_OPTIONS_INIT;
    cr_assert_eq(gather.size, sizeof gather);
    cr_assert_eq(gather.on_error, FUTURES_ON_ERROR_CANCEL);
    cr_assert_eq(gather.deadline, FUTURES_NEVER);
    cr_assert_eq(gather.on_timeout, FUTURES_ON_TIMEOUT_CANCEL);
    cr_assert_null(gather.token);
    cr_assert(!gather.on_done && !gather.help);
    cr_assert_null(gather.context);

    futures_stats stats = FUTURES_STATS_INIT;
    cr_assert_eq(stats.size, sizeof stats);
    cr_assert_eq(stats.workers + stats.queued + stats.running + stats.waiting,
                 0);
    cr_assert_eq(stats.submitted + stats.ok + stats.failed, 0);
    cr_assert_eq(stats.cancelled + stats.longest_ns, 0);
    cr_assert_str_eq(stats.longest_name, "");
}

/* row 56 */
Test(options, a_smaller_pool_struct_has_defaults_for_what_it_lacks)
{
    futures_pool_options options;
    memset(&options, 0xa5, sizeof options);
    options.size = offsetof(futures_pool_options, queue_limit);
    options.workers = 2;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert_eq(futures_pool_workers(pool), 2);
    futures_future *future = futures_submit(pool, return_arg, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
}

/* row 56 */
Test(options, a_smaller_task_struct_has_defaults_for_what_it_lacks)
{
    struct counted counted = {0};
    futures_task_options options;
    futures_pool *pool = pool_of(1);
    memset(&options, 0xa5, sizeof options);
    options.size = offsetof(futures_task_options, value_free);
    options.name = NULL;
    options.token = NULL;
    options.arg_free = counted_arg_free;
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
}

/* row 56 */
Test(options, smaller_promise_and_gather_structs_have_defaults)
{
    futures_promise_options promise_options;
    memset(&promise_options, 0xa5, sizeof promise_options);
    promise_options.size = offsetof(futures_promise_options, on_cancel);
    promise_options.name = "small";
    futures_future *promise = futures_promise_with(&promise_options);
    cr_assert_eq(futures_poll(promise), FUTURES_PENDING);
    cr_assert_eq(futures_reject(promise, 1, "no"), FUTURES_OK);
    cr_assert_str_eq(futures_error_of(promise)->task, "small");

    futures_gather_options gather_options;
    memset(&gather_options, 0xa5, sizeof gather_options);
    gather_options.size = offsetof(futures_gather_options, deadline);
    gather_options.on_error = FUTURES_ON_ERROR_COLLECT;
    cr_assert_eq(futures_gather(&promise, 1, NULL, &gather_options),
                 FUTURES_FAILED);
    futures_release(promise);
}

/* A newer caller's struct: ours, and fields that we do not know. */
#define NEWER(type)          \
    struct {                 \
        type known;          \
        uint64_t unknown[2]; \
    }

/* row 56 */
Test(options, a_larger_struct_is_taken_if_what_we_do_not_know_is_zero)
{
    struct counted counted = {0};
    NEWER(futures_pool_options) pool_options;
    NEWER(futures_task_options) task_options;
    NEWER(futures_promise_options) promise_options;
    NEWER(futures_gather_options) gather_options;
    NEWER(futures_stats) stats;
    futures_pool_options_init(&pool_options.known, sizeof pool_options);
    futures_task_options_init(&task_options.known, sizeof task_options);
    futures_promise_options_init(&promise_options.known,
                                 sizeof promise_options);
    futures_gather_options_init(&gather_options.known, sizeof gather_options);
    futures_stats_init(&stats.known, sizeof stats);
    pool_options.known.workers = 1;
    task_options.known.arg_free = counted_arg_free;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &pool_options.known), FUTURES_OK);
    futures_future *futures[2] = {
        futures_submit_with(pool, counted_run, &counted, &task_options.known),
        futures_promise_with(&promise_options.known)};
    cr_assert_eq(futures_resolve(futures[1], NULL), FUTURES_OK);
    cr_assert_eq(futures_gather(futures, 2, NULL, &gather_options.known),
                 FUTURES_OK);
    cr_assert_eq(futures_pool_stats(pool, &stats.known), FUTURES_OK);
    cr_assert_eq(stats.known.workers, 1);
    cr_assert_eq(stats.unknown[0], 0);
    futures_release_all(futures, 2);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
}

/* row 56 */
Test(options, a_larger_struct_with_something_unknown_in_it_is_invalid)
{
    struct counted counted = {0};
    NEWER(futures_pool_options) pool_options;
    NEWER(futures_task_options) task_options;
    NEWER(futures_promise_options) promise_options;
    NEWER(futures_gather_options) gather_options;
    futures_pool_options_init(&pool_options.known, sizeof pool_options);
    futures_task_options_init(&task_options.known, sizeof task_options);
    futures_promise_options_init(&promise_options.known,
                                 sizeof promise_options);
    futures_gather_options_init(&gather_options.known, sizeof gather_options);
    pool_options.unknown[1] = (uint64_t)1 << 63;
    task_options.unknown[0] = 1;
    promise_options.unknown[0] = 1;
    gather_options.unknown[0] = 1;
    task_options.known.arg_free = counted_arg_free;
    futures_pool *none;
    cr_assert_eq(futures_pool_create(&none, &pool_options.known),
                 FUTURES_INVALID);
    cr_assert_null(none);
    futures_pool *pool = pool_of(1);
    futures_future *task =
        futures_submit_with(pool, counted_run, &counted, &task_options.known);
    cr_assert_eq(futures_poll(task), FUTURES_INVALID);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1,
                 "its arg_free could be read");
    futures_future *promise = futures_promise_with(&promise_options.known);
    cr_assert_eq(futures_poll(promise), FUTURES_INVALID);
    cr_assert_eq(futures_gather(&task, 1, NULL, &gather_options.known),
                 FUTURES_INVALID);
    futures_release(task);
    futures_release(promise);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

Test(options, a_size_below_its_own_field_is_invalid)
{
    futures_pool_options pool_options = FUTURES_POOL_OPTIONS_INIT;
    futures_promise_options promise_options = FUTURES_PROMISE_OPTIONS_INIT;
    futures_gather_options gather_options = FUTURES_GATHER_OPTIONS_INIT;
    pool_options.size = sizeof(size_t) - 1;
    promise_options.size = 1;
    gather_options.size = 0;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &pool_options), FUTURES_INVALID);
    cr_assert_null(pool);
    futures_future *promise = futures_promise_with(&promise_options);
    cr_assert_eq(futures_poll(promise), FUTURES_INVALID);
    cr_assert_eq(futures_gather(&promise, 1, NULL, &gather_options),
                 FUTURES_INVALID);
    futures_release(promise);
}
