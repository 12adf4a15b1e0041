/* The range of a loop: each unit is claimed exactly once, whoever has taken it
 * from whom in the meantime, and also where a run is given back. */
#include "model.h"

#include "loop/range.h"

enum { MOST = 3, UNITS = 9 };

static struct fut_range range;
static struct fut_share shares[MOST];
static unsigned claimed[UNITS]; /* the simulator runs one thread at once */
static uint32_t units;

static void account(uint32_t first, uint32_t count)
{
    model_check(first + count <= units);
    for (uint32_t i = first; i < first + count; i++)
        model_check(claimed[i]++ == 0);
}

static void start(unsigned count, uint32_t length)
{
    units = length;
    for (unsigned i = 0; i < UNITS; i++)
        claimed[i] = 0;
    fut_range_init(&range, shares, count, length);
}

static void finish(void)
{
    for (uint32_t i = 0; i < units; i++)
        model_check(claimed[i] == 1);
    for (unsigned i = 0; i < range.count; i++) {
        uint32_t first;
        model_check(fut_range_left(&shares[i], &first) == 0);
    }
    model_gone(shares, sizeof shares);
}

static void start_three(void)
{
    start(3, 4);
}

static void start_two(void)
{
    start(2, UNITS);
}

static void run_all(unsigned index)
{
    uint32_t first = 0;

    while (fut_range_fill(&shares[index])) {
        uint32_t count = fut_range_claim(&shares[index], 2, &first);
        account(first, count);
    }
}

/* The first run of each participant is cut short once. */
static void return_some(unsigned index)
{
    uint32_t first = 0;

    if (fut_range_fill(&shares[index])) {
        uint32_t count = fut_range_claim(&shares[index], 2, &first);
        if (count > 0)
            fut_range_return(&shares[index], first + count - 1);
        account(first, count > 0 ? count - 1 : 0);
    }
    run_all(index);
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"range: three participants", 3, 40000, start_three, run_all, finish},
        {"range: runs of two", 2, 40000, start_two, run_all, finish},
        {"range: runs cut short", 2, 40000, start_two, return_some, finish},
        {"range: single ones returned", 3, 40000, start_three, return_some,
         finish}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
