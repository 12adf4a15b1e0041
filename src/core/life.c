/* The life of a future's word: every transition of its state. Orders: a claim
 * is acq_rel, so the runner sees what the submitter wrote; publishing is
 * acq_rel, so whoever reads an ended state sees value and error. */
#include "core/life.h"

#include "base/alloc.h"
#include "core/count.h"
#include "core/self.h"
#include "core/waiters.h"

#define ENDED_FUTURE(name, text) \
    [FUTURES_##name] = {.word = FUTURES_##name | FUT_IMMORTAL},

/* Constant but for their type; futures_status_text says what they mean. */
static futures_future ended[] = {FUTURES_STATUS_MAP(ENDED_FUTURE)};

futures_future *fut_future_ended(futures_status status)
{
    return &ended[status];
}

void fut_future_open(futures_future *future)
{
    /* release: shows the task to whoever claims it */
    (void)sub_acq_rel(&future->word, FUT_ENDING - FUT_QUEUED);
}

bool fut_future_claim_end(futures_future *future)
{
    uint64_t word = load_relaxed(&future->word);

    while ((word & FUT_STATE_MASK) == FUT_QUEUED) {
        if (cas_acq_rel(
                &future->word, &word,
                fut_with_handle(word) + (FUT_ENDING - FUT_QUEUED) + FUT_PIN)) {
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

void fut_future_disarm(futures_future *future)
{
    struct fut_extra *extra = fut_future_extra(future);
    struct fut_future_timer *timer =
        future->options ? load_relaxed(&extra->timer) : NULL;

    if (timer == NULL) {
        return;
    }
    store_relaxed(&extra->timer, NULL);
    if (fut_timer_disarm(&timer->timer)) {
        fut_free(timer);
        fut_future_drop(future, 1);
    } else if (exchange_acq_rel(&timer->left, true)) {
        fut_free(timer);
    }
}

static void run_callbacks(void)
{
    struct fut_self *self = &fut_self;

    while (self->ended != NULL) {
        futures_future *future = self->ended;

        self->ended = load_relaxed(&future->chain);
        fut_waiters_call(future);
        fut_count_let_go(future, 0);
    }
}

static void run_enders(void)
{
    struct fut_self *self = &fut_self;

    while (self->enders != NULL) {
        struct fut_ender *ender = self->enders;

        self->enders = ender->next;
        ender->end(ender);
    }
}

void fut_future_run_callbacks(void)
{
    while (fut_self.ended != NULL || fut_self.enders != NULL) {
        run_callbacks();
        run_enders();
    }
}

void fut_future_end_in_turn(struct fut_ender *ender)
{
    struct fut_self *self = &fut_self;

    ender->next = NULL;
    if (self->enders == NULL) {
        self->enders_tail = &self->enders;
    }
    *self->enders_tail = ender;
    self->enders_tail = &ender->next;
    if ((self->calling & FUT_CALLING_ENDERS) == 0) {
        self->calling |= FUT_CALLING_ENDERS;
        run_enders();
        self->calling &= (uint8_t)~FUT_CALLING_ENDERS;
    }
}

/* Callbacks of a future that ends inside a callback wait until that returns:
 * a chain of them needs no stack. Takes over a handle. */
static void call_later(futures_future *future)
{
    struct fut_self *self = &fut_self;

    store_relaxed(&future->chain, NULL);
    if (self->ended == NULL) {
        self->ended = future;
    } else {
        store_relaxed(&self->ended_last->chain, future);
    }
    self->ended_last = future;
    if ((self->calling & FUT_CALLING_BACK) == 0) {
        self->calling |= FUT_CALLING_BACK;
        run_callbacks();
        self->calling &= (uint8_t)~FUT_CALLING_BACK;
    }
}

/* Callbacks run while it holds the handle; the handle goes back before those
 * who wait are told, and nothing here touches the future after that but what
 * the others' handles keep. */
static void wake(futures_future *future, uint64_t pins)
{
    uintptr_t waits;

    if (fut_waiters_close(future, &waits)) {
        fut_waiters_tell(future, waits);
        call_later(future);
        fut_future_drop(future, pins);
    } else {
        fut_count_let_go(future, pins);
        fut_waiters_tell(future, waits);
    }
}

void fut_future_publish_slowly(futures_future *future, uint64_t word,
                               uint64_t pins)
{
    if ((word & FUT_WAITED) != 0) {
        wake(future, pins);
    } else {
        fut_count_let_go(future, pins);
    }
}
