/* Write aside, fsync, rename, fsync the folder: each step is there for a
 * crash. Without the first fsync the name could survive one and the bytes
 * not; without the last, a file that was reported could be gone. */
#include "partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAMES_TRIED = 100 /* left behind by a crashed process of the same id */
};

int partial_create(partial *file, int folder, size_t index)
{
    *file = (partial){folder, -1, ""};
    for (int i = 0; i < NAMES_TRIED; i++) {
        char name[sizeof file->name];
        snprintf(name, sizeof name, ".download-%ld-%zu-%d.part",
                 (long)getpid(), index, i);
        file->file = openat(folder, name,
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->file >= 0) {
            snprintf(file->name, sizeof file->name, "%s", name);
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return errno;
}

int partial_append(partial *file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file->file, data, size);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int partial_restart(partial *file)
{
    if (lseek(file->file, 0, SEEK_SET) < 0 || ftruncate(file->file, 0) != 0)
        return errno;
    return 0;
}

/* Some file systems cannot sync a folder, and say so by EINVAL. */
static int sync_folder(int folder)
{
    return fsync(folder) == 0 || errno == EINVAL ? 0 : errno;
}

static int close_file(partial *file)
{
    int closed = close(file->file);
    file->file = -1;
    return closed == 0 ? 0 : errno;
}

int partial_commit(partial *file, const char *name)
{
    if (fsync(file->file) != 0)
        return errno;
    int failed = close_file(file);
    if (failed != 0)
        return failed;
    if (renameat(file->folder, file->name, file->folder, name) != 0)
        return errno;
    file->name[0] = '\0';
    return sync_folder(file->folder);
}

void partial_discard(void *arg)
{
    partial *file = arg;
    if (file->file >= 0)
        close_file(file);
    if (file->name[0] != '\0')
        unlinkat(file->folder, file->name, 0);
    file->name[0] = '\0';
}

/* Permission bits do not tell all: a file system may be read-only, or root be
 * asking. */
static int try_folder(int folder)
{
    partial probe;
    int failed = partial_create(&probe, folder, 0);
    if (failed == 0)
        partial_discard(&probe);
    return failed;
}

int partial_open_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return -1;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    int failed = try_folder(folder);
    if (failed == 0)
        return folder;
    close(folder);
    errno = failed;
    return -1;
}
