/* Why each entry is handed out once.
 *
 * Public entries, those below limit, are taken under the lock, by anyone. For
 * one above it only the owner comes, without the lock: pop stores bottom
 * (light) and then loads limit. Whoever raises limit (expose, under the lock)
 * stores it, calls the heavy barrier and then loads bottom. To a pop, the
 * barrier is a moment before or after its load of limit:
 *
 * - The load came before: pop may have taken its entry as a private one. But
 *   then so did its store of bottom, and expose sees that store or a later one
 *   of the owner's. If bottom is still below the new limit, limit comes down
 *   to it, and what was taken is not public. If the owner has pushed again
 *   meanwhile, bottom is higher, and what lies below it is new.
 * - The load came after: pop sees the new limit. If its entry is below that,
 *   pop waits for the lock, its bottom lowered by that one entry, and looks
 *   again. If expose saw the lowered bottom and limit came down to it, the
 *   entry is private once more. Else it is public, and whoever has the lock
 *   first has it: a thief's top is above it then.
 *
 * So from the barrier on, until the lock is given back, the owner takes
 * nothing below the new limit. It may push: what it pushes below the new limit
 * is public only as far as the bottom that expose loads reaches, and that load
 * shows the slots. The bottom that a thief loads before the barrier may be
 * stale: it only sizes the proposal.
 *
 * Limit comes down under the lock alone, and by the owner only in pop, when it
 * takes entries back. A pop that misses that takes the long way round.
 *
 * A bottom that pop has lowered hides at most one entry from is_empty: one
 * that the owner takes, unless whoever holds the lock does. Nobody leaves it
 * there.
 *
 * Slots. Others read them under the lock alone. The owner writes above bottom,
 * and uses a slot again when top has passed it: top is stored after the slot
 * was read (release), and make_room acquires it. Growing replaces the ring
 * under the lock, so nobody reads the old one afterwards, and it is freed at
 * once.
 *
 * Where the barrier is not asymmetric, light operations are seq_cst, and so
 * are the store of limit and the load of bottom in expose: then one of the two
 * sides sees the other by that. */
#include "sync/deque.h"

#include "base/alloc.h"

enum { FIRST_CAPACITY = 64 };

static struct fut_deque_ring *ring_create(int64_t capacity)
{
    struct fut_deque_ring *ring =
        fut_alloc(1, sizeof *ring + (size_t)capacity * sizeof *ring->slots);

    if (ring != NULL) {
        ring->mask = capacity - 1;
    }
    return ring;
}

bool fut_deque_init(struct fut_deque *deque)
{
    struct fut_deque_ring *ring = ring_create(FIRST_CAPACITY);

    atomic_init(&deque->bottom, 0);
    deque->end = FIRST_CAPACITY;
    deque->ring = ring;
    fut_spin_init(&deque->lock);
    atomic_init(&deque->top, 0);
    atomic_init(&deque->limit, 0);
    deque->shown = ring;
    return ring != NULL;
}

void fut_deque_destroy(struct fut_deque *deque)
{
    fut_free(deque->ring);
}

/* The copying needs no lock: no one else writes slots. */
static bool grow(struct fut_deque *deque, int64_t top, int64_t bottom)
{
    struct fut_deque_ring *ring = deque->ring;
    struct fut_deque_ring *larger = ring_create(2 * (ring->mask + 1));

    if (larger == NULL) {
        return false;
    }
    for (int64_t i = top; i < bottom; i++) {
        store_relaxed(fut_deque_slot(larger, i),
                      load_relaxed(fut_deque_slot(ring, i)));
    }
    deque->ring = larger;
    fut_spin_lock(&deque->lock);
    deque->shown = larger;
    fut_spin_unlock(&deque->lock);
    fut_free(ring);
    return true;
}

bool fut_deque_make_room(struct fut_deque *deque)
{
    int64_t bottom = load_relaxed(&deque->bottom);
    /* pairs with store_release in take_oldest_locked: that has read the slot
     * which is written next */
    int64_t top = load_acquire(&deque->top);

    if (bottom - top > deque->ring->mask && !grow(deque, top, bottom)) {
        return false;
    }
    deque->end = top + deque->ring->mask + 1;
    return true;
}

