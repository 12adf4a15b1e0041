/* futures_queue: a descriptor that is readable exactly while something that
 * has ended was not drained. */
/* Elsewhere, and here:
 * test_as_completed.py:
 *   test_no_timeout -> events.takes_what_has_ended_before
 *   test_future_times_out -> events.counts_what_was_not_drained
 *   test_duplicate_futures -> events.gives_one_as_often_as_it_was_added
 *   test_free_reference_yielded_future -> events.lets_go_of_what_was_drained
 */
#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/gathering.h"

enum { MANY = 1000, FEW = 5 };

static futures_queue *new_queue(void)
{
    futures_queue *queue = NULL;
    assert_status(futures_queue_create(&queue), FUTURES_OK);
    return queue;
}

static bool is_readable(const futures_queue *queue, int ms)
{
    struct pollfd polled = {futures_queue_fd(queue), POLLIN, 0};
    return poll(&polled, 1, ms) == 1 && (polled.revents & POLLIN) != 0;
}

/* Adds a promise and lets go of it, but for the handle that resolves it. */
static futures_future *add_promise(futures_queue *queue, void *data)
{
    futures_future *promise = futures_promise(NULL, NULL);
    assert_status(futures_queue_add(queue, promise, data), FUTURES_OK);
    return promise;
}

static void expect_drained(futures_queue *queue, const futures_future *future,
                           const void *data)
{
    futures_ended ended = {NULL, NULL};
    cr_assert_eq(futures_queue_drain(queue, &ended, 1), 1);
    cr_assert_eq(ended.future, future);
    cr_assert_eq(ended.data, data);
    futures_release(ended.future);
}

static void expect_nothing(futures_queue *queue)
{
    futures_ended ended;
    cr_assert_eq(futures_queue_drain(queue, &ended, 1), 0);
    cr_assert(!is_readable(queue, 0));
}

Test(events, is_not_readable_before)
{
    futures_queue *queue = new_queue();
    expect_nothing(queue);
    futures_future *promise = add_promise(queue, &queue);
    expect_nothing(queue);
    futures_resolve(promise, NULL);
    cr_assert(is_readable(queue, 0));
    cr_assert(is_readable(queue, 0));
    expect_drained(queue, promise, &queue);
    expect_nothing(queue);
    futures_release(promise);
    futures_queue_destroy(queue);
}

Test(events, are_drained_in_the_order_of_ending)
{
    static const size_t order[FEW] = {3, 0, 4, 1, 2};
    futures_queue *queue = new_queue();
    futures_future *promises[FEW];
    futures_ended ended[FEW + 1];
    for (size_t i = 0; i < FEW; i++)
        promises[i] = add_promise(queue, &promises[i]);
    for (size_t i = 0; i < FEW; i++)
        futures_resolve(promises[order[i]], NULL);
    cr_assert_eq(futures_queue_drain(queue, ended, FEW + 1), FEW);
    for (size_t i = 0; i < FEW; i++) {
        cr_assert_eq(ended[i].future, promises[order[i]]);
        cr_assert_eq(ended[i].data, &promises[order[i]]);
        futures_release(ended[i].future);
    }
    expect_nothing(queue);
    futures_release_all(promises, FEW);
    futures_queue_destroy(queue);
}

Test(events, is_readable_until_nothing_is_left)
{
    futures_queue *queue = new_queue();
    futures_future *promises[FEW];
    for (size_t i = 0; i < FEW; i++) {
        promises[i] = add_promise(queue, &promises[i]);
        futures_resolve(promises[i], NULL);
    }
    for (size_t i = 0; i < FEW; i++) {
        cr_assert(is_readable(queue, 0));
        cr_assert_eq(futures_queue_drain(queue, NULL, 1), 0);
        cr_assert_eq(futures_queue_drain(queue, &(futures_ended){0}, 0), 0);
        expect_drained(queue, promises[i], &promises[i]);
    }
    expect_nothing(queue);
    futures_release_all(promises, FEW);
    futures_queue_destroy(queue);
}

