/* What the peer programs share. A program of the bench is main.c, which holds
 * the clock and checks the results, and one peer_*.c or .cpp, which does the
 * work with one runtime: runtimes that share a process would disturb each
 * other. The bodies are here, so that every peer runs the same ones. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One runtime at work. A workload that it cannot run is NULL, and the note
 * beside it says why; otherwise the note (nullable) says what a reader of the
 * figures has to know. */
typedef struct bench_peer {
    const char *name; /* as the tables show it */
    /* Starts a pool of `workers` threads with room for `count` tasks in
     * flight. Where the caller works too, it may be one of them or one more,
     * whichever makes the peer faster. */
    void (*open)(unsigned workers, size_t count);
    void (*close)(void);
    /* Submits one task per slot, one by one, waits for all, reads the results
     * in order. Gives their bench_digest. */
    uint64_t (*stream)(long slots[], size_t count);
    const char *stream_note;
    /* fib(n): spawns one child, calls the other, waits; no cut-off. */
    long (*fib)(int n);
    const char *fib_note;
    /* Sends bench_body(number) to the pool and waits for its result. */
    long (*trip)(long number);
    const char *trip_note;
} bench_peer;

extern const bench_peer bench_this_peer;

/* The trivial task: as little as can still be checked. */
static inline long bench_body(long number)
{
    return 2 * number + 1;
}

/* The same in place, for runtimes whose tasks give nothing back. */
static inline void bench_body_in_place(long *slot)
{
    *slot = bench_body(*slot);
}

/* Folds in the next result; another order gives another digest. */
static inline uint64_t bench_digest(uint64_t digest, long value)
{
    return digest * 31 + (uint64_t)value;
}

static inline uint64_t bench_digest_slots(const long slots[], size_t count)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++) {
        digest = bench_digest(digest, slots[i]);
    }
    return digest;
}

/* Ends the program with a message and status 1 unless `ok`. */
void bench_require(int ok, const char *what);

/* calloc whose pages are all there already, so that the clock does not count
 * the faults of the bench's own arrays. */
void *bench_room(size_t count, size_t size);

#ifdef __cplusplus
}
#endif

#endif
