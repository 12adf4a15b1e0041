/* The countdown starts at one, which is the waiter's: so it cannot end while
 * the caller still submits. */
#include "queue.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct bench_countdown {
    atomic_size_t left; /* the last to subtract posts all_done */
    sem_t all_done;
    bool is_ready; /* its thread's */
} bench_countdown;

/* Made beforehand, one per slot, so that nothing here allocates per task. */
struct bench_item {
    long *slot;
    bench_countdown *countdown;
    bench_kind kind;
};

static long *all_slots;
static bench_item *items; /* of all_slots[i] */
static _Thread_local bench_countdown mine;

void bench_queue_open(long slots[], size_t count)
{
    all_slots = slots;
    items = bench_room(count, sizeof *items);
}

void bench_queue_close(void)
{
    free(items);
}

void bench_run_item(bench_item *item)
{
    bench_countdown *countdown = item->countdown;
    if (item->kind == BENCH_TRIVIAL) {
        bench_body_in_place(item->slot);
    } else {
        bench_do_in_place(item->kind, item->slot);
    }
    if (atomic_fetch_sub(&countdown->left, 1) == 1) {
        sem_post(&countdown->all_done);
    }
}

static void make_ready(void)
{
    if (!mine.is_ready) {
        bench_require(sem_init(&mine.all_done, 0, 0) == 0, "sem_init");
        atomic_store(&mine.left, 1);
        mine.is_ready = true;
    }
}

void bench_queue_submit(bench_kind kind, long slots[], size_t count)
{
    make_ready();
    atomic_fetch_add(&mine.left, count);
    bench_item *item = items + (slots - all_slots);
    bench_countdown *countdown = &mine;
    for (size_t i = 0; i < count; i++, item++) {
        item->slot = &slots[i];
        item->countdown = countdown;
        item->kind = kind;
        bench_queue(item);
    }
}

void bench_queue_wait(void)
{
    if (atomic_fetch_sub(&mine.left, 1) != 1) {
        while (sem_wait(&mine.all_done) != 0) {
        }
    }
    atomic_store(&mine.left, 1);
}
