/* The keys of a group's members: a table of those that are in use. An entry
 * lives as long as a member has it, so an idle key costs nothing. All under
 * the group's lock. */
#ifndef FUT_GROUP_KEY_H
#define FUT_GROUP_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/ring.h"

struct fut_key {
    struct fut_key *next; /* in its bucket */
    uint64_t hash;        /* const */
    size_t members;       /* that have it and have not ended */
    size_t running;       /* its places that are taken */
    struct fut_ring
        holders; /* members that have or borrow one, oldest first */
    struct fut_ring waiting; /* members that wait for one, oldest first */
    char name[];             /* const */
};

struct fut_keys {
    struct fut_key **buckets; /* NULL until the first key */
    size_t count;             /* of buckets, a power of two */
    size_t used;              /* entries */
};

/* returns  the name's entry, with one member more; NULL without memory */
struct fut_key *fut_key_get(struct fut_keys *keys, const char *name);

/* A member less. */
void fut_key_put(struct fut_keys *keys, struct fut_key *key);

/* Frees the table; it has no entries. */
void fut_keys_free(struct fut_keys *keys);

#endif
