/* A full pipe is readable, and an empty one is not: so what write and read
 * answer does not matter, but for a signal that came first. errno stays as it
 * was: the ends of futures come from everywhere. */
#include "base/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#if defined(__linux__) && !defined(FUT_EVENT_PIPE)

#include <sys/eventfd.h>

bool fut_event_open(struct fut_event *event)
{
    event->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    event->write_fd = event->fd;
    return event->fd >= 0;
}

#else

static bool prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool fut_event_open(struct fut_event *event)
{
    int ends[2];

    if (pipe(ends) != 0) {
        return false;
    }
    event->fd = ends[0];
    event->write_fd = ends[1];
    if (!prepare(ends[0]) || !prepare(ends[1])) {
        int error = errno;

        fut_event_close(event);
        errno = error;
        return false;
    }
    return true;
}

#endif

void fut_event_set(const struct fut_event *event)
{
    const uint64_t one = 1;
    int error = errno;

    while (write(event->write_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = error;
}

void fut_event_clear(const struct fut_event *event)
{
    uint64_t count;
    int error = errno;

    while (read(event->fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
    errno = error;
}

void fut_event_close(const struct fut_event *event)
{
    (void)close(event->fd);
    if (event->write_fd != event->fd) {
        (void)close(event->write_fd);
    }
}
