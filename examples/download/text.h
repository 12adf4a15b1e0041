/* Figures and names as people read them: for the progress display, the table
 * and the messages. */
#ifndef DOWNLOAD_TEXT_H
#define DOWNLOAD_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Room for any of the short texts below. */
typedef struct text {
    char s[32];
} text;

/* returns  such as "999 B", "1.5 kB", "12.3 MB"    threads  any */
text text_bytes(int64_t bytes);

/* returns  such as "00:07", "1:02:03"; "--:--" if negative   threads  any */
text text_clock(double seconds);

/* returns  such as "3.01 s"                        threads  any */
text text_seconds(double seconds);

/* Why a system call failed.
 * returns  the text of an errno value              threads  any */
text text_errno(int code);

/* The columns that UTF-8 takes, where each character takes one.
 * returns  at least 0                              threads  any */
int text_width(const char *s);

/* Prints `s` in exactly `width` columns, cut or padded on the right. */
void text_pad(FILE *out, const char *s, int width);

/* Whether bars and colours make sense there. */
bool text_is_terminal(FILE *out);

#endif
