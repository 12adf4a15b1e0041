/* See range.h. */
#include "loop/range.h"

#include <stddef.h>

static uint64_t word_of(uint32_t first, uint32_t end)
{
    return (uint64_t)end << 32 | first;
}

static uint32_t first_of(uint64_t word)
{
    return (uint32_t)word;
}

static uint32_t end_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static uint32_t length_of(uint64_t word)
{
    return end_of(word) - first_of(word);
}

void fut_range_init(struct fut_range *range, struct fut_share shares[],
                    unsigned count, uint32_t units)
{
    range->shares = shares;
    range->count = count;
    for (unsigned i = 0; i < count; i++) {
        atomic_init(&shares[i].word, word_of(0, i == 0 ? units : 0));
        shares[i].range = range;
        shares[i].busy = false;
    }
}

/* *word: what it holds. */
static struct fut_share *find_fullest(const struct fut_range *range,
                                      uint64_t *word)
{
    struct fut_share *fullest = NULL;

    *word = 0;
    for (unsigned i = 0; i < range->count; i++) {
        uint64_t seen = load_relaxed(&range->shares[i].word);

        if (length_of(seen) > length_of(*word)) {
            fullest = &range->shares[i];
            *word = seen;
        }
    }
    return fullest;
}

/* The own share is empty, so no exchange by others succeeds there until the
 * store. Between the two steps a third finds neither, and may leave: whoever
 * has units in hand runs them. */
bool fut_range_fill(struct fut_share *own)
{
    uint64_t word = load_relaxed(&own->word);
    struct fut_share *victim;

    if (length_of(word) > 0) {
        return true;
    }
    while ((victim = find_fullest(own->range, &word)) != NULL) {
        uint32_t middle = end_of(word) - (length_of(word) + 1) / 2;

        if (cas_relaxed(&victim->word, &word,
                        word_of(first_of(word), middle))) {
            store_relaxed(&own->word, word_of(middle, end_of(word)));
            return true;
        }
    }
    return false;
}

uint32_t fut_range_claim(struct fut_share *own, uint32_t wanted,
                         uint32_t *first)
{
    uint64_t word = load_relaxed(&own->word);
    uint32_t taken;

    do {
        uint32_t most = length_of(word) / (2 * own->range->count);

        if (length_of(word) == 0) {
            return 0;
        }
        taken = wanted < most ? wanted : most;
        taken = taken > 0 ? taken : 1;
        *first = first_of(word);
    } while (!cas_relaxed(&own->word, &word, word + taken));
    return taken;
}

/* The lower end has not moved since the claim, even if it is empty now. */
void fut_range_return(struct fut_share *own, uint32_t first)
{
    uint64_t word = load_relaxed(&own->word);

    while (!cas_relaxed(&own->word, &word, word_of(first, end_of(word)))) {
    }
}

uint32_t fut_range_left(const struct fut_share *share, uint32_t *first)
{
    uint64_t word = load_relaxed(&share->word);

    *first = first_of(word);
    return length_of(word);
}
