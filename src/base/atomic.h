/* C11 atomics under names that carry their order, and only those that the
 * library uses. No standalone fences: thread sanitizers do not model them, and
 * on x86 the orders below cost the same. */
#ifndef FUT_BASE_ATOMIC_H
#define FUT_BASE_ATOMIC_H

#include <stdatomic.h>
#include <stdint.h>

#define FUT_CACHE_LINE 64

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define load_seq_cst(p) atomic_load_explicit((p), memory_order_seq_cst)

#define store_relaxed(p, v) \
    atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) \
    atomic_store_explicit((p), (v), memory_order_release)
#define store_seq_cst(p, v) \
    atomic_store_explicit((p), (v), memory_order_seq_cst)

#define add_relaxed(p, v) \
    atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define add_seq_cst(p, v) \
    atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define sub_acq_rel(p, v) \
    atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define sub_seq_cst(p, v) \
    atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define or_relaxed(p, v) \
    atomic_fetch_or_explicit((p), (v), memory_order_relaxed)
#define exchange_seq_cst(p, v) \
    atomic_exchange_explicit((p), (v), memory_order_seq_cst)
#define exchange_acq_rel(p, v) \
    atomic_exchange_explicit((p), (v), memory_order_acq_rel)

#define cas_relaxed(p, expected, v)          \
    atomic_compare_exchange_strong_explicit( \
        (p), (expected), (v), memory_order_relaxed, memory_order_relaxed)
/* On failure *expected is what was there, read with acquire. */
#define cas_acq_rel(p, expected, v)          \
    atomic_compare_exchange_strong_explicit( \
        (p), (expected), (v), memory_order_acq_rel, memory_order_acquire)
#define cas_weak_acq_rel(p, expected, v)   \
    atomic_compare_exchange_weak_explicit( \
        (p), (expected), (v), memory_order_acq_rel, memory_order_acquire)
#define cas_seq_cst(p, expected, v)          \
    atomic_compare_exchange_strong_explicit( \
        (p), (expected), (v), memory_order_seq_cst, memory_order_seq_cst)

/* Tells the processor that this thread spins. */
static inline void fut_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

/* Asks for a line that is about to be read, or written. */
static inline void fut_prefetch(const void *line)
{
#if defined(__GNUC__)
    __builtin_prefetch(line);
#else
    (void)line;
#endif
}

static inline void fut_prefetch_write(const void *line)
{
#if defined(__GNUC__)
    __builtin_prefetch(line, 1);
#else
    (void)line;
#endif
}

/* The number of the lowest bit that is set; there is one. */
static inline unsigned fut_lowest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(bits);
#else
    unsigned number = 0;

    while ((bits >> number & 1) == 0) {
        number++;
    }
    return number;
#endif
}

/* Adds to a counter that one thread alone writes: a
 * single writer needs no read-modify-write, and readers see whole values. */
#define bump_owned(p, v) store_release((p), load_relaxed(p) + (v))

#endif
