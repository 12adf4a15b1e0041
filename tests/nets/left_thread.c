/* Planted: a test that passes and leaves a thread running. */
#include "support/test.h"

#include <pthread.h>
#include <unistd.h>

static void *stay(void *arg)
{
    for (;;)
        pause();
    return arg;
}

Test(nets, a_thread_left_running_is_caught)
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, stay, NULL), 0);
    cr_assert_eq(pthread_detach(thread), 0);
}
