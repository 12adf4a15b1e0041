/* What a group and its members are; what is done with them is in place.c (who
 * may run), member.c (a member's life), bell.c (who waits), and create.c,
 * submit.c, gather.c and next.c (the calls).
 *
 * A member is in `all` until it is forgotten, and in one ring by its `link`:
 * `entering` until it has begun, none while it waits for a place, `placed`
 * while it has one, `ended` afterwards, then `given` (outcomes show it) or
 * `taken` (next gave it). It is freed with its last reference. Those that
 * other threads may look at have `begun`.
 *
 * Lock order: the graph lock (need.h), then the group's. No caller's code runs
 * under it, and no future of the caller's ends under it. */
#ifndef FUT_GROUP_GROUP_H
#define FUT_GROUP_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/group.h>

#include "base/heap.h"
#include "base/ring.h"
#include "group/key.h"
#include "combine/need.h"
#include "core/hold.h"
#include "core/waiters.h"

/* What stopped it; the first one counts. */
enum fut_group_stop {
    FUT_GROUP_RUNS,
    FUT_GROUP_FAILED,    /* a member's error */
    FUT_GROUP_CANCELLED, /* by a call, from above, with a waiting task */
    FUT_GROUP_LATE       /* its deadline */
};

/* What a member's end means for its group. */
enum fut_verdict {
    FUT_FINE,    /* OK, or cancelled by hand */
    FUT_STOPPED, /* cancelled with the group */
    FUT_BAD      /* an error */
};

struct fut_member {
    struct fut_wait wait;   /* const */
    futures_hook hook;      /* at its own future */
    struct fut_hold hold;   /* while `owes` */
    struct fut_need need;   /* while `needs` */
    futures_group *group;   /* const */
    futures_future *future; /* const; retained */
    struct fut_key *key;    /* const until it ends; nullable */
    bool owned;             /* const: it has a token of its own */

    /* group lock */
    struct fut_heap turn;        /* its number: the order of submitting */
    struct fut_ring all;         /* group->all */
    struct fut_ring link;        /* see above */
    struct fut_ring keyed;       /* key->waiting, then key->holders */
    struct fut_ring own;         /* group->own, until asked to stop */
    uint64_t place_ticket;       /* its number in group->placed */
    uint64_t key_ticket;         /* its number in key->holders */
    struct fut_member *lender;   /* whose places it uses; nullable */
    struct fut_member *borrower; /* who uses its places; nullable */
    struct fut_member *next;     /* group->ready, or to be freed */
    unsigned references;
    unsigned taker; /* in `taken`: the number of the thread */
    enum fut_verdict verdict;
    bool waits;   /* for a place */
    bool has_all; /* a place of the group, */
    bool has_key; /* ... and one of its key */
    bool begun;
    bool over;  /* it has ended */
    bool owes;  /* its hold is to be ended */
    bool needs; /* its need is to be detached before that */
    bool seen;  /* somebody may look at the future under the graph lock */
};

struct futures_group {
    pthread_mutex_t lock;
    futures_pool *pool; /* const, as all down to `why` */
    uint16_t generation;
    size_t max_running;
    size_t per_key;
    futures_on_error on_error;
    futures_time deadline;
    futures_token *parent; /* pinned; nullable */
    bool alone;            /* it is not cancelled with a task that waits */
    char why[96];

    /* lock */
    futures_token *token; /* above the members */
    futures_hook hook;    /* the token's */
    enum fut_group_stop stop;
    bool spent; /* the token was fired by the group, or is about to be */
    bool closed;
    size_t pending; /* members that have not ended */
    size_t owners;  /* of those: with a token of their own */
    size_t running; /* places that are taken */
    size_t waiting; /* members that wait for one */
    size_t unread;  /* members in `ended` */
    size_t bad;     /* of those: errors */
    uint64_t numbers;
    uint64_t tickets;
    struct fut_ring all;
    struct fut_ring entering;
    struct fut_ring placed; /* by place_ticket */
    struct fut_ring ended;  /* in that order */
    struct fut_ring given;
    struct fut_ring taken;
    struct fut_ring own;
    struct fut_heap *turns;    /* wait for a place of the group alone */
    struct fut_member *cursor; /* where a walk of `placed` was; nullable */
    struct fut_keys keys;
    struct fut_member *ready; /* their holds are to be ended; oldest first */
    struct fut_member **ready_tail;
    bool poke;      /* parked waiters are to look again */
    bool releasing; /* a thread does both of these */
    struct fut_bell *bells;
    unsigned parked;          /* in destroy */
    _Atomic uint32_t changes; /* moves for those */
    size_t count;             /* of the last gather's outcomes */
    futures_outcome *outcomes;
};

#define FUT_MEMBER_OF(node, field)                                            \
    ((struct fut_member *)(void *)((char *)(node)-offsetof(struct fut_member, \
                                                           field)))

#endif
