/* What a task submits is cancelled with it while it runs, unless it chose
 * another token; and what a task sees of being asked to stop. */
#include "support/test.h"

#include <errno.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5 };

/* A parent that submits one child and stays at a gate; its child is queued
 * since the parent holds the pool's only worker. */
struct family {
    futures_pool *pool;
    struct gate gate;
    struct counted counted;
    futures_token *choice; /* the child's token option */
    futures_token *own;    /* the parent's, retained */
    futures_future *child;
    futures_future *parent;
    futures_status answered; /* to a cancel of the parent, once ended */
    futures_status childs;   /* how the child was then */
};

static void *submit_and_stay(void *arg)
{
    struct family *family = arg;
    futures_task_options options = counted_options();
    options.token = family->choice;
    family->own = futures_token_retain(futures_current_token());
    family->child = futures_submit_with(futures_current_pool(), counted_run,
                                        &family->counted, &options);
    gate_pass(&family->gate);
    return arg;
}

/* Ends with the parent at the gate. */
static void family_start(struct family *family, futures_token *parents,
                         futures_token *childs)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    *family = (struct family){.pool = pool_of(1), .choice = childs};
    gate_init(&family->gate);
    options.token = parents;
    family->parent =
        futures_submit_with(family->pool, submit_and_stay, family, &options);
    cr_assert(gate_await_arrivals(&family->gate, 1));
}

static void family_end(struct family *family, int ran)
{
    gate_open(&family->gate);
    futures_wait(family->child, FUTURES_NEVER);
    futures_release(family->child);
    futures_release(family->parent);
    futures_token_release(family->own);
    futures_pool_destroy(family->pool);
    cr_assert_eq(atomic_load(&family->counted.ran), ran);
    cr_assert_eq(atomic_load(&family->counted.arg_freed), 1);
    gate_destroy(&family->gate);
}

Test(scope, what_a_task_submitted_is_cancelled_with_it)
{
    struct family family;
    family_start(&family, NULL, NULL);
    assert_status(futures_cancel(family.parent), FUTURES_PENDING);
    assert_status(futures_poll(family.child), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&family.counted.arg_freed), 1);
    family_end(&family, 0);
}

Test(scope, what_a_task_submitted_is_cancelled_by_the_tasks_token)
{
    struct family family;
    futures_token *token = new_token(NULL);
    family_start(&family, token, NULL);
    futures_token_cancel(token, 6, "from above");
    assert_status(futures_poll(family.child), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(family.child)->code, 6);
    family_end(&family, 0);
    futures_token_release(token);
}

Test(scope, the_reason_given_to_a_task_reaches_what_is_beneath_it)
{
    struct family family;
    family_start(&family, NULL, NULL);
    futures_token_cancel(family.own, 8, "the whole family");
    assert_status(futures_poll(family.child), FUTURES_CANCELLED);
    cr_assert_not_null(futures_error_of(family.child));
    cr_assert_eq(futures_error_of(family.child)->code, 8);
    family_end(&family, 0);
}

/* Runs on the only worker, between the parent's end and the child's start. */
static void cancel_once_ended(void *arg, futures_future *parent)
{
    struct family *family = arg;
    family->answered = futures_cancel(parent);
    family->childs = futures_poll(family->child);
}

Test(scope, a_task_that_has_ended_takes_nothing_along)
{
    struct family family;
    futures_hook hook;
    family_start(&family, NULL, NULL);
    futures_on_done(family.parent, &hook, cancel_once_ended, &family);
    gate_open(&family.gate);
    assert_status(futures_wait(family.child, FUTURES_NEVER), FUTURES_OK);
    assert_status(family.answered, FUTURES_OK);
    assert_status(family.childs, FUTURES_PENDING);
    family_end(&family, 1);
}

static void *pass_two_gates(void *gates)
{
    struct gate *pair = gates;
    gate_pass(&pair[0]);
    gate_pass(&pair[1]);
    return futures_cancelled() ? gates : NULL;
}

/* A parent whose child runs on another worker. */
struct pair {
    struct gate gates[2];
    struct gate stay;
    futures_future *child;
};

static void *submit_runner_and_stay(void *arg)
{
    struct pair *pair = arg;
    pair->child =
        futures_submit(futures_current_pool(), pass_two_gates, pair->gates);
    gate_pass(&pair->stay);
    return arg;
}

