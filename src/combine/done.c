/* A stack of hooks that those who end futures push to, and that one thread at
 * a time takes as a whole and turns round. */
#include "combine/done.h"

#include "base/atomic.h"
#include "core/self.h"

void fut_set_queue_done(struct fut_set *set, futures_hook *hook)
{
    futures_hook *newest = load_relaxed(&set->ended);

    do {
        hook->next = (uintptr_t)newest;
    } while (!cas_acq_rel(&set->ended, &newest, hook));
}

static void call_done(struct fut_set *set, size_t index)
{
    futures_future *future = set->futures[index];
    futures_outcome outcome = {futures_poll(future), futures_value(future),
                               futures_error_of(future)};
    struct fut_run frame;

    fut_self_bar(&frame);
    set->options.on_done(set->options.context, index, &outcome);
    fut_self_unbar(&frame);
}

void fut_set_call_done(struct fut_set *set)
{
    futures_hook *newest;
    futures_hook *oldest = NULL;

    if (set->options.on_done == NULL) {
        return;
    }
    newest = exchange_acq_rel(&set->ended, NULL);
    set->news = set->news || newest != NULL;
    while (newest != NULL) {
        futures_hook *before = (futures_hook *)newest->next;

        newest->next = (uintptr_t)oldest;
        oldest = newest;
        newest = before;
    }
    while (oldest != NULL) {
        futures_hook *hook = oldest;

        oldest = (futures_hook *)hook->next;
        call_done(set, hook->index);
    }
}

bool fut_set_was_detached(const struct fut_set *set, size_t index)
{
    return set->options.on_done != NULL && set->hooks != NULL &&
           set->hooks[index].spare != NULL;
}
