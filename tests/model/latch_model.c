/* The latch: its sleeper returns when all have arrived, sees what they wrote,
 * and nobody touches the latch afterwards; a poke is never lost, whatever the
 * order in which flags and pokes of several pokers come. */
#include "model.h"

#include "base/atomic.h"
#include "sync/latch.h"
#include "sync/park.h"

enum { OTHERS = 2, SOME_TIME = 1000 };

static struct fut_latch latch;   /* as on the sleeper's stack */
static uint64_t payload[OTHERS]; /* plain memory */
static _Atomic uint32_t flags[OTHERS];
static _Atomic uint32_t answers[OTHERS];

static void start(void)
{
    fut_latch_init(&latch, OTHERS);
    for (int i = 0; i < OTHERS; i++) {
        atomic_init(&flags[i], 0);
        atomic_init(&answers[i], 0);
    }
}

static void finish(void)
{
    model_gone(payload, sizeof payload);
    model_gone(flags, sizeof flags);
    model_gone(answers, sizeof answers);
}

static void arrive(unsigned index)
{
    model_write(&payload[index], index + 1);
    fut_latch_arrive(&latch, 1);
}

static void leave(void)
{
    model_gone(&latch, sizeof latch);
    for (unsigned i = 0; i < OTHERS; i++)
        model_check(model_read(&payload[i]) == i + 1);
}

static void wait_for_flag(_Atomic uint32_t *flag)
{
    while (load_acquire(flag) == 0)
        (void)fut_park(flag, 0, FUTURES_NEVER);
}

static void raise_flag(_Atomic uint32_t *flag)
{
    store_release(flag, 1);
    fut_unpark(flag, 1);
}

static void arriving(unsigned index)
{
    if (index > 0) {
        arrive(index - 1);
        return;
    }
    model_check(fut_latch_wait(&latch, FUTURES_NEVER) == FUT_LATCH_OPEN);
    leave();
}

/* The deadline passes or not; he who timed out must still see it open. */
static void timing_out(unsigned index)
{
    enum fut_latch_wake wake;

    if (index > 0) {
        arrive(index - 1);
        return;
    }
    wake = fut_latch_wait(&latch, SOME_TIME);
    if (wake == FUT_LATCH_TIMEOUT)
        wake = fut_latch_wait(&latch, FUTURES_NEVER);
    model_check(wake == FUT_LATCH_OPEN);
    leave();
}

static void answer_flags(void)
{
    for (int i = 0; i < OTHERS; i++) {
        if (load_acquire(&flags[i]) != 0 && load_relaxed(&answers[i]) == 0)
            raise_flag(&answers[i]);
    }
}

/* Each poker arrives only when its flag was answered. */
static void poking(unsigned index)
{
    enum fut_latch_wake wake;

    if (index > 0) {
        store_release(&flags[index - 1], 1);
        fut_latch_poke(&latch);
        wait_for_flag(&answers[index - 1]);
        arrive(index - 1);
        return;
    }
    while ((wake = fut_latch_wait(&latch, FUTURES_NEVER)) == FUT_LATCH_POKED)
        answer_flags();
    model_check(wake == FUT_LATCH_OPEN);
    leave();
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"latch: arriving", 3, 60000, start, arriving, finish},
        {"latch: timing out", 3, 60000, start, timing_out, finish},
        {"latch: poking", 3, 60000, start, poking, finish}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
