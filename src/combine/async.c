/* A gather without a waiter: its set lies on the heap, and whoever arrives
 * last ends the future. To leave early is to take back what has not ended, and
 * to arrive for it. So there is one way to its end, when no future can reach
 * the set any more.
 *
 * References keep it: one each for the future's contents, for the set until it
 * has ended, and for each of token, scope and timer until that was taken back
 * or has been called. Nothing here waits for one that is being called. */
#include "combine/async.h"

#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fork.h"
#include "combine/done.h"
#include "combine/graph.h"
#include "combine/survey.h"
#include "combine/verdict.h"
#include "core/error.h"
#include "core/life.h"
#include "core/order.h"
#include "core/scope.h"
#include "core/sink.h"
#include "core/token.h"

void fut_gathered_let_go(struct fut_gathered *gathered)
{
    if (sub_acq_rel(&gathered->references, 1) == 1) {
        futures_release_all(gathered->futures, gathered->set.count);
        fut_future_drop(gathered->future, 1);
        fut_free(gathered);
    }
}

static void let_go_of_contents(struct fut_keep *keep)
{
    fut_gathered_let_go(
        (void *)((char *)keep - offsetof(struct fut_gathered, keep)));
}

static futures_future *next_needed(struct fut_need *need, size_t *at)
{
    struct fut_gathered *gathered =
        (void *)((char *)need - offsetof(struct fut_gathered, need));

    return fut_graph_next(gathered->futures, gathered->set.count,
                          &gathered->first, at);
}

/* What an error of a stop brings about waits for all, as in a gather. */
static bool may_leave(struct fut_set *set)
{
    if (load_seq_cst(&set->late)) {
        return true;
    }
    return set->options.on_error == FUTURES_ON_ERROR_LEAVE &&
           fut_set_is_decided(set) && load_acquire(&set->stop) == FUT_STOP_NOT;
}

static void leave(struct fut_gathered *gathered)
{
    if (!exchange_acq_rel(&gathered->left, true)) {
        fut_set_detach(&gathered->set);
    }
}

/* One thread at a time, and again where somebody asked meanwhile. Who asked
 * has not arrived, nor has the one who looks. */
static void call_done(struct fut_gathered *gathered)
{
    unsigned asked = 1;

    if (add_seq_cst(&gathered->looks, 1) != 0) {
        return;
    }
    do {
        fut_set_call_done(&gathered->set);
    } while (!cas_acq_rel(&gathered->looks, &asked, 0));
}

/* Whoever makes it live looks as well: see `start` in set.c. */
static void look(struct fut_set *set)
{
    struct fut_gathered *gathered = (struct fut_gathered *)set;

    if (!load_seq_cst(&set->live)) {
        return;
    }
    if (set->options.on_done != NULL) {
        call_done(gathered);
    }
    if (may_leave(set)) {
        leave(gathered);
    }
}

static void over(struct fut_set *set)
{
    fut_future_end_in_turn(&((struct fut_gathered *)set)->ender);
}

/* The error of the one that failed first, for the sink that it had. */
static void put_error(struct fut_gathered *gathered)
{
    futures_future *future = gathered->future;
    futures_future *failed = load_acquire(&gathered->set.first_error);
    futures_error *reason;

    if (failed == NULL) {
        failed = gathered->futures[futures_first_error(gathered->outcomes,
                                                       gathered->set.count)];
    }
    future->sink = fut_sink_retain(failed->sink);
    reason = exchange_seq_cst(&fut_future_extra(future)->error,
                              fut_error_keep(fut_future_error(failed)));
    if (reason != NULL) {
        fut_scope_await_walkers();
        fut_error_release(reason);
    }
}

/* The reason that it was asked for, or else the first one's. */
static void put_reason(struct fut_gathered *gathered)
{
    const futures_future *first = load_acquire(&gathered->set.first_error);
    struct fut_extra *extra = fut_future_extra(gathered->future);
    futures_error *nothing = NULL;
    futures_error *reason;

    if (load_acquire(&extra->error) != NULL) {
        return;
    }
    reason = fut_scope_reason_for(gathered->future);
    if (reason == NULL && first != NULL) {
        reason = fut_error_keep(fut_future_error(first));
    }
    if (!cas_acq_rel(&extra->error, &nothing, reason)) {
        fut_error_release(reason);
    }
}

static void end(struct fut_gathered *gathered)
{
    futures_future *future = gathered->future;
    futures_status status;

    fut_gathered_unwatch(gathered);
    fut_need_detach(&gathered->need);
    status = fut_verdict(&gathered->set, gathered->outcomes);
    if (status == FUTURES_OK) {
        store_relaxed(&future->value, gathered->outcomes);
    } else if (status == FUTURES_FAILED) {
        put_error(gathered);
    } else if (status == FUTURES_CANCELLED) {
        put_reason(gathered);
    }
    fut_future_publish(future, status, 1);
    fut_gathered_let_go(gathered);
}

static void end_in_turn(struct fut_ender *ender)
{
    end((void *)((char *)ender - offsetof(struct fut_gathered, ender)));
}

/* Room for what it keeps of each future.
 * returns NULL without memory */
