/* An error is one heap block: the public struct, a count, and the texts. The
 * constants, and those embedded where there was no memory, have no count; they
 * are known by their message's address. */
#include "core/error.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"

struct counted {
    futures_error error; /* const after create */
    _Atomic unsigned references;
    char text[]; /* const after create: message, task */
};

static const char no_memory[] = "(no memory for the message)";
static const char no_error[] = "(no memory for the error)";
static const char too_late[] = "deadline passed";

static futures_error deadline_error = {ETIMEDOUT, too_late, "",  "",
                                       0,         "",       NULL};

#define CODE(code)                            \
    {                                         \
        (code), no_error, "", "", 0, "", NULL \
    }
#define CODES_4(code) \
    CODE(code), CODE((code) + 1), CODE((code) + 2), CODE((code) + 3)
#define CODES_16(code)                                       \
    CODES_4(code), CODES_4((code) + 4), CODES_4((code) + 8), \
        CODES_4((code) + 12)
#define CODES_48(code) \
    CODES_16(code), CODES_16((code) + 16), CODES_16((code) + 32)

/* By their codes. */
static const futures_error constants[FUT_ERROR_CODES] = {
    CODES_48(0), CODES_48(48), CODES_48(96)};

static bool is_constant(const futures_error *error)
{
    return error->message == too_late || error->message == no_error;
}

static bool is_counted(const futures_error *error)
{
    return error->message != no_memory && !is_constant(error);
}

static struct counted *counted_of(const futures_error *error)
{
    return (struct counted *)(uintptr_t)error;
}

static void fill(futures_error *error, const struct fut_error_site *site)
{
    error->code = site->code != 0 ? site->code : EINVAL;
    error->file = site->file != NULL ? site->file : "";
    error->line = site->line;
    error->function = site->function != NULL ? site->function : "";
}

futures_error *fut_error_create(const struct fut_error_site *site,
                                const char *format, va_list arguments)
{
    char message[FUTURES_MESSAGE_MAX + 1];
    const char *task = site->task != NULL ? site->task : "";
    size_t length;
    struct counted *made;

    if (vsnprintf(message, sizeof message, format, arguments) < 0) {
        message[0] = '\0';
    }
    length = strlen(message) + 1;
    made = fut_alloc(1, sizeof *made + length + strlen(task) + 1);
    if (made == NULL) {
        return NULL;
    }
    fill(&made->error, site);
    made->error.message = memcpy(made->text, message, length);
    made->error.task = strcpy(made->text + length, task);
    made->error.cause = fut_error_retain(site->cause);
    atomic_init(&made->references, 1);
    return &made->error;
}

void fut_error_embed(futures_error *error, const struct fut_error_site *site)
{
    fill(error, site);
    error->message = no_memory;
    error->task = "";
    error->cause = NULL;
}

static futures_error *copy(const futures_error *error)
{
    struct counted *made = fut_alloc(1, sizeof *made + sizeof no_memory);

    if (made == NULL) {
        return NULL;
    }
    made->error = *error;
    made->error.message = memcpy(made->text, no_memory, sizeof no_memory);
    atomic_init(&made->references, 1);
    return &made->error;
}

futures_error *fut_error_retain(const futures_error *error)
{
    struct counted *counted;

    if (error == NULL) {
        return NULL;
    }
    if (error->message == no_memory) {
        return copy(error);
    }
    if (is_constant(error)) {
        return (futures_error *)(uintptr_t)error;
    }
    counted = counted_of(error);
    add_relaxed(&counted->references, 1);
    return &counted->error;
}

futures_error *fut_error_keep(const futures_error *error)
{
    futures_error *kept = fut_error_retain(error);

    if (error != NULL && kept == NULL) {
        bool known = error->code > 0 && error->code < FUT_ERROR_CODES;

        /* nobody writes through it */
        kept = (futures_error *)(uintptr_t)&constants[known ? error->code
                                                            : ENOMEM];
    }
    return kept;
}

void fut_error_release(futures_error *error)
{
    while (error != NULL && is_counted(error)) {
        struct counted *counted = counted_of(error);

        /* acq_rel: the last one frees after all others have read */
        if (sub_acq_rel(&counted->references, 1) != 1) {
            return;
        }
        error = (futures_error *)(uintptr_t)counted->error.cause;
        fut_free(counted);
    }
}

futures_error *fut_error_deadline(void)
{
    return &deadline_error;
}
