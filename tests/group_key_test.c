/* A limit for each key: at most four for a host, one for an account. A member
 * whose key has no place lets others pass. */
#include "support/test.h"

#include <stdio.h>

#include "support/groups.h"

enum { HOSTS = 3, PER_HOST = 4, EACH = 50, WORKERS = HOSTS * PER_HOST };

static futures_group *keyed(futures_pool *pool, size_t per_key,
                            size_t max_running)
{
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    options.per_key = per_key;
    options.max_running = max_running;
    return group_with(pool, &options);
}

Test(group_key, limit_is_reached_for_each_key_and_never_exceeded)
{
    static const char *const hosts[HOSTS] = {"a.example", "b.example", ""};
    struct crowd crowds[HOSTS];
    futures_pool *pool = pool_of(WORKERS);
    futures_group *group = keyed(pool, PER_HOST, 0);
    for (int host = 0; host < HOSTS; host++)
        crowd_init(&crowds[host]);
    for (int i = 0; i < HOSTS * EACH; i++)
        group_add_key(group, crowd_run, &crowds[i % HOSTS], hosts[i % HOSTS]);
    for (int host = 0; host < HOSTS; host++)
        cr_assert(gate_await_arrivals(&crowds[host].gate, PER_HOST));
    for (int host = 0; host < HOSTS; host++)
        gate_open(&crowds[host].gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    for (int host = 0; host < HOSTS; host++) {
        cr_assert_eq(atomic_load(&crowds[host].most), PER_HOST);
        cr_assert_eq(atomic_load(&crowds[host].all), EACH);
        gate_destroy(&crowds[host].gate);
    }
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_key, without_a_place_lets_others_pass)
{
    struct counted others = {0};
    struct counted same = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = keyed(pool, 1, 2);
    group_add_key(group, gate_task, &gate, "account");
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 10; i++)
        group_add_key(group, counted_run, &same, "account");
    for (int i = 0; i < 5; i++) {
        group_add_key(group, counted_run, &others, "another");
        group_add(group, counted_run, &others);
    }
    eventually(atomic_load(&others.ran) == 10);
    cr_assert_eq(atomic_load(&same.ran), 0);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&same.ran), 10);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_key, of_one_place_is_a_serial_queue)
{
    static struct order order;
    static struct step steps[EACH];
    futures_pool *pool = pool_of(4);
    futures_group *group = keyed(pool, 1, 0);
    for (size_t i = 0; i < EACH; i++) {
        steps[i] = (struct step){&order, i};
        group_add_key(group, step_run, &steps[i], "account");
    }
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    for (size_t i = 0; i < EACH; i++)
        cr_assert_eq(order.begun[i], i);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* The name may be gone as soon as submit has returned. */
Test(group_key, is_copied_and_there_may_be_many)
{
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    futures_group *group = keyed(pool, 2, 3);
    for (int i = 0; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i % 700);
        group_add_key(group, count_task, &ran, name);
        name[0] = '?';
    }
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 3000);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_key, means_nothing_without_a_limit_for_keys)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = keyed(pool, 0, 0);
    group_add_key(group, gate_task, &gate, "account");
    group_add_key(group, gate_task, &gate, "account");
    cr_assert(gate_await_arrivals(&gate, 2));
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* The older one gets the group's place, though it got its key's later. */
Test(group_key, admits_the_oldest_of_those_that_could_run)
{
    static struct order order;
    struct step steps[3] = {{&order, 0}, {&order, 1}, {&order, 2}};
    struct gate account;
    struct gate rest;
    gate_init(&account);
    gate_init(&rest);
    futures_pool *pool = pool_of(2);
    futures_group *group = keyed(pool, 1, 2);
    group_add_key(group, gate_task, &account, "account");
    group_add(group, gate_task, &rest);
    cr_assert(gate_await_arrivals(&account, 1));
    cr_assert(gate_await_arrivals(&rest, 1));
    group_add_key(group, step_run, &steps[0], "account");
    group_add(group, step_run, &steps[1]);
    group_add(group, step_run, &steps[2]);
    gate_open(&account);
    eventually(atomic_load(&order.count) == 3);
    gate_open(&rest);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(order.begun[i], i);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&account);
    gate_destroy(&rest);
}

struct pair {
    futures_group *group;
    const char *key;
    futures_status status;
};

static void *wait_for_same_key(void *arg)
{
    struct pair *pair = arg;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.key = pair->key;
    futures_future *next =
        futures_group_submit(pair->group, return_arg, NULL, &options);
    pair->status = futures_wait(next, FUTURES_NEVER);
    futures_release(next);
    return NULL;
}

static void lend_key(size_t per_key, size_t max_running)
{
    futures_pool *pool = pool_of(2);
    struct pair pair = {keyed(pool, per_key, max_running), "account",
                        FUTURES_PENDING};
    group_add_key(pair.group, wait_for_same_key, &pair, "account");
    assert_status(futures_group_gather(pair.group, NULL, NULL), FUTURES_OK);
    assert_status(pair.status, FUTURES_OK);
    futures_group_destroy(pair.group);
    futures_pool_destroy(pool);
}

/* row 42c */
Test(group_key, place_is_lent_to_what_its_holder_waits_for)
{
    lend_key(1, 0);
    lend_key(1, 1);
    lend_key(2, 1);
}

Test(group_key, place_is_free_after_a_cancel)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = keyed(pool, 1, 1);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_future *futures[3];
    options.key = "account";
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 3; i++)
        futures[i] = futures_group_submit(group, return_arg, NULL, &options);
    assert_status(futures_cancel(futures[1]), FUTURES_CANCELLED);
    assert_status(futures_cancel(futures[0]), FUTURES_CANCELLED);
    gate_open(&gate);
    assert_status(futures_wait(futures[2], FUTURES_NEVER), FUTURES_OK);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release_all(futures, 3);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
