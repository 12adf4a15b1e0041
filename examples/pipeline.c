/* A pipeline: each file is fetched, then counted, then all are summed. Each
 * step begins when what it comes after has ended, and no thread waits for
 * that meanwhile. A step looks at how the one before it ended, and passes its
 * error on as the cause of its own.
 *
 * It prints:
 * a.txt: 3 words
 * b.txt: cannot count, since no such file
 * c.txt: 2 words
 * 5 words in all
 */
#include <futures/futures.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 3 };

struct file {
    const char *name;
    const char *text; /* NULL: there is none */
    size_t words;
    futures_future *fetched;
};

static struct file files[COUNT] = {{"a.txt", "let us go", 0, NULL},
                                   {"b.txt", NULL, 0, NULL},
                                   {"c.txt", "then back", 0, NULL}};
static futures_future *counted[COUNT];

static void *fetch(void *arg)
{
    struct file *file = arg;
    if (file->text == NULL)
        futures_throw(ENOENT, "no such file");
    return file;
}

static void *count_words(void *arg)
{
    struct file *file = arg;
    const futures_error *why = futures_error_of(file->fetched);
    if (why != NULL)
        futures_throw_from(why, EIO, "cannot count");
    bool in_word = false;
    for (const char *at = file->text; *at != '\0'; at++) {
        file->words += *at != ' ' && !in_word;
        in_word = *at != ' ';
    }
    return &file->words;
}

static void *sum(void *total)
{
    for (int i = 0; i < COUNT; i++)
        if (futures_poll(counted[i]) == FUTURES_OK)
            *(size_t *)total += *(size_t *)futures_value(counted[i]);
    return total;
}

static void print(const struct file *file, futures_future *result)
{
    const futures_error *error = futures_error_of(result);
    if (error == NULL)
        printf("%s: %zu words\n", file->name, file->words);
    else
        printf("%s: %s, since %s\n", file->name, error->message,
               error->cause != NULL ? error->cause->message : "?");
}

int main(void)
{
    size_t total = 0;
    futures_pool *pool;
    if (futures_pool_create(&pool, NULL) != FUTURES_OK)
        return EXIT_FAILURE;

    for (int i = 0; i < COUNT; i++) {
        struct file *file = &files[i];
        file->fetched = futures_submit(pool, fetch, file);
        counted[i] = futures_then(pool, &file->fetched, 1, count_words, file);
    }
    futures_future *all = futures_then(pool, counted, COUNT, sum, &total);
    futures_wait(all, FUTURES_NEVER);
    for (int i = 0; i < COUNT; i++)
        print(&files[i], counted[i]);
    printf("%zu words in all\n", total);

    for (int i = 0; i < COUNT; i++)
        futures_release(files[i].fetched);
    futures_release_all(counted, COUNT);
    futures_release(all);
    futures_pool_destroy(pool);
    return EXIT_SUCCESS;
}
