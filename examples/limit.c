/* A group with a limit: of its members two run at once, and one for each host.
 * Those that wait for a place hold no thread. The outcomes come in the order
 * in which the members were submitted.
 *
 * It prints:
 * a/1 a/2 b/1 b/2 c/1 c/2
 * more than 2 at once: never
 * more than 1 of a host: never
 */
#include <futures/futures.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int running;
static atomic_int running_of[3];
static atomic_bool too_many;
static atomic_bool too_many_of_one;

struct page {
    const char *host;
    const char *name;
};

static struct page pages[] = {{"a", "a/1"}, {"a", "a/2"}, {"b", "b/1"},
                              {"b", "b/2"}, {"c", "c/1"}, {"c", "c/2"}};
enum { PAGES = sizeof pages / sizeof pages[0] };

static void *fetch(void *arg)
{
    struct page *page = arg;
    atomic_int *of_host = &running_of[page->host[0] - 'a'];
    if (atomic_fetch_add(&running, 1) >= 2)
        atomic_store(&too_many, true);
    if (atomic_fetch_add(of_host, 1) >= 1)
        atomic_store(&too_many_of_one, true);
    futures_sleep(futures_in_ms(2)); /* the transfer */
    atomic_fetch_sub(of_host, 1);
    atomic_fetch_sub(&running, 1);
    return page;
}

static void submit(futures_group *group, struct page *page)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = page->name;
    options.key = page->host;
    futures_release(futures_group_submit(group, fetch, page, &options));
}

static futures_status fetch_all(futures_group *group)
{
    futures_outcome *outcomes;
    size_t count;
    for (int i = 0; i < PAGES; i++)
        submit(group, &pages[i]);
    futures_status status = futures_group_gather(group, &outcomes, &count);
    if (status != FUTURES_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        const struct page *page = outcomes[i].value;
        printf("%s%s", i > 0 ? " " : "", page->name);
    }
    printf("\n");
    return status;
}

int main(void)
{
    futures_pool_options four_workers = FUTURES_POOL_OPTIONS_INIT;
    futures_group_options limits = FUTURES_GROUP_OPTIONS_INIT;
    futures_pool *pool;
    futures_group *group;
    four_workers.workers = 4;
    limits.max_running = 2;
    limits.per_key = 1;
    if (futures_pool_create(&pool, &four_workers) != FUTURES_OK ||
        futures_group_create(&group, pool, &limits) != FUTURES_OK)
        return EXIT_FAILURE;

    futures_status status = fetch_all(group);
    printf("more than 2 at once: %s\n", too_many ? "seen" : "never");
    printf("more than 1 of a host: %s\n", too_many_of_one ? "seen" : "never");
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    return status == FUTURES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
