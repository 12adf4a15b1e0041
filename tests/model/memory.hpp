/* The simulated memory: each address that the sources use is a cell that
 * holds Relacy's view of it. All cells go before the next execution. Nothing
 * here allocates from within an execution, where the global operator new is
 * Relacy's own. */
#ifndef FUTURES_TESTS_MODEL_MEMORY_HPP
#define FUTURES_TESTS_MODEL_MEMORY_HPP

#include <new>
#include <stdint.h>
#include <stdlib.h>

#include <relacy/relacy.hpp>

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno

namespace model
{

typedef rl::generic_atomic<uint64_t, false> atomic_word;
typedef rl::var<uint64_t> plain_word;
typedef rl::mutex mutex_word;

enum kind { ATOMIC, PLAIN, MUTEX };

class cell
{
  public:
    void create(const void *address, kind kind)
    {
        address_ = address;
        kind_ = kind;
        gone_ = false;
        if (kind == ATOMIC)
            new (room_.atomic) atomic_word();
        else if (kind == PLAIN)
            new (room_.plain) plain_word();
        else
            new (room_.mutex) mutex_word();
    }

    void destroy()
    {
        if (gone_)
            return;
        gone_ = true;
        if (kind_ == ATOMIC)
            atomic().~atomic_word();
        else if (kind_ == PLAIN)
            plain().~plain_word();
        else
            mutex().~mutex_word();
    }

    void forget()
    {
        address_ = 0;
    }
    const void *address() const
    {
        return address_;
    }
    bool is_gone() const
    {
        return gone_;
    }
    atomic_word &atomic()
    {
        return *(atomic_word *)room_.atomic;
    }
    plain_word &plain()
    {
        return *(plain_word *)room_.plain;
    }
    mutex_word &mutex()
    {
        return *(mutex_word *)room_.mutex;
    }

  private:
    const void *address_; /* NULL: unused */
    kind kind_;
    bool gone_;
    union {
        char atomic[sizeof(atomic_word)];
        char plain[sizeof(plain_word)];
        char mutex[sizeof(mutex_word)];
        uint64_t aligned;
    } room_;
};

class all_memory
{
  public:
    /* Forgets the last execution, which may have failed halfway: Relacy's
     * own part of its cells went with its context. */
    void begin()
    {
        for (unsigned i = 0; i < used_count_; i++)
            cells_[used_[i]].forget();
        used_count_ = 0;
        for (unsigned i = 0; i < block_count_; i++)
            (::free)(blocks_[i].start);
        block_count_ = 0;
    }

    void end()
    {
        for (unsigned i = 0; i < used_count_; i++)
            cells_[used_[i]].destroy();
    }

    /* An atomic whose first value others see only if they are told of it. */
    void make_atomic(const void *address, uint64_t value)
    {
        rl::preemption_disabler no_step(rl::ctx());

        make(address, ATOMIC)
            .atomic()
            .store(value, rl::mo_relaxed, rl::debug_info());
    }

    /* NULL where no cell was ever made. */
    cell *find(const void *address)
    {
        cell &found = cells_[slot_of(address)];

        return found.address() == address ? &found : 0;
    }

    cell &make(const void *address, kind kind)
    {
        unsigned slot = slot_of(address);

        if (cells_[slot].address() == 0) {
            if (used_count_ == CELLS / 2)
                abort();
            used_[used_count_++] = slot;
        } else {
            cells_[slot].destroy();
        }
        cells_[slot].create(address, kind);
        return cells_[slot];
    }

    void *allocate(size_t bytes)
    {
        uint64_t *start = (uint64_t *)(::calloc)(1, bytes);

        if (start == 0 || block_count_ == BLOCKS)
            abort();
        blocks_[block_count_].start = start;
        blocks_[block_count_].bytes = bytes;
        block_count_++;
        for (size_t i = 0; i < bytes / sizeof *start; i++)
            make_atomic(&start[i], 0);
        return start;
    }

    void release(void *start)
    {
        for (unsigned i = 0; i < block_count_; i++)
            if (blocks_[i].start == start)
                take_back(start, blocks_[i].bytes);
    }

    void take_back(void *start, size_t bytes)
    {
        const char *end = (const char *)start + bytes;

        for (unsigned i = 0; i < used_count_; i++) {
            cell &each = cells_[used_[i]];

            if (each.address() >= start && each.address() < end)
                each.destroy();
        }
    }

  private:
    enum { CELLS = 4096, BLOCKS = 32 };

    /* Where the address is, or else an unused cell. */
    unsigned slot_of(const void *address) const
    {
        uint64_t mixed = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15u;
        unsigned slot = (unsigned)(mixed >> 40) % CELLS;

        while (cells_[slot].address() != 0 &&
               cells_[slot].address() != address)
            slot = (slot + 1) % CELLS;
        return slot;
    }

    struct block {
        void *start;
        size_t bytes;
    };

    cell cells_[CELLS];
    unsigned used_[CELLS];
    unsigned used_count_;
    block blocks_[BLOCKS];
    unsigned block_count_;
};

extern all_memory memory;

} // namespace model

#endif
