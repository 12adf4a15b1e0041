/* Lists may come from other systems: white space around a URL, carriage
 * returns too, does not count. A zero byte would cut a URL unseen, so it is
 * refused. */
#include "urls.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool urls_add(urls *self, const char *url)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity * 2 + 16;
        char **items = realloc(self->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        self->items = items;
        self->capacity = capacity;
    }
    self->items[self->count] = strdup(url);
    if (self->items[self->count] == NULL)
        return false;
    self->count++;
    return true;
}

static char *trim(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    return line;
}

static bool add_line(urls *self, char *line, size_t length)
{
    if (strlen(line) != length) {
        errno = EILSEQ;
        return false;
    }
    char *url = trim(line);
    return *url == '\0' || *url == '#' || urls_add(self, url);
}

/* errno says why it gives false. */
static bool add_lines(urls *self, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length = 0;
    bool added = true;
    while (added && (length = getline(&line, &room, in)) >= 0)
        added = add_line(self, line, (size_t)length);
    int failed = errno;
    free(line);
    errno = failed;
    return added && !ferror(in);
}

bool urls_read(urls *self, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "r");
    bool done = in != NULL && add_lines(self, in);
    if (!done)
        fprintf(stderr, "download: cannot read the list '%s': %s\n", path,
                strerror(errno));
    if (in != NULL && !is_stdin)
        fclose(in);
    return done;
}

void urls_free(urls *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i]);
    free(self->items);
    *self = (urls){0};
}
