/* The order in which tasks start: each outside producer's own, within a
 * priority; newest first for what a task submits; high before normal before
 * low. All on one worker, so that a start has one order, and plain counts do
 * in the tasks. */
#include "support/test.h"

#include <pthread.h>
#include <stdbool.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { PRODUCERS = 64, PER_PRODUCER = 120, PRIORITIES = 3, BATCH = 8 };

enum manner { ONE_BY_ONE, MIXED_PRIORITIES, IN_BATCHES };

struct producer {
    futures_pool *pool;
    struct gate *start;
    enum manner manner;
    pthread_t thread;
    struct numbered {
        struct producer *producer;
        int priority;
        int number;
    } tasks[PER_PRODUCER];
    int next[PRIORITIES]; /* worker only; the number that must start next */
    int out_of_order;     /* worker only */
    int ran;              /* worker only */
};

static void *check_turn(void *arg)
{
    struct numbered *task = arg;
    struct producer *producer = task->producer;
    if (producer->next[task->priority]++ != task->number)
        producer->out_of_order++;
    producer->ran++;
    return NULL;
}

static void number_tasks(struct producer *producer)
{
    int numbers[PRIORITIES] = {0, 0, 0};
    for (int i = 0; i < PER_PRODUCER; i++) {
        int priority = 0;
        if (producer->manner == MIXED_PRIORITIES)
            priority = i * 7 % PRIORITIES;
        producer->tasks[i] =
            (struct numbered){producer, priority, numbers[priority]++};
    }
}

static void submit_one_by_one(struct producer *producer)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    for (int i = 0; i < PER_PRODUCER; i++) {
        options.priority = (futures_priority)producer->tasks[i].priority;
        futures_submit_detached(producer->pool, check_turn,
                                &producer->tasks[i], &options);
    }
}

static void submit_in_batches(struct producer *producer)
{
    void *args[BATCH];
    futures_future *futures[BATCH];
    for (int i = 0; i < PER_PRODUCER; i += BATCH) {
        for (int j = 0; j < BATCH; j++)
            args[j] = &producer->tasks[i + j];
        futures_submit_all(producer->pool, check_turn, args, BATCH, futures,
                           NULL);
        futures_release_all(futures, BATCH);
    }
}

static void *produce(void *arg)
{
    struct producer *producer = arg;
    gate_pass(producer->start);
    if (producer->manner == IN_BATCHES)
        submit_in_batches(producer);
    else
        submit_one_by_one(producer);
    return NULL;
}

/* With the worker held back until all is queued, or running meanwhile. */
static void check_order(enum manner manner, bool queued_first)
{
    static struct producer producers[PRODUCERS];
    struct gate start;
    struct gate worker;
    gate_init(&start);
    gate_init(&worker);
    futures_pool *pool = pool_of(1);
    cr_assert(!queued_first || saturate(pool, &worker));
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] =
            (struct producer){.pool = pool, .start = &start, .manner = manner};
        number_tasks(&producers[i]);
        pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
    }
    cr_assert(gate_await_arrivals(&start, PRODUCERS));
    gate_open(&start);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i].thread, NULL);
    gate_open(&worker);
    futures_pool_destroy(pool);
    for (int i = 0; i < PRODUCERS; i++) {
        cr_assert_eq(producers[i].out_of_order, 0);
        cr_assert_eq(producers[i].ran, PER_PRODUCER);
    }
    gate_destroy(&start);
    gate_destroy(&worker);
}

/* row 54 */
Test(order, each_of_64_producers_tasks_start_in_its_order)
{
    check_order(ONE_BY_ONE, false);
}

/* row 54 */
Test(order, each_producers_order_holds_for_what_was_queued_first)
{
    check_order(ONE_BY_ONE, true);
}

/* row 54 */
Test(order, each_producers_order_holds_within_every_priority)
{
    check_order(MIXED_PRIORITIES, false);
    check_order(MIXED_PRIORITIES, true);
}

/* row 54 */
Test(order, each_producers_order_holds_across_batches)
{
    check_order(IN_BATCHES, false);
    check_order(IN_BATCHES, true);
}

struct list {
    int numbers[64];
    int length;
};

struct entry {
    struct list *list;
    int number;
};

static void *append(void *arg)
{
    struct entry *entry = arg;
    entry->list->numbers[entry->list->length++] = entry->number;
    return NULL;
}

static void submit_entry(futures_pool *pool, struct entry *entry,
                         futures_priority priority)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.priority = priority;
    futures_submit_detached(pool, append, entry, &options);
}

Test(priority, high_starts_before_normal_before_low)
{
    static const futures_priority given[] = {
        FUTURES_PRIORITY_LOW, FUTURES_PRIORITY_NORMAL, FUTURES_PRIORITY_HIGH,
        FUTURES_PRIORITY_LOW, FUTURES_PRIORITY_NORMAL, FUTURES_PRIORITY_HIGH};
    static const int expected[] = {2, 5, 1, 4, 0, 3};
    struct list list = {.length = 0};
    struct entry entries[6];
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < 6; i++) {
        entries[i] = (struct entry){&list, i};
        submit_entry(pool, &entries[i], given[i]);
    }
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(list.length, 6);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(list.numbers[i], expected[i]);
    gate_destroy(&gate);
}

struct submitter {
    struct list list;
    struct entry entries[6];
};

static void *submit_on_worker(void *arg)
{
    struct submitter *submitter = arg;
    for (int i = 0; i < 6; i++) {
        submitter->entries[i] = (struct entry){&submitter->list, i};
        submit_entry(futures_current_pool(), &submitter->entries[i],
                     i == 2 ? FUTURES_PRIORITY_HIGH : FUTURES_PRIORITY_NORMAL);
    }
    return NULL;
}

Test(order, what_a_task_submits_starts_newest_first_and_high_before_that)
{
    static const int expected[] = {2, 5, 4, 3, 1, 0};
    struct submitter submitter = {.list = {.length = 0}};
    futures_pool *pool = pool_of(1);
    futures_submit_detached(pool, submit_on_worker, &submitter, NULL);
    futures_pool_destroy(pool);
    cr_assert_eq(submitter.list.length, 6);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(submitter.list.numbers[i], expected[i]);
}
