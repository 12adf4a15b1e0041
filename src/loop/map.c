/* Items are units of a loop, run as parts of its participants: an outcome is
 * written where it is wanted, and nothing else is kept of an item. So what
 * never began is what is left in the shares when all have ended: a participant
 * that stops early returns the rest of its run. */
#include <futures/map.h>

#include <pthread.h>

#include "base/alloc.h"
#include "loop/each.h"
#include "loop/loop.h"
#include "loop/window.h"
#include "core/error.h"
#include "core/options.h"
#include "core/parts.h"
#include "core/pool.h"

struct map {
    struct fut_loop loop;
    futures_fn fn; /* const, like all below */
    void *const *args;
    futures_outcome *outcomes;
    bool collect;
};

struct map_run {
    struct fut_parts parts;
    struct map *map;
    struct fut_share *own;
};

/* An item was not OK. Where that cancels the rest, the participant fails with
 * the item's error, so that gather does it.
 * returns  whether this participant goes on */
static bool note(struct map *map, const futures_outcome *outcome)
{
    struct fut_run *run = fut_self.run;

    (void)fut_loop_note(&map->loop, outcome->status);
    if (outcome->status == FUTURES_CANCELLED) {
        return false;
    }
    if (!map->collect) {
        run->failed = true;
        run->error = fut_error_retain(outcome->error);
    }
    return map->collect;
}

static void abandon(struct fut_parts *parts)
{
    struct map_run *run = (struct map_run *)parts;

    (void)note(run->map, &parts->outcomes[parts->at - 1]);
    fut_range_return(run->own, (uint32_t)parts->at);
}

static void run_items(struct fut_loop *loop, struct fut_share *own,
                      uint32_t first, uint32_t end)
{
    struct map *map = (struct map *)loop;
    struct map_run run;
    struct fut_parts *parts = &run.parts;
    futures_status status;

    parts->fn = map->fn;
    parts->args = map->args;
    parts->outcomes = map->outcomes;
    parts->at = first;
    parts->end = end;
    parts->abandoned = abandon;
    run.map = map;
    run.own = own;
    do {
        status = fut_parts_run(parts);
    } while (status != FUTURES_OK && note(map, &map->outcomes[parts->at - 1]));
    if (parts->at < end) {
        fut_range_return(own, (uint32_t)parts->at);
    }
}

static void fill(futures_outcome outcomes[], size_t count,
                 futures_status status, const futures_error *reason)
{
    for (size_t i = 0; i < count; i++) {
        outcomes[i].status = status;
        outcomes[i].value = NULL;
        outcomes[i].error = fut_error_keep(reason);
    }
}

static void fill_rest(const struct map *map, futures_status status,
                      const futures_token *token)
{
    futures_outcome rest = fut_loop_rest(&map->loop, status, token);

    for (unsigned i = 0; i < map->loop.range.count; i++) {
        uint32_t first;
        uint32_t left = fut_range_left(&map->loop.range.shares[i], &first);

        if (left > 0) {
            fill(&map->outcomes[first], left, rest.status, rest.error);
        }
    }
    futures_outcomes_free(&rest, 1);
}

static futures_status run_all(struct map *map,
                              const futures_gather_options *options)
{
    futures_status status = fut_loop_run_noting(&map->loop, options);

    if (fut_loop_has_left(&map->loop)) {
        fill_rest(map, status, options->token);
    }
    return status == FUTURES_OK
               ? (futures_status)load_relaxed(&map->loop.first_error)
               : status;
}

static futures_status run_shared(futures_pool *pool, futures_fn fn,
                                 void *const args[], size_t count,
                                 futures_outcome outcomes[],
                                 const futures_gather_options *options)
{
    struct map map;
    futures_status status;

    map.loop.pool = pool;
    map.loop.run = run_items;
    map.fn = fn;
    map.args = args;
    map.outcomes = outcomes;
    map.collect = options->on_error == FUTURES_ON_ERROR_COLLECT;
    status = fut_loop_open(&map.loop, (uint32_t)count);
    if (status != FUTURES_OK) {
        fill(outcomes, count, status, NULL);
        return status;
    }
    status = run_all(&map, options);
    fut_loop_close(&map.loop);
    return status;
}

