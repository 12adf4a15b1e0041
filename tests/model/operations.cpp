/* What the sources do to memory, done to the simulated one: with the change
 * that the mutant asks for. */
#include <iostream>
#include <string.h>

#include "memory.hpp"
#include "mutant.hpp"
#include "operations.h"

namespace
{

using model::memory;

rl::debug_info at(const model_site *site)
{
    return rl::debug_info(site->function, site->file, site->line);
}

rl::memory_order order_of(model_order order, const model_site *site)
{
    static const struct {
        const char *name;
        rl::memory_order order;
    } orders[] = {{"relaxed", rl::mo_relaxed},
                  {"acquire", rl::mo_acquire},
                  {"release", rl::mo_release},
                  {"acq_rel", rl::mo_acq_rel},
                  {"seq_cst", rl::mo_seq_cst}};

    for (unsigned i = 0; i < MODEL_SEQ_CST; i++)
        if (model::chosen.changes(site, orders[i].name))
            return orders[i].order;
    return orders[order].order;
}

rl::memory_order failure_of(rl::memory_order order)
{
    switch (order) {
    case rl::mo_acq_rel:
        return rl::mo_acquire;
    case rl::mo_release:
        return rl::mo_relaxed;
    default:
        return order;
    }
}

uint64_t narrow(uint64_t value, size_t size)
{
    return size == 8 ? value : value & (((uint64_t)1 << 8 * size) - 1);
}

void fail(const std::string &what, rl::test_result_e result,
          const model_site *site)
{
    rl::ctx().fail_test(what.c_str(), result, at(site));
}

/* Others may run before the access, and none during it: so what is accessed
 * is looked at as late as the access itself. */
class step
{
  public:
    step(const void *address, const model_site *site)
        : context_(rl::ctx()), cell_(0)
    {
        context_.sched();
        context_.disable_preemption();
        cell_ = memory.find(address);
        if (cell_ == 0)
            fail("never made", rl::test_result_unitialized_access, site);
        if (cell_->is_gone())
            fail("gone", rl::test_result_access_to_freed_memory, site);
    }

    ~step()
    {
        context_.enable_preemption();
    }
    model::cell *operator->()
    {
        return cell_;
    }

  private:
    rl::context &context_;
    model::cell *cell_;
};

uint64_t changed(model_change change, uint64_t before, uint64_t value)
{
    switch (change) {
    case MODEL_ADD:
        return before + value;
    case MODEL_SUB:
        return before - value;
    case MODEL_OR:
        return before | value;
    default:
        return value;
    }
}

uint64_t modify(model::atomic_word &atomic, model_change change,
                uint64_t value, rl::memory_order order, const model_site *site)
{
    switch (change) {
    case MODEL_ADD:
        return atomic.fetch_add(value, order, at(site));
    case MODEL_SUB:
        return atomic.fetch_sub(value, order, at(site));
    case MODEL_OR:
        return atomic.fetch_or(value, order, at(site));
    default:
        return atomic.exchange(value, order, at(site));
    }
}

void touch_again(const void *address, const model_site *site)
{
    if (model::chosen.changes(site, "touch"))
        step(address, site)->atomic().load(rl::mo_relaxed, at(site));
}

} // namespace

void model_fail(const char *what, const model_site *site)
{
    fail(what, rl::test_result_user_assert_failed, site);
}

bool model_drops_at(const model_site *site)
{
    return model::chosen.changes(site, "drop");
}

unsigned model_random(unsigned limit)
{
    return rl::rand(limit);
}

void model_yield(void)
{
    rl::ctx().yield(1, rl::debug_info());
}

void model_write_at(void *word, uint64_t value, const model_site *site)
{
    if (memory.find(word) == 0 || memory.find(word)->is_gone())
        memory.make(word, model::PLAIN);
    step(word, site)->plain()(at(site)).store(value);
}

uint64_t model_read_at(const void *word, const model_site *site)
{
    return step(word, site)->plain()(at(site)).load();
}

