/* The worker threads themselves: their hooks and data, names, stacks and
 * signal masks, and that they alone run the tasks of a pool with hooks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "support/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { WORKERS = 3 };

struct hooked {
    atomic_int started;
    atomic_int stopped;
    atomic_int mismatched;
    pthread_t threads[WORKERS];
    int data[WORKERS];
};

static int start(void *context, unsigned worker, void **data)
{
    struct hooked *hooked = context;
    hooked->threads[worker] = pthread_self();
    *data = &hooked->data[worker];
    atomic_fetch_add(&hooked->started, 1);
    return 0;
}

static void stop(void *context, unsigned worker, void *data)
{
    struct hooked *hooked = context;
    if (data != &hooked->data[worker] ||
        !pthread_equal(hooked->threads[worker], pthread_self()))
        atomic_fetch_add(&hooked->mismatched, 1);
    atomic_fetch_add(&hooked->stopped, 1);
}

static futures_pool *hooked_pool(struct hooked *hooked, unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = hooked;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

Test(worker_hooks, run_once_for_each_worker_on_its_own_thread)
{
    struct hooked hooked = {.started = 0};
    futures_pool *pool = hooked_pool(&hooked, WORKERS);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&hooked.started), WORKERS);
    cr_assert_eq(atomic_load(&hooked.stopped), WORKERS);
    cr_assert_eq(atomic_load(&hooked.mismatched), 0);
}

Test(worker_hooks, have_stopped_when_shutdown_says_ok)
{
    struct hooked hooked = {.started = 0};
    futures_pool *pool = hooked_pool(&hooked, WORKERS);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(atomic_load(&hooked.stopped), WORKERS);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&hooked.stopped), WORKERS);
}

struct data_seen {
    struct gate gate;
    struct hooked *hooked;
    atomic_int wrong;
};

static void *look_at_data(void *arg)
{
    struct data_seen *seen = arg;
    int *data = futures_worker_data();
    gate_pass(&seen->gate);
    ptrdiff_t worker = data - seen->hooked->data;
    if (worker < 0 || worker >= WORKERS ||
        !pthread_equal(seen->hooked->threads[worker], pthread_self()))
        atomic_fetch_add(&seen->wrong, 1);
    return data;
}

Test(worker_data, is_what_this_workers_start_gave)
{
    struct hooked hooked = {.started = 0};
    struct data_seen seen = {.hooked = &hooked};
    futures_future *futures[WORKERS];
    gate_init(&seen.gate);
    futures_pool *pool = hooked_pool(&hooked, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        futures[i] = futures_submit(pool, look_at_data, &seen);
    cr_assert(gate_await_arrivals(&seen.gate, WORKERS));
    gate_open(&seen.gate);
    cr_assert_eq(futures_gather(futures, WORKERS, NULL, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&seen.wrong), 0);
    for (int i = 0; i < WORKERS; i++)
        for (int j = 0; j < i; j++)
            cr_assert_neq(futures_value(futures[i]),
                          futures_value(futures[j]));
    cr_assert_null(futures_worker_data(), "outside a worker");
    futures_release_all(futures, WORKERS);
    futures_pool_destroy(pool);
    gate_destroy(&seen.gate);
}

static void *worker_data(void *arg)
{
    (void)arg;
    return futures_worker_data();
}

Test(worker_data, is_null_in_a_pool_without_a_start_hook)
{
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, worker_data, NULL);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_null(futures_value(future));
    futures_release(future);
    futures_pool_destroy(pool);
}

static void *note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    return thread;
}

static bool ran_on_a_worker(const struct hooked *hooked, pthread_t thread)
{
    for (int i = 0; i < atomic_load(&hooked->started); i++)
        if (pthread_equal(hooked->threads[i], thread))
            return true;
    return false;
}

Test(worker_hooks, with_a_start_hook_a_helping_gather_runs_nothing_itself)
{
    struct hooked hooked = {.started = 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = true;
    futures_pool *pool = hooked_pool(&hooked, 1);
    for (int i = 0; i < 100; i++) {
        pthread_t thread = pthread_self();
        futures_future *future = futures_submit(pool, note_thread, &thread);
        cr_assert_eq(futures_gather(&future, 1, NULL, &options), FUTURES_OK);
        cr_assert(ran_on_a_worker(&hooked, thread));
        futures_release(future);
    }
    futures_pool_destroy(pool);
}

static void *submit_and_note(void *arg)
{
    pthread_t thread;
    futures_future *future = futures_submit(arg, note_thread, &thread);
    bool itself = futures_wait(future, FUTURES_NEVER) == FUTURES_OK &&
                  pthread_equal(thread, pthread_self());
    futures_release(future);
    return itself ? arg : NULL;
}

Test(worker_hooks, with_a_start_hook_strangers_workers_run_nothing_either)
{
    struct hooked hooked = {.started = 0};
    futures_pool *pool = hooked_pool(&hooked, 1);
    futures_pool *other = pool_of(1);
    for (int i = 0; i < 100; i++) {
        futures_future *task = futures_submit(other, submit_and_note, pool);
        cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        cr_assert_null(futures_value(task));
        futures_release(task);
    }
    futures_pool_destroy(other);
    futures_pool_destroy(pool);
}

struct overflowing {
    futures_pool *pool;
    pthread_t ran_on;
    pthread_t submitter;
};

static void *submit_one_more(void *arg)
{
    struct overflowing *overflowing = arg;
    overflowing->submitter = pthread_self();
    futures_future *future =
        futures_submit(overflowing->pool, note_thread, &overflowing->ran_on);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    return NULL;
}

Test(worker_hooks, with_a_start_hook_overflow_run_waits_for_room_outside)
{
    struct hooked hooked = {.started = 0};
    struct gate gate;
    gate_init(&gate);
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.queue_limit = 1;
    options.overflow = FUTURES_OVERFLOW_RUN;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = &hooked;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_release(futures_submit(pool, return_arg, NULL));
    struct overflowing overflowing = {.pool = pool};
    pthread_t thread;
    pthread_create(&thread, NULL, submit_one_more, &overflowing);
    nap_ms(5);
    gate_open(&gate);
    pthread_join(thread, NULL);
    cr_assert(ran_on_a_worker(&hooked, overflowing.ran_on));
    cr_assert(!pthread_equal(overflowing.ran_on, overflowing.submitter));
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *thread_name(void *name)
{
    pthread_getname_np(pthread_self(), name, 16);
    return name;
}

static void check_name(const char *pool_name, const char *expected)
{
    char seen[16] = "";
    char own[32] = "";
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    if (pool_name != NULL) {
        strncpy(own, pool_name, sizeof own - 1);
        options.name = own;
    }
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    memset(own, 0, sizeof own);
    futures_future *future = futures_submit(pool, thread_name, seen);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_str_eq(seen, expected);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(worker, threads_carry_the_pools_name_and_their_number)
{
    check_name(NULL, "futures-0");
    check_name("io", "io-0");
    check_name("a-name-of-many-letters", "a-name-of-man-0");
}

struct named {
    struct gate gate;
    char names[12][16];
    atomic_int next;
};

static void *note_own_name(void *arg)
{
    struct named *named = arg;
    int own = atomic_fetch_add(&named->next, 1);
    pthread_getname_np(pthread_self(), named->names[own], 16);
    gate_pass(&named->gate);
    return NULL;
}

Test(worker, names_are_cut_so_that_every_number_fits)
{
    struct named named = {.next = 0};
    gate_init(&named.gate);
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 12;
    options.name = "fifteen-letters";
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    for (int i = 0; i < 12; i++)
        futures_submit_detached(pool, note_own_name, &named, NULL);
    cr_assert(gate_await_arrivals(&named.gate, 12));
    gate_open(&named.gate);
    futures_pool_destroy(pool);
    for (int i = 0; i < 12; i++) {
        cr_assert_not_null(strrchr(named.names[i], '-'));
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(named.names[i], named.names[j]);
    }
    gate_destroy(&named.gate);
}

static void *stack_size(void *size)
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, size);
        pthread_attr_destroy(&attributes);
    }
    return size;
}

static size_t stack_size_of(size_t wanted)
{
    size_t size = 0;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.stack_size = wanted;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_future *future = futures_submit(pool, stack_size, &size);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    return size;
}

Test(worker, stacks_are_as_large_as_asked_for_and_never_under_a_mebibyte)
{
    cr_assert_geq(stack_size_of(0), (size_t)1 << 20);
    cr_assert_geq(stack_size_of(1), (size_t)1 << 20);
    cr_assert_geq(stack_size_of((5 << 20) + 1), (size_t)(5 << 20) + 1);
    cr_assert_lt(stack_size_of(1 << 20), (size_t)4 << 20);
}

static void *signal_mask(void *mask)
{
    pthread_sigmask(SIG_SETMASK, NULL, mask);
    return mask;
}

Test(worker, threads_block_every_signal_but_the_synchronous_ones)
{
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                      SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    static const int others[] = {SIGINT,  SIGTERM, SIGHUP,  SIGALRM,
                                 SIGUSR1, SIGCHLD, SIGPIPE, SIGWINCH};
    sigset_t mask;
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    futures_pool *pool = pool_of(1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    futures_future *future = futures_submit(pool, signal_mask, &mask);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++)
        cr_assert(!sigismember(&mask, synchronous[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_assert(sigismember(&mask, others[i]));
        cr_assert_eq(sigismember(&after, others[i]),
                     sigismember(&before, others[i]), "the creator's mask");
    }
    futures_release(future);
    futures_pool_destroy(pool);
}