static struct fut_gathered *allocate(size_t count)
{
    const size_t each = sizeof(futures_hook) + sizeof(futures_outcome) +
                        sizeof(futures_future *);
    struct fut_gathered *gathered = NULL;

    if (count <= (SIZE_MAX - sizeof *gathered) / each) {
        gathered = fut_alloc(1, sizeof *gathered + count * each);
    }
    return gathered;
}

static void fill(struct fut_gathered *gathered, futures_future *future,
                 futures_future *const futures[], size_t count,
                 const futures_gather_options *options)
{
    static const struct fut_set_calls calls = {look, over};
    struct fut_set *set = &gathered->set;
    futures_hook *hooks = (futures_hook *)(void *)(gathered + 1);

    gathered->outcomes = (futures_outcome *)(void *)(hooks + count);
    gathered->futures = (void *)(gathered->outcomes + count);
    fut_set_init(set, gathered->futures, count, options);
    set->wait.calls = true;
    set->calls = &calls;
    set->hooks = hooks;
    set->task = future;
    gathered->ender.end = end_in_turn;
    gathered->keep.free = let_go_of_contents;
    gathered->need.next = next_needed;
    gathered->need.all =
        fut_set_needs_all(set) && set->options.deadline == FUTURES_NEVER;
    gathered->need.firm = true;
    gathered->need.future = future;
    gathered->future = future;
    atomic_init(&gathered->references, 2);
    for (size_t i = 0; i < count; i++) {
        hooks[i].index = i;
        gathered->futures[i] = futures_retain(futures[i]);
    }
}

/* With a handle for the caller and one for its end, and pins for those, for
 * its end, and for the set.
 * returns NULL without memory */
static struct fut_gathered *make(futures_future *const futures[], size_t count,
                                 const futures_gather_options *options)
{
    futures_future *future = fut_block_get();
    struct fut_gathered *gathered = future != NULL ? allocate(count) : NULL;

    if (gathered == NULL) {
        if (future != NULL) {
            fut_block_put(future);
        }
        return NULL;
    }
    fut_future_init(future, fut_future_word(FUT_RUNNING, 2, 0) + FUT_HANDLE);
    future->promise = FUT_OWN_PROMISE;
    future->options = true;
    fut_future_extra(future)->keep = &gathered->keep;
    fill(gathered, future, futures, count, options);
    return gathered;
}

/* Nobody knows of it yet. */
static void discard(struct fut_gathered *gathered)
{
    futures_release_all(gathered->futures, gathered->set.count);
    fut_future_discard(gathered->future);
    fut_free(gathered);
}

static void begin(struct fut_gathered *gathered,
                  const struct fut_survey *survey)
{
    struct fut_set *set = &gathered->set;
    size_t owed;

    if (set->options.token != futures_token_none()) {
        fut_order_adopt(gathered->future);
    }
    fut_need_attach(gathered->future, &gathered->need);
    atomic_init(&set->first_error, survey->first_error);
    owed = fut_set_attach_all(set);
    fut_gathered_watch(gathered);
    if (survey->pending > 0 && fut_clock_passed(set->options.deadline)) {
        fut_gathered_time_is_up(gathered);
    }
    if (fut_set_start(set, owed)) {
        end(gathered);
    }
}

futures_future *futures_gather_async(futures_future *const futures[],
                                     size_t count,
                                     const futures_gather_options *given)
{
    futures_gather_options storage;
    const futures_gather_options *options =
        fut_survey_options(given, &storage);
    struct fut_survey survey;
    struct fut_gathered *gathered;
    futures_future *future;

    if (options == NULL || !fut_survey_are_there(futures, count)) {
        return fut_future_ended(FUTURES_INVALID);
    }
    if (fut_survey_take(futures, count, &survey) != FUTURES_OK) {
        return fut_future_ended(FUTURES_FORKED);
    }
    fut_scope_watch_forks();
    if (!fut_fork_watch()) {
        return fut_future_ended(FUTURES_SYSTEM);
    }
    gathered = make(futures, count, options);
    if (gathered == NULL) {
        return fut_future_ended(FUTURES_NOMEM);
    }
    if (!fut_gathered_arm(gathered)) {
        discard(gathered);
        return fut_future_ended(FUTURES_SYSTEM);
    }
    future = gathered->future;
    begin(gathered, &survey);
    return future;
}

const futures_outcome *futures_outcomes(const futures_future *gathered,
                                        size_t *count)
{
    const futures_outcome *outcomes = NULL;
    size_t known = 0;

    if (gathered != NULL && gathered->promise == FUT_OWN_PROMISE &&
        !fut_future_is_pending(gathered)) {
        struct fut_keep *keep = fut_future_extra(gathered)->keep;

        if (keep != NULL && keep->free == let_go_of_contents) {
            struct fut_gathered *mine =
                (void *)((char *)keep - offsetof(struct fut_gathered, keep));

            (void)futures_error_of(gathered);
            outcomes = mine->outcomes;
            known = mine->set.count;
        }
    }
    if (count != NULL) {
        *count = known;
    }
    return outcomes;
}
