/* A group's own life: create, cancel, close, destroy. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/cancel.h"
#include "core/options.h"
#include "core/pool.h"
#include "group/await.h"
#include "group/settle.h"
#include "group/watch.h"

static bool are_valid(const futures_pool *pool,
                      const futures_group_options *options)
{
    return pool != NULL &&
           (unsigned)options->on_error <= FUTURES_ON_ERROR_LEAVE;
}

static futures_status check_pool(const futures_pool *pool)
{
    bool own = fut_pool_is_mine(pool) || fut_pool_runs_here(pool);

    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    if (load_acquire(&pool->verdict) == FUTURES_BROKEN) {
        return FUTURES_BROKEN;
    }
    return load_acquire(own ? &pool->over : &pool->closed) ? FUTURES_CLOSED
                                                           : FUTURES_OK;
}

static void name_it(futures_group *group, const char *name)
{
    if (name != NULL) {
        (void)snprintf(group->why, sizeof group->why, "a place in group %.63s",
                       name);
    } else {
        (void)snprintf(group->why, sizeof group->why, "a place in a group");
    }
}

static void init_rings(futures_group *group)
{
    fut_ring_init(&group->all);
    fut_ring_init(&group->entering);
    fut_ring_init(&group->placed);
    fut_ring_init(&group->ended);
    fut_ring_init(&group->given);
    fut_ring_init(&group->taken);
    fut_ring_init(&group->own);
    group->ready_tail = &group->ready;
}

static futures_token *parent_of(const futures_group_options *options)
{
    futures_token *token = options->token;

    if (token == NULL) {
        token = futures_current_token();
    }
    return token != futures_token_none() ? token : NULL;
}

static futures_status make(futures_group **made, futures_pool *pool,
                           const futures_group_options *options)
{
    futures_group *group = fut_alloc(1, sizeof *group);
    futures_status status;

    if (group == NULL) {
        return FUTURES_NOMEM;
    }
    group->pool = pool;
    group->generation = pool->generation;
    group->max_running = options->max_running;
    group->per_key = options->per_key;
    group->on_error = options->on_error;
    group->deadline = options->deadline;
    group->parent = parent_of(options);
    group->alone = options->token == futures_token_none();
    status =
        futures_token_create(&group->token, group->parent, group->deadline);
    if (status != FUTURES_OK) {
        fut_free(group);
        return status;
    }
    (void)futures_token_retain(group->parent);
    (void)pthread_mutex_init(&group->lock, NULL);
    init_rings(group);
    name_it(group, options->name);
    fut_watch_begin(group);
    *made = group;
    return FUTURES_OK;
}

futures_status futures_group_create(futures_group **group, futures_pool *pool,
                                    const futures_group_options *given)
{
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    futures_status status;

    if (group == NULL) {
        return FUTURES_INVALID;
    }
    *group = NULL;
    if ((given != NULL &&
         !fut_options_read(&options, sizeof options, given)) ||
        !are_valid(pool, &options)) {
        return FUTURES_INVALID;
    }
    status = check_pool(pool);
    return status == FUTURES_OK ? make(group, pool, &options) : status;
}

static bool is_mine(const futures_group *group)
{
    return group != NULL && group->generation == fut_fork_generation();
}

void futures_group_cancel(futures_group *group, int code, const char *reason)
{
    if (is_mine(group)) {
        fut_watch_cancel(group, code, reason);
    }
}

void futures_group_close(futures_group *group)
{
    if (is_mine(group)) {
        fut_lock(&group->lock);
        group->closed = true;
        fut_unlock(&group->lock);
    }
}

static void refuse_to_hang(futures_group *group)
{
    if (fut_await_is_inside(group)) {
        (void)fprintf(stderr, "futures: futures_group_destroy in a member of "
                              "the group\n");
        abort();
    }
}

static void wait_for_last(futures_group *group)
{
    bool left;

    fut_lock(&group->lock);
    left = group->pending > 0;
    fut_unlock(&group->lock);
    if (left) {
        fut_watch_cancel(group, 0, "the group is destroyed");
    }
    fut_lock(&group->lock);
    fut_bell_wait_for_last(group);
    fut_unlock(&group->lock);
}

static void free_ring(struct fut_ring *ring)
{
    struct fut_member *dead = NULL;

    while (!fut_ring_is_empty(ring)) {
        struct fut_member *member = FUT_MEMBER_OF(ring->next, link);

        fut_ring_remove(&member->link);
        fut_member_drop(member, &dead);
    }
    fut_member_free(dead);
}

void futures_group_destroy(futures_group *group)
{
    if (!is_mine(group)) {
        return;
    }
    refuse_to_hang(group);
    futures_group_close(group);
    fut_cancel_all_swept();
    wait_for_last(group);
    fut_watch_end(group);
    free_ring(&group->ended);
    free_ring(&group->given);
    free_ring(&group->taken);
    futures_token_release(group->token);
    futures_token_release(group->parent);
    fut_keys_free(&group->keys);
    fut_free(group->outcomes);
    (void)pthread_mutex_destroy(&group->lock);
    fut_free(group);
}
