/* The queue: each entry is handed out once, and those of one producer in
 * order, while segments of two slots come and go. Who announces something and
 * then looks, and a producer who puts something in and then looks for
 * announcements, do not both miss each other; nor does one miss what a
 * consumer has moved on. And nothing unforced comes in behind a close. */
#include "model.h"

#include "sync/queue.h"

enum { PRODUCERS = 2, EACH = 4, MOST = PRODUCERS * EACH };

static struct fut_queue queue;
static uint64_t payload[MOST];    /* plain memory behind each entry */
static unsigned handed_out[MOST]; /* the simulator runs one thread at once */
static unsigned put_in[MOST];

static void start(void)
{
    for (unsigned i = 0; i < MOST; i++)
        handed_out[i] = put_in[i] = 0;
    fut_queue_init(&queue);
}

/* A run of entries; returns whether it was accepted. */
static bool put(unsigned from, unsigned count, bool force)
{
    if (fut_queue_begin(&queue, count, force) != FUTURES_OK)
        return false;
    for (unsigned i = from; i < from + count; i++) {
        model_write(&payload[i], i + 1);
        put_in[i]++;
        fut_queue_append(&queue, &payload[i]);
    }
    fut_queue_end(&queue);
    return true;
}

static unsigned index_of(void *entry)
{
    unsigned index = (unsigned)((uint64_t *)entry - payload);

    model_check(index < MOST);
    return index;
}

/* `next` has the least index that may come from each producer. */
static void account(void *entry, unsigned next[PRODUCERS])
{
    unsigned index = index_of(entry);

    model_check(model_read(entry) == index + 1);
    model_check(handed_out[index]++ == 0);
    model_check(index >= next[index / EACH]);
    next[index / EACH] = index + 1;
}

/* returns  whether there was something */
static bool take(unsigned next[PRODUCERS])
{
    void *entries[3];
    size_t count = fut_queue_take(&queue, entries, 3);

    for (size_t i = 0; i < count; i++)
        account(entries[i], next);
    return count > 0;
}

static void finish(void)
{
    unsigned next[PRODUCERS] = {0, 0};

    while (take(next)) {
    }
    model_check(fut_queue_is_empty(&queue));
    for (unsigned i = 0; i < MOST; i++)
        model_check(handed_out[i] == put_in[i]);
    fut_queue_destroy(&queue);
    model_gone(&queue, sizeof queue);
    model_gone(payload, sizeof payload);
}

static void passing(unsigned index)
{
    unsigned next[PRODUCERS] = {0, 0};

    if (index < PRODUCERS) {
        put(index * EACH, 1, false);
        put(index * EACH + 1, 3, false);
    } else {
        for (int i = 0; i < 3; i++)
            take(next);
    }
}

static _Atomic uint32_t announced;
static bool told[PRODUCERS];
static bool seen[PRODUCERS];

static void start_telling(void)
{
    start();
    atomic_init(&announced, 0);
    for (unsigned i = 0; i < PRODUCERS; i++)
        told[i] = seen[i] = false;
}

static void see(void *context, void *entry)
{
    (void)context;
    seen[index_of(entry) / EACH] = true;
}

/* A few steps, so that the producers are sometimes through before. */
static void announce(void)
{
    for (unsigned steps = model_random(12); steps > 0; steps--)
        (void)load_relaxed(&announced);
    add_seq_cst(&announced, 1);
    fut_barrier_heavy();
}

static void tell(unsigned index)
{
    put(index * EACH, 1, false);
    told[index] = load_light(&announced) != 0;
}

/* One producer alone: few older values are there to be read. */
static void telling(unsigned index)
{
    if (index == 0) {
        tell(index);
    } else {
        announce();
        seen[0] = !fut_queue_is_empty(&queue);
    }
}

static void finish_telling(void)
{
    model_check(told[0] || seen[0]);
    finish();
}

static void scanning(unsigned index)
{
    if (index < PRODUCERS) {
        tell(index);
    } else {
        announce();
        fut_queue_scan(&queue, see, NULL);
    }
}

static void finish_scanning(void)
{
    for (unsigned i = 0; i < PRODUCERS; i++)
        model_check(told[i] || seen[i]);
    finish();
}

static _Atomic(void *) place;

static void start_moving(void)
{
    start();
    atomic_init(&place, NULL);
    put(0, 1, false);
}

static void moving(unsigned index)
{
    void *entry;

    if (index == 0) {
        model_check(fut_queue_draw(&queue, &entry, 1) == 1);
        store_relaxed(&place, entry);
        fut_queue_drawn(&queue);
    } else {
        model_check(!fut_queue_is_empty(&queue) ||
                    load_relaxed(&place) == &payload[0]);
    }
}

static void finish_moving(void)
{
    handed_out[0]++;
    finish();
}

static unsigned found;

static void find(void *context, void *entry)
{
    (void)context;
    found += index_of(entry) < EACH;
}

/* The second producer's are forced. */
static void closing(unsigned index)
{
    if (index == 0) {
        put(0, 1, false);
        put(1, 2, false);
    } else if (index == 1) {
        model_check(put(EACH, 3, true));
    } else {
        found = 0;
        fut_queue_close(&queue);
        fut_queue_scan(&queue, find, NULL);
    }
}

static void finish_closing(void)
{
    model_check(found == put_in[0] + put_in[1] + put_in[2]);
    finish();
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"queue: passing", 4, 60000, start, passing, finish},
        {"queue: telling", 2, 40000, start_telling, telling, finish_telling},
        {"queue: scanning", 3, 20000, start_telling, scanning,
         finish_scanning},
        {"queue: moving", 2, 10000, start_moving, moving, finish_moving},
        {"queue: closing", 3, 20000, start, closing, finish_closing}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
