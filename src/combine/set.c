/* Counting: the latch starts with one for each slot and one for the waiter,
 * who gives back its own and those that had ended when all are attached. A
 * detached slot is given back by the waiter; a slot that cannot be detached is
 * being told, and its arrival is waited for. So the latch opens when nobody
 * can reach the set from a future any more. */
#include "combine/set.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "combine/done.h"
#include "combine/watch.h"
#include "core/cancel.h"
#include "core/token.h"

static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook);

void fut_set_init(struct fut_set *set, futures_future *const futures[],
                  size_t count, const futures_gather_options *options)
{
    struct fut_run *run = fut_self_task();

    set->wait.ended = one_ended;
    set->wait.calls = false;
    fut_latch_init(&set->latch, count + 1);
    set->calls = NULL;
    set->futures = futures;
    set->count = count;
    set->options = *options;
    atomic_init(&set->stop, FUT_STOP_NOT);
    set->goal = FUT_GOAL_ALL;
    set->enough = 0;
    atomic_init(&set->ends, 0);
    atomic_init(&set->first_error, NULL);
    atomic_init(&set->first_ok, NULL);
    set->task = run != NULL && options->token != futures_token_none()
                    ? run->future
                    : NULL;
    set->hooks = NULL;
    set->hooks_made = false;
    atomic_init(&set->ended, NULL);
    set->above = NULL;
    set->past = 0;
    set->news = false;
    set->token_watched = false;
    set->task_watched = false;
    set->timed = false;
    atomic_init(&set->late, false);
    set->low = false;
    set->bound = false;
    atomic_init(&set->live, false);
    atomic_init(&set->curious, false);
    atomic_init(&set->deadlock, false);
}

bool fut_set_mark(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason)
{
    unsigned not_yet = FUT_STOP_NOT;
    bool spread = false;

    if (fut_latch_is_open(&set->latch) ||
        !cas_acq_rel(&set->stop, &not_yet, (unsigned)why)) {
        return false;
    }
    if (set->above != NULL) {
        return fut_token_fire_for(set->above, reason);
    }
    for (size_t i = 0; i < set->count; i++) {
        if (fut_cancel_mark(set->futures[i], reason)) {
            spread = true;
        }
    }
    return spread;
}

void fut_set_stop(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason)
{
    if (fut_set_mark(set, why, reason)) {
        fut_cancel_spread();
    }
}

bool fut_set_needs_all(const struct fut_set *set)
{
    return set->goal == FUT_GOAL_ALL && set->above == NULL &&
           set->options.on_error != FUTURES_ON_ERROR_LEAVE;
}

/* seq_cst as in `note`: see `start`. */
bool fut_set_is_decided(struct fut_set *set)
{
    switch (set->goal) {
    case FUT_GOAL_OK:
        return load_seq_cst(&set->first_ok) != NULL;
    case FUT_GOAL_ENOUGH:
        return load_seq_cst(&set->ends) >= set->enough;
    default:
        return load_seq_cst(&set->first_error) != NULL;
    }
}

/* returns  whether this end decides it */
static bool note(struct fut_set *set, futures_future *future,
                 futures_status status)
{
    futures_future *nobody = NULL;
    bool is_error = status != FUTURES_OK;
    bool first = cas_seq_cst(is_error ? &set->first_error : &set->first_ok,
                             &nobody, future);

    switch (set->goal) {
    case FUT_GOAL_OK:
        return !is_error && first;
    case FUT_GOAL_ENOUGH:
        return add_seq_cst(&set->ends, 1) + 1 == set->enough;
    default:
        return is_error && first;
    }
}

/* It is decided: either this sees the set live, or the one who makes it live
 * sees that it is decided; both write and then read, seq_cst. */
static void on_decided(struct fut_set *set)
{
    if (set->options.on_error == FUTURES_ON_ERROR_CANCEL &&
        load_seq_cst(&set->live)) {
        fut_set_stop(set, FUT_STOP_END, NULL);
    }
}

static bool arrive(struct fut_set *set, size_t count)
{
    if (set->calls == NULL) {
        fut_latch_arrive(&set->latch, count);
        return false;
    }
    /* acq_rel, as in the latch: the last one has all others behind it */
    return count > 0 && sub_acq_rel(&set->latch.count, count) == count;
}

static void poke(struct fut_set *set)
{
    if (set->calls == NULL) {
        fut_latch_poke(&set->latch);
    } else {
        set->calls->look(set);
    }
}

/* Nobody asks which was the first OK, or how many ended, of a set that needs
 * all: so there the many that are well write nothing but their arrival. The
 * future may be gone. */
static void note_end(struct fut_set *set, futures_future *future,
                     futures_status status)
{
    if (status != FUTURES_OK) {
        fut_set_look_at_task(set);
    } else if (set->goal == FUT_GOAL_ALL) {
        return;
    }
    if (note(set, future, status)) {
        on_decided(set);
    }
}

/* On the thread that ends the future. After the arrival the set may be gone
 * with its stack. */
