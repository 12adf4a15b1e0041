/* See options.h. */
#include "core/options.h"

#include <string.h>

#include <futures/for.h>
#include <futures/gather.h>
#include <futures/group.h>
#include <futures/map.h>
#include <futures/promise.h>
#include <futures/task.h>

bool fut_options_read(void *known, size_t size, const void *given)
{
    const unsigned char *bytes = given;
    size_t theirs;

    memcpy(&theirs, given, sizeof theirs);
    memset(known, 0, size);
    if (theirs < sizeof theirs) {
        return false;
    }
    memcpy(known, given, theirs < size ? theirs : size);
    for (size_t i = size; i < theirs; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

void fut_options_init(void *options, size_t size)
{
    if (options != NULL && size >= sizeof size) {
        memset(options, 0, size);
        memcpy(options, &size, sizeof size);
    }
}

void futures_pool_options_init(futures_pool_options *options, size_t size)
{
    fut_options_init(options, size);
}

void futures_stats_init(futures_stats *stats, size_t size)
{
    fut_options_init(stats, size);
}

void futures_task_options_init(futures_task_options *options, size_t size)
{
    fut_options_init(options, size);
}

void futures_promise_options_init(futures_promise_options *options,
                                  size_t size)
{
    fut_options_init(options, size);
}

void futures_gather_options_init(futures_gather_options *options, size_t size)
{
    fut_options_init(options, size);
}

void futures_map_options_init(futures_map_options *options, size_t size)
{
    fut_options_init(options, size);
}

void futures_for_options_init(futures_for_options *options, size_t size)
{
    fut_options_init(options, size);
}

void futures_group_options_init(futures_group_options *options, size_t size)
{
    fut_options_init(options, size);
}
