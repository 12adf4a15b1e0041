/* The queues of the sync floor, one thread at a time: order, growth, limits.
 * What happens when threads meet is for models and stress programs. */
#include "support/test.h"

#include "sync/deque.h"
#include "sync/injector.h"
#include "sync/queue.h"

enum { MANY = 1000, NORMAL = 0, OTHER = 1 };

static char entries[MANY];

Test(deque, owner_pops_newest_first)
{
    struct fut_deque deque;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < 3; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 2; i >= 0; i--)
        cr_assert_eq(fut_deque_pop(&deque), &entries[i]);
    cr_assert_null(fut_deque_pop(&deque));
    fut_deque_destroy(&deque);
}

Test(deque, thieves_steal_oldest_first)
{
    struct fut_deque deque;
    bool lost = true;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < 3; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[i]);
    cr_assert_null(fut_deque_steal(&deque, &lost));
    cr_assert(!lost);
    fut_deque_destroy(&deque);
}

Test(deque, grows_and_keeps_order_at_both_ends)
{
    struct fut_deque deque;
    bool lost;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < MANY; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 0; i < MANY / 2; i++) {
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[i]);
        cr_assert_eq(fut_deque_pop(&deque), &entries[MANY - 1 - i]);
    }
    cr_assert(fut_deque_is_empty(&deque));
    fut_deque_destroy(&deque);
}

/* Both indices far beyond the first ring, which has gone round. */
Test(deque, grows_in_the_middle_of_a_round)
{
    struct fut_deque deque;
    bool lost;
    int next = 0;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < MANY; i++) {
        cr_assert(fut_deque_push(&deque, &entries[i]));
        if (i % 3 != 0)
            cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[next++]);
    }
    while (next < MANY)
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[next++]);
    cr_assert_null(fut_deque_pop(&deque));
    fut_deque_destroy(&deque);
}

Test(deque, peek_shows_what_pop_will_give)
{
    struct fut_deque deque;
    cr_assert(fut_deque_init(&deque));
    cr_assert_null(fut_deque_peek(&deque));
    cr_assert(fut_deque_push(&deque, &entries[0]));
    cr_assert(fut_deque_push(&deque, &entries[1]));
    cr_assert_eq(fut_deque_peek(&deque), &entries[1]);
    cr_assert_eq(fut_deque_pop(&deque), &entries[1]);
    cr_assert_eq(fut_deque_peek(&deque), &entries[0]);
    fut_deque_destroy(&deque);
}

/* Puts entries[from] ... entries[to - 1] in one go. */
static futures_status put(struct fut_queue *queue, int from, int to,
                          bool force)
{
    futures_status status = fut_queue_begin(queue, (size_t)(to - from), force);
    if (status != FUTURES_OK)
        return status;
    for (int i = from; i < to; i++)
        fut_queue_append(queue, &entries[i]);
    fut_queue_end(queue);
    return FUTURES_OK;
}

/* Takes up to `most`, which must be entries[from] and those behind it.
 * returns  how many */
static int take(struct fut_queue *queue, int from, size_t most)
{
    void *taken[MANY];
    size_t count = fut_queue_take(queue, taken, most);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(taken[i], &entries[from + (int)i]);
    return (int)count;
}

Test(queue, takes_in_order_across_runs)
{
    struct fut_queue queue;
    fut_queue_init(&queue);
    cr_assert(fut_queue_is_empty(&queue));
    cr_assert_eq(take(&queue, 0, 1), 0);
    cr_assert_eq(put(&queue, 0, 1, false), FUTURES_OK);
    cr_assert_eq(put(&queue, 1, 4, false), FUTURES_OK);
    cr_assert_eq(fut_queue_length(&queue), 4);
    cr_assert_eq(take(&queue, 0, 2), 2);
    cr_assert_eq(put(&queue, 4, 6, false), FUTURES_OK);
    cr_assert(!fut_queue_is_empty(&queue));
    cr_assert_eq(take(&queue, 2, MANY), 4);
    cr_assert(fut_queue_is_empty(&queue));
    cr_assert_eq(fut_queue_length(&queue), 0);
    fut_queue_destroy(&queue);
}

/* Runs that end at, before and behind a segment's end. */
Test(queue, takes_in_order_across_segments)
{
    for (int run = FUT_QUEUE_SLOTS - 2; run <= FUT_QUEUE_SLOTS + 2; run++) {
        struct fut_queue queue;
        fut_queue_init(&queue);
        for (int round = 0; round < 5; round++) {
            cr_assert_eq(put(&queue, 0, run, false), FUTURES_OK);
            cr_assert_eq(put(&queue, run, run + 1, false), FUTURES_OK);
            for (int i = 0; i <= run; i += 32)
                cr_assert_eq(take(&queue, i, 32),
                             run + 1 - i < 32 ? run + 1 - i : 32);
            cr_assert(fut_queue_is_empty(&queue));
        }
        fut_queue_destroy(&queue);
    }
}

Test(queue, holds_many_segments_and_gives_them_back)
{
    struct fut_queue queue;
    fut_queue_init(&queue);
    for (int round = 0; round < 20; round++)
        cr_assert_eq(put(&queue, 0, MANY, false), FUTURES_OK);
    cr_assert_eq(fut_queue_length(&queue), 20 * MANY);
    for (int round = 0; round < 19; round++)
        cr_assert_eq(take(&queue, 0, MANY), MANY);
    cr_assert_eq(put(&queue, 0, 1, false), FUTURES_OK);
    fut_queue_destroy(&queue); /* with some left: nothing leaks */
}

