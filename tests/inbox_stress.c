/* `inbox_stress [ROUNDS [SEED]]`: the owner fills the inbox with a few entries
 * and after a little while takes from it again, against two others. Each entry
 * is handed out exactly once and nobody gets an older one after a younger one;
 * its taker sees what was written before it was put. Fails if owner or others
 * got less than 5 % of the entries, or if the inbox was never full.
 *
 * Cells count their uses as in deque_stress.c. */
#include "support/race.h"

#include <futures/time.h>

#include "support/lane.h"
#include "sync/inbox.h"

enum {
    TAKERS = 2,
    WINDOW = 1024,
    PATIENCE_MS = 20000,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 60000 : 300000
};

struct cell {
    uint64_t number;        /* plain: written before the put */
    _Atomic uint64_t taken; /* how often this cell was */
};

/* One for each taker. */
struct taker {
    uint64_t taken;
    uint64_t next; /* the least number that may come */
};

static struct cell cells[WINDOW];
static struct fut_inbox inbox;
static uint64_t entered;
static uint64_t refused;
static atomic_bool over;
static atomic_ulong wrong;

/* returns  whether there was one */
static bool take(struct taker *taker)
{
    struct cell *cell = fut_inbox_take(&inbox);
    if (cell == NULL)
        return false;
    uint64_t number = cell->number;
    /* release: the owner writes the cell again */
    if (atomic_fetch_add_explicit(&cell->taken, 1, memory_order_release) !=
            number / WINDOW ||
        number < taker->next)
        atomic_fetch_add(&wrong, 1);
    taker->next = number + 1;
    taker->taken++;
    return true;
}

static void *take_all(void *arg)
{
    while (!atomic_load(&over))
        if (!take(arg))
            sched_yield();
    return NULL;
}

/* A taker may still be reading what the cell held before. */
static bool await_cell(struct cell *cell, uint64_t use)
{
    futures_time limit = 0;
    while (atomic_load_explicit(&cell->taken, memory_order_acquire) != use) {
        if (limit == 0)
            limit = futures_in_ms(PATIENCE_MS);
        if (futures_now() > limit)
            return false;
        sched_yield();
    }
    return true;
}

static void put(void)
{
    struct cell *cell = &cells[entered % WINDOW];
    if (!await_cell(cell, entered / WINDOW)) {
        printf("entry %" PRIu64 " was never handed out\n", entered - WINDOW);
        exit(1);
    }
    cell->number = entered;
    if (fut_inbox_put(&inbox, cell))
        entered++;
    else
        refused++;
}

/* Now and then so many that the last find no room, unless others take. */
static void own(uint64_t rounds, struct race *race, struct chance *chance)
{
    struct taker owner = {0, 0};
    for (uint64_t i = 0; i < rounds; i++) {
        unsigned count = i % 16 == 0 ? FUT_INBOX_CAPACITY + 1 : 2;
        for (unsigned j = 0; j < count; j++)
            put();
        race_delay(race, chance);
        for (unsigned j = 0; j < 2; j++)
            race_count(race, take(&owner) ? 0 : 1);
        while (count > 2 && take(&owner)) {
        }
    }
    while (take(&owner)) {
    }
}

static uint64_t count_taken(void)
{
    uint64_t taken = 0;
    for (int i = 0; i < WINDOW; i++)
        taken += atomic_load(&cells[i].taken);
    return taken;
}

int main(int argc, char *argv[])
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    struct chance chance = {argc > 2 ? strtoull(argv[2], NULL, 10) : 32};
    struct race race = {"entries", {"own", "taken by others"}, {0, 0}, 0};
    struct taker takers[TAKERS] = {{0, 0}, {0, 0}};
    pthread_t threads[TAKERS];
    printf("seed %" PRIu64 "\n", chance.state);
    fut_inbox_init(&inbox);
    for (int i = 0; i < TAKERS; i++)
        threads[i] = race_start(take_all, &takers[i]);
    own(rounds, &race, &chance);
    atomic_store(&over, true);
    for (int i = 0; i < TAKERS; i++)
        pthread_join(threads[i], NULL);
    bool fair = race_was_fair(&race);
    bool all = count_taken() == entered && atomic_load(&wrong) == 0;
    printf("%" PRIu64 " put, %" PRIu64 " handed out, %lu wrong; %" PRIu64
           " found no room; others took %" PRIu64 " and %" PRIu64 "\n",
           entered, count_taken(), atomic_load(&wrong), refused,
           takers[0].taken, takers[1].taken);
    return stress_status(all, fair && refused > 0);
}
