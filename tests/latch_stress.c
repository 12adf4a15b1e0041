/* `latch_stress [ROUNDS [SEED]]`: a latch on a stack frame that is left as
 * soon as the latch is open and then used again, while those who arrive may
 * still be on their way out. The sleeper sees what all wrote before they
 * arrived, and nobody writes to the frame afterwards. Three kinds of rounds: a
 * plain wait, one with a deadline that passes at about the last arrival, one
 * with pokes. Fails where the latch was found open, or the deadline won, in
 * less than 5 % of the rounds, or the other way round.
 *
 * A helper owns `round` from the moment it finds it in its mailbox until it
 * has arrived; it then waits for the next one. */
#include "support/race.h"

#include <futures/time.h>

#include "support/lane.h"
#include "sync/latch.h"

enum {
    HELPERS = 2,
    FRAME = 512,
    TIMED_EVERY = 16,
    DEADLINE_NS = 5000,
    STEP_NS = 8,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 20000 : 60000
};

enum kind { PLAIN, TIMED, POKED };

struct round {
    struct fut_latch latch;
    enum kind kind;
    futures_time moment; /* nobody arrives earlier */
    uint64_t number;
    uint64_t written[HELPERS]; /* plain: before the arrival */
};

struct helper {
    unsigned index;
    struct chance chance;
    _Atomic(struct round *) mailbox;
};

/* The sleeper's own. */
struct tally {
    struct race entry;    /* the sleeper's first look against the arrivals */
    struct race deadline; /* how much later the arrivals are, in STEP_NS */
    uint64_t pokes;
    uint64_t wrong;
};

static struct helper helpers[HELPERS];
static struct round the_end;

static void *help(void *arg)
{
    struct helper *me = arg;
    for (;;) {
        struct round *round =
            atomic_exchange_explicit(&me->mailbox, NULL, memory_order_acquire);
        if (round == &the_end)
            return NULL;
        if (round == NULL) {
            sched_yield();
            continue;
        }
        race_pause(chance_below(&me->chance, 64));
        while (futures_now() < round->moment) {
        }
        if (round->kind == POKED)
            fut_latch_poke(&round->latch);
        round->written[me->index] = round->number;
        fut_latch_arrive(&round->latch, 1); /* the last touch */
    }
}

static void hand_out(struct round *round)
{
    for (int i = 0; i < HELPERS; i++)
        atomic_store_explicit(&helpers[i].mailbox, round,
                              memory_order_release);
}

static enum kind kind_of(uint64_t number)
{
    if (number % TIMED_EVERY == 0)
        return TIMED;
    return number % 2 == 0 ? PLAIN : POKED;
}

static void sleep_until_open(struct round *round, futures_time deadline,
                             struct tally *tally)
{
    enum fut_latch_wake wake;
    do {
        wake = fut_latch_wait(&round->latch, deadline);
        tally->pokes += wake == FUT_LATCH_POKED;
        if (wake == FUT_LATCH_TIMEOUT)
            deadline = FUTURES_NEVER;
    } while (wake != FUT_LATCH_OPEN);
    if (round->kind == TIMED)
        race_count(&tally->deadline, deadline == FUTURES_NEVER ? 1 : 0);
}

/* Its frame holds the round. */
static void sleep_once(uint64_t number, struct tally *tally,
                       struct chance *chance)
{
    struct round round = {.kind = kind_of(number), .number = number};
    futures_time deadline = FUTURES_NEVER;
    if (round.kind == TIMED) {
        deadline = futures_now() + DEADLINE_NS;
        round.moment = deadline + (int64_t)tally->deadline.longest * STEP_NS;
    }
    fut_latch_init(&round.latch, HELPERS);
    hand_out(&round);
    race_delay(&tally->entry, chance);
    if (round.kind == PLAIN)
        race_count(&tally->entry, fut_latch_is_open(&round.latch) ? 1 : 0);
    sleep_until_open(&round, deadline, tally);
    for (int i = 0; i < HELPERS; i++)
        tally->wrong += round.written[i] != number;
}

/* Uses the stack where the round was. */
static void use_frame_again(struct tally *tally)
{
    volatile unsigned char frame[FRAME];
    for (int i = 0; i < FRAME; i++)
        frame[i] = (unsigned char)(i * 31);
    race_pause(16);
    for (int i = 0; i < FRAME; i++)
        tally->wrong += frame[i] != (unsigned char)(i * 31);
}

int main(int argc, char *argv[])
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    struct chance chance = {argc > 2 ? strtoull(argv[2], NULL, 10) : 1788};
    struct tally tally = {
        .entry = {"first look", {"closed", "open"}, {0, 0}, 0},
        .deadline = {"deadline", {"in time", "passed"}, {0, 0}, 1000}};
    pthread_t threads[HELPERS];
    printf("seed %" PRIu64 "\n", chance.state);
    for (unsigned i = 0; i < HELPERS; i++) {
        helpers[i].index = i;
        helpers[i].chance.state = chance.state + i + 1;
        threads[i] = race_start(help, &helpers[i]);
    }
    for (uint64_t i = 1; i <= rounds; i++) {
        sleep_once(i, &tally, &chance);
        use_frame_again(&tally);
    }
    hand_out(&the_end);
    for (int i = 0; i < HELPERS; i++)
        pthread_join(threads[i], NULL);
    bool fair = race_was_fair(&tally.entry);
    fair = race_was_fair(&tally.deadline) && fair;
    printf("%" PRIu64 " rounds, %" PRIu64 " pokes seen, %" PRIu64 " wrong\n",
           rounds, tally.pokes, tally.wrong);
    return stress_status(tally.wrong == 0, fair && tally.pokes > 0);
}
