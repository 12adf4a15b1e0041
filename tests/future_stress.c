/* Whole lives of futures, mixed by chance: tasks with and without options, of
 * every kind of end, and promises; waited for, gathered, cancelled, hooked,
 * shared with another thread or abandoned, so that blocks are used again for
 * something else all the time. A future must say what its own task came to,
 * and each argument and value is freed exactly once.
 *
 * What a task is to do, and whose it is, is a number that is its argument,
 * its value and its error's code. */
#include <errno.h>

#include <futures/futures.h>

#include "support/race.h"

enum { THREADS = 3, WORKERS = 2, SLOTS = 4, HELD = 6 };

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { ROUNDS = 8000 };
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
enum { ROUNDS = 8000 };
#else
enum { ROUNDS = 150000 };
#endif
#else
enum { ROUNDS = 150000 };
#endif

/* The low bits of a number. */
enum { VALUE, NOTHING, THROW, FAIL, STOP, GATHER, ABANDON, PROMISE, KINDS };
enum { OPTIONS = 8, TOKEN = 16, BITS = 5, REASON = 77 };

static atomic_ullong args_made, args_freed;
static atomic_ullong values_made, values_freed;
static atomic_ullong hooks_made, hooks_called;
static atomic_ullong won[2]; /* of all threads' races */

struct held {
    futures_future *future;
    uintptr_t number;
};

static _Atomic(struct held *) slots[SLOTS];
static futures_pool *pool;
static _Thread_local struct race race = {.name = "cancel",
                                         .sides = {"cancelled", "ran"}};

static void die(const char *what, uintptr_t number)
{
    fprintf(stderr, "%s: %" PRIuPTR "\n", what, number);
    abort();
}

static void free_arg(void *arg)
{
    if (((uintptr_t)arg & OPTIONS) == 0)
        die("arg_free of another", (uintptr_t)arg);
    atomic_fetch_add(&args_freed, 1);
}

static void free_value(void *value)
{
    if (((uintptr_t)value & OPTIONS) == 0)
        die("value_free of another", (uintptr_t)value);
    atomic_fetch_add(&values_freed, 1);
}

static void *make_value(void *arg)
{
    if (((uintptr_t)arg & OPTIONS) != 0)
        atomic_fetch_add(&values_made, 1);
    return arg;
}

static int code_of(uintptr_t number)
{
    return (int)(number >> BITS) % 1000 + 1000;
}

static void *work(void *arg);

static futures_future *submit(uintptr_t number, futures_token *token)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    if ((number & (OPTIONS | TOKEN)) == 0)
        return futures_submit(pool, work, (void *)number);
    options.token = token;
    if ((number & OPTIONS) != 0) {
        options.name = "a name";
        options.arg_free = free_arg;
        options.value_free = free_value;
        atomic_fetch_add(&args_made, 1);
    }
    return futures_submit_with(pool, work, (void *)number, &options);
}

static bool is_own_value(uintptr_t number, const void *value)
{
    unsigned kind = number % KINDS;
    return value == NULL ||
           ((kind == VALUE || kind == PROMISE) && (uintptr_t)value == number);
}

static bool is_own_error(uintptr_t number, int code)
{
    unsigned kind = number % KINDS;
    return code == code_of(number) &&
           (kind == THROW || kind == FAIL || kind == PROMISE);
}

/* See cancel. */
static bool is_own_reason(uintptr_t number, int code)
{
    unsigned marks = number & (OPTIONS | TOKEN);
    return code == 0 || ((marks & TOKEN) != 0 && code == REASON) ||
           (marks == 0 && code == ETIMEDOUT);
}

static void check(struct held held)
{
    futures_status status = futures_wait(held.future, FUTURES_NEVER);
    const futures_error *error = futures_error_of(held.future);
    int code = error != NULL ? error->code : 0;
    const void *value = futures_value(held.future);
    bool right = status == FUTURES_OK ? is_own_value(held.number, value)
                                      : value == NULL;
    if (status == FUTURES_OK)
        right = right && error == NULL;
    else if (status == FUTURES_FAILED)
        right = right && is_own_error(held.number, code);
    else
        right = right && status == FUTURES_CANCELLED &&
                is_own_reason(held.number, code);
    if (!right)
        die("another's end", held.number);
}

static void run_children(uintptr_t number, bool gather)
{
    enum { CHILDREN = 3 };
    futures_future *set[CHILDREN];
    uintptr_t own = (number & ~(uintptr_t)(TOKEN | (KINDS - 1))) ^ OPTIONS;
    for (unsigned i = 0; i < CHILDREN; i++)
        set[i] = submit(own | (i == 1 ? FAIL : VALUE), NULL);
    if (gather)
        futures_gather(set, CHILDREN, NULL, NULL);
    futures_release_all(set, CHILDREN);
}

static void *work(void *arg)
{
    uintptr_t number = (uintptr_t)arg;
    switch (number % KINDS) {
    case VALUE:
        return make_value(arg);
    case THROW:
        futures_throw(code_of(number), "thrown");
    case FAIL:
        futures_fail(code_of(number), "failed");
        return make_value(arg);
    case STOP:
        while (!futures_cancelled())
            sched_yield();
        futures_checkpoint();
        break;
    case GATHER:
    case ABANDON:
        run_children(number, number % KINDS == GATHER);
        break;
    default:
        break;
    }
    return NULL;
}

