/* Planted: two threads write the same int without order between them. Only
 * ThreadSanitizer can tell. */
#include "support/test.h"

#include <pthread.h>

enum { ROUNDS = 1000 };

static int shared;

static void *write_it(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        shared++;
    return arg;
}

Test(nets, a_race_is_caught)
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, write_it, NULL), 0);
    write_it(NULL);
    pthread_join(thread, NULL);
    cr_assert_leq(shared, 2 * ROUNDS);
}
