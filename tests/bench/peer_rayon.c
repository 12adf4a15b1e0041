/* Rust's rayon: tasks through spawn from outside, loops, fork and join. */
#include "queue.h"

/* Of rayon/peer_rayon.rs. */
void rayon_open(int workers);
void rayon_close(void);
void rayon_queue(bench_item *item);
long rayon_trip(long number);
void rayon_fine(long slots[], size_t count);
void rayon_coarse(long slots[], size_t count);
long rayon_join(int n);
long rayon_scope(int n);

void bench_queue(bench_item *item)
{
    rayon_queue(item);
}

static void open_pool(unsigned workers, long slots[], size_t count)
{
    bench_queue_open(slots, count);
    rayon_open((int)workers);
}

static void close_pool(void)
{
    rayon_close();
    bench_queue_close();
}

#define LOOP_NOTE "called from outside; the caller waits"

static const bench_fib fibs[] = {
    {"spawn", "rayon scope", "no future", rayon_scope},
    {"join", "rayon join", "no future; the job lies on the stack", rayon_join},
    {NULL, NULL, NULL, NULL},
};

static const bench_loop loops[] = {
    {"fine", "rayon par_iter", "with_max_len(1); " LOOP_NOTE, rayon_fine,
     NULL},
    {"coarse", "rayon par_iter", LOOP_NOTE, rayon_coarse, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const bench_remark remarks[] = {
    {"trip", false, "install: no future"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = "rayon",
    .note = "no future",
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = bench_queue_submit,
    .wait = bench_queue_wait,
    .trip = rayon_trip,
    .loops = loops,
    .fibs = fibs,
};
