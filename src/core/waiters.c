/* The word: the address of the first waiter and three bits. A wait without a
 * node (LATCH) ends the chain. LOCKED is a lock for a few instructions, taken
 * for whatever is more than "nobody" or "one wait": these two change by one
 * compare-and-swap. No caller's code runs under it.
 *
 * ENDED never goes away. Waits are unlinked and told; callbacks stay linked
 * until each is begun, so that off_done can take them back until then. */
#include "core/waiters.h"

#include "core/callback.h"
#include "core/self.h"
#include "sync/spin.h"

#define LOCKED ((uintptr_t)1)
#define LATCH ((uintptr_t)2)
#define ENDED ((uintptr_t)4)
#define BITS ((uintptr_t)7)

typedef void (*done_fn)(void *, futures_future *);

/* returns  the word as it was, without LOCKED */
static uintptr_t lock(futures_future *future)
{
    for (unsigned round = 0;; round++) {
        uintptr_t word = load_relaxed(&future->waiters) & ~LOCKED;

        /* acquire: what the last holder wrote into the nodes */
        if (cas_weak_acq_rel(&future->waiters, &word, word | LOCKED)) {
            return word;
        }
        fut_spin_pause(round);
    }
}

static void unlock(futures_future *future, uintptr_t word)
{
    store_release(&future->waiters, word);
}

static futures_hook *hook_of(uintptr_t word)
{
    return (word & LATCH) != 0 ? NULL : (futures_hook *)(word & ~BITS);
}

static uintptr_t with_wait(struct fut_wait *wait)
{
    return (uintptr_t)wait | LATCH;
}

/* The one who ends the future looks here only if it finds FUT_WAITED, and the
 * two words change one after the other: first a waiter is linked, then the
 * mark is set, while the future has not ended.
 * returns  whether the mark is there: who ends it looks, or has looked; false:
 *          nobody will */
static bool mark_waited(futures_future *future)
{
    uint64_t word = load_relaxed(&future->word);

    while ((word & FUT_WAITED) == 0 &&
           fut_state_is_pending((unsigned)(word & FUT_STATE_MASK))) {
        /* release: shows what was linked to the one who ends the future;
         * acquire, as all reads of an ended state */
        if (cas_weak_acq_rel(&future->word, &word, word | FUT_WAITED)) {
            return true;
        }
    }
    return (word & FUT_WAITED) != 0;
}

/* Whether it has ended and nobody will look at its waiters any more. */
static bool is_settled(const futures_future *future)
{
    uint64_t word = load_acquire(&future->word);

    return (word & FUT_WAITED) == 0 &&
           !fut_state_is_pending((unsigned)(word & FUT_STATE_MASK));
}

enum fut_attach fut_waiters_attach(futures_future *future,
                                   struct fut_wait *wait)
{
    uintptr_t word = 0;

    if (is_settled(future)) {
        return FUT_ATTACH_ENDED;
    }
    for (unsigned round = 0;; round++) {
        if (cas_acq_rel(&future->waiters, &word, with_wait(wait))) {
            return mark_waited(future) || !fut_waiters_detach(future, wait)
                       ? FUT_ATTACHED
                       : FUT_ATTACH_ENDED;
        }
        if ((word & ENDED) != 0) {
            return FUT_ATTACH_ENDED;
        }
        if ((word & ~LOCKED) != 0) {
            return FUT_ATTACH_TAKEN;
        }
        fut_spin_pause(round);
        word = 0;
    }
}

static bool push(futures_future *future, futures_hook *hook)
{
    uintptr_t word = lock(future);
    futures_hook *next = hook_of(word);

    if ((word & ENDED) != 0) {
        unlock(future, word);
        return false;
    }
    hook->next = word;
    hook->previous = NULL;
    hook->linked = true;
    if (next != NULL) {
        next->previous = hook;
    }
    unlock(future, (uintptr_t)hook);
    return true;
}

static bool link_and_mark(futures_future *future, futures_hook *hook)
{
    return !is_settled(future) && push(future, hook) &&
           (mark_waited(future) || !fut_waiters_detach_hook(future, hook));
}

bool fut_waiters_attach_hook(futures_future *future, futures_hook *hook,
                             struct fut_wait *wait)
{
    hook->owner = wait;
    return link_and_mark(future, hook);
}

bool fut_waiters_attach_callback(futures_future *future, futures_hook *hook,
                                 void (*fn)(void *, futures_future *),
                                 void *arg)
{
    hook->owner = NULL;
    hook->fn = (void (*)(void))fn;
    hook->arg = arg;
    return link_and_mark(future, hook);
}

