/* What the headers in shim/ turn the library's atomics, locks and parking
 * into. Values travel as 64-bit words; `size` says how wide they are. */
#ifndef FUTURES_TESTS_MODEL_OPERATIONS_H
#define FUTURES_TESTS_MODEL_OPERATIONS_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum model_order {
    MODEL_RELAXED,
    MODEL_ACQUIRE,
    MODEL_RELEASE,
    MODEL_ACQ_REL,
    MODEL_SEQ_CST
};

enum model_change { MODEL_ADD, MODEL_SUB, MODEL_OR, MODEL_EXCHANGE };

void model_init(void *atomic, size_t size, uint64_t value);
uint64_t model_load(const void *atomic, enum model_order order,
                    const struct model_site *site);
void model_store(void *atomic, size_t size, uint64_t value,
                 enum model_order order, const struct model_site *site);
uint64_t model_modify(void *atomic, size_t size, enum model_change change,
                      uint64_t value, enum model_order order,
                      const struct model_site *site);
bool model_swap(void *atomic, size_t size, void *expected, uint64_t value,
                enum model_order order, const struct model_site *site);

/* The heavy barrier. Others' stores before it are seen after it, and others'
 * loads after it see what was stored before it: no more than that, since the
 * light side's operations are but release and acquire here. */
void model_barrier(const struct model_site *site);

/* Instead of that the light side is sequentially consistent, and the barrier
 * does nothing: for a scenario's before() to say. */
extern bool model_is_portable;

void model_lock(void *mutex, const struct model_site *site);
void model_unlock(void *mutex, const struct model_site *site);

bool model_park(void *word, uint32_t seen, int64_t deadline,
                const struct model_site *site);
void model_unpark(void *word, int count, const struct model_site *site);

#ifdef __cplusplus
}
#endif

#endif
