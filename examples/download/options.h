/* The command line and the lists of URLs. */
#ifndef DOWNLOAD_OPTIONS_H
#define DOWNLOAD_OPTIONS_H

#include "settings.h"
#include "urls.h"

#include <stdbool.h>

typedef struct options {
    settings settings;  /* all but the folder */
    const char *folder; /* NULL: not given */
    bool retries_given;
    bool mode_given; /* --keep-going or --fail-fast */
    bool list_given; /* -i */
    urls urls;       /* those of the lists, then the arguments */
} options;

typedef enum options_result {
    OPTIONS_RUN,
    OPTIONS_HELP, /* the help has been printed */
    OPTIONS_BAD   /* one line on standard error says what is wrong */
} options_result;

/* returns  what to do        blocks   for a list on standard input
 * owns     options_free is owed after each result; borrows argv */
options_result options_read(options *self, int argc, char *argv[]);

void options_free(options *self);

#endif
