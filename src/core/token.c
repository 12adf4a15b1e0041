/* The life of a token, and its firing. What firing brings about is in
 * cancel.c. */
#include "core/token.h"

#include <errno.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/atomic.h"

static futures_token none;

futures_token *futures_token_none(void)
{
    return &none;
}

bool fut_token_is_real(const futures_token *token)
{
    return token != NULL && token != &none && fut_token_task(token) == NULL;
}

futures_error *fut_token_reason(const futures_token *token)
{
    /* pairs with store_seq_cst in fut_token_fire: shows the error */
    return load_acquire(&token->reason);
}

void fut_token_retain(futures_token *token)
{
    if (token != &none) {
        add_relaxed(&token->references, 1);
    }
}

bool fut_token_retain_living(futures_token *token)
{
    unsigned references = load_relaxed(&token->references);

    while (references > 0) {
        if (cas_acq_rel(&token->references, &references, references + 1)) {
            return true;
        }
    }
    return false;
}

futures_token *fut_token_drop(futures_token *token)
{
    futures_token *parent;

    if (token == &none || sub_acq_rel(&token->references, 1) != 1) {
        return NULL;
    }
    if (token->timed) {
        fut_timer_disarm_wait(&token->timer);
    }
    parent = token->parent;
    fut_error_release(load_relaxed(&token->reason));
    fut_error_release(token->spare);
    fut_free(token);
    return parent;
}

static FUTURES_PRINTF(2, 3) futures_error *make_error(int code,
                                                      const char *format, ...)
{
    struct fut_error_site site = {.code = code};
    futures_error *error;
    va_list arguments;

    va_start(arguments, format);
    error = fut_error_create(&site, format, arguments);
    va_end(arguments);
    return error;
}

futures_token *fut_token_create(futures_token *parent)
{
    futures_token *token = fut_alloc(1, sizeof *token);

    if (token == NULL) {
        return NULL;
    }
    token->spare = make_error(ECANCELED, "cancelled");
    if (token->spare == NULL) {
        fut_free(token);
        return NULL;
    }
    atomic_init(&token->references, 1);
    token->parent = parent;
    return token;
}

futures_error *fut_token_make_reason(int code, const char *reason)
{
    return make_error(code != 0 ? code : ECANCELED, "%s",
                      reason != NULL ? reason : "cancelled");
}

/* Only the first to claim it goes on, so the spare, which takes the reason's
 * place where there is no memory, is nobody else's when its code is set. */
bool fut_token_fire(futures_token *token, int code, const char *reason)
{
    futures_error *error;

    if (token == &none || exchange_acq_rel(&token->claimed, true)) {
        return false;
    }
    error = fut_token_make_reason(code, reason);
    if (error == NULL) {
        error = fut_error_retain(token->spare);
        error->code = code != 0 ? code : ECANCELED;
    }
    /* pairs with load_acquire in fut_token_reason: shows the error */
    store_seq_cst(&token->reason, error);
    return true;
}

bool fut_token_fire_for(futures_token *token, const futures_error *reason)
{
    if (exchange_acq_rel(&token->claimed, true)) {
        return false;
    }
    /* pairs with load_acquire in fut_token_reason: shows the error */
    store_seq_cst(&token->reason, reason != NULL
                                      ? fut_error_keep(reason)
                                      : fut_error_retain(token->spare));
    return true;
}
