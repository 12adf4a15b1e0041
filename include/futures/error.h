/* Errors of tasks: thrown from any depth or returned, captured by the future,
 * readable for as long as it lives. A task that throws nothing pays nothing.
 * Elsewhere: exceptions with std::future, Python's Future.exception().
 *
 * The message is formatted as by printf and cut at FUTURES_MESSAGE_MAX bytes.
 * An error that can get no memory keeps code, file, line and function. The
 * file and function given to the _at forms must outlive the error (string
 * literals); the task's name and the message are copied. */
#ifndef FUTURES_ERROR_H
#define FUTURES_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include <futures/export.h>

FUTURES_BEGIN

#define FUTURES_MESSAGE_MAX 1023

/* May grow at its end: read it where it lies, do not copy it. */
typedef struct futures_error {
    int code;             /* the caller's own, not 0; an errno value is good */
    const char *message;  /* never NULL */
    const char *task;     /* the task's name or "" */
    const char *file;     /* "" where unknown */
    int line;             /* 0 where unknown */
    const char *function; /* "" where unknown */
    const struct futures_error *cause; /* NULL, or what led to it */
} futures_error;

/* Ends the running task as FAILED, from any depth. Runs its pending cleanups,
 * newest first, while the frames still stand. Code 0 is taken as EINVAL. In a
 * cleanup it ends that cleanup only: the older ones still run and the first
 * error stays. In a hook, a callback or outside a task it prints and aborts.
 * Handlers of pthread_cleanup_push are not run by it, and it must not cross
 * frames that have some.
 * returns  never                       blocks   as the cleanups do
 * threads  inside a task               owns     copies what it formats */
#define futures_throw(code, ...) \
    futures_throw_at(__FILE__, __LINE__, __func__, (code), __VA_ARGS__)
FUTURES_NORETURN FUTURES_API void futures_throw_at(const char *file, int line,
                                                   const char *function,
                                                   int code,
                                                   const char *format, ...)
    FUTURES_PRINTF(5, 6);
FUTURES_NORETURN FUTURES_API void futures_vthrow_at(
    const char *file, int line, const char *function, int code,
    const char *format, va_list arguments) FUTURES_PRINTF(5, 0);

/* The same, with what led to it: the new error keeps `cause` alive. `cause`
 * may be NULL; an error that is borrowed from a future must be so still.
 * Without memory the cause is dropped before the code is.
 * returns  never                       blocks   as the cleanups do
 * threads  inside a task               owns     retains cause */
#define futures_throw_from(cause, code, ...)                             \
    futures_throw_from_at(__FILE__, __LINE__, __func__, (cause), (code), \
                          __VA_ARGS__)
FUTURES_NORETURN FUTURES_API void futures_throw_from_at(
    const char *file, int line, const char *function,
    const futures_error *cause, int code, const char *format, ...)
    FUTURES_PRINTF(6, 7);

/* The same error without the jump: `return futures_fail(...)`. The task goes
 * on and ends FAILED whatever it returns (value_free gets that); a second
 * error does not replace the first. Outside a task it prints and aborts.
 * returns  NULL                        blocks   never
 * threads  inside a task               owns     copies what it formats */
#define futures_fail(code, ...) \
    futures_fail_at(__FILE__, __LINE__, __func__, (code), __VA_ARGS__)
FUTURES_API void *futures_fail_at(const char *file, int line,
                                  const char *function, int code,
                                  const char *format, ...)
    FUTURES_PRINTF(5, 6);
FUTURES_API void *futures_vfail_at(const char *file, int line,
                                   const char *function, int code,
                                   const char *format, va_list arguments)
    FUTURES_PRINTF(5, 0);

/* futures_fail with what led to it, as futures_throw_from.
 * returns  NULL                        blocks   never
 * threads  inside a task               owns     retains cause */
#define futures_fail_from(cause, code, ...)                             \
    futures_fail_from_at(__FILE__, __LINE__, __func__, (cause), (code), \
                         __VA_ARGS__)
FUTURES_API void *futures_fail_from_at(const char *file, int line,
                                       const char *function,
                                       const futures_error *cause, int code,
                                       const char *format, ...)
    FUTURES_PRINTF(6, 7);

/* Room for one pending cleanup; the fields are private. */
typedef struct futures_cleanup {
    void (*fn)(void *arg);
    void *arg;
    struct futures_cleanup *older;
    void *spare;
} futures_cleanup;

/* Registers `fn(arg)` to run when the task throws or stops at a checkpoint.
 * Storage on the stack is fine if it is undeferred before that frame returns;
 * storage that outlives the task function also runs after a plain return.
 * After pthread_exit it does not run: that stack is gone. Outside a task it
 * only fills the storage, so that futures_undefer works there too.
 * returns  nothing                     blocks   never
 * threads  the task's own              owns     borrows cleanup until it ran
 *                                               or was undeferred */
FUTURES_API void futures_defer(futures_cleanup *cleanup, void (*fn)(void *),
                               void *arg);

/* Takes it back, and runs it now if `run` says so.
 * returns  nothing                     blocks   as fn does
 * threads  the one that deferred it    owns     gives cleanup back */
FUTURES_API void futures_undefer(futures_cleanup *cleanup, bool run);

FUTURES_END

#endif
