/* The pool: a fixed number of worker threads that run tasks.
 * Elsewhere: concurrent.futures.ThreadPoolExecutor, ForkJoinPool,
 * tbb::task_arena, GThreadPool.
 *
 * Outside submissions start in each producer's order, within a priority; of
 * several workers each takes short ones in runs of up to 32, which others may
 * rob from the end. What a task submits starts newest first. A worker with
 * work of its own still looks at what came from outside at least once in
 * FUTURES_FAIRNESS tasks. */
#ifndef FUTURES_POOL_H
#define FUTURES_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <futures/error.h>
#include <futures/export.h>
#include <futures/status.h>
#include <futures/time.h>

FUTURES_BEGIN

#define FUTURES_FAIRNESS 64

typedef struct futures_pool futures_pool;

typedef enum futures_overflow {
    FUTURES_OVERFLOW_BLOCK,  /* the submitter waits for room */
    FUTURES_OVERFLOW_REFUSE, /* the future has ended FULL */
    FUTURES_OVERFLOW_RUN     /* the submitter runs the task itself */
} futures_overflow;

typedef enum futures_shutdown {
    FUTURES_SHUTDOWN_DRAIN, /* run what is queued, and what tasks submit */
    FUTURES_SHUTDOWN_CANCEL /* cancel what is queued, ask what runs to stop */
} futures_shutdown;

typedef struct futures_pool_options {
    size_t size;        /* sizeof(this struct), set by the INIT macro */
    unsigned workers;   /* 0: futures_cpu_count() */
    size_t queue_limit; /* queued tasks at most; 0: no bound */
    /* On a worker of the pool always _RUN: hold no lock that fn takes. Past
     * the stack check it is queued over the limit. Where worker_start is given
     * only workers run tasks: _RUN on another thread waits as _BLOCK does. */
    futures_overflow overflow;
    const char *name;  /* copied; threads are "name-0" ...; NULL: "futures" */
    size_t stack_size; /* bytes; 0: system default, never under 1 MiB */
    /* On each worker before its first task: 0 and the worker's own data; else
     * the pool is BROKEN. Create does not wait for it. */
    int (*worker_start)(void *context, unsigned worker, void **data);
    /* On the same thread after its last, if worker_start gave 0. */
    void (*worker_stop)(void *context, unsigned worker, void *data);
    void *context; /* passed to the hooks */
    /* An error that nobody looked at, at its future's release; never after
     * futures_pool_destroy has returned; NULL: silent. */
    void (*unhandled)(void *context, const futures_error *error);
} futures_pool_options;

