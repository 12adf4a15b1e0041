/* Planted: a thread that waits for a wake-up which never comes. */
#include "support/test.h"

#include <pthread.h>

Test(nets, a_hang_is_caught)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;

    pthread_mutex_lock(&mutex);
    for (;;)
        pthread_cond_wait(&never, &mutex);
}
