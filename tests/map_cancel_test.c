/* futures_map stopped by its token, its deadline or its task: what runs is
 * asked and waited for, what never began says so, and both say why. */
#include "support/test.h"

#include <errno.h>

#include <futures/futures.h>

#include "support/loops.h"

enum { COUNT = 50, SOON_MS = 5 };

/* A map on a thread of its own: the first item is at the gate. */
struct mapping {
    futures_pool *pool;
    futures_pool *outer; /* whose task maps */
    futures_fn fn;
    struct gate gate;
    void *args[COUNT];
    size_t count;
    futures_outcome outcomes[COUNT];
    futures_map_options options;
    futures_status status;
    futures_future *task;
};

static void *mapping_run(void *arg)
{
    struct mapping *mapping = arg;
    mapping->status =
        futures_map(mapping->pool, mapping->fn, mapping->args, mapping->count,
                    mapping->outcomes, &mapping->options);
    return arg;
}

static void begin(struct mapping *mapping, futures_fn fn, size_t count)
{
    const futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    mapping->pool = pool_of(1);
    mapping->outer = pool_of(1);
    mapping->fn = fn;
    mapping->count = count;
    mapping->options = options;
    gate_init(&mapping->gate);
    for (size_t i = 0; i < COUNT; i++)
        mapping->args[i] = &mapping->gate;
}

static void start(struct mapping *mapping)
{
    mapping->task = futures_submit(mapping->outer, mapping_run, mapping);
    cr_assert(gate_await_arrivals(&mapping->gate, 1));
}

static void finish(struct mapping *mapping)
{
    gate_open(&mapping->gate);
    assert_status(futures_wait(mapping->task, FUTURES_NEVER), FUTURES_OK);
    futures_release(mapping->task);
    futures_pool_destroy(mapping->outer);
    futures_pool_destroy(mapping->pool);
    gate_destroy(&mapping->gate);
}