/* Half of what is left is taken back, so that the next pops are cheap. */
void *fut_deque_pop_public(struct fut_deque *deque, int64_t newest)
{
    void *entry = NULL;
    int64_t top;

    fut_spin_lock(&deque->lock);
    top = load_relaxed(&deque->top);
    if (newest < top) {
        /* Nothing is left. Relaxed: it shows nothing new. */
        store_relaxed(&deque->bottom, top);
    } else {
        entry = load_relaxed(fut_deque_slot(deque->ring, newest));
        if (newest < load_relaxed(&deque->limit)) {
            /* Relaxed: others read it under the lock. */
            store_relaxed(&deque->limit, top + (newest - top) / 2);
        }
    }
    fut_spin_unlock(&deque->lock);
    return entry;
}

/* Makes public what is below `limit`, as far as the owner has not taken it.
 * returns  the new limit */
static int64_t expose_locked(struct fut_deque *deque, int64_t limit)
{
    int64_t before = load_relaxed(&deque->limit);
    int64_t bottom;

    store_seq_cst(&deque->limit, limit);
    fut_barrier_heavy();
    /* pairs with store_light in push: shows the slots */
    bottom = load_seq_cst(&deque->bottom);
    if (bottom < limit) {
        limit = bottom > before ? bottom : before;
        store_relaxed(&deque->limit, limit);
    }
    return limit;
}

static int64_t expose_half_locked(struct fut_deque *deque)
{
    int64_t limit = load_relaxed(&deque->limit);
    int64_t own = load_relaxed(&deque->bottom) - limit;

    return own > 0 ? expose_locked(deque, limit + (own + 1) / 2) : limit;
}

static void *take_oldest_locked(struct fut_deque *deque, int64_t mark,
                                bool (*may)(void *entry))
{
    int64_t top = load_relaxed(&deque->top);
    int64_t limit = load_relaxed(&deque->limit);
    void *entry;

    if (top < mark) {
        return NULL;
    }
    if (top == limit && top == expose_half_locked(deque)) {
        return NULL;
    }
    entry = load_relaxed(fut_deque_slot(deque->shown, top));
    if (may != NULL && !may(entry)) {
        return NULL;
    }
    /* release: the slot has been read */
    store_release(&deque->top, top + 1);
    return entry;
}

void *fut_deque_steal(struct fut_deque *deque, bool *lost)
{
    void *entry;

    *lost = false;
    if (fut_deque_is_empty(deque)) {
        return NULL;
    }
    if (!fut_spin_try(&deque->lock)) {
        *lost = true;
        return NULL;
    }
    entry = take_oldest_locked(deque, INT64_MIN, NULL);
    fut_spin_unlock(&deque->lock);
    return entry;
}

void *fut_deque_steal_newer(struct fut_deque *deque, int64_t mark,
                            bool (*may)(void *entry))
{
    void *entry = NULL;

    if (!fut_deque_is_empty(deque) && fut_spin_try(&deque->lock)) {
        entry = take_oldest_locked(deque, mark, may);
        fut_spin_unlock(&deque->lock);
    }
    return entry;
}

/* The lock keeps everybody else away from all entries: public ones are taken
 * under it, and none becomes public without it. */
bool fut_deque_take_back_beneath(struct fut_deque *deque, const void *entry)
{
    int64_t bottom = load_relaxed(&deque->bottom);
    int64_t at = bottom - 1;
    int64_t top;

    fut_spin_lock(&deque->lock);
    top = load_relaxed(&deque->top);
    while (at >= top &&
           load_relaxed(fut_deque_slot(deque->ring, at)) != entry) {
        at--;
    }
    if (at >= top) {
        for (int64_t i = at; i + 1 < bottom; i++) {
            store_relaxed(fut_deque_slot(deque->ring, i),
                          load_relaxed(fut_deque_slot(deque->ring, i + 1)));
        }
        if (load_relaxed(&deque->limit) == bottom) {
            store_relaxed(&deque->limit, bottom - 1);
        }
        store_relaxed(&deque->bottom, bottom - 1);
    }
    fut_spin_unlock(&deque->lock);
    return at >= top;
}

void fut_deque_scan(struct fut_deque *deque,
                    void (*visit)(void *context, void *entry), void *context)
{
    int64_t limit;

    if (fut_deque_is_empty(deque)) {
        return;
    }
    fut_spin_lock(&deque->lock);
    limit = expose_locked(deque, INT64_MAX);
    for (int64_t i = load_relaxed(&deque->top); i < limit; i++) {
        visit(context, load_relaxed(fut_deque_slot(deque->shown, i)));
    }
    fut_spin_unlock(&deque->lock);
}
