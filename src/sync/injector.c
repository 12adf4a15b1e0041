#include "sync/injector.h"

static unsigned queues(const struct fut_injector *injector)
{
    return injector->stripes + FUT_LANES - 1;
}

void fut_injector_init(struct fut_injector *injector, unsigned stripes)
{
    injector->stripes = stripes;
    for (unsigned i = 0; i < queues(injector); i++) {
        fut_queue_init(&injector->queues[i]);
    }
}

void fut_injector_destroy(struct fut_injector *injector)
{
    for (unsigned i = 0; i < queues(injector); i++) {
        fut_queue_destroy(&injector->queues[i]);
    }
}

void *fut_injector_take_any(struct fut_injector *injector)
{
    void *entry = NULL;

    for (unsigned i = 0; i < queues(injector); i++) {
        if (fut_queue_take(&injector->queues[i], &entry, 1) > 0) {
            return entry;
        }
    }
    return NULL;
}

uint64_t fut_injector_came(const struct fut_injector *injector)
{
    uint64_t came = 0;

    for (unsigned i = 0; i < queues(injector); i++) {
        came += load_acquire(&injector->queues[i].tail);
    }
    return came;
}

bool fut_injector_is_empty(const struct fut_injector *injector)
{
    for (unsigned i = 0; i < queues(injector); i++) {
        if (!fut_queue_is_empty(&injector->queues[i])) {
            return false;
        }
    }
    return true;
}

void fut_injector_close(struct fut_injector *injector)
{
    for (unsigned i = 0; i < queues(injector); i++) {
        fut_queue_close(&injector->queues[i]);
    }
}

void fut_injector_scan(struct fut_injector *injector,
                       void (*visit)(void *context, void *entry),
                       void *context)
{
    for (unsigned i = 0; i < queues(injector); i++) {
        fut_queue_scan(&injector->queues[i], visit, context);
    }
}
