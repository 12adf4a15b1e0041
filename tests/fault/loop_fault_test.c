/* row 51: no memory for a loop or a map: NOMEM and nothing has run, or it goes
 * on without; for errors of items: their codes are kept. */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { COUNT = 40, MANY_WORKERS = 20 };

static void count_parts(void *counter, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    count_one(counter);
}

static void expect_pool_works(futures_pool *pool)
{
    atomic_int ran = 0;
    expect(futures_for(pool, 0, COUNT, 1, count_parts, &ran) == FUTURES_OK);
    expect(atomic_load(&ran) == COUNT);
}

static void loop_on(unsigned workers)
{
    atomic_int ran = 0;
    futures_pool *pool = pool_of(workers);
    sweep_begin();
    futures_status status = futures_for(pool, 0, COUNT, 1, count_parts, &ran);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    expect(atomic_load(&ran) == (status == FUTURES_OK ? COUNT : 0));
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

static void loop_on_few(void)
{
    loop_on(2);
}

static void loop_on_many(void)
{
    loop_on(MANY_WORKERS);
}

/* row 51 */
Test(no_memory, for_a_loop)
{
    cr_assert_gt(sweep(FAULT_MEMORY, loop_on_few), 0);
    cr_assert_gt(sweep(FAULT_MEMORY, loop_on_many), 0);
}

static void *loop_in_a_task(void *arg)
{
    atomic_int ran = 0;
    sweep_begin();
    futures_status status =
        futures_for(futures_current_pool(), 0, COUNT, 1, count_parts, &ran);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    expect(atomic_load(&ran) == (status == FUTURES_OK ? COUNT : 0));
    return arg;
}

static void loop_inside(void)
{
    futures_pool *pool = pool_of(MANY_WORKERS);
    futures_future *task = futures_submit(pool, loop_in_a_task, NULL);
    expect(futures_wait(task, FUTURES_NEVER) == FUTURES_OK);
    futures_release(task);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_loop_in_a_task)
{
    cr_assert_gt(sweep(FAULT_MEMORY, loop_inside), 0);
}

static void *note_and_throw_odd(void *arg)
{
    int index = *(int *)arg;
    if (index % 2 == 1)
        futures_throw(index, "item %d", index);
    return arg;
}

/* Each slot says what its item did, or what the map was refused for. */
static void expect_outcomes(const futures_outcome outcomes[], int indices[],
                            futures_status status)
{
    for (int i = 0; i < COUNT; i++) {
        if (status != FUTURES_FAILED) {
            expect(outcomes[i].status == status);
            expect(outcomes[i].error == NULL);
        } else if (i % 2 == 1) {
            expect(outcomes[i].status == FUTURES_FAILED);
            expect(outcomes[i].error->code == i);
        } else {
            expect(outcomes[i].status == FUTURES_OK);
            expect(outcomes[i].value == &indices[i]);
        }
    }
}

static void map_with(bool blind)
{
    static int indices[COUNT];
    void *args[COUNT];
    futures_outcome outcomes[COUNT];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < COUNT; i++) {
        indices[i] = i;
        args[i] = &indices[i];
    }
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    sweep_begin();
    futures_status status = futures_map(pool, note_and_throw_odd, args, COUNT,
                                        blind ? NULL : outcomes, &options);
    bool met = sweep_end();
    expect(status == FUTURES_FAILED || (met && status == FUTURES_NOMEM));
    if (!blind) {
        expect_outcomes(outcomes, indices, status);
        futures_outcomes_free(outcomes, COUNT);
    }
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

static void map_shared(void)
{
    map_with(false);
}

static void map_blind(void)
{
    map_with(true);
}

/* row 51 */
Test(no_memory, for_a_map_and_its_errors)
{
    cr_assert_gt(sweep(FAULT_MEMORY, map_shared), 0);
    cr_assert_gt(sweep(FAULT_MEMORY, map_blind), 0);
}

static void *throw_strange_code(void *arg)
{
    futures_throw(*(int *)arg, "strange");
}

static void map_strange_code(void)
{
    int code = 123456;
    void *arg = &code;
    futures_outcome outcome;
    futures_pool *pool = pool_of(1);
    sweep_begin();
    futures_status status =
        futures_map(pool, throw_strange_code, &arg, 1, &outcome, NULL);
    bool met = sweep_end();
    expect(status == FUTURES_FAILED || (met && status == FUTURES_NOMEM));
    if (status == FUTURES_FAILED)
        expect(outcome.error->code == code ||
               (met && outcome.error->code == ENOMEM));
    futures_outcomes_free(&outcome, 1);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_an_error_whose_code_is_not_of_errno)
{
    cr_assert_gt(sweep(FAULT_MEMORY, map_strange_code), 0);
}

enum { DEEP = 100, BAD = 7 };

static atomic_int calls_made;

/* Deep enough for the deque to grow. */
static void *join_deep(void *arg)
{
    int depth = *(int *)arg;
    int below = depth - 1;
    futures_outcome outcomes[2];
    futures_call calls[] = {{join_deep, &below}, {count_task, &calls_made}};
    if (depth == 0)
        futures_throw(BAD, "at the bottom");
    futures_status status =
        futures_join(futures_current_pool(), calls, 2, outcomes);
    expect(status == (depth == 1 ? FUTURES_FAILED : FUTURES_OK));
    if (depth == 1)
        expect(outcomes[0].error->code == BAD);
    futures_outcomes_free(outcomes, 2);
    return arg;
}

static void join_with(unsigned workers)
{
    int depth = DEEP;
    futures_outcome outcome;
    futures_call call = {join_deep, &depth};
    futures_pool *pool = pool_of(workers);
    atomic_store(&calls_made, 0);
    sweep_begin();
    futures_status status = futures_join(pool, &call, 1, &outcome);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    expect(outcome.status == status);
    expect(outcome.error == NULL);
    if (workers == 1)
        expect(atomic_load(&calls_made) ==
               (status == FUTURES_OK ? DEEP - 1 : 0));
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

static void join_alone(void)
{
    join_with(1);
}

static void join_shared(void)
{
    join_with(2);
}

/* row 51 */
Test(no_memory, for_a_join_and_its_errors)
{
    cr_assert_gt(sweep(FAULT_MEMORY, join_alone), 0);
    cr_assert_gt(sweep(FAULT_MEMORY, join_shared), 0);
}

static void no_word(void *context, size_t index,
                    const futures_outcome *outcome)
{
    (void)context;
    (void)index;
    (void)outcome;
}

static void map_each(void)
{
    static int indices[COUNT];
    void *args[COUNT];
    futures_outcome outcomes[COUNT];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < COUNT; i++) {
        indices[i] = i;
        args[i] = &indices[i];
    }
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.on_done = no_word;
    sweep_begin();
    futures_status status =
        futures_map(pool, note_and_throw_odd, args, COUNT, outcomes, &options);
    bool met = sweep_end();
    expect(status == FUTURES_FAILED || (met && status == FUTURES_NOMEM));
    for (int i = 1; i < COUNT; i += 2)
        if (outcomes[i].status == FUTURES_FAILED)
            expect(outcomes[i].error->code == i);
    futures_outcomes_free(outcomes, COUNT);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_map_that_tells_of_each)
{
    cr_assert_gt(sweep(FAULT_MEMORY, map_each), 0);
}
