/* Most entries here have ended by the time they come. The rest is kept in a
 * chain that is looked through when it has doubled. */
#include "core/limbo.h"

#include "base/thread.h"
#include "core/waiters.h"
#include "sync/latch.h"

enum { FIRST_TRIM = 32 };

/* Takes those that have ended out of the chain.
 * returns  them, through their links */
static struct fut_link *trim_locked(futures_pool *pool)
{
    struct fut_link **from = &pool->limbo;
    struct fut_link *over = NULL;

    pool->limbo_length = 0;
    while (*from != NULL) {
        struct fut_link *link = *from;

        if (fut_future_is_pending(fut_future_of_link(link))) {
            pool->limbo_length++;
            from = &link->next;
        } else {
            *from = link->next;
            link->next = over;
            over = link;
        }
    }
    pool->limbo_trim = 2 * pool->limbo_length + FIRST_TRIM;
    return over;
}

static void drop_all(struct fut_link *link)
{
    while (link != NULL) {
        struct fut_link *next = link->next;

        fut_future_drop(fut_future_of_link(link), 1);
        link = next;
    }
}

/* returns  false where it has ended: the pin stays the caller's */
static bool add(futures_pool *pool, futures_future *future)
{
    if (!fut_future_is_pending(future)) {
        return false;
    }
    fut_lock(&pool->limbo_lock);
    future->link.next = pool->limbo;
    pool->limbo = &future->link;
    pool->limbo_length++;
    fut_unlock(&pool->limbo_lock);
    return true;
}

static void trim_from(futures_pool *pool, size_t length)
{
    struct fut_link *over = NULL;

    fut_lock(&pool->limbo_lock);
    if (pool->limbo_length >= length) {
        over = trim_locked(pool);
    }
    fut_unlock(&pool->limbo_lock);
    drop_all(over);
}

void fut_limbo_trim(futures_pool *pool)
{
    trim_from(pool, 1);
}

void fut_limbo_put(futures_pool *pool, futures_future *future)
{
    if (add(pool, future)) {
        trim_from(pool, FIRST_TRIM);
    } else {
        fut_future_drop(future, 1);
    }
}

/* returns  one that has not ended, with a pin more; or NULL */
static futures_future *first_pending(futures_pool *pool)
{
    futures_future *future = NULL;
    struct fut_link *over;

    fut_lock(&pool->limbo_lock);
    over = trim_locked(pool);
    if (pool->limbo != NULL) {
        future = fut_future_pin(fut_future_of_link(pool->limbo));
    }
    fut_unlock(&pool->limbo_lock);
    drop_all(over);
    return future;
}

bool fut_limbo_is_over(futures_pool *pool)
{
    futures_future *future = first_pending(pool);

    if (future == NULL) {
        return true;
    }
    fut_future_drop(future, 1);
    return false;
}

struct one {
    struct fut_wait wait;
    struct fut_latch latch;
};

static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook)
{
    struct one *one = (struct one *)wait;

    (void)future;
    (void)hook;
    fut_latch_arrive(&one->latch, 1);
}

static bool wait_for(futures_future *future, futures_time deadline)
{
    struct one one = {.wait = {.ended = one_ended}};
    futures_hook hook;

    fut_latch_init(&one.latch, 1);
    if (!fut_waiters_attach_hook(future, &hook, &one.wait) ||
        fut_latch_wait(&one.latch, deadline) == FUT_LATCH_OPEN) {
        return true;
    }
    if (!fut_waiters_detach_hook(future, &hook)) {
        (void)fut_latch_wait(&one.latch, FUTURES_NEVER);
    }
    return false;
}

bool fut_limbo_wait(futures_pool *pool, futures_time deadline)
{
    futures_future *future = first_pending(pool);
    bool in_time;

    if (future == NULL) {
        return true;
    }
    in_time = wait_for(future, deadline);
    fut_future_drop(future, 1);
    return in_time;
}
