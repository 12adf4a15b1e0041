/* A descriptor that is readable or not, for event loops: an eventfd, or a pipe
 * where there is none. */
#ifndef FUT_BASE_EVENT_H
#define FUT_BASE_EVENT_H

#include <stdbool.h>

/* Whoever uses it sees to it that set and clear do not overlap. */
struct fut_event {
    int fd;       /* const; the one to poll */
    int write_fd; /* const; the same for an eventfd */
};

/* Not readable, closed on exec, never blocking.
 * returns  false (errno): none can be had */
bool fut_event_open(struct fut_event *event);

/* Makes it readable, or not. */
void fut_event_set(const struct fut_event *event);
void fut_event_clear(const struct fut_event *event);

void fut_event_close(const struct fut_event *event);

#endif
