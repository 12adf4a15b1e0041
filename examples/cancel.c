/* Cancelling by a token: what is queued never runs, what runs stops at its
 * next checkpoint, and its cleanups see to what it holds. Each argument is
 * freed, whether its task ran or not.
 *
 * It prints:
 * copying a
 * closed a
 * freed: 2 names
 * first: FUTURES_CANCELLED, because not needed any more
 * second: FUTURES_CANCELLED, because not needed any more
 */
#include <futures/futures.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int freed;

struct name {
    char text[8];
    futures_future *started;
};

static void name_free(void *arg)
{
    atomic_fetch_add(&freed, 1);
    free(arg);
}

static struct name *name_create(char text, futures_future *started)
{
    struct name *name = malloc(sizeof *name);
    if (name == NULL)
        exit(EXIT_FAILURE);
    *name = (struct name){{text}, started};
    return name;
}

static void close_copy(void *arg)
{
    struct name *name = arg;
    printf("closed %s\n", name->text);
}

static void *copy(void *arg)
{
    struct name *name = arg;
    futures_cleanup cleanup;
    printf("copying %s\n", name->text);
    futures_defer(&cleanup, close_copy, name);
    futures_resolve(name->started, NULL);
    for (int block = 0; block < 1000000; block++) {
        futures_sleep(futures_in_ms(1)); /* the work */
        futures_checkpoint();
    }
    futures_undefer(&cleanup, true);
    return NULL;
}

static void print(const char *which, futures_future *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    const futures_error *why = futures_error_of(future);
    printf("%s: %s, because %s\n", which, futures_status_name(status),
           why != NULL ? why->message : "?");
}

int main(void)
{
    futures_pool_options one_worker = FUTURES_POOL_OPTIONS_INIT;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_pool *pool;
    one_worker.workers = 1;
    options.arg_free = name_free;
    if (futures_token_create(&options.token, NULL, FUTURES_NEVER) ||
        futures_pool_create(&pool, &one_worker))
        return EXIT_FAILURE;

    futures_future *started = futures_promise(NULL, NULL);
    futures_future *futures[2];
    futures[0] =
        futures_submit_with(pool, copy, name_create('a', started), &options);
    futures[1] =
        futures_submit_with(pool, copy, name_create('b', started), &options);
    futures_wait(started, FUTURES_NEVER);
    futures_token_cancel(options.token, ECANCELED, "not needed any more");
    futures_pool_wait(pool, FUTURES_NEVER);
    printf("freed: %d names\n", atomic_load(&freed));
    print("first", futures[0]);
    print("second", futures[1]);

    futures_release_all(futures, 2);
    futures_release(started);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    return EXIT_SUCCESS;
}
