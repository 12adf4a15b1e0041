/* The wrapped functions. The linker sends every call of the program and of the
 * static library here; the system library's own calls it does not see. One
 * atomic counter for each kind: the call that takes it to zero fails. */
#include "fault/fault.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

static struct {
    atomic_int left; /* calls up to the one that fails; far away: none */
    atomic_bool forever;
    atomic_uint failed;
} faults[FAULT_KINDS] = {
    {.left = INT_MAX}, {.left = INT_MAX}, {.left = INT_MAX}};

void fault_arm(enum fault_kind kind, unsigned nth, bool forever)
{
    atomic_store(&faults[kind].failed, 0);
    atomic_store(&faults[kind].forever, forever);
    atomic_store(&faults[kind].left, (int)nth);
}

unsigned fault_disarm(enum fault_kind kind)
{
    atomic_store(&faults[kind].left, INT_MAX);
    return atomic_load(&faults[kind].failed);
}

static bool fails(enum fault_kind kind)
{
    if (atomic_load(&faults[kind].left) == INT_MAX)
        return false;
    int left = atomic_fetch_sub(&faults[kind].left, 1);
    if (left > 1 || (left < 1 && !atomic_load(&faults[kind].forever)))
        return false;
    atomic_fetch_add(&faults[kind].failed, 1);
    return true;
}

static bool memory_fails(void)
{
    if (!fails(FAULT_MEMORY))
        return false;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*fn)(void *), void *arg);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
void *__real_mmap(void *address, size_t size, int protection, int flags,
                  int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags,
                  int file, off_t offset);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*fn)(void *), void *arg);

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);

void *__wrap_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return memory_fails() ? NULL : __real_aligned_alloc(alignment, size);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags,
                  int file, off_t offset)
{
    return memory_fails()
               ? MAP_FAILED
               : __real_mmap(address, size, protection, flags, file, offset);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    return fails(FAULT_MEMORY)
               ? ENOMEM
               : __real_posix_memalign(memory, alignment, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*fn)(void *), void *arg)
{
    return fails(FAULT_THREAD)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, fn, arg);
}

int __wrap_eventfd(unsigned count, int flags)
{
    if (!fails(FAULT_EVENT))
        return __real_eventfd(count, flags);
    errno = EMFILE;
    return -1;
}
