/* One sample of one workload with one runtime, on the command line of
 * bench.py: prints "key value" lines. Every result is checked, and a wrong one
 * ends the program with status 1, so that no figure stands for work that was
 * not done. What is timed lies between two readings of the clock; arrays are
 * made, filled and checked outside. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench_command {
    const char *name;
    const char *usage;
    int numbers; /* besides the number of workers */
    bool key;    /* takes a word at the end, and its remarks go by that */
    void (*run)(const bench_order *order);
} bench_command;

static const bench_command commands[] = {
    {"stream", "WORKERS TASKS", 1, false, run_stream},
    {"batch", "WORKERS TASKS", 1, false, run_batch},
    {"loop", "WORKERS ITEMS KEY", 1, true, run_loop},
    {"fib", "WORKERS N KEY", 1, true, run_fib},
    {"trip", "WORKERS TRIPS PAUSE_US", 2, false, run_trip},
    {"shared", "WORKERS TASKS CALLERS", 2, false, run_shared},
    {"busy", "WORKERS TASKS", 1, false, run_busy},
    {"memory", "WORKERS TASKS", 1, false, run_memory},
    {"idle", "WORKERS MS", 1, false, run_idle},
    {"ended", "WORKERS FUTURES", 1, false, run_ended},
    {"errors", "WORKERS TASKS", 1, false, run_errors},
};

#define COMMANDS (sizeof commands / sizeof commands[0])
#define MOST_NUMBERS 3

void print_cannot(const char *why)
{
    printf("cannot %s\n", why);
}

void print_note(const char *note)
{
    if (note != NULL) {
        printf("note %s\n", note);
    }
}

static int usage(void)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(stderr, "usage: %s %s\n", commands[i].name, commands[i].usage);
    }
    return 2;
}

static bool parse(const char *text, long *number)
{
    char *end = NULL;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= 0 && *number <= 100000000;
}

static const bench_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static bool read_arguments(const bench_command *command, char *const words[],
                           int count, bench_order *order)
{
    long numbers[MOST_NUMBERS] = {0};
    if (count != 1 + command->numbers + command->key) {
        return false;
    }
    for (int i = 0; i < 1 + command->numbers; i++) {
        if (!parse(words[i], &numbers[i])) {
            return false;
        }
    }
    order->workers = (unsigned)numbers[0];
    order->count = (size_t)numbers[1];
    order->extra = numbers[2];
    order->key = command->key ? words[count - 1] : NULL;
    return numbers[0] > 0 && numbers[1] > 0;
}

static const bench_remark *find_remark(const char *command)
{
    const bench_remark *remark = bench_this_peer.remarks;
    while (remark != NULL && remark->command != NULL) {
        if (strcmp(remark->command, command) == 0) {
            return remark;
        }
        remark++;
    }
    return NULL;
}

/* Loops and fibs have a note each, the rest goes by command. */
static bool announce(const bench_command *command)
{
    const bench_remark *remark = find_remark(command->name);
    if (remark != NULL && remark->cannot) {
        print_cannot(remark->text);
        return false;
    }
    if (!command->key) {
        print_note(remark != NULL ? remark->text : bench_this_peer.note);
    }
    return true;
}

int main(int argc, char **argv)
{
    bench_order order;
    const bench_command *chosen = argc > 1 ? find_command(argv[1]) : NULL;
    if (chosen == NULL ||
        !read_arguments(chosen, argv + 2, argc - 2, &order)) {
        return usage();
    }
    printf("name %s\n", bench_this_peer.name);
    if (announce(chosen)) {
        chosen->run(&order);
    }
    return EXIT_SUCCESS;
}
