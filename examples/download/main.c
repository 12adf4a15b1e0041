/* download: many files at once over HTTP, as one gather.
 *
 * The order matters: what can be wrong with the command line is found while
 * Ctrl-C still ends the program by itself; then the signals are blocked,
 * before any thread exists that could take them; then the work starts. */
#include "batch.h"
#include "demo.h"
#include "interrupt.h"
#include "options.h"
#include "partial.h"

#include <curl/curl.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_OK,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_SIGNAL = 128 /* plus the signal's number */
};

/* What runs once the signals are watched. */
typedef struct job {
    options *options;
    batch *batch; /* NULL: the demonstration */
} job;

static int run_batch(const job *self, futures_token *token)
{
    bool complete = batch_run(self->batch, &self->options->settings, token);
    batch_report(self->batch);
    return complete ? EXIT_OK : EXIT_FAILED;
}

static int run_demo(const job *self, futures_token *token)
{
    options *chosen = self->options;
    if (!chosen->retries_given)
        chosen->settings.retries = 0;
    return demo_run(&chosen->settings, chosen->mode_given, token);
}

/* A signal that came too late to stop anything changes nothing. */
static int run_watched(const job *self, futures_token *token)
{
    interrupt *watch = interrupt_start(token);
    if (watch == NULL) {
        fprintf(stderr, "download: cannot watch for signals: %s\n",
                strerror(errno));
        return EXIT_FAILED;
    }
    int status =
        self->batch != NULL ? run_batch(self, token) : run_demo(self, token);
    int signal = interrupt_signal(watch);
    interrupt_stop(watch);
    return status != EXIT_OK && signal != 0 ? EXIT_SIGNAL + signal : status;
}

static int run(const job *self)
{
    futures_token *token = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        futures_token_create(&token, NULL, FUTURES_NEVER) != FUTURES_OK) {
        fputs("download: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    int status = run_watched(self, token);
    futures_token_release(token);
    curl_global_cleanup();
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "download: cannot write to standard output: %s\n",
            strerror(errno));
    return status != EXIT_OK ? status : EXIT_FAILED;
}

static bool open_folder(options *chosen)
{
    const char *path = chosen->folder != NULL ? chosen->folder : ".";
    chosen->settings.folder = partial_open_folder(path);
    if (chosen->settings.folder >= 0)
        return true;
    fprintf(stderr, "download: cannot write to the folder '%s': %s\n", path,
            strerror(errno));
    return false;
}

static int run_urls(options *chosen)
{
    batch all;
    job self = {chosen, &all};
    if (!batch_prepare(&all, chosen->urls.items, chosen->urls.count))
        return EXIT_USAGE;
    int status = open_folder(chosen) ? run(&self) : EXIT_USAGE;
    if (chosen->settings.folder >= 0)
        close(chosen->settings.folder);
    batch_free(&all);
    return status;
}

static int run_without_urls(options *chosen)
{
    job self = {chosen, NULL};
    if (chosen->list_given) {
        fputs("download: the list holds no URL: nothing to do\n", stderr);
        return EXIT_OK;
    }
    chosen->settings.folder = -1;
    if (chosen->folder != NULL && !open_folder(chosen))
        return EXIT_USAGE;
    int status = run(&self);
    if (chosen->folder != NULL)
        close(chosen->settings.folder);
    return status;
}

/* A reader of the output that goes away (SIGPIPE) must not end the program
 * while half-written files lie about. */
int main(int argc, char *argv[])
{
    options chosen;
    int status = EXIT_OK;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    switch (options_read(&chosen, argc, argv)) {
    case OPTIONS_RUN:
        status = chosen.urls.count > 0 ? run_urls(&chosen)
                                       : run_without_urls(&chosen);
        break;
    case OPTIONS_HELP:
        break;
    case OPTIONS_BAD:
        status = EXIT_USAGE;
        break;
    }
    options_free(&chosen);
    return status;
}
