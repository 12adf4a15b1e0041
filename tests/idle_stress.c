/* `idle_stress [ROUNDS [SEED]]`: an entry is published at about the moment at
 * which the last worker falls asleep; in every second round another one
 * follows, and each of the two waits until the other runs too. If a wake-up is
 * lost the round never ends. Fails then, or where the first entry found all
 * workers asleep, or some awake, in less than 5 % of the rounds.
 *
 * The workers' loop is that of a pool, with the publisher's deques as the only
 * sources. */
#include "support/race.h"

#include <futures/time.h>

#include "base/atomic.h"
#include "base/barrier.h"
#include "support/lane.h"
#include "sync/deque.h"
#include "sync/idle.h"
#include "sync/latch.h"
#include "sync/park.h"

enum {
    WORKERS = 3,
    ENTRIES = 2,
    LOOKS = 1 << 20, /* before a worker falls asleep, at most */
    PATIENCE_MS = 20000,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 15000 : 50000
};

/* On the publisher's stack. */
struct round {
    struct fut_latch done;
    _Atomic uint32_t running; /* entries that have begun */
    uint32_t entries;         /* plain: written before the publishing */
    uint64_t number;          /* the same */
};

static struct fut_idle idle;
static struct fut_deque sources[ENTRIES];
static _Atomic uint64_t looks = LOOKS / 64; /* steered, up to LOOKS */
static atomic_bool over;
static atomic_ulong wrong;

static bool any(void)
{
    for (int i = 0; i < ENTRIES; i++)
        if (!fut_deque_is_empty(&sources[i]))
            return true;
    return false;
}

static struct round *take(void)
{
    struct round *entry = NULL;
    bool lost;
    for (int i = 0; i < ENTRIES && entry == NULL; i++)
        entry = fut_deque_steal(&sources[i], &lost);
    return entry;
}

static struct round *look(struct chance *chance)
{
    struct round *entry = NULL;
    uint64_t limit = 1 + chance_below(chance, atomic_load(&looks));
    for (uint64_t i = 0; i < limit && entry == NULL; i++)
        entry = any() ? take() : NULL;
    return entry;
}

static void doze(void)
{
    fut_idle_announce(&idle);
    fut_barrier_heavy();
    if (any() || atomic_load(&over))
        fut_idle_withdraw(&idle);
    else
        fut_idle_sleep(&idle);
}

static struct round *next_entry(struct chance *chance)
{
    struct round *entry = take();
    if (entry != NULL)
        return entry;
    fut_idle_search(&idle);
    while ((entry = look(chance)) == NULL && !atomic_load(&over))
        doze();
    if (fut_idle_found(&idle) && any())
        fut_idle_notify(&idle);
    return entry;
}

/* Until the other entry, if there is one, runs as well. */
static void meet(struct round *round)
{
    uint32_t here = add_seq_cst(&round->running, 1) + 1;
    if (here == round->entries)
        fut_unpark(&round->running, ENTRIES);
    while (here < round->entries) {
        (void)fut_park(&round->running, here, FUTURES_NEVER);
        here = load_acquire(&round->running);
    }
}

static void *work(void *arg)
{
    struct round *round;
    uint64_t last = 0;
    while ((round = next_entry(arg)) != NULL) {
        if (round->number < last)
            atomic_fetch_add(&wrong, 1);
        last = round->number;
        meet(round);
        fut_latch_arrive(&round->done, 1);
    }
    return NULL;
}

static void publish(struct round *round, int source)
{
    if (!fut_deque_push(&sources[source], round))
        abort();
    fut_idle_notify(&idle);
}

/* As race_count does with the delay: how long a look takes differs by a
 * hundred between machines and sanitizers. */
static void steer(struct race *race, bool all_asleep)
{
    uint64_t now = atomic_load(&looks);
    if (!all_asleep)
        atomic_store(&looks, now - now / 16);
    else if (now < LOOKS)
        atomic_store(&looks, now + now / 16 + 1);
    race_count(race, all_asleep ? 1 : 0);
}

/* returns  false where the entries did not end */
static bool run_round(uint64_t number, struct race *race,
                      struct chance *chance)
{
    struct round round = {.number = number, .entries = 1 + number % 2};
    uint64_t stamp;
    fut_latch_init(&round.done, round.entries);
    atomic_init(&round.running, 0);
    race_delay(race, chance);
    steer(race, fut_idle_asleep(&idle, &stamp) == WORKERS);
    publish(&round, 0);
    if (round.entries == 2) {
        race_pause(chance_below(chance, 256));
        publish(&round, 1);
    }
    if (fut_latch_wait(&round.done, futures_in_ms(PATIENCE_MS)) ==
        FUT_LATCH_OPEN)
        return true;
    printf("round %" PRIu64 ": a wake-up was lost; %u asleep\n", number,
           fut_idle_asleep(&idle, &stamp));
    return false;
}

int main(int argc, char *argv[])
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    struct chance chance = {argc > 2 ? strtoull(argv[2], NULL, 10) : 1488};
    struct race race = {"workers", {"some awake", "all asleep"}, {0, 0}, 0};
    struct chance chances[WORKERS];
    pthread_t threads[WORKERS];
    printf("seed %" PRIu64 "\n", chance.state);
    fut_barrier_init();
    fut_idle_init(&idle);
    for (int i = 0; i < ENTRIES; i++)
        if (!fut_deque_init(&sources[i]))
            abort();
    for (unsigned i = 0; i < WORKERS; i++) {
        chances[i].state = chance.state + i + 1;
        threads[i] = race_start(work, &chances[i]);
    }
    for (uint64_t i = 1; i <= rounds; i++)
        if (!run_round(i, &race, &chance))
            exit(1);
    atomic_store(&over, true);
    fut_idle_wake_all(&idle);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < ENTRIES; i++)
        fut_deque_destroy(&sources[i]);
    bool fair = race_was_fair(&race);
    printf("%" PRIu64 " rounds, %lu wrong\n", rounds, atomic_load(&wrong));
    return stress_status(atomic_load(&wrong) == 0, fair);
}
