/* The clocks and counters of the bench, and the bodies that need them. */
#ifndef MEASURE_H
#define MEASURE_H

#include "bench.h"

#define NS_PER_SECOND 1000000000L
#define NS_PER_MS 1000000L
#define NS_PER_US 1000L

/* Two clocks, read together: time and the CPU of the whole process. */
typedef struct moment {
    int64_t wall;
    int64_t cpu;
} moment;

int64_t wall_clock(void);
moment now(void);
moment since(moment start);
void sleep_ns(long ns);

/* Numbers the slots, and gives the digest of what must come of them. */
uint64_t fill(long slots[], size_t count);

/* Bytes of this process that lie in memory. */
double resident(void);

/* So that the table can show who ran how many threads. */
void print_threads(void);

/* Fits bench_busy to this machine. */
void calibrate_busy(void);

/* Waits until `count` tasks wait at the gate, which is closed at first. */
void await_gate(unsigned count);
void open_gate(void);
void close_gate(void);

#endif
