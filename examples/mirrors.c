/* The first mirror that answers wins; the others are stopped. If none does,
 * the errors say why.
 *
 * It prints:
 * mirror 1 answered: hello from fast
 * the slow one: FUTURES_CANCELLED
 * none answered: FUTURES_FAILED
 *   down: connection refused
 *   gone: connection refused
 */
#include <futures/futures.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct mirror {
    const char *name;
    enum { ANSWERS, HANGS, REFUSES } behaviour;
    char text[32];
};

static void *fetch(void *arg)
{
    struct mirror *mirror = arg;
    if (mirror->behaviour == REFUSES)
        return futures_fail(ECONNREFUSED, "connection refused");
    if (mirror->behaviour == HANGS)
        futures_sleep(FUTURES_NEVER);
    futures_checkpoint();
    snprintf(mirror->text, sizeof mirror->text, "hello from %s", mirror->name);
    return mirror->text;
}

static void ask_three(futures_pool *pool)
{
    struct mirror mirrors[] = {
        {"slow", HANGS, ""}, {"fast", ANSWERS, ""}, {"down", REFUSES, ""}};
    futures_future *futures[3];
    size_t winner;
    for (int i = 0; i < 3; i++)
        futures[i] = futures_submit(pool, fetch, &mirrors[i]);
    if (futures_any(futures, 3, &winner, NULL) == FUTURES_OK)
        printf("mirror %zu answered: %s\n", winner,
               (char *)futures_value(futures[winner]));
    printf("the slow one: %s\n",
           futures_status_name(futures_poll(futures[0])));
    futures_release_all(futures, 3);
}

static void ask_two(futures_pool *pool)
{
    struct mirror mirrors[] = {{"down", REFUSES, ""}, {"gone", REFUSES, ""}};
    futures_future *futures[2];
    for (int i = 0; i < 2; i++)
        futures[i] = futures_submit(pool, fetch, &mirrors[i]);
    futures_status status = futures_any(futures, 2, NULL, NULL);
    printf("none answered: %s\n", futures_status_name(status));
    for (int i = 0; i < 2; i++)
        printf("  %s: %s\n", mirrors[i].name,
               futures_error_of(futures[i])->message);
    futures_release_all(futures, 2);
}

int main(void)
{
    futures_pool_options two_workers = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    two_workers.workers = 2; /* one may hang, and the other still answers */
    if (futures_pool_create(&pool, &two_workers) != FUTURES_OK)
        return EXIT_FAILURE;
    ask_three(pool);
    ask_two(pool);
    futures_pool_destroy(pool);
    return EXIT_SUCCESS;
}
