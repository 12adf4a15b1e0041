/* The future: one cache line with its task inside it, a second one for what
 * most tasks do without, one atomic word that decides everything that can
 * race, and one word for who waits.
 *
 * QUEUED  -claim->   RUNNING   a worker, or a waiter that helps
 * QUEUED  -cancel->  ENDING    whoever wins the exchange; frees the argument
 * QUEUED  -keep->    ENDING    a promise's resolver
 * ENDING  -open->    QUEUED    its submitter, where a timer knows it before
 * ENDING  -publish-> CANCELLED, BROKEN, OK, FAILED        the same
 * RUNNING -publish-> OK, FAILED, CANCELLED    its runner; value and error are
 *                                final before, untouched after
 *
 * FUT_HELD goes with QUEUED: it is not ready, so nobody runs it. It stays
 * while such a one is ENDING and goes as it is published.
 *
 * Two counts. Handles keep the contents, value and error: the submitter's, the
 * callers' further ones, and the run's own until its callbacks have run; it
 * gives that back before it wakes those who wait, so that a release after a
 * wait frees the value then and there, or as it publishes, where nobody waits.
 * Pins keep the block: one for all handles together, one for the entry in a
 * queue (or in place of it, while it is held), which a run takes over if it
 * popped the entry, one for a run or cancel that claimed without it. So no
 * entry names a recycled block. A running task holds a stock of pins for its
 * children, whose scope it is; what is left goes back when it ends. */
#ifndef FUT_CORE_FUTURE_H
#define FUT_CORE_FUTURE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/future.h>
#include <futures/token.h>

#include "base/atomic.h"
#include "base/block.h"
#include "base/fork.h"
#include "core/self.h"
#include "core/timer.h"

/* The low bits of the word: an ended future's status itself, or one of the
 * three that follow the last status. */
enum {
    FUT_STATE_MASK = 15,
    FUT_QUEUED = 13,
    FUT_RUNNING = 14,
    FUT_ENDING = 15
};
static_assert((int)FUTURES_INVALID < FUT_QUEUED, "a state has four bits");

#define FUT_ASKED ((uint64_t)1 << 4) /* to stop */
#define FUT_TIMED ((uint64_t)1 << 5) /* ... because its deadline passed */
#define FUT_SEEN \
    ((uint64_t)1 << 6)                  /* somebody looked at the error, or put
                                       one too late to count */
#define FUT_IMMORTAL ((uint64_t)1 << 7) /* static: not counted */
#define FUT_BOUND ((uint64_t)1 << 8)    /* only workers may run it */
#define FUT_WAITED ((uint64_t)1 << 9)   /* somebody waits, see waiters.c */
#define FUT_HELD ((uint64_t)1 << 10)    /* not ready, see hold.h */
#define FUT_GENERATION ((uint64_t)1 << 11) /* 5 bits: whose process */
#define FUT_HANDLE ((uint64_t)1 << 16)     /* 23 bits */
#define FUT_PIN ((uint64_t)1 << 39)        /* 25 bits */
enum { FUT_GENERATIONS = 1 << 5, FUT_HANDLES = 1 << 23 };

/* The stock of pins of a running task. */
enum { FUT_STOCK = 1 << 20 };

/* Who ends it: nobody but its runner; whoever has it; or the library, out of
 * what other futures come to. */
enum fut_promise { FUT_NO_PROMISE, FUT_OPEN_PROMISE, FUT_OWN_PROMISE };

/* What a future keeps beside value and error, until it is freed. */
struct fut_keep {
    void (*free)(struct fut_keep *keep); /* const */
};

struct fut_need;
struct fut_sink;
struct fut_wait;

struct fut_link {
    struct fut_link *next; /* whoever holds the entry */
};

/* A task's deadline, on the heap: rare. */
struct fut_future_timer {
    struct fut_timer timer;
    futures_future *future; /* retained until it has fired or is disarmed */
    _Atomic bool left;      /* the future has ended, or it has fired: whoever
                          comes second frees it */
};

/* What most tasks do without. All zero unless the future has options, failed,
 * was cancelled or was asked to stop. */
struct fut_extra {
    _Atomic(futures_error *) error;
    union {
        struct {
            const char *name;
            void (*arg_free)(void *);
            void (*value_free)(void *); /* stays if it ends OK */
            /* relaxed: others only ask whether there is one */
            _Atomic(struct fut_future_timer *) timer;
            struct fut_keep *keep; /* of a FUT_OWN_PROMISE; nullable */
        };
        struct {
            char before[offsetof(futures_error, cause)];
            _Atomic(struct fut_need *) need; /* see combine/need.h */
        };
        futures_error embedded; /* FAILED, and there was no memory: so without
                                   a cause, and not while it has a need; never
                                   of a FUT_OWN_PROMISE */
    };
};
static_assert(sizeof(struct fut_extra) <= FUT_BLOCK_SIZE, "one line");

struct futures_future {
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t word;
    _Atomic uintptr_t waiters; /* see waiters.c */
    union {
        void *arg;             /* until it ends; of a promise: on_cancel's */
        _Atomic(void *) value; /* OK; NULL once taken */
        struct fut_sink *sink; /* FAILED: whom it may concern; nullable */
    };
    union {
        void *(*fn)(void *);       /* until it is claimed */
        void (*on_cancel)(void *); /* of a promise, until it ends; nullable */
        /* While a task runs: its thread, only compared. Relaxed: it means
         * something only while that thread is known to be parked. */
        _Atomic(struct fut_self *) runner;
        /* Afterwards: who ends or frees it. Relaxed: one thread has it, and
         * one who is late to look at the runner may see it. */
        _Atomic(futures_future *) chain;
    };
    struct futures_pool *pool;      /* const; alive while it is pending */
    _Atomic(futures_token *) scope; /* pinned; its runner may change it */
    struct fut_link link;           /* whoever holds the entry */
    union {
        uint32_t stock;      /* running: its runner's */
        uint32_t seen_epoch; /* queued: not cancelled at this epoch */
    };
    uint8_t lane;    /* const; of the injector, and the priority */
    uint8_t promise; /* const: enum fut_promise */
    bool options;    /* const; some of the extra line is set */
    bool counted;    /* const; while held it counts as queued, see hold.h */
};
static_assert(sizeof(struct futures_future) == FUT_BLOCK_SIZE, "one line");