static futures_status run_each(futures_pool *pool, futures_fn fn,
                               void *const args[], size_t count,
                               futures_outcome outcomes[],
                               const futures_gather_options *options)
{
    bool submitted;
    futures_status status =
        fut_each_run(pool, fn, args, count, outcomes, options, &submitted);

    if (!submitted && outcomes != NULL) {
        fill(outcomes, count, status, NULL);
    }
    return status;
}

/* Outcomes that nobody else will look at. */
struct blind {
    futures_outcome *outcomes;
    size_t count;
};

static void free_blind(void *context)
{
    struct blind *blind = context;

    futures_outcomes_free(blind->outcomes, blind->count);
    fut_free(blind->outcomes);
}

static void report(const futures_pool *pool, const struct blind *blind)
{
    for (size_t i = 0; i < blind->count; i++) {
        if (blind->outcomes[i].status == FUTURES_FAILED) {
            fut_sink_report(pool->sink, blind->outcomes[i].error);
        }
    }
}

static futures_status run_blind(futures_pool *pool, futures_fn fn,
                                void *const args[], size_t count,
                                const futures_gather_options *options)
{
    struct blind blind = {fut_alloc(count, sizeof *blind.outcomes), count};
    futures_status status;

    if (blind.outcomes == NULL) {
        return FUTURES_NOMEM;
    }
    pthread_cleanup_push(free_blind, &blind);
    status = run_shared(pool, fn, args, count, blind.outcomes, options);
    report(pool, &blind);
    pthread_cleanup_pop(1);
    return status;
}

/* Something is to be seen of the items before all have ended. */
static bool wants_each(const futures_map_options *options)
{
    return options->on_done != NULL ||
           options->on_error == FUTURES_ON_ERROR_LEAVE ||
           (options->deadline != FUTURES_NEVER &&
            options->on_timeout != FUTURES_ON_TIMEOUT_CANCEL);
}

static bool wants_window(const futures_map_options *options)
{
    return options->window > 0 || options->next != NULL;
}

/* Whether there is one source of items, and places for what comes of them. */
static bool are_valid_items(void *const args[], size_t count,
                            const futures_outcome outcomes[],
                            const futures_map_options *options)
{
    if (options->next != NULL) {
        return args == NULL && (outcomes == NULL || count <= UINT32_MAX);
    }
    return (args != NULL || count == 0) && count <= UINT32_MAX;
}

static bool are_valid(const futures_pool *pool, futures_fn fn,
                      const futures_map_options *options)
{
    return pool != NULL && fn != NULL &&
           (unsigned)options->on_error <= FUTURES_ON_ERROR_LEAVE &&
           (unsigned)options->on_timeout <= FUTURES_ON_TIMEOUT_ABANDON;
}

static futures_gather_options gather_options(const futures_map_options *map)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;

    options.on_error = map->on_error;
    options.deadline = map->deadline;
    options.on_timeout = map->on_timeout;
    options.token = map->token;
    options.on_done = map->on_done;
    options.context = map->context;
    options.help = map->help;
    return options;
}

futures_status futures_map(futures_pool *pool, futures_fn fn,
                           void *const args[], size_t count,
                           futures_outcome outcomes[],
                           const futures_map_options *given)
{
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_gather_options gather;

    if (given != NULL && !fut_options_read(&options, sizeof options, given)) {
        return FUTURES_INVALID;
    }
    if (!are_valid(pool, fn, &options) ||
        !are_valid_items(args, count, outcomes, &options)) {
        return FUTURES_INVALID;
    }
    if (options.taken != NULL) {
        *options.taken = 0;
    }
    if (count == 0) {
        return FUTURES_OK;
    }
    gather = gather_options(&options);
    if (wants_window(&options)) {
        return fut_window_run(pool, fn, args, count, outcomes, &options,
                              &gather);
    }
    if (wants_each(&options)) {
        return run_each(pool, fn, args, count, outcomes, &gather);
    }
    return outcomes != NULL
               ? run_shared(pool, fn, args, count, outcomes, &gather)
               : run_blind(pool, fn, args, count, &gather);
}
