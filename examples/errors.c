/* What becomes of the others when one task fails: the three modes of a gather.
 * Of three tasks the second fails, and the third goes on until its gate is
 * opened or it is asked to stop.
 *
 * It prints:
 * CANCEL gave FUTURES_FAILED
 *   quick: FUTURES_OK
 *   broken: FUTURES_FAILED, disk on fire
 *   patient: FUTURES_CANCELLED
 * COLLECT gave FUTURES_FAILED
 *   quick: FUTURES_OK
 *   broken: FUTURES_FAILED, disk on fire
 *   patient: FUTURES_OK
 * LEAVE gave FUTURES_FAILED
 *   quick: FUTURES_OK
 *   broken: FUTURES_FAILED, disk on fire
 *   patient: FUTURES_PENDING
 * and at last FUTURES_OK
 */
#include <futures/futures.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void *quick(void *arg)
{
    return arg;
}

static void *broken(void *arg)
{
    (void)arg;
    futures_throw(EIO, "disk on fire");
}

/* A gather inside a task ends early when the task is asked to stop. */
static void *patient(void *arg)
{
    futures_future *gate = arg;
    futures_gather(&gate, 1, NULL, NULL);
    futures_checkpoint();
    return arg;
}

static void print(const char *name, const futures_outcome *outcome)
{
    printf("  %s: %s", name, futures_status_name(outcome->status));
    if (outcome->status == FUTURES_FAILED)
        printf(", %s", outcome->error->message);
    printf("\n");
}

static void gather(const char *mode, futures_on_error on_error,
                   futures_future *const futures[])
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_outcome outcomes[3];
    options.on_error = on_error;
    futures_status status = futures_gather(futures, 3, outcomes, &options);
    printf("%s gave %s\n", mode, futures_status_name(status));
    print("quick", &outcomes[0]);
    print("broken", &outcomes[1]);
    print("patient", &outcomes[2]);
}

static void show(futures_pool *pool, const char *mode,
                 futures_on_error on_error)
{
    futures_future *gate = futures_promise(NULL, NULL);
    futures_future *futures[3];
    futures[0] = futures_submit(pool, quick, NULL);
    /* So that the first is not cancelled by the second: begun after it. */
    futures[1] = futures_then(pool, &futures[0], 1, broken, NULL);
    futures[2] = futures_submit(pool, patient, gate);

    if (on_error == FUTURES_ON_ERROR_COLLECT)
        futures_resolve(gate, NULL);
    gather(mode, on_error, futures);
    if (on_error == FUTURES_ON_ERROR_LEAVE) {
        futures_resolve(gate, NULL);
        futures_status last = futures_wait(futures[2], FUTURES_NEVER);
        printf("and at last %s\n", futures_status_name(last));
    }
    futures_release_all(futures, 3);
    futures_release(gate);
}

int main(void)
{
    futures_pool_options two_workers = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    two_workers.workers = 2; /* one may be patient, and one still fails */
    if (futures_pool_create(&pool, &two_workers) != FUTURES_OK)
        return EXIT_FAILURE;
    show(pool, "CANCEL", FUTURES_ON_ERROR_CANCEL);
    show(pool, "COLLECT", FUTURES_ON_ERROR_COLLECT);
    show(pool, "LEAVE", FUTURES_ON_ERROR_LEAVE);
    futures_pool_destroy(pool);
    return EXIT_SUCCESS;
}
