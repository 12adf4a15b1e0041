/* Chains in buckets, about as many as entries. Without memory for more buckets
 * the chains grow. */
#include "group/key.h"

#include <string.h>

#include "base/alloc.h"

enum { FIRST_BUCKETS = 8 };

/* FNV-1a. */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = 14695981039346656037U;

    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 1099511628211U;
    }
    return hash;
}

static struct fut_key **bucket_of(struct fut_keys *keys, uint64_t hash)
{
    return &keys->buckets[(hash ^ hash >> 32) & (keys->count - 1)];
}

static void move_all(struct fut_keys *keys, struct fut_key **from,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (from[i] != NULL) {
            struct fut_key *key = from[i];
            struct fut_key **bucket = bucket_of(keys, key->hash);

            from[i] = key->next;
            key->next = *bucket;
            *bucket = key;
        }
    }
}

/* returns  whether there are any buckets */
static bool make_room(struct fut_keys *keys)
{
    size_t count = keys->count > 0 ? 2 * keys->count : FIRST_BUCKETS;
    struct fut_key **buckets;
    struct fut_keys before = *keys;

    if (keys->used < keys->count) {
        return true;
    }
    buckets = fut_alloc(count, sizeof(struct fut_key *));
    if (buckets == NULL) {
        return keys->buckets != NULL;
    }
    keys->buckets = buckets;
    keys->count = count;
    move_all(keys, before.buckets, before.count);
    fut_free(before.buckets);
    return true;
}

static struct fut_key *find(struct fut_keys *keys, uint64_t hash,
                            const char *name)
{
    struct fut_key *key = keys->count > 0 ? *bucket_of(keys, hash) : NULL;

    while (key != NULL &&
           (key->hash != hash || strcmp(key->name, name) != 0)) {
        key = key->next;
    }
    return key;
}

static struct fut_key *make(struct fut_keys *keys, uint64_t hash,
                            const char *name)
{
    size_t size = strlen(name) + 1;
    struct fut_key **bucket;
    struct fut_key *key;

    if (!make_room(keys)) {
        return NULL;
    }
    key = fut_alloc(1, sizeof *key + size);
    if (key == NULL) {
        return NULL;
    }
    key->hash = hash;
    memcpy(key->name, name, size);
    fut_ring_init(&key->holders);
    fut_ring_init(&key->waiting);
    bucket = bucket_of(keys, hash);
    key->next = *bucket;
    *bucket = key;
    keys->used++;
    return key;
}

struct fut_key *fut_key_get(struct fut_keys *keys, const char *name)
{
    uint64_t hash = hash_of(name);
    struct fut_key *key = find(keys, hash, name);

    if (key == NULL) {
        key = make(keys, hash, name);
    }
    if (key != NULL) {
        key->members++;
    }
    return key;
}

void fut_key_put(struct fut_keys *keys, struct fut_key *key)
{
    struct fut_key **from = bucket_of(keys, key->hash);

    if (--key->members > 0) {
        return;
    }
    while (*from != key) {
        from = &(*from)->next;
    }
    *from = key->next;
    keys->used--;
    fut_free(key);
}

void fut_keys_free(struct fut_keys *keys)
{
    fut_free(keys->buckets);
}
