/* row 51: memory, or the timer thread, fails in what begins later. The answer
 * is NOMEM or SYSTEM, as the future's end where the task was accepted before;
 * arg_free has run for each, and the pool is as it was. */
#include "support/test.h"

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { MANY = 100, LINKS = 40, FAR_MS = 3600 * 1000 };

struct scene {
    futures_pool *pool;
    futures_future *promise;
    futures_future *thens[MANY];
    struct counted counted;
};

static void begin(struct scene *scene)
{
    *scene = (struct scene){.pool = pool_of(1),
                            .promise = futures_promise(NULL, NULL)};
    expect(scene->pool != NULL);
}

/* All have ended; what ran and what was refused is all there is. */
static void end(struct scene *scene, int count, bool met)
{
    futures_stats stats = FUTURES_STATS_INIT;
    int ok = 0;
    for (int i = 0; i < count; i++) {
        futures_status status = futures_wait(scene->thens[i], FUTURES_NEVER);
        expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
        ok += status == FUTURES_OK;
        futures_release(scene->thens[i]);
    }
    expect(atomic_load(&scene->counted.arg_freed) == count);
    expect(atomic_load(&scene->counted.ran) == ok);
    futures_release(scene->promise);
    expect(futures_pool_wait(scene->pool, FUTURES_NEVER) == FUTURES_OK);
    expect(futures_pool_stats(scene->pool, &stats) == FUTURES_OK);
    expect(stats.queued == 0 && stats.running == 0);
    expect(stats.submitted == (uint64_t)ok && stats.ok == (uint64_t)ok);
    futures_pool_destroy(scene->pool);
}

static futures_future *then(struct scene *scene, futures_future *after)
{
    futures_task_options options = counted_options();
    return futures_then_with(scene->pool, &after, 1, counted_run,
                             &scene->counted, &options);
}

static void make_many(void)
{
    static struct scene scene;
    begin(&scene);
    sweep_begin();
    for (int i = 0; i < MANY; i++)
        scene.thens[i] = then(&scene, scene.promise);
    bool met = sweep_end();
    futures_resolve(scene.promise, NULL);
    end(&scene, MANY, met);
}

/* row 51 */
Test(no_memory, for_what_begins_later_refuses_it)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_many), 0);
}

static void make_many_ready(void)
{
    static struct scene scene;
    begin(&scene);
    for (int i = 0; i < MANY; i++)
        scene.thens[i] = then(&scene, scene.promise);
    sweep_begin();
    futures_resolve(scene.promise, NULL);
    bool met = sweep_end();
    end(&scene, MANY, met);
}

/* row 51 */
Test(no_memory, for_what_becomes_ready_ends_it)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_many_ready), 0);
}

/* The end of each that finds no memory makes the next one ready. */
static void make_chain_ready(void)
{
    static struct scene scene;
    begin(&scene);
    for (int i = 0; i < LINKS; i++)
        scene.thens[i] =
            then(&scene, i > 0 ? scene.thens[i - 1] : scene.promise);
    sweep_begin();
    futures_resolve(scene.promise, NULL);
    futures_wait(scene.thens[LINKS - 1], FUTURES_NEVER);
    bool met = sweep_end();
    end(&scene, LINKS, met);
}

/* row 51 */
Test(no_memory, for_a_chain_ends_link_by_link)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_chain_ready), 0);
}

static void make_times(futures_status refused)
{
    futures_pool *pool = pool_of(1);
    futures_time far = futures_in_ms(FAR_MS);
    sweep_begin();
    futures_future *time = futures_after(NULL, far, NULL, NULL);
    futures_future *task = futures_after(pool, far, return_arg, NULL);
    bool met = sweep_end();
    futures_status statuses[] = {futures_poll(time), futures_poll(task)};
    for (int i = 0; i < 2; i++)
        expect(statuses[i] == FUTURES_PENDING ||
               (met && statuses[i] == refused));
    expect((statuses[0] == refused || statuses[1] == refused) == met);
    futures_cancel(time);
    futures_release(time);
    futures_release(task);
    futures_pool_destroy(pool);
}

static void make_times_without_memory(void)
{
    make_times(FUTURES_NOMEM);
}

static void make_times_without_thread(void)
{
    make_times(FUTURES_SYSTEM);
}

/* row 51 */
Test(no_memory, for_a_time_refuses_it)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_times_without_memory), 0);
}

/* row 51 */
Test(no_thread, for_a_time_refuses_it)
{
    cr_assert_gt(sweep(FAULT_THREAD, make_times_without_thread), 0);
}

static void make_with_deadline(void)
{
    static struct scene scene;
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(FAR_MS);
    begin(&scene);
    sweep_begin();
    scene.thens[0] = futures_then_with(scene.pool, &scene.promise, 1,
                                       counted_run, &scene.counted, &options);
    bool met = sweep_end();
    expect(futures_poll(scene.thens[0]) ==
           (met ? FUTURES_SYSTEM : FUTURES_PENDING));
    expect(atomic_load(&scene.counted.arg_freed) == met);
    futures_cancel(scene.thens[0]);
    futures_release(scene.thens[0]);
    futures_release(scene.promise);
    futures_pool_destroy(scene.pool);
}

/* row 51 */
Test(no_thread, for_the_deadline_of_what_begins_later_refuses_it)
{
    cr_assert_gt(sweep(FAULT_THREAD, make_with_deadline), 0);
}
