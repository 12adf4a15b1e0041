/* row 29a: futures that end each other, 100,000 in a row. Ending is a loop and
 * never a recursion, so a thread with a small stack gets through. */
#include "support/test.h"

#include <pthread.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { LINKS = 100000, SMALL_STACK = 512 * 1024 };

struct link {
    futures_hook hook;
    futures_future *next; /* NULL at the end */
    void (*act)(futures_future *next);
    int called;
};

struct chain {
    struct link links[LINKS];
    futures_future *promises[LINKS];
};

static void act_on_next(void *arg, futures_future *future)
{
    struct link *link = arg;
    (void)future;
    link->called++;
    if (link->next != NULL)
        link->act(link->next);
}

static void keep(futures_future *promise)
{
    futures_resolve(promise, promise);
}

static void break_it(futures_future *promise)
{
    futures_reject(promise, 1, "link");
}

static void cancel(futures_future *promise)
{
    futures_cancel(promise);
}

static struct chain *chain_make(void (*act)(futures_future *))
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL)
        abort();
    for (int i = 0; i < LINKS; i++)
        chain->promises[i] = futures_promise(NULL, NULL);
    for (int i = 0; i < LINKS; i++) {
        struct link *link = &chain->links[i];
        link->next = i + 1 < LINKS ? chain->promises[i + 1] : NULL;
        link->act = act;
        futures_on_done(chain->promises[i], &link->hook, act_on_next, link);
    }
    return chain;
}

static void *start_chain(void *arg)
{
    struct chain *chain = arg;
    chain->links[0].act(chain->promises[0]);
    return NULL;
}

static void run_on_small_stack(void *(*fn)(void *), void *arg)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    pthread_create(&thread, &attributes, fn, arg);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static void check_chain(void (*act)(futures_future *), futures_status end)
{
    struct chain *chain = chain_make(act);
    run_on_small_stack(start_chain, chain);
    for (int i = 0; i < LINKS; i++) {
        cr_assert_eq(futures_poll(chain->promises[i]), end);
        cr_assert_eq(chain->links[i].called, 1);
    }
    futures_release_all(chain->promises, LINKS);
    free(chain);
}

/* row 29a */
Test(chain, of_promises_each_kept_in_the_others_callback)
{
    check_chain(keep, FUTURES_OK);
}

/* row 29a */
Test(chain, of_promises_each_rejected_in_the_others_callback)
{
    check_chain(break_it, FUTURES_FAILED);
}

/* row 29a */
Test(chain, of_promises_each_cancelled_in_the_others_callback)
{
    check_chain(cancel, FUTURES_CANCELLED);
}

/* row 29a: letting go of the next one ends it, and frees it. */
Test(chain, of_promises_each_released_in_the_others_callback)
{
    struct chain *chain = chain_make(futures_release);
    run_on_small_stack(start_chain, chain);
    for (int i = 0; i < LINKS; i++)
        cr_assert_eq(chain->links[i].called, 1);
    free(chain);
}

/* row 29a */
Test(chain, that_starts_on_a_worker_ends_there)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.stack_size = 1;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    struct chain *chain = chain_make(keep);
    futures_future *task = futures_submit(pool, start_chain, chain);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_wait(chain->promises[LINKS - 1], FUTURES_POLL),
                 FUTURES_OK);
    futures_release(task);
    futures_release_all(chain->promises, LINKS);
    free(chain);
    futures_pool_destroy(pool);
}
