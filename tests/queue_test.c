/* The queues of the sync floor, one thread at a time: order, growth, limits.
 * What happens when threads meet is for models and stress programs. */
#include "support/test.h"

#include "sync/deque.h"
#include "sync/inbox.h"
#include "sync/injector.h"

enum { MANY = 1000, NORMAL = 0, OTHER = 1 };

static char entries[MANY];

Test(deque, owner_pops_newest_first)
{
    struct fut_deque deque;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < 3; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 2; i >= 0; i--)
        cr_assert_eq(fut_deque_pop(&deque), &entries[i]);
    cr_assert_null(fut_deque_pop(&deque));
    fut_deque_destroy(&deque);
}

Test(deque, thieves_steal_oldest_first)
{
    struct fut_deque deque;
    bool lost = true;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < 3; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[i]);
    cr_assert_null(fut_deque_steal(&deque, &lost));
    cr_assert(!lost);
    fut_deque_destroy(&deque);
}

Test(deque, grows_and_keeps_order_at_both_ends)
{
    struct fut_deque deque;
    bool lost;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < MANY; i++)
        cr_assert(fut_deque_push(&deque, &entries[i]));
    for (int i = 0; i < MANY / 2; i++) {
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[i]);
        cr_assert_eq(fut_deque_pop(&deque), &entries[MANY - 1 - i]);
    }
    cr_assert(fut_deque_is_empty(&deque));
    fut_deque_destroy(&deque);
}

/* Both indices far beyond the first ring, which has gone round. */
Test(deque, grows_in_the_middle_of_a_round)
{
    struct fut_deque deque;
    bool lost;
    int next = 0;
    cr_assert(fut_deque_init(&deque));
    for (int i = 0; i < MANY; i++) {
        cr_assert(fut_deque_push(&deque, &entries[i]));
        if (i % 3 != 0)
            cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[next++]);
    }
    while (next < MANY)
        cr_assert_eq(fut_deque_steal(&deque, &lost), &entries[next++]);
    cr_assert_null(fut_deque_pop(&deque));
    fut_deque_destroy(&deque);
}

Test(deque, peek_shows_what_pop_will_give)
{
    struct fut_deque deque;
    cr_assert(fut_deque_init(&deque));
    cr_assert_null(fut_deque_peek(&deque));
    cr_assert(fut_deque_push(&deque, &entries[0]));
    cr_assert(fut_deque_push(&deque, &entries[1]));
    cr_assert_eq(fut_deque_peek(&deque), &entries[1]);
    cr_assert_eq(fut_deque_pop(&deque), &entries[1]);
    cr_assert_eq(fut_deque_peek(&deque), &entries[0]);
    fut_deque_destroy(&deque);
}

Test(inbox, takes_in_order_through_many_rounds)
{
    struct fut_inbox inbox;
    fut_inbox_init(&inbox);
    cr_assert_null(fut_inbox_take(&inbox));
    for (int i = 0; i + 1 < MANY; i += 2) {
        cr_assert(fut_inbox_put(&inbox, &entries[i]));
        cr_assert(fut_inbox_put(&inbox, &entries[i + 1]));
        cr_assert(!fut_inbox_is_empty(&inbox));
        cr_assert_eq(fut_inbox_take(&inbox), &entries[i]);
        cr_assert_eq(fut_inbox_take(&inbox), &entries[i + 1]);
        cr_assert(fut_inbox_is_empty(&inbox));
    }
}

Test(inbox, refuses_when_full_and_loses_nothing)
{
    struct fut_inbox inbox;
    fut_inbox_init(&inbox);
    for (int i = 0; i < FUT_INBOX_CAPACITY; i++)
        cr_assert(fut_inbox_put(&inbox, &entries[i]));
    cr_assert(!fut_inbox_put(&inbox, &entries[MANY - 1]));
    cr_assert_eq(fut_inbox_take(&inbox), &entries[0]);
    cr_assert(fut_inbox_put(&inbox, &entries[FUT_INBOX_CAPACITY]));
    for (int i = 1; i <= FUT_INBOX_CAPACITY; i++)
        cr_assert_eq(fut_inbox_take(&inbox), &entries[i]);
    cr_assert_null(fut_inbox_take(&inbox));
}

/* Puts links[from] ... links[to - 1] as one chain. */
static bool put(struct fut_injector *injector, int lane,
                struct fut_link links[], size_t from, size_t to, bool force)
{
    struct fut_chain chain = {&links[from], &links[to - 1], to - from};
    for (size_t i = from; i + 1 < to; i++)
        links[i].next = &links[i + 1];
    if (!fut_injector_begin(injector, force))
        return false;
    fut_injector_append(injector, lane, chain);
    return true;
}

struct kept {
    struct fut_link *links[8];
    size_t count;
};

static void keep(void *context, struct fut_link *link)
{
    struct kept *kept = context;
    kept->links[kept->count++] = link;
}

static struct fut_link *take_one(struct fut_injector *injector, int lane)
{
    struct kept kept = {.count = 0};
    return fut_injector_take(injector, lane, 0, keep, &kept);
}

