/* Rows stay in input order, so that the table can be laid beside the list of
 * URLs. The URLs that failed follow it, to be copied into another try. */
#include "report.h"

#include "text.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    NAME_COLUMNS = 40, /* at most, on a terminal */
    WORD_COLUMNS = 9
};

typedef struct word {
    const char *text;
    const char *colour;
} word;

static word word_of(futures_status status)
{
    switch (status) {
    case FUTURES_OK:
        return (word){"ok", "\033[32m"};
    case FUTURES_CANCELLED:
        return (word){"cancelled", "\033[33m"};
    default:
        return (word){"failed", "\033[31m"};
    }
}

/* A token that fires gives its reason; the first error of a gather has none
 * to give. */
static void print_cancelled(FILE *out, const transfer *item,
                            const futures_error *error)
{
    fprintf(out, "%s%s",
            error != NULL ? error->message : "another transfer failed",
            item->ended == 0 ? " before it started" : "");
}

static void print_error(FILE *out, const transfer *item,
                        const futures_outcome *outcome)
{
    if (outcome->status == FUTURES_OK)
        return;
    if (outcome->status == FUTURES_CANCELLED)
        print_cancelled(out, item, outcome->error);
    else if (outcome->error != NULL)
        fputs(outcome->error->message, out);
    else
        fputs(futures_status_text(outcome->status), out);
}

static double seconds_of(const transfer *item)
{
    return item->ended == 0 ? 0 : (double)(item->ended - item->started) / 1e9;
}

void report_line(FILE *out, size_t ended, size_t count, const transfer *item,
                 const futures_outcome *outcome)
{
    fprintf(out, "[%zu/%zu] %-*s  %s  ", ended, count, WORD_COLUMNS,
            word_of(outcome->status).text, item->name);
    if (outcome->status == FUTURES_OK)
        fprintf(out, "%s in %s", text_bytes(item->received).s,
                text_seconds(seconds_of(item)).s);
    print_error(out, item, outcome);
    fputc('\n', out);
}

static int name_columns(FILE *out, const transfer items[], size_t count)
{
    int widest = 4;
    for (size_t i = 0; i < count; i++) {
        int width = text_width(items[i].name);
        widest = width > widest ? width : widest;
    }
    bool cut = widest > NAME_COLUMNS && text_is_terminal(out);
    return cut ? NAME_COLUMNS : widest;
}

static void print_row(FILE *out, int columns, bool coloured,
                      const transfer *item, const futures_outcome *outcome)
{
    word shown = word_of(outcome->status);
    text_pad(out, item->name, columns);
    fprintf(out, "  %s%-*s%s %12" PRId64 "  %9s", coloured ? shown.colour : "",
            WORD_COLUMNS, shown.text, coloured ? "\033[0m" : "",
            item->received, text_seconds(seconds_of(item)).s);
    if (outcome->status != FUTURES_OK)
        fputs("  ", out);
    print_error(out, item, outcome);
    fputc('\n', out);
}

static void print_sums(FILE *out, const transfer items[],
                       const futures_outcome outcomes[], size_t count,
                       double seconds)
{
    size_t ok = 0;
    size_t cancelled = 0;
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        ok += outcomes[i].status == FUTURES_OK;
        cancelled += outcomes[i].status == FUTURES_CANCELLED;
        if (outcomes[i].status == FUTURES_OK)
            bytes += items[i].received;
    }
    fprintf(out, "%zu of %zu downloaded, %zu failed, %zu cancelled: ", ok,
            count, count - ok - cancelled, cancelled);
    fprintf(out, "%s in %s", text_bytes(bytes).s, text_seconds(seconds).s);
    if (seconds > 0)
        fprintf(out, ", %s/s",
                text_bytes((int64_t)((double)bytes / seconds)).s);
    fputc('\n', out);
}

static bool has_failed(futures_status status)
{
    return status != FUTURES_OK && status != FUTURES_CANCELLED;
}

void report_table(FILE *out, const transfer items[],
                  const futures_outcome outcomes[], size_t count,
                  double seconds)
{
    int columns = name_columns(out, items, count);
    bool coloured = text_is_terminal(out) && getenv("NO_COLOR") == NULL;
    text_pad(out, "FILE", columns);
    fprintf(out, "  %-*s %12s  %9s  %s\n", WORD_COLUMNS, "STATUS", "BYTES",
            "TIME", "ERROR");
    for (size_t i = 0; i < count; i++)
        print_row(out, columns, coloured, &items[i], &outcomes[i]);
    print_sums(out, items, outcomes, count, seconds);
    for (size_t i = 0; i < count; i++)
        if (has_failed(outcomes[i].status))
            fprintf(out, "failed: %s\n", items[i].url);
}
