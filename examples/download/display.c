/* A frame is made in memory and written at once, so that it does not flicker;
 * it goes up by as many lines as the last one had and overwrites them. No
 * line is as wide as the screen, since one that wraps would spoil the count.
 * The figures are read while workers change them: a frame may be a moment
 * out of date, never wrong in the end. */
#include "display.h"

#include "text.h"

#include <futures/time.h>

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    NAME_COLUMNS = 24, /* at most */
    TAIL_COLUMNS = 38, /* what follows a bar */
    CELLS = 5          /* a shorter bar is left out */
};

/* What is known of all transfers together. */
typedef struct sums {
    int64_t received;
    int64_t remaining; /* of those that run, where known */
    int64_t lengths;   /* the sum of those that are known ... */
    size_t known;      /* ... and how many are */
    size_t unknown;    /* not ended, and of unknown length */
    size_t running;
    double slowest; /* seconds that one of them alone still needs */
} sums;

typedef struct screen {
    int columns; /* that may be written to */
    int lines;
    int name_columns;
    bool utf8;
    bool coloured;
} screen;

static double own_rate(const transfer *item, int64_t received)
{
    double seconds = (double)(futures_now() - item->started) / 1e9;
    return seconds > 0 ? (double)received / seconds : 0;
}

/* Seconds that a transfer still needs; negative where that is unknown. */
static double own_rest(const transfer *item)
{
    int64_t received = item->received;
    int64_t expected = item->expected;
    double rate = own_rate(item, received);
    if (expected < received || rate <= 0)
        return -1;
    return (double)(expected - received) / rate;
}

static void add(sums *all, const transfer *item)
{
    transfer_phase phase = item->phase;
    int64_t received = item->received;
    int64_t expected = item->expected;
    all->received += received;
    all->running += phase == TRANSFER_RUNNING || phase == TRANSFER_PAUSED;
    if (expected >= 0) {
        all->lengths += expected;
        all->known++;
    }
    if (phase == TRANSFER_ENDED)
        return;
    if (expected < received) {
        all->unknown++;
        return;
    }
    all->remaining += expected - received;
    double rest = phase == TRANSFER_RUNNING ? own_rest(item) : 0;
    if (rest > all->slowest)
        all->slowest = rest;
}

static sums sum_up(const display *self)
{
    sums all = {0};
    for (size_t i = 0; i < self->count; i++)
        add(&all, &self->items[i]);
    return all;
}

/* Bytes a second over the samples; a try that starts anew takes bytes back. */
static double rate_now(display *self, int64_t bytes)
{
    unsigned slot = self->frames % DISPLAY_SAMPLES;
    unsigned oldest = self->frames < DISPLAY_SAMPLES ? 0 : slot;
    futures_time now = futures_now();
    double seconds = (double)(now - self->samples[oldest].when) / 1e9;
    double moved = (double)(bytes - self->samples[oldest].bytes);
    bool first = self->frames++ == 0;
    self->samples[slot].when = now;
    self->samples[slot].bytes = bytes;
    return !first && moved > 0 && seconds > 0 ? moved / seconds : 0;
}

