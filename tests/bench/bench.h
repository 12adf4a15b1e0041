/* What the peer programs share. A program of the bench is main.c with the
 * run_*.c, which hold the clock and check the results, and one peer_*, which
 * does the work with one runtime: runtimes that share a process would disturb
 * each other. The bodies are here, so that every peer runs the same ones. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a task does with the number in its slot. */
typedef enum bench_kind {
    BENCH_TRIVIAL, /* bench_body */
    BENCH_BUSY,    /* bench_busy */
    BENCH_GATE,    /* bench_pass_gate */
    BENCH_THROW    /* an error of code number + 1 and of bench_message's text;
                      asked only of peers with read_errors */
} bench_kind;

/* A parallel loop: bench_body for every slot, in one call. */
typedef struct bench_loop {
    const char *key;  /* on the command line; NULL ends the list */
    const char *name; /* as the tables show it */
    const char *note; /* nullable */
    void (*run)(long slots[], size_t count);
    uint64_t (*read)(long slots[], size_t count); /* as in bench_peer */
} bench_loop;

/* fib(n): forks one call, makes the other, joins; no cut-off. */
typedef struct bench_fib {
    const char *key;
    const char *name;
    const char *note;
    long (*run)(int n);
} bench_fib;

/* What a reader of the figures has to know, by command; or why the peer cannot
 * run it at all. */
typedef struct bench_remark {
    const char *command; /* NULL ends the list */
    bool cannot;
    const char *text;
} bench_remark;

/* One runtime at work. NULL where nothing else is said: it cannot do that. */
typedef struct bench_peer {
    const char *name; /* as the tables show it */
    const char *note; /* of the commands without a remark; nullable */
    const bench_remark *remarks; /* nullable */
    /* Starts a pool of `workers` threads for tasks of these slots and of no
     * others. Where the caller works too, it may be one of them or one more,
     * whichever makes the peer faster. */
    void (*open)(unsigned workers, long slots[], size_t count);
    void (*close)(void);
    /* Submits one task per slot, one by one. Several threads may each submit
     * slots of their own, and then wait for those. */
    void (*submit)(bench_kind kind, long slots[], size_t count);
    /* The same for trivial tasks in one call, if the runtime has such. */
    void (*submit_all)(long slots[], size_t count);
    /* Waits for all that this thread submitted since its last wait. */
    void (*wait)(void);
    /* Reads the results in order and lets go of them. Gives their digest.
     * NULL: they lie in the slots. */
    uint64_t (*read)(long slots[], size_t count);
    /* The same for tasks that threw: reads every message, and gives the digest
     * of the codes less 1. */
    uint64_t (*read_errors)(long slots[], size_t count);
    /* Sends bench_body(number) to the pool and waits for its result. NULL:
     * submit, wait and read do that. */
    long (*trip)(long number);
    /* Waits once more for what has ended and is not read yet. */
    void (*gather_ended)(size_t count);
    const bench_loop *loops; /* nullable */
    const bench_fib *fibs;   /* nullable */
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

/* Computes for number % 100 us, then gives bench_body(number). */
long bench_busy(long number);

/* Waits until the gate is opened, then gives bench_body(number). */
long bench_pass_gate(long number);

/* Does what `kind` says in place, but for BENCH_THROW. */
void bench_do_in_place(bench_kind kind, long *slot);

/* The printf format of an error's message, for a number. */
#define BENCH_MESSAGE "item %ld is not there"

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
