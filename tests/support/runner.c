/* Runs the tests of one program in the order of their file, in one process:
 * `PROGRAM [PART-OF-A-NAME]`. It stops at the first failure, ends with the
 * counts, and fails if no test ran at all. */
#include "support/test.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct test_case *first;
static struct test_case **end = &first;
static const struct test_case *running;
static unsigned passed;

void test_add(struct test_case *test)
{
    *end = test;
    end = &test->next;
}

static void print_counts(unsigned failed)
{
    printf("%u passed, %u failed\n", passed, failed);
    fflush(stdout);
}

_Noreturn void test_fail(const char *file, int line, const char *what,
                         const char *format, ...)
{
    va_list arguments;

    printf("%s:%d: %s/%s: %s", file, line, running->suite, running->name,
           what);
    va_start(arguments, format);
    if (format[0] != '\0')
        printf(": ");
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    print_counts(1);
    _exit(1);
}

static bool is_wanted(const struct test_case *test, const char *part)
{
    char name[256];

    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    return part == NULL || strstr(name, part) != NULL;
}

static void run(const struct test_case *test)
{
    unsigned threads = test_threads();

    printf("%s/%s\n", test->suite, test->name);
    fflush(stdout);
    running = test;
    test->body();
    cr_assert(test_threads_are_back_to(threads), "left %u threads",
              test_threads() - threads);
    passed++;
}

static void *nothing(void *arg)
{
    return arg;
}

/* A sanitizer may start a thread of its own with the first one of ours. */
static void start_first_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        pthread_join(thread, NULL);
}

int main(int argc, char *argv[])
{
    const char *part = argc > 1 ? argv[1] : NULL;

    start_first_thread();
    for (const struct test_case *test = first; test; test = test->next)
        if (is_wanted(test, part))
            run(test);
    print_counts(0);
    return passed > 0 ? 0 : 1;
}
