/* For runtimes that are a queue and some threads, with no result and no wait:
 * submit and wait in terms of one call that queues an item. The wait is a
 * countdown per submitting thread whose last task posts a semaphore, the
 * cheapest that a caller can have. */
#ifndef QUEUE_H
#define QUEUE_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bench_item bench_item;

/* The peer's own: sees that some thread of the pool calls bench_run_item. */
void bench_queue(bench_item *item);

void bench_run_item(bench_item *item);

/* What bench_peer's functions of these names do. */
void bench_queue_open(long slots[], size_t count);
void bench_queue_close(void);
void bench_queue_submit(bench_kind kind, long slots[], size_t count);
void bench_queue_wait(void);

#ifdef __cplusplus
}
#endif

#endif
