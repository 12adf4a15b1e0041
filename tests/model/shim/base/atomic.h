/* The names of src/base/atomic.h, sent to the simulator. A system header,
 * since its casts and unused values are no concern of the sources under
 * test. */
#ifndef FUT_BASE_ATOMIC_H
#define FUT_BASE_ATOMIC_H

#pragma GCC system_header

#include <stdatomic.h>
#include <stdint.h>

#include "operations.h"

#define FUT_CACHE_LINE 64

#undef atomic_init
#define atomic_init(p, v) model_init((p), sizeof *(p), (uint64_t)(v))

/* The type without _Atomic. */
#define MODEL_TYPE(p) __typeof__(((void)0, *(p)))

#define MODEL_LOAD(p, order, name) \
    ((MODEL_TYPE(p))model_load((p), order, MODEL_SITE(name)))
#define MODEL_STORE(p, v, order, name) \
    model_store((p), sizeof *(p), (uint64_t)(v), order, MODEL_SITE(name))
#define MODEL_MODIFY(p, change, v, order, name)                  \
    model_modify((p), sizeof *(p), change, (uint64_t)(v), order, \
                 MODEL_SITE(name))
#define MODEL_SWAP(p, expected, v, order, name)                    \
    model_swap((p), sizeof *(p), (expected), (uint64_t)(v), order, \
               MODEL_SITE(name))

#define load_relaxed(p) MODEL_LOAD(p, MODEL_RELAXED, "load_relaxed")
#define load_acquire(p) MODEL_LOAD(p, MODEL_ACQUIRE, "load_acquire")
#define load_seq_cst(p) MODEL_LOAD(p, MODEL_SEQ_CST, "load_seq_cst")

#define store_relaxed(p, v) MODEL_STORE(p, v, MODEL_RELAXED, "store_relaxed")
#define store_release(p, v) MODEL_STORE(p, v, MODEL_RELEASE, "store_release")
#define store_seq_cst(p, v) MODEL_STORE(p, v, MODEL_SEQ_CST, "store_seq_cst")

#define add_relaxed(p, v) \
    MODEL_MODIFY(p, MODEL_ADD, v, MODEL_RELAXED, "add_relaxed")
#define add_seq_cst(p, v) \
    MODEL_MODIFY(p, MODEL_ADD, v, MODEL_SEQ_CST, "add_seq_cst")
#define sub_acq_rel(p, v) \
    MODEL_MODIFY(p, MODEL_SUB, v, MODEL_ACQ_REL, "sub_acq_rel")
#define sub_seq_cst(p, v) \
    MODEL_MODIFY(p, MODEL_SUB, v, MODEL_SEQ_CST, "sub_seq_cst")
#define or_relaxed(p, v) \
    MODEL_MODIFY(p, MODEL_OR, v, MODEL_RELAXED, "or_relaxed")
#define exchange_acq_rel(p, v)                                        \
    ((MODEL_TYPE(p))MODEL_MODIFY(p, MODEL_EXCHANGE, v, MODEL_ACQ_REL, \
                                 "exchange_acq_rel"))
#define exchange_seq_cst(p, v)                                        \
    ((MODEL_TYPE(p))MODEL_MODIFY(p, MODEL_EXCHANGE, v, MODEL_SEQ_CST, \
                                 "exchange_seq_cst"))

#define cas_relaxed(p, expected, v) \
    MODEL_SWAP(p, expected, v, MODEL_RELAXED, "cas_relaxed")
#define cas_acq_rel(p, expected, v) \
    MODEL_SWAP(p, expected, v, MODEL_ACQ_REL, "cas_acq_rel")
#define cas_weak_acq_rel(p, expected, v) \
    MODEL_SWAP(p, expected, v, MODEL_ACQ_REL, "cas_weak_acq_rel")
#define cas_seq_cst(p, expected, v) \
    MODEL_SWAP(p, expected, v, MODEL_SEQ_CST, "cas_seq_cst")

#define fut_cpu_relax() model_yield()

#define bump_owned(p, v) store_relaxed((p), load_relaxed(p) + (v))

#define fut_prefetch(line) ((void)(line))
#define fut_prefetch_write(line) ((void)(line))

#endif
