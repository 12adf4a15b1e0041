/* Parking, the latch, the word of who sleeps and the deque, with as few
 * threads as show it. What happens when many meet is for models and stress
 * programs. */
#include "support/test.h"

#include <pthread.h>

#include <futures/time.h>

#include "base/atomic.h"
#include "sync/deque.h"
#include "sync/idle.h"
#include "sync/latch.h"
#include "sync/park.h"

enum { SOON_MS = 5, HANGS_MS = 20000 };

Test(latch, of_nothing_is_open)
{
    struct fut_latch latch;
    fut_latch_init(&latch, 0);
    cr_assert(fut_latch_is_open(&latch));
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_NEVER), FUT_LATCH_OPEN);
}

Test(latch, opens_with_the_last_arrival)
{
    struct fut_latch latch;
    fut_latch_init(&latch, 4);
    fut_latch_arrive(&latch, 1);
    fut_latch_arrive(&latch, 2);
    cr_assert(!fut_latch_is_open(&latch));
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_POLL), FUT_LATCH_TIMEOUT);
    fut_latch_arrive(&latch, 1);
    cr_assert(fut_latch_is_open(&latch));
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_POLL), FUT_LATCH_OPEN);
}

Test(latch, pokes_are_told_once)
{
    struct fut_latch latch;
    fut_latch_init(&latch, 1);
    fut_latch_poke(&latch);
    fut_latch_poke(&latch);
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_POLL), FUT_LATCH_POKED);
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_POLL), FUT_LATCH_TIMEOUT);
    fut_latch_poke(&latch);
    fut_latch_arrive(&latch, 1);
    fut_latch_poke(&latch);
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_NEVER), FUT_LATCH_OPEN);
}

/* Also one whose earlier wait timed out, which leaves its mark. */
Test(latch, times_out_and_can_be_waited_for_again)
{
    struct fut_latch latch;
    fut_latch_init(&latch, 1);
    for (int i = 0; i < 2; i++) {
        futures_time deadline = futures_in_ms(SOON_MS);
        cr_assert_eq(fut_latch_wait(&latch, deadline), FUT_LATCH_TIMEOUT);
        cr_assert_geq(futures_now(), deadline);
    }
    fut_latch_poke(&latch);
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_NEVER), FUT_LATCH_POKED);
    fut_latch_arrive(&latch, 1);
    cr_assert_eq(fut_latch_wait(&latch, FUTURES_NEVER), FUT_LATCH_OPEN);
}

static void *poke_then_arrive(void *latch)
{
    fut_latch_poke(latch);
    fut_latch_arrive(latch, 1);
    return NULL;
}

Test(latch, another_thread_opens_it)
{
    struct fut_latch latch;
    enum fut_latch_wake wake;
    pthread_t thread;
    fut_latch_init(&latch, 1);
    cr_assert_eq(pthread_create(&thread, NULL, poke_then_arrive, &latch), 0);
    do
        wake = fut_latch_wait(&latch, futures_in_ms(HANGS_MS));
    while (wake == FUT_LATCH_POKED);
    cr_assert_eq(wake, FUT_LATCH_OPEN);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

Test(park, does_not_sleep_if_the_word_has_changed)
{
    _Atomic uint32_t word = 1;
    cr_assert(fut_park(&word, 0, FUTURES_NEVER));
    cr_assert(fut_park(&word, 0, futures_in_ms(HANGS_MS)));
}

Test(park, says_when_the_deadline_has_passed)
{
    _Atomic uint32_t word = 0;
    futures_time deadline = futures_in_ms(SOON_MS);
    cr_assert(!fut_park(&word, 0, FUTURES_POLL));
    cr_assert(!fut_park(&word, 0, futures_now()));
    while (fut_park(&word, 0, deadline)) {
    }
    cr_assert_geq(futures_now(), deadline);
}

static void *raise_word(void *word)
{
    store_seq_cst((_Atomic uint32_t *)word, 1);
    fut_unpark(word, FUT_PARK_ALL);
    return NULL;
}

Test(park, another_thread_wakes_it)
{
    _Atomic uint32_t word = 0;
    futures_time limit = futures_in_ms(HANGS_MS);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, raise_word, &word), 0);
    while (load_seq_cst(&word) == 0)
        cr_assert(fut_park(&word, 0, limit));
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

static unsigned asleep(const struct fut_idle *idle)
{
    uint64_t stamp;
    return fut_idle_asleep(idle, &stamp);
}