void model_gone(void *start, size_t size)
{
    memory.take_back(start, size);
}

void model_init(void *atomic, size_t size, uint64_t value)
{
    memory.make_atomic(atomic, narrow(value, size));
}

uint64_t model_load(const void *atomic, model_order order,
                    const model_site *site)
{
    return step(atomic, site)->atomic().load(order_of(order, site), at(site));
}

void model_store(void *atomic, size_t size, uint64_t value, model_order order,
                 const model_site *site)
{
    if (!model::chosen.changes(site, "drop"))
        step(atomic, site)
            ->atomic()
            .store(narrow(value, size), order_of(order, site), at(site));
}

uint64_t model_modify(void *atomic, size_t size, model_change change,
                      uint64_t value, model_order order,
                      const model_site *site)
{
    uint64_t before;
    uint64_t after;

    if (model::chosen.changes(site, "split")) {
        before = model_load(atomic, MODEL_ACQUIRE, site);
        model_store(atomic, size, changed(change, before, value),
                    MODEL_RELEASE, site);
    } else {
        before = modify(step(atomic, site)->atomic(), change, value,
                        order_of(order, site), site);
    }
    after = changed(change, before, value);
    if (narrow(after, size) != after)
        fail("wrapped around", rl::test_result_user_assert_failed, site);
    touch_again(atomic, site);
    return before;
}

bool model_swap(void *atomic, size_t size, void *expected, uint64_t value,
                model_order order, const model_site *site)
{
    rl::memory_order success = order_of(order, site);
    uint64_t seen = 0;
    uint64_t wanted;
    bool done;

    memcpy(&seen, expected, size);
    wanted = seen;
    if (model::chosen.changes(site, "split")) {
        seen = model_load(atomic, MODEL_ACQUIRE, site);
        done = seen == wanted;
        if (done)
            model_store(atomic, size, value, MODEL_RELEASE, site);
    } else {
        done = step(atomic, site)
                   ->atomic()
                   .compare_exchange(rl::bool_t<false>(), seen,
                                     narrow(value, size), success,
                                     failure_of(success), at(site));
    }
    memcpy(expected, &seen, size);
    touch_again(atomic, site);
    return done;
}

bool model_is_portable;

void model_barrier(const model_site *site)
{
    rl::context &context = rl::ctx();

    if (model_is_portable || model::chosen.changes(site, "drop"))
        return;
    context.sched();
    rl::systemwide_fence(at(site));
}

void model_lock(void *mutex, const model_site *site)
{
    if (memory.find(mutex) == 0 || memory.find(mutex)->is_gone())
        memory.make(mutex, model::MUTEX);
    memory.find(mutex)->mutex().lock(at(site));
}

void model_unlock(void *mutex, const model_site *site)
{
    memory.find(mutex)->mutex().unlock(at(site));
}

/* The kernel compares with the newest value, whatever the thread has seen. */
bool model_park(void *word, uint32_t seen, int64_t deadline,
                const model_site *site)
{
    rl::context &context = rl::ctx();
    bool spurious = rl::rand(4) == 0;
    model::cell *cell;

    if (deadline != 0 && deadline <= 1)
        return false;
    if (step(word, site)->atomic().debug_value() != seen)
        return true;
    cell = memory.find(word);
    return cell->atomic().wait(context, deadline != 0, spurious, at(site)) !=
           rl::unpark_reason_timeout;
}

/* Waking an address that is gone is harmless. */
void model_unpark(void *word, int count, const model_site *site)
{
    rl::context &context = rl::ctx();
    model::cell *cell;

    if (model::chosen.changes(site, "drop"))
        return;
    context.sched();
    cell = memory.find(word);
    if (cell != 0 && !cell->is_gone())
        cell->atomic().wake(context, count, at(site));
}

extern "C" void *fut_alloc(size_t count, size_t size)
{
    return memory.allocate(count * size);
}

extern "C" void fut_free(void *start)
{
    memory.release(start);
}
