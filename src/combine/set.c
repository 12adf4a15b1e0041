/* Counting: the latch starts with one for each slot and one for the waiter,
 * who gives back its own and those that had ended when all are attached. A
 * detached slot is given back by the waiter; a slot that cannot be detached is
 * being told, and its arrival is waited for. So the latch opens when nobody
 * can reach the set from a future any more. */
#include "combine/set.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "combine/watch.h"
#include "core/cancel.h"

static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook);

void fut_set_init(struct fut_set *set, futures_future *const futures[],
                  size_t count, const futures_gather_options *options)
{
    struct fut_run *run = fut_self_task();

    set->wait.ended = one_ended;
    fut_latch_init(&set->latch, count + 1);
    set->futures = futures;
    set->count = count;
    set->options = *options;
    atomic_init(&set->stop, FUT_STOP_NOT);
    atomic_init(&set->first_error, FUTURES_OK);
    set->task = run != NULL && options->token != futures_token_none()
                    ? run->future
                    : NULL;
    set->hooks = NULL;
    set->hooks_made = false;
    atomic_init(&set->ended, NULL);
    set->token_watched = false;
    set->task_watched = false;
    set->timed = false;
    set->late = false;
    set->low = false;
    atomic_init(&set->live, false);
    atomic_init(&set->deadlock, false);
}

void fut_set_stop(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason)
{
    unsigned not_yet = FUT_STOP_NOT;
    bool spread = false;

    if (fut_latch_is_open(&set->latch) ||
        !cas_acq_rel(&set->stop, &not_yet, (unsigned)why)) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (fut_cancel_mark(set->futures[i], reason)) {
            spread = true;
        }
    }
    if (spread) {
        fut_cancel_spread();
    }
}

static void stop_on_error(struct fut_set *set)
{
    if (set->options.on_error == FUTURES_ON_ERROR_CANCEL &&
        load_seq_cst(&set->live)) {
        fut_set_stop(set, FUT_STOP_ERROR, NULL);
    }
}

/* Either this sees the set live, or the one who makes it live sees the error:
 * both write and then read, seq_cst. */
void fut_set_note_error(struct fut_set *set, futures_status status)
{
    unsigned none = FUTURES_OK;

    if (cas_seq_cst(&set->first_error, &none, (unsigned)status)) {
        stop_on_error(set);
    }
}

static void queue_done(struct fut_set *set, futures_hook *hook)
{
    futures_hook *newest = load_relaxed(&set->ended);

    do {
        hook->next = (uintptr_t)newest;
    } while (!cas_acq_rel(&set->ended, &newest, hook));
}

/* On the thread that ends the future. After the arrival the set may be gone
 * with its stack. */
static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook)
{
    struct fut_set *set = (struct fut_set *)wait;
    futures_status status = futures_poll(future);
    bool leave = status != FUTURES_OK &&
                 set->options.on_error == FUTURES_ON_ERROR_LEAVE;

    /* Before what the error brings about: on_done sees the cause first. */
    if (set->options.on_done != NULL) {
        queue_done(set, hook);
    }
    if (status != FUTURES_OK) {
        fut_set_look_at_task(set);
        fut_set_note_error(set, status);
    }
    if (leave || set->options.on_done != NULL) {
        fut_latch_poke(&set->latch);
    }
    fut_latch_arrive(&set->latch, 1);
}

static bool make_hooks(struct fut_set *set)
{
    if (set->hooks == NULL) {
        set->hooks = fut_alloc(set->count, sizeof *set->hooks);
        set->hooks_made = true;
        for (size_t i = 0; set->hooks != NULL && i < set->count; i++) {
            set->hooks[i].index = i;
        }
    }
    return set->hooks != NULL;
}

/* returns  NOMEM or OK; *ended: whether it had ended */
static futures_status attach_one(struct fut_set *set, size_t index,
                                 bool *ended)
{
    futures_future *future = set->futures[index];
    enum fut_attach attached = FUT_ATTACH_TAKEN;

    if (set->options.on_done == NULL) {
        attached = fut_waiters_attach(future, &set->wait);
    }
    if (attached == FUT_ATTACH_TAKEN) {
        if (!make_hooks(set)) {
            return FUTURES_NOMEM;
        }
        *ended =
            !fut_waiters_attach_hook(future, &set->hooks[index], &set->wait);
        if (*ended) {
            set->hooks[index].owner = NULL;
        }
    } else {
        *ended = attached == FUT_ATTACH_ENDED;
    }
    return FUTURES_OK;
}

