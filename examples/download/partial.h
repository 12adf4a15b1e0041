/* A file that is being written: aside, in its own folder, under a name that
 * nobody asked for. It gets its final name in one step once it is complete and
 * on the disk; a reader sees the old file or the whole new one. */
#ifndef DOWNLOAD_PARTIAL_H
#define DOWNLOAD_PARTIAL_H

#include <stddef.h>

typedef struct partial {
    int folder;    /* borrowed */
    int file;      /* -1: closed */
    char name[64]; /* "": there is nothing to remove */
} partial;

/* Opens a folder, made if it is missing, and tries whether files can be
 * created in it.
 * returns  a descriptor that the caller closes; -1: errno says why not */
int partial_open_folder(const char *path);

/* Creates an empty file; `index` keeps those of one process apart.
 * returns  0, or an errno value     threads  one for each partial
 * owns     commit or discard ends it; borrows folder */
int partial_create(partial *file, int folder, size_t index);

/* returns  0, or an errno value     blocks   for the disk */
int partial_append(partial *file, const char *data, size_t size);

/* Empties it, for another try.
 * returns  0, or an errno value */
int partial_restart(partial *file);

/* Puts it on the disk and gives it its name, in place of what had that.
 * returns  0, or an errno value: then discard it   blocks  for the disk */
int partial_commit(partial *file, const char *name);

/* Removes what is there: a cleanup, whose argument is a partial. After a
 * commit it does nothing. */
void partial_discard(void *arg);

#endif