static screen look_at(const display *self)
{
    screen found = {.columns = 79, .lines = 24};
    struct winsize size;
    if (ioctl(fileno(self->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        found.columns = size.ws_col - 1;
        found.lines = size.ws_row;
    }
    found.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    found.coloured = getenv("NO_COLOR") == NULL;
    return found;
}

static void repeat(FILE *out, const char *s, int times)
{
    for (int i = 0; i < times; i++)
        fputs(s, out);
}

/* `full` cells of `cells`, the first of them at `start`. */
static void draw_cells(FILE *out, const screen *seen, int start, int full,
                       int cells)
{
    const char *empty = seen->utf8 ? "\342\224\200" : ".";
    fputs(seen->coloured ? "\033[2m" : "", out);
    repeat(out, empty, start);
    fputs(seen->coloured ? "\033[0;32m" : "", out);
    repeat(out, seen->utf8 ? "\342\224\201" : "#", full);
    fputs(seen->coloured ? "\033[0;2m" : "", out);
    repeat(out, empty, cells - start - full);
    fputs(seen->coloured ? "\033[0m" : "", out);
}

/* Where the length is unknown a short block travels along the bar. */
static void draw_bar(FILE *out, const display *self, const screen *seen,
                     const transfer *item, int cells)
{
    int64_t received = item->received;
    int64_t expected = item->expected;
    int block = cells / 4;
    if (expected > 0 && received <= expected)
        draw_cells(out, seen, 0,
                   (int)((double)received / (double)expected * cells), cells);
    else
        draw_cells(out, seen, (int)(self->frames % (unsigned)(cells - block)),
                   block, cells);
}

static void draw_tail(FILE *out, const transfer *item)
{
    int64_t received = item->received;
    int64_t expected = item->expected;
    if (item->phase == TRANSFER_PAUSED) {
        fprintf(out, " %-*s", TAIL_COLUMNS - 1, "failed, will try again");
        return;
    }
    if (expected > 0 && received <= expected)
        fprintf(out, " %3d%%",
                (int)((double)received / (double)expected * 100));
    else
        fputs("    ?", out);
    fprintf(out, "  %9s  %9s/s  %7s", text_bytes(received).s,
            text_bytes((int64_t)own_rate(item, received)).s,
            text_clock(own_rest(item)).s);
}

static void draw_row(FILE *out, const display *self, const screen *seen,
                     const transfer *item)
{
    int cells = seen->columns - seen->name_columns - TAIL_COLUMNS - 2;
    if (cells < CELLS) {
        text_pad(out, item->name, seen->columns);
    } else {
        text_pad(out, item->name, seen->name_columns);
        fputs("  ", out);
        draw_bar(out, self, seen, item, cells);
        draw_tail(out, item);
    }
    fputs("\033[K\n", out);
}

static bool is_shown(const transfer *item)
{
    transfer_phase phase = item->phase;
    return phase == TRANSFER_RUNNING || phase == TRANSFER_PAUSED;
}

/* The rows that the screen has room for. */
static int draw_rows(FILE *out, const display *self, screen *seen)
{
    int drawn = 0;
    seen->name_columns = 0;
    for (size_t i = 0; i < self->count; i++) {
        int width = text_width(self->items[i].name);
        if (is_shown(&self->items[i]) && width > seen->name_columns)
            seen->name_columns = width;
    }
    if (seen->name_columns > NAME_COLUMNS)
        seen->name_columns = NAME_COLUMNS;
    for (size_t i = 0; i < self->count && drawn + 3 < seen->lines; i++)
        if (is_shown(&self->items[i])) {
            draw_row(out, self, seen, &self->items[i]);
            drawn++;
        }
    return drawn;
}

/* The bytes that are still to come, those of unknown length taken as the mean
 * of the others; negative where nothing is known. */
static double rest_of(const sums *all)
{
    double mean =
        all->known > 0 ? (double)all->lengths / (double)all->known : -1;
    if (all->unknown > 0 && mean < 0)
        return -1;
    return (double)all->remaining + (double)all->unknown * mean;
}

/* All together cannot be done before the slowest of them. */
static double seconds_left(const sums *all, double rest, double rate)
{
    if (rest < 0 || rate <= 0)
        return -1;
    double together = rest / rate;
    return together > all->slowest ? together : all->slowest;
}

static void draw_total(FILE *out, display *self, const screen *seen,
                       size_t ended, size_t failed)
{
    sums all = sum_up(self);
    char line[256];
    char bytes[80] = "";
    char errors[32] = "";
    double rest = rest_of(&all);
    double rate = rate_now(self, all.received);
    if (rest >= 0)
        snprintf(bytes, sizeof bytes, " of %s%s", all.unknown > 0 ? "~" : "",
                 text_bytes(all.received + (int64_t)rest).s);
    if (failed > 0)
        snprintf(errors, sizeof errors, ", %zu failed", failed);
    snprintf(line, sizeof line,
             "%zu of %zu files%s, %zu running   %s%s   %s/s   ETA %s", ended,
             self->count, errors, all.running, text_bytes(all.received).s,
             bytes, text_bytes((int64_t)rate).s,
             text_clock(seconds_left(&all, rest, rate)).s);
    text_pad(out, line, seen->columns);
    fputs("\033[K\n\033[J", out);
}

static void go_up(FILE *out, int lines)
{
    fputc('\r', out);
    if (lines > 0)
        fprintf(out, "\033[%dA", lines);
}

/* Without memory this frame is left out. */
void display_draw(display *self, size_t ended, size_t failed)
{
    char *frame = NULL;
    size_t length = 0;
    screen seen = look_at(self);
    FILE *out = open_memstream(&frame, &length);
    if (out == NULL)
        return;
    go_up(out, self->lines);
    self->lines = draw_rows(out, self, &seen) + 1;
    draw_total(out, self, &seen, ended, failed);
    if (fclose(out) == 0)
        fwrite(frame, 1, length, self->out);
    free(frame);
    fflush(self->out);
}

void display_erase(display *self)
{
    go_up(self->out, self->lines);
    fputs("\033[J", self->out);
    fflush(self->out);
    self->lines = 0;
}
