/* The file name of each URL: one that is safe to create, and that no other
 * URL of the same run has. */
#ifndef DOWNLOAD_NAMES_H
#define DOWNLOAD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the last part of the URL's path, percent-decoded. '/', NUL and control
 * characters become '_'; what is empty, "." or ".." becomes "index.html"; a
 * name is cut where NAME_MAX would not leave room for a number.
 * returns  the name; NULL: *problem says what is wrong with the URL
 * owns     the caller frees the name */
char *names_from_url(const char *url, const char **problem);

/* Renames those that an earlier one has taken: "name.1", "name.2" ...
 * returns  false without memory: the names stay usable, but not distinct
 * owns     frees the names that it replaces */
bool names_make_distinct(char *names[], size_t count);

#endif
