/* row 51: no memory for a map with a window, for a loop that keeps its first
 * error, or for a queue of what has ended; and no descriptor for that. */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { COUNT = 40, WIDTH = 5 };

static void expect_pool_works(futures_pool *pool)
{
    futures_future *future = futures_submit(pool, return_arg, pool);
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
    futures_release(future);
}

static void *throw_odd(void *arg)
{
    int index = *(int *)arg;
    if (index % 2 == 1)
        futures_throw(index, "item %d", index);
    return arg;
}

struct items {
    int indices[COUNT];
    int given;
    size_t taken;
    futures_outcome outcomes[COUNT];
    futures_map_options options;
};

static bool next_item(void *context, void **arg)
{
    struct items *items = context;
    if (items->given == COUNT)
        return false;
    *arg = &items->indices[items->given++];
    return true;
}

static void items_init(struct items *items)
{
    const futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    memset(items, 0, sizeof *items);
    for (int i = 0; i < COUNT; i++)
        items->indices[i] = i;
    items->options = options;
    items->options.window = WIDTH;
    items->options.next = next_item;
    items->options.next_context = items;
    items->options.taken = &items->taken;
    items->options.on_error = FUTURES_ON_ERROR_COLLECT;
}

static void *map_items(void *arg)
{
    struct items *items = arg;
    futures_status status =
        futures_map(futures_current_pool(), throw_odd, NULL, COUNT,
                    items->outcomes, &items->options);
    return (void *)(uintptr_t)status;
}

/* Each item that was taken says what came of it. */
static void expect_items(struct items *items, futures_status status, bool met)
{
    expect(status == FUTURES_FAILED || (met && status == FUTURES_NOMEM));
    expect(items->taken == (size_t)items->given);
    expect(status == FUTURES_NOMEM || met || items->taken == COUNT);
    for (int i = 0; i < items->given; i++) {
        const futures_outcome *outcome = &items->outcomes[i];
        if (outcome->status == FUTURES_NOMEM)
            expect(met);
        else if (i % 2 == 1)
            expect(outcome->status == FUTURES_FAILED &&
                   outcome->error->code == i);
        else
            expect(outcome->status == FUTURES_OK &&
                   outcome->value == &items->indices[i]);
    }
    futures_outcomes_free(items->outcomes, items->taken);
}

