/* `deque_stress [ROUNDS [SEED]]`: the owner pushes a few, waits a little and
 * pops as many, while thieves steal and one thread scans: so most races are
 * for the last entries, and for those that a thief makes public. Each entry is
 * handed out exactly once, its taker sees what was written before it was
 * pushed, and what is scanned is not taken before the scan is over. Fails if
 * owner or thieves got less than 5 % of the entries, if no thief ever found
 * the lock taken where there is more than one processor, or if no scan saw
 * any.
 *
 * Entries are cells of a window that is far wider than the deque ever is. A
 * cell counts how often it was taken; it is used again only when its last use
 * has been taken, and a count that does not fit is an entry handed out twice.
 * Each generation of the deque grows from its first ring beneath the
 * thieves. */
#include "support/race.h"

#include <futures/pool.h>
#include <futures/time.h>

#include "base/barrier.h"
#include "support/lane.h"
#include "sync/deque.h"

enum {
    THIEVES = 2,
    WINDOW = 2048,
    BURST = 300,
    FEW = 4,   /* at most, in a round */
    LONG = 16, /* between two scans, at most */
    GENERATION = 20000,
    PATIENCE_MS = 20000,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 60000 : 400000
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
static uint64_t scanned;
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
    unsigned round = 0;
    while (!atomic_load(&generation_over)) {
        bool lost;
        struct cell *cell = fut_deque_steal(&deque, &lost);
        thief->lost += lost;
        if (cell != NULL) {
            thief->taken++;
            account(cell);
        } else if (!lost) {
            sched_yield();
        } else {
            fut_spin_pause(round++);
        }
        round = lost ? round : 0;
    }
    return NULL;
}

struct seen {
    struct cell *cells[WINDOW];
    size_t count;
};

/* Each of them is still there when the next one is visited. */
static void see(void *context, void *entry)
{
    struct seen *seen = context;
    seen->cells[seen->count++] = entry;
    for (size_t i = 0; i < seen->count; i++) {
        struct cell *cell = seen->cells[i];
        if (atomic_load_explicit(&cell->taken, memory_order_acquire) !=
            cell->number / WINDOW)
            atomic_fetch_add(&wrong, 1);
    }
}

static void *scan_all(void *arg)
{
    static struct seen seen;
    struct chance *chance = arg;
    while (!atomic_load(&generation_over)) {
        seen.count = 0;
        fut_deque_scan(&deque, see, &seen);
        scanned += seen.count;
        for (uint64_t left = chance_below(chance, LONG); left > 0; left--)
            race_pause(RACE_LONGEST);
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
        uint64_t few = 1 + chance_below(chance, FEW);
        for (uint64_t left = few; left > 0; left--)
            push();
        race_delay(race, chance);
        for (uint64_t left = few; left > 0; left--)
            race_count(race, pop());
    }
    while (pop() == 0) {
    }
}

static void run_generation(uint64_t rounds, struct thief thieves[],
                           struct race *race, struct chance *chance)
{
    pthread_t threads[THIEVES];
    pthread_t scanner;
    struct chance pauses = {chance->state};
    if (!fut_deque_init(&deque))
        abort();
    atomic_store(&generation_over, false);
    for (int i = 0; i < THIEVES; i++)
        threads[i] = race_start(steal_all, &thieves[i]);
    scanner = race_start(scan_all, &pauses);
    own(rounds, race, chance);
    atomic_store(&generation_over, true);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(threads[i], NULL);
    pthread_join(scanner, NULL);
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
    fut_barrier_init();
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
           "took %" PRIu64 " and %" PRIu64 ", lost %" PRIu64 "; %" PRIu64
           " scanned\n",
           pushed, count_taken(), atomic_load(&wrong), thieves[0].taken,
           thieves[1].taken, lost, scanned);
    return stress_status(all, fair && scanned > 0 &&
                                  (lost > 0 || futures_cpu_count() == 1));
}
