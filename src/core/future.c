/* The life of a future: its block, its handles and pins, and every transition
 * of its word. Orders: a claim is acq_rel, so the runner sees what the
 * submitter wrote; publishing is acq_rel, so whoever reads an ended state sees
 * value and error; handles and pins are given back with acq_rel, so the last
 * one frees after all others have read. */
#include "core/future.h"

#include <string.h>

#include "base/alloc.h"
#include "base/block.h"
#include "base/fork.h"
#include "core/error.h"
#include "core/self.h"
#include "core/sink.h"
#include "core/token.h"
#include "core/waiters.h"

struct fut_batch {
    _Alignas(FUT_CACHE_LINE) _Atomic size_t living;
    futures_future futures[];
};

static_assert(sizeof(futures_future) == FUT_BLOCK_SIZE, "one block");

#define ENDED_FUTURE(name, text) \
    [FUTURES_##name] = {.word = FUTURES_##name | FUT_IMMORTAL, .waiters = 4},

/* Constant but for their type; futures_status_text says what they mean. */
static futures_future ended[] = {FUTURES_STATUS_MAP(ENDED_FUTURE)};

futures_future *fut_future_ended(futures_status status)
{
    return &ended[status];
}

futures_future *fut_future_alloc(void)
{
    futures_future *future = fut_block_get();

    if (future != NULL) {
        future->batch = NULL;
    }
    return future;
}

futures_future *fut_future_alloc_all(size_t count)
{
    struct fut_batch *batch;

    if (count > SIZE_MAX / sizeof(futures_future) - 1) {
        return NULL;
    }
    batch = fut_alloc_lines(1, sizeof *batch + count * sizeof(futures_future));
    if (batch == NULL) {
        return NULL;
    }
    atomic_init(&batch->living, count);
    for (size_t i = 0; i < count; i++) {
        batch->futures[i].batch = batch;
    }
    return batch->futures;
}

void fut_future_init(futures_future *future, unsigned state, unsigned entries,
                     uint64_t marks)
{
    uint64_t generation = fut_fork_generation() % FUT_GENERATIONS;

    atomic_init(&future->word, (state | marks) + generation * FUT_GENERATION +
                                   FUT_HANDLE + (entries + 1) * FUT_PIN);
    atomic_init(&future->waiters, 0);
    atomic_init(&future->value, NULL);
    atomic_init(&future->error, NULL);
    future->pool = NULL;
    atomic_init(&future->scope, NULL);
    future->chain = NULL;
    memset(&future->work, 0, sizeof future->work);
}

void fut_future_discard(futures_future *future)
{
    struct fut_batch *batch = future->batch;

    if (batch == NULL) {
        fut_block_put(future);
    } else if (sub_acq_rel(&batch->living, 1) == 1) {
        fut_free(batch);
    }
}

void fut_future_open(futures_future *future)
{
    /* release: shows the task to whoever claims it */
    (void)sub_acq_rel(&future->word, FUT_ENDING - FUT_QUEUED);
}

static uint64_t handles(uint64_t word)
{
    return word / FUT_HANDLE % FUT_HANDLES;
}

/* A handle more, and the handles' pin if it is the first. */
static uint64_t with_handle(uint64_t word)
{
    return word + FUT_HANDLE + (handles(word) == 0 ? FUT_PIN : 0);
}

bool fut_future_claim_run(futures_future *future, bool entry)
{
    uint64_t pins = (FUT_STOCK + (entry ? 0U : 1U)) * FUT_PIN;
    uint64_t word = load_relaxed(&future->word);

    while ((word & FUT_STATE_MASK) == FUT_QUEUED) {
        if (cas_acq_rel(
                &future->word, &word,
                with_handle(word) + (FUT_RUNNING - FUT_QUEUED) + pins)) {
            return true;
        }
    }
    return false;
}

bool fut_future_claim_end(futures_future *future)
{
    uint64_t word = load_relaxed(&future->word);

    while ((word & FUT_STATE_MASK) == FUT_QUEUED) {
        if (cas_acq_rel(
                &future->word, &word,
                with_handle(word) + (FUT_ENDING - FUT_QUEUED) + FUT_PIN)) {
            return true;
        }
    }
    return false;
}

bool fut_future_hold_running(futures_future *future)
{
    uint64_t word = load_relaxed(&future->word);

    while ((word & FUT_STATE_MASK) == FUT_RUNNING) {
        if (cas_acq_rel(&future->word, &word, word + FUT_HANDLE)) {
            return true;
        }
    }
    return false;
}

void fut_future_call(void (*fn)(void *), void *arg)
{
    struct fut_run frame;

    if (fn != NULL) {
        fut_self_bar(&frame);
        fn(arg);
        fut_self_unbar(&frame);
    }
}

void fut_future_disarm(futures_future *future)
{
    struct fut_future_timer *timer = future->work.timer;

    future->work.timer = NULL;
    if (timer == NULL) {
        return;
    }
    if (fut_timer_disarm(&timer->timer)) {
        fut_free(timer);
        fut_future_drop(future, 1);
    } else if (exchange_acq_rel(&timer->left, true)) {
        fut_free(timer);
    }
}

void fut_future_run_callbacks(void)
{
    struct fut_self *self = &fut_self;

    while (self->ended != NULL) {
        futures_future *future = self->ended;

        self->ended = future->chain;
        fut_waiters_call(future);
        futures_release(future);
    }
}

/* Callbacks of a future that ends inside a callback wait until that returns:
 * a chain of them needs no stack. Takes over a handle. */
static void call_later(futures_future *future)
{
    struct fut_self *self = &fut_self;

    future->chain = NULL;
    if (self->ended == NULL) {
        self->ended_tail = &self->ended;
    }
    *self->ended_tail = future;
    self->ended_tail = &future->chain;
    if (!self->calling) {
        self->calling = true;
        fut_future_run_callbacks();
        self->calling = false;
    }
}

void fut_future_publish(futures_future *future, futures_status status,
                        uint64_t pins)
{
    uint64_t word = load_relaxed(&future->word);
    uintptr_t waits;

    while (!cas_weak_acq_rel(&future->word, &word,
                             (word & ~(uint64_t)FUT_STATE_MASK) | status)) {
    }
    if (fut_waiters_close(future, &waits)) {
        fut_waiters_tell(future, waits);
        call_later(future);
    } else {
        futures_release(future);
        fut_waiters_tell(future, waits);
    }
    fut_future_drop(future, pins);
}

static void free_contents(futures_future *future)
{
    uint64_t word = load_acquire(&future->word);
    futures_error *error = load_relaxed(&future->error);

    if ((word & FUT_STATE_MASK) == FUTURES_FAILED) {
        if ((word & FUT_SEEN) == 0) {
            fut_sink_report(future->sink, error);
        }
        fut_sink_release(future->sink);
    } else if ((word & FUT_STATE_MASK) == FUTURES_OK) {
        void *value = load_relaxed(&future->value);

        if (value != NULL) {
            fut_future_call(future->work.value_free, value);
        }
    }
    fut_error_release(error);
}

/* The block goes, and with it the pin on its scope; if that was the last one
 * of a task's block, that goes too, and so on upwards. */
static void drop_pins(futures_future *future, uint64_t amount)
{
    /* acq_rel: the last one frees after all others have read */
    while (sub_acq_rel(&future->word, amount) / FUT_PIN == amount / FUT_PIN) {
        futures_token *scope = load_relaxed(&future->scope);

        fut_future_discard(future);
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

/* The last handle of one that has ended. Freeing its contents may release the
 * last handle of others: they are freed after it, not inside it. */
static void free_later(futures_future *future)
{
    struct fut_self *self = &fut_self;

    future->chain = self->dead;
    self->dead = future;
    if (self->freeing) {
        return;
    }
    self->freeing = true;
    while (self->dead != NULL) {
        future = self->dead;
        self->dead = future->chain;
        free_contents(future);
        drop_pins(future, FUT_HANDLE + FUT_PIN);
    }
    self->freeing = false;
}

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
        free_later(future);
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

void futures_release(futures_future *future)
{
    uint64_t word;
    bool released = false;

    if (future == NULL) {
        return;
    }
    word = load_acquire(&future->word);
    while (!released && (word & FUT_IMMORTAL) == 0) {
        if (handles(word) == 1) {
            released = release_last(future, &word);
        } else {
            released = cas_acq_rel(&future->word, &word, word - FUT_HANDLE);
        }
    }
}

void futures_release_all(futures_future *const futures[], size_t count)
{
    for (size_t i = 0; futures != NULL && i < count; i++) {
        futures_release(futures[i]);
    }
}

bool fut_future_is_foreign(const futures_future *future)
{
    uint64_t word = load_acquire(&future->word);

    return fut_state_is_pending((unsigned)(word & FUT_STATE_MASK)) &&
           word / FUT_GENERATION % FUT_GENERATIONS !=
               fut_fork_generation() % FUT_GENERATIONS;
}
