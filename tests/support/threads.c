/* Counts the threads of this process in /proc. A count that cannot be taken
 * ends the test program, so that the check never passes unseen. */
#include "support/threads.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_MS = 2000 };

unsigned test_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    if (tasks == NULL) {
        perror("/proc/self/task");
        abort();
    }
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

bool test_threads_are_back_to(unsigned before)
{
    const struct timespec ms = {0, 1000000};

    for (int waited = 0; test_threads() > before; waited++) {
        if (waited == WAIT_MS)
            return false;
        nanosleep(&ms, NULL);
    }
    return true;
}
