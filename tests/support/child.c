/* The child's stderr goes through a pipe that is read to its end before the
 * child is waited for, so that neither can block the other. A pipe that does
 * not end in time belongs to a child that hangs, and that is killed. */
#include "support/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANGS_AFTER_MS = 60000 };

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static _Noreturn void run_child(void (*fn)(void *), void *arg, int out)
{
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    dup2(out, STDERR_FILENO);
    close(out);
    fn(arg);
    _exit(0);
}

/* Takes one piece; what does not fit is lost. False: no more will come. */
static bool read_piece(int in, char *text, size_t capacity, size_t *length)
{
    char piece[512];
    size_t room = capacity - 1 - *length;
    ssize_t n = read(in, piece, sizeof piece);

    if (n <= 0)
        return n < 0 && errno == EINTR;
    if ((size_t)n < room)
        room = (size_t)n;
    memcpy(text + *length, piece, room);
    *length += room;
    text[*length] = '\0';
    return true;
}

/* Reads to the end. False: there was nothing to read for too long. */
static bool read_all(int in, char *text, size_t capacity)
{
    struct pollfd wait = {in, POLLIN, 0};
    size_t length = 0;

    do {
        int ready = poll(&wait, 1, HANGS_AFTER_MS);

        if (ready == 0)
            return false;
        if (ready < 0 && errno != EINTR)
            give_up("poll");
    } while (read_piece(in, text, capacity, &length));
    return true;
}

struct child child_run(void (*fn)(void *arg), void *arg)
{
    struct child child = {0, ""};
    int ends[2];
    pid_t pid;

    fflush(NULL);
    if (pipe(ends) != 0)
        give_up("pipe");
    pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        close(ends[0]);
        run_child(fn, arg, ends[1]);
    }
    close(ends[1]);
    if (!read_all(ends[0], child.printed, sizeof child.printed))
        kill(pid, SIGKILL);
    close(ends[0]);
    while (waitpid(pid, &child.status, 0) < 0)
        if (errno != EINTR)
            give_up("waitpid");
    return child;
}

bool child_aborted(const struct child *child)
{
    return WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGABRT;
}

int child_exit_status(const struct child *child)
{
    return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : -1;
}

void child_expect(int number, bool holds)
{
    if (!holds)
        _exit(number);
}