/* Whether the child saw that it was asked, where something is cancelled after
 * the parent has ended. */
static bool child_is_asked_late(futures_token *above, bool by_token)
{
    struct pair pair;
    futures_pool *pool = pool_of(2);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_init(&pair.gates[0]);
    gate_init(&pair.gates[1]);
    gate_init(&pair.stay);
    options.token = above;
    futures_future *parent =
        futures_submit_with(pool, submit_runner_and_stay, &pair, &options);
    cr_assert(gate_await_arrivals(&pair.stay, 1));
    cr_assert(gate_await_arrivals(&pair.gates[0], 1));
    gate_open(&pair.stay);
    assert_status(futures_wait(parent, FUTURES_NEVER), FUTURES_OK);
    gate_open(&pair.gates[0]);
    cr_assert(gate_await_arrivals(&pair.gates[1], 1));
    if (by_token)
        futures_token_cancel(above, 0, NULL);
    else
        futures_cancel(parent);
    gate_open(&pair.gates[1]);
    assert_status(futures_wait(pair.child, FUTURES_NEVER), FUTURES_OK);
    bool asked = futures_value(pair.child) != NULL;
    futures_release(parent);
    futures_release(pair.child);
    futures_pool_destroy(pool);
    gate_destroy(&pair.stay);
    gate_destroy(&pair.gates[1]);
    gate_destroy(&pair.gates[0]);
    return asked;
}

Test(scope, once_a_task_has_ended_only_what_is_above_it_counts)
{
    futures_token *token = new_token(NULL);
    cr_assert(!child_is_asked_late(token, false));
    cr_assert(child_is_asked_late(token, true));
    futures_token_release(token);
}

Test(scope, a_child_with_no_token_is_not_cancelled)
{
    struct family family;
    family_start(&family, NULL, futures_token_none());
    assert_status(futures_cancel(family.parent), FUTURES_PENDING);
    assert_status(futures_poll(family.child), FUTURES_PENDING);
    family_end(&family, 1);
}

Test(scope, a_child_with_another_token_is_cancelled_by_that_alone)
{
    struct family family;
    futures_token *token = new_token(NULL);
    family_start(&family, NULL, token);
    assert_status(futures_cancel(family.parent), FUTURES_PENDING);
    assert_status(futures_poll(family.child), FUTURES_PENDING);
    futures_token_cancel(token, 0, NULL);
    assert_status(futures_poll(family.child), FUTURES_CANCELLED);
    family_end(&family, 0);
    futures_token_release(token);
}

/* Submits a chain of running tasks, each on a worker of its own. */
struct chain {
    struct gate started; /* open: it only counts */
    futures_future *links[4];
};

struct link {
    struct chain *chain;
    size_t depth;
};

static void *run_and_extend(void *arg)
{
    struct link *link = arg;
    struct chain *chain = link->chain;
    struct link next = {chain, link->depth + 1};
    if (next.depth < LENGTH(chain->links))
        chain->links[next.depth] =
            futures_submit(futures_current_pool(), run_and_extend, &next);
    gate_pass(&chain->started);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    if (next.depth < LENGTH(chain->links))
        futures_wait(chain->links[next.depth], FUTURES_NEVER);
    futures_checkpoint();
    return arg;
}

Test(scope, reaches_running_grandchildren)
{
    struct chain chain;
    struct link first = {&chain, 0};
    futures_pool *pool = pool_of(LENGTH(chain.links));
    gate_init_open(&chain.started);
    chain.links[0] = futures_submit(pool, run_and_extend, &first);
    cr_assert(gate_await_arrivals(&chain.started, LENGTH(chain.links)));
    futures_cancel(chain.links[0]);
    for (size_t i = 0; i < LENGTH(chain.links); i++)
        assert_status(futures_wait(chain.links[i], FUTURES_NEVER),
                      FUTURES_CANCELLED);
    futures_release_all(chain.links, LENGTH(chain.links));
    futures_pool_destroy(pool);
    gate_destroy(&chain.started);
}

