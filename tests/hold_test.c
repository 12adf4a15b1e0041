/* Held futures: not ready, so nobody runs them; everything else that ends a
 * queued task ends them too, and the pool's figures, its room and its end are
 * as exact as without them. */
#include "support/test.h"

#include <errno.h>

#include "core/hold.h"
#include "core/room.h"
#include "core/run.h"
#include "core/waiters.h"
#include "support/helpers.h"

/* A maker: it forgets the future as soon as that has ended by itself. */
struct held {
    struct fut_wait wait;
    futures_hook hook;
    struct fut_hold hold;
    futures_future *future;
    futures_status begun;
    atomic_int told;
};

static void on_end(struct fut_wait *wait, futures_future *future,
                   futures_hook *hook)
{
    struct held *held = (struct held *)wait;
    (void)future;
    (void)hook;
    atomic_fetch_add(&held->told, 1);
    if (held->begun == FUTURES_OK)
        fut_hold_end(&held->hold);
}

static void begin(struct held *held, struct counted *counted,
                  futures_pool *pool, bool counts,
                  const futures_task_options *options)
{
    struct fut_order order;
    *held = (struct held){.wait = {.ended = on_end}};
    held->future = fut_block_get();
    held->begun = fut_order_make(&order, pool, counted_run, options);
    order.held = true;
    order.counted = counts;
    fut_order_fill(&order, held->future, counted);
    cr_assert(fut_waiters_attach_hook(held->future, &held->hook, &held->wait));
    if (held->begun == FUTURES_OK)
        held->begun =
            fut_hold_begin(&held->hold, &order, held->future, "a test");
    if (held->begun != FUTURES_OK)
        fut_order_refuse(held->future, held->begun, 1);
}

/* What a maker does whose future has become ready. */
static void make_ready(struct held *held)
{
    if (fut_waiters_detach_hook(held->future, &held->hook))
        fut_hold_end(&held->hold);
}

static futures_stats stats_of(futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    return stats;
}

Test(hold, what_is_held_runs_once_it_is_ready)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, false, NULL);
    cr_assert_eq(held.begun, FUTURES_OK);
    cr_assert(!fut_future_claim_run(held.future, false));
    cr_assert_eq(futures_poll(held.future), FUTURES_PENDING);
    cr_assert_eq(counted.ran, 0);
    make_ready(&held);
    cr_assert_eq(futures_wait(held.future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(counted.ran, 1);
    cr_assert_eq(held.told, 0);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, a_cancel_ends_it_at_once)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, false, &options);
    cr_assert_eq(futures_cancel(held.future), FUTURES_CANCELLED);
    cr_assert_eq(held.told, 1);
    cr_assert_eq(counted.ran, 0);
    cr_assert_eq(counted.arg_freed, 1);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, a_token_ends_it)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    cr_assert_eq(futures_token_create(&options.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    begin(&held, &counted, pool, true, &options);
    futures_token_cancel(options.token, 7, "no more");
    cr_assert_eq(futures_poll(held.future), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(held.future)->code, 7);
    cr_assert_eq(held.told, 1);
    futures_release(held.future);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
}

Test(hold, a_token_that_has_fired_ends_it_as_it_begins)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    cr_assert_eq(futures_token_create(&options.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    futures_token_cancel(options.token, 7, "no more");
    begin(&held, &counted, pool, false, &options);
    cr_assert_eq(futures_poll(held.future), FUTURES_CANCELLED);
    cr_assert_eq(counted.arg_freed, 1);
    futures_release(held.future);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
}

Test(hold, its_deadline_ends_it)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    options.deadline = futures_in_ms(5);
    begin(&held, &counted, pool, true, &options);
    cr_assert_eq(futures_wait(held.future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(held.future)->code, ETIMEDOUT);
    cr_assert_eq(counted.arg_freed, 1);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, a_deadline_that_has_passed_ends_it_as_it_begins)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    options.deadline = FUTURES_POLL;
    begin(&held, &counted, pool, false, &options);
    cr_assert_eq(futures_wait(held.future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(counted.ran, 0);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, a_closed_pool_takes_none)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    begin(&held, &counted, pool, false, &options);
    cr_assert_eq(held.begun, FUTURES_CLOSED);
    cr_assert_eq(futures_poll(held.future), FUTURES_CLOSED);
    cr_assert_eq(counted.arg_freed, 1);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, who_claims_it_runs_it_before_it_is_ready)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, true, NULL);
    cr_assert(fut_hold_claim(&held.hold));
    cr_assert(!fut_hold_claim(&held.hold));
    fut_run_one(held.future, false);
    cr_assert_eq(futures_poll(held.future), FUTURES_OK);
    cr_assert_eq(held.told, 1);
    cr_assert_eq(counted.ran, 1);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.submitted, 1);
    cr_assert_eq(stats.queued, 0);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, one_that_is_claimed_keeps_its_pool)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, false, NULL);
    cr_assert(fut_hold_claim(&held.hold));
    make_ready(&held); /* limbo has it from now on */
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    fut_run_one(held.future, false);
    futures_release(held.future);
    futures_pool_destroy(pool);
    cr_assert_eq(counted.ran, 1);
}

