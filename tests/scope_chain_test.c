/* The chain of scopes above a task stays whole where those in between have
 * ended, however they were run. */
#include "support/test.h"

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

/* Enough that one of the submits takes ended tasks out of the chain. */
enum { MANY = 64 };

/* root - parent - left behind
 *               - grandchild, which takes the parent out of its own chain
 * root ends with all its stock of pins back, in number. */
struct line {
    futures_token *token; /* the root's scope */
    futures_future *grandchild;
    futures_future *left;    /* queued until the root has ended */
    struct counted counted;  /* of it */
    futures_status answered; /* how it was once the token had fired */
};

static void *submit_many(void *arg)
{
    futures_future *set[MANY];
    for (int i = 0; i < MANY; i++)
        set[i] = futures_submit(futures_current_pool(), return_arg, arg);
    futures_gather(set, MANY, NULL, NULL);
    futures_release_all(set, MANY);
    return arg;
}

static void *run_parent(void *arg)
{
    struct line *line = arg;
    futures_pool *pool = futures_current_pool();
    line->left = futures_submit(pool, counted_run, &line->counted);
    line->grandchild = futures_submit(pool, submit_many, line);
    return arg;
}

/* One worker, so everything runs on top of it but what is left behind. */
static void *run_root(void *arg)
{
    struct line *line = arg;
    futures_future *parent =
        futures_submit(futures_current_pool(), run_parent, line);
    futures_wait(parent, FUTURES_NEVER);
    futures_wait(line->grandchild, FUTURES_NEVER);
    futures_release(parent);
    return arg;
}

/* On the only worker, between the root's end and what is left behind. */
static void fire(void *arg, futures_future *root)
{
    struct line *line = arg;
    (void)root;
    futures_token_cancel(line->token, 0, NULL);
    line->answered = futures_poll(line->left);
}

Test(scope_chain, what_is_above_reaches_those_beneath_who_has_ended)
{
    struct line line = {.token = new_token(NULL)};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    struct gate gate;
    futures_hook hook;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    options.token = line.token;
    futures_future *root =
        futures_submit_with(pool, run_root, &line, &options);
    futures_on_done(root, &hook, fire, &line);
    gate_open(&gate);
    futures_pool_destroy(pool);
    assert_status(futures_poll(root), FUTURES_OK);
    assert_status(line.answered, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&line.counted.ran), 0);
    futures_release(root);
    futures_release(line.left);
    futures_release(line.grandchild);
    futures_token_release(line.token);
    gate_destroy(&gate);
}
