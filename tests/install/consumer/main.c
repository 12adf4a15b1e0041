/* Runs one task through the installed library, whose version is that of the
 * installed headers. */
#include <futures/futures.h>

#include <stdio.h>
#include <string.h>

static void *same(void *arg)
{
    return arg;
}

int main(void)
{
    char version[32];
    futures_pool *pool;
    futures_future *future;
    futures_outcome outcome;
    int value = 1;

    snprintf(version, sizeof version, "%d.%d.%d", FUTURES_VERSION_MAJOR,
             FUTURES_VERSION_MINOR, FUTURES_VERSION_PATCH);
    if (strcmp(version, futures_version()) != 0)
        return 1;
    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return 1;
    future = futures_submit(pool, same, &value);
    if (futures_gather(&future, 1, &outcome, NULL) != FUTURES_OK)
        return 1;
    if (outcome.value != &value)
        return 1;
    futures_release(future);
    futures_pool_destroy(pool);
    return 0;
}
