/* Two stages: first a place of the key, then one of the group. Those that wait
 * for their key are in its queue, the others in one heap by number: so of
 * those that could run the oldest is next, and a member whose key is full lets
 * others pass. After each call nobody waits who could run.
 *
 * A member that waits in a task of its own lends its places to one member that
 * it waits for: that one uses them and has none of its own but what it had.
 * Loans form chains: a borrower may lend on. Who leaves a chain in the middle
 * joins its neighbours; if the lender goes first, the borrower has its places.
 */
#include "group/place.h"

#include "base/thread.h"

static bool wants_group(const struct fut_member *member)
{
    return member->group->max_running > 0 && !member->has_all;
}

static bool wants_key(const struct fut_member *member)
{
    return member->key != NULL && !member->has_key;
}

static void hold_key(struct fut_member *member)
{
    member->key_ticket = ++member->group->tickets;
    fut_ring_remove(&member->keyed);
    fut_ring_append(&member->key->holders, &member->keyed);
}

static void take_key(struct fut_member *member)
{
    member->has_key = true;
    member->key->running++;
    hold_key(member);
}

static void take_group(struct fut_member *member)
{
    member->has_all = true;
    member->group->running++;
}

void fut_place_show(struct fut_member *member)
{
    futures_group *group = member->group;

    /* Who waits for this one, or for one that waits for its place, may run it
     * now, or run the other in its place. */
    group->poke = group->poke || group->waiting > 0 || group->bells != NULL;
    member->place_ticket = ++group->tickets;
    fut_ring_append(&group->placed, &member->link);
}

void fut_place_make_ready(struct fut_member *member)
{
    futures_group *group = member->group;

    if (member->begun && member->owes) {
        member->owes = false;
        member->references++;
        member->next = NULL;
        *group->ready_tail = member;
        group->ready_tail = &member->next;
    }
}

static void admit(struct fut_member *member)
{
    member->waits = false;
    member->group->waiting--;
    if (member->begun) {
        fut_place_show(member);
    }
    fut_place_make_ready(member);
}

static bool group_is_full(const futures_group *group)
{
    return group->max_running > 0 && group->running >= group->max_running;
}

static void admit_oldest(futures_group *group)
{
    while (group->turns != NULL && !group_is_full(group)) {
        struct fut_member *member = FUT_MEMBER_OF(group->turns, turn);

        fut_heap_remove(&group->turns, &member->turn);
        take_group(member);
        admit(member);
    }
}

/* It has its key, if any. */
static void queue_for_group(struct fut_member *member)
{
    fut_heap_add(&member->group->turns, &member->turn);
}

static void admit_by_key(struct fut_key *key, size_t per_key)
{
    while (key->running < per_key && !fut_ring_is_empty(&key->waiting)) {
        struct fut_member *member = FUT_MEMBER_OF(key->waiting.next, keyed);

        take_key(member);
        queue_for_group(member);
    }
}

bool fut_place_enter(struct fut_member *member, bool wait)
{
    futures_group *group = member->group;
    bool key = member->key == NULL || member->key->running < group->per_key;
    bool now = key && !group_is_full(group);

    if (!now && !wait) {
        return false;
    }
    member->waits = !now;
    group->waiting += !now;
    if (!key) {
        fut_ring_append(&member->key->waiting, &member->keyed);
        return true;
    }
    if (member->key != NULL) {
        take_key(member);
    }
    if (now) {
        take_group(member);
    } else {
        queue_for_group(member);
    }
    return true;
}

static void stop_waiting(struct fut_member *member)
{
    if (wants_key(member)) {
        fut_ring_remove(&member->keyed);
    } else {
        fut_heap_remove(&member->group->turns, &member->turn);
    }
    member->waits = false;
    member->group->waiting--;
}

static void inherit(struct fut_member *heir, struct fut_member *member)
{
    if (wants_key(heir) && member->has_key && heir->key == member->key) {
        heir->has_key = true;
        member->has_key = false;
    }
    if (wants_group(heir) && member->has_all) {
        heir->has_all = true;
        member->has_all = false;
    }
}

static void end_loans(struct fut_member *member)
{
    struct fut_member *borrower = member->borrower;
    struct fut_member *lender = member->lender;

    if (borrower != NULL) {
        inherit(borrower, member);
        borrower->lender = lender;
    }
    if (lender != NULL) {
        lender->borrower = borrower;
        member->group->poke = true;
    }
    member->borrower = NULL;
    member->lender = NULL;
}

