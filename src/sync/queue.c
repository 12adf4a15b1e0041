/* Why the orders suffice.
 *
 * Entries: a producer writes slots and links under its lock and then stores
 * tail with release; a consumer acquires tail and reads only what it covers.
 * Earlier producers' slots are covered too, since the lock went from them to
 * this one. So slots and links are relaxed.
 *
 * Segments: a consumer leaves one when it needs an entry behind it; its
 * producers left it before they published that. The exchange that makes it
 * the spare, or takes it, is acq_rel: it is written again only after its slots
 * were read. A queue that was long gives all but one back.
 *
 * Gone: head is stored with release after the consumer has put its entries
 * where it wants them, so one who acquires the new head and then looks there
 * finds them. Under both locks nothing is in between.
 *
 * Seen or told: a producer stores tail (light) and later loads the
 * announcements of those who fall asleep or cancel; these announce, call the
 * heavy barrier and then load tail. So one of the two sees the other. */
#include "sync/queue.h"

#include <assert.h>

#include "base/alloc.h"

static_assert(sizeof(struct fut_queue) == (size_t)3 * FUT_CACHE_LINE,
              "producers and consumers do not meet");

void fut_queue_init(struct fut_queue *queue)
{
    fut_spin_init(&queue->lock);
    queue->closed = false;
    queue->used = FUT_QUEUE_SLOTS;
    queue->last = NULL;
    queue->put = 0;
    atomic_init(&queue->tail, 0);
    fut_spin_init(&queue->drain);
    queue->done = FUT_QUEUE_SLOTS;
    queue->first = NULL;
    queue->taken = 0;
    atomic_init(&queue->head, 0);
    atomic_init(&queue->spare, NULL);
    atomic_init(&queue->start, NULL);
}

static _Atomic(struct fut_queue_segment *) *link_after(
    struct fut_queue *queue, struct fut_queue_segment *segment)
{
    return segment != NULL ? &segment->next : &queue->start;
}

static void free_from(struct fut_queue_segment *segment)
{
    while (segment != NULL) {
        struct fut_queue_segment *next = load_relaxed(&segment->next);

        fut_free(segment);
        segment = next;
    }
}

void fut_queue_destroy(struct fut_queue *queue)
{
    fut_free(load_relaxed(&queue->spare));
    free_from(queue->first != NULL ? queue->first
                                   : load_relaxed(&queue->start));
}

/* returns  one without a successor; NULL without memory */
static struct fut_queue_segment *get_segment(struct fut_queue *queue)
{
    struct fut_queue_segment *segment = exchange_acq_rel(&queue->spare, NULL);

    if (segment == NULL) {
        return fut_alloc(1, sizeof *segment);
    }
    store_relaxed(&segment->next, NULL);
    return segment;
}

/* Links what `count` entries need behind the last segment, beside what an
 * earlier producer has not used.
 * returns  false without memory: nothing has changed */
static bool reserve_locked(struct fut_queue *queue, size_t count)
{
    struct fut_queue_segment *at = queue->last;
    struct fut_queue_segment *end = NULL; /* before the first new one */
    size_t room = FUT_QUEUE_SLOTS - queue->used;
    bool some = false;

    while (room < count) {
        struct fut_queue_segment *next = load_relaxed(link_after(queue, at));

        if (next == NULL) {
            end = some ? end : at;
            some = true;
            next = get_segment(queue);
            store_relaxed(link_after(queue, at), next);
        }
        if (next == NULL) {
            free_from(load_relaxed(link_after(queue, end)));
            store_relaxed(link_after(queue, end), NULL);
            return false;
        }
        at = next;
        room += FUT_QUEUE_SLOTS;
    }
    return true;
}

futures_status fut_queue_begin_slow(struct fut_queue *queue, size_t count,
                                    bool force)
{
    futures_status status = FUTURES_OK;

    if (queue->closed && !force) {
        status = FUTURES_CLOSED;
    } else if (!reserve_locked(queue, count)) {
        status = FUTURES_NOMEM;
    }
    if (status != FUTURES_OK) {
        fut_spin_unlock(&queue->lock);
    }
    return status;
}

/* To the next segment. What lies in the full ones may be taken already, while
 * the rest of a long run comes. */
void fut_queue_turn(struct fut_queue *queue)
{
    store_release(&queue->tail, queue->put); /* as in end */
    queue->last = load_relaxed(link_after(queue, queue->last));
    queue->used = 0;
}

/* From a segment with no entry left to the next, which has one. */
static void leave_segment(struct fut_queue *queue)
{
    struct fut_queue_segment *old = queue->first;

    queue->first = load_relaxed(link_after(queue, old));
    queue->done = 0;
    if (old != NULL) {
        fut_free(exchange_acq_rel(&queue->spare, old));
    }
}

static void *next_entry(struct fut_queue *queue)
{
    if (queue->done == FUT_QUEUE_SLOTS) {
        leave_segment(queue);
    }
    queue->taken++;
    return load_relaxed(&queue->first->slots[queue->done++]);
}

size_t fut_queue_draw(struct fut_queue *queue, void *entries[], size_t most)
{
    size_t count = 0;
    uint64_t tail;

    if (fut_queue_length(queue) == 0 || !fut_spin_try(&queue->drain)) {
        return 0;
    }
    /* pairs with store_release in end and turn */
    tail = load_acquire(&queue->tail);
    while (count < most && queue->taken < tail) {
        entries[count++] = next_entry(queue);
    }
    if (count == 0) {
        fut_spin_unlock(&queue->drain);
    }
    return count;
}

void fut_queue_drawn(struct fut_queue *queue)
{
    /* pairs with load_acquire in is_empty */
    store_release(&queue->head, queue->taken);
    fut_spin_unlock(&queue->drain);
}

size_t fut_queue_take(struct fut_queue *queue, void *entries[], size_t most)
{
    size_t count = fut_queue_draw(queue, entries, most);

    if (count > 0) {
        fut_queue_drawn(queue);
    }
    return count;
}

bool fut_queue_is_empty(const struct fut_queue *queue)
{
    uint64_t tail = load_seq_cst(&queue->tail);

    /* acquire: shows where the entries went */
    return load_acquire(&queue->head) >= tail;
}

void fut_queue_close(struct fut_queue *queue)
{
    fut_spin_lock(&queue->lock);
    queue->closed = true;
    fut_spin_unlock(&queue->lock);
}

static void visit_all_locked(struct fut_queue *queue,
                             void (*visit)(void *context, void *entry),
                             void *context)
{
    struct fut_queue_segment *segment = queue->first;
    unsigned at = queue->done;

    for (uint64_t i = queue->taken; i < queue->put; i++) {
        if (at == FUT_QUEUE_SLOTS) {
            segment = load_relaxed(link_after(queue, segment));
            at = 0;
        }
        visit(context, load_relaxed(&segment->slots[at++]));
    }
}

void fut_queue_scan(struct fut_queue *queue,
                    void (*visit)(void *context, void *entry), void *context)
{
    if (fut_queue_is_empty(queue)) {
        return;
    }
    fut_spin_lock(&queue->drain);
    fut_spin_lock(&queue->lock);
    visit_all_locked(queue, visit, context);
    fut_spin_unlock(&queue->lock);
    fut_spin_unlock(&queue->drain);
}
