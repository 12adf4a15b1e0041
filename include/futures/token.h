/* Cancellation is cooperative: a token fires, tasks beneath it are asked to
 * stop, queued ones never run, running ones look when it suits them.
 * Elsewhere: stop_token, CancellationToken, context.Context, asyncio's
 * Task.cancel(). */
#ifndef FUTURES_TOKEN_H
#define FUTURES_TOKEN_H

#include <stdbool.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/status.h>
#include <futures/time.h>

FUTURES_BEGIN

typedef struct futures_token futures_token;

/* Makes a token that fires with its parent, at its deadline (code ETIMEDOUT)
 * or when cancelled.
 * returns  OK; NOMEM; SYSTEM (no timer thread); INVALID: token is NULL.
 *          *token is NULL after failure
 * blocks   never                       threads  any
 * owns     the caller owes a release; retains parent (nullable) */
FUTURES_API futures_status futures_token_create(futures_token **token,
                                                futures_token *parent,
                                                futures_time deadline);

/* One more reference.
 * returns  token (NULL gives NULL)     blocks   never
 * threads  any                         owns     the caller owes a release */
FUTURES_API futures_token *futures_token_retain(futures_token *token);

/* Gives one back; NULL is fine. Releasing does not fire it; its deadline
 * holds as long as something is beneath it.
 * returns  nothing                     blocks   never
 * threads  any                         owns     takes the reference */
FUTURES_API void futures_token_release(futures_token *token);

/* Fires it, once; later calls change nothing. Reaches all its descendants:
 * what is queued beneath it has ended CANCELLED and all hooks have been called
 * when this returns. The error that the futures' error_of gives has `code` (0
 * is taken as ECANCELED) and `reason` (NULL: "cancelled"). Inside a task, with
 * that task's own token, it asks the task to stop.
 * returns  nothing                     blocks   never, but for callbacks
 * threads  any                         owns     copies reason */
FUTURES_API void futures_token_cancel(futures_token *token, int code,
                                      const char *reason);

/* The token that never fires: a task with it is not cancelled with its
 * submitter, and a gather not with its task.
 * returns  the token; retain and release do nothing to it
 * blocks   never    threads  any    owns  nothing */
FUTURES_API futures_token *futures_token_none(void);

/* The running task's own: fires whenever the task is asked to stop.
 * returns  the token, borrowed while the task runs unless retained; NULL
 *          outside a task
 * blocks   never    threads  any    owns  borrowed */
FUTURES_API futures_token *futures_current_token(void);

/* Whether it, or one above it, has fired.
 * returns  true once it has; false for NULL
 * blocks   never    threads  any    owns  borrows token */
FUTURES_API bool futures_token_cancelled(const futures_token *token);

/* Calls `fn(arg)` when it fires, on the thread that fires it; at once, here,
 * if it has. Not safe to throw in.
 * returns  OK; INVALID for NULL        blocks   never, but for fn
 * threads  any
 * owns     borrows hook until fn is called or off_cancel has returned */
FUTURES_API futures_status futures_token_on_cancel(futures_token *token,
                                                   futures_hook *hook,
                                                   void (*fn)(void *),
                                                   void *arg);

/* Takes the callback back: afterwards fn is not running and will not run.
 * Inside fn itself it returns at once; elsewhere hold no lock that fn takes.
 * returns  nothing                     blocks   while fn runs elsewhere
 * threads  any                         owns     gives hook back */
FUTURES_API void futures_token_off_cancel(futures_token *token,
                                          futures_hook *hook);

/* Whether the running task has been asked to stop. Relaxed loads only while
 * nothing was cancelled since it last looked.
 * returns  true once it has; false outside a task
 * blocks   never    threads  any    owns  nothing */
FUTURES_API bool futures_cancelled(void);

/* A cancellation point: ends the running task as CANCELLED if it has been
 * asked to stop, as futures_throw would (cleanups run). Nothing outside a task
 * and in hooks.
 * returns  if not asked                blocks   as the cleanups do
 * threads  any                         owns     nothing */
FUTURES_API void futures_checkpoint(void);

/* Sleeps until the moment has come, or the task is asked to stop.
 * returns  OK; CANCELLED as soon as it is asked; INVALID for FUTURES_NEVER
 *          outside a task (it could never end)
 * blocks   yes                         threads  any
 * owns     nothing */
FUTURES_API futures_status futures_sleep(futures_time until);

FUTURES_END

#endif
