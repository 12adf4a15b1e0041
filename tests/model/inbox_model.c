/* The inbox: each entry is handed out once and in order, also when a slot is
 * used again. The ring has two slots here. And what a worker moves from the
 * injector to its inbox is never out of sight of one who looks at the
 * injector first and then at the inbox. */
#include "model.h"

#include "sync/inbox.h"
#include "sync/injector.h"

enum { MOST = 8, LANE = 1 };

static struct fut_inbox inbox;
static uint64_t payload[MOST];    /* plain memory behind each entry */
static unsigned handed_out[MOST]; /* the simulator runs one thread at once */
static unsigned entries;

static void put(void)
{
    model_write(&payload[entries], entries + 1);
    if (fut_inbox_put(&inbox, &payload[entries]))
        entries++;
}

/* returns the index after the entry's; `least` where there was none */
static unsigned take(unsigned least)
{
    uint64_t *entry = fut_inbox_take(&inbox);
    unsigned index;

    if (entry == NULL)
        return least;
    index = (unsigned)(entry - payload);
    model_check(index < MOST);
    model_check(index >= least);
    model_check(model_read(entry) == index + 1);
    model_check(handed_out[index]++ == 0);
    return index + 1;
}

static void start(unsigned count)
{
    entries = 0;
    for (unsigned i = 0; i < MOST; i++)
        handed_out[i] = 0;
    fut_inbox_init(&inbox);
    while (entries < count)
        put();
}

static void finish(void)
{
    unsigned next = 0;

    while (!fut_inbox_is_empty(&inbox))
        next = take(next);
    for (unsigned i = 0; i < entries; i++)
        model_check(handed_out[i] == 1);
    model_gone(&inbox, sizeof inbox);
    model_gone(payload, sizeof payload);
}

static void start_empty(void)
{
    start(0);
}

static void start_full(void)
{
    start(FUT_INBOX_CAPACITY);
}

static void passing(unsigned index)
{
    unsigned next = 0;

    if (index == 0) {
        put();
        put();
        put();
        take(0);
    } else {
        next = take(next);
        next = take(next);
        take(next);
    }
}

static struct fut_injector injector;
static struct fut_link links[2];

static void keep(void *to, struct fut_link *link)
{
    model_check(fut_inbox_put(to, link));
}

static void start_moving(void)
{
    struct fut_chain chain = {&links[0], &links[1], 2};

    fut_inbox_init(&inbox);
    fut_injector_init(&injector);
    links[0].next = &links[1];
    model_check(fut_injector_begin(&injector, false));
    fut_injector_append(&injector, LANE, chain);
}

static void moving(unsigned index)
{
    if (index == 0) {
        model_check(fut_injector_take(&injector, LANE, 1, keep, &inbox) ==
                    &links[0]);
    } else {
        model_check(fut_injector_length(&injector, LANE) > 0 ||
                    !fut_inbox_is_empty(&inbox));
    }
}

static void finish_moving(void)
{
    model_check(fut_inbox_take(&inbox) == &links[1]);
    model_check(fut_injector_length(&injector, LANE) == 0);
    fut_injector_destroy(&injector);
    model_gone(&inbox, sizeof inbox);
    model_gone(&injector, sizeof injector);
}

int main(int argc, char *argv[])
{
    static const struct model_scenario scenarios[] = {
        {"inbox: from empty", 3, 60000, start_empty, passing, finish},
        {"inbox: from full", 3, 60000, start_full, passing, finish},
        {"inbox: moving", 2, 20000, start_moving, moving, finish_moving}};

    return model_main(argc, argv, scenarios,
                      sizeof scenarios / sizeof *scenarios);
}
