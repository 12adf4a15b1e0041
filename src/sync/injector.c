/* A mutex for each injector: producers hold it for three stores, workers take
 * a run of entries at a time. */
#include "sync/injector.h"

#include "base/atomic.h"
#include "base/thread.h"

void fut_injector_init(struct fut_injector *injector)
{
    (void)pthread_mutex_init(&injector->lock, NULL);
    injector->closed = false;
    for (int i = 0; i < FUT_LANES; i++) {
        injector->lanes[i].first = NULL;
        atomic_init(&injector->lanes[i].length, 0);
    }
}

void fut_injector_destroy(struct fut_injector *injector)
{
    (void)pthread_mutex_destroy(&injector->lock);
}

bool fut_injector_begin(struct fut_injector *injector, bool force)
{
    fut_lock(&injector->lock);
    if (injector->closed && !force) {
        fut_unlock(&injector->lock);
        return false;
    }
    return true;
}

void fut_injector_append(struct fut_injector *injector, int lane,
                         struct fut_chain chain)
{
    struct fut_lane *queue = &injector->lanes[lane];

    chain.last->next = NULL;
    if (queue->first == NULL) {
        queue->first = chain.first;
    } else {
        queue->last->next = chain.first;
    }
    queue->last = chain.last;
    store_seq_cst(&queue->length, load_relaxed(&queue->length) + chain.count);
    fut_unlock(&injector->lock);
}

void fut_injector_put_front(struct fut_injector *injector, int lane,
                            struct fut_chain chain)
{
    struct fut_lane *queue = &injector->lanes[lane];

    fut_lock(&injector->lock);
    chain.last->next = queue->first;
    if (queue->first == NULL) {
        queue->last = chain.last;
    }
    queue->first = chain.first;
    store_seq_cst(&queue->length, load_relaxed(&queue->length) + chain.count);
    fut_unlock(&injector->lock);
}

void fut_injector_close(struct fut_injector *injector)
{
    fut_lock(&injector->lock);
    injector->closed = true;
    fut_unlock(&injector->lock);
}

static struct fut_link *take_locked(struct fut_lane *queue)
{
    struct fut_link *link = queue->first;

    if (link != NULL) {
        queue->first = link->next;
    }
    return link;
}

struct fut_link *fut_injector_take(struct fut_injector *injector, int lane,
                                   size_t most,
                                   void (*keep)(void *, struct fut_link *),
                                   void *context)
{
    struct fut_lane *queue = &injector->lanes[lane];
    struct fut_link *oldest;
    struct fut_link *link;
    size_t taken;

    if (load_seq_cst(&queue->length) == 0) {
        return NULL;
    }
    fut_lock(&injector->lock);
    oldest = take_locked(queue);
    taken = oldest != NULL;
    /* Unlinked first: once kept, somebody else may take and free it. */
    while (oldest != NULL && taken <= most &&
           (link = take_locked(queue)) != NULL) {
        keep(context, link);
        taken++;
    }
    /* After the keeping: whoever reads the shorter length sees what was kept
     * where it was put. */
    store_seq_cst(&queue->length, load_relaxed(&queue->length) - taken);
    fut_unlock(&injector->lock);
    return oldest;
}

static struct fut_link **sift_lane(struct fut_lane *queue,
                                   struct fut_link **tail,
                                   bool (*unwanted)(void *, struct fut_link *),
                                   void *context)
{
    struct fut_link **from = &queue->first;
    struct fut_link *link;
    size_t length = 0;

    while ((link = *from) != NULL) {
        if (unwanted(context, link)) {
            *from = link->next;
            *tail = link;
            tail = &link->next;
        } else {
            queue->last = link;
            from = &link->next;
            length++;
        }
    }
    store_seq_cst(&queue->length, length);
    return tail;
}

struct fut_link *fut_injector_sift(struct fut_injector *injector,
                                   bool (*unwanted)(void *, struct fut_link *),
                                   void *context)
{
    struct fut_link *chain = NULL;
    struct fut_link **tail = &chain;

    fut_lock(&injector->lock);
    for (int i = 0; i < FUT_LANES; i++) {
        tail = sift_lane(&injector->lanes[i], tail, unwanted, context);
    }
    *tail = NULL;
    fut_unlock(&injector->lock);
    return chain;
}

size_t fut_injector_length(const struct fut_injector *injector, int lane)
{
    return load_seq_cst(&injector->lanes[lane].length);
}