Test(hold, figures_show_those_that_count_as_queued)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held held[3];
    begin(&held[0], &counted, pool, true, NULL);
    begin(&held[1], &counted, pool, true, NULL);
    begin(&held[2], &counted, pool, false, NULL);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.submitted, 2);
    cr_assert_eq(stats.queued, 2);
    cr_assert_eq(futures_cancel(held[1].future), FUTURES_CANCELLED);
    cr_assert_eq(futures_cancel(held[2].future), FUTURES_CANCELLED);
    make_ready(&held[0]);
    cr_assert_eq(futures_wait(held[0].future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    stats = stats_of(pool);
    cr_assert_eq(stats.submitted, 3);
    cr_assert_eq(stats.queued, 0);
    cr_assert_eq(stats.running, 0);
    cr_assert_eq(stats.ok, 1);
    cr_assert_eq(stats.cancelled, 2);
    for (int i = 0; i < 3; i++)
        futures_release(held[i].future);
    futures_pool_destroy(pool);
}

Test(hold, a_pool_waits_for_those_that_count_only)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held counts, other;
    begin(&other, &counted, pool, false, NULL);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    begin(&counts, &counted, pool, true, NULL);
    cr_assert_eq(futures_pool_wait(pool, futures_in_ms(5)), FUTURES_TIMEOUT);
    make_ready(&counts);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_poll(counts.future), FUTURES_OK);
    cr_assert_eq(futures_poll(other.future), FUTURES_PENDING);
    make_ready(&other);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_poll(other.future), FUTURES_OK);
    futures_release(counts.future);
    futures_release(other.future);
    futures_pool_destroy(pool);
}

Test(hold, a_shutdown_ends_what_does_not_count_and_waits_for_what_does)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held counts, other;
    begin(&other, &counted, pool, false, NULL);
    begin(&counts, &counted, pool, true, NULL);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(other.future), FUTURES_PENDING);
    make_ready(&counts);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(counts.future), FUTURES_OK);
    cr_assert_eq(futures_poll(other.future), FUTURES_CANCELLED);
    cr_assert_eq(counted.ran, 1);
    futures_release(counts.future);
    futures_release(other.future);
}

Test(hold, a_shutdown_that_cancels_ends_all)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held counts, other;
    begin(&other, &counted, pool, false, NULL);
    begin(&counts, &counted, pool, true, NULL);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(futures_poll(counts.future), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(other.future), FUTURES_CANCELLED);
    futures_release(counts.future);
    futures_release(other.future);
    futures_pool_destroy(pool);
}

static futures_pool *pool_with_room(size_t limit)
{
    futures_pool_options limited = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    limited.workers = 1;
    limited.queue_limit = limit;
    limited.overflow = FUTURES_OVERFLOW_REFUSE;
    cr_assert_eq(futures_pool_create(&pool, &limited), FUTURES_OK);
    return pool;
}

/* The places of a pool with a limit, as its submits see them. */
Test(hold, each_place_in_the_room_is_given_back)
{
    futures_pool *pool = pool_with_room(2);
    struct counted counted = {0};
    struct held held[4];
    cr_assert_eq(fut_room_take(pool, 2), 2);
    begin(&held[0], &counted, pool, true, NULL);
    begin(&held[1], &counted, pool, true, NULL);
    begin(&held[2], &counted, pool, false, NULL);
    begin(&held[3], &counted, pool, false, NULL);
    cr_assert_eq(load_relaxed(&pool->queued), 2);
    cr_assert_eq(futures_submit_detached(pool, counted_run, &counted, NULL),
                 FUTURES_FULL);
    make_ready(&held[0]);
    cr_assert_eq(futures_cancel(held[1].future), FUTURES_CANCELLED);
    make_ready(&held[2]);
    cr_assert_eq(futures_cancel(held[3].future), FUTURES_CANCELLED);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(load_relaxed(&pool->queued), 0);
    for (int i = 0; i < 4; i++)
        futures_release(held[i].future);
    futures_pool_destroy(pool);
    cr_assert_eq(counted.ran, 2);
}

/* It would give it back, and wake one who waits for room. */
Test(hold, one_that_is_cancelled_never_takes_a_place)
{
    futures_pool *pool = pool_with_room(1);
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, false, NULL);
    store_seq_cst(&pool->room_waits, 1);
    cr_assert_eq(futures_cancel(held.future), FUTURES_CANCELLED);
    cr_assert_eq(load_seq_cst(&pool->room), 0);
    store_seq_cst(&pool->room_waits, 0);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

Test(hold, one_without_a_handle_runs_all_the_same)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct held held;
    begin(&held, &counted, pool, false, &options);
    futures_release(held.future);
    make_ready(&held);
    futures_pool_destroy(pool);
    cr_assert_eq(counted.ran, 1);
    cr_assert_eq(counted.arg_freed, 1);
    cr_assert_eq(counted.value_freed, 1);
}

/* Two makers of one pool, one of which is slow: what it makes ready while the
 * pool shuts down still runs. */
Test(hold, what_becomes_ready_while_the_pool_drains_runs)
{
    futures_pool *pool = pool_of(1);
    struct counted counted = {0};
    struct held held;
    struct gate gate;
    gate_init(&gate);
    begin(&held, &counted, pool, false, NULL);
    cr_assert(saturate(pool, &gate));
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(held.future), FUTURES_PENDING);
    make_ready(&held);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(held.future), FUTURES_OK);
    futures_release(held.future);
    gate_destroy(&gate);
}