Test(events, takes_what_has_ended_before)
{
    futures_queue *queue = new_queue();
    futures_future *promise = futures_promise(NULL, NULL);
    futures_resolve(promise, queue);
    assert_status(futures_queue_add(queue, promise, NULL), FUTURES_OK);
    cr_assert(is_readable(queue, 0));
    expect_drained(queue, promise, NULL);
    expect_nothing(queue);
    futures_release(promise);
    futures_future *refused = futures_submit(NULL, return_arg, NULL);
    assert_status(futures_queue_add(queue, refused, queue), FUTURES_OK);
    expect_drained(queue, refused, queue);
    futures_queue_destroy(queue);
}

Test(events, gives_one_as_often_as_it_was_added)
{
    futures_queue *queues[2] = {new_queue(), new_queue()};
    int data[FEW];
    futures_future *promise = futures_promise(NULL, NULL);
    for (size_t i = 0; i < FEW; i++)
        for (size_t q = 0; q < 2; q++)
            futures_queue_add(queues[q], promise, &data[i]);
    futures_resolve(promise, NULL);
    for (size_t q = 0; q < 2; q++) {
        futures_ended ended[FEW];
        unsigned seen = 0;
        cr_assert_eq(futures_queue_drain(queues[q], ended, FEW), FEW);
        for (size_t i = 0; i < FEW; i++) {
            cr_assert_eq(ended[i].future, promise);
            seen |= 1U << ((int *)ended[i].data - data);
            futures_release(ended[i].future);
        }
        cr_assert_eq(seen, (1U << FEW) - 1);
        expect_nothing(queues[q]);
        futures_queue_destroy(queues[q]);
    }
    futures_release(promise);
}

Test(events, counts_what_was_not_drained)
{
    futures_queue *queue = new_queue();
    futures_future *first = add_promise(queue, NULL);
    futures_future *second = add_promise(queue, NULL);
    cr_assert_eq(futures_queue_length(queue), 2);
    futures_resolve(second, NULL);
    cr_assert_eq(futures_queue_length(queue), 2);
    expect_drained(queue, second, NULL);
    cr_assert_eq(futures_queue_length(queue), 1);
    futures_resolve(first, NULL);
    expect_drained(queue, first, NULL);
    cr_assert_eq(futures_queue_length(queue), 0);
    cr_assert_eq(futures_queue_length(NULL), 0);
    futures_release(first);
    futures_release(second);
    futures_queue_destroy(queue);
}

static void *counted_with_values(futures_pool *pool, struct counted *counted,
                                 futures_queue *queue)
{
    futures_task_options options = counted_options();
    futures_future *future =
        futures_submit_with(pool, counted_run, counted, &options);
    assert_status(futures_queue_add(queue, future, counted), FUTURES_OK);
    futures_release(future);
    return future;
}

Test(events, lets_go_of_what_was_drained)
{
    struct counted counted = {0};
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(1);
    futures_ended ended;
    counted_with_values(pool, &counted, queue);
    cr_assert(is_readable(queue, GATE_LIMIT_S * 1000));
    cr_assert_eq(futures_queue_drain(queue, &ended, 1), 1);
    cr_assert_eq(futures_value(ended.future), &counted);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    futures_release(ended.future);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    futures_queue_destroy(queue);
    futures_pool_destroy(pool);
}

Test(events, tells_of_tasks_that_were_cancelled)
{
    struct gate gate;
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, return_arg, NULL);
    futures_queue_add(queue, future, queue);
    cr_assert(!is_readable(queue, 0));
    futures_cancel(future);
    cr_assert(is_readable(queue, 0));
    assert_status(futures_poll(future), FUTURES_CANCELLED);
    expect_drained(queue, future, queue);
    futures_release(future);
    gate_open(&gate);
    futures_queue_destroy(queue);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(events, destroyed_before_they_come_leaves_the_futures_alone)
{
    struct gate gate;
    struct counted ran = {0};
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < FEW; i++)
        counted_with_values(pool, &ran, queue);
    futures_future *kept = add_promise(queue, NULL);
    futures_release(add_promise(queue, NULL));
    futures_queue_destroy(queue);
    assert_status(futures_poll(kept), FUTURES_PENDING);
    assert_status(futures_resolve(kept, NULL), FUTURES_OK);
    futures_release(kept);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ran.ran), FEW);
    cr_assert_eq(atomic_load(&ran.value_freed), FEW);
    gate_destroy(&gate);
}

