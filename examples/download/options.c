/* Everything that the user may have got wrong is found before a thread or a
 * file is made, and is told in one line. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS = 8,
    JOBS_MOST = 1024,
    RETRIES = 2,
    RETRIES_MOST = 100,
    SECONDS_MOST = 1000 * 1000
};

/* Long options without a short form. */
enum { KEEP_GOING = 256, FAIL_FAST, TIMEOUT, TRIES };

static const struct option known[] = {
    {"jobs", required_argument, NULL, 'j'},
    {"output", required_argument, NULL, 'o'},
    {"input", required_argument, NULL, 'i'},
    {"keep-going", no_argument, NULL, KEEP_GOING},
    {"fail-fast", no_argument, NULL, FAIL_FAST},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"retries", required_argument, NULL, TRIES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    fputs("usage: download [OPTION]... URL...\n"
          "Downloads all URLs at once, each into a file named after the last "
          "part of its\npath (name.1, name.2 ... where several have the same "
          "one).\n\n"
          "  -j, --jobs N      transfers at a time (8)\n"
          "  -o, --output DIR  folder for the files, made if missing (.)\n"
          "  -i, --input FILE  read URLs from FILE ('-': standard input), one "
          "a line; blank\n                    lines and those that start "
          "with '#' do not count\n",
          stdout);
    fputs("      --keep-going  when a transfer fails, go on with the others "
          "(the default)\n"
          "      --fail-fast   when a transfer fails, stop the others\n"
          "      --timeout S   seconds that one transfer may take, with its "
          "retries (no limit)\n"
          "      --retries N   tries after one that failed by the network or "
          "by an HTTP\n                    status of 408, 429 or 5xx (2)\n"
          "  -h, --help        print this\n\n",
          stdout);
    fputs("Ctrl-C stops all transfers. A file gets its name once it is "
          "complete.\n"
          "Without a URL it shows itself on a small server of its own.\n"
          "Exit status: 0 all are there, 1 one failed, 2 usage, 130 "
          "interrupted by Ctrl-C.\n",
          stdout);
}

static bool read_whole(const char *option, const char *s, long least,
                       long most, unsigned *number)
{
    char *end = NULL;
    errno = 0;
    long read = strtol(s, &end, 10);
    if (end != s && *end == '\0' && errno == 0 && read >= least &&
        read <= most) {
        *number = (unsigned)read;
        return true;
    }
    fprintf(stderr, "download: %s wants a number from %ld to %ld, not '%s'\n",
            option, least, most, s);
    return false;
}

static bool read_seconds(const char *s, futures_time *time)
{
    char *end = NULL;
    double read = strtod(s, &end);
    if (end != s && *end == '\0' && isfinite(read) && read >= 0.001 &&
        read <= SECONDS_MOST) {
        *time = (futures_time)(read * 1e9);
        return true;
    }
    fprintf(stderr,
            "download: --timeout wants seconds from 0.001 to %d, not '%s'\n",
            SECONDS_MOST, s);
    return false;
}

static bool read_mode(options *self, bool fail_fast)
{
    if (self->mode_given && self->settings.fail_fast != fail_fast) {
        fputs("download: --keep-going and --fail-fast exclude each other\n",
              stderr);
        return false;
    }
    self->mode_given = true;
    self->settings.fail_fast = fail_fast;
    return true;
}

/* The value of the option is in optarg. False: it is bad, and that was told
 * (by getopt, where it does not know the option). */
static bool read_option(options *self, int option)
{
    switch (option) {
    case 'j':
        return read_whole("--jobs", optarg, 1, JOBS_MOST,
                          &self->settings.jobs);
    case 'o':
        self->folder = optarg;
        return true;
    case 'i':
        self->list_given = true;
        return urls_read(&self->urls, optarg);
    case KEEP_GOING:
    case FAIL_FAST:
        return read_mode(self, option == FAIL_FAST);
    case TIMEOUT:
        return read_seconds(optarg, &self->settings.timeout);
    case TRIES:
        self->retries_given = true;
        return read_whole("--retries", optarg, 0, RETRIES_MOST,
                          &self->settings.retries);
    default:
        return false;
    }
}

static options_result read_arguments(options *self, char *argv[])
{
    for (; *argv != NULL; argv++)
        if (!urls_add(&self->urls, *argv)) {
            fputs("download: out of memory\n", stderr);
            return OPTIONS_BAD;
        }
    return OPTIONS_RUN;
}

options_result options_read(options *self, int argc, char *argv[])
{
    int option = 0;
    *self = (options){.settings = {.jobs = JOBS, .retries = RETRIES}};
    while ((option = getopt_long(argc, argv, "j:o:i:h", known, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return OPTIONS_HELP;
        }
        if (!read_option(self, option))
            return OPTIONS_BAD;
    }
    return read_arguments(self, argv + optind);
}

void options_free(options *self)
{
    urls_free(&self->urls);
}
