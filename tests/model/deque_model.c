/* The deque: each entry is handed out once, and its taker sees what the owner
 * wrote before it pushed, also while the ring grows or goes round; nobody
 * reads a ring that was freed. What is scanned is there. Who looks behind a
 * heavy barrier whether it is empty either sees an entry or is seen.
 *
 * The ring starts with two slots here, so that it grows within a few steps. */
#include "model.h"

#include "sync/deque.h"

enum { MOST = 8, FULL = 2 };

static struct fut_deque deque;
static uint64_t payload[MOST];    /* plain memory behind each entry */
static unsigned handed_out[MOST]; /* the simulator runs one thread at once */
static unsigned pushed;
static _Atomic uint32_t flag;
static bool pusher_saw_flag;
static bool looker_saw_entry;
static bool looker_scanned_entry;

static void push(void)
{
    model_write(&payload[pushed], pushed + 1);
    pushed++;
    model_check(fut_deque_push(&deque, &payload[pushed - 1]));
}

static size_t index_of(uint64_t *entry)
{
    size_t index = (size_t)(entry - payload);

    model_check(index < pushed);
    return index;
}

static void account(uint64_t *entry)
{
    if (entry != NULL) {
        size_t index = index_of(entry);

        model_check(handed_out[index]++ == 0);
        model_check(model_read(entry) == index + 1);
    }
}

static void pop(void)
{
    account(fut_deque_pop(&deque));
}

static void steal(void)
{
    bool lost;

    account(fut_deque_steal(&deque, &lost));
}

static void take_back(unsigned index)
{
    if (fut_deque_take_back(&deque, &payload[index]))
        account(&payload[index]);
}

static void see(void *context, void *entry)
{
    unsigned *seen = context;
    size_t index = index_of(entry);

    model_check(model_read(entry) == index + 1);
    model_check((*seen & 1U << index) == 0);
    *seen |= 1U << index;
    for (size_t i = 0; i < pushed; i++)
        model_check((*seen & 1U << i) == 0 || handed_out[i] == 0);
}

/* Nothing that was visited is taken before the end.
 * returns  whether anything was */
static bool scan(void)
{
    unsigned seen = 0;

    fut_deque_scan(&deque, see, &seen);
    return seen != 0;
}

static void start(unsigned count)
{
    pushed = 0;
    for (unsigned i = 0; i < MOST; i++)
        handed_out[i] = 0;
    atomic_init(&flag, 0);
    pusher_saw_flag = false;
    looker_saw_entry = false;
    looker_scanned_entry = false;
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
    model_is_portable = false;
    start(0);
}

static void start_portable(void)
{
    model_is_portable = true;
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
    pop();
    pop();
    push();
    pop();
}

/* One entry left: the owner against two thieves. */
static void start_one(void)
{
    model_is_portable = false;
    start(1);
}

static void last_one(unsigned index)
{
    if (index == 0) {
        pop();
        push();
        pop();
    } else {
        steal();
    }
}

static void start_full(void)
{
    model_is_portable = false;
    start(FULL);
}

/* The ring grows beneath a thief, unless that is first. */
static void growing(unsigned index)
{
    if (index == 0) {
        push();
        push();
        pop();
    } else {
        steal();
        steal();
    }
}

/* Half of four becomes public while the owner pops all of them, and pushes in
 * their place. */
static void start_four(void)
{
    model_is_portable = false;
    start(4);
}

static void exposing(unsigned index)
{
    if (index == 0) {
        pop();
        pop();
        pop();
        push();
        push();
        pop();
        pop();
    } else {
        steal();
        steal();
    }
}

/* From beneath newer ones, public or not, taken or not, and from the top. */
static void taking_back(unsigned index)
{
    if (index == 0) {
        take_back(1);
        push();
        take_back(2);
        pop();
        push();
        take_back(5);
    } else {
        steal();
        steal();
    }
}

static void scanning(unsigned index)
{
    if (index == 0) {
        pop();
        push();
        push();
        pop();
    } else if (index == 1) {
        (void)scan();
    } else {
        steal();
    }
}

/* As a submit and a cancel, or a publisher and a sleeper, do it. */
static void looking(unsigned index)
{
    if (index == 0) {
        push();
        pop();
        push();
        pusher_saw_flag = load_light(&flag) != 0;
    } else {
        store_seq_cst(&flag, 1);
        fut_barrier_heavy();
        looker_saw_entry = !fut_deque_is_empty(&deque);
        looker_scanned_entry = scan();
    }
}

static void after_look(void)
{
    model_check(pusher_saw_flag || looker_saw_entry);
    model_check(pusher_saw_flag || looker_scanned_entry);
    finish();
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"deque: few", 3, 60000, start_empty, few, finish},
        {"deque: few, portable", 3, 20000, start_portable, few, finish},
        {"deque: last one", 3, 60000, start_one, last_one, finish},
        {"deque: growing", 3, 60000, start_full, growing, finish},
        {"deque: exposing", 3, 60000, start_four, exposing, finish},
        {"deque: taking back", 3, 60000, start_four, taking_back, finish},
        {"deque: scanning", 3, 60000, start_four, scanning, finish},
        {"deque: looking", 2, 20000, start_empty, looking, after_look}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
