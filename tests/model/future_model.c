/* A future's word, counts and waiters: it ran or was cancelled, never both;
 * whoever waits is told once, or takes its wait back; value and argument are
 * seen by those who may look and freed once, after all have looked; nobody
 * touches the block afterwards. */
#include <string.h>

#include <futures/pool.h>

#include "model.h"

#include "base/alloc.h"
#include "base/block.h"
#include "base/fork.h"
#include "core/future.h"
#include "core/life.h"
#include "core/self.h"
#include "core/sink.h"
#include "core/token.h"
#include "core/waiters.h"
#include "sync/latch.h"

enum { SOME_TIME = 1000 };

static futures_future *future;
static uint64_t value;    /* plain memory: what the task made */
static uint64_t contents; /* plain memory too: of the block */
static bool plain;        /* without an extra line */
static unsigned ran;
static unsigned cancelled;
static unsigned values_freed;
static unsigned blocks_freed;

/* What the sources need from below and beside it. */

void *fut_block_get(void)
{
    return fut_alloc(2, FUT_BLOCK_SIZE);
}

void fut_block_put(void *block)
{
    blocks_freed++;
    model_write(&contents, 0); /* as whoever has it next does */
    fut_free(block);
}

void fut_fork_on_child(void (*reset)(void))
{
    (void)reset;
}

void fut_error_release(futures_error *error)
{
    model_check(error == NULL);
}

void fut_sink_report(struct fut_sink *sink, const futures_error *error)
{
    (void)sink;
    (void)error;
    model_fail("a failed future", MODEL_SITE("check"));
}

void fut_sink_release(struct fut_sink *sink)
{
    (void)sink;
    model_fail("a failed future", MODEL_SITE("check"));
}

bool fut_timer_disarm(struct fut_timer *timer)
{
    (void)timer;
    model_fail("a timer", MODEL_SITE("check"));
    return false;
}

futures_token *fut_token_drop(futures_token *token)
{
    (void)token;
    model_fail("a token", MODEL_SITE("check"));
    return NULL;
}

static void free_value(void *freed)
{
    model_write(freed, 0);
    values_freed++;
}

/* With the submitter's handle, two more, and an entry in a queue. */
static void start(void)
{
    plain = false;
    ran = 0;
    cancelled = 0;
    values_freed = 0;
    blocks_freed = 0;
    future = fut_block_get();
    model_write(&contents, 1);
    fut_future_init(future, fut_future_word(FUT_QUEUED, 1, 0));
    future->pool = (futures_pool *)(void *)&value; /* a task, not a promise */
    future->options = true;
    atomic_init(&fut_future_extra(future)->error, NULL);
    fut_future_extra(future)->value_free = free_value;
    futures_retain(future);
    futures_retain(future);
}

static void start_plain(void)
{
    start();
    plain = true;
    future->options = false;
}

static void finish(void)
{
    model_check(ran + cancelled == 1);
    model_check(values_freed == (plain ? 0 : ran));
    model_check(blocks_freed == 1);
    model_gone(&value, sizeof value);
}

static void run(bool entry)
{
    if (fut_future_claim_run(future, entry)) {
        ran++;
        (void)model_read(&contents);
        model_write(&value, 1);
        store_relaxed(&future->value, &value);
        fut_future_publish(future, FUTURES_OK, FUT_STOCK + 1);
    } else if (entry) {
        fut_future_drop(future, 1);
    }
}

static void cancel(void)
{
    if (fut_future_claim_end(future)) {
        cancelled++;
        fut_future_publish(future, FUTURES_CANCELLED, 1);
    }
}

/* As on a waiter's stack: gone with its wait. */
struct one {
    struct fut_wait wait;
    struct fut_latch latch;
    unsigned told;
};

/* A thread's, and not on its stack: one that is told too late still has its
 * function, and is found to be gone. */
static struct one waits[3];

static void tell(struct fut_wait *wait, futures_future *ended,
                 futures_hook *hook)
{
    struct one *one = (struct one *)wait;

    (void)hook;
    model_check(ended == future);
    one->told++;
    fut_latch_arrive(&one->latch, 1);
}

static void begin_wait(struct one *one)
{
    one->wait.ended = tell;
    one->told = 0;
    fut_latch_init(&one->latch, 1);
}

