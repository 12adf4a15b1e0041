/* No wake-up is lost: the publisher makes work visible (light) and then reads
 * the word; who goes to sleep changes the word, calls the heavy barrier and
 * then looks at every source. So either the publisher sees a sleeper, or the
 * sleeper sees the work. Where the publisher sees nobody asleep and nobody
 * searching it leaves: whoever sleeps later looks before.
 *
 * Else it adds nothing to the word, and goes by what that finds. All changes
 * of the word are read-modify-writes, each of which acquires what those before
 * it released: so a searcher that the publisher leaves the work to sees it
 * after its next change of the word. That is its sleep, or it finds other
 * work, sees that it was the last to search, and then looks; if it was not the
 * last, the same holds for those who still search.
 *
 * A wake-up moves one from asleep to searching in the word and then issues a
 * ticket; whoever is asleep takes one ticket. So sleepers in the word plus
 * tickets are always as many as threads in announce ... sleep, and a sleeper
 * that wants to withdraw and finds none asleep in the word knows that a ticket
 * for it is under way. */
#include "sync/idle.h"

#include "sync/park.h"

#define ASLEEP ((uint64_t)1)
#define SEARCHING ((uint64_t)1 << 16)
#define EPOCH ((uint64_t)1 << 32)

static unsigned asleep(uint64_t word)
{
    return (unsigned)(word & 0xffff);
}

static unsigned searching(uint64_t word)
{
    return (unsigned)(word >> 16 & 0xffff);
}

void fut_idle_init(struct fut_idle *idle)
{
    atomic_init(&idle->word, 0);
    atomic_init(&idle->tickets, 0);
}

static void issue(struct fut_idle *idle, unsigned count)
{
    add_seq_cst(&idle->tickets, count);
    fut_unpark(&idle->tickets, (int)count);
}

void fut_idle_notify_some(struct fut_idle *idle)
{
    uint64_t word = add_seq_cst(&idle->word, 0);

    while (asleep(word) > 0 && searching(word) == 0) {
        if (cas_seq_cst(&idle->word, &word,
                        word - ASLEEP + SEARCHING + EPOCH)) {
            issue(idle, 1);
            return;
        }
    }
}

bool fut_idle_found(struct fut_idle *idle)
{
    return searching(sub_seq_cst(&idle->word, SEARCHING)) == 1;
}

unsigned fut_idle_announce(struct fut_idle *idle)
{
    return asleep(add_seq_cst(&idle->word, ASLEEP - SEARCHING)) + 1;
}

void fut_idle_withdraw(struct fut_idle *idle)
{
    uint64_t word = load_seq_cst(&idle->word);

    while (asleep(word) > 0) {
        if (cas_seq_cst(&idle->word, &word,
                        word - ASLEEP + SEARCHING + EPOCH)) {
            return;
        }
    }
    fut_idle_sleep(idle);
}

void fut_idle_sleep(struct fut_idle *idle)
{
    uint32_t tickets = load_seq_cst(&idle->tickets);

    for (;;) {
        if (tickets > 0) {
            if (cas_seq_cst(&idle->tickets, &tickets, tickets - 1)) {
                return;
            }
        } else {
            (void)fut_park(&idle->tickets, 0, FUTURES_NEVER);
            tickets = load_seq_cst(&idle->tickets);
        }
    }
}

void fut_idle_search(struct fut_idle *idle)
{
    add_seq_cst(&idle->word, SEARCHING);
}

void fut_idle_wake_all(struct fut_idle *idle)
{
    uint64_t word = load_seq_cst(&idle->word);

    while (asleep(word) > 0) {
        unsigned count = asleep(word);

        if (cas_seq_cst(&idle->word, &word,
                        word + EPOCH + count * (SEARCHING - ASLEEP))) {
            issue(idle, count);
            return;
        }
    }
}

unsigned fut_idle_asleep(const struct fut_idle *idle, uint64_t *stamp)
{
    uint64_t word = load_seq_cst(&idle->word);

    *stamp = word;
    return asleep(word);
}
