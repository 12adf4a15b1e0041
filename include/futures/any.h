/* Waiting for some of many futures.
 * Elsewhere: Promise.any, invokeAny, asyncio.wait(FIRST_COMPLETED),
 * folly::collectAny and collectN, select, WaitForMultipleObjects. */
#ifndef FUTURES_ANY_H
#define FUTURES_ANY_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/gather.h>
#include <futures/status.h>
#include <futures/time.h>

FUTURES_BEGIN

/* Waits for the first that ends OK (of those that had ended before, the lowest
 * index); *winner (nullable) is its index. What becomes of the losers says
 * `on_error`: CANCEL: they are cancelled, and waited for; LEAVE: they run on;
 * COLLECT: they are waited for. An error does not end it; where one wins,
 * errors of losers that have ended count as looked at. A winner counts though
 * a token or the deadline came first. The other options are as in
 * futures_gather; a worker helps with the set alone, oldest first.
 * returns  OK; if none can end OK any more, the status of the first error to
 *          reach this call (those ended on entry first, by index), with
 *          *winner == count; TIMEOUT, CANCELLED, DEADLOCK, FORKED, NOMEM,
 *          INVALID (count 0 too) as futures_gather
 * blocks   until then                  threads  any, any number at once
 * owns     borrows the futures */
FUTURES_API futures_status futures_any(futures_future *const futures[],
                                       size_t count, size_t *winner,
                                       const futures_gather_options *options);

/* Waits until `enough` slots have ended, however they did; a future that is
 * given twice counts twice. Nothing is cancelled, and it is not interrupted
 * when the waiting task itself is asked to stop. With futures_poll one sees
 * which have ended.
 * returns  OK; TIMEOUT; DEADLOCK, FORKED, NOMEM as futures_gather; INVALID (a
 *          NULL, enough > count). *ended (nullable) is how many had ended, 0
 *          after INVALID and FORKED
 * blocks   until then; a worker helps with the set alone, oldest first
 * threads  any, any number at once     owns     borrows the futures */
FUTURES_API futures_status futures_wait_some(futures_future *const futures[],
                                             size_t count, size_t enough,
                                             futures_time deadline,
                                             size_t *ended);

FUTURES_END

#endif
