/* Taking a callback back: afterwards it is not running and will not run, from
 * wherever that is done. */
/* Elsewhere, and here:
 * test_futures.py:
 *   test_callbacks_remove_first_callback -> off_done.takes_the_callback_back
 *   test_callbacks_remove_first_and_second_callback
 *   -> off_done.takes_the_callback_back
 *   test_callbacks_remove_third_callback -> off_done.takes_the_callback_back
 *   test_remove_done_callback -> off_done.takes_the_callback_back
 *   test_callbacks_invoked_on_set_result
 *   -> on_done.every_hook_of_a_future_is_called_once
 *   test_callbacks_invoked_on_set_exception
 *   -> on_done.is_called_however_it_ends
 *   test_remove_done_callbacks_list_mutation
 *   -> off_done.inside_another_callback_takes_back_what_has_not_begun
 *   test_remove_done_callbacks_list_clear
 *   -> off_done.inside_its_own_callback_returns_at_once_and_it_may_be_freed
 *   test_schedule_callbacks_list_mutation_1
 *   -> off_done.inside_another_callback_takes_back_what_has_not_begun
 *   test_schedule_callbacks_list_mutation_2
 *   -> on_done.a_hook_may_be_used_again_inside_its_callback
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/helpers.h"

static void note(void *count, futures_future *future)
{
    (void)future;
    count_one(count);
}

Test(off_done, takes_the_callback_back)
{
    atomic_int gone = 0;
    atomic_int kept = 0;
    futures_hook hooks[3];
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hooks[0], note, &kept);
    futures_on_done(promise, &hooks[1], note, &gone);
    futures_on_done(promise, &hooks[2], note, &kept);
    futures_off_done(promise, &hooks[1]);
    futures_resolve(promise, NULL);
    cr_assert_eq(atomic_load(&gone), 0);
    cr_assert_eq(atomic_load(&kept), 2);
    futures_off_done(promise, &hooks[0]);
    futures_release(promise);
}

struct slow {
    struct gate gate;
    atomic_int left;
    futures_future *promise;
    futures_hook hook;
};

static void pass_slowly(void *arg, futures_future *future)
{
    struct slow *slow = arg;
    (void)future;
    gate_pass(&slow->gate);
    atomic_fetch_add(&slow->left, 1);
}

static void *resolve_it(void *arg)
{
    futures_resolve(((struct slow *)arg)->promise, NULL);
    return NULL;
}

static void *open_later(void *gate)
{
    nap_ms(5);
    gate_open(gate);
    return NULL;
}

Test(off_done, waits_until_a_running_callback_has_returned)
{
    struct slow slow = {.left = 0};
    pthread_t ender;
    pthread_t opener;
    gate_init(&slow.gate);
    slow.promise = futures_promise(NULL, NULL);
    futures_on_done(slow.promise, &slow.hook, pass_slowly, &slow);
    pthread_create(&ender, NULL, resolve_it, &slow);
    cr_assert(gate_await_arrivals(&slow.gate, 1));
    pthread_create(&opener, NULL, open_later, &slow.gate);
    futures_off_done(slow.promise, &slow.hook);
    cr_assert_eq(atomic_load(&slow.left), 1);
    pthread_join(ender, NULL);
    pthread_join(opener, NULL);
    futures_release(slow.promise);
    gate_destroy(&slow.gate);
}

struct own_hook {
    futures_hook hook;
    atomic_int *count;
};

static void take_back_and_free(void *arg, futures_future *future)
{
    struct own_hook *own = arg;
    futures_off_done(future, &own->hook);
    atomic_fetch_add(own->count, 1);
    free(own);
}

Test(off_done, inside_its_own_callback_returns_at_once_and_it_may_be_freed)
{
    atomic_int count = 0;
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 3; i++) {
        struct own_hook *own = malloc(sizeof *own);
        own->count = &count;
        futures_on_done(promise, &own->hook, take_back_and_free, own);
    }
    futures_resolve(promise, NULL);
    cr_assert_eq(atomic_load(&count), 3);
    futures_release(promise);
}

struct thief {
    futures_hook hooks[3];
    atomic_int called[3];
};

static void take_back_the_others(void *arg, futures_future *future)
{
    struct thief *thief = arg;
    note(&thief->called[1], future);
    futures_off_done(future, &thief->hooks[0]);
    futures_off_done(future, &thief->hooks[2]);
}

/* Whichever of the others comes first has been called, the later one not. */
Test(off_done, inside_another_callback_takes_back_what_has_not_begun)
{
    struct thief thief = {0};
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &thief.hooks[0], note, &thief.called[0]);
    futures_on_done(promise, &thief.hooks[1], take_back_the_others, &thief);
    futures_on_done(promise, &thief.hooks[2], note, &thief.called[2]);
    futures_resolve(promise, NULL);
    cr_assert_eq(atomic_load(&thief.called[1]), 1);
    cr_assert_eq(atomic_load(&thief.called[0]) + atomic_load(&thief.called[2]),
                 1);
    futures_release(promise);
}
