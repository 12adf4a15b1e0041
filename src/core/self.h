/* What the library knows about the calling thread: above all the stack of
 * tasks and callbacks that run on it. */
#ifndef FUT_CORE_SELF_H
#define FUT_CORE_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include <futures/error.h>
#include <futures/future.h>
#include <futures/token.h>

struct fut_guard;
struct fut_brake;
struct fut_ender;
struct fut_swept;
struct fut_worker;

/* A task that runs on this thread, in the frame of the loop that runs it. Or
 * a callback, which has no future: in it nothing can be thrown, and whatever
 * runs below is not "the running task". */
struct fut_run {
    struct fut_run *below;
    futures_future *future;
    struct fut_worker *worker;     /* it runs on, if that is of its pool */
    futures_token *scope;          /* as the task began; not of parts */
    struct fut_guard *guard;       /* where a throw goes */
    struct fut_guard *cleanup;     /* instead, while a cleanup runs */
    futures_cleanup *cleanups;     /* pending, newest first */
    futures_error *error;          /* the first one; nullable */
    const struct fut_brake *brake; /* of the joins it is in; nullable */
    bool borrowed; /* the future is another thread's: its stock, too */
    bool failed;   /* `error` or `lost` counts */
    bool stopped;  /* it gave up at a checkpoint */
    bool asked;    /* to stop, as of `epoch` */
    bool exposed;  /* its token was handed out, or pinned beyond the stock */
    bool entry;    /* claimed by popping its entry: nobody else looks at it */
    uint8_t calling; /* of the thread, when it began: in a callback's wait */
    bool freeing;
    uint64_t epoch;
    futures_error lost; /* the first error, if there was no memory */
};

/* What is going on further down the stack: callbacks of ended futures, or
 * enders, are being called one after the other. */
enum fut_calling { FUT_CALLING_BACK = 1, FUT_CALLING_ENDERS = 2 };

struct fut_self {
    struct fut_run *run;       /* the innermost */
    struct fut_worker *worker; /* NULL on threads that are no workers */
    futures_future *ended;     /* their callbacks are to be run, in order */
    futures_future *ended_last;
    struct fut_ender *enders; /* to be called, in order */
    struct fut_ender **enders_tail;
    futures_future *dead;    /* without a reference, to be freed */
    futures_future *refused; /* for want of memory, to be ended */
    struct fut_swept *swept; /* what cancels on this stack are to end */
    unsigned pins;           /* tasks pinned as scopes, counted */
    unsigned patience;       /* how often to look before parking; 0: new */
    unsigned number;         /* of the thread; 0: not asked for yet */
    uint8_t calling;         /* bits of enum fut_calling */
    bool refusing;
    bool freeing;
};

extern _Thread_local struct fut_self fut_self;

/* The slow part of the next. */
unsigned fut_self_give_number(void);

/* returns  the thread's own number: they are given one after the other */
static inline unsigned fut_self_number(void)
{
    return fut_self.number != 0 ? fut_self.number : fut_self_give_number();
}

/* returns  the running task; NULL outside one, and in a callback */
static inline struct fut_run *fut_self_task(void)
{
    struct fut_run *run = fut_self.run;

    return run != NULL && run->future != NULL ? run : NULL;
}

/* A callback begins, with a frame for it; and ends. */
static inline void fut_self_bar(struct fut_run *frame)
{
    frame->below = fut_self.run;
    frame->future = NULL;
    fut_self.run = frame;
}

static inline void fut_self_unbar(struct fut_run *frame)
{
    fut_self.run = frame->below;
}

/* Calls fn(arg), if there is one, as a callback. */
static inline void fut_self_call(void (*fn)(void *), void *arg)
{
    struct fut_run frame;

    if (fn != NULL) {
        fut_self_bar(&frame);
        fn(arg);
        fut_self_unbar(&frame);
    }
}

#endif
