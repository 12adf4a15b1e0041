/* row 51: malloc fails at the k-th call, for every k, in futures_pool_dump:
 * it writes nothing then, and says so. */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

static void *wait_for(void *promise)
{
    futures_wait(promise, FUTURES_NEVER);
    return promise;
}

static void dump_one_that_waits(void)
{
    static char buffer[1 << 16]; /* so that the stream needs none */
    futures_stats stats = FUTURES_STATS_INIT;
    FILE *file = fopen("/dev/null", "w");
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *task = futures_submit(pool, wait_for, promise);
    while (stats.waiting == 0) {
        nap_ms(1);
        futures_pool_stats(pool, &stats);
    }
    setvbuf(file, buffer, _IOFBF, sizeof buffer);
    sweep_begin();
    errno = 0;
    futures_status status = futures_pool_dump(pool, file);
    int error = errno;
    bool met = sweep_end();
    expect(status == FUTURES_OK ||
           (met && status == FUTURES_SYSTEM && error == ENOMEM));
    expect(futures_pool_dump(pool, file) == FUTURES_OK);
    futures_resolve(promise, NULL);
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    futures_release(promise);
    futures_pool_destroy(pool);
    fclose(file);
}

Test(no_memory, for_a_dump)
{
    cr_assert_gt(sweep(FAULT_MEMORY, dump_one_that_waits), 0);
}
