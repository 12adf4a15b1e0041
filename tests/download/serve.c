/* The example's own server with files of known content: writes each file into
 * a folder as well, prints its port, and serves until it is ended. The last
 * source is so slow that nobody sees its end. */
#include "server.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILES = 200,
    PATH_BYTES = 32,
    STEP_BYTES = 1009, /* the first file is empty */
    SLOW_BYTES = 60 * 1000
};

typedef struct store {
    char paths[FILES][PATH_BYTES];
    server_source sources[FILES + 1];
} store;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static char *random_bytes(size_t size, uint32_t seed)
{
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        die("malloc");
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = (char)(seed >> 24);
    }
    return bytes;
}

/* A path is "/name": the file lands beside the others of `folder`. */
static void write_file(const char *folder, const server_source *source)
{
    char path[1024];
    snprintf(path, sizeof path, "%s%s", folder, source->path);
    FILE *out = fopen(path, "wb");
    if (out == NULL ||
        fwrite(source->body, 1, source->size, out) != source->size ||
        fclose(out) != 0)
        die(path);
}

static void fill(store *all, const char *folder)
{
    for (size_t i = 0; i < FILES; i++) {
        size_t size = i * STEP_BYTES;
        snprintf(all->paths[i], PATH_BYTES, "/file-%zu.bin", i);
        all->sources[i] = (server_source){
            all->paths[i], 200, random_bytes(size, (uint32_t)i), size, 0};
        write_file(folder, &all->sources[i]);
    }
    all->sources[FILES] = (server_source){
        "/slow.bin", 200, random_bytes(SLOW_BYTES, FILES), SLOW_BYTES, 60};
}

int main(int argc, char *argv[])
{
    static store all;
    if (argc != 2) {
        fputs("usage: serve FOLDER\n", stderr);
        return 2;
    }
    fill(&all, argv[1]);
    server *started = server_start(all.sources, FILES + 1);
    if (started == NULL)
        die("server_start");
    printf("%u\n", server_port(started));
    fflush(stdout);
    for (;;)
        pause();
}
