/* The heart of the program: submit each transfer, gather them all. The futures
 * are kept until the table has been printed, since the errors in the outcomes
 * are theirs. */
#include "batch.h"

#include "names.h"
#include "progress.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

static bool out_of_memory(void)
{
    fputs("download: out of memory\n", stderr);
    return false;
}

static bool make_names(char *names[], char *const urls[], size_t count)
{
    const char *problem = NULL;
    for (size_t i = 0; i < count; i++) {
        names[i] = names_from_url(urls[i], &problem);
        if (names[i] == NULL) {
            fprintf(stderr, "download: bad URL '%s': %s\n", urls[i], problem);
            return false;
        }
    }
    return names_make_distinct(names, count) || out_of_memory();
}

static bool fill_items(batch *self, char *const urls[])
{
    char **names = calloc(self->count + 1, sizeof *names);
    if (names == NULL)
        return out_of_memory();
    bool named = make_names(names, urls, self->count);
    for (size_t i = 0; i < self->count; i++) {
        self->items[i].url = urls[i];
        self->items[i].name = names[i];
        self->items[i].index = i;
        self->items[i].expected = -1;
    }
    free(names);
    return named;
}

bool batch_prepare(batch *self, char *const urls[], size_t count)
{
    *self = (batch){.count = count, .status = FUTURES_PENDING};
    self->items = calloc(count + 1, sizeof *self->items);
    self->futures = calloc(count + 1, sizeof(futures_future *));
    self->outcomes = calloc(count + 1, sizeof *self->outcomes);
    if (self->items == NULL || self->futures == NULL || self->outcomes == NULL)
        out_of_memory();
    else if (fill_items(self, urls))
        return true;
    batch_free(self);
    return false;
}

static futures_pool *create_pool(const batch *self, settings *chosen)
{
    futures_pool *pool = NULL;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = chosen->jobs;
    if (self->count < chosen->jobs)
        options.workers = (unsigned)self->count;
    options.name = "download";
    options.worker_start = transfer_worker_start;
    options.worker_stop = transfer_worker_stop;
    options.context = chosen;
    futures_status status = futures_pool_create(&pool, &options);
    if (status != FUTURES_OK)
        fprintf(stderr, "download: cannot start %u workers: %s\n",
                options.workers, futures_status_text(status));
    return pool;
}

static void submit(batch *self, futures_pool *pool, const settings *chosen)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    for (size_t i = 0; i < self->count; i++) {
        self->items[i].settings = chosen;
        options.name = self->items[i].name;
        self->futures[i] =
            futures_submit_with(pool, transfer_run, &self->items[i], &options);
    }
}

/* A gather that calls on_done needs memory; one without does not. */
static void gather(batch *self, futures_pool *pool, const settings *chosen,
                   futures_token *token)
{
    progress *shown = progress_start(self->items, self->count);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error =
        chosen->fail_fast ? FUTURES_ON_ERROR_CANCEL : FUTURES_ON_ERROR_COLLECT;
    options.token = token;
    options.on_done = progress_on_done;
    options.context = shown;
    self->status =
        futures_gather(self->futures, self->count, self->outcomes, &options);
    progress_stop(shown);
    if (self->status == FUTURES_NOMEM) {
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
        self->status =
            futures_gather(self->futures, self->count, self->outcomes, NULL);
    }
}

bool batch_run(batch *self, settings *chosen, futures_token *token)
{
    futures_time started = futures_now();
    futures_pool *pool = create_pool(self, chosen);
    if (pool == NULL)
        return false;
    submit(self, pool, chosen);
    gather(self, pool, chosen, token);
    self->seconds = (double)(futures_now() - started) / 1e9;
    futures_pool_destroy(pool);
    return self->status == FUTURES_OK;
}

void batch_report(const batch *self)
{
    if (self->status != FUTURES_PENDING)
        report_table(stdout, self->items, self->outcomes, self->count,
                     self->seconds);
}

void batch_free(batch *self)
{
    if (self->futures != NULL)
        futures_release_all(self->futures, self->count);
    if (self->items != NULL)
        for (size_t i = 0; i < self->count; i++)
            free(self->items[i].name);
    free(self->items);
    free(self->futures);
    free(self->outcomes);
    *self = (batch){.status = FUTURES_PENDING};
}
