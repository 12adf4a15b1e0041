/* row 42c, for futures_then: a task that waits for one that is not ready runs
 * what makes it ready, and then that one, so one worker is enough. */
#include "support/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/thread.h"
#include "combine/graph.h"
#include "support/helpers.h"

enum { LINKS = 200 };

struct scene {
    futures_pool *pool;
    futures_future *promise;
    futures_future *then;
    struct gate gate;
    atomic_int ran;
};

static void begin(struct scene *scene)
{
    *scene = (struct scene){.pool = pool_of(1),
                            .promise = futures_promise(NULL, NULL)};
    gate_init(&scene->gate);
}

static void end(struct scene *scene)
{
    futures_release(scene->promise);
    futures_pool_destroy(scene->pool);
    gate_destroy(&scene->gate);
}

/* returns  how the task on the only worker ended: 20 s are for ever */
static futures_status run(struct scene *scene, futures_fn fn)
{
    futures_future *task = futures_submit(scene->pool, fn, scene);
    futures_status status = futures_wait(task, futures_in_ms(20000));
    cr_assert_eq(status, FUTURES_OK);
    cr_assert_eq(futures_value(task), (void *)scene);
    futures_release(task);
    return status;
}

static void *wait_for_chain(void *arg)
{
    struct scene *scene = arg;
    futures_future *links[LINKS];
    links[0] = futures_submit(scene->pool, count_task, &scene->ran);
    for (int i = 1; i < LINKS; i++)
        links[i] = futures_then(scene->pool, &links[i - 1], 1, count_task,
                                &scene->ran);
    futures_status status = futures_wait(links[LINKS - 1], FUTURES_NEVER);
    futures_release_all(links, LINKS);
    return status == FUTURES_OK ? arg : NULL;
}

Test(then_help, a_worker_runs_the_chain_that_it_waits_for)
{
    struct scene scene;
    begin(&scene);
    run(&scene, wait_for_chain);
    cr_assert_eq(scene.ran, LINKS);
    end(&scene);
}

/* A chain of which one link does something to the others. */
struct row {
    futures_pool *pool;
    futures_future *links[LINKS];
    void (*act)(struct row *row);
    atomic_int ran;
    int ran_before; /* ... the wait for the last one was over */
};

enum { ACTS = LINKS / 10, CUT = LINKS / 2 };

static void *step(void *arg)
{
    struct row *row = arg;
    if (atomic_fetch_add(&row->ran, 1) == ACTS)
        row->act(row);
    return arg;
}

static void *wait_for_row(void *arg)
{
    struct row *row = arg;
    row->links[0] = futures_submit(row->pool, step, row);
    for (int i = 1; i < LINKS; i++)
        row->links[i] =
            futures_then(row->pool, &row->links[i - 1], 1, step, row);
    futures_status status = futures_wait(row->links[LINKS - 1], FUTURES_NEVER);
    row->ran_before = row->ran;
    return status == FUTURES_OK ? arg : NULL;
}

static void row_run(struct row *row, futures_status status)
{
    row->pool = pool_of(1);
    futures_future *task = futures_submit(row->pool, wait_for_row, row);
    cr_assert_eq(futures_wait(task, futures_in_ms(20000)), status);
    futures_pool_destroy(row->pool);
    futures_release(task);
    futures_release_all(row->links, LINKS);
}

static void cut(struct row *row)
{
    futures_cancel(row->links[CUT]);
}

/* What the wait does not need any more is a stranger. */
Test(then_help, a_worker_leaves_what_a_cancel_has_cut_off)
{
    struct row row = {.act = cut};
    row_run(&row, FUTURES_OK);
    cr_assert_eq(row.ran_before, ACTS + 1 + LINKS - CUT - 1);
    cr_assert_eq(row.ran, LINKS - 1);
}

static void exit_thread(struct row *row)
{
    (void)row;
    pthread_exit(NULL);
}

Test(then_help, a_worker_that_exits_in_the_chain_leaves_it_to_the_next)
{
    struct row row = {.act = exit_thread};
    row_run(&row, FUTURES_FAILED);
    cr_assert_eq(row.ran, LINKS);
}

static void *gather_thens(void *arg)
{
    struct scene *scene = arg;
    futures_future *before[2];
    futures_future *thens[2];
    for (int i = 0; i < 2; i++)
        before[i] = futures_submit(scene->pool, count_task, &scene->ran);
    for (int i = 0; i < 2; i++)
        thens[i] =
            futures_then(scene->pool, before, 2, count_task, &scene->ran);
    futures_status status = futures_gather(thens, 2, NULL, NULL);
    futures_release_all(before, 2);
    futures_release_all(thens, 2);
    return status == FUTURES_OK ? arg : NULL;
}

