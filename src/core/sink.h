/* Where errors go that nobody looked at: a pool's `unhandled`, reachable from
 * futures that outlive the pool, and shut before the pool is gone. */
#ifndef FUT_CORE_SINK_H
#define FUT_CORE_SINK_H

#include <futures/error.h>

struct fut_sink;

/* returns  a sink with one reference; NULL without memory */
struct fut_sink *fut_sink_create(void (*fn)(void *, const futures_error *),
                                 void *context);
struct fut_sink *fut_sink_retain(struct fut_sink *sink);
void fut_sink_release(struct fut_sink *sink);

/* Calls its fn with the error, unless it is shut. */
void fut_sink_report(struct fut_sink *sink, const futures_error *error);

/* Afterwards fn is not running and will not run. */
void fut_sink_shut(struct fut_sink *sink);

#endif
