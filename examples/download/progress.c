/* The painter is a task of a one-thread pool of its own: it draws, sleeps, and
 * ends when it is cancelled, so it needs no lock and no condition variable.
 * Only the painter writes to the terminal while it runs; on_done, on the
 * gathering thread, then only counts. */
#include "progress.h"

#include "display.h"
#include "report.h"
#include "text.h"

#include <futures/futures.h>

#include <stdlib.h>

struct progress {
    const transfer *items; /* const, as count */
    size_t count;
    futures_pool *pool;      /* NULL: plain lines */
    futures_future *painter; /* the same */
    display display;         /* the painter's */
    atomic_size_t ended;     /* written by the gathering thread */
    atomic_size_t failed;    /* the same */
};

static void *paint(void *arg)
{
    progress *self = arg;
    do
        display_draw(&self->display, self->ended, self->failed);
    while (futures_sleep(futures_in_ms(DISPLAY_PERIOD_MS)) == FUTURES_OK);
    display_erase(&self->display);
    return NULL;
}

progress *progress_start(const transfer items[], size_t count)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    progress *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->items = items;
    self->count = count;
    self->display = (display){.out = stderr, .items = items, .count = count};
    options.workers = 1;
    options.name = "painter";
    if (text_is_terminal(stderr) &&
        futures_pool_create(&self->pool, &options) == FUTURES_OK)
        self->painter = futures_submit(self->pool, paint, self);
    return self;
}

void progress_on_done(void *arg, size_t index, const futures_outcome *outcome)
{
    progress *self = arg;
    if (self == NULL)
        return;
    size_t ended = ++self->ended;
    self->failed += outcome->status != FUTURES_OK;
    if (self->painter == NULL)
        report_line(stderr, ended, self->count, &self->items[index], outcome);
}

void progress_stop(progress *self)
{
    if (self == NULL)
        return;
    if (self->painter != NULL) {
        futures_cancel(self->painter);
        futures_wait(self->painter, FUTURES_NEVER);
    }
    futures_release(self->painter);
    futures_pool_destroy(self->pool);
    free(self);
}