Test(then_help, a_worker_runs_what_the_members_of_its_gather_wait_for)
{
    struct scene scene;
    begin(&scene);
    run(&scene, gather_thens);
    cr_assert_eq(scene.ran, 4);
    end(&scene);
}

static void *wait_for_promised(void *arg)
{
    struct scene *scene = arg;
    futures_future *then =
        futures_then(scene->pool, &scene->promise, 1, count_task, &scene->ran);
    gate_pass(&scene->gate);
    futures_status status = futures_wait(then, FUTURES_NEVER);
    futures_release(then);
    return status == FUTURES_OK ? arg : NULL;
}

static bool one_waits(futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;
    return futures_pool_stats(pool, &stats) == FUTURES_OK &&
           stats.waiting == 1;
}

/* The only worker is parked: nobody else could run what becomes ready. */
Test(then_help, a_parked_worker_is_woken_for_what_becomes_ready)
{
    struct scene scene;
    begin(&scene);
    futures_future *task =
        futures_submit(scene.pool, wait_for_promised, &scene);
    gate_open(&scene.gate);
    eventually(one_waits(scene.pool));
    cr_assert_eq(futures_resolve(scene.promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(task, futures_in_ms(20000)), FUTURES_OK);
    cr_assert_eq(futures_value(task), (void *)&scene);
    futures_release(task);
    cr_assert_eq(scene.ran, 1);
    end(&scene);
}

static void *resolve(void *promise)
{
    futures_resolve(promise, NULL);
    return NULL;
}

static void *wait_at_gate(void *arg)
{
    struct scene *scene = arg;
    gate_pass(&scene->gate);
    return futures_wait(scene->then, FUTURES_NEVER) == FUTURES_OK ? arg : NULL;
}

/* The wait begins between the last look at what the task needs and its being
 * queued: the hold lock keeps the maker there. */
Test(then_help, a_worker_that_parks_while_it_becomes_ready_is_woken)
{
    struct scene scene;
    pthread_t maker;
    begin(&scene);
    scene.then =
        futures_then(scene.pool, &scene.promise, 1, count_task, &scene.ran);
    futures_future *task = futures_submit(scene.pool, wait_at_gate, &scene);
    cr_assert(gate_await_arrivals(&scene.gate, 1));
    fut_lock(&scene.pool->holds.lock);
    cr_assert_eq(pthread_create(&maker, NULL, resolve, scene.promise), 0);
    eventually(fut_graph_need(scene.then) == NULL);
    gate_open(&scene.gate);
    eventually(one_waits(scene.pool));
    fut_unlock(&scene.pool->holds.lock);
    pthread_join(maker, NULL);
    futures_status status = futures_wait(task, futures_in_ms(20000));
    cr_assert_eq(status, FUTURES_OK);
    cr_assert_eq(futures_value(task), (void *)&scene);
    futures_release(task);
    futures_release(scene.then);
    end(&scene);
}

static void *wait_until_time(void *arg)
{
    struct scene *scene = arg;
    futures_future *task =
        futures_after(scene->pool, futures_in_ms(5), count_task, &scene->ran);
    futures_status status = futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    return status == FUTURES_OK ? arg : NULL;
}

Test(then_help, a_worker_waits_for_a_task_at_a_time)
{
    struct scene scene;
    begin(&scene);
    run(&scene, wait_until_time);
    cr_assert_eq(scene.ran, 1);
    end(&scene);
}

/* So many that a look at all of them for each that is run would take minutes.
 */
enum { MANY = SLICE(100000) };

static void *gather_many(void *arg)
{
    struct scene *scene = arg;
    futures_future **before = calloc(MANY, sizeof *before);
    futures_future **thens = calloc(MANY, sizeof *thens);
    cr_assert(before != NULL && thens != NULL);
    for (int i = 0; i < MANY; i++) {
        before[i] = futures_submit(scene->pool, count_task, &scene->ran);
        thens[i] =
            futures_then(scene->pool, &before[i], 1, count_task, &scene->ran);
    }
    futures_status status = futures_gather(thens, MANY, NULL, NULL);
    futures_release_all(before, MANY);
    futures_release_all(thens, MANY);
    free(before);
    free(thens);
    return status == FUTURES_OK ? arg : NULL;
}

Test(then_help, a_worker_runs_very_many_in_time)
{
    struct scene scene;
    begin(&scene);
    run(&scene, gather_many);
    cr_assert_eq(scene.ran, 2 * MANY);
    end(&scene);
}
