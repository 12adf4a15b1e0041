/* row 50: fork with a busy pool. In the child the pool belongs to the parent:
 * what would submit or wait says FORKED at once, what has ended still reads,
 * letting go never blocks, and new pools work. The child says by its exit
 * status which of its numbered checks did not hold. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/helpers.h"

struct scene {
    futures_pool *pool;
    struct gate gate;
    futures_future *ended;
    futures_future *queued;
    futures_future *running;
    futures_future *promise;
    futures_token *token;
    futures_queue *events; /* two were added, one has ended */
};

static void scene_init(struct scene *scene)
{
    gate_init(&scene->gate);
    scene->pool = pool_of(1);
    scene->ended = futures_submit(scene->pool, return_arg, scene);
    futures_wait(scene->ended, FUTURES_NEVER);
    scene->running = futures_submit(scene->pool, gate_task, &scene->gate);
    gate_await_arrivals(&scene->gate, 1);
    scene->queued = futures_submit(scene->pool, return_arg, scene);
    scene->promise = futures_promise(NULL, NULL);
    futures_token_create(&scene->token, NULL, FUTURES_NEVER);
    futures_queue_create(&scene->events);
    futures_queue_add(scene->events, scene->ended, NULL);
    futures_queue_add(scene->events, scene->promise, NULL);
}

