/* The injector is sifted under its lock. From deques and inboxes entries are
 * taken as thieves take them, since only then are they ours to look at; those
 * that stay go to the front of the injector, in the order in which their
 * worker would have come to them. While they are in hand the sweep lock is
 * held, so nobody takes the pool for quiet; a worker is notified afterwards.
 *
 * The injector is looked at before the inboxes: what moves meanwhile moves in
 * that direction. */
#include "core/sweep.h"

#include <futures/task.h>

#include "core/limbo.h"

struct sweep {
    futures_pool *pool;
    struct fut_swept *swept;
    struct fut_chain newest_first; /* kept, from deques */
    struct fut_chain oldest_first; /* kept, from inboxes */
};

static bool is_stopped(void *context, struct fut_link *link)
{
    struct sweep *sweep = context;
    futures_future *future = fut_future_of_link(link);

    return load_relaxed(&sweep->pool->verdict) != FUTURES_OK ||
           fut_scope_stops(future);
}

/* Limbo holds the entry until the future has ended. */
static void claim(struct sweep *sweep, futures_future *future)
{
    if (fut_future_claim_end(future)) {
        future->chain = sweep->swept->claimed;
        sweep->swept->claimed = future;
    }
    if (!fut_limbo_add(sweep->pool, future)) {
        future->link.next = sweep->swept->ended;
        sweep->swept->ended = &future->link;
    }
}

static void append(struct fut_chain *chain, struct fut_link *link)
{
    link->next = NULL;
    if (chain->count == 0) {
        chain->first = link;
    } else {
        chain->last->next = link;
    }
    chain->last = link;
    chain->count++;
}

static void prepend(struct fut_chain *chain, struct fut_link *link)
{
    link->next = chain->first;
    if (chain->count == 0) {
        chain->last = link;
    }
    chain->first = link;
    chain->count++;
}

static void empty_deque(struct sweep *sweep, struct fut_deque *deque)
{
    futures_future *future;
    bool lost;

    do {
        future = fut_deque_steal(deque, &lost);
        if (future != NULL && is_stopped(sweep, &future->link)) {
            claim(sweep, future);
        } else if (future != NULL) {
            prepend(&sweep->newest_first, &future->link);
        }
    } while (future != NULL || lost);
}

static void empty_inbox(struct sweep *sweep, struct fut_inbox *inbox)
{
    futures_future *future;

    while ((future = fut_inbox_take(inbox)) != NULL) {
        if (is_stopped(sweep, &future->link)) {
            claim(sweep, future);
        } else {
            append(&sweep->oldest_first, &future->link);
        }
    }
}

static void put_back(futures_pool *pool, struct fut_chain chain)
{
    if (chain.count > 0) {
        fut_injector_put_front(&pool->injector, FUTURES_PRIORITY_NORMAL,
                               chain);
        fut_idle_notify(&pool->idle);
    }
}

void fut_sweep_collect(struct fut_sweeper *sweeper, struct fut_swept *swept)
{
    futures_pool *pool =
        (void *)((char *)sweeper - offsetof(futures_pool, sweeper));
    struct sweep sweep = {.pool = pool, .swept = swept};
    struct fut_link *link =
        fut_injector_sift(&pool->injector, is_stopped, &sweep);

    while (link != NULL) {
        struct fut_link *next = link->next;

        claim(&sweep, fut_future_of_link(link));
        link = next;
    }
    for (unsigned i = 0; i < pool->workers; i++) {
        empty_inbox(&sweep, &pool->worker[i].inbox);
        empty_deque(&sweep, &pool->worker[i].deque);
    }
    put_back(pool, sweep.oldest_first);
    put_back(pool, sweep.newest_first);
}