static void map_outside(void)
{
    struct items items;
    futures_pool *pool = pool_of(2);
    items_init(&items);
    sweep_begin();
    futures_status status = futures_map(pool, throw_odd, NULL, COUNT,
                                        items.outcomes, &items.options);
    bool met = sweep_end();
    expect_items(&items, status, met);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

static void map_inside(void)
{
    struct items items;
    futures_pool *pool = pool_of(1);
    items_init(&items);
    sweep_begin();
    futures_future *task = futures_submit(pool, map_items, &items);
    futures_status submitted = futures_wait(task, FUTURES_NEVER);
    bool met = sweep_end();
    expect(submitted == FUTURES_OK || (met && submitted == FUTURES_NOMEM));
    if (submitted == FUTURES_OK)
        expect_items(&items, (futures_status)(uintptr_t)futures_value(task),
                     met);
    futures_release(task);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_map_with_a_window)
{
    cr_assert_gt(sweep(FAULT_MEMORY, map_outside), 0);
    cr_assert_gt(sweep(FAULT_MEMORY, map_inside), 0);
}

static void map_of_args(void)
{
    struct items items;
    void *args[COUNT];
    futures_pool *pool = pool_of(2);
    items_init(&items);
    for (int i = 0; i < COUNT; i++)
        args[i] = &items.indices[i];
    items.options.next = NULL;
    items.options.on_error = FUTURES_ON_ERROR_CANCEL;
    sweep_begin();
    futures_status status = futures_map(pool, return_arg, args, COUNT,
                                        items.outcomes, &items.options);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    for (int i = 0; i < COUNT; i++)
        expect(items.outcomes[i].status == FUTURES_OK ||
               (met && items.outcomes[i].error == NULL &&
                (items.outcomes[i].status == FUTURES_NOMEM ||
                 items.outcomes[i].status == FUTURES_CANCELLED)));
    futures_outcomes_free(items.outcomes, COUNT);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_map_with_a_window_over_an_array)
{
    cr_assert_gt(sweep(FAULT_MEMORY, map_of_args), 0);
}

static void throw_in_odd_parts(void *counter, size_t begin, size_t end)
{
    (void)end;
    count_one(counter);
    if (begin % 2 == 1)
        futures_throw((int)begin, "index %zu", begin);
}

static void loop_with(futures_on_error on_error)
{
    atomic_int ran = 0;
    futures_outcome first;
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_pool *pool = pool_of(2);
    options.grain = 1;
    options.on_error = on_error;
    options.first_error = &first;
    sweep_begin();
    futures_status status =
        futures_for_with(pool, 0, COUNT, throw_in_odd_parts, &ran, &options);
    bool met = sweep_end();
    expect(status == FUTURES_FAILED || (met && status == FUTURES_NOMEM));
    expect(first.status == status);
    if (status == FUTURES_FAILED)
        expect(first.error->code % 2 == 1);
    else
        expect(atomic_load(&ran) == 0 && first.error == NULL);
    if (status == FUTURES_FAILED && on_error == FUTURES_ON_ERROR_COLLECT)
        expect(atomic_load(&ran) == COUNT);
    futures_outcomes_free(&first, 1);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

static void loop_and_cancel(void)
{
    loop_with(FUTURES_ON_ERROR_CANCEL);
}

static void loop_and_collect(void)
{
    loop_with(FUTURES_ON_ERROR_COLLECT);
}

/* row 51 */
Test(no_memory, for_a_loop_that_keeps_its_first_error)
{
    cr_assert_gt(sweep(FAULT_MEMORY, loop_and_cancel), 0);
    cr_assert_gt(sweep(FAULT_MEMORY, loop_and_collect), 0);
}

static void queue_some(void)
{
    futures_queue *queue = NULL;
    futures_ended ended[2];
    futures_future *promises[2] = {futures_promise(NULL, NULL),
                                   futures_promise(NULL, NULL)};
    size_t added = 0;
    sweep_begin();
    futures_status created = futures_queue_create(&queue);
    expect((queue != NULL) == (created == FUTURES_OK));
    for (int i = 0; i < 2 && queue != NULL; i++) {
        futures_status status =
            futures_queue_add(queue, promises[i], &promises[i]);
        expect(status == FUTURES_OK || status == FUTURES_NOMEM);
        added += status == FUTURES_OK;
    }
    expect(futures_resolve(promises[0], NULL) == FUTURES_OK);
    expect(futures_resolve(promises[1], NULL) == FUTURES_OK);
    bool met = sweep_end();
    expect(met || added == 2);
    expect(created == FUTURES_OK ||
           (met && (created == FUTURES_NOMEM || created == FUTURES_SYSTEM)));
    expect(futures_queue_length(queue) == added);
    expect(futures_queue_drain(queue, ended, 2) == added);
    for (size_t i = 0; i < added; i++)
        futures_release(ended[i].future);
    futures_release_all(promises, 2);
    futures_queue_destroy(queue);
}

/* row 51 */
Test(no_memory, for_a_queue_of_what_has_ended)
{
    cr_assert_gt(sweep(FAULT_MEMORY, queue_some), 0);
}

static void queue_without_a_descriptor(void)
{
    futures_queue *queue = NULL;
    sweep_begin();
    errno = 0;
    futures_status status = futures_queue_create(&queue);
    int error = errno;
    bool met = sweep_end();
    expect(status == (met ? FUTURES_SYSTEM : FUTURES_OK));
    expect(!met || (error == EMFILE && queue == NULL));
    futures_queue_destroy(queue);
}

Test(no_descriptor, for_a_queue_of_what_has_ended)
{
    cr_assert_gt(sweep(FAULT_EVENT, queue_without_a_descriptor), 0);
}
