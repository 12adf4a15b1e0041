/* Formatting into small values that are returned whole: nothing to free, and
 * nothing shared between threads. */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

text text_bytes(int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    text made;
    double figure = (double)bytes / 1000;
    size_t unit = 0;
    if (bytes < 1000) {
        snprintf(made.s, sizeof made.s, "%d B", (int)bytes);
        return made;
    }
    /* 999.95 would be printed as 1000.0. */
    while (figure >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
        figure /= 1000;
        unit++;
    }
    snprintf(made.s, sizeof made.s, "%.1f %s", figure, units[unit]);
    return made;
}

text text_clock(double seconds)
{
    text made = {"--:--"};
    if (seconds < 0 || seconds > 1e6)
        return made;
    int whole = (int)(seconds + 0.5);
    int hours = whole / 3600;
    int minutes = whole / 60 % 60;
    if (hours > 0)
        snprintf(made.s, sizeof made.s, "%d:%02d:%02d", hours, minutes,
                 whole % 60);
    else
        snprintf(made.s, sizeof made.s, "%02d:%02d", minutes, whole % 60);
    return made;
}

text text_seconds(double seconds)
{
    text made;
    snprintf(made.s, sizeof made.s, "%.2f s", seconds);
    return made;
}

text text_errno(int code)
{
    text made;
    char room[128];
    if (strerror_r(code, room, sizeof room) != 0)
        snprintf(room, sizeof room, "error %d", code);
    snprintf(made.s, sizeof made.s, "%.*s", (int)sizeof made.s - 1, room);
    return made;
}

/* A byte that goes on with the character before it. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

int text_width(const char *s)
{
    int width = 0;
    for (; *s != '\0'; s++)
        width += !continues(*s);
    return width;
}

/* The bytes of the first `width` characters. */
static int bytes_of(const char *s, int width)
{
    const char *end = s;
    while (*end != '\0' && (width > 0 || continues(*end))) {
        width -= !continues(*end);
        end++;
    }
    while (width == 0 && continues(*end))
        end++;
    return (int)(end - s);
}

void text_pad(FILE *out, const char *s, int width)
{
    int wanted = text_width(s);
    if (wanted <= width)
        fprintf(out, "%s%*s", s, width - wanted, "");
    else if (width > 4)
        fprintf(out, "%.*s...", bytes_of(s, width - 3), s);
    else
        fprintf(out, "%.*s", bytes_of(s, width), s);
}

bool text_is_terminal(FILE *out)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(out)) && kind != NULL && strcmp(kind, "dumb") != 0;
}