static void count_done(void *hook, futures_future *future)
{
    if (futures_poll(future) == FUTURES_PENDING)
        die("told before the end", 0);
    atomic_fetch_add(&hooks_called, 1);
    free(hook);
}

static void add_hook(futures_future *future)
{
    futures_hook *hook = malloc(sizeof *hook);
    if (hook == NULL)
        abort();
    atomic_fetch_add(&hooks_made, 1);
    futures_on_done(future, hook, count_done, hook);
}

/* Of several who may do this one succeeds. */
static void settle(struct held held, unsigned how)
{
    void *value = (void *)held.number;
    if (how == 0 && futures_resolve(held.future, value) == FUTURES_OK)
        make_value(value);
    else if (how == 1)
        futures_reject(held.future, code_of(held.number), "rejected");
    else
        futures_cancel(held.future);
}

static void drop(struct held held, struct chance *chance)
{
    if (held.number % KINDS == PROMISE)
        settle(held, (unsigned)chance_below(chance, 4));
    if (chance_below(chance, 2) == 0)
        check(held);
    if (chance_below(chance, 4) == 0) {
        void *taken = futures_take(held.future);
        if (taken != NULL && ((uintptr_t)taken & OPTIONS) != 0)
            free_value(taken);
    }
    futures_release(held.future);
}

/* One that ends without this thread: who has the other may wait for it. */
static void share(struct held held, struct chance *chance)
{
    struct held *mine = malloc(sizeof *mine);
    struct held *other;
    if (mine == NULL)
        abort();
    *mine = held;
    futures_retain(held.future);
    other = atomic_exchange(&slots[chance_below(chance, SLOTS)], mine);
    if (other != NULL)
        drop(*other, chance);
    free(other);
}

/* Each gives another reason, and the last one leaves it with the task. */
static void cancel(struct held held, futures_token *token)
{
    futures_gather_options late = FUTURES_GATHER_OPTIONS_INIT;
    late.deadline = FUTURES_POLL;
    if (token != NULL)
        futures_token_cancel(token, REASON, "enough");
    else if ((held.number & OPTIONS) != 0)
        futures_cancel(held.future);
    else
        futures_gather(&held.future, 1, NULL, &late);
}

static void stop(struct held held, futures_token *token, struct chance *chance)
{
    race_delay(&race, chance);
    cancel(held, token);
    check(held);
    if (held.number % KINDS == VALUE)
        race_count(&race, futures_poll(held.future) == FUTURES_OK);
}

static futures_future *make(uintptr_t number, futures_token *token)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    if (number % KINDS != PROMISE)
        return submit(number, token);
    options.value_free = (number & OPTIONS) != 0 ? free_value : NULL;
    return futures_promise_with(&options);
}

/* returns  with a future that ends, whatever else is done to it */
static struct held begin(uintptr_t number, struct chance *chance)
{
    futures_token *token = NULL;
    if ((number & TOKEN) != 0)
        futures_token_create(&token, NULL, FUTURES_NEVER);
    struct held held = {make(number, token), number};
    if (chance_below(chance, 4) == 0)
        add_hook(held.future);
    if (number % KINDS != STOP && chance_below(chance, 4) == 0)
        share(held, chance);
    if (number % KINDS == PROMISE)
        settle(held, (unsigned)chance_below(chance, 4));
    else if (number % KINDS == STOP || chance_below(chance, 4) == 0)
        stop(held, token, chance);
    futures_token_release(token);
    return held;
}

static void end_all(struct held held[], size_t count, struct chance *chance)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[HELD];
    for (size_t i = 0; i < count; i++)
        set[i] = held[i].future;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.help = chance_below(chance, 2) == 0;
    if (chance_below(chance, 2) == 0)
        futures_gather(set, count, NULL, &options);
    for (size_t i = 0; i < count; i++)
        drop(held[i], chance);
}

static void *produce(void *arg)
{
    struct chance chance = {(uintptr_t)arg * 0x9e3779b97f4a7c15U + 1};
    struct held held[HELD];
    size_t count = 0;
    for (uintptr_t i = 0; i < ROUNDS; i++) {
        uintptr_t low = chance_below(&chance, 1 << BITS);
        uintptr_t number = (i * THREADS + (uintptr_t)arg + 1) << BITS | low;
        held[count++] = begin(number, &chance);
        if (chance_below(&chance, HELD) == 0 || count == HELD) {
            end_all(held, count, &chance);
            count = 0;
        }
    }
    end_all(held, count, &chance);
    atomic_fetch_add(&won[0], race.won[0]);
    atomic_fetch_add(&won[1], race.won[1]);
    return NULL;
}

static bool is_even(const char *what, uint64_t made, uint64_t gone)
{
    printf("%s: %" PRIu64 " made, %" PRIu64 " gone\n", what, made, gone);
    return made == gone && made > 0;
}

int main(void)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    struct chance chance = {7};
    pthread_t threads[THREADS];
    bool even;
    options.workers = WORKERS;
    if (futures_pool_create(&pool, &options) != FUTURES_OK)
        return 1;
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = race_start(produce, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i] != NULL)
            drop(*slots[i], &chance);
        free(slots[i]);
    }
    futures_pool_destroy(pool);
    even = is_even("arguments", args_made, args_freed);
    even = is_even("values", values_made, values_freed) && even;
    even = is_even("hooks", hooks_made, hooks_called) && even;
    race.won[0] = won[0];
    race.won[1] = won[1];
    return stress_status(even, race_was_fair(&race));
}
