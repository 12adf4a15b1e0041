/* Results come in the order in which you asked, whatever order the tasks end
 * in: here the first one takes longest. Each result is memory of its own; the
 * futures own it and free it, unless it is taken out of them.
 *
 * It prints:
 * ONE
 * TWO
 * THREE
 */
#include <futures/futures.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *upper(void *arg)
{
    const char *word = arg;
    size_t length = strlen(word);
    char *result = malloc(length + 1);
    if (result == NULL)
        return futures_fail(ENOMEM, "no memory for '%s'", word);
    for (size_t i = 0; i <= length; i++)
        result[i] = (char)toupper((unsigned char)word[i]);
    return result;
}

static void *slowly_upper(void *word)
{
    futures_sleep(futures_in_ms(30));
    return upper(word);
}

int main(void)
{
    char words[][6] = {"one", "two", "three"};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "upper";
    options.value_free = free;
    futures_pool *pool;
    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return EXIT_FAILURE;

    futures_future *futures[] = {
        futures_submit_with(pool, slowly_upper, words[0], &options),
        futures_submit_with(pool, upper, words[1], &options),
        futures_submit_with(pool, upper, words[2], &options),
    };
    futures_outcome outcomes[3];
    futures_status status = futures_gather(futures, 3, outcomes, NULL);
    if (status == FUTURES_OK)
        for (int i = 0; i < 3; i++)
            puts(outcomes[i].value);

    futures_release_all(futures, 3);
    futures_pool_destroy(pool);
    return status == FUTURES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
