/* Callbacks of tokens: called once by whoever fires the token, or never once
 * they were taken back, whatever races with what. */
#include "support/test.h"

#include <pthread.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5, RACES = TESTS_ARE_SLOW ? 500 : 3000 };

Test(token_hook, is_called_once_when_the_token_fires)
{
    atomic_int calls = 0;
    futures_hook hooks[3];
    futures_token *token = new_token(NULL);
    for (size_t i = 0; i < 3; i++)
        assert_status(
            futures_token_on_cancel(token, &hooks[i], count_one, &calls),
            FUTURES_OK);
    cr_assert_eq(atomic_load(&calls), 0);
    futures_token_cancel(token, 0, NULL);
    cr_assert_eq(atomic_load(&calls), 3);
    futures_token_cancel(token, 0, NULL);
    cr_assert_eq(atomic_load(&calls), 3);
    futures_token_release(token);
}

static void note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
}

static void *cancel_token(void *token)
{
    futures_token_cancel(token, 0, NULL);
    return NULL;
}

Test(token_hook, is_called_on_the_thread_that_fires_the_token)
{
    pthread_t thread;
    pthread_t called_on = pthread_self();
    futures_hook hook;
    futures_token *token = new_token(NULL);
    futures_token_on_cancel(token, &hook, note_thread, &called_on);
    pthread_create(&thread, NULL, cancel_token, token);
    pthread_join(thread, NULL);
    cr_assert(pthread_equal(called_on, thread));
    futures_token_release(token);
}

Test(token_hook, of_a_fired_token_is_called_at_once_and_here) /* row 26 */
{
    pthread_t called_on;
    atomic_int calls = 0;
    futures_hook hook;
    futures_token *token = new_token(NULL);
    futures_token_cancel(token, 0, NULL);
    assert_status(futures_token_on_cancel(token, &hook, count_one, &calls),
                  FUTURES_OK);
    cr_assert_eq(atomic_load(&calls), 1);
    futures_token_off_cancel(token, &hook);
    futures_token_on_cancel(token, &hook, note_thread, &called_on);
    cr_assert(pthread_equal(called_on, pthread_self()));
    futures_token_release(token);
}

Test(token_hook, of_a_child_is_called_when_the_parent_fires)
{
    atomic_int calls = 0;
    futures_hook hooks[2];
    futures_token *parent = new_token(NULL);
    futures_token *child = new_token(parent);
    futures_token_on_cancel(child, &hooks[0], count_one, &calls);
    futures_token_on_cancel(parent, &hooks[1], count_one, &calls);
    futures_token_cancel(parent, 0, NULL);
    cr_assert_eq(atomic_load(&calls), 2);
    futures_token_release(child);
    futures_token_release(parent);
}

Test(token_hook, is_called_at_the_deadline)
{
    atomic_int calls = 0;
    futures_hook hook;
    futures_token *token = NULL;
    assert_status(futures_token_create(&token, NULL, futures_in_ms(SOON_MS)),
                  FUTURES_OK);
    futures_token_on_cancel(token, &hook, count_one, &calls);
    eventually(atomic_load(&calls) == 1);
    futures_token_off_cancel(token, &hook);
    futures_token_release(token);
}

Test(token_hook, taken_back_is_not_called)
{
    atomic_int calls = 0;
    futures_hook hooks[3];
    futures_token *token = new_token(NULL);
    for (size_t i = 0; i < 3; i++)
        futures_token_on_cancel(token, &hooks[i], count_one, &calls);
    futures_token_off_cancel(token, &hooks[1]);
    futures_token_cancel(token, 0, NULL);
    cr_assert_eq(atomic_load(&calls), 2);
    futures_token_off_cancel(token, &hooks[0]);
    futures_token_release(token);
}

/* A callback that gives back, inside itself, what it was given. */
struct own {
    futures_token *token;
    futures_hook *hook;
    atomic_int *calls;
};

static void take_back_own_hook(void *arg)
{
    struct own *own = arg;
    futures_token_off_cancel(own->token, own->hook);
    count_one(own->calls);
    free(own->hook);
    futures_token_release(own->token);
    free(own);
}

