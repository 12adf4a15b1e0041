/* The commands of a peer program: one sample of one workload each. A command
 * opens the pool, prints "key value" lines and closes the pool. */
#ifndef RUN_H
#define RUN_H

#include "bench.h"

typedef struct bench_order {
    unsigned workers;
    size_t count;    /* of tasks, items, trips ...; n of fib */
    long extra;      /* the second number of some */
    const char *key; /* the word of some */
} bench_order;

void run_stream(const bench_order *order);
void run_batch(const bench_order *order);
void run_shared(const bench_order *order);
void run_busy(const bench_order *order);
void run_errors(const bench_order *order);
void run_memory(const bench_order *order);
void run_ended(const bench_order *order);
void run_trip(const bench_order *order);
void run_idle(const bench_order *order);
void run_loop(const bench_order *order);
void run_fib(const bench_order *order);

/* Says why the peer cannot do it. */
void print_cannot(const char *why);
/* A line for the reader of the figures; NULL prints none. */
void print_note(const char *note);

#endif
