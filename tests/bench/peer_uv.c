/* libuv: uv_queue_work from the loop's thread; the loop sees the ends. Each
 * calling thread has a loop, all share libuv's one pool. One request array,
 * made beforehand and used again, so nothing is allocated per task; its pages
 * are not touched before, so that they count as memory of the tasks. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

static long *all_slots;
static uv_work_t *requests;
static uv_loop_t main_loop;
static _Thread_local uv_loop_t own_loop;
static _Thread_local uv_loop_t *loop; /* main_loop or own_loop */

static void run_body(uv_work_t *request)
{
    bench_body_in_place(request->data);
}

static void run_busy(uv_work_t *request)
{
    bench_do_in_place(BENCH_BUSY, request->data);
}

static void run_gate(uv_work_t *request)
{
    bench_do_in_place(BENCH_GATE, request->data);
}

static void open_pool(unsigned workers, long slots[], size_t count)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", workers);
    bench_require(uv_os_setenv("UV_THREADPOOL_SIZE", text) == 0, "setenv");
    bench_require(uv_loop_init(&main_loop) == 0, "uv_loop_init");
    loop = &main_loop;
    all_slots = slots;
    requests = malloc(count * sizeof *requests);
    bench_require(requests != NULL, "out of memory");
}

static void close_pool(void)
{
    bench_require(uv_loop_close(&main_loop) == 0, "uv_loop_close");
    uv_library_shutdown();
    free(requests);
}

static uv_work_cb work_of(bench_kind kind)
{
    return kind == BENCH_BUSY   ? run_busy
           : kind == BENCH_GATE ? run_gate
                                : run_body;
}

static void submit(bench_kind kind, long slots[], size_t count)
{
    uv_work_cb work = work_of(kind);
    uv_work_t *mine = requests + (slots - all_slots);
    if (loop == NULL) {
        bench_require(uv_loop_init(&own_loop) == 0, "uv_loop_init");
        loop = &own_loop;
    }
    for (size_t i = 0; i < count; i++) {
        mine[i].data = &slots[i];
        bench_require(uv_queue_work(loop, &mine[i], work, NULL) == 0,
                      "uv_queue_work");
    }
}

/* A thread other than the main one comes here twice at most, so its loop is
 * made anew each time. */
static void wait_for_all(void)
{
    bench_require(uv_run(loop, UV_RUN_DEFAULT) == 0, "uv_run");
    if (loop == &own_loop) {
        bench_require(uv_loop_close(&own_loop) == 0, "uv_loop_close");
        loop = NULL;
    }
}

static const bench_remark remarks[] = {
    {"fib", true, "deadlocks on a fixed pool"},
    {"trip", false, "no future; through the event loop"},
    {"memory", false, "no future; one request array reused, and counted"},
    {NULL, false, NULL},
};

const bench_peer bench_this_peer = {
    .name = "libuv",
    .note = "no future; one request array reused",
    .remarks = remarks,
    .open = open_pool,
    .close = close_pool,
    .submit = submit,
    .wait = wait_for_all,
};
