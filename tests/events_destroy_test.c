/* The queue of ended futures destroyed by code of the caller's that the end of
 * one in it brings about: the thread that is to tell the queue is the one that
 * destroys it. The table of counterparts is in events_test.c. */
#include "support/test.h"

#include "support/gathering.h"

static futures_queue *new_queue(void)
{
    futures_queue *queue = NULL;
    assert_status(futures_queue_create(&queue), FUTURES_OK);
    return queue;
}

/* `promise` and another one, which are resolved, and released. */
static void end_both(futures_queue *queue, futures_future *promise)
{
    futures_future *other = futures_promise(NULL, NULL);
    futures_queue_add(queue, other, NULL);
    assert_status(futures_resolve(promise, NULL), FUTURES_OK);
    assert_status(futures_resolve(other, NULL), FUTURES_OK);
    futures_release(other);
    futures_release(promise);
}

static void destroy_queue(void *arg, futures_future *future)
{
    (void)future;
    futures_queue_destroy(arg);
}

Test(events, destroyed_in_a_callback_of_one_of_them)
{
    futures_hook hook;
    futures_queue *queue = new_queue();
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hook, destroy_queue, queue);
    futures_queue_add(queue, promise, NULL);
    end_both(queue, promise);
}

static void destroy_gathers_queue(void *context, size_t index,
                                  const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    futures_queue_destroy(context);
}

/* It was added first, so it is told last. */
Test(events, destroyed_before_it_is_told_of_what_a_gather_has_heard)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_queue *queue = new_queue();
    futures_future *promise = futures_promise(NULL, NULL);
    futures_queue_add(queue, promise, NULL);
    futures_queue_add(queue, promise, NULL);
    options.on_done = destroy_gathers_queue;
    options.context = queue;
    futures_future *gathered = futures_gather_async(&promise, 1, &options);
    end_both(queue, promise);
    assert_status(futures_poll(gathered), FUTURES_OK);
    futures_release(gathered);
}
