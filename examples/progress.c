/* A progress bar: on_done is called once for each future, as it ends, by the
 * thread that gathers. So it needs no lock.
 *
 * It prints:
 * [#   ] 1 of 4
 * [##  ] 2 of 4
 * [### ] 3 of 4
 * [####] 4 of 4
 * 40 bytes
 */
#include <futures/futures.h>

#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 4 };

struct file {
    int milliseconds;
    long bytes;
};

struct bar {
    int done;
    long bytes;
};

static void *fetch(void *arg)
{
    struct file *file = arg;
    futures_sleep(futures_in_ms(file->milliseconds));
    return &file->bytes;
}

static void step(void *context, size_t index, const futures_outcome *outcome)
{
    struct bar *bar = context;
    (void)index; /* which one it was */
    bar->done++;
    if (outcome->status == FUTURES_OK)
        bar->bytes += *(long *)outcome->value;
    printf("[%.*s%*s] %d of %d\n", bar->done, "####", COUNT - bar->done, "",
           bar->done, COUNT);
}

int main(void)
{
    struct file files[COUNT] = {{20, 5}, {5, 10}, {10, 15}, {1, 10}};
    struct bar bar = {0, 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *futures[COUNT];
    futures_pool *pool;
    options.on_done = step;
    options.context = &bar;
    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return EXIT_FAILURE;

    for (int i = 0; i < COUNT; i++)
        futures[i] = futures_submit(pool, fetch, &files[i]);
    futures_status status = futures_gather(futures, COUNT, NULL, &options);
    printf("%ld bytes\n", bar.bytes);

    futures_release_all(futures, COUNT);
    futures_pool_destroy(pool);
    return status == FUTURES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
