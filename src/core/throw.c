/* The callers' side of errors: throw, fail, defer. All forms come down to one
 * error that is put into the running task's frame. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/future.h"
#include "core/raise.h"
#include "core/self.h"

static struct fut_run *task_or_abort(const struct fut_error_site *site,
                                     const char *format, va_list arguments)
    FUTURES_PRINTF(2, 0);

static struct fut_run *task_or_abort(const struct fut_error_site *site,
                                     const char *format, va_list arguments)
{
    struct fut_run *run = fut_self_task();

    if (run == NULL) {
        (void)fputs("futures: an error outside a task, or in a callback: ",
                    stderr);
        (void)vfprintf(stderr, format, arguments);
        (void)fprintf(stderr, " (%d, %s:%d)\n", site->code, site->file,
                      site->line);
        abort();
    }
    return run;
}

/* The first error stays. */
static void put_error(struct fut_run *run, struct fut_error_site *site,
                      const char *format, va_list arguments)
    FUTURES_PRINTF(3, 0);

static void put_error(struct fut_run *run, struct fut_error_site *site,
                      const char *format, va_list arguments)
{
    if (run->failed) {
        return;
    }
    site->task = fut_future_name(run->future);
    run->failed = true;
    run->error = fut_error_create(site, format, arguments);
    if (run->error == NULL) {
        fut_error_embed(&run->lost, site);
    }
}

static struct fut_error_site make_site(const char *file, int line,
                                       const char *function,
                                       const futures_error *cause, int code)
{
    struct fut_error_site site = {file, line, function, NULL, cause, code};

    return site;
}

static _Noreturn void throw_error(struct fut_error_site site,
                                  const char *format, va_list arguments)
    FUTURES_PRINTF(2, 0);

static _Noreturn void throw_error(struct fut_error_site site,
                                  const char *format, va_list arguments)
{
    struct fut_run *run = task_or_abort(&site, format, arguments);

    put_error(run, &site, format, arguments);
    fut_raise_unwind(run);
}

void futures_vthrow_at(const char *file, int line, const char *function,
                       int code, const char *format, va_list arguments)
{
    throw_error(make_site(file, line, function, NULL, code), format,
                arguments);
}

void futures_throw_at(const char *file, int line, const char *function,
                      int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    throw_error(make_site(file, line, function, NULL, code), format,
                arguments);
}

void futures_throw_from_at(const char *file, int line, const char *function,
                           const futures_error *cause, int code,
                           const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    throw_error(make_site(file, line, function, cause, code), format,
                arguments);
}

static void fail_error(struct fut_error_site site, const char *format,
                       va_list arguments) FUTURES_PRINTF(2, 0);

static void fail_error(struct fut_error_site site, const char *format,
                       va_list arguments)
{
    struct fut_run *run = task_or_abort(&site, format, arguments);

    put_error(run, &site, format, arguments);
}

void *futures_vfail_at(const char *file, int line, const char *function,
                       int code, const char *format, va_list arguments)
{
    fail_error(make_site(file, line, function, NULL, code), format, arguments);
    return NULL;
}

void *futures_fail_at(const char *file, int line, const char *function,
                      int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_error(make_site(file, line, function, NULL, code), format, arguments);
    va_end(arguments);
    return NULL;
}

void *futures_fail_from_at(const char *file, int line, const char *function,
                           const futures_error *cause, int code,
                           const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_error(make_site(file, line, function, cause, code), format,
               arguments);
    va_end(arguments);
    return NULL;
}

void futures_defer(futures_cleanup *cleanup, void (*fn)(void *), void *arg)
{
    struct fut_run *run = fut_self_task();

    cleanup->fn = fn;
    cleanup->arg = arg;
    cleanup->older = NULL;
    if (run != NULL) {
        cleanup->older = run->cleanups;
        run->cleanups = cleanup;
    }
}

void futures_undefer(futures_cleanup *cleanup, bool run_it)
{
    struct fut_run *run = fut_self_task();

    if (run != NULL) {
        futures_cleanup **from = &run->cleanups;

        while (*from != NULL && *from != cleanup) {
            from = &(*from)->older;
        }
        if (*from != NULL) {
            *from = cleanup->older;
        }
    }
    if (run_it) {
        cleanup->fn(cleanup->arg);
    }
}
