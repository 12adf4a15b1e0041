/* The moving part of the screen: a bar for each transfer that runs, and a
 * line for all of them. */
#ifndef DOWNLOAD_DISPLAY_H
#define DOWNLOAD_DISPLAY_H

#include "transfer.h"

#include <stdio.h>

enum {
    DISPLAY_PERIOD_MS = 100,
    DISPLAY_SAMPLES = 30 /* the rate is that of the last three seconds */
};

typedef struct display {
    FILE *out; /* a terminal */
    const transfer *items;
    size_t count;
    int lines; /* that the last frame has */
    unsigned frames;
    struct {
        futures_time when;
        int64_t bytes;
    } samples[DISPLAY_SAMPLES];
} display;

/* Draws a frame over the last one; `ended` and `failed` are how many did.
 * blocks   for the terminal        threads  one at a time */
void display_draw(display *self, size_t ended, size_t failed);

/* Wipes the last frame away. */
void display_erase(display *self);

#endif
