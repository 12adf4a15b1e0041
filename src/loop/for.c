/* Units of the range are parts of `grain` indices, or single indices; more of
 * them where there are too many for 32 bits. */
#include <futures/for.h>

#include "loop/loop.h"
#include "core/self.h"

struct for_loop {
    struct fut_loop loop;
    void (*body)(void *, size_t, size_t); /* const, like all below */
    void *context;
    size_t begin;
    size_t end;
    size_t grain; /* 0: a run is one part */
    size_t unit;  /* indices */
    uint32_t units;
};

/* Where the unit begins; the last one may be short. */
static size_t index_of(const struct for_loop *loop, uint32_t unit)
{
    return unit < loop->units ? loop->begin + unit * loop->unit : loop->end;
}

/* returns  whether another one is to follow */
static bool run_part(const struct for_loop *loop, size_t *from, size_t end)
{
    size_t left = end - *from;
    size_t length = left < loop->grain ? left : loop->grain;

    loop->body(loop->context, *from, *from + length);
    *from += length;
    return left > length && !fut_self.run->failed;
}

static void run(struct fut_loop *base, struct fut_share *own, uint32_t first,
                uint32_t last)
{
    const struct for_loop *loop = (struct for_loop *)base;
    size_t from = index_of(loop, first);
    size_t end = index_of(loop, last);

    (void)own;
    if (loop->grain == 0) {
        loop->body(loop->context, from, end);
        return;
    }
    while (run_part(loop, &from, end)) {
        futures_checkpoint();
    }
}

static void divide(struct for_loop *loop)
{
    size_t last = loop->end - loop->begin - 1;

    loop->unit = loop->grain > 0 ? loop->grain : 1;
    if (last / loop->unit >= UINT32_MAX) {
        loop->unit *= last / loop->unit / UINT32_MAX + 1;
    }
    loop->units = (uint32_t)(last / loop->unit) + 1;
}

futures_status futures_for(futures_pool *pool, size_t begin, size_t end,
                           size_t grain, void (*body)(void *, size_t, size_t),
                           void *context)
{
    const futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct for_loop loop;
    futures_status status;

    if (pool == NULL || body == NULL) {
        return FUTURES_INVALID;
    }
    if (begin >= end) {
        return FUTURES_OK;
    }
    loop.loop.pool = pool;
    loop.loop.run = run;
    loop.body = body;
    loop.context = context;
    loop.begin = begin;
    loop.end = end;
    loop.grain = grain;
    divide(&loop);
    status = fut_loop_open(&loop.loop, loop.units);
    if (status == FUTURES_OK) {
        status = fut_loop_run(&loop.loop, &options);
        fut_loop_close(&loop.loop);
    }
    return status;
}