static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook)
{
    struct fut_set *set = (struct fut_set *)wait;
    futures_status status = futures_poll(future);

    /* Before what the end brings about: on_done sees the cause first. From
     * then on a rolling set may have let go of the future. */
    if (set->options.on_done != NULL) {
        fut_set_queue_done(set, hook);
    }
    note_end(set, future, status);
    /* seq_cst: see is_tight in graph.c */
    if (set->options.on_done != NULL || load_seq_cst(&set->curious) ||
        (set->options.on_error == FUTURES_ON_ERROR_LEAVE &&
         fut_set_is_decided(set))) {
        poke(set);
    }
    if (arrive(set, 1)) {
        set->calls->over(set);
    }
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
    if (set->options.on_done != NULL) {
        fut_set_queue_done(set, &set->hooks[index]);
    }
    note_end(set, set->futures[index], futures_poll(set->futures[index]));
}

/* Takes the slots from `begin` on back.
 * returns  how many had not ended: their arrivals are the caller's to make */
static size_t detach(struct fut_set *set, size_t begin)
{
    size_t owed = 0;

    for (size_t i = begin; i < set->count; i++) {
        futures_future *future = set->futures[i];
        futures_hook *hook = set->hooks != NULL ? &set->hooks[i] : NULL;

        if (hook != NULL && hook->owner != NULL) {
            /* Nothing is written to one that was told: see async.c, where
             * another thread may read it. */
            if (fut_waiters_detach_hook(future, hook)) {
                hook->spare = set;
                owed++;
            }
        } else {
            owed += fut_waiters_detach(future, &set->wait);
        }
    }
    return owed;
}

/* The same, arrives for these and for `owed`, and waits for those that are
 * being told. */
static void detach_and_wait(struct fut_set *set, size_t begin, size_t owed)
{
    owed += detach(set, begin);
    if (owed > 0) {
        fut_latch_arrive(&set->latch, owed);
    }
    while (fut_latch_wait(&set->latch, FUTURES_NEVER) != FUT_LATCH_OPEN) {
    }
}

void fut_set_detach(struct fut_set *set)
{
    if (arrive(set, detach(set, 0))) {
        set->calls->over(set);
    }
}

/* The last ones end last: so fewer need be attached to.
 * returns  how many could be attached to, from the end; the rest for want of
 *          memory not */
static size_t attach(struct fut_set *set, size_t *owed)
{
    size_t left = set->count;

    *owed = 1;
    while (left > 0) {
        bool ended = false;

        if (attach_one(set, left - 1, &ended) != FUTURES_OK) {
            break;
        }
        left--;
        if (ended) {
            note_ended(set, left);
            ++*owed;
        }
    }
    return set->count - left;
}

bool fut_set_start(struct fut_set *set, size_t owed)
{
    store_seq_cst(&set->live, true);
    if (fut_set_is_decided(set)) {
        on_decided(set);
    }
    if (set->calls != NULL) {
        set->calls->look(set);
    }
    return arrive(set, owed);
}

size_t fut_set_attach_all(struct fut_set *set)
{
    size_t owed;

    (void)attach(set, &owed);
    return owed;
}

futures_status fut_set_attach(struct fut_set *set)
{
    size_t owed;
    size_t attached = attach(set, &owed);

    if (attached < set->count) {
        detach_and_wait(set, set->count - attached,
                        owed + set->count - attached);
        return FUTURES_NOMEM;
    }
    (void)fut_set_start(set, owed);
    return FUTURES_OK;
}

/* An error lets it leave, unless it is one that a cancel of the waiting task
 * brought about: that ends in CANCELLED, after all have stopped. */
static bool may_leave(struct fut_set *set)
{
    if (set->options.on_error != FUTURES_ON_ERROR_LEAVE ||
        !fut_set_is_decided(set)) {
        return false;
    }
    if (set->goal != FUT_GOAL_ALL) {
        return true;
    }
    if (set->task != NULL && fut_cancel_is_asked(fut_self_task())) {
        fut_set_task_asked(set);
    }
    return load_acquire(&set->stop) == FUT_STOP_NOT;
}

bool fut_set_may_go(struct fut_set *set)
{
    return fut_latch_is_open(&set->latch) || load_acquire(&set->deadlock) ||
           (set->above != NULL && load_relaxed(&set->ended) != NULL) ||
           (set->options.on_error == FUTURES_ON_ERROR_LEAVE &&
            fut_set_is_decided(set));
}

bool fut_set_is_over(struct fut_set *set)
{
    return fut_latch_is_open(&set->latch) || load_acquire(&set->deadlock) ||
           (set->above != NULL && set->news) || may_leave(set);
}

void fut_set_leave(struct fut_set *set)
{
    if (!fut_latch_is_open(&set->latch)) {
        detach_and_wait(set, 0, 0);
    }
    fut_set_unwatch(set);
}

void fut_set_free_hooks(struct fut_set *set)
{
    if (set->hooks_made) {
        fut_free(set->hooks);
    }
}
