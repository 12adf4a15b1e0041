/* The server runs in this process, on 127.0.0.1 and a free port, and all
 * proxies are passed by: nothing leaves the machine. Whatever ends the
 * demonstration, the server is stopped and the temporary folder removed. */
#include "demo.h"

#include "batch.h"
#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BYTES_A_SECOND = 1000 * 1000,
    SOURCES = 4, /* the last of them fails */
    URL_BYTES = 64,
    PATH_BYTES = 1024
};

typedef struct demo {
    settings *settings;
    futures_token *token;
    char urls[SOURCES][URL_BYTES];
} demo;

/* Prepares, runs and prints one batch of the first `count` URLs. */
static bool show(demo *self, size_t count, batch *shown)
{
    char *urls[SOURCES];
    for (size_t i = 0; i < count; i++)
        urls[i] = self->urls[i];
    if (!batch_prepare(shown, urls, count))
        return false;
    fflush(stdout);
    batch_run(shown, self->settings, self->token);
    batch_report(shown);
    return true;
}

static double sum_of_times(const batch *shown)
{
    double sum = 0;
    for (size_t i = 0; i < shown->count; i++)
        sum += (double)(shown->items[i].ended - shown->items[i].started) / 1e9;
    return sum;
}

static bool show_speed(demo *self)
{
    batch shown;
    printf("\nThree files that take 3 s, 1 s and 2 s, up to %u at a time:\n\n",
           self->settings->jobs);
    if (!show(self, SOURCES - 1, &shown))
        return false;
    bool ok = shown.status == FUTURES_OK;
    if (ok)
        printf("elapsed %.2f s; one after the other they would take %.2f s\n",
               shown.seconds, sum_of_times(&shown));
    batch_free(&shown);
    return ok;
}

static bool show_mode(demo *self, bool fail_fast)
{
    batch shown;
    self->settings->fail_fast = fail_fast;
    printf("\nA fourth answers 503; %s:\n\n",
           fail_fast ? "--fail-fast: its error cancels the others"
                     : "--keep-going: the others go on");
    if (!show(self, SOURCES, &shown))
        return false;
    bool ok = !futures_token_cancelled(self->token);
    batch_free(&shown);
    return ok;
}

static bool show_all(demo *self, bool one_mode)
{
    bool fail_fast = self->settings->fail_fast;
    self->settings->fail_fast = false;
    if (!show_speed(self))
        return false;
    if (one_mode)
        return show_mode(self, fail_fast);
    return show_mode(self, false) && show_mode(self, true);
}

static bool serve_and_show(demo *self, bool one_mode, const char *body)
{
    const size_t second = BYTES_A_SECOND;
    const server_source sources[SOURCES] = {
        {"/alpha.bin", 200, body, 3 * second, 3},
        {"/beta.bin", 200, body, 1 * second, 1},
        {"/gamma.bin", 200, body, 2 * second, 2},
        {"/delta.bin", 503, "later\n", 6, 0.5},
    };
    server *started = server_start(sources, SOURCES);
    if (started == NULL) {
        fprintf(stderr, "download: cannot start a server: %s\n",
                strerror(errno));
        return false;
    }
    printf("No URL was given: a demonstration with a server on "
           "127.0.0.1:%u.\n",
           server_port(started));
    for (size_t i = 0; i < SOURCES; i++)
        snprintf(self->urls[i], URL_BYTES, "http://127.0.0.1:%u%s",
                 server_port(started), sources[i].path);
    bool shown = show_all(self, one_mode);
    server_stop(started);
    return shown;
}

static bool show_with_body(demo *self, bool one_mode)
{
    char *body = calloc(3, BYTES_A_SECOND);
    if (body == NULL) {
        fputs("download: out of memory\n", stderr);
        return false;
    }
    bool shown = serve_and_show(self, one_mode, body);
    free(body);
    return shown;
}

/* Removes a folder of plain files. */
static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL)
        closedir(folder);
    rmdir(path);
}

static bool show_in_temporary(demo *self, bool one_mode)
{
    char path[PATH_BYTES];
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL ? parent : "/tmp";
    int length = snprintf(path, sizeof path, "%s/download-XXXXXX", parent);
    if ((size_t)length >= sizeof path || mkdtemp(path) == NULL) {
        fprintf(stderr, "download: cannot make a folder in '%s': %s\n", parent,
                strerror(errno));
        return false;
    }
    self->settings->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool shown = show_with_body(self, one_mode);
    close(self->settings->folder);
    remove_folder(path);
    return shown;
}

int demo_run(settings *chosen, bool one_mode, futures_token *token)
{
    demo self = {.settings = chosen, .token = token};
    chosen->direct = true;
    bool shown = chosen->folder < 0 ? show_in_temporary(&self, one_mode)
                                    : show_with_body(&self, one_mode);
    return shown ? 0 : 1;
}