Test(token_hook, may_be_taken_back_and_freed_inside_its_own_fn) /* row 27 */
{
    atomic_int calls = 0;
    futures_token *token = new_token(NULL);
    for (size_t i = 0; i < 3; i++) {
        struct own *own = malloc(sizeof *own);
        cr_assert_not_null(own);
        own->token = futures_token_retain(token);
        own->hook = malloc(sizeof *own->hook);
        cr_assert_not_null(own->hook);
        own->calls = &calls;
        futures_token_on_cancel(token, own->hook, take_back_own_hook, own);
    }
    futures_token_cancel(token, 0, NULL);
    cr_assert_eq(atomic_load(&calls), 3);
    futures_token_release(token);
}

static void release_token(void *arg)
{
    struct own *own = arg;
    futures_token_release(own->token);
    count_one(own->calls);
}

Test(token_hook, may_drop_the_last_reference) /* row 27 */
{
    atomic_int calls = 0;
    futures_hook hooks[2];
    struct own owns[2] = {{.calls = &calls}, {.calls = &calls}};
    futures_token *parent = new_token(NULL);
    owns[0].token = new_token(parent);
    assert_status(
        futures_token_create(&owns[1].token, NULL, futures_in_ms(SOON_MS)),
        FUTURES_OK);
    for (size_t i = 0; i < 2; i++)
        futures_token_on_cancel(owns[i].token, &hooks[i], release_token,
                                &owns[i]);
    futures_token_cancel(parent, 0, NULL);
    eventually(atomic_load(&calls) == 2);
    futures_token_release(parent);
}

/* Two callbacks of which the first takes the other back. */
struct duel {
    futures_token *token;
    futures_hook hooks[2];
    int calls;
};

static void take_back_second(void *arg)
{
    struct duel *duel = arg;
    duel->calls++;
    futures_token_off_cancel(duel->token, &duel->hooks[1]);
}

static void take_back_first(void *arg)
{
    struct duel *duel = arg;
    duel->calls++;
    futures_token_off_cancel(duel->token, &duel->hooks[0]);
}

Test(token_hook, may_take_back_another_which_then_is_not_called)
{
    struct duel duel = {.token = new_token(NULL)};
    futures_token_on_cancel(duel.token, &duel.hooks[0], take_back_second,
                            &duel);
    futures_token_on_cancel(duel.token, &duel.hooks[1], take_back_first,
                            &duel);
    futures_token_cancel(duel.token, 0, NULL);
    cr_assert_eq(duel.calls, 1);
    futures_token_release(duel.token);
}

static void cancel_another(void *token)
{
    futures_token_cancel(token, 0, NULL);
}

Test(token_hook, may_cancel_another_token)
{
    enum { LENGTH_OF_CHAIN = 200 };
    futures_token *tokens[LENGTH_OF_CHAIN];
    futures_hook hooks[LENGTH_OF_CHAIN];
    for (size_t i = 0; i < LENGTH_OF_CHAIN; i++)
        tokens[i] = new_token(NULL);
    for (size_t i = 1; i < LENGTH_OF_CHAIN; i++)
        futures_token_on_cancel(tokens[i - 1], &hooks[i], cancel_another,
                                tokens[i]);
    futures_token_cancel(tokens[0], 0, NULL);
    cr_assert(futures_token_cancelled(tokens[LENGTH_OF_CHAIN - 1]));
    for (size_t i = 0; i < LENGTH_OF_CHAIN; i++)
        futures_token_release(tokens[i]);
}

/* A callback that is held at a gate while another thread takes it back. */
struct slow {
    futures_token *token;
    futures_hook hook;
    struct gate gate;
    atomic_bool finished;
    atomic_bool taking;
    bool finished_first;
};

static void call_slowly(void *arg)
{
    struct slow *slow = arg;
    gate_pass(&slow->gate);
    nap_ms(1);
    atomic_store(&slow->finished, true);
}

