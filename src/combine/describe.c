/* Outcomes in words. */
#include <futures/gather.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *buffer;
    size_t capacity;
    size_t length; /* wanted so far */
};

static void add(struct text *text, const char *format, ...)
    FUTURES_PRINTF(2, 3);

static void add(struct text *text, const char *format, ...)
{
    size_t used =
        text->length < text->capacity ? text->length : text->capacity;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(used < text->capacity ? text->buffer + used : NULL,
                       text->capacity - used, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

struct tally {
    size_t failed;
    size_t cancelled;
    size_t pending;
    size_t other;
};

static struct tally count_all(const futures_outcome outcomes[], size_t count)
{
    struct tally tally = {0};

    for (size_t i = 0; i < count; i++) {
        switch (outcomes[i].status) {
        case FUTURES_OK:
            break;
        case FUTURES_FAILED:
            tally.failed++;
            break;
        case FUTURES_CANCELLED:
            tally.cancelled++;
            break;
        case FUTURES_PENDING:
            tally.pending++;
            break;
        default:
            tally.other++;
        }
    }
    return tally;
}

static void add_counts(struct text *text, const struct tally *tally,
                       size_t count)
{
    add(text, "%zu of %zu failed", tally->failed + tally->other, count);
    if (tally->cancelled > 0) {
        add(text, ", %zu cancelled", tally->cancelled);
    }
    if (tally->pending > 0) {
        add(text, ", %zu pending", tally->pending);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void add_error(struct text *text, const futures_error *error)
{
    if (error->task[0] != '\0') {
        add(text, "%s: ", error->task);
    }
    add(text, "%s (%d", error->message, error->code);
    if (error->file[0] != '\0') {
        add(text, ", %s:%d", base_name(error->file), error->line);
    }
    add(text, ")");
}

static void add_outcome(struct text *text, size_t index,
                        const futures_outcome *outcome, bool first)
{
    add(text, "%s[%zu] ", first ? ": " : "; ", index);
    if (outcome->error != NULL) {
        add_error(text, outcome->error);
    } else {
        add(text, "%s", futures_status_text(outcome->status));
    }
}

/* Cancelled and pending ones are counted; each other one is described. */
static bool is_described(futures_status status)
{
    return status != FUTURES_OK && status != FUTURES_CANCELLED &&
           status != FUTURES_PENDING;
}

size_t futures_describe(const futures_outcome outcomes[], size_t count,
                        char *buffer, size_t capacity)
{
    struct text text = {buffer, buffer != NULL ? capacity : 0, 0};
    struct tally tally;
    bool first = true;

    if (outcomes == NULL) {
        count = 0;
    }
    tally = count_all(outcomes, count);
    if (text.capacity > 0) {
        buffer[0] = '\0';
    }
    add_counts(&text, &tally, count);
    for (size_t i = 0; i < count; i++) {
        if (is_described(outcomes[i].status)) {
            add_outcome(&text, i, &outcomes[i], first);
            first = false;
        }
    }
    return text.length;
}
