/* A list of URLs that grows. */
#ifndef DOWNLOAD_URLS_H
#define DOWNLOAD_URLS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct urls {
    char **items; /* owned, each too */
    size_t count;
    size_t capacity;
} urls;

/* Adds a copy.
 * returns  false without memory: nothing was changed */
bool urls_add(urls *self, const char *url);

/* Adds one for each line of a file ("-": standard input), but for blank lines
 * and those that start with '#'.
 * returns  false: one line on standard error says why */
bool urls_read(urls *self, const char *path);

void urls_free(urls *self);

#endif