#define FUTURES_POOL_OPTIONS_INIT                                            \
    {                                                                        \
        sizeof(futures_pool_options), 0, 0, FUTURES_OVERFLOW_BLOCK, NULL, 0, \
            NULL, NULL, NULL, NULL                                           \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_pool_options_init(futures_pool_options *options,
                                           size_t size);

/* What a pool does, counted since its creation; exact when nothing runs. */
typedef struct futures_stats {
    size_t size;
    uint64_t workers;
    uint64_t queued;    /* tasks that nobody has claimed */
    uint64_t running;   /* started, not ended; those that wait included */
    uint64_t waiting;   /* of those: parked in a wait */
    uint64_t submitted; /* accepted */
    uint64_t ok;
    uint64_t failed;
    uint64_t cancelled;
    uint64_t longest_ns;   /* how long the longest running task has run, to
                              the system's coarse clock (some ms), or with
                              up to seven tasks before it on its worker */
    char longest_name[64]; /* its name, cut, or "" */
} futures_stats;

#define FUTURES_STATS_INIT                                \
    {                                                     \
        sizeof(futures_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, \
        {                                                 \
            0                                             \
        }                                                 \
    }

FUTURES_API void futures_stats_init(futures_stats *stats, size_t size);

/* Starts the workers.
 * returns  OK; NOMEM; SYSTEM (errno: a thread could not be started; none is
 *          left); INVALID. *pool is NULL after failure
 * blocks   only while threads start    threads  any
 * owns     the caller destroys *pool; copies options (nullable: defaults) */
FUTURES_API futures_status
futures_pool_create(futures_pool **pool, const futures_pool_options *options);

/* Closes the pool and waits for its workers to end. DRAIN runs what is queued,
 * what the pool's own tasks still submit, and what becomes ready meanwhile;
 * CANCEL cancels what is queued and asks what runs to stop. Either way every
 * pending future ends, and a submit that waits for room ends CLOSED at once.
 * It can be called again, from several threads too; CANCEL after DRAIN.
 * returns  OK: the threads have ended, worker_stop has run; TIMEOUT: the pool
 *          is closed, call again; on a worker of the pool: TIMEOUT with
 *          FUTURES_POLL (it is closed then), DEADLOCK with any other deadline
 *          (nothing changed); FORKED; INVALID
 * blocks   until the deadline          threads  any
 * owns     borrows pool */
FUTURES_API futures_status futures_pool_shutdown(futures_pool *pool,
                                                 futures_shutdown how,
                                                 futures_time deadline);

/* Waits until nothing is queued or running; the pool stays open. Memory of
 * futures that are gone, which is kept for later ones until then, goes back to
 * the system, as in futures_pool_destroy.
 * returns  OK; TIMEOUT; DEADLOCK inside one of its own tasks; FORKED; INVALID
 * blocks   until the deadline          threads  any
 * owns     borrows pool */
FUTURES_API futures_status futures_pool_wait(futures_pool *pool,
                                             futures_time deadline);

/* Drains, joins and frees; NULL is fine. Futures outlive it. In one of its own
 * tasks it prints and aborts, since it could never return. In a forked child
 * it frees nothing.
 * returns  nothing                     blocks   until all tasks have ended
 * threads  one, with no other call on the pool
 * owns     takes pool */
FUTURES_API void futures_pool_destroy(futures_pool *pool);

/* returns  how many workers it has; 0 for NULL
 * blocks   never    threads  any    owns  borrows pool */
FUTURES_API unsigned futures_pool_workers(const futures_pool *pool);

/* Fills the struct, whose `size` says how much of it the caller knows.
 * returns  OK; INVALID; FORKED         blocks   never
 * threads  any                         owns     borrows both */
FUTURES_API futures_status futures_pool_stats(futures_pool *pool,
                                              futures_stats *stats);

/* Writes what the pool does, for people: its counters; each worker's outermost
 * task, by name, and how long it has run; for each task that is parked in a
 * wait those beneath it on its stack, what it waits for and who runs that; and
 * what is held back, and why: until other futures have ended, until a time, or
 * for a place in a group. So after a shutdown that gave TIMEOUT it names what
 * is stuck. A snapshot: tasks go on meanwhile.
 * Tasks that can end meanwhile are told of without their names, which may go
 * with them.
 * returns  OK; SYSTEM (a write failed, or no memory; errno); FORKED; INVALID
 * blocks   for the writing
 * threads  any                         owns     borrows both */
FUTURES_API futures_status futures_pool_dump(futures_pool *pool, FILE *file);

/* How many processors this process may use: the affinity mask and the cgroup
 * quota (v1 and v2, rounded up), whichever is less.
 * returns  at least 1                  blocks   for a few file reads
 * threads  any                         owns     nothing */
FUTURES_API unsigned futures_cpu_count(void);

/* The pool of the task that runs here, on whatever thread; else that of the
 * worker; else NULL.
 * returns  the pool, borrowed          blocks   never
 * threads  any                         owns     nothing */
FUTURES_API futures_pool *futures_current_pool(void);

/* What worker_start gave on this thread.
 * returns  the data; NULL outside a worker
 * blocks   never    threads  any    owns  borrowed */
FUTURES_API void *futures_worker_data(void);

FUTURES_END

#endif