/* The parent is unaffected: all that it had goes on. */
static void scene_end(struct scene *scene)
{
    gate_open(&scene->gate);
    cr_assert_eq(futures_wait(scene->running, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_wait(scene->queued, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(scene->queued), (void *)scene);
    cr_assert_eq(futures_resolve(scene->promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_queue_length(scene->events), 2);
    futures_queue_destroy(scene->events);
    futures_release(scene->running);
    futures_release(scene->queued);
    futures_release(scene->ended);
    futures_release(scene->promise);
    futures_token_release(scene->token);
    futures_pool_destroy(scene->pool);
    gate_destroy(&scene->gate);
}

static void check_in_child(void (*fn)(void *))
{
    struct scene scene;
    scene_init(&scene);
    struct child child = child_run(fn, &scene);
    cr_assert_eq(child_exit_status(&child), 0, "check %d: %s",
                 child_exit_status(&child), child.printed);
    scene_end(&scene);
}

static void read_ended(void *arg)
{
    struct scene *scene = arg;
    child_expect(1, futures_poll(scene->ended) == FUTURES_OK);
    child_expect(2, futures_value(scene->ended) == (void *)scene);
    child_expect(3, futures_wait(scene->ended, FUTURES_NEVER) == FUTURES_OK);
    child_expect(4, futures_cancel(scene->ended) == FUTURES_OK);
    child_expect(5, futures_poll(scene->queued) == FUTURES_PENDING);
    child_expect(6,
                 futures_gather(&scene->ended, 1, NULL, NULL) == FUTURES_OK);
    child_expect(7, futures_pool_workers(scene->pool) == 1);
    child_expect(8, !futures_token_cancelled(scene->token));
}

Test(forked, what_has_ended_still_reads)
{
    check_in_child(read_ended);
}

static void wait_for_pending(void *arg)
{
    struct scene *scene = arg;
    futures_future *mixed[2] = {scene->ended, scene->queued};
    futures_outcome outcomes[2];
    child_expect(1,
                 futures_wait(scene->queued, FUTURES_NEVER) == FUTURES_FORKED);
    child_expect(2, futures_wait(scene->running, FUTURES_NEVER) ==
                        FUTURES_FORKED);
    child_expect(3,
                 futures_gather(mixed, 2, outcomes, NULL) == FUTURES_FORKED);
    child_expect(4, futures_cancel(scene->queued) == FUTURES_FORKED);
    child_expect(5, futures_cancel(scene->running) == FUTURES_FORKED);
    child_expect(6, futures_wait(scene->promise, FUTURES_NEVER) ==
                        FUTURES_FORKED);
    child_expect(7, futures_cancel(scene->promise) == FUTURES_FORKED);
    child_expect(8, futures_poll(scene->queued) == FUTURES_PENDING);
}

Test(forked, a_wait_for_what_the_parent_runs_answers_at_once)
{
    check_in_child(wait_for_pending);
}

static void never(void *arg, futures_future *future)
{
    (void)arg;
    (void)future;
    _exit(99);
}

static void hook_pending(void *arg)
{
    struct scene *scene = arg;
    futures_hook hooks[2];
    child_expect(1, futures_on_done(scene->queued, &hooks[0], never, NULL) ==
                        FUTURES_FORKED);
    child_expect(2, futures_on_done(scene->promise, &hooks[1], never, NULL) ==
                        FUTURES_FORKED);
}

Test(forked, a_callback_on_what_the_parent_runs_is_refused)
{
    check_in_child(hook_pending);
}

static void submit_in_child(void *arg)
{
    struct scene *scene = arg;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    void *args[2] = {&counted, &counted};
    futures_future *futures[2] = {NULL, NULL};
    futures_future *future =
        futures_submit_with(scene->pool, counted_run, &counted, &options);
    child_expect(1, futures_poll(future) == FUTURES_FORKED);
    child_expect(2, atomic_load(&counted.arg_freed) == 1);
    futures_release(future);
    child_expect(3, futures_submit_detached(scene->pool, counted_run, &counted,
                                            &options) == FUTURES_FORKED);
    child_expect(4, futures_submit_all(scene->pool, counted_run, args, 2,
                                       futures, &options) == FUTURES_FORKED);
    child_expect(5, futures[0] == NULL && futures[1] == NULL);
    child_expect(6, atomic_load(&counted.arg_freed) == 4);
    child_expect(7, atomic_load(&counted.ran) == 0);
}

Test(forked, every_submit_is_refused_and_frees_its_argument)
{
    check_in_child(submit_in_child);
}

static void use_parents_pool(void *arg)
{
    struct scene *scene = arg;
    futures_stats stats = FUTURES_STATS_INIT;
    child_expect(1, futures_pool_wait(scene->pool, FUTURES_NEVER) ==
                        FUTURES_FORKED);
    child_expect(2, futures_pool_stats(scene->pool, &stats) == FUTURES_FORKED);
    child_expect(3, futures_pool_shutdown(scene->pool, FUTURES_SHUTDOWN_CANCEL,
                                          FUTURES_NEVER) == FUTURES_FORKED);
    child_expect(4, futures_pool_shutdown(scene->pool, FUTURES_SHUTDOWN_DRAIN,
                                          FUTURES_POLL) == FUTURES_FORKED);
    futures_pool_destroy(scene->pool);
}

Test(forked, the_parents_pool_can_be_neither_waited_for_nor_shut_down)
{
    check_in_child(use_parents_pool);
}

static void let_go(void *arg)
{
    struct scene *scene = arg;
    futures_release(scene->running);
    futures_release(scene->queued);
    futures_release(scene->ended);
    futures_release(scene->promise);
    futures_token_release(scene->token);
    futures_pool_destroy(scene->pool);
}

Test(forked, letting_go_never_blocks)
{
    check_in_child(let_go);
}

static void *resolve_it(void *promise)
{
    futures_resolve(promise, promise);
    return promise;
}

static void make_new_pool(void *arg)
{
    struct counted counted = {0};
    (void)arg;
    futures_pool *pool = pool_of(2);
    child_expect(1, pool != NULL);
    futures_task_options options = counted_options();
    futures_future *futures[3];
    futures[0] = futures_submit_with(pool, counted_run, &counted, &options);
    futures[1] = futures_promise(NULL, NULL);
    futures[2] = futures_submit(pool, resolve_it, futures[1]);
    child_expect(2, futures_gather(futures, 3, NULL, NULL) == FUTURES_OK);
    options.deadline = futures_in_ms(5);
    futures_future *late =
        futures_submit_with(pool, run_until_cancelled, &counted, &options);
    child_expect(3, futures_wait(late, FUTURES_NEVER) == FUTURES_CANCELLED);
    futures_release_all(futures, 3);
    futures_release(late);
    futures_pool_destroy(pool);
    child_expect(4, atomic_load(&counted.value_freed) == 1);
}

static void use_the_parents_queue(void *arg)
{
    struct scene *scene = arg;
    futures_ended ended;
    child_expect(1, futures_queue_add(scene->events, scene->promise, NULL) ==
                        FUTURES_FORKED);
    child_expect(2, futures_queue_add(scene->events, scene->ended, NULL) ==
                        FUTURES_FORKED);
    child_expect(3, futures_queue_drain(scene->events, &ended, 1) == 0);
    child_expect(4, futures_queue_length(scene->events) == 2);
    futures_queue_destroy(scene->events);
    child_expect(5, futures_queue_create(&scene->events) == FUTURES_OK);
    child_expect(6, futures_queue_add(scene->events, scene->promise, NULL) ==
                        FUTURES_FORKED);
    child_expect(7, futures_queue_add(scene->events, scene->ended, NULL) ==
                        FUTURES_OK);
    child_expect(8, futures_queue_drain(scene->events, &ended, 1) == 1);
    futures_release(ended.future);
    futures_queue_destroy(scene->events);
}

Test(forked, a_queue_of_ended_futures_is_the_parents)
{
    check_in_child(use_the_parents_queue);
}

Test(forked, new_pools_work)
{
    check_in_child(make_new_pool);
}

static void fork_again(void *arg)
{
    futures_pool *pool = pool_of(1);
    struct scene *scene = arg;
    pid_t grandchild = fork();
    if (grandchild == 0) {
        child_expect(1,
                     futures_pool_wait(pool, FUTURES_NEVER) == FUTURES_FORKED);
        child_expect(2, futures_pool_wait(scene->pool, FUTURES_NEVER) ==
                            FUTURES_FORKED);
        make_new_pool(NULL);
        _exit(0);
    }
    int status = -1;
    child_expect(11, waitpid(grandchild, &status, 0) == grandchild);
    child_expect(12, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    child_expect(13, futures_pool_wait(pool, FUTURES_NEVER) == FUTURES_OK);
    futures_pool_destroy(pool);
}

Test(forked, a_child_may_fork_again)
{
    check_in_child(fork_again);
}

static void begin_later(void *arg)
{
    struct scene *scene = arg;
    int value = 0;
    futures_pool *pool = pool_of(1);
    futures_future *then =
        futures_then(scene->pool, NULL, 0, return_arg, &value);
    child_expect(1, futures_poll(then) == FUTURES_FORKED);
    then = futures_after(scene->pool, futures_in_ms(1), return_arg, &value);
    child_expect(2, futures_poll(then) == FUTURES_FORKED);
    then = futures_then(pool, &scene->running, 1, return_arg, &value);
    child_expect(3, futures_poll(then) == FUTURES_FORKED);
    then = futures_then(pool, &scene->ended, 1, return_arg, &value);
    child_expect(4, futures_wait(then, FUTURES_NEVER) == FUTURES_OK);
    futures_release(then);
    then = futures_after(pool, futures_in_ms(1), return_arg, &value);
    child_expect(5, futures_wait(then, FUTURES_NEVER) == FUTURES_OK);
    futures_release(then);
    futures_pool_destroy(pool);
}

Test(forked, what_begins_later_belongs_to_the_child_or_is_refused)
{
    check_in_child(begin_later);
}

static void leave_by_exit(void *arg)
{
    (void)arg;
    exit(0);
}

Test(forked, exit_returns)
{
    check_in_child(leave_by_exit);
}

/* Lies in memory that parent and child share. */
struct shared {
    pid_t parent;
    atomic_int ran; /* the task that is queued behind the fork */
};

static void leave_child(void *context, unsigned worker, void *data)
{
    struct shared *shared = context;
    (void)worker;
    (void)data;
    if (getpid() != shared->parent)
        _exit(0);
}

/* The child goes back into what was a worker of its parent. */
static void *fork_inside(void *arg)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        return arg;
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? arg : NULL;
}

Test(forked, a_task_may_fork_and_the_child_runs_nothing_of_its_parents)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)shared, MAP_FAILED);
    shared->parent = getpid();
    struct gate gate;
    gate_init(&gate);
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.worker_stop = leave_child;
    options.context = shared;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, fork_inside, &gate);
    futures_submit_detached(pool, count_task, &shared->ran, NULL);
    gate_open(&gate);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&shared->ran), 1);
    munmap(shared, sizeof *shared);
    gate_destroy(&gate);
}
