/* row 50: `fork_stress [FORKS]`. A process forks again and again while its
 * pool is under load; each child looks at what it inherited, in whatever state
 * the fork caught it, makes a pool of its own and ends. The parent loses
 * nothing. Not for ThreadSanitizer: its forked children start no threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { DEFAULT_FORKS = 200, IN_FLIGHT = 64, HANGS_AFTER_S = 20 };

struct load {
    futures_pool *pool;
    atomic_bool over;
    atomic_int submitted;
    atomic_int ran;
};

static void *produce(void *arg)
{
    struct load *load = arg;
    futures_future *futures[IN_FLIGHT];
    while (!atomic_load(&load->over)) {
        for (int i = 0; i < IN_FLIGHT; i++)
            futures[i] = futures_submit(load->pool, count_task, &load->ran);
        atomic_fetch_add(&load->submitted, IN_FLIGHT);
        futures_gather(futures, IN_FLIGHT, NULL, NULL);
        futures_release_all(futures, IN_FLIGHT);
    }
    return NULL;
}

/* In the child. Says which check did not hold; 0: all did. */
static int look_around(struct load *load, futures_future *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    if (status != FUTURES_FORKED && status != FUTURES_OK)
        return 1;
    futures_future *refused = futures_submit(load->pool, return_arg, NULL);
    if (futures_poll(refused) != FUTURES_FORKED)
        return 2;
    futures_release(refused);
    futures_release(future);
    futures_pool *pool = pool_of(1);
    if (pool == NULL)
        return 3;
    future = futures_submit(pool, return_arg, load);
    if (futures_wait(future, FUTURES_NEVER) != FUTURES_OK)
        return 4;
    futures_release(future);
    futures_pool_destroy(pool);
    futures_pool_destroy(load->pool);
    return 0;
}

/* The child's exit status, or its signal below zero. */
static int fork_and_look(struct load *load)
{
    futures_future *future = futures_submit(load->pool, return_arg, load);
    pid_t child = fork();
    if (child == 0) {
        alarm(HANGS_AFTER_S);
        _exit(look_around(load, future));
    }
    int status = -1;
    if (child > 0)
        waitpid(child, &status, 0);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char *argv[])
{
    long forks = argc > 1 ? atol(argv[1]) : DEFAULT_FORKS;
    struct load load = {.over = false};
    pthread_t producer;
    load.pool = pool_of(2);
    pthread_create(&producer, NULL, produce, &load);
    int failed = 0;
    long done = 0;
    while (done < forks && failed == 0) {
        failed = fork_and_look(&load);
        done++;
    }
    atomic_store(&load.over, true);
    pthread_join(producer, NULL);
    futures_pool_destroy(load.pool);
    int lost = atomic_load(&load.submitted) - atomic_load(&load.ran);
    printf("%ld forks, last child %d, %d tasks, %d lost\n", done, failed,
           atomic_load(&load.submitted), lost);
    return failed == 0 && lost == 0 && done > 0 ? 0 : 1;
}
