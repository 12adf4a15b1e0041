/* Calling on_done for the slots of a set, in the order in which they ended. */
#ifndef FUT_COMBINE_DONE_H
#define FUT_COMBINE_DONE_H

#include "combine/set.h"

/* Its slot has ended: on_done is due. */
void fut_set_queue_done(struct fut_set *set, futures_hook *hook);

/* Calls on_done for what has ended since. One thread at a time. */
void fut_set_call_done(struct fut_set *set);

/* Whether the slot had not ended when the waiter left. With on_done, where
 * it must be known. */
bool fut_set_was_detached(const struct fut_set *set, size_t index);

#endif
