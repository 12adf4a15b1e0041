/* A task that begins when other futures have ended. */
#ifndef FUT_COMBINE_THEN_H
#define FUT_COMBINE_THEN_H

#include "core/order.h"

/* As futures_then_with, with an order that fut_order_make answered with
 * `status`. why: see hold.h */
futures_future *fut_then(struct fut_order *order, futures_status status,
                         futures_future *const after[], size_t count,
                         void *arg, const char *why);

#endif