static void expect_cancelled(const struct mapping *mapping, size_t from,
                             int code)
{
    for (size_t i = from; i < mapping->count; i++) {
        assert_status(mapping->outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_null(mapping->outcomes[i].value);
        cr_assert_eq(mapping->outcomes[i].error->code, code);
    }
}

static void stop_by_token(futures_on_error on_error, size_t count)
{
    struct mapping mapping;
    begin(&mapping, arrive_and_run_until_cancelled, count);
    mapping.options.on_error = on_error;
    mapping.options.token = new_token(NULL);
    start(&mapping);
    futures_token_cancel(mapping.options.token, 10, "enough");
    finish(&mapping);
    assert_status(mapping.status, FUTURES_CANCELLED);
    expect_cancelled(&mapping, 0, 10);
    cr_assert_str_eq(mapping.outcomes[count - 1].error->message, "enough");
    futures_outcomes_free(mapping.outcomes, count);
    futures_token_release(mapping.options.token);
}

Test(map_cancel, by_its_token_stops_what_runs_and_begins_no_more)
{
    for (int mode = 0; mode < 3; mode++) {
        stop_by_token((futures_on_error)mode, COUNT);
        stop_by_token((futures_on_error)mode, 1);
    }
}

Test(map_cancel, by_a_token_that_has_fired_already) /* row 10 */
{
    struct mapping mapping;
    struct gate gate;
    begin(&mapping, gate_task, COUNT);
    gate_init(&gate);
    cr_assert(saturate(mapping.pool, &gate));
    mapping.options.token = new_token(NULL);
    futures_token_cancel(mapping.options.token, 11, "before");
    mapping_run(&mapping);
    assert_status(mapping.status, FUTURES_CANCELLED);
    expect_cancelled(&mapping, 0, 11);
    cr_assert_eq(gate_arrivals(&mapping.gate), 0);
    futures_outcomes_free(mapping.outcomes, COUNT);
    futures_token_release(mapping.options.token);
    mapping.task = futures_submit(mapping.outer, return_arg, NULL);
    gate_open(&gate);
    finish(&mapping);
    gate_destroy(&gate);
}

Test(map_cancel, lets_the_value_of_an_item_that_was_asked_stand) /* row 14 */
{
    struct mapping mapping;
    begin(&mapping, arrive_and_return_when_asked, COUNT);
    mapping.options.token = new_token(NULL);
    start(&mapping);
    futures_token_cancel(mapping.options.token, 12, NULL);
    finish(&mapping);
    assert_status(mapping.status, FUTURES_CANCELLED);
    assert_status(mapping.outcomes[0].status, FUTURES_OK);
    expect_cancelled(&mapping, 1, 12);
    futures_outcomes_free(mapping.outcomes, COUNT);
    futures_token_release(mapping.options.token);
}

Test(map_cancel, is_outdone_where_every_slot_is_ok) /* row 19a */
{
    struct mapping mapping;
    begin(&mapping, arrive_and_return_when_asked, 1);
    mapping.options.token = new_token(NULL);
    start(&mapping);
    futures_token_cancel(mapping.options.token, 13, NULL);
    finish(&mapping);
    assert_status(mapping.status, FUTURES_OK);
    cr_assert_eq(mapping.outcomes[0].value, &mapping.gate);
    futures_token_release(mapping.options.token);
}

/* An error of an item's own outranks the cancel in its slot, and the cancel
 * the error in the status. */
static void stop_with_error(futures_on_error on_error, size_t count)
{
    struct mapping mapping;
    begin(&mapping, arrive_and_throw_when_asked, count);
    mapping.options.on_error = on_error;
    mapping.options.token = new_token(NULL);
    start(&mapping);
    futures_token_cancel(mapping.options.token, 14, NULL);
    finish(&mapping);
    assert_status(mapping.status, FUTURES_CANCELLED);
    assert_status(mapping.outcomes[0].status, FUTURES_FAILED);
    cr_assert_eq(mapping.outcomes[0].error->code, 15);
    expect_cancelled(&mapping, 1, 14);
    futures_outcomes_free(mapping.outcomes, count);
    futures_token_release(mapping.options.token);
}

Test(map_cancel, leaves_an_items_own_error_in_its_slot) /* rows 15, 19b */
{
    for (int mode = 0; mode < 3; mode++) {
        stop_with_error((futures_on_error)mode, COUNT);
        stop_with_error((futures_on_error)mode, 1);
    }
}

static void stop_by_deadline(futures_on_error on_error)
{
    struct mapping mapping;
    begin(&mapping, arrive_and_run_until_cancelled, COUNT);
    mapping.options.on_error = on_error;
    mapping.options.deadline = futures_in_ms(SOON_MS);
    mapping.task = futures_submit(mapping.outer, mapping_run, &mapping);
    finish(&mapping);
    assert_status(mapping.status, FUTURES_TIMEOUT);
    expect_cancelled(&mapping, 0, ETIMEDOUT);
    futures_outcomes_free(mapping.outcomes, COUNT);
}

Test(map_cancel, by_its_deadline_is_a_timeout) /* row 24 */
{
    stop_by_deadline(FUTURES_ON_ERROR_CANCEL);
    stop_by_deadline(FUTURES_ON_ERROR_COLLECT);
}

Test(map_cancel, is_not_what_a_deadline_that_leaves_does) /* row 24 */
{
    struct mapping mapping;
    begin(&mapping, gate_task, COUNT);
    mapping.options.deadline = futures_in_ms(SOON_MS);
    mapping.options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    mapping_run(&mapping);
    assert_status(mapping.status, FUTURES_TIMEOUT);
    cr_assert_eq(with_status(mapping.outcomes, COUNT, FUTURES_PENDING), COUNT);
    futures_outcomes_free(mapping.outcomes, COUNT);
    mapping.task = futures_submit(mapping.outer, return_arg, NULL);
    gate_open(&mapping.gate);
    futures_pool_wait(mapping.pool, FUTURES_NEVER);
    cr_assert_eq(gate_arrivals(&mapping.gate), COUNT);
    finish(&mapping);
}

Test(map_cancel, reaches_it_from_its_task)
{
    struct mapping mapping;
    begin(&mapping, arrive_and_run_until_cancelled, COUNT);
    start(&mapping);
    futures_cancel(mapping.task);
    finish(&mapping);
    assert_status(mapping.status, FUTURES_CANCELLED);
    cr_assert_eq(with_status(mapping.outcomes, COUNT, FUTURES_CANCELLED),
                 COUNT);
    futures_outcomes_free(mapping.outcomes, COUNT);
}

static void *cancel_own_token(void *arg)
{
    futures_token_cancel(futures_current_token(), 16, "by an item");
    futures_checkpoint();
    return arg;
}

Test(map_cancel, by_an_item_that_cancels_its_token)
{
    void *args[COUNT] = {NULL};
    futures_outcome outcomes[COUNT];
    futures_pool *pool = pool_of(1);
    assert_status(
        futures_map(pool, cancel_own_token, args, COUNT, outcomes, NULL),
        FUTURES_CANCELLED);
    cr_assert_eq(with_status(outcomes, COUNT, FUTURES_CANCELLED), COUNT);
    cr_assert_eq(outcomes[0].error->code, 16);
    futures_outcomes_free(outcomes, COUNT);
    futures_pool_destroy(pool);
}

static void ignore_outcome(void *context, size_t index,
                           const futures_outcome *outcome)
{
    (void)context;
    (void)index;
    (void)outcome;
}

struct descent {
    futures_pool *pool;
    futures_map_options options;
    futures_status deepest;
    futures_status slots[2]; /* of the deepest map */
    bool over;               /* one was told: nothing begins any more */
};

static void *descend(void *arg)
{
    struct descent *descent = arg;
    void *args[2] = {arg, arg};
    futures_outcome outcomes[2];
    if (descent->over)
        return NULL;
    futures_status status = futures_map(descent->pool, descend, args, 2,
                                        outcomes, &descent->options);
    if (descent->deepest == FUTURES_PENDING) {
        descent->deepest = status;
        descent->slots[0] = outcomes[0].status;
        descent->slots[1] = outcomes[1].status;
    }
    futures_outcomes_free(outcomes, 2);
    descent->over = true;
    return NULL;
}

/* As parts of tasks, as tasks, and in a window. */
Test(map_cancel, is_what_a_map_does_that_nobody_can_run) /* row 32 */
{
    for (int way = 0; way < 3; way++) {
        struct descent descent = {pool_of(1),
                                  FUTURES_MAP_OPTIONS_INIT,
                                  FUTURES_PENDING,
                                  {FUTURES_PENDING},
                                  false};
        descent.options.on_done = way == 1 ? ignore_outcome : NULL;
        descent.options.window = way == 2 ? 1 : 0;
        futures_future *task = futures_submit(descent.pool, descend, &descent);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        assert_status(descent.deepest, FUTURES_DEADLOCK);
        assert_status(descent.slots[0], FUTURES_CANCELLED);
        assert_status(descent.slots[1], FUTURES_CANCELLED);
        futures_release(task);
        futures_pool_destroy(descent.pool);
    }
}
