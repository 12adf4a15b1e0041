/* A gate holds threads where a test wants them: a task arrives and blocks
 * until the test opens the gate, so that whatever the test does in between
 * certainly happens while that task runs. One mutex guards all; every change
 * is broadcast, so no waiter can miss it. A gate once open stays open until
 * gate_shut. It must outlive every thread that may still be inside: destroy
 * it after the pool, or after the futures of its tasks have ended.
 *
 * Waits for other threads are bounded by GATE_LIMIT_S and then answer false:
 * a broken interleaving becomes a failed assert and not a hang. */
#ifndef FUTURES_TESTS_GATE_H
#define FUTURES_TESTS_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#define GATE_LIMIT_S 20

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned long arrived; /* mutex; threads that have come so far */
    bool open;             /* mutex */
};

static inline void gate_init(struct gate *gate)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    gate->arrived = 0;
    gate->open = false;
}

static inline void gate_destroy(struct gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

/* Arrives and blocks until the gate is open. */
static inline void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->arrived++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

/* gate_pass as a task: the argument is the gate, the value too. */
static inline void *gate_task(void *gate)
{
    gate_pass(gate);
    return gate;
}

static inline void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

/* Closes it again for those who come later, and says how many came before. */
static inline unsigned long gate_shut(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = false;
    unsigned long arrived = gate->arrived;
    pthread_mutex_unlock(&gate->mutex);
    return arrived;
}

static inline unsigned long gate_arrivals(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    unsigned long arrived = gate->arrived;
    pthread_mutex_unlock(&gate->mutex);
    return arrived;
}

/* Waits until `count` threads have arrived since gate_init; false: they did
 * not come within the limit. */
static inline bool gate_await_arrivals(struct gate *gate, unsigned long count)
{
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += GATE_LIMIT_S;
    pthread_mutex_lock(&gate->mutex);
    int late = 0;
    while (gate->arrived < count && late == 0)
        late = pthread_cond_timedwait(&gate->changed, &gate->mutex, &limit);
    bool came = gate->arrived >= count;
    pthread_mutex_unlock(&gate->mutex);
    return came;
}

#endif
