/* libmicrohttpd with a thread a connection, so that a source may sleep while
 * it is due nothing. Nothing is shared between the threads but the sources,
 * which are constant. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MS = 20, BLOCK_BYTES = 64 * 1024 };

struct server {
    struct MHD_Daemon *daemon;
    const server_source *sources;
    size_t count;
};

/* A body that is being sent. */
typedef struct stream {
    const server_source *source;
    struct timespec started;
} stream;

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) +
           (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* The bytes that may have been sent by now. */
static size_t due(const stream *self)
{
    const server_source *source = self->source;
    double passed = seconds_since(&self->started);
    if (passed >= source->seconds)
        return source->size;
    return (size_t)((double)source->size * passed / source->seconds);
}

/* As many as come in a tick: what is due at each moment would be a packet for
 * a few bytes. */
static size_t block_bytes(const server_source *source)
{
    double bytes = (double)source->size;
    if (source->seconds > TICK_MS / 1000.0)
        bytes *= TICK_MS / 1000.0 / source->seconds;
    return (size_t)bytes + 1;
}

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

static ssize_t read_stream(void *arg, uint64_t position, char *data,
                           size_t room)
{
    const struct timespec tick = {0, TICK_MS * 1000000L};
    const stream *self = arg;
    const server_source *source = self->source;
    size_t from = (size_t)position;
    size_t size = least(least(room, source->size - from), block_bytes(source));
    while (due(self) < from + size)
        nanosleep(&tick, NULL);
    memcpy(data, source->body + from, size);
    return (ssize_t)size;
}

static struct MHD_Response *respond(const server_source *source)
{
    stream *made = malloc(sizeof *made);
    if (made == NULL)
        return NULL;
    made->source = source;
    clock_gettime(CLOCK_MONOTONIC, &made->started);
    struct MHD_Response *response = MHD_create_response_from_callback(
        source->size, BLOCK_BYTES, read_stream, made, free);
    if (response == NULL)
        free(made);
    return response;
}

static const server_source *find(const server *self, const char *path)
{
    static const char text[] = "there is no such thing here\n";
    static const server_source none = {NULL, MHD_HTTP_NOT_FOUND, text,
                                       sizeof text - 1, 0};
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->sources[i].path, path) == 0)
            return &self->sources[i];
    return &none;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
    (void)version;
    (void)upload;
    (void)request;
    *upload_size = 0;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return MHD_NO;
    const server_source *source = find(arg, path);
    struct MHD_Response *response = respond(source);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued =
        MHD_queue_response(connection, source->status, response);
    MHD_destroy_response(response);
    return queued;
}

server *server_start(const server_source sources[], size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server *self = malloc(sizeof *self);
    if (self == NULL)
        return NULL;
    self->sources = sources;
    self->count = count;
    self->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
        NULL, NULL, answer, self, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_END);
    if (self->daemon != NULL)
        return self;
    free(self);
    return NULL;
}

unsigned server_port(const server *self)
{
    return MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void server_stop(server *self)
{
    if (self == NULL)
        return;
    MHD_stop_daemon(self->daemon);
    free(self);
}
