/* Only failed futures hold a reference, so a pool whose tasks succeed pays
 * nothing. */
#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/self.h"
#include "sync/park.h"

struct fut_sink {
    _Atomic unsigned references;
    void (*fn)(void *, const futures_error *); /* const */
    void *context;                             /* const */
    uint16_t generation;                       /* const: the process */
    pthread_mutex_t lock;
    bool shut;                /* lock */
    _Atomic uint32_t reports; /* under way; changed under the lock */
};

struct fut_sink *fut_sink_create(void (*fn)(void *, const futures_error *),
                                 void *context)
{
    struct fut_sink *sink = fut_alloc(1, sizeof *sink);

    if (sink != NULL) {
        atomic_init(&sink->references, 1);
        sink->fn = fn;
        sink->context = context;
        sink->generation = fut_fork_generation();
        (void)pthread_mutex_init(&sink->lock, NULL);
    }
    return sink;
}

struct fut_sink *fut_sink_retain(struct fut_sink *sink)
{
    if (sink != NULL) {
        add_relaxed(&sink->references, 1);
    }
    return sink;
}

void fut_sink_release(struct fut_sink *sink)
{
    if (sink != NULL && sub_acq_rel(&sink->references, 1) == 1) {
        (void)pthread_mutex_destroy(&sink->lock);
        fut_free(sink);
    }
}

static bool begin(struct fut_sink *sink)
{
    bool open;

    if (sink->generation != fut_fork_generation()) {
        return false; /* the parent reports it; its lock may be held */
    }
    fut_lock(&sink->lock);
    open = !sink->shut;
    if (open) {
        add_relaxed(&sink->reports, 1);
    }
    fut_unlock(&sink->lock);
    return open;
}

static void end(struct fut_sink *sink)
{
    fut_lock(&sink->lock);
    if (sub_acq_rel(&sink->reports, 1) == 1 && sink->shut) {
        fut_unpark(&sink->reports, FUT_PARK_ALL);
    }
    fut_unlock(&sink->lock);
}

void fut_sink_report(struct fut_sink *sink, const futures_error *error)
{
    struct fut_run frame;

    if (sink != NULL && begin(sink)) {
        fut_self_bar(&frame);
        sink->fn(sink->context, error);
        fut_self_unbar(&frame);
        end(sink);
    }
}

void fut_sink_shut(struct fut_sink *sink)
{
    uint32_t reports;

    if (sink == NULL) {
        return;
    }
    fut_lock(&sink->lock);
    sink->shut = true;
    fut_unlock(&sink->lock);
    while ((reports = load_acquire(&sink->reports)) != 0) {
        (void)fut_park(&sink->reports, reports, FUTURES_NEVER);
    }
}