Test(events, destroyed_with_some_undrained_releases_them)
{
    struct counted ran = {0};
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(1);
    for (int i = 0; i < FEW; i++)
        counted_with_values(pool, &ran, queue);
    futures_pool_wait(pool, FUTURES_NEVER);
    cr_assert_eq(atomic_load(&ran.value_freed), 0);
    futures_queue_destroy(queue);
    cr_assert_eq(atomic_load(&ran.value_freed), FEW);
    futures_pool_destroy(pool);
}

Test(events, outlive_their_pool)
{
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, return_arg, queue);
    futures_queue_add(queue, future, NULL);
    futures_pool_destroy(pool);
    expect_drained(queue, future, NULL);
    cr_assert_eq(futures_value(future), queue);
    futures_release(future);
    futures_queue_destroy(queue);
}

Test(events, of_what_cannot_be_is_invalid)
{
    futures_queue *queue = new_queue();
    futures_ended ended;
    assert_status(futures_queue_create(NULL), FUTURES_INVALID);
    assert_status(futures_queue_add(queue, NULL, NULL), FUTURES_INVALID);
    assert_status(futures_queue_add(NULL, NULL, NULL), FUTURES_INVALID);
    cr_assert_eq(futures_queue_drain(NULL, &ended, 1), 0);
    cr_assert_eq(futures_queue_fd(NULL), -1);
    cr_assert_eq(futures_queue_length(queue), 0);
    futures_queue_destroy(queue);
    futures_queue_destroy(NULL);
}

Test(events, descriptor_is_the_queues_own)
{
    futures_queue *queue = new_queue();
    int fd = futures_queue_fd(queue);
    cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_neq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    futures_queue_destroy(queue);
    cr_assert_eq(fcntl(fd, F_GETFD), -1);
}

/* A loop that knows descriptors only. */
Test(events, hosts_a_thousand_tasks_on_epoll)
{
    static bool seen[MANY];
    futures_queue *queue = new_queue();
    futures_pool *pool = pool_of(3);
    struct epoll_event event = {.events = EPOLLIN};
    int loop = epoll_create1(EPOLL_CLOEXEC);
    size_t drained = 0;
    epoll_ctl(loop, EPOLL_CTL_ADD, futures_queue_fd(queue), &event);
    for (size_t i = 0; i < MANY; i++) {
        futures_future *future = futures_submit(pool, return_arg, &seen[i]);
        futures_queue_add(queue, future, pool);
        futures_release(future);
    }
    while (drained < MANY) {
        futures_ended ended[7];
        cr_assert_eq(epoll_wait(loop, &event, 1, GATE_LIMIT_S * 1000), 1);
        size_t count = futures_queue_drain(queue, ended, LENGTH(ended));
        cr_assert_gt(count, 0);
        for (size_t i = 0; i < count; i++) {
            bool *at = futures_value(ended[i].future);
            cr_assert(!*at);
            *at = true;
            futures_release(ended[i].future);
        }
        drained += count;
    }
    cr_assert_eq(futures_queue_length(queue), 0);
    expect_nothing(queue);
    epoll_ctl(loop, EPOLL_CTL_DEL, futures_queue_fd(queue), NULL);
    close(loop);
    futures_pool_destroy(pool);
    futures_queue_destroy(queue);
}

struct adder {
    futures_queue *queue;
    futures_pool *pool;
    atomic_size_t *drained;
};

static void *add_and_drain(void *arg)
{
    struct adder *adder = arg;
    for (int i = 0; i < MANY; i++) {
        futures_ended ended[3];
        futures_future *future =
            futures_submit(adder->pool, return_arg, adder);
        futures_queue_add(adder->queue, future, NULL);
        futures_release(future);
        size_t count = futures_queue_drain(adder->queue, ended, 3);
        for (size_t k = 0; k < count; k++)
            futures_release(ended[k].future);
        atomic_fetch_add(adder->drained, count);
    }
    return NULL;
}

Test(events, are_added_and_drained_from_any_thread)
{
    enum { THREADS = 4 };
    atomic_size_t drained = 0;
    struct adder adder = {new_queue(), pool_of(2), &drained};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, add_and_drain, &adder);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    futures_pool_wait(adder.pool, FUTURES_NEVER);
    cr_assert_eq(futures_queue_length(adder.queue),
                 THREADS * MANY - atomic_load(&drained));
    futures_queue_destroy(adder.queue);
    futures_pool_destroy(adder.pool);
}