/* Attached; leaves when it was told or has taken the wait back. */
static void end_wait(struct one *one, futures_hook *hook)
{
    bool taken_back = false;

    if (fut_latch_wait(&one->latch, SOME_TIME) == FUT_LATCH_TIMEOUT) {
        taken_back = hook == NULL ? fut_waiters_detach(future, &one->wait)
                                  : fut_waiters_detach_hook(future, hook);
    }
    if (!taken_back) {
        model_check(fut_latch_wait(&one->latch, FUTURES_NEVER) ==
                    FUT_LATCH_OPEN);
    }
    model_check(one->told == (taken_back ? 0 : 1));
    model_check(taken_back || futures_poll(future) != FUTURES_PENDING);
}

static void look(void)
{
    (void)model_read(&contents);
    switch (futures_poll(future)) {
    case FUTURES_OK:
        model_check(futures_value(future) == &value);
        model_check(model_read(&value) == 1);
        break;
    case FUTURES_CANCELLED:
        model_check(futures_value(future) == NULL);
        break;
    default:
        break;
    }
}

static void wait_with_hook(struct one *one)
{
    futures_hook hook;

    memset(&hook, 0, sizeof hook);
    if (fut_waiters_attach_hook(future, &hook, &one->wait)) {
        end_wait(one, &hook);
    }
}

static void wait_and_look(struct one *one)
{
    begin_wait(one);
    switch (fut_waiters_attach(future, &one->wait)) {
    case FUT_ATTACHED:
        end_wait(one, NULL);
        break;
    case FUT_ATTACH_TAKEN:
        wait_with_hook(one);
        break;
    case FUT_ATTACH_ENDED:
        model_check(futures_poll(future) != FUTURES_PENDING);
        break;
    }
    model_gone(one, sizeof *one);
    look();
    futures_release(future);
}

static void run_or_cancel(unsigned index)
{
    if (index == 0) {
        run(true);
        futures_release(future);
    } else if (index == 1) {
        cancel();
        futures_release(future);
    } else {
        wait_and_look(&waits[index]);
    }
}

static void run_or_help(unsigned index)
{
    if (index == 0) {
        futures_release(future);
        run(true);
    } else if (index == 1) {
        run(false);
        look();
        futures_release(future);
    } else {
        wait_and_look(&waits[index]);
    }
}

static void two_wait(unsigned index)
{
    if (index == 0) {
        futures_release(future);
        run(true);
    } else {
        wait_and_look(&waits[index]);
    }
}

static void start_with_pin(void)
{
    start();
    (void)fut_future_pin(future);
}

/* As the pool waits for what is in limbo: the handles may all be gone, and the
 * value with them, before it ends and while it is told. */
static void wait_with_pin(void)
{
    struct one one;

    begin_wait(&one);
    wait_with_hook(&one);
    model_gone(&one, sizeof one);
    (void)model_read(&contents);
    fut_future_drop(future, 1);
}

static void run_detached(unsigned index)
{
    if (index == 0) {
        run(true);
    } else if (index == 1) {
        futures_release(future);
        futures_release(future);
        futures_release(future);
    } else {
        wait_with_pin();
    }
}

static void call_back(void *arg, futures_future *ended)
{
    struct one *one = arg;

    model_check(ended == future);
    look();
    one->told++;
    fut_latch_arrive(&one->latch, 1);
}

/* On the hook's owner's stack, and taken back or waited for before it goes. */
static void hook_and_look(void)
{
    struct one one;
    futures_hook hook;
    bool told;

    begin_wait(&one);
    memset(&hook, 0, sizeof hook);
    told = fut_waiters_attach_callback(future, &hook, call_back, &one);
    model_check(told || futures_poll(future) != FUTURES_PENDING);
    model_yield();
    told = told && !fut_waiters_detach_hook(future, &hook);
    if (told) {
        model_check(fut_latch_wait(&one.latch, FUTURES_NEVER) ==
                    FUT_LATCH_OPEN);
    }
    model_check(one.told == (told ? 1 : 0));
    model_gone(&one, sizeof one);
    look();
    futures_release(future);
}

/* What a thread knows of itself is one for all here: only the one who ends
 * the future calls. */
static void start_uncalled(void)
{
    memset(&fut_self, 0, sizeof fut_self);
    start();
}

static void two_hooks(unsigned index)
{
    if (index == 0) {
        futures_release(future);
        run(true);
    } else {
        hook_and_look();
    }
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"future: run or cancel", 3, 40000, start, run_or_cancel, finish},
        {"future: run or help", 3, 40000, start, run_or_help, finish},
        {"future: two wait", 3, 40000, start, two_wait, finish},
        {"future: plain", 3, 40000, start_plain, run_or_help, finish},
        {"future: detached", 3, 40000, start_with_pin, run_detached, finish},
        {"future: two hooks", 3, 40000, start_uncalled, two_hooks, finish}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
