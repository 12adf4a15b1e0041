/* A server that behaves badly in the way that the path asks for, on plain
 * sockets, so that it can do what a real one would not. It prints the port it
 * listens on and one that refuses connections, then the path of each request.
 * One connection is served after the other; a stalled one stays open. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* A socket on a free port of 127.0.0.1; until it listens, it refuses. */
static int bind_somewhere(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int made = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 || bind(made, (struct sockaddr *)&address, size) != 0 ||
        getsockname(made, (struct sockaddr *)&address, &size) != 0)
        die("bind");
    *port = ntohs(address.sin_port);
    return made;
}

/* What a client that has gone does not take is lost. */
static void say(int client, const char *s)
{
    size_t length = strlen(s);
    while (length > 0) {
        ssize_t sent = send(client, s, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        s += sent;
        length -= (size_t)sent;
    }
}

static void answer(int client, const char *status, const char *body)
{
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
             "\r\n",
             status, strlen(body));
    say(client, head);
    say(client, body);
}

/* Half of what it promises. */
static void answer_half(int client)
{
    say(client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.");
}

/* The whole is shorter than the half was: it shows if a file is not begun
 * anew. */
static void answer_whole_later(int client)
{
    static int asked;
    if (asked++ == 0)
        answer_half(client);
    else
        answer(client, "200 OK", "all");
}

static void answer_third_time(int client)
{
    static int asked;
    if (++asked % 3 == 0)
        answer(client, "200 OK", "finally\n");
    else
        answer(client, "503 Service Unavailable", "later\n");
}

/* Returns whether the connection is to be closed. */
static bool serve(int client, const char *path)
{
    if (strcmp(path, "/cut") == 0) {
        answer_half(client);
    } else if (strcmp(path, "/cut-once") == 0) {
        answer_whole_later(client);
    } else if (strcmp(path, "/stall") == 0) {
        answer_half(client);
        return false;
    } else if (strcmp(path, "/third-time") == 0) {
        answer_third_time(client);
    } else if (strcmp(path, "/hours") == 0) {
        answer(client, "503 Service Unavailable\r\nRetry-After: 7200", "");
    } else if (strcmp(path, "/missing") == 0) {
        answer(client, "404 Not Found", "no\n");
    } else if (strcmp(path, "/moved") == 0) {
        say(client, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                    "Content-Length: 0\r\nConnection: close\r\n\r\n");
    } else {
        answer(client, "200 OK", path);
    }
    return true;
}

/* The path of the request; false if the client has gone. */
static bool read_path(int client, char *path, size_t room)
{
    char request[4096];
    size_t length = 0;
    request[0] = '\0';
    while (strstr(request, "\r\n\r\n") == NULL) {
        ssize_t got =
            recv(client, request + length, sizeof request - 1 - length, 0);
        if (got <= 0)
            return false;
        length += (size_t)got;
        request[length] = '\0';
    }
    const char *start = strchr(request, ' ');
    if (start == NULL)
        return false;
    size_t size = strcspn(start + 1, " ");
    snprintf(path, room, "%.*s", (int)size, start + 1);
    return true;
}

int main(void)
{
    unsigned port = 0;
    unsigned refusing = 0;
    char path[1024];
    int listener = bind_somewhere(&port);
    bind_somewhere(&refusing);
    if (listen(listener, 64) != 0)
        die("listen");
    printf("%u\n%u\n", port, refusing);
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            die("accept");
        bool asked = read_path(client, path, sizeof path);
        if (asked) {
            printf("%s\n", path);
            fflush(stdout);
        }
        if (!asked || serve(client, path))
            close(client);
    }
}
