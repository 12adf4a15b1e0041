/* See rolling.h. */
#include "loop/rolling.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "combine/block.h"
#include "combine/done.h"
#include "combine/gather.h"
#include "combine/help.h"
#include "combine/watch.h"
#include "core/pool.h"

/* Items between two looks at the worker's own queue, besides the width. */
enum { STALE = 128 };

/* Arrivals that never come all. */
static const size_t PLENTY = SIZE_MAX / 2;

struct fut_rolling_item {
    futures_hook hook; /* first; `index` is the place, `spare` the next free */
    size_t index;      /* what the caller calls it */
};

static size_t release_hole(struct fut_rolling *rolling, size_t place)
{
    struct fut_rolling_item *item = rolling->items[place];

    futures_release(rolling->futures[place]);
    rolling->futures[place] = fut_future_ended(FUTURES_OK);
    rolling->items[place] = NULL;
    item->hook.spare = rolling->free;
    rolling->free = item;
    rolling->live--;
    return item->index;
}

/* The set's on_done. */
static void one_done(void *context, size_t place,
                     const futures_outcome *outcome)
{
    struct fut_rolling *rolling = context;

    rolling->done(rolling, rolling->items[place]->index,
                  rolling->futures[place], outcome);
    (void)release_hole(rolling, place);
}

/* In this order: items, futures, places, kept. */
static bool make_places(struct fut_rolling *rolling)
{
    const size_t each = sizeof(struct fut_rolling_item) + 6 * sizeof(void *);
    size_t width = rolling->width;
    struct fut_rolling_item *items;

    if (width > SIZE_MAX / 2 / each) {
        return false;
    }
    items = fut_alloc(1, width * each + STALE * sizeof(void *));
    if (items == NULL) {
        return false;
    }
    rolling->storage = items;
    rolling->futures = (futures_future **)(void *)(items + width);
    rolling->items = (void *)(rolling->futures + 2 * width);
    rolling->kept = (void *)(rolling->items + 2 * width);
    rolling->free = NULL;
    for (size_t i = width; i-- > 0;) {
        items[i].hook.spare = rolling->free;
        rolling->free = &items[i];
    }
    return true;
}

static void make_set(struct fut_rolling *rolling,
                     const futures_gather_options *options)
{
    struct fut_set *set = &rolling->set;
    futures_gather_options mine = *options;

    mine.on_done = one_done;
    mine.context = rolling;
    fut_set_init(set, rolling->futures, 0, &mine);
    fut_latch_init(&set->latch, PLENTY);
    store_seq_cst(&set->live, true);
}

futures_status fut_rolling_open(struct fut_rolling *rolling,
                                const futures_pool *pool, size_t width,
                                const futures_gather_options *options)
{
    futures_token *parent = options->token != futures_token_none()
                                ? futures_current_token()
                                : NULL;
    futures_status status;

    rolling->width = width;
    rolling->keeps = fut_pool_is_mine(pool);
    rolling->places = 0;
    rolling->live = 0;
    rolling->attached = 0;
    rolling->stale = 0;
    if (!make_places(rolling)) {
        return FUTURES_NOMEM;
    }
    make_set(rolling, options);
    status = futures_token_create(&rolling->set.above, parent, FUTURES_NEVER);
    if (status != FUTURES_OK) {
        fut_free(rolling->storage);
        return status;
    }
    fut_set_watch(&rolling->set);
    fut_set_arm(&rolling->set);
    return FUTURES_OK;
}

bool fut_rolling_has_room(const struct fut_rolling *rolling)
{
    return rolling->live < rolling->width &&
           (!rolling->keeps || rolling->stale < 2 * rolling->width + STALE);
}

static void close_holes(struct fut_rolling *rolling)
{
    size_t to = 0;
    size_t past = 0;

    for (size_t from = 0; from < rolling->places; from++) {
        struct fut_rolling_item *item = rolling->items[from];

        if (item != NULL) {
            item->hook.index = to;
            rolling->items[to] = item;
            rolling->futures[to++] = rolling->futures[from];
            past += from < rolling->set.past;
        }
    }
    rolling->places = to;
    rolling->set.past = past;
}

void fut_rolling_add(struct fut_rolling *rolling, futures_future *future,
                     size_t index)
{
    struct fut_rolling_item *item = rolling->free;
    struct fut_wait *wait = &rolling->set.wait;

    if (rolling->places == 2 * rolling->width) {
        close_holes(rolling);
    }
    rolling->free = item->hook.spare;
    item->index = index;
    item->hook.index = rolling->places;
    rolling->items[rolling->places] = item;
    rolling->futures[rolling->places++] = future;
    rolling->set.count = rolling->places;
    rolling->live++;
    rolling->attached++;
    if (rolling->keeps) {
        rolling->kept[rolling->stale++] = futures_retain(future);
    }
    if (!fut_waiters_attach_hook(future, &item->hook, wait)) {
        wait->ended(wait, future, &item->hook);
    }
}

void fut_rolling_wait(struct fut_rolling *rolling)
{
    rolling->set.news = false;
    fut_set_call_done(&rolling->set);
    if (!rolling->set.news) {
        fut_block_until_over(&rolling->set);
    }
}

void fut_rolling_tidy(struct fut_rolling *rolling)
{
    while (rolling->stale > 0) {
        futures_future *future = rolling->kept[--rolling->stale];

        fut_help_drop_own(future);
        futures_release(future);
    }
}

static void detach(struct fut_rolling *rolling)
{
    struct fut_latch *latch = &rolling->set.latch;
    size_t owed = PLENTY - rolling->attached;

    for (size_t i = 0; i < rolling->places; i++) {
        struct fut_rolling_item *item = rolling->items[i];

        if (item != NULL &&
            fut_waiters_detach_hook(rolling->futures[i], &item->hook)) {
            owed++;
        }
    }
    fut_latch_arrive(latch, owed);
    while (fut_latch_wait(latch, FUTURES_NEVER) != FUT_LATCH_OPEN) {
    }
    fut_set_unwatch(&rolling->set);
}

void fut_rolling_leave(struct fut_rolling *rolling)
{
    detach(rolling);
    fut_set_call_done(&rolling->set);
}

bool fut_rolling_let_go(struct fut_rolling *rolling, size_t *index)
{
    while (rolling->places > 0) {
        size_t place = --rolling->places;

        if (rolling->items[place] != NULL) {
            *index = release_hole(rolling, place);
            return true;
        }
    }
    return false;
}

void fut_rolling_close(struct fut_rolling *rolling)
{
    fut_rolling_tidy(rolling);
    futures_token_release(rolling->set.above);
    fut_free(rolling->storage);
}

void fut_rolling_abandon(struct fut_rolling *rolling)
{
    size_t index;

    fut_set_stop(&rolling->set, FUT_STOP_END, NULL);
    detach(rolling);
    for (size_t i = 0; i < rolling->places; i++) {
        fut_wait_through(rolling->futures[i]);
    }
    while (fut_rolling_let_go(rolling, &index)) {
    }
    fut_rolling_close(rolling);
}
