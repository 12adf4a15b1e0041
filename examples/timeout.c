/* Deadlines: of one task, and of a gather that cancels what is late or leaves
 * it alone. A deadline is a moment, so several waits can share one.
 *
 * It prints:
 * a task of its own deadline: FUTURES_CANCELLED, late: yes
 * a gather that leaves what is late: FUTURES_TIMEOUT
 *   quick: FUTURES_OK
 *   stuck: FUTURES_PENDING
 * a gather that cancels it: FUTURES_TIMEOUT
 *   quick: FUTURES_OK
 *   stuck: FUTURES_CANCELLED
 */
#include <futures/futures.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void *quick(void *arg)
{
    return arg;
}

/* Until it is asked to stop; without the checkpoint it would end OK. */
static void *stuck(void *arg)
{
    futures_sleep(FUTURES_NEVER);
    futures_checkpoint();
    return arg;
}

static void show_task(futures_pool *pool)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.deadline = futures_in_ms(20);
    futures_future *late = futures_submit_with(pool, stuck, NULL, &options);
    futures_status status = futures_wait(late, FUTURES_NEVER);
    const futures_error *why = futures_error_of(late);
    printf("a task of its own deadline: %s, late: %s\n",
           futures_status_name(status),
           why != NULL && why->code == ETIMEDOUT ? "yes" : "no");
    futures_release(late);
}

static void show_gather(const char *title, futures_future *const futures[2],
                        futures_on_timeout on_timeout)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_outcome outcomes[2];
    options.deadline = futures_in_ms(20);
    options.on_timeout = on_timeout;
    futures_status status = futures_gather(futures, 2, outcomes, &options);
    printf("%s: %s\n", title, futures_status_name(status));
    printf("  quick: %s\n", futures_status_name(outcomes[0].status));
    printf("  stuck: %s\n", futures_status_name(outcomes[1].status));
}

int main(void)
{
    futures_pool *pool;
    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return EXIT_FAILURE;
    show_task(pool);

    futures_future *futures[] = {futures_submit(pool, quick, NULL),
                                 futures_submit(pool, stuck, NULL)};
    futures_wait(futures[0], FUTURES_NEVER); /* quick enough on any machine */
    show_gather("a gather that leaves what is late", futures,
                FUTURES_ON_TIMEOUT_LEAVE);
    show_gather("a gather that cancels it", futures,
                FUTURES_ON_TIMEOUT_CANCEL);

    futures_release_all(futures, 2);
    futures_pool_destroy(pool);
    return EXIT_SUCCESS;
}
