/* A run's verdict is its exit status; what it printed says why. Leaks are
 * looked for at the end of each run where LeakSanitizer is there to do it. */
#include "fault/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/child.h"
#include "support/helpers.h"
#include "support/test.h"

#if UNDER_ASAN
#include <sanitizer/lsan_interface.h>
#endif

enum { MET_A_FAILURE = 0, MET_NONE = 10, WRONG = 11, LEAKED = 12 };
enum { RUNS_AT_MOST = 1000 };

struct attempt {
    void (*scenario)(void);
    enum fault_kind kind;
    unsigned nth;
    bool forever;
};

/* Of the run that this process is. */
static const struct attempt *current;
static unsigned failed;

void sweep_begin(void)
{
    fault_arm(current->kind, current->nth, current->forever);
}

bool sweep_end(void)
{
    unsigned now = fault_disarm(current->kind);
    failed += now;
    return now > 0;
}

void sweep_expect(bool holds, int line, const char *what)
{
    if (holds)
        return;
    fault_disarm(current->kind);
    fprintf(stderr, "line %d: %s\n", line, what);
    _exit(WRONG);
}

static void run(void *arg)
{
    current = arg;
    current->scenario();
#if UNDER_ASAN
    if (__lsan_do_recoverable_leak_check() != 0)
        _exit(LEAKED);
#endif
    _exit(failed > 0 ? MET_A_FAILURE : MET_NONE);
}

static unsigned sweep_one_way(struct attempt attempt)
{
    for (attempt.nth = 1; attempt.nth < RUNS_AT_MOST; attempt.nth++) {
        struct child child = child_run(run, &attempt);
        int status = child_exit_status(&child);
        if (status == MET_NONE)
            return attempt.nth - 1;
        cr_assert_eq(status, MET_A_FAILURE, "call %u failed%s: %s",
                     attempt.nth, attempt.forever ? ", and all after" : "",
                     child.printed);
    }
    cr_assert_fail("there is always one more call to fail");
    return 0;
}

unsigned sweep(enum fault_kind kind, void (*scenario)(void))
{
    struct attempt attempt = {scenario, kind, 0, false};
    unsigned once = sweep_one_way(attempt);
    attempt.forever = true;
    return once + sweep_one_way(attempt);
}
