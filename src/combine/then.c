/* A held task, a wait at each future before it, and a wait at the task itself,
 * which is told if it ends while it is held. Each of these waits has a share,
 * and so has the maker until all is attached; who gives the last one back
 * makes the task ready and frees all of it.
 *
 * The task's own wait is told at the latest when the task ends, so it would be
 * the last one each time: who has the only other share takes it back before it
 * gives that one up. Where it cannot, it is being told: then it detaches the
 * others and gives back their shares with its own. So the futures are there
 * as long as anybody looks at them.
 *
 * Nothing here calls itself through the ends of futures: to be queued is not
 * to run. */
#include "combine/then.h"

#include <futures/then.h>

#include "base/alloc.h"
#include "combine/need.h"
#include "core/hold.h"
#include "core/waiters.h"

struct place {
    futures_hook hook;     /* owner: NULL where it was not attached */
    futures_future *after; /* const; retained */
};

struct then {
    struct fut_wait wait; /* at each of `after` */
    struct fut_wait own;  /* at the task */
    futures_hook own_hook;
    struct fut_hold hold;
    struct fut_need need;
    _Atomic size_t left; /* shares */
    bool begun;          /* by the maker; the hold is */
    size_t count;        /* const */
    size_t first;        /* graph lock: all before it have ended */
    struct place places[];
};

static void forget(struct then *then)
{
    futures_future *task = then->need.future;

    /* The task's block is pinned by its hold, or by what the hold did not
     * take over. */
    fut_need_detach(&then->need);
    if (!then->begun) {
        fut_future_drop(task, 1);
        return;
    }
    if (fut_hold_queue(&then->hold)) {
        fut_need_queued(then->hold.pool);
    }
    fut_hold_forget(&then->hold);
}

/* The last share is given back. */
static void finish(struct then *then)
{
    forget(then);
    for (size_t i = 0; i < then->count; i++) {
        futures_release(then->places[i].after);
    }
    fut_free(then);
}

/* By anybody but the task's own wait. */
static void give_back(struct then *then, size_t shares)
{
    size_t left = load_acquire(&then->left);

    do {
        if (left == shares + 1 &&
            fut_waiters_detach_hook(then->need.future, &then->own_hook)) {
            finish(then);
            return;
        }
        /* acquire, release: the last one sees what all did */
    } while (!cas_acq_rel(&then->left, &left, left - shares));
    if (left == shares) {
        finish(then);
    }
}

static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook)
{
    (void)future;
    (void)hook;
    give_back((struct then *)wait, 1);
}

static void task_ended(struct fut_wait *wait, futures_future *future,
                       futures_hook *hook)
{
    struct then *then = (void *)((char *)wait - offsetof(struct then, own));
    size_t shares = 1;

    (void)future;
    (void)hook;
    for (size_t i = 0; i < then->count; i++) {
        struct place *place = &then->places[i];

        if (place->hook.owner != NULL) {
            shares += fut_waiters_detach_hook(place->after, &place->hook);
        }
    }
    if (sub_acq_rel(&then->left, shares) == shares) {
        finish(then);
    }
}

static futures_future *next_pending(struct fut_need *need, size_t *at)
{
    struct then *then = (void *)((char *)need - offsetof(struct then, need));
    size_t i = *at > then->first ? *at : then->first;
    bool all_ended = i == then->first;

    while (i < then->count && !fut_future_is_pending(then->places[i].after)) {
        i++;
    }
    then->first = all_ended ? i : then->first;
    *at = i + 1;
    return i < then->count ? then->places[i].after : NULL;
}

/* returns  one without a task; NULL without memory */
static struct then *create(futures_future *const after[], size_t count)
{
    struct then *then = NULL;

    if (count <= (SIZE_MAX - sizeof *then) / sizeof(struct place)) {
        then = fut_alloc(1, sizeof *then + count * sizeof(struct place));
    }
    if (then == NULL) {
        return NULL;
    }
    then->wait.ended = one_ended;
    then->own.ended = task_ended;
    then->need.next = next_pending;
    then->need.all = true;
    atomic_init(&then->left, count + 2);
    then->count = count;
    for (size_t i = 0; i < count; i++) {
        then->places[i].after = futures_retain(after[i]);
    }
    return then;
}

/* returns  how many had ended */
static size_t attach_all(struct then *then)
{
    size_t ended = 0;

    for (size_t i = 0; i < then->count; i++) {
        struct place *place = &then->places[i];

        if (!fut_waiters_attach_hook(place->after, &place->hook,
                                     &then->wait)) {
            place->hook.owner = NULL;
            ended++;
        }
    }
    return ended;
}

/* The task's own wait is attached before anybody knows the task, so it is told
 * on every way on which the task ends, a refusal included. */
static void start(struct then *then, const struct fut_order *order,
                  futures_future *task, const char *why)
{
    futures_status status;
    size_t ended;

    then->need.future = task;
    fut_need_attach(task, &then->need);
    (void)fut_waiters_attach_hook(task, &then->own_hook, &then->own);
    ended = attach_all(then);
    status = fut_hold_begin(&then->hold, order, task, why);
    then->begun = status == FUTURES_OK;
    if (!then->begun) {
        fut_order_refuse(task, status, 0);
    }
    give_back(then, ended + 1);
}

/* returns  OK, INVALID or FORKED */
static futures_status check(futures_future *const after[], size_t count)
{
    if (after == NULL && count > 0) {
        return FUTURES_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (after[i] == NULL) {
            return FUTURES_INVALID;
        }
        if (fut_future_is_foreign(after[i])) {
            return FUTURES_FORKED;
        }
    }
    return FUTURES_OK;
}

futures_future *fut_then(struct fut_order *order, futures_status status,
                         futures_future *const after[], size_t count,
                         void *arg, const char *why)
{
    futures_future *task = NULL;
    struct then *then = NULL;

    if (status == FUTURES_OK) {
        status = check(after, count);
    }
    if (status == FUTURES_OK) {
        status = FUTURES_NOMEM;
        task = fut_block_get();
        then = task != NULL ? create(after, count) : NULL;
    }
    if (then == NULL) {
        if (task != NULL) {
            fut_block_put(task);
        }
        fut_self_call(order->options.arg_free, arg);
        return fut_future_ended(status);
    }
    order->held = true;
    fut_order_fill(order, task, arg);
    start(then, order, task, why);
    return task;
}

futures_future *futures_then_with(futures_pool *pool,
                                  futures_future *const after[], size_t count,
                                  futures_fn fn, void *arg,
                                  const futures_task_options *options)
{
    struct fut_order order;
    futures_status status = fut_order_make(&order, pool, fn, options);

    return fut_then(&order, status, after, count, arg,
                    "until others have ended");
}

futures_future *futures_then(futures_pool *pool, futures_future *const after[],
                             size_t count, futures_fn fn, void *arg)
{
    return futures_then_with(pool, after, count, fn, arg, NULL);
}