static void give_key(struct fut_member *member)
{
    struct fut_key *key = member->key;

    fut_ring_remove(&member->keyed);
    if (member->has_key) {
        key->running--;
        admit_by_key(key, member->group->per_key);
    }
    member->has_key = false;
    member->key = NULL;
    fut_key_put(&member->group->keys, key);
}

static void hide(struct fut_member *member)
{
    futures_group *group = member->group;

    if (group->cursor == member) {
        struct fut_ring *before = member->link.previous;

        group->cursor =
            before != &group->placed ? FUT_MEMBER_OF(before, link) : NULL;
    }
    fut_ring_remove(&member->link);
}

void fut_place_leave(struct fut_member *member)
{
    futures_group *group = member->group;

    if (member->waits) {
        stop_waiting(member);
    }
    hide(member);
    end_loans(member);
    if (member->key != NULL) {
        give_key(member);
    }
    if (member->has_all) {
        member->has_all = false;
        group->running--;
    }
    admit_oldest(group);
    fut_place_make_ready(member);
}

static struct fut_member *find_placed(futures_group *group, uint64_t ticket)
{
    struct fut_ring *at = group->placed.next;

    if (group->cursor != NULL && group->cursor->place_ticket <= ticket) {
        at = &group->cursor->link;
    }
    while (at != &group->placed &&
           FUT_MEMBER_OF(at, link)->place_ticket < ticket) {
        at = at->next;
    }
    return at != &group->placed ? FUT_MEMBER_OF(at, link) : NULL;
}

futures_future *fut_place_next(futures_group *group, size_t *at)
{
    struct fut_member *member = find_placed(group, *at);

    if (member == NULL) {
        return NULL;
    }
    group->cursor = member;
    member->seen = true;
    *at = (size_t)member->place_ticket + 1;
    return member->future;
}

static futures_future *next_of_key(const struct fut_key *key, size_t *at)
{
    struct fut_ring *link = key->holders.next;
    struct fut_member *member;

    while (link != &key->holders &&
           (FUT_MEMBER_OF(link, keyed)->key_ticket < *at ||
            !FUT_MEMBER_OF(link, keyed)->begun)) {
        link = link->next;
    }
    if (link == &key->holders) {
        return NULL;
    }
    member = FUT_MEMBER_OF(link, keyed);
    member->seen = true;
    *at = (size_t)member->key_ticket + 1;
    return member->future;
}

static futures_future *next_holder(struct fut_need *need, size_t *at)
{
    struct fut_member *member = FUT_MEMBER_OF(need, need);
    futures_group *group = member->group;
    futures_future *future = NULL;

    fut_lock(&group->lock);
    if (member->waits && wants_key(member)) {
        future = next_of_key(member->key, at);
    } else if (member->waits) {
        future = fut_place_next(group, at);
    }
    fut_unlock(&group->lock);
    return future;
}

/* Whether it runs, or could but for the pool, and nobody uses its places. */
static bool could_lend(const struct fut_member *member)
{
    return member->begun && !member->waits && member->borrower == NULL;
}

/* A member that waits and one that runs, so no more than those with places
 * are looked at. */
static struct fut_member *find_lender(const struct fut_member *member,
                                      const futures_future *future)
{
    futures_group *group = member->group;

    for (struct fut_ring *at = group->placed.next; at != &group->placed;
         at = at->next) {
        struct fut_member *lender = FUT_MEMBER_OF(at, link);

        if (lender->future == future) {
            return could_lend(lender) &&
                           (!wants_key(member) || lender->key == member->key)
                       ? lender
                       : NULL;
        }
    }
    return NULL;
}

static bool lend_locked(struct fut_member *member,
                        const futures_future *holder)
{
    struct fut_member *lender;

    if (!member->waits || !member->begun) {
        return false;
    }
    lender = find_lender(member, holder);
    if (lender == NULL || !fut_hold_claim(&member->hold)) {
        return false;
    }
    member->needs = false; /* who asked sees to that */
    stop_waiting(member);
    if (wants_key(member)) {
        hold_key(member);
    }
    member->lender = lender;
    lender->borrower = member;
    fut_place_show(member);
    return true;
}

static bool lend(struct fut_need *need, futures_future *holder)
{
    struct fut_member *member = FUT_MEMBER_OF(need, need);
    bool lent;

    fut_lock(&member->group->lock);
    lent = lend_locked(member, holder);
    fut_unlock(&member->group->lock);
    return lent;
}

/* It needs just this one to end only where there is one place, of whatever it
 * may wait for. */
void fut_place_need(struct fut_member *member)
{
    const futures_group *group = member->group;

    member->need = (struct fut_need){.next = next_holder, .lend = lend};
    member->need.all = group->max_running <= 1 &&
                       (member->key == NULL || group->per_key == 1);
}
