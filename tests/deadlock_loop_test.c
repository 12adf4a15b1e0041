/* A loop or a map with a window cannot leave before its bodies have ended:
 * where one of them waits for the task that runs it, that body is told, and
 * the loop ends. */
#include "support/test.h"

#include "support/gathering.h"

struct looper {
    struct gate gate; /* opens once `own` is set */
    struct gate met;  /* both bodies run */
    futures_pool *pool;
    futures_future *own;
    bool body_first;
    atomic_int told;
    futures_status looped;
};

/* On the looper's own stack it is told on entry. */
static void wait_for_looper(void *context, size_t begin, size_t end)
{
    struct looper *looper = context;
    (void)end;
    if (begin > 0 && gate_arrivals(&looper->met) > 1)
        return;
    gate_pass(&looper->met);
    futures_status status = futures_wait(looper->own, FUTURES_NEVER);
    atomic_fetch_add(&looper->told, status == FUTURES_DEADLOCK);
}

static void *loop(void *arg)
{
    struct looper *looper = arg;
    gate_pass(&looper->gate);
    looper->looped =
        futures_for(looper->pool, 0, 2, 1, wait_for_looper, looper);
    return arg;
}

Test(deadlock, a_body_that_waits_for_the_loops_task_is_told)
{
    struct looper looper = {.pool = pool_of(2)};
    gate_init(&looper.gate);
    gate_init(&looper.met);
    looper.own = futures_submit(looper.pool, loop, &looper);
    gate_open(&looper.gate);
    cr_assert(gate_await_arrivals(&looper.met, 2));
    gate_open(&looper.met);
    assert_status(futures_wait(looper.own, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&looper.told), 2);
    futures_release(looper.own);
    futures_pool_destroy(looper.pool);
    gate_destroy(&looper.met);
    gate_destroy(&looper.gate);
}

struct mapper {
    struct gate gate; /* opens once `own` is set */
    futures_pool *pool;
    futures_future *own;
    size_t given;
    futures_status mapped;
    futures_status told;
};

static void *wait_for_mapper(void *arg)
{
    struct mapper *mapper = arg;
    mapper->told = futures_wait(mapper->own, FUTURES_NEVER);
    return arg;
}

/* No more comes once the first one is parked: so the map parks last. */
static bool next(void *context, void **arg)
{
    struct mapper *mapper = context;
    *arg = mapper;
    if (mapper->given++ == 0)
        return true;
    eventually(parked(mapper->pool) == 1);
    return false;
}

static void *map(void *arg)
{
    struct mapper *mapper = arg;
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    options.next = next;
    options.next_context = mapper;
    gate_pass(&mapper->gate);
    mapper->mapped = futures_map(mapper->pool, wait_for_mapper, NULL, SIZE_MAX,
                                 NULL, &options);
    return arg;
}

Test(deadlock, an_item_in_a_window_that_waits_for_the_maps_task_is_told)
{
    struct mapper mapper = {.pool = pool_of(2)};
    gate_init(&mapper.gate);
    mapper.own = futures_submit(mapper.pool, map, &mapper);
    gate_open(&mapper.gate);
    assert_status(futures_wait(mapper.own, FUTURES_NEVER), FUTURES_OK);
    assert_status(mapper.mapped, FUTURES_DEADLOCK);
    assert_status(mapper.told, FUTURES_DEADLOCK);
    futures_release(mapper.own);
    futures_pool_destroy(mapper.pool);
    gate_destroy(&mapper.gate);
}
