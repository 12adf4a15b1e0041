/* The straight path reads as if nothing could fail: what fails throws, and
 * the cleanups that were deferred remove the half-written file and stop the
 * clock. A request to stop shows at the checkpoint before each try; once the
 * body is complete none is looked at, so that no finished work is thrown
 * away. */
#include "transfer.h"

#include "fetch.h"
#include "partial.h"
#include "text.h"

#include <futures/futures.h>

#include <errno.h>

enum {
    FIRST_PAUSE_MS = 500, /* doubles with each try */
    LONGEST_PAUSE_MS = 30 * 1000
};

int transfer_worker_start(void *context, unsigned worker, void **data)
{
    const settings *chosen = context;
    (void)worker;
    *data = fetcher_create(chosen->direct);
    return *data != NULL ? 0 : ENOMEM;
}

void transfer_worker_stop(void *context, unsigned worker, void *data)
{
    (void)context;
    (void)worker;
    fetcher_destroy(data);
}

typedef struct body {
    transfer *item;
    partial file;
} body;

static void set_phase(transfer *item, transfer_phase phase)
{
    atomic_store_explicit(&item->phase, phase, memory_order_relaxed);
}

/* The fetcher's sink. */
static int receive(void *arg, const char *data, size_t size, int64_t expected)
{
    body *self = arg;
    transfer *item = self->item;
    atomic_store_explicit(&item->expected, expected, memory_order_relaxed);
    atomic_fetch_add_explicit(&item->received, (int64_t)size,
                              memory_order_relaxed);
    return partial_append(&self->file, data, size);
}

static void start_clock(transfer *item)
{
    atomic_store_explicit(&item->started, futures_now(), memory_order_relaxed);
    set_phase(item, TRANSFER_RUNNING);
}

/* A cleanup. */
static void stop_clock(void *arg)
{
    transfer *item = arg;
    item->ended = futures_now();
    set_phase(item, TRANSFER_ENDED);
}

static futures_time deadline_of(const transfer *item)
{
    futures_time timeout = item->settings->timeout;
    return timeout > 0 ? item->started + timeout : FUTURES_NEVER;
}

_Noreturn static void throw_late(const transfer *item)
{
    futures_throw(ETIMEDOUT, "timed out after %g s",
                  (double)item->settings->timeout / 1e9);
}

_Noreturn static void throw_failure(const fetch_failure *failure,
                                    unsigned tries)
{
    if (tries > 1)
        futures_throw(failure->code, "%s (%u tries)", failure->message, tries);
    futures_throw(failure->code, "%s", failure->message);
}

static int64_t pause_ms(unsigned tries, int64_t asked)
{
    int64_t pause = FIRST_PAUSE_MS;
    while (--tries > 0 && pause < LONGEST_PAUSE_MS)
        pause *= 2;
    if (pause > LONGEST_PAUSE_MS)
        pause = LONGEST_PAUSE_MS;
    return pause > asked ? pause : asked;
}

/* Sleeps before another try; a request to stop ends the sleep. Where the
 * deadline would not leave time for a try, the failure stands. */
static void back_off(transfer *item, const fetch_failure *failure,
                     unsigned tries)
{
    futures_time until = futures_in_ms(pause_ms(tries, failure->pause_ms));
    futures_time deadline = deadline_of(item);
    if (deadline != FUTURES_NEVER && until >= deadline)
        throw_failure(failure, tries);
    set_phase(item, TRANSFER_PAUSED);
    futures_sleep(until);
    atomic_store_explicit(&item->received, 0, memory_order_relaxed);
    set_phase(item, TRANSFER_RUNNING);
}

static void check_file(int code)
{
    if (code != 0)
        futures_throw(code, "cannot write: %s", text_errno(code).s);
}

/* Returns when the whole body has been written. */
static void fetch_body(body *self)
{
    transfer *item = self->item;
    fetch_sink sink = {receive, self};
    fetch_failure failure;
    for (unsigned tries = 1;; tries++) {
        futures_checkpoint();
        fetch_status status = fetcher_get(futures_worker_data(), item->url,
                                          deadline_of(item), &sink, &failure);
        if (status == FETCH_OK)
            return;
        if (status == FETCH_STOPPED)
            continue;
        if (status == FETCH_LATE)
            throw_late(item);
        if (status == FETCH_FAILED || tries > item->settings->retries)
            throw_failure(&failure, tries);
        check_file(partial_restart(&self->file));
        back_off(item, &failure, tries);
    }
}

void *transfer_run(void *arg)
{
    transfer *item = arg;
    body self = {.item = item};
    futures_cleanup clock;
    futures_cleanup file;
    start_clock(item);
    futures_defer(&clock, stop_clock, item);
    check_file(
        partial_create(&self.file, item->settings->folder, item->index));
    futures_defer(&file, partial_discard, &self.file);
    fetch_body(&self);
    check_file(partial_commit(&self.file, item->name));
    futures_undefer(&file, false);
    futures_undefer(&clock, true);
    return item;
}