Test(scope, does_not_reach_siblings_nor_upwards)
{
    struct chain chain;
    struct link first = {&chain, 0};
    futures_pool *pool = pool_of(LENGTH(chain.links));
    gate_init_open(&chain.started);
    chain.links[0] = futures_submit(pool, run_and_extend, &first);
    cr_assert(gate_await_arrivals(&chain.started, LENGTH(chain.links)));
    futures_cancel(chain.links[2]);
    assert_status(futures_wait(chain.links[3], FUTURES_NEVER),
                  FUTURES_CANCELLED);
    assert_status(futures_wait(chain.links[2], FUTURES_NEVER),
                  FUTURES_CANCELLED);
    assert_status(futures_poll(chain.links[1]), FUTURES_PENDING);
    assert_status(futures_poll(chain.links[0]), FUTURES_PENDING);
    futures_cancel(chain.links[1]);
    assert_status(futures_wait(chain.links[1], FUTURES_NEVER),
                  FUTURES_CANCELLED);
    assert_status(futures_poll(chain.links[0]), FUTURES_PENDING);
    futures_cancel(chain.links[0]);
    assert_status(futures_wait(chain.links[0], FUTURES_NEVER),
                  FUTURES_CANCELLED);
    futures_release_all(chain.links, LENGTH(chain.links));
    futures_pool_destroy(pool);
    gate_destroy(&chain.started);
}

/* What a task finds out about itself. */
struct seen {
    struct gate gate;
    futures_token *token;
    bool before;
    bool after;
    bool token_after;
    atomic_int calls;
};

static void *look_at_oneself(void *arg)
{
    struct seen *seen = arg;
    futures_hook hook;
    seen->token = futures_token_retain(futures_current_token());
    seen->before = futures_cancelled();
    futures_token_on_cancel(seen->token, &hook, count_one, &seen->calls);
    gate_pass(&seen->gate);
    seen->after = futures_cancelled();
    seen->token_after = futures_token_cancelled(seen->token);
    futures_token_off_cancel(seen->token, &hook);
    futures_checkpoint();
    return arg;
}

Test(scope, the_current_token_fires_when_the_task_is_asked)
{
    struct seen seen = {.before = true};
    futures_pool *pool = pool_of(1);
    gate_init(&seen.gate);
    futures_future *future = futures_submit(pool, look_at_oneself, &seen);
    cr_assert(gate_await_arrivals(&seen.gate, 1));
    assert_status(futures_cancel(future), FUTURES_PENDING);
    cr_assert_eq(atomic_load(&seen.calls), 1);
    gate_open(&seen.gate);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert(!seen.before);
    cr_assert(seen.after);
    cr_assert(seen.token_after);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert(futures_token_cancelled(seen.token));
    futures_token_release(seen.token);
    gate_destroy(&seen.gate);
}

Test(scope, the_current_token_stops_its_task_with_a_reason)
{
    struct seen seen = {.before = true};
    futures_pool *pool = pool_of(1);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_init(&seen.gate);
    options.token = new_token(NULL);
    futures_future *future =
        futures_submit_with(pool, look_at_oneself, &seen, &options);
    cr_assert(gate_await_arrivals(&seen.gate, 1));
    futures_token_cancel(seen.token, 8, "only this one");
    gate_open(&seen.gate);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert(seen.after);
    cr_assert_eq(futures_error_of(future)->code, 8);
    cr_assert_str_eq(futures_error_of(future)->message, "only this one");
    cr_assert(!futures_token_cancelled(options.token));
    futures_release(future);
    futures_token_release(seen.token);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    gate_destroy(&seen.gate);
}

Test(scope, outside_a_task_there_is_nothing_to_stop)
{
    cr_assert_null(futures_current_token());
    cr_assert(!futures_cancelled());
    futures_checkpoint();
}

Test(scope, a_task_ends_at_its_deadline_with_etimedout)
{
    struct gate gate;
    futures_pool *pools[2] = {pool_of(1), pool_of(1)};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_init(&gate);
    cr_assert(saturate(pools[0], &gate));
    options.deadline = futures_in_ms(SOON_MS);
    futures_future *set[2] = {
        futures_submit_with(pools[0], return_arg, NULL, &options),
        futures_submit_with(pools[1], run_until_cancelled, NULL, &options)};
    for (size_t i = 0; i < 2; i++) {
        assert_status(futures_wait(set[i], FUTURES_NEVER), FUTURES_CANCELLED);
        cr_assert_eq(futures_error_of(set[i])->code, ETIMEDOUT);
    }
    gate_open(&gate);
    futures_release_all(set, 2);
    futures_pool_destroy(pools[0]);
    futures_pool_destroy(pools[1]);
    gate_destroy(&gate);
}
