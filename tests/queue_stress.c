/* `queue_stress [ROUNDS [SEED]]`: two producers put runs of a few entries in,
 * two consumers take runs of a few out, and now and then somebody looks at all
 * that is there. Each entry is handed out exactly once; no consumer gets an
 * older entry of a producer after a younger one; its taker sees what was
 * written before it was put. Fails where a consumer got less than 5 % of the
 * entries, or where nobody ever found the other at it, or the queue empty,
 * while there is more than one processor.
 *
 * Entries are cells of a window for each producer. A cell counts how often it
 * was taken; it is used again only when its last use has been taken, and a
 * count that does not fit is an entry handed out twice. */
#include "support/race.h"

#include <futures/pool.h>
#include <futures/time.h>

#include "support/lane.h"
#include "sync/queue.h"

enum {
    PRODUCERS = 2,
    CONSUMERS = 2,
    WINDOW = 4096, /* several segments */
    RUN = 8,
    PATIENCE_MS = 20000,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 100000 : 600000
};

struct cell {
    uint64_t number;        /* plain: written before it is put */
    _Atomic uint64_t taken; /* how often this cell was */
    unsigned producer;      /* const */
};

struct producer {
    struct cell cells[WINDOW];
    struct chance chance;
    uint64_t rounds;
    uint64_t put;
};

struct consumer {
    struct chance chance;
    uint64_t next[PRODUCERS]; /* the least number that may come */
    uint64_t taken;
    uint64_t empty;
    uint64_t turned_away;
};

static struct fut_queue queue;
static struct producer producers[PRODUCERS];
static atomic_bool over;
static atomic_ulong wrong;

static void await_cell(struct cell *cell, uint64_t use)
{
    futures_time limit = futures_in_ms(PATIENCE_MS);
    while (atomic_load_explicit(&cell->taken, memory_order_acquire) != use) {
        if (futures_now() > limit) {
            printf("an entry was never handed out\n");
            exit(1);
        }
        sched_yield();
    }
}

static void put_run(struct producer *producer, uint64_t count)
{
    for (uint64_t i = producer->put; i < producer->put + count; i++)
        await_cell(&producer->cells[i % WINDOW], i / WINDOW);
    if (fut_queue_begin(&queue, count, false) != FUTURES_OK)
        abort();
    for (uint64_t i = 0; i < count; i++) {
        struct cell *cell = &producer->cells[producer->put % WINDOW];
        cell->number = producer->put++;
        fut_queue_append(&queue, cell);
    }
    fut_queue_end(&queue);
}

static void *produce(void *arg)
{
    struct producer *producer = arg;
    for (uint64_t i = 0; i < producer->rounds; i++) {
        put_run(producer, 1 + chance_below(&producer->chance, RUN));
        race_pause(chance_below(&producer->chance, 256));
    }
    return NULL;
}

static void account(struct consumer *consumer, struct cell *cell)
{
    uint64_t number = cell->number;
    uint64_t *next = &consumer->next[cell->producer];
    /* release: its producer writes the cell again */
    if (atomic_fetch_add_explicit(&cell->taken, 1, memory_order_release) !=
            number / WINDOW ||
        number < *next)
        atomic_fetch_add(&wrong, 1);
    *next = number + 1;
    consumer->taken++;
}

static bool take_run(struct consumer *consumer)
{
    void *entries[RUN];
    size_t most = 1 + chance_below(&consumer->chance, RUN);
    bool some = fut_queue_length(&queue) > 0;
    size_t count = fut_queue_take(&queue, entries, most);
    for (size_t i = 0; i < count; i++)
        account(consumer, entries[i]);
    consumer->empty += !some;
    consumer->turned_away += some && count == 0;
    return count > 0;
}

static void look(void *context, void *entry)
{
    struct cell *cell = entry;
    uint64_t use = atomic_load_explicit(&cell->taken, memory_order_relaxed);
    (*(uint64_t *)context)++;
    if (use != cell->number / WINDOW)
        atomic_fetch_add(&wrong, 1);
}

static void *consume(void *arg)
{
    struct consumer *consumer = arg;
    while (!atomic_load(&over) || !fut_queue_is_empty(&queue))
        if (!take_run(consumer))
            race_pause(chance_below(&consumer->chance, 512));
    return NULL;
}

/* Until all is put. */
static uint64_t scan_all(pthread_t threads[PRODUCERS])
{
    uint64_t looked = 0;
    for (int i = 0; i < 2000; i++) {
        fut_queue_scan(&queue, look, &looked);
        race_pause(RACE_LONGEST);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    return looked;
}

static void start_all(uint64_t rounds, uint64_t seed,
                      struct consumer consumers[CONSUMERS],
                      pthread_t threads[PRODUCERS + CONSUMERS])
{
    fut_queue_init(&queue);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i].chance.state = seed + i + 1;
        producers[i].rounds = rounds / PRODUCERS;
        for (int j = 0; j < WINDOW; j++)
            producers[i].cells[j].producer = i;
        threads[i] = race_start(produce, &producers[i]);
    }
    for (unsigned i = 0; i < CONSUMERS; i++) {
        consumers[i] = (struct consumer){.chance = {seed + 100 + i}};
        threads[PRODUCERS + i] = race_start(consume, &consumers[i]);
    }
}

int main(int argc, char *argv[])
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1991;
    struct consumer consumers[CONSUMERS];
    pthread_t threads[PRODUCERS + CONSUMERS];
    printf("seed %" PRIu64 "\n", seed);
    start_all(rounds, seed, consumers, threads);
    uint64_t looked = scan_all(threads);
    atomic_store(&over, true);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(threads[PRODUCERS + i], NULL);
    bool empty = fut_queue_is_empty(&queue);
    fut_queue_destroy(&queue);
    struct race race = {"entries", {"one", "other"}, {0, 0}, 0};
    race.won[0] = consumers[0].taken;
    race.won[1] = consumers[1].taken;
    bool fair = race_was_fair(&race);
    uint64_t put = producers[0].put + producers[1].put;
    uint64_t turned = consumers[0].turned_away + consumers[1].turned_away;
    uint64_t found_none = consumers[0].empty + consumers[1].empty;
    printf("%" PRIu64 " put, %" PRIu64 " looked at, %lu wrong; turned away "
           "%" PRIu64 " times, found it empty %" PRIu64 " times\n",
           put, looked, atomic_load(&wrong), turned, found_none);
    bool all = put == race.won[0] + race.won[1] && empty;
    bool busy = futures_cpu_count() == 1 || (turned > 0 && found_none > 0);
    return stress_status(all && atomic_load(&wrong) == 0, fair && busy);
}