/* Not for the static ones that have ended. */
static inline struct fut_extra *fut_future_extra(const futures_future *future)
{
    return fut_block_second(future);
}

/* Why it failed or was cancelled, borrowed, without having looked at it;
 * nullable. It has ended. */
const futures_error *fut_future_error(const futures_future *future);

/* The task's name; nullable. */
static inline const char *fut_future_name(const futures_future *future)
{
    return future->options ? fut_future_extra(future)->name : NULL;
}

static inline futures_future *fut_future_of_link(struct fut_link *link)
{
    return (futures_future *)(void *)((char *)link -
                                      offsetof(futures_future, link));
}

static inline unsigned fut_future_state(const futures_future *future)
{
    return (unsigned)(load_acquire(&future->word) & FUT_STATE_MASK);
}

static inline bool fut_state_is_pending(unsigned state)
{
    return state >= FUT_QUEUED;
}

/* Whether a thread that is no worker may run it. */
static inline bool fut_future_is_free(const futures_future *future)
{
    return (load_relaxed(&future->word) & FUT_BOUND) == 0;
}

static inline bool fut_future_is_pending(const futures_future *future)
{
    return fut_state_is_pending(fut_future_state(future));
}

/* Whether it is pending and belongs to the parent process. */
static inline bool fut_future_is_foreign(const futures_future *future)
{
    uint64_t word = load_acquire(&future->word);

    return fut_state_is_pending((unsigned)(word & FUT_STATE_MASK)) &&
           word / FUT_GENERATION % FUT_GENERATIONS !=
               fut_fork_generation() % FUT_GENERATIONS;
}

/* The word of a new future: QUEUED, or ENDING where nobody may claim it yet,
 * with one handle, `entries` pins more, and marks (FUT_BOUND or 0). */
static inline uint64_t fut_future_word(unsigned state, unsigned entries,
                                       uint64_t marks)
{
    uint64_t generation = fut_fork_generation() % FUT_GENERATIONS;

    return (state | marks) + generation * FUT_GENERATION + FUT_HANDLE +
           (entries + 1) * FUT_PIN;
}

/* Makes a block a future with that word; everything else is zero. */
static inline void fut_future_init(futures_future *future, uint64_t word)
{
    atomic_init(&future->word, word);
    atomic_init(&future->waiters, 0);
    future->arg = NULL;
    future->fn = NULL;
    future->pool = NULL;
    atomic_init(&future->scope, NULL);
    future->seen_epoch = 0;
    future->lane = 0;
    future->promise = FUT_NO_PROMISE;
    future->options = false;
    future->counted = false;
}

/* ENDING -> QUEUED, by the one who made it so. */
void fut_future_open(futures_future *future);

/* Gives back one that was never published, with nothing to free inside. */
void fut_future_discard(futures_future *future);

/* The static future that has ended with that status. */
futures_future *fut_future_ended(futures_status status);

static inline uint64_t fut_handles(uint64_t word)
{
    return word / FUT_HANDLE % FUT_HANDLES;
}

/* A handle more, and the handles' pin if it is the first. */
static inline uint64_t fut_with_handle(uint64_t word)
{
    return word + FUT_HANDLE + (fut_handles(word) == 0 ? FUT_PIN : 0);
}

/* QUEUED -> RUNNING, with a handle and the stock; `entry`: the caller has
 * popped its entry, whose pin it has now, else one more is added.
 * returns  false where somebody else was faster, and for one that is held */
static inline bool fut_future_claim_run(futures_future *future, bool entry)
{
    uint64_t pins = (FUT_STOCK + (entry ? 0U : 1U)) * FUT_PIN;
    uint64_t word = load_relaxed(&future->word);

    while ((word & (FUT_STATE_MASK | FUT_HELD)) == FUT_QUEUED) {
        if (cas_acq_rel(
                &future->word, &word,
                fut_with_handle(word) + (FUT_RUNNING - FUT_QUEUED) + pins)) {
            return true;
        }
    }
    return false;
}

/* QUEUED -> ENDING, with a handle and a pin; held ones too. */
bool fut_future_claim_end(futures_future *future);

/* A handle for one who has a pin only, while it runs.
 * returns  false where it does not run */
bool fut_future_hold_running(futures_future *future);

/* Frees the argument, as it ends. */
static inline void fut_future_free_arg(futures_future *future)
{
    if (future->options) {
        fut_self_call(fut_future_extra(future)->arg_free, future->arg);
    }
}

/* One pin more, by one who has a pin or a handle. */
futures_future *fut_future_pin(futures_future *future);

/* Gives back that many pins. */
void fut_future_drop(futures_future *future, uint64_t pins);

/* Runs the callbacks of futures that ended inside a callback, and ends those
 * whose turn it is; before a wait inside a callback. */
void fut_future_run_callbacks(void);

/* Disarms a task's deadline; it has ended. */
void fut_future_disarm(futures_future *future);

/* Gives the pin on a scope back; NULL is fine. */
void fut_future_unpin(futures_token *scope);

#endif
