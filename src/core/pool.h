/* The pool's parts: what its workers share, and each worker's own. */
#ifndef FUT_CORE_POOL_H
#define FUT_CORE_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/pool.h>

#include "base/atomic.h"
#include "core/future.h"
#include "core/scope.h"
#include "core/self.h"
#include "core/sink.h"
#include "sync/deque.h"
#include "sync/idle.h"
#include "sync/injector.h"

enum { FUT_NAME_WORDS = 8, FUT_THREAD_NAME = 16 };

/* Added to by their owner alone, or by everybody (`outside`). */
struct fut_counts {
    _Atomic uint64_t submitted; /* without passing the injector */
    _Atomic uint64_t started;
    _Atomic uint64_t ok;
    _Atomic uint64_t failed;
    _Atomic uint64_t cancelled; /* those that never started included */
    _Atomic uint64_t unstarted; /* ended without having started */
    _Atomic uint64_t done;      /* all of those, when it can be seen */
};

/* How patient a worker begins. */
enum { FUT_PATIENCE = 4 };

struct fut_worker {
    struct fut_deque deque;
    struct fut_deque drawn;   /* from outside; pop gives the oldest */
    struct fut_counts counts; /* owner writes */
    futures_pool *pool;       /* const */
    unsigned index;           /* const */
    unsigned tick;            /* owner only: tasks begun */
    unsigned victim;          /* owner only: whom to rob next */
    unsigned stripe;          /* owner only: where to draw next */
    unsigned draw;            /* owner only: how many it drew, and when */
    futures_time drew;
    unsigned patience;     /* owner only: rounds to look before sleeping */
    unsigned unstamped;    /* owner only: tasks that may begin without a look
                              at the clock */
    futures_time stamp;    /* owner only: the last look */
    void *data;            /* owner only: what worker_start gave */
    pthread_t thread;      /* pool's lifecycle; see worker.c */
    pthread_t before;      /* owner only: the thread it replaces */
    bool replaces;         /* const for the thread */
    bool started;          /* owner only: worker_start gave 0 */
    _Atomic int64_t since; /* when its outermost task began; 0: none */
    _Atomic uint64_t name[FUT_NAME_WORDS]; /* of that task, cut */
};

struct fut_hold;

/* How many began to be held, and how many have left; the lock of fut_holds. */
struct fut_hold_tally {
    uint64_t begun;
    uint64_t left;
};

/* Its futures that are not ready, see hold.h. */
struct fut_holds {
    pthread_mutex_t lock;
    struct fut_hold *first;        /* lock */
    struct fut_hold_tally all;     /* lock */
    struct fut_hold_tally counted; /* lock: those that count as queued */
    unsigned waits;                /* lock: who waits for one to leave */
    _Atomic uint32_t moves;        /* lock writes: moves for them */
    _Atomic size_t queued;         /* counted ones that are still held */
};

struct futures_pool {
    /* const after create */
    unsigned workers;
    futures_overflow overflow;
    size_t queue_limit;
    size_t stack_size;
    char name[FUT_THREAD_NAME];
    int (*worker_start)(void *, unsigned, void **);
    void (*worker_stop)(void *, unsigned, void *);
    void *context;
    struct fut_sink *sink; /* nullable */
    struct fut_worker *worker;
    uint16_t generation;
    uint64_t marks; /* of its futures: FUT_BOUND or 0 */
    uint64_t word;  /* of a new one that is queued */

    /* Read for every task, changed a few times in all. What becomes of tasks
     * that have not started: OK: they run; CANCELLED, BROKEN: they end with
     * that. Moves away from OK once. */
    _Atomic unsigned verdict;
    _Atomic bool stopping;   /* what runs is asked to stop */
    _Atomic bool closed;     /* no more from outside */
    _Atomic bool over;       /* workers leave when they find nothing */
    _Atomic unsigned living; /* worker threads */

    struct fut_injector injector;
    struct fut_idle idle;
    struct fut_sweeper sweeper;

    /* By threads that are not its workers. */
    _Alignas(FUT_CACHE_LINE) struct fut_counts outside;

    _Alignas(FUT_CACHE_LINE) _Atomic size_t
        queued;                  /* with a queue_limit: QUEUED futures */
    _Atomic uint32_t room;       /* moves when a place becomes free */
    _Atomic uint32_t room_waits; /* who waits for one */

    _Atomic uint32_t quiet;       /* moves when all workers sleep */
    _Atomic uint32_t quiet_waits; /* who waits for that */
    _Atomic uint32_t waiting;     /* tasks parked in a wait */
    unsigned parked; /* graph lock (combine/graph.h): workers in its list */

    struct fut_holds holds;

    pthread_mutex_t limbo_lock;
    struct fut_link *limbo; /* limbo lock; see limbo.h */
    size_t limbo_length;    /* limbo lock */
    size_t limbo_trim;      /* limbo lock: look for ended ones at this */

    _Atomic uint32_t present;  /* worker threads that have not ended */
    pthread_mutex_t life_lock; /* one joins */
    _Atomic bool joined;       /* written under the life lock */
};

/* Whether the calling thread is one of its workers. */
static inline bool fut_pool_is_mine(const futures_pool *pool)
{
    return fut_self.worker != NULL && fut_self.worker->pool == pool;
}

/* Whether a task of the pool runs here, on whatever thread. */
static inline bool fut_pool_runs_here(const futures_pool *pool)
{
    struct fut_run *run = fut_self_task();

    return run != NULL && run->future->pool == pool;
}

/* The calling thread as a worker of that pool; NULL if it is none. */
static inline struct fut_worker *fut_pool_worker(const futures_pool *pool)
{
    struct fut_worker *worker = fut_self.worker;

    return worker != NULL && worker->pool == pool ? worker : NULL;
}

/* Adds to the counter of that worker, the calling thread's; or, if it is NULL,
 * to the one that others share. */
#define FUT_COUNT_FOR(worker, pool, field, n)         \
    do {                                              \
        if ((worker) != NULL) {                       \
            bump_owned(&(worker)->counts.field, (n)); \
        } else {                                      \
            add_relaxed(&(pool)->outside.field, (n)); \
        }                                             \
    } while (0)

#define FUT_COUNT(pool, field, n)                            \
    do {                                                     \
        struct fut_worker *fut_mine = fut_pool_worker(pool); \
                                                             \
        FUT_COUNT_FOR(fut_mine, (pool), field, (n));         \
    } while (0)

#endif
