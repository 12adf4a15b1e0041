/* Error objects: counted, immutable once made. */
#ifndef FUT_CORE_ERROR_H
#define FUT_CORE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include <futures/error.h>

/* Where an error comes from. */
struct fut_error_site {
    const char *file;
    int line;
    const char *function;
    const char *task; /* nullable */
    const futures_error *cause;
    int code;
};

/* returns  an error with one reference; NULL without memory
 * owns     copies task and message, retains cause (drops it without memory) */
futures_error *fut_error_create(const struct fut_error_site *site,
                                const char *format, va_list arguments)
    FUTURES_PRINTF(2, 0);

/* The error for which there was no memory, in storage of the caller's. It
 * cannot be retained as it lies: fut_error_retain makes a copy. */
void fut_error_embed(futures_error *error, const struct fut_error_site *site);

/* returns  the error with a reference more; a copy if it is embedded, NULL if
 *          there is no memory for that; NULL for NULL */
futures_error *fut_error_retain(const futures_error *error);

/* The same, but where there is no memory a constant, with the same code if
 * that is below FUT_ERROR_CODES, else ENOMEM. Retain and release do nothing to
 * it. NULL gives NULL. */
enum { FUT_ERROR_CODES = 144 };
futures_error *fut_error_keep(const futures_error *error);

/* NULL and embedded ones are fine. */
void fut_error_release(futures_error *error);

/* The error of a deadline that passed. Retain and release do nothing to it. */
futures_error *fut_error_deadline(void);

#endif
