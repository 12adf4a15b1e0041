/* See graph.h. A search keeps its way back in the needs themselves, so that it
 * needs neither memory nor stack however deep they are nested.
 *
 * Which thread runs a task stands in the future as an address that is only
 * compared: it means something where a thread with that address is in the
 * list. Then the task has begun before the thread parked, and cannot end
 * before the thread has left the list, so the answer stays right until the
 * lock is given back. */
#include "combine/graph.h"

#include "base/fork.h"
#include "base/thread.h"
#include "combine/fork.h"

static pthread_mutex_t graph_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fut_parked *all_parked; /* graph lock */
static uint64_t walks;                /* graph lock */
static uint64_t cuts;                 /* graph lock */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Those in the list whose sets have needs. Who parks adds to it before it
 * looks for the last time; who makes something ready adds nothing to it
 * afterwards. Both change the same word: whoever comes second sees what the
 * other one did before. */
static _Atomic unsigned lookers;

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    graph_lock = fresh;
    all_parked = NULL;
    atomic_init(&lookers, 0);
}

static void watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
}

void fut_graph_lock(void)
{
    (void)pthread_once(&once, watch_forks);
    fut_lock(&graph_lock);
}

void fut_graph_unlock(void)
{
    fut_unlock(&graph_lock);
}

struct fut_parked *fut_graph_first(void)
{
    return all_parked;
}

void fut_graph_add(struct fut_parked *parked)
{
    parked->next = all_parked;
    all_parked = parked;
    if (parked->worker != NULL) {
        parked->worker->pool->parked++;
    }
    if (parked->derived) {
        add_seq_cst(&lookers, 1);
    }
}

void fut_graph_remove(struct fut_parked *parked)
{
    struct fut_parked **from = &all_parked;

    while (*from != parked) {
        from = &(*from)->next;
    }
    *from = parked->next;
    if (parked->worker != NULL) {
        parked->worker->pool->parked--;
    }
    if (parked->derived) {
        sub_seq_cst(&lookers, 1);
    }
}

bool fut_graph_has_lookers(void)
{
    return add_seq_cst(&lookers, 0) > 0;
}

bool fut_graph_is_full(const futures_pool *pool)
{
    return pool->parked == load_seq_cst(&pool->living);
}

/* Whether it could run futures of that pool, as far as the pool goes. */
static bool is_near(const struct fut_parked *parked, const futures_pool *pool)
{
    return parked->worker == NULL || parked->worker->pool == pool;
}

void fut_graph_poke(const futures_pool *pool, const struct fut_parked *mine)
{
    futures_time now = fut_graph_is_full(pool) ? INT64_MAX : futures_now();

    for (struct fut_parked *at = all_parked; at != NULL; at = at->next) {
        if (at != mine && at->derived && is_near(at, pool) && at->due <= now) {
            fut_latch_poke(&at->set->latch);
        }
    }
}

/* A rolling set moves its futures. */
static futures_future *next_member(struct fut_need *node, size_t *at)
{
    struct fut_parked *parked = fut_graph_parked_of(node);
    const struct fut_set *set = parked->set;

    if (set == NULL) {
        return NULL;
    }
    if (set->above == NULL) {
        return fut_graph_next(set->futures, set->count, &parked->first, at);
    }
    return *at < set->count ? set->futures[(*at)++] : NULL;
}

futures_future *fut_graph_next(futures_future *const futures[], size_t count,
                               size_t *first, size_t *at)
{
    size_t i = *at > *first ? *at : *first;
    bool all_ended = i == *first;

    while (i < count && !fut_future_is_pending(futures[i])) {
        i++;
    }
    *first = all_ended ? i : *first;
    *at = i + 1;
    return i < count ? futures[i] : NULL;
}

void fut_graph_describe(struct fut_parked *parked, struct fut_set *set,
                        struct fut_half *half)
{
    /* Every wait comes by here: what is set before it is looked at is not set
     * here. */
    parked->node.next = next_member;
    parked->node.future = NULL;
    parked->node.walk = 0;
    parked->self = &fut_self;
    parked->worker = fut_self.worker;
    parked->run = fut_self.run;
    parked->set = set;
    parked->half = half;
    parked->first = 0;
    parked->due = 0;
    parked->derived = false;
    parked->borrows = false;
}

static bool may_have_need(const futures_future *future)
{
    uint64_t word = load_acquire(&future->word);
    unsigned state = (unsigned)(word & FUT_STATE_MASK);

    return (state == FUT_QUEUED &&
            ((word & FUT_HELD) != 0 || future->pool == NULL)) ||
           (state == FUT_RUNNING && future->pool == NULL);
}

/* Looked at before and afterwards: what lies there later is something else. */
struct fut_need *fut_graph_need(const futures_future *future)
{
    struct fut_need *need = NULL;

    if (may_have_need(future)) {
        need = load_acquire(&fut_future_extra(future)->need);
    }
    return need != NULL && may_have_need(future) ? need : NULL;
}

uint64_t fut_graph_cuts(void)
{
    return cuts;
}

void fut_graph_cut(void)
{
    cuts++;
}

struct fut_parked *fut_graph_runner(const futures_future *future)
{
    struct fut_self *self;

