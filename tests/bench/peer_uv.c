/* libuv: uv_queue_work from the loop's thread; the loop sees the ends. One
 * request array, made beforehand and used again, so nothing is allocated per
 * task. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

static uv_loop_t loop;
static uv_work_t *requests;

static void run_body(uv_work_t *request)
{
    bench_body_in_place(request->data);
}

static void open_pool(unsigned workers, size_t count)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", workers);
    bench_require(uv_os_setenv("UV_THREADPOOL_SIZE", text) == 0, "setenv");
    bench_require(uv_loop_init(&loop) == 0, "uv_loop_init");
    requests = bench_room(count, sizeof *requests);
}

static void close_pool(void)
{
    bench_require(uv_loop_close(&loop) == 0, "uv_loop_close");
    uv_library_shutdown();
    free(requests);
}

static void queue(uv_work_t *request, long *slot)
{
    request->data = slot;
    bench_require(uv_queue_work(&loop, request, run_body, NULL) == 0,
                  "uv_queue_work");
}

static void wait_for_all(void)
{
    bench_require(uv_run(&loop, UV_RUN_DEFAULT) == 0, "uv_run");
}

static uint64_t stream(long slots[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        queue(&requests[i], &slots[i]);
    }
    wait_for_all();
    return bench_digest_slots(slots, count);
}

static long trip(long number)
{
    queue(&requests[0], &number);
    wait_for_all();
    return number;
}

const bench_peer bench_this_peer = {
    .name = "libuv",
    .open = open_pool,
    .close = close_pool,
    .stream = stream,
    .stream_note = "no future; one request array reused",
    .fib = NULL,
    .fib_note = "deadlocks on a fixed pool",
    .trip = trip,
    .trip_note = "no future; through the event loop",
};
