/* A small HTTP server on 127.0.0.1, for the demonstration and the tests: it
 * serves bodies from memory, as slowly as it is told to. */
#ifndef DOWNLOAD_SERVER_H
#define DOWNLOAD_SERVER_H

#include <stddef.h>

typedef struct server_source {
    const char *path; /* such as "/alpha.bin" */
    unsigned status;  /* 200, or what it answers instead */
    const char *body;
    size_t size;
    double seconds; /* that the body takes, evenly; 0: at once */
} server_source;

typedef struct server server;

/* Serves the sources, and 404 for all other paths, on a free port.
 * returns  NULL: errno says why      threads  its own, one a connection
 * owns     server_stop ends it; borrows the sources until then */
server *server_start(const server_source sources[], size_t count);

unsigned server_port(const server *self);

/* Closes what is open and joins its threads; NULL is fine. */
void server_stop(server *self);

#endif
