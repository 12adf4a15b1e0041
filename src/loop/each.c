/* See each.h. The futures are gone at the return, so values are moved out of
 * them and errors kept. */
#include "loop/each.h"

#include <pthread.h>

#include "base/alloc.h"
#include "combine/gather.h"
#include "core/error.h"

struct each {
    futures_future **futures;
    size_t count;
};

static void dismiss(void *context)
{
    struct each *each = context;

    futures_release_all(each->futures, each->count);
    fut_free(each->futures);
}

/* Gather never began, or could not go on. */
static bool gave_up(futures_status status)
{
    return status == FUTURES_NOMEM || status == FUTURES_DEADLOCK ||
           status == FUTURES_FORKED;
}

/* So that nothing runs on that the outcomes do not tell of. */
static void stop_all(const struct each *each)
{
    for (size_t i = 0; i < each->count; i++) {
        (void)futures_cancel(each->futures[i]);
    }
    for (size_t i = 0; i < each->count; i++) {
        fut_wait_through(each->futures[i]);
    }
}

static void read_again(const struct each *each, futures_outcome outcomes[])
{
    for (size_t i = 0; i < each->count; i++) {
        outcomes[i].status = futures_poll(each->futures[i]);
        outcomes[i].error = futures_error_of(each->futures[i]);
    }
}

static void move_out(const struct each *each, futures_outcome outcomes[])
{
    for (size_t i = 0; i < each->count; i++) {
        futures_outcome *outcome = &outcomes[i];

        outcome->value = outcome->status == FUTURES_OK
                             ? futures_take(each->futures[i])
                             : NULL;
        outcome->error = fut_error_keep(outcome->error);
    }
}

static futures_status gather(const struct each *each,
                             futures_outcome outcomes[],
                             const futures_gather_options *options)
{
    futures_status status =
        futures_gather(each->futures, each->count, outcomes, options);

    if (gave_up(status)) {
        stop_all(each);
        if (outcomes != NULL) {
            read_again(each, outcomes);
        }
    }
    if (outcomes != NULL) {
        move_out(each, outcomes);
    }
    return status;
}

futures_status fut_each_run(futures_pool *pool, futures_fn fn,
                            void *const args[], size_t count,
                            futures_outcome outcomes[],
                            const futures_gather_options *options,
                            bool *submitted)
{
    struct each each = {fut_alloc(count, sizeof(futures_future *)), count};
    futures_status status = FUTURES_NOMEM;

    *submitted = false;
    if (each.futures == NULL) {
        return status;
    }
    pthread_cleanup_push(dismiss, &each);
    status = futures_submit_all(pool, fn, args, count, each.futures, NULL);
    if (status == FUTURES_OK) {
        *submitted = true;
        status = gather(&each, outcomes, options);
    }
    pthread_cleanup_pop(1);
    return status;
}
