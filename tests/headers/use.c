/* Valid C11 and C++17: every INIT macro, its function twin, and a call that
 * must link in both languages. */
#include <futures/futures.h>

#include <stdio.h>
#include <string.h>

/* INIT and the function twin agree to the byte: padding is zero in both, since
 * a static object starts from zeroes. */
#define CHECK(type, init, NAME)                                  \
    do {                                                         \
        static type by_macro = NAME;                             \
        type by_call;                                            \
        init(&by_call, sizeof by_call);                          \
        if (memcmp(&by_macro, &by_call, sizeof by_call) != 0) {  \
            fprintf(stderr, "%s and %s differ\n", #NAME, #init); \
            return 1;                                            \
        }                                                        \
    } while (0)

static void *same(void *arg)
{
    return arg;
}

int main(void)
{
    futures_pool *pool = NULL;
    futures_future *future;
    futures_status status;
    int answer = 42;

    CHECK(futures_pool_options, futures_pool_options_init,
          FUTURES_POOL_OPTIONS_INIT);
    CHECK(futures_task_options, futures_task_options_init,
          FUTURES_TASK_OPTIONS_INIT);
    CHECK(futures_gather_options, futures_gather_options_init,
          FUTURES_GATHER_OPTIONS_INIT);
    CHECK(futures_map_options, futures_map_options_init,
          FUTURES_MAP_OPTIONS_INIT);
    CHECK(futures_promise_options, futures_promise_options_init,
          FUTURES_PROMISE_OPTIONS_INIT);
    CHECK(futures_stats, futures_stats_init, FUTURES_STATS_INIT);

    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return 1;
    future = futures_submit(pool, same, &answer);
    status = futures_gather(&future, 1, NULL, NULL);
    if (status != FUTURES_OK || futures_value(future) != &answer)
        return 1;
    futures_release(future);
    futures_pool_destroy(pool);
    return 0;
}