Test(idle, wakes_one_unless_somebody_searches)
{
    struct fut_idle idle;
    fut_idle_init(&idle);
    fut_idle_notify(&idle);
    for (unsigned i = 1; i <= 3; i++) {
        fut_idle_search(&idle);
        cr_assert_eq(fut_idle_announce(&idle), i);
    }
    fut_idle_notify(&idle);
    cr_assert_eq(asleep(&idle), 2);
    fut_idle_notify(&idle); /* the one that was woken searches */
    cr_assert_eq(asleep(&idle), 2);
    fut_idle_sleep(&idle); /* takes the wake-up, which was there first */
    cr_assert(fut_idle_found(&idle));
    fut_idle_notify(&idle);
    cr_assert_eq(asleep(&idle), 1);
    fut_idle_sleep(&idle);
}

Test(idle, tells_the_last_to_search)
{
    struct fut_idle idle;
    fut_idle_init(&idle);
    fut_idle_search(&idle);
    fut_idle_search(&idle);
    cr_assert(!fut_idle_found(&idle));
    cr_assert(fut_idle_found(&idle));
}

/* Who withdraws when its wake-up is under way takes that. */
Test(idle, withdraws_with_or_without_a_wake_up)
{
    struct fut_idle idle;
    fut_idle_init(&idle);
    fut_idle_search(&idle);
    fut_idle_announce(&idle);
    fut_idle_withdraw(&idle);
    cr_assert_eq(asleep(&idle), 0);
    fut_idle_announce(&idle);
    fut_idle_notify(&idle);
    fut_idle_withdraw(&idle);
    cr_assert_eq(load_relaxed(&idle.tickets), 0);
    cr_assert(fut_idle_found(&idle));
}

Test(idle, stamp_moves_with_every_wake_up)
{
    struct fut_idle idle;
    uint64_t before;
    uint64_t after;
    fut_idle_init(&idle);
    fut_idle_search(&idle);
    fut_idle_announce(&idle);
    cr_assert_eq(fut_idle_asleep(&idle, &before), 1);
    fut_idle_withdraw(&idle);
    fut_idle_announce(&idle);
    cr_assert_eq(fut_idle_asleep(&idle, &after), 1);
    cr_assert_neq(before, after);
    fut_idle_notify(&idle);
    fut_idle_sleep(&idle);
    fut_idle_announce(&idle);
    cr_assert_eq(fut_idle_asleep(&idle, &before), 1);
    cr_assert_neq(before, after);
}

static void *sleep_as_worker(void *idle)
{
    fut_idle_search(idle);
    fut_idle_announce(idle);
    fut_idle_sleep(idle);
    return NULL;
}

Test(idle, wake_all_wakes_all)
{
    enum { SLEEPERS = 3 };
    struct fut_idle idle;
    pthread_t threads[SLEEPERS];
    fut_idle_init(&idle);
    for (int i = 0; i < SLEEPERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, sleep_as_worker, &idle),
                     0);
    while (asleep(&idle) < SLEEPERS) {
    }
    fut_idle_wake_all(&idle);
    for (int i = 0; i < SLEEPERS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(asleep(&idle), 0);
}

enum { ENTRIES = 40 };

/* Takes every second one back, the oldest first, from a ring that begins at
 * `start`; `stolen` are gone and half of the rest public. */
static void check_take_back(int start, int stolen)
{
    struct fut_deque deque;
    char entries[ENTRIES];
    bool lost;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < start; i++) {
        cr_assert(fut_deque_push(&deque, entries));
        cr_assert_eq(fut_deque_pop(&deque), entries);
        cr_assert(fut_deque_push(&deque, entries));
        cr_assert_eq(fut_deque_steal(&deque, &lost), entries);
    }
    for (int i = 0; i < ENTRIES; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 0; i < stolen; i++)
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[i]);
    for (int i = 1; i < ENTRIES; i += 2)
        cr_assert_eq(fut_deque_take_back(&deque, &entries[i]), i >= stolen);
    cr_assert(!fut_deque_take_back(&deque, &lost));
    for (int i = ENTRIES - 2; i >= stolen; i -= 2)
        cr_assert_eq(fut_deque_pop(&deque), &entries[i]);
    cr_assert_null(fut_deque_pop(&deque));
    cr_assert(fut_deque_is_empty(&deque));
    fut_deque_destroy(&deque);
}

Test(deque, takes_an_entry_back_from_beneath_others)
{
    for (int start = 0; start < 128; start += 16)
        for (int stolen = 0; stolen < ENTRIES; stolen++)
            check_take_back(start, stolen);
}
