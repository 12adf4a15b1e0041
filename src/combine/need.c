/* See need.h. A need is found through its future, in a slot that its runner
 * would use otherwise only to fail without memory. */
#include "combine/need.h"

#include "combine/graph.h"

void fut_need_attach(futures_future *future, struct fut_need *need)
{
    need->future = future;
    need->up = NULL;
    need->at = 0;
    need->walk = 0;
    /* release: shows the need to those who look */
    store_release(&fut_future_extra(future)->need, need);
}

void fut_need_detach(struct fut_need *need)
{
    size_t at = 0;

    fut_graph_lock();
    if (need->next(need, &at) != NULL) {
        fut_graph_cut();
    }
    store_release(&fut_future_extra(need->future)->need, NULL);
    fut_graph_unlock();
}

void fut_need_poke(futures_pool *pool)
{
    if (!fut_graph_has_lookers()) {
        return;
    }
    fut_graph_lock();
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        at->due = 0;
    }
    fut_graph_poke(pool, NULL);
    fut_graph_unlock();
}

/* It is enough if somebody comes by who will take it, and a worker that parks
 * instead has the others look: see deadlock.c. */
void fut_need_queued(futures_pool *pool)
{
    if (fut_idle_is_unused(&pool->idle) && fut_graph_has_lookers()) {
        fut_graph_lock();
        fut_graph_poke(pool, NULL);
        fut_graph_unlock();
    }
}

void fut_need_settle(void)
{
    fut_graph_lock();
    fut_graph_unlock();
}
