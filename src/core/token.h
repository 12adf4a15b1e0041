/* What a token is: counted, with a parent, fired at most once. A task can
 * stand for a token too: the address of its future with the lowest bit set,
 * so that handing out "the running task's token" allocates nothing. */
#ifndef FUT_CORE_TOKEN_H
#define FUT_CORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include <futures/token.h>

#include "core/error.h"
#include "core/timer.h"

struct futures_token {
    _Atomic unsigned references;
    _Atomic bool claimed;            /* somebody fires it */
    _Atomic(futures_error *) reason; /* NULL until it has fired */
    futures_error *spare;            /* for a reason without memory */
    futures_token *parent; /* const, pinned, nullable; maybe a task */
    bool timed;            /* const: `timer` was armed */
    struct fut_timer timer;
};

/* returns  the future that the token stands for; NULL for a real token */
static inline futures_future *fut_token_task(const futures_token *token)
{
    uintptr_t bits = (uintptr_t)token;

    return (bits & 1) != 0 ? (futures_future *)(bits - 1) : NULL;
}

static inline futures_token *fut_token_of_task(futures_future *future)
{
    return (futures_token *)((uintptr_t)future + 1);
}

/* The functions below are for real tokens and futures_token_none() only. */

/* Its own reason, borrowed; NULL if it has not fired. */
futures_error *fut_token_reason(const futures_token *token);

void fut_token_retain(futures_token *token);

/* Gives a reference back.
 * returns  after the last one the parent, whose pin the caller now has; else
 *          NULL */
futures_token *fut_token_drop(futures_token *token);

/* For its timer, which holds no reference.
 * returns  false where the last reference is gone */
bool fut_token_retain_living(futures_token *token);

/* A token with one reference, which takes over the parent's pin.
 * returns NULL without memory */
futures_token *fut_token_create(futures_token *parent);

/* The error that a cancel with that code and reason (nullable) gives.
 * returns  an error with one reference; NULL without memory */
futures_error *fut_token_make_reason(int code, const char *reason);

/* Sets the reason.
 * returns  false where it has fired before */
bool fut_token_fire(futures_token *token, int code, const char *reason);

/* The same with a reason as it is, which is retained; NULL: "cancelled". */
bool fut_token_fire_for(futures_token *token, const futures_error *reason);

#endif
