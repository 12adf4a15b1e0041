/* sigwait takes the signals that all threads block. SIGUSR1, sent to the
 * waiting thread alone, is how interrupt_stop ends it: no signal is left
 * over, and none that came before is lost. */
#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct interrupt {
    pthread_t thread;
    sigset_t awaited;     /* const once the thread runs */
    futures_token *token; /* the same */
    atomic_int signal;
    atomic_bool stopping;
};

/* What was ignored at the start (nohup, a shell's background job) stays so. */
static bool is_ignored(int signal)
{
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 &&
           (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

static int block_signals(sigset_t *set)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(set);
    sigaddset(set, SIGUSR1);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!is_ignored(signals[i]))
            sigaddset(set, signals[i]);
    return pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void *await(void *arg)
{
    interrupt *self = arg;
    int signal = 0;
    while (!atomic_load(&self->stopping)) {
        int none = 0;
        if (sigwait(&self->awaited, &signal) != 0 || signal == SIGUSR1)
            continue;
        atomic_compare_exchange_strong(&self->signal, &none, signal);
        futures_token_cancel(self->token, EINTR, "interrupted");
    }
    return NULL;
}

interrupt *interrupt_start(futures_token *token)
{
    interrupt *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->token = futures_token_retain(token);
    int failed = block_signals(&self->awaited);
    if (failed == 0)
        failed = pthread_create(&self->thread, NULL, await, self);
    if (failed == 0)
        return self;
    futures_token_release(self->token);
    free(self);
    errno = failed;
    return NULL;
}

int interrupt_signal(const interrupt *self)
{
    return atomic_load(&self->signal);
}

void interrupt_stop(interrupt *self)
{
    if (self == NULL)
        return;
    atomic_store(&self->stopping, true);
    pthread_kill(self->thread, SIGUSR1);
    pthread_join(self->thread, NULL);
    futures_token_release(self->token);
    free(self);
}