Test(queue, fewer_may_come_than_were_announced)
{
    struct fut_queue queue;
    fut_queue_init(&queue);
    cr_assert_eq(fut_queue_begin(&queue, 3 * MANY, false), FUTURES_OK);
    fut_queue_append(&queue, &entries[0]);
    fut_queue_end(&queue);
    cr_assert_eq(put(&queue, 1, MANY, false), FUTURES_OK);
    cr_assert_eq(take(&queue, 0, MANY), MANY);
    fut_queue_destroy(&queue);
}

Test(queue, what_is_drawn_counts_until_it_is_put_away)
{
    struct fut_queue queue;
    void *drawn[2];
    fut_queue_init(&queue);
    cr_assert_eq(put(&queue, 0, 2, false), FUTURES_OK);
    cr_assert_eq(fut_queue_draw(&queue, drawn, 2), 2);
    cr_assert(!fut_queue_is_empty(&queue));
    cr_assert_eq(take(&queue, 0, 1), 0, "another consumer is at it");
    fut_queue_drawn(&queue);
    cr_assert(fut_queue_is_empty(&queue));
    fut_queue_destroy(&queue);
}

Test(queue, closed_takes_only_what_is_forced)
{
    struct fut_queue queue;
    fut_queue_init(&queue);
    cr_assert_eq(put(&queue, 0, 1, false), FUTURES_OK);
    fut_queue_close(&queue);
    cr_assert_eq(put(&queue, 1, 2, false), FUTURES_CLOSED);
    cr_assert_eq(put(&queue, 1, MANY, true), FUTURES_OK);
    cr_assert_eq(take(&queue, 0, MANY), MANY);
    fut_queue_destroy(&queue);
}

struct visited {
    const void *entries[2 * MANY];
    int count;
};

static void visit(void *context, void *entry)
{
    struct visited *visited = context;
    visited->entries[visited->count++] = entry;
}

Test(queue, a_scan_visits_all_in_order_and_they_stay)
{
    struct fut_queue queue;
    static struct visited visited;
    fut_queue_init(&queue);
    fut_queue_scan(&queue, visit, &visited);
    cr_assert_eq(visited.count, 0);
    cr_assert_eq(put(&queue, 0, MANY, false), FUTURES_OK);
    cr_assert_eq(put(&queue, 0, MANY, false), FUTURES_OK);
    cr_assert_eq(take(&queue, 0, 10), 10);
    fut_queue_scan(&queue, visit, &visited);
    cr_assert_eq(visited.count, 2 * MANY - 10);
    for (int i = 0; i < visited.count; i++)
        cr_assert_eq(visited.entries[i], &entries[(i + 10) % MANY]);
    cr_assert_eq(take(&queue, 10, MANY - 10), MANY - 10);
    cr_assert_eq(take(&queue, 0, MANY), MANY);
    fut_queue_destroy(&queue);
}

enum { STRIPES = 4 };

static struct fut_queue *queue_of(struct fut_injector *injector, unsigned lane,
                                  unsigned number)
{
    return fut_injector_queue(injector, lane, number);
}

Test(injector, lanes_and_stripes_do_not_mix)
{
    struct fut_injector injector;
    fut_injector_init(&injector, STRIPES);
    cr_assert(fut_injector_is_empty(&injector));
    for (int i = 0; i < STRIPES; i++)
        put(queue_of(&injector, NORMAL, (unsigned)i), i, i + 1, false);
    put(queue_of(&injector, OTHER, 7), 10, 11, false);
    put(queue_of(&injector, FUT_LANES - 1, 7), 11, 12, false);
    for (int i = 0; i < STRIPES; i++)
        cr_assert_eq(
            take(queue_of(&injector, NORMAL, (unsigned)(i + STRIPES)), i, 9),
            1);
    cr_assert(!fut_injector_is_empty(&injector));
    cr_assert_eq(take(queue_of(&injector, OTHER, 0), 10, 9), 1);
    cr_assert_eq(take(queue_of(&injector, FUT_LANES - 1, 0), 11, 9), 1);
    cr_assert(fut_injector_is_empty(&injector));
    fut_injector_destroy(&injector);
}

Test(injector, is_closed_scanned_and_emptied_as_a_whole)
{
    struct fut_injector injector;
    static struct visited visited;
    fut_injector_init(&injector, FUT_STRIPES_MOST);
    for (unsigned i = 0; i < FUT_STRIPES_MOST; i++)
        put(queue_of(&injector, NORMAL, i), 0, 1, false);
    put(queue_of(&injector, OTHER, 0), 0, 1, false);
    put(queue_of(&injector, FUT_LANES - 1, 0), 0, 1, false);
    fut_injector_close(&injector);
    for (unsigned lane = 0; lane < FUT_LANES; lane++)
        for (unsigned i = 0; i < FUT_STRIPES_MOST; i++)
            cr_assert_eq(put(queue_of(&injector, lane, i), 0, 1, false),
                         FUTURES_CLOSED);
    fut_injector_scan(&injector, visit, &visited);
    cr_assert_eq(visited.count, FUT_STRIPES_MOST + 2);
    for (int i = 0; i < FUT_STRIPES_MOST + 2; i++)
        cr_assert_eq(fut_injector_take_any(&injector), &entries[0]);
    cr_assert_null(fut_injector_take_any(&injector));
    fut_injector_destroy(&injector);
}
