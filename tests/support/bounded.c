/* `bounded SECONDS PROGRAM [ARGUMENTS]` runs a program that must not run for
 * ever. In time its exit status is the answer. Else the stacks of its threads
 * are printed, where gdb is installed, and the answer is 124.
 *
 * Nothing that the program started outlives it: this process is the reaper of
 * its orphans, and kills its children until it has none. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMED_OUT = 124, CANNOT_RUN = 127, KILLED_BY = 128 };

static pid_t start(char *argv[], const sigset_t *signals)
{
    pid_t program;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    program = fork();
    if (program == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_UNBLOCK, signals, NULL);
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(CANNOT_RUN);
    }
    return program;
}

static struct timespec until(const struct timespec *deadline)
{
    struct timespec left;

    clock_gettime(CLOCK_MONOTONIC, &left);
    left.tv_sec = deadline->tv_sec - left.tv_sec;
    left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000;
    }
    return left;
}

/* What ended the wait: SIGCHLD with the program's status (an orphan's end is
 * not ours), SIGINT or SIGTERM for ourselves, 0 at the deadline. The signals
 * are blocked, so that none comes between the look and the wait. */
static int wait_for(pid_t program, int *status,
                    const struct timespec *deadline, const sigset_t *signals)
{
    for (;;) {
        struct timespec left = until(deadline);
        int signal;

        if (waitpid(program, status, WNOHANG) == program)
            return SIGCHLD;
        if (left.tv_sec < 0)
            return 0;
        signal = sigtimedwait(signals, NULL, &left);
        if (signal == SIGINT || signal == SIGTERM)
            return signal;
    }
}

/* Of the program and all beneath it. */
static void print_stacks(pid_t program)
{
    char command[256];

    snprintf(command, sizeof command,
             "stacks() { for pid in $*; do timeout 20 gdb -p $pid -batch "
             "-ex 'thread apply all bt' 2>&1; stacks $(pgrep -P $pid); "
             "done; }; command -v gdb >/dev/null && stacks %d",
             (int)program);
    if (system(command) != 0)
        printf("no stacks: they want gdb\n");
}

/* A killed child hands its own children to us: hence again and again. */
static void kill_children(void)
{
    int child;

    do {
        FILE *children = fopen("/proc/thread-self/children", "r");

        if (children == NULL)
            return;
        while (fscanf(children, "%d", &child) == 1)
            kill(child, SIGKILL);
        fclose(children);
    } while (waitpid(-1, NULL, 0) > 0);
}

static int answer(int signal, int status)
{
    if (signal == 0)
        return TIMED_OUT;
    if (signal != SIGCHLD)
        return KILLED_BY + signal;
    return WIFEXITED(status) ? WEXITSTATUS(status)
                             : KILLED_BY + WTERMSIG(status);
}

static int run(char *argv[], long seconds, const sigset_t *signals)
{
    struct timespec deadline;
    int signal, status = 0;
    pid_t program;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += seconds;
    program = start(argv, signals);
    if (program < 0) {
        perror("fork");
        return CANNOT_RUN;
    }
    signal = wait_for(program, &status, &deadline, signals);
    if (signal == 0) {
        printf("%s: still runs after %ld s\n", argv[0], seconds);
        fflush(stdout);
        print_stacks(program);
    }
    kill_children();
    return answer(signal, status);
}

int main(int argc, char *argv[])
{
    sigset_t signals;

    if (argc < 3) {
        fprintf(stderr, "usage: bounded SECONDS PROGRAM [ARGUMENTS]\n");
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return run(argv + 2, strtol(argv[1], NULL, 10), &signals);
}
