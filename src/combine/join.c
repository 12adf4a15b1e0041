/* Join: in a task of the pool on the spot; from elsewhere in a task for it. */
#include <futures/join.h>

#include "combine/fork.h"
#include "combine/gather.h"
#include "combine/pair.h"
#include "core/cancel.h"

/* In a task of the pool. */
static futures_status join_here(struct fut_run *run,
                                const futures_call calls[], size_t count,
                                futures_outcome outcomes[])
{
    struct fut_fork fork;
    unsigned bad;

    if (count == 2 && fut_pair_fits(run)) {
        return fut_pair_run(run, calls, outcomes);
    }
    fut_fork_init(&fork, run, calls, outcomes);
    fut_fork_run(&fork, 0, count);
    bad = load_acquire(&fork.first_bad);
    if (bad != FUTURES_OK && fut_cancel_is_asked(run)) {
        return FUTURES_CANCELLED;
    }
    return (futures_status)bad;
}

/* From outside: one task that joins. */
struct request {
    const futures_call *calls;
    size_t count;
    futures_outcome *outcomes;
    futures_status status; /* PENDING: it did not begin */
};

static void *run_request(void *arg)
{
    struct request *request = arg;

    request->status = FUTURES_FAILED; /* as its thread may exit */
    request->status = join_here(fut_self_task(), request->calls,
                                request->count, request->outcomes);
    return NULL;
}

/* Its request lies on this stack: it has ended when this returns. */
static futures_status wait_for(futures_future *task)
{
    if (futures_gather(&task, 1, NULL, NULL) == FUTURES_DEADLOCK) {
        (void)futures_cancel(task);
    }
    fut_wait_through(task);
    return futures_poll(task);
}

static void fill(futures_outcome outcomes[], size_t count,
                 futures_status status)
{
    for (size_t i = 0; outcomes != NULL && i < count; i++) {
        outcomes[i].status = status;
        outcomes[i].value = NULL;
        outcomes[i].error = NULL;
    }
}

static futures_status join_there(futures_pool *pool,
                                 const futures_call calls[], size_t count,
                                 futures_outcome outcomes[])
{
    struct request request = {calls, count, outcomes, FUTURES_PENDING};
    futures_future *task = futures_submit(pool, run_request, &request);
    futures_status ended;

    ended = wait_for(task);
    if (request.status == FUTURES_PENDING) {
        fill(outcomes, count, ended);
        request.status = ended;
    } else {
        /* That its thread exited is in a call's outcome. */
        (void)futures_error_of(task);
    }
    futures_release(task);
    return request.status;
}

static bool are_valid(const futures_call calls[], size_t count)
{
    if (calls == NULL) {
        return count == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (calls[i].fn == NULL) {
            return false;
        }
    }
    return true;
}

futures_status futures_join(futures_pool *pool, const futures_call calls[],
                            size_t count, futures_outcome outcomes[])
{
    struct fut_run *run = fut_self_task();

    if (pool == NULL || !are_valid(calls, count)) {
        return FUTURES_INVALID;
    }
    if (count == 0) {
        return FUTURES_OK;
    }
    if (run != NULL && run->future->pool == pool) {
        return join_here(run, calls, count, outcomes);
    }
    return join_there(pool, calls, count, outcomes);
}
