/* A node for each future that was added: it waits there, and then lies among
 * the ended ones until it is drained. The descriptor is set and cleared under
 * the lock, when the first comes and when the last goes: so whenever the lock
 * is free it is readable exactly if something has ended.
 *
 * A node that cannot be detached any more is being told, maybe by this very
 * thread further down its stack: destroy leaves it to that, and the last one
 * to leave frees the queue.
 *
 * In a forked child the lock may be held by nobody, and the descriptor is the
 * parent's, too: there the queue is only closed, and its memory is left. */
#include <futures/queue.h>

#include <errno.h>

#include "base/alloc.h"
#include "base/event.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/future.h"
#include "core/waiters.h"

struct node {
    futures_hook hook;      /* first: names the node */
    struct node *next;      /* lock */
    struct node *previous;  /* lock; while it has not ended */
    futures_future *future; /* const, retained */
    void *data;             /* const */
};

struct futures_queue {
    struct fut_wait wait; /* first */
    struct fut_event event;
    uint16_t generation; /* const: the process */
    pthread_mutex_t lock;
    struct node *pending;  /* lock */
    struct node *ended;    /* lock; oldest first */
    struct node **last;    /* lock; where the next one that ends goes */
    _Atomic size_t length; /* changed under the lock */
    size_t left;           /* lock; 0 until it is destroyed: who is to leave,
                               destroy itself and those that are being told */
};

static void append_locked(futures_queue *queue, struct node *node)
{
    if (queue->ended == NULL) {
        fut_event_set(&queue->event);
    }
    node->next = NULL;
    *queue->last = node;
    queue->last = &node->next;
}

static void link_locked(futures_queue *queue, struct node *node)
{
    node->previous = NULL;
    node->next = queue->pending;
    if (node->next != NULL) {
        node->next->previous = node;
    }
    queue->pending = node;
}

static void unlink_locked(futures_queue *queue, struct node *node)
{
    if (node->next != NULL) {
        node->next->previous = node->previous;
    }
    if (node->previous != NULL) {
        node->previous->next = node->next;
    } else {
        queue->pending = node->next;
    }
}

static void discard(struct node *node)
{
    futures_release(node->future);
    fut_free(node);
}

static void leave(futures_queue *queue)
{
    bool last;

    fut_lock(&queue->lock);
    last = --queue->left == 0;
    fut_unlock(&queue->lock);
    if (last) {
        (void)pthread_mutex_destroy(&queue->lock);
        fut_free(queue);
    }
}

static void move(futures_queue *queue, struct node *node)
{
    bool destroyed;

    fut_lock(&queue->lock);
    unlink_locked(queue, node);
    destroyed = queue->left > 0;
    if (!destroyed) {
        append_locked(queue, node);
    }
    fut_unlock(&queue->lock);
    if (destroyed) {
        discard(node);
        leave(queue);
    }
}

static void one_ended(struct fut_wait *wait, futures_future *future,
                      futures_hook *hook)
{
    (void)future;
    move((futures_queue *)wait, (struct node *)hook);
}

static futures_status set_up(futures_queue *queue)
{
    if (!fut_fork_watch() || !fut_event_open(&queue->event)) {
        return FUTURES_SYSTEM;
    }
    queue->wait.ended = one_ended;
    queue->generation = fut_fork_generation();
    (void)pthread_mutex_init(&queue->lock, NULL);
    queue->last = &queue->ended;
    return FUTURES_OK;
}

futures_status futures_queue_create(futures_queue **queue)
{
    futures_queue *made;
    futures_status status;

    if (queue == NULL) {
        return FUTURES_INVALID;
    }
    *queue = NULL;
    made = fut_alloc(1, sizeof *made);
    if (made == NULL) {
        return FUTURES_NOMEM;
    }
    status = set_up(made);
    if (status != FUTURES_OK) {
        int error = errno;

        fut_free(made);
        errno = error;
        return status;
    }
    *queue = made;
    return FUTURES_OK;
}

static bool is_foreign(const futures_queue *queue)
{
    return queue->generation != fut_fork_generation();
}

int futures_queue_fd(const futures_queue *queue)
{
    return queue != NULL ? queue->event.fd : -1;
}

futures_status futures_queue_add(futures_queue *queue, futures_future *future,
                                 void *data)
{
    struct node *node;

    if (queue == NULL || future == NULL) {
        return FUTURES_INVALID;
    }
    if (is_foreign(queue) || fut_future_is_foreign(future)) {
        return FUTURES_FORKED;
    }
    node = fut_alloc(1, sizeof *node);
    if (node == NULL) {
        return FUTURES_NOMEM;
    }
    node->future = futures_retain(future);
    node->data = data;
    fut_lock(&queue->lock);
    link_locked(queue, node);
    add_relaxed(&queue->length, 1);
    fut_unlock(&queue->lock);
    /* From here on it may be drained, and gone. */
    if (!fut_waiters_attach_hook(future, &node->hook, &queue->wait)) {
        move(queue, node);
    }
    return FUTURES_OK;
}

/* returns  how many; they hang on *drained, oldest first */
static size_t take_locked(futures_queue *queue, size_t capacity,
                          struct node **drained)
{
    struct node **last = &queue->ended;
    size_t count = 0;

    for (; count < capacity && *last != NULL; count++) {
        last = &(*last)->next;
    }
    if (count == 0) {
        return 0;
    }
    *drained = queue->ended;
    queue->ended = *last;
    *last = NULL;
    if (queue->ended == NULL) {
        queue->last = &queue->ended;
        fut_event_clear(&queue->event);
    }
    /* Relaxed: a number, and the lock orders the rest. */
    store_relaxed(&queue->length, load_relaxed(&queue->length) - count);
    return count;
}

size_t futures_queue_drain(futures_queue *queue, futures_ended ended[],
                           size_t capacity)
{
    struct node *drained = NULL;
    size_t count;

    if (queue == NULL || ended == NULL || is_foreign(queue)) {
        return 0;
    }
    fut_lock(&queue->lock);
    count = take_locked(queue, capacity, &drained);
    fut_unlock(&queue->lock);
    for (size_t i = 0; i < count; i++) {
        struct node *node = drained;

        drained = node->next;
        ended[i].future = node->future;
        ended[i].data = node->data;
        fut_free(node);
    }
    return count;
}

size_t futures_queue_length(const futures_queue *queue)
{
    return queue != NULL ? load_relaxed(&queue->length) : 0;
}

/* Those that are not being told, and those that have ended; the others will
 * find the queue destroyed.
 * returns  the first of them, through `next` */
static struct node *take_all(futures_queue *queue)
{
    struct node *node;
    struct node *next;
    struct node *taken;

    fut_lock(&queue->lock);
    taken = queue->ended;
    queue->left = 1;
    for (node = queue->pending; node != NULL; node = next) {
        next = node->next;
        if (fut_waiters_detach_hook(node->future, &node->hook)) {
            unlink_locked(queue, node);
            node->next = taken;
            taken = node;
        } else {
            queue->left++;
        }
    }
    fut_unlock(&queue->lock);
    return taken;
}

void futures_queue_destroy(futures_queue *queue)
{
    struct node *node;

    if (queue == NULL) {
        return;
    }
    if (is_foreign(queue)) {
        fut_event_close(&queue->event);
        return;
    }
    node = take_all(queue);
    fut_event_close(&queue->event);
    while (node != NULL) {
        struct node *next = node->next;

        discard(node);
        node = next;
    }
    leave(queue);
}