static void note_ended(struct fut_set *set, size_t index)
{
    futures_status status = futures_poll(set->futures[index]);

    if (set->options.on_done != NULL) {
        queue_done(set, &set->hooks[index]);
    }
    if (status != FUTURES_OK) {
        fut_set_note_error(set, status);
    }
}

/* Takes the slots from `begin` on back and waits for those that are being
 * told. `owed`: arrivals that are the waiter's own to make. */
static void detach(struct fut_set *set, size_t begin, size_t owed)
{
    for (size_t i = begin; i < set->count; i++) {
        futures_future *future = set->futures[i];
        futures_hook *hook = set->hooks != NULL ? &set->hooks[i] : NULL;

        if (hook != NULL && hook->owner != NULL) {
            bool detached = fut_waiters_detach_hook(future, hook);

            hook->spare = detached ? set : NULL;
            owed += detached;
        } else {
            owed += fut_waiters_detach(future, &set->wait);
        }
    }
    if (owed > 0) {
        fut_latch_arrive(&set->latch, owed);
    }
    while (fut_latch_wait(&set->latch, FUTURES_NEVER) != FUT_LATCH_OPEN) {
    }
}

futures_status fut_set_attach(struct fut_set *set)
{
    size_t owed = 1;

    /* The last ones end last: so fewer need be attached to. */
    for (size_t i = set->count; i-- > 0;) {
        bool ended = false;

        if (attach_one(set, i, &ended) != FUTURES_OK) {
            detach(set, i + 1, owed + i + 1);
            return FUTURES_NOMEM;
        }
        if (ended) {
            note_ended(set, i);
            owed++;
        }
    }
    store_seq_cst(&set->live, true);
    if (load_seq_cst(&set->first_error) != FUTURES_OK) {
        stop_on_error(set);
    }
    fut_latch_arrive(&set->latch, owed);
    return FUTURES_OK;
}

static void call_done(struct fut_set *set, size_t index)
{
    futures_future *future = set->futures[index];
    futures_outcome outcome = {futures_poll(future), futures_value(future),
                               futures_error_of(future)};
    struct fut_run frame;

    fut_self_bar(&frame);
    set->options.on_done(set->options.context, index, &outcome);
    fut_self_unbar(&frame);
}

void fut_set_call_done(struct fut_set *set)
{
    futures_hook *newest;
    futures_hook *oldest = NULL;

    if (set->options.on_done == NULL) {
        return;
    }
    newest = exchange_acq_rel(&set->ended, NULL);
    while (newest != NULL) {
        futures_hook *before = (futures_hook *)newest->next;

        newest->next = (uintptr_t)oldest;
        oldest = newest;
        newest = before;
    }
    while (oldest != NULL) {
        futures_hook *hook = oldest;

        oldest = (futures_hook *)hook->next;
        call_done(set, hook->index);
    }
}

/* An error lets it leave, unless it is one that a cancel of the waiting task
 * brought about: that ends in CANCELLED, after all have stopped. */
static bool may_leave(struct fut_set *set)
{
    if (set->options.on_error != FUTURES_ON_ERROR_LEAVE ||
        load_acquire(&set->first_error) == FUTURES_OK) {
        return false;
    }
    if (set->task != NULL && fut_cancel_is_asked(fut_self_task())) {
        fut_set_task_asked(set);
    }
    return load_acquire(&set->stop) == FUT_STOP_NOT;
}

bool fut_set_was_detached(const struct fut_set *set, size_t index)
{
    return set->options.on_done != NULL && set->hooks != NULL &&
           set->hooks[index].spare != NULL;
}

bool fut_set_may_go(struct fut_set *set)
{
    return fut_latch_is_open(&set->latch) || load_acquire(&set->deadlock) ||
           (set->options.on_error == FUTURES_ON_ERROR_LEAVE &&
            load_acquire(&set->first_error) != FUTURES_OK);
}

bool fut_set_is_over(struct fut_set *set)
{
    return fut_latch_is_open(&set->latch) || load_acquire(&set->deadlock) ||
           may_leave(set);
}

void fut_set_leave(struct fut_set *set)
{
    if (!fut_latch_is_open(&set->latch)) {
        detach(set, 0, 0);
    }
    fut_set_unwatch(set);
}

void fut_set_free_hooks(struct fut_set *set)
{
    if (set->hooks_made) {
        fut_free(set->hooks);
    }
}
