/* The queue of ended futures: a descriptor that an event loop polls, and a
 * call that drains what has ended. So epoll, libuv, GLib or curl_multi can
 * host futures; nothing of this library runs on their threads unasked.
 * Elsewhere: io_uring's and Windows' completion queues, loop.add_reader,
 * ExecutorCompletionService. */
#ifndef FUTURES_QUEUE_H
#define FUTURES_QUEUE_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/status.h>

FUTURES_BEGIN

typedef struct futures_queue futures_queue;

/* What has ended; it never changes. */
typedef struct futures_ended {
    futures_future *future; /* the caller owes a release */
    void *data;             /* as given to futures_queue_add */
} futures_ended;

/* Makes an empty queue, with a descriptor of its own (closed on exec).
 * returns  OK; NOMEM; SYSTEM (errno); INVALID. *queue is NULL after failure
 * blocks   never    threads  any    owns  the caller destroys *queue */
FUTURES_API futures_status futures_queue_create(futures_queue **queue);

/* The descriptor: readable while something has ended that was not drained.
 * Only for poll, select, epoll and their like; do not read or close it.
 * returns  the descriptor, the queue's; -1 for NULL
 * blocks   never    threads  any    owns  borrows queue */
FUTURES_API int futures_queue_fd(const futures_queue *queue);

/* Puts it there once it has ended; at once if it has. One may be added several
 * times, and to several queues.
 * returns  OK; NOMEM; FORKED for a queue, or a pending one, of the parent;
 *          INVALID
 * blocks   never                       threads  any
 * owns     retains future until it is drained */
FUTURES_API futures_status futures_queue_add(futures_queue *queue,
                                             futures_future *future,
                                             void *data);

/* Takes out what has ended, in the order of ending, `capacity` at most. The
 * descriptor is readable until nothing is left.
 * returns  how many; 0 for a queue of the parent process
 * blocks   never
 * threads  any, any number at once
 * owns     the caller owes a release of each ended[i].future */
FUTURES_API size_t futures_queue_drain(futures_queue *queue,
                                       futures_ended ended[], size_t capacity);

/* How many were added and not drained.
 * returns  the number                  blocks   never
 * threads  any                         owns     borrows queue */
FUTURES_API size_t futures_queue_length(const futures_queue *queue);

/* Releases what is in it and frees it; NULL is fine. The futures run on. One
 * of the parent process is only closed here.
 * returns  nothing                     blocks   never
 * threads  one, with no other call on the queue
 * owns     takes queue, and closes its descriptor */
FUTURES_API void futures_queue_destroy(futures_queue *queue);

FUTURES_END

#endif
