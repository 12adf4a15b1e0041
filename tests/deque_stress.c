/* `deque_stress [ROUNDS [SEED]]`: the owner pushes two, waits a little and
 * pops two, while thieves steal: so most races are for the last entry. Each
 * entry is handed out exactly once, and its taker sees what was written before
 * it was pushed. Fails if owner or thieves got less than 5 % of the entries,
 * or if no thief ever lost an exchange where there is more than one processor.
 *
 * Entries are cells of a window that is far wider than the deque ever is. A
 * cell counts how often it was taken; it is used again only when its last use
 * has been taken, and a count that does not fit is an entry handed out twice.
 * Each generation of the deque grows from its first ring beneath the
 * thieves. */
#include "support/race.h"

#include <futures/pool.h>
#include <futures/time.h>

#include "support/lane.h"
#include "sync/deque.h"

enum {
    THIEVES = 2,
    WINDOW = 2048,
    BURST = 300,
    GENERATION = 20000,
    PATIENCE_MS = 20000,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 100000 : 400000
};

struct cell {
    uint64_t number;        /* plain: written before the push */
    _Atomic uint64_t taken; /* how often this cell was */
};

struct thief {
    uint64_t taken;
    uint64_t lost;
};

static struct cell cells[WINDOW];
static struct fut_deque deque;
static uint64_t pushed;
static atomic_bool generation_over;
static atomic_ulong wrong;

static void account(struct cell *cell)
{
    uint64_t use = cell->number / WINDOW;
    /* release: the owner writes the cell again */
    if (atomic_fetch_add_explicit(&cell->taken, 1, memory_order_release) !=
        use)
        atomic_fetch_add(&wrong, 1);
}

static void *steal_all(void *arg)
{
    struct thief *thief = arg;
    while (!atomic_load(&generation_over)) {
        bool lost;
        struct cell *cell = fut_deque_steal(&deque, &lost);
        thief->lost += lost;
        if (cell != NULL) {
            thief->taken++;
            account(cell);
        } else if (!lost) {
            sched_yield();
        }
    }
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

static void push(void)
{
    struct cell *cell = &cells[pushed % WINDOW];
    if (!await_cell(cell, pushed / WINDOW)) {
        printf("entry %" PRIu64 " was never handed out\n", pushed - WINDOW);
        exit(1);
    }
    cell->number = pushed;
    if (!fut_deque_push(&deque, cell))
        abort();
    pushed++;
}

/* returns  which side got the entry that was pushed for this pop */
static int pop(void)
{
    struct cell *cell = fut_deque_pop(&deque);
    if (cell == NULL)
        return 1;
    account(cell);
    return 0;
}

static void own(uint64_t rounds, struct race *race, struct chance *chance)
{
    for (int i = 0; i < BURST; i++)
        push();
    while (pop() == 0) {
    }
    for (uint64_t i = 0; i < rounds; i++) {
        push();
        push();
        race_delay(race, chance);
        race_count(race, pop());
        race_count(race, pop());
    }
    while (pop() == 0) {
    }
}

static void run_generation(uint64_t rounds, struct thief thieves[],
                           struct race *race, struct chance *chance)
{
    pthread_t threads[THIEVES];
    if (!fut_deque_init(&deque))
        abort();
    atomic_store(&generation_over, false);
    for (int i = 0; i < THIEVES; i++)
        threads[i] = race_start(steal_all, &thieves[i]);
    own(rounds, race, chance);
    atomic_store(&generation_over, true);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(threads[i], NULL);
    fut_deque_destroy(&deque);
}

/* How many entries were handed out, by the cells' own counts. */
static uint64_t count_taken(void)
{
    uint64_t taken = 0;
    for (int i = 0; i < WINDOW; i++)
        taken += atomic_load(&cells[i].taken);
    return taken;
}

int main(int argc, char *argv[])
{
    uint64_t left = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    struct chance chance = {argc > 2 ? strtoull(argv[2], NULL, 10) : 2005};
    struct race race = {"last entries", {"popped", "stolen"}, {0, 0}, 0};
    struct thief thieves[THIEVES] = {{0, 0}, {0, 0}};
    printf("seed %" PRIu64 "\n", chance.state);
    while (left > 0) {
        uint64_t rounds = left < GENERATION ? left : GENERATION;
        run_generation(rounds, thieves, &race, &chance);
        left -= rounds;
    }
    bool fair = race_was_fair(&race);
    bool all = count_taken() == pushed && atomic_load(&wrong) == 0;
    uint64_t lost = thieves[0].lost + thieves[1].lost;
    printf("%" PRIu64 " pushed, %" PRIu64 " handed out, %lu wrong; thieves "
           "took %" PRIu64 " and %" PRIu64 ", lost %" PRIu64 "\n",
           pushed, count_taken(), atomic_load(&wrong), thieves[0].taken,
           thieves[1].taken, lost);
    return stress_status(all, fair && (lost > 0 || futures_cpu_count() == 1));
}
