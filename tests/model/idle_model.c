/* Sleeping and waking, with the loop of a pool's worker around it. No wake-up
 * is lost: entries that can only run side by side do run, however many
 * workers were about to sleep, else all sleep for ever. And a pool is found
 * quiet only when it is. */
#include "model.h"

#include "base/atomic.h"
#include "base/barrier.h"
#include "sync/idle.h"
#include "sync/park.h"

enum { WORKERS = 2, PUBLISHERS = 2, SOURCES = WORKERS + PUBLISHERS, MOST = 2 };

/* Filled by one thread, with no more than there is room for. */
struct queue {
    _Atomic uint64_t head;
    _Atomic uint64_t tail;
    _Atomic(void *) slots[MOST];
};

static struct fut_idle idle;
static struct queue sources[SOURCES];
static uint64_t entries[2];      /* plain memory */
static _Atomic uint32_t running; /* entries that have begun */
static _Atomic uint32_t ended;
static _Atomic uint32_t over;
static _Atomic uint32_t quiet_waits;
static _Atomic uint32_t quiet;

static void put(struct queue *queue, void *entry)
{
    uint64_t tail = load_relaxed(&queue->tail);

    store_relaxed(&queue->slots[tail], entry);
    store_light(&queue->tail, tail + 1);
}

static void *take_from(struct queue *queue)
{
    uint64_t head = load_acquire(&queue->head);

    while (head < load_acquire(&queue->tail)) {
        void *entry = load_relaxed(&queue->slots[head]);

        if (cas_acq_rel(&queue->head, &head, head + 1))
            return entry;
    }
    return NULL;
}

static bool is_empty(const struct queue *queue)
{
    uint64_t head = load_seq_cst(&queue->head);

    return head >= load_seq_cst(&queue->tail);
}

static void start_queue(struct queue *queue)
{
    atomic_init(&queue->head, 0);
    atomic_init(&queue->tail, 0);
    for (int i = 0; i < MOST; i++)
        atomic_init(&queue->slots[i], NULL);
}

static void start(void)
{
    model_is_portable = false;
    fut_idle_init(&idle);
    for (int i = 0; i < SOURCES; i++)
        start_queue(&sources[i]);
    atomic_init(&running, 0);
    atomic_init(&ended, 0);
    atomic_init(&over, 0);
    atomic_init(&quiet_waits, 0);
    atomic_init(&quiet, 0);
}

static void start_portable(void)
{
    start();
    model_is_portable = true;
}

static void finish(void)
{
    uint64_t stamp;

    model_check(load_relaxed(&ended) == 2);
    model_check(fut_idle_asleep(&idle, &stamp) == 0);
    model_gone(entries, sizeof entries);
}

static void publish(struct queue *source, unsigned index)
{
    model_write(&entries[index], index + 1);
    put(source, &entries[index]);
    if (!model_drops("notify"))
        fut_idle_notify(&idle);
}

static bool any(void)
{
    for (int i = 0; i < SOURCES; i++) {
        if (!is_empty(&sources[i]))
            return true;
    }
    return false;
}

static uint64_t *take(void)
{
    uint64_t *entry = NULL;

    for (int i = 0; i < SOURCES && entry == NULL; i++)
        entry = take_from(&sources[i]);
    return entry;
}

static void notify_quiet(void)
{
    if (load_seq_cst(&quiet_waits) > 0) {
        add_seq_cst(&quiet, 1);
        fut_unpark(&quiet, FUT_PARK_ALL);
    }
}

static void doze(void)
{
    bool last = fut_idle_announce(&idle) == WORKERS;

    fut_barrier_heavy();
    if ((!model_drops("look") && any()) || load_seq_cst(&over) != 0) {
        fut_idle_withdraw(&idle);
        return;
    }
    if (last)
        notify_quiet();
    fut_idle_sleep(&idle);
}

static void stop_searching(void)
{
    if (fut_idle_found(&idle) && !model_drops("look") && any())
        fut_idle_notify(&idle);
}

static uint64_t *next_entry(void)
{
    uint64_t *entry = take();

    if (entry != NULL || load_seq_cst(&over) != 0)
        return entry;
    fut_idle_search(&idle);
    while ((entry = any() ? take() : NULL) == NULL && load_seq_cst(&over) == 0)
        doze();
    stop_searching();
    return entry;
}

/* Runs until the other runs too. */
static void meet(void)
{
    uint32_t here = (uint32_t)add_seq_cst(&running, 1) + 1;

    if (here == 2)
        fut_unpark(&running, 1);
    while (here < 2) {
        (void)fut_park(&running, here, FUTURES_NEVER);
        here = load_acquire(&running);
    }
}

static void end_all(void)
{
    store_seq_cst(&over, 1);
    fut_idle_wake_all(&idle);
}

static void end_one(void)
{
    meet();
    if (add_seq_cst(&ended, 1) == 1)
        end_all();
}

static void work(void)
{
    uint64_t *entry;

    while ((entry = next_entry()) != NULL) {
        model_check(model_read(entry) == (uint64_t)(entry - entries) + 1);
        end_one();
    }
}

static void from_one(unsigned index)
{
    if (index == 0) {
        publish(&sources[0], 0);
        publish(&sources[0], 1);
    } else {
        work();
    }
}

static void from_two(unsigned index)
{
    if (index < PUBLISHERS)
        publish(&sources[index], index);
    else
        work();
}

/* The first entry publishes the second and needs it beside itself. */
static void spawn(struct queue *mine)
{
    uint64_t *entry;

    while ((entry = next_entry()) != NULL) {
        if (entry == &entries[0])
            publish(mine, 1);
        end_one();
    }
}

static void from_within(unsigned index)
{
    if (index == 0)
        publish(&sources[0], 0);
    else
        spawn(&sources[index]);
}

static bool all_sleep(uint64_t *stamp)
{
    return fut_idle_asleep(&idle, stamp) == WORKERS;
}

static bool is_quiet(void)
{
    uint64_t before;
    uint64_t after;

    return all_sleep(&before) && !any() && all_sleep(&after) &&
           (model_drops("stamp") || before == after);
}

/* As a pool that drains. */
static void wait_for_quiet(void)
{
    add_seq_cst(&quiet_waits, 1);
    for (;;) {
        uint32_t seen = load_seq_cst(&quiet);

        if (is_quiet())
            break;
        (void)fut_park(&quiet, seen, FUTURES_NEVER);
    }
    sub_seq_cst(&quiet_waits, 1);
}

/* What runs publishes one more. */
static void draining(unsigned index)
{
    uint64_t *entry;

    if (index == 0) {
        publish(&sources[0], 0);
        wait_for_quiet();
        model_check(load_seq_cst(&ended) == 2);
        end_all();
        return;
    }
    while ((entry = next_entry()) != NULL) {
        if (entry == &entries[0])
            publish(&sources[index], 1);
        add_seq_cst(&ended, 1);
    }
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"idle: from one", 3, 40000, start, from_one, finish},
        {"idle: from two", 4, 40000, start, from_two, finish},
        {"idle: from within", 3, 40000, start, from_within, finish},
        {"idle: from one, portable", 3, 30000, start_portable, from_one,
         finish},
        {"idle: draining", 3, 60000, start, draining, finish},
        {"idle: draining, portable", 3, 100000, start_portable, draining,
         finish}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