static void *take_back(void *arg)
{
    struct slow *slow = arg;
    atomic_store(&slow->taking, true);
    futures_token_off_cancel(slow->token, &slow->hook);
    slow->finished_first = atomic_load(&slow->finished);
    return NULL;
}

Test(token_hook, that_runs_elsewhere_is_waited_for)
{
    struct slow slow = {.token = new_token(NULL)};
    pthread_t canceller;
    pthread_t taker;
    gate_init(&slow.gate);
    futures_token_on_cancel(slow.token, &slow.hook, call_slowly, &slow);
    pthread_create(&canceller, NULL, cancel_token, slow.token);
    cr_assert(gate_await_arrivals(&slow.gate, 1));
    pthread_create(&taker, NULL, take_back, &slow);
    eventually(atomic_load(&slow.taking));
    gate_open(&slow.gate);
    pthread_join(taker, NULL);
    pthread_join(canceller, NULL);
    cr_assert(slow.finished_first);
    futures_token_release(slow.token);
    gate_destroy(&slow.gate);
}

/* Fires tokens one after the other, in step with a thread that takes their
 * callbacks back. */
struct race {
    pthread_barrier_t start;
    pthread_barrier_t end;
    futures_token *token;
};

static void *fire_in_step(void *arg)
{
    struct race *race = arg;
    for (int i = 0; i < RACES; i++) {
        pthread_barrier_wait(&race->start);
        futures_token_cancel(race->token, 0, NULL);
        pthread_barrier_wait(&race->end);
    }
    return NULL;
}

static void set_to_one(void *number)
{
    *(int *)number = 1;
}

Test(token_hook, has_run_or_never_will_once_it_was_taken_back)
{
    struct race race;
    pthread_t thread;
    pthread_barrier_init(&race.start, NULL, 2);
    pthread_barrier_init(&race.end, NULL, 2);
    pthread_create(&thread, NULL, fire_in_step, &race);
    for (int i = 0; i < RACES; i++) {
        futures_hook *hook = malloc(sizeof *hook);
        int *called = malloc(sizeof *called); /* plain: a late call shows */
        cr_assert(hook != NULL && called != NULL);
        *called = 0;
        race.token = new_token(NULL);
        futures_token_on_cancel(race.token, hook, set_to_one, called);
        pthread_barrier_wait(&race.start);
        futures_token_off_cancel(race.token, hook);
        int before = *called;
        free(hook);
        pthread_barrier_wait(&race.end);
        cr_assert_eq(*called, before);
        free(called);
        futures_token_release(race.token);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&race.start);
    pthread_barrier_destroy(&race.end);
}

Test(token_hook, set_while_the_token_fires_is_called_once)
{
    struct race race;
    pthread_t thread;
    pthread_barrier_init(&race.start, NULL, 2);
    pthread_barrier_init(&race.end, NULL, 2);
    pthread_create(&thread, NULL, fire_in_step, &race);
    for (int i = 0; i < RACES; i++) {
        atomic_int calls = 0;
        futures_hook hook;
        race.token = new_token(NULL);
        pthread_barrier_wait(&race.start);
        futures_token_on_cancel(race.token, &hook, count_one, &calls);
        pthread_barrier_wait(&race.end);
        cr_assert_eq(atomic_load(&calls), 1);
        futures_token_release(race.token);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&race.start);
    pthread_barrier_destroy(&race.end);
}

Test(token_hook, has_been_called_once_when_several_fire_at_once)
{
    enum { THREADS = 4, TRIES = 200 };
    for (int i = 0; i < TRIES; i++) {
        pthread_t threads[THREADS];
        atomic_int calls = 0;
        futures_hook hook;
        futures_token *token = new_token(NULL);
        futures_token_on_cancel(token, &hook, count_one, &calls);
        for (size_t k = 0; k < THREADS; k++)
            pthread_create(&threads[k], NULL, cancel_token, token);
        for (size_t k = 0; k < THREADS; k++)
            pthread_join(threads[k], NULL);
        cr_assert_eq(atomic_load(&calls), 1);
        futures_token_release(token);
    }
}