Test(injector, takes_in_order_across_chains)
{
    struct fut_injector injector;
    struct fut_link links[6];
    fut_injector_init(&injector);
    cr_assert_null(take_one(&injector, NORMAL));
    cr_assert(put(&injector, NORMAL, links, 0, 1, false));
    cr_assert(put(&injector, NORMAL, links, 1, 4, false));
    cr_assert_eq(take_one(&injector, NORMAL), &links[0]);
    cr_assert(put(&injector, NORMAL, links, 4, 6, false));
    cr_assert_eq(fut_injector_length(&injector, NORMAL), 5);
    for (int i = 1; i < 6; i++)
        cr_assert_eq(take_one(&injector, NORMAL), &links[i]);
    cr_assert_null(take_one(&injector, NORMAL));
    fut_injector_destroy(&injector);
}

Test(injector, lanes_do_not_mix)
{
    struct fut_injector injector;
    struct fut_link links[2];
    fut_injector_init(&injector);
    cr_assert(put(&injector, NORMAL, links, 0, 1, false));
    cr_assert(put(&injector, OTHER, links, 1, 2, false));
    cr_assert_eq(take_one(&injector, OTHER), &links[1]);
    cr_assert_null(take_one(&injector, OTHER));
    cr_assert_eq(take_one(&injector, NORMAL), &links[0]);
    fut_injector_destroy(&injector);
}

Test(injector, keeps_so_many_behind_the_oldest_in_order)
{
    struct fut_injector injector;
    struct fut_link links[5];
    struct kept kept = {.count = 0};
    fut_injector_init(&injector);
    cr_assert(put(&injector, NORMAL, links, 0, 5, false));
    cr_assert_eq(fut_injector_take(&injector, NORMAL, 2, keep, &kept),
                 &links[0]);
    cr_assert_eq(kept.count, 2);
    cr_assert_eq(kept.links[0], &links[1]);
    cr_assert_eq(kept.links[1], &links[2]);
    cr_assert_eq(fut_injector_length(&injector, NORMAL), 2);
    kept.count = 0;
    cr_assert_eq(fut_injector_take(&injector, NORMAL, 8, keep, &kept),
                 &links[3]);
    cr_assert_eq(kept.count, 1);
    cr_assert_eq(kept.links[0], &links[4]);
    cr_assert_eq(fut_injector_length(&injector, NORMAL), 0);
    fut_injector_destroy(&injector);
}

Test(injector, puts_back_in_front)
{
    struct fut_injector injector;
    struct fut_link links[5];
    fut_injector_init(&injector);
    links[3].next = &links[4];
    fut_injector_put_front(&injector, NORMAL,
                           (struct fut_chain){&links[3], &links[4], 2});
    links[0].next = &links[1];
    links[1].next = &links[2];
    fut_injector_put_front(&injector, NORMAL,
                           (struct fut_chain){&links[0], &links[2], 3});
    cr_assert_eq(fut_injector_length(&injector, NORMAL), 5);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(take_one(&injector, NORMAL), &links[i]);
    cr_assert(put(&injector, NORMAL, links, 0, 1, false));
    cr_assert_eq(take_one(&injector, NORMAL), &links[0]);
    fut_injector_destroy(&injector);
}

Test(injector, closed_takes_only_what_is_forced)
{
    struct fut_injector injector;
    struct fut_link links[3];
    fut_injector_init(&injector);
    cr_assert(put(&injector, NORMAL, links, 0, 1, false));
    fut_injector_close(&injector);
    cr_assert(!put(&injector, NORMAL, links, 1, 2, false));
    cr_assert(put(&injector, NORMAL, links, 2, 3, true));
    cr_assert_eq(take_one(&injector, NORMAL), &links[0]);
    cr_assert_eq(take_one(&injector, NORMAL), &links[2]);
    fut_injector_destroy(&injector);
}

struct wanted {
    const struct fut_link *links;
    unsigned mask; /* bit i: links[i] is unwanted */
};

static bool is_unwanted(void *context, struct fut_link *link)
{
    const struct wanted *wanted = context;
    return (wanted->mask >> (link - wanted->links) & 1) != 0;
}

/* Four in one lane and two in another. Whatever is sifted out, both parts
 * keep their order and a later entry comes last. */
static void sift(unsigned mask)
{
    struct fut_injector injector;
    struct fut_link links[7];
    struct wanted wanted = {links, mask};
    fut_injector_init(&injector);
    cr_assert(put(&injector, NORMAL, links, 0, 4, false));
    cr_assert(put(&injector, OTHER, links, 4, 6, false));
    struct fut_link *out = fut_injector_sift(&injector, is_unwanted, &wanted);
    cr_assert(put(&injector, NORMAL, links, 6, 7, false));
    for (int i = 0; i < 6; i++) {
        if ((mask >> i & 1) != 0) {
            cr_assert_eq(out, &links[i], "mask %u, entry %d", mask, i);
            out = out->next;
        } else {
            cr_assert_eq(take_one(&injector, i < 4 ? NORMAL : OTHER),
                         &links[i], "mask %u, entry %d", mask, i);
        }
    }
    cr_assert_null(out);
    cr_assert_eq(take_one(&injector, NORMAL), &links[6]);
    cr_assert_eq(fut_injector_length(&injector, NORMAL), 0);
    cr_assert_eq(fut_injector_length(&injector, OTHER), 0);
    fut_injector_destroy(&injector);
}

Test(injector, sift_takes_any_subset_out_in_order)
{
    for (unsigned mask = 0; mask < 64; mask++)
        sift(mask);
}
