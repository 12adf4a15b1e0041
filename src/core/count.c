/* Handles and pins are given back with acq_rel, so the last one frees after
 * all others have read. Who finds that only its own are left need not write
 * that down: nobody is there to read it, and nobody can get one any more. */
#include "core/count.h"

#include <string.h>

#include "core/error.h"
#include "core/self.h"
#include "core/sink.h"
#include "core/token.h"

#define DIRTY (FUT_STATE_MASK | FUT_ASKED | FUT_SEEN)

/* Whether the extra line may have been written. */
static bool is_dirty(const futures_future *future, uint64_t word)
{
    return future->options || (word & DIRTY) != FUTURES_OK;
}

/* What the future owns beside the block; it has ended. */
static void free_contents(futures_future *future, uint64_t word)
{
    struct fut_extra *extra = fut_future_extra(future);
    futures_error *error = load_relaxed(&extra->error);
    void *value;

    if ((word & FUT_STATE_MASK) == FUTURES_FAILED) {
        if ((word & FUT_SEEN) == 0) {
            fut_sink_report(future->sink, error);
        }
        fut_sink_release(future->sink);
    } else if ((word & FUT_STATE_MASK) == FUTURES_OK) {
        value = load_relaxed(&future->value);
        if (value != NULL) {
            fut_self_call(extra->value_free, value);
        }
    }
    fut_error_release(error);
    if (future->promise == FUT_OWN_PROMISE && extra->keep != NULL) {
        extra->keep->free(extra->keep);
    }
}

static void put_block(futures_future *future, uint64_t word)
{
    if (is_dirty(future, word)) {
        memset(fut_future_extra(future), 0, sizeof(struct fut_extra));
    }
    fut_block_put(future);
}

void fut_future_discard(futures_future *future)
{
    put_block(future, load_relaxed(&future->word));
}

/* returns  whether the pins in `amount` were the last */
static bool give_back(futures_future *future, uint64_t amount)
{
    uint64_t word = load_acquire(&future->word);

    return word / FUT_PIN == amount / FUT_PIN ||
           sub_acq_rel(&future->word, amount) / FUT_PIN == amount / FUT_PIN;
}

/* The block goes, and with it the pin on its scope; if that was the last one
 * of a task's block, that goes too, and so on upwards. */
static void drop_pins(futures_future *future, uint64_t amount)
{
    while (give_back(future, amount)) {
        futures_token *scope = load_relaxed(&future->scope);

        put_block(future, load_relaxed(&future->word));
        while (scope != NULL && fut_token_task(scope) == NULL) {
            scope = fut_token_drop(scope);
        }
        future = fut_token_task(scope);
        if (future == NULL) {
            return;
        }
        amount = FUT_PIN;
    }
}

void fut_future_unpin(futures_token *scope)
{
    while (scope != NULL && fut_token_task(scope) == NULL) {
        scope = fut_token_drop(scope);
    }
    if (scope != NULL) {
        drop_pins(fut_token_task(scope), FUT_PIN);
    }
}

void fut_future_drop(futures_future *future, uint64_t pins)
{
    if (pins > 0) {
        drop_pins(future, pins * FUT_PIN);
    }
}

futures_future *fut_future_pin(futures_future *future)
{
    add_relaxed(&future->word, FUT_PIN);
    return future;
}

/* Freeing the contents may release the last handle of others: they are freed
 * after it, not inside it. */
static void free_in_turn(futures_future *future)
{
    struct fut_self *self = &fut_self;

    store_relaxed(&future->chain, self->dead);
    self->dead = future;
    if (self->freeing) {
        return;
    }
    self->freeing = true;
    while (self->dead != NULL) {
        future = self->dead;
        self->dead = load_relaxed(&future->chain);
        free_contents(future, load_acquire(&future->word));
        drop_pins(future, FUT_HANDLE + FUT_PIN);
    }
    self->freeing = false;
}

/* The last handle, and that many pins, of one that has ended. */
static void free_it(futures_future *future, uint64_t word, uint64_t pins)
{
    if (is_dirty(future, word)) {
        fut_future_drop(future, pins);
        free_in_turn(future);
    } else {
        drop_pins(future, FUT_HANDLE + (1 + pins) * FUT_PIN);
    }
}

void fut_count_let_go(futures_future *future, uint64_t pins)
{
    uint64_t word = load_acquire(&future->word);

    while (fut_handles(word) > 1) {
        if (cas_acq_rel(&future->word, &word,
                        word - FUT_HANDLE - pins * FUT_PIN)) {
            return;
        }
    }
    free_it(future, word, pins);
}