    if (future->pool == NULL || fut_future_state(future) != FUT_RUNNING) {
        return NULL;
    }
    self = load_relaxed(&future->runner);
    for (struct fut_parked *at = all_parked; at != NULL; at = at->next) {
        if (at->self == self) {
            return at;
        }
    }
    return NULL;
}

struct fut_parked *fut_graph_taker(const struct fut_parked *parked)
{
    struct fut_worker *taker = NULL;

    if (parked->half != NULL && !fut_latch_is_open(&parked->half->latch)) {
        /* A taker that has parked has said so before. */
        taker = load_acquire(&parked->half->taker);
    }
    if (taker == NULL) {
        return NULL;
    }
    for (struct fut_parked *at = all_parked; at != NULL; at = at->next) {
        if (at->worker == taker) {
            return at;
        }
    }
    return NULL;
}

/* Whether just one future of the set is pending, maybe in several slots. */
static bool waits_for_one(const struct fut_set *set)
{
    const futures_future *one = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const futures_future *future = set->futures[i];

        if (future != one && fut_future_is_pending(future)) {
            if (one != NULL) {
                return false;
            }
            one = future;
        }
    }
    return one != NULL;
}

bool fut_graph_is_sure(const struct fut_parked *parked)
{
    struct fut_set *set = parked->set;

    if (!parked->certain) {
        return false;
    }
    if (set == NULL) {
        return !fut_latch_is_open(&parked->half->latch);
    }
    return !fut_set_may_go(set) &&
           (fut_set_needs_all(set) || waits_for_one(set));
}

void fut_walk_enter(struct fut_walk *walk, struct fut_need *need)
{
    if (need != NULL && need->walk != walk->number) {
        need->walk = walk->number;
        need->at = 0;
        need->up = walk->top;
        walk->top = need;
    }
}

void fut_walk_begin(struct fut_walk *walk, struct fut_need *root)
{
    walk->number = ++walks;
    walk->top = NULL;
    fut_walk_enter(walk, root);
}

futures_future *fut_walk_next(struct fut_walk *walk)
{
    while (walk->top != NULL) {
        struct fut_need *top = walk->top;
        futures_future *future = top->next(top, &top->at);

        if (future != NULL) {
            return future;
        }
        walk->top = top->up;
    }
    return NULL;
}

/* A held future that has a deadline ends without what it needs, and one that
 * can have a place lent to it does, too. */
bool fut_graph_need_is_sure(const struct fut_need *need)
{
    return need->all && need->lend == NULL &&
           load_relaxed(&fut_future_extra(need->future)->timer) == NULL;
}

static bool needs_several(struct fut_need *need)
{
    const futures_future *first = NULL;
    const futures_future *future;
    size_t at = 0;

    while ((future = need->next(need, &at)) != NULL) {
        if (first != NULL && first != future) {
            return true;
        }
        first = future;
    }
    return false;
}

bool fut_graph_is_loose(struct fut_need *node)
{
    const struct fut_parked *parked = fut_graph_parked_of(node);

    if (parked == NULL) {
        return node->firm && needs_several(node);
    }
    return parked->set != NULL &&
           parked->set->options.on_error == FUTURES_ON_ERROR_CANCEL &&
           !waits_for_one(parked->set);
}

static bool is_tight_now(const struct fut_walk *walk)
{
    bool soft = false;
    bool loose = false;

    for (struct fut_need *at = walk->top; at != NULL; at = at->up) {
        soft = soft || (at->future != NULL && !at->firm);
        loose = loose || fut_graph_is_loose(at);
    }
    return !soft || !loose;
}

/* What runs ends no sooner for a cancel, but what is held does: a way by such
 * a one is none while an error may cancel it. When all others have ended well
 * it is: so those that wait on the way are to look again, and as one may have
 * ended just before they knew, so does this. */
static bool is_tight(const struct fut_walk *walk)
{
    if (is_tight_now(walk)) {
        return true;
    }
    for (struct fut_need *at = walk->top; at != NULL; at = at->up) {
        const struct fut_parked *parked = fut_graph_parked_of(at);

        if (parked != NULL && parked->set != NULL) {
            store_seq_cst(&parked->set->curious, true);
        }
    }
    return is_tight_now(walk);
}

/* Goes on to that thread, and on to whoever runs what it joins.
 * returns  whether it came to `to`, by a way that is tight */
static bool enter_parked(struct fut_walk *walk, struct fut_parked *parked,
                         const struct fut_parked *to)
{
    while (parked != NULL && parked != to &&
           parked->node.walk != walk->number && fut_graph_is_sure(parked)) {
        fut_walk_enter(walk, &parked->node);
        parked = fut_graph_taker(parked);
    }
    return parked != NULL && parked == to && is_tight(walk);
}

bool fut_walk_leads(struct fut_walk *walk, struct fut_parked *from,
                    const struct fut_parked *to)
{
    futures_future *future;

    if (!fut_graph_is_sure(from)) {
        return false;
    }
    fut_walk_begin(walk, &from->node);
    if (enter_parked(walk, fut_graph_taker(from), to)) {
        return true;
    }
    while ((future = fut_walk_next(walk)) != NULL) {
        struct fut_need *need = fut_graph_need(future);

        if (need != NULL && fut_graph_need_is_sure(need)) {
            fut_walk_enter(walk, need);
        }
        if (enter_parked(walk, fut_graph_runner(future), to)) {
            return true;
        }
    }
    return false;
}