/* returns  the word afterwards */
static uintptr_t unlink_locked(futures_hook *hook, uintptr_t word)
{
    futures_hook *next = hook_of(hook->next);

    hook->linked = false;
    if (next != NULL) {
        next->previous = hook->previous;
    }
    if (hook->previous == NULL) {
        return hook->next | (word & ENDED);
    }
    hook->previous->next = hook->next;
    return word;
}

bool fut_waiters_detach_hook(futures_future *future, futures_hook *hook)
{
    uintptr_t word = lock(future);
    bool linked = hook->linked;

    if (linked) {
        word = unlink_locked(hook, word);
    }
    unlock(future, word);
    return linked;
}

/* A wait without a node is the last of the chain, or not in it. */
static bool cut_last_locked(uintptr_t word, struct fut_wait *wait)
{
    futures_hook *hook = hook_of(word);

    while (hook != NULL && hook_of(hook->next) != NULL) {
        hook = hook_of(hook->next);
    }
    if (hook == NULL || hook->next != with_wait(wait)) {
        return false;
    }
    hook->next = 0;
    return true;
}

bool fut_waiters_detach(futures_future *future, struct fut_wait *wait)
{
    uintptr_t word = with_wait(wait);
    bool cut;

    if (cas_acq_rel(&future->waiters, &word, 0)) {
        return true;
    }
    if ((word & ENDED) != 0) {
        return false;
    }
    word = lock(future);
    if (word == with_wait(wait)) {
        unlock(future, 0);
        return true;
    }
    cut = (word & ENDED) == 0 && cut_last_locked(word, wait);
    unlock(future, word);
    return cut;
}

/* Parts the chain: waits come out in *waits, through `next`; callbacks are
 * linked anew, oldest first.
 * returns  the first callback */
static uintptr_t part_locked(uintptr_t word, uintptr_t *waits)
{
    futures_hook *oldest = NULL;
    uintptr_t *tail = waits;

    while (hook_of(word) != NULL) {
        futures_hook *hook = hook_of(word);

        word = hook->next;
        if (hook->owner != NULL) {
            hook->linked = false;
            *tail = (uintptr_t)hook;
            tail = &hook->next;
        } else {
            hook->next = (uintptr_t)oldest;
            hook->previous = NULL;
            if (oldest != NULL) {
                oldest->previous = hook;
            }
            oldest = hook;
        }
    }
    *tail = word & ~ENDED;
    return (uintptr_t)oldest;
}

static void tell_hook(futures_future *future, futures_hook *hook)
{
    struct fut_wait *wait = hook->owner;

    wait->ended(wait, future, hook);
}

void fut_waiters_tell(futures_future *future, uintptr_t waits)
{
    struct fut_wait *wait;
    futures_hook *later = NULL;
    futures_hook *hook;

    while ((hook = hook_of(waits)) != NULL) {
        waits = hook->next;
        if (((struct fut_wait *)hook->owner)->calls) {
            hook->next = (uintptr_t)later;
            later = hook;
        } else {
            tell_hook(future, hook);
        }
    }
    wait = (struct fut_wait *)(waits & ~BITS);
    if (wait != NULL) {
        wait->ended(wait, future, NULL);
    }
    while ((hook = later) != NULL) {
        later = hook_of(hook->next);
        tell_hook(future, hook);
    }
}

bool fut_waiters_close(futures_future *future, uintptr_t *waits)
{
    uintptr_t word = load_relaxed(&future->waiters);

    /* release: the published state is seen by whoever finds ENDED; acquire:
     * shows the wait */
    while (word == 0 || (word & BITS) == LATCH) {
        if (cas_acq_rel(&future->waiters, &word, ENDED)) {
            *waits = word;
            return false;
        }
    }
    word = part_locked(lock(future), waits);
    unlock(future, word | ENDED);
    return word != 0;
}

static futures_hook *take_first(futures_future *future,
                                struct fut_callback *callback)
{
    uintptr_t word = lock(future);
    futures_hook *hook = hook_of(word);

    if (hook != NULL) {
        word = unlink_locked(hook, word);
        fut_callback_begin(callback, hook);
    }
    unlock(future, word);
    return hook;
}

void fut_waiters_call(futures_future *future)
{
    struct fut_callback callback;
    struct fut_run barrier;
    futures_hook *hook;

    while ((hook = take_first(future, &callback)) != NULL) {
        done_fn fn = (done_fn)hook->fn;

        /* the last touch of the hook: fn may free it */
        fut_self_bar(&barrier);
        fn(hook->arg, future);
        fut_self_unbar(&barrier);
        fut_callback_end(&callback);
    }
}
