/* An event loop and a pool, both ways. The loop owns a device that only its
 * own thread may touch: a task that needs it sends a promise through a pipe,
 * the loop resolves it, and the task goes on. Tasks that have ended come to
 * the loop by a queue, whose descriptor it polls like any other.
 *
 * It prints:
 * sensor 0: 101
 * sensor 1: 201
 * sensor 2: 301
 */
#include <futures/futures.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SENSORS = 3 };

static int requests[2]; /* a pipe: tasks write, the loop reads */

/* A pointer is far below PIPE_BUF: it arrives in one piece. */
struct request {
    int sensor;
    int reading;
    futures_future *answer;
};

static void *measure(void *arg)
{
    struct request *request = arg;
    if (write(requests[1], &request, sizeof request) != sizeof request)
        return futures_fail(errno, "the loop is gone");
    if (futures_wait(request->answer, FUTURES_NEVER) != FUTURES_OK)
        return futures_fail(EIO, "no answer");
    int *reading = futures_value(request->answer);
    *reading += 1; /* what the task makes of it */
    return reading;
}

/* The loop's own part: what a handler of the device would do. */
static void answer_one(void)
{
    struct request *request;
    if (read(requests[0], &request, sizeof request) != sizeof request)
        return;
    request->reading = (request->sensor + 1) * 100;
    futures_resolve(request->answer, &request->reading);
}

static void collect(futures_queue *queue)
{
    futures_ended ended[8];
    size_t count = futures_queue_drain(queue, ended, 8);
    for (size_t i = 0; i < count; i++) {
        struct request *request = ended[i].data;
        if (futures_poll(ended[i].future) != FUTURES_OK)
            fprintf(stderr, "sensor %d failed\n", request->sensor);
        futures_release(ended[i].future);
    }
}

static void run_loop(futures_queue *queue)
{
    struct pollfd fds[] = {{requests[0], POLLIN, 0},
                           {futures_queue_fd(queue), POLLIN, 0}};
    while (futures_queue_length(queue) > 0) {
        if (poll(fds, 2, -1) < 0) {
            if (errno != EINTR)
                exit(EXIT_FAILURE);
            continue;
        }
        if (fds[0].revents & POLLIN)
            answer_one();
        if (fds[1].revents & POLLIN)
            collect(queue);
    }
}

static void start(futures_pool *pool, futures_queue *queue,
                  struct request *request, int sensor)
{
    *request = (struct request){sensor, 0, futures_promise(NULL, NULL)};
    futures_future *future = futures_submit(pool, measure, request);
    if (futures_queue_add(queue, future, request) != FUTURES_OK)
        exit(EXIT_FAILURE);
    futures_release(future); /* the queue keeps it */
}

int main(void)
{
    struct request all[SENSORS];
    futures_pool *pool;
    futures_queue *queue;
    if (pipe(requests) != 0 || futures_pool_create(&pool, NULL) ||
        futures_queue_create(&queue))
        return EXIT_FAILURE;

    for (int i = 0; i < SENSORS; i++)
        start(pool, queue, &all[i], i);
    run_loop(queue);
    for (int i = 0; i < SENSORS; i++) {
        printf("sensor %d: %d\n", i, all[i].reading);
        futures_release(all[i].answer);
    }

    futures_queue_destroy(queue);
    futures_pool_destroy(pool);
    close(requests[0]);
    close(requests[1]);
    return EXIT_SUCCESS;
}
