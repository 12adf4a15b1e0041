/* Callers' handles. The last one of a promise that nobody can keep any more
 * ends it. */
#include "core/count.h"
#include "core/life.h"

/* How many futures to look ahead. */
enum { LINES_AHEAD = 16 };

/* Nobody holds the promise any more, so nobody else can claim it but a timer
 * or a cancel from above that is under way, which ends it as well. */
static void break_promise(futures_future *promise)
{
    if (fut_future_claim_end(promise)) {
        fut_future_disarm(promise);
        fut_future_publish(promise, FUTURES_CANCELLED, 1);
    }
}

futures_future *futures_retain(futures_future *future)
{
    if (future != NULL && (load_relaxed(&future->word) & FUT_IMMORTAL) == 0) {
        add_relaxed(&future->word, FUT_HANDLE);
    }
    return future;
}

/* Nobody else holds it, and it is a promise that was not kept. */
static bool is_broken(const futures_future *future, uint64_t word)
{
    return future->pool == NULL && (word & FUT_STATE_MASK) == FUT_QUEUED &&
           !fut_future_is_foreign(future);
}

/* The last handle; see futures_release.
 * returns  whether it is given back; false: *word is what is there now */
static bool release_last(futures_future *future, uint64_t *word)
{
    if (!fut_state_is_pending((unsigned)(*word & FUT_STATE_MASK))) {
        fut_count_let_go(future, 0);
        return true;
    }
    if (is_broken(future, *word)) {
        break_promise(future);
        *word = load_acquire(&future->word);
        return false;
    }
    if (cas_acq_rel(&future->word, word, *word - FUT_HANDLE)) {
        fut_future_drop(future, 1);
        return true;
    }
    return false;
}

static void release(futures_future *future, uint64_t word)
{
    bool released = false;

    while (!released && (word & FUT_IMMORTAL) == 0) {
        if (fut_handles(word) == 1) {
            released = release_last(future, &word);
        } else {
            released = cas_acq_rel(&future->word, &word, word - FUT_HANDLE);
        }
    }
}

void futures_release(futures_future *future)
{
    uint64_t word;

    if (future == NULL) {
        return;
    }
    word = load_acquire(&future->word);
    if (fut_count_is_sole(future, word)) {
        fut_block_put(future);
    } else {
        release(future, word);
    }
}

void futures_release_all(futures_future *const futures[], size_t count)
{
    for (size_t i = 0; futures != NULL && i < count; i++) {
        if (i + LINES_AHEAD < count) {
            fut_prefetch(futures[i + LINES_AHEAD]);
        }
        futures_release(futures[i]);
    }
}
