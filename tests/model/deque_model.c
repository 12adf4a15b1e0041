/* The deque: each entry is handed out once, and its taker sees what the
 * owner wrote before it pushed, also while the ring grows. The ring starts
 * with two slots here, so that it grows within a few steps. */
#include "model.h"

#include "sync/deque.h"

enum { MOST = 8, FULL = 2 };

static struct fut_deque deque;
static uint64_t payload[MOST];    /* plain memory behind each entry */
static unsigned handed_out[MOST]; /* the simulator runs one thread at once */
static unsigned pushed;

static void push(void)
{
    model_write(&payload[pushed], pushed + 1);
    model_check(fut_deque_push(&deque, &payload[pushed]));
    pushed++;
}

static void account(uint64_t *entry)
{
    if (entry != NULL) {
        size_t index = (size_t)(entry - payload);

        model_check(index < pushed);
        model_check(model_read(entry) == index + 1);
        model_check(handed_out[index]++ == 0);
    }
}

static void steal(void)
{
    bool lost;

    account(fut_deque_steal(&deque, &lost));
}

static void start(unsigned count)
{
    pushed = 0;
    for (unsigned i = 0; i < MOST; i++)
        handed_out[i] = 0;
    model_check(fut_deque_init(&deque));
    while (pushed < count)
        push();
}

static void finish(void)
{
    uint64_t *entry;

    while ((entry = fut_deque_pop(&deque)) != NULL)
        account(entry);
    for (unsigned i = 0; i < pushed; i++)
        model_check(handed_out[i] == 1);
    model_check(fut_deque_is_empty(&deque));
    fut_deque_destroy(&deque);
    model_gone(&deque, sizeof deque);
    model_gone(payload, sizeof payload);
}

static void start_empty(void)
{
    start(0);
}

/* Push two, pop two, push one, pop one, while two others steal. */
static void few(unsigned index)
{
    if (index > 0) {
        steal();
        steal();
        return;
    }
    push();
    push();
    account(fut_deque_pop(&deque));
    account(fut_deque_pop(&deque));
    push();
    account(fut_deque_pop(&deque));
}

/* One entry left: the owner against two thieves. */
static void start_one(void)
{
    start(1);
}

static void last_one(unsigned index)
{
    if (index == 0) {
        account(fut_deque_pop(&deque));
        push();
        account(fut_deque_pop(&deque));
    } else {
        steal();
    }
}

static void start_full(void)
{
    start(FULL);
}

/* The ring grows beneath a thief, unless that is first. */
static void growing(unsigned index)
{
    if (index == 0) {
        push();
        push();
        account(fut_deque_pop(&deque));
    } else {
        steal();
        steal();
    }
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"deque: few", 3, 60000, start_empty, few, finish},
        {"deque: last one", 3, 60000, start_one, last_one, finish},
        {"deque: growing", 3, 60000, start_full, growing, finish}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
