/* futures_describe: one line that says what went wrong in a set, cut like
 * snprintf cuts. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { ROOM = 1024 };

static const futures_outcome fine = {FUTURES_OK, NULL, NULL};

static futures_outcome failure(const futures_error *error)
{
    futures_outcome outcome = {FUTURES_FAILED, NULL, error};
    return outcome;
}

static void describe(const futures_outcome outcomes[], size_t count,
                     char text[ROOM])
{
    size_t length = futures_describe(outcomes, count, text, ROOM);
    cr_assert_lt(length, ROOM);
    cr_assert_eq(length, strlen(text));
}

/* Asserts that the text has all these parts, in this order. */
static void assert_has(const char *text, const char *const parts[],
                       size_t count)
{
    const char *rest = text;
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(rest, parts[i]);
        cr_assert(found != NULL, "\"%s\" lacks \"%s\"", text, parts[i]);
        rest = found + strlen(parts[i]);
    }
}

static const futures_error refused = {
    111, "connection refused", "fetch", "download.c", 88, "open_url", NULL};
static const futures_error missing = {2, "no such file", "read", "disk.c",
                                      7, "open_file",    NULL};

Test(describe, says_how_many_and_each_of_them) /* row 8 */
{
    static const char *const parts[] = {
        "2 of 50 failed, 1 cancelled: ",
        "[7] fetch: connection refused (111, download.c:88); ",
        "[9] read: no such file (2, disk.c:7)"};
    futures_outcome outcomes[50];
    char text[ROOM];
    for (size_t i = 0; i < 50; i++)
        outcomes[i] = fine;
    outcomes[7] = failure(&refused);
    outcomes[9] = failure(&missing);
    outcomes[30].status = FUTURES_CANCELLED;
    describe(outcomes, 50, text);
    assert_has(text, parts, LENGTH(parts));
    cr_assert_eq(strncmp(text, parts[0], strlen(parts[0])), 0);
}

Test(describe, has_all_errors_of_a_gather) /* row 8 */
{
    static const char *const parts[] = {
        "3 of 4 failed: ",  "[0] ", "first thing (21", "[2] ",
        "second thing (22", "[3] ", "third thing (23"};
    futures_future *set[4] = {futures_promise(NULL, NULL), resolved(NULL),
                              futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    futures_outcome outcomes[4];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    char text[ROOM];
    futures_reject(set[3], 23, "third thing");
    futures_reject(set[0], 21, "first thing");
    futures_reject(set[2], 22, "second thing");
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    assert_status(futures_gather(set, 4, outcomes, &options), FUTURES_FAILED);
    describe(outcomes, 4, text);
    assert_has(text, parts, LENGTH(parts));
    cr_assert_null(strstr(text, "[1]"));
    futures_release_all(set, 4);
}

Test(describe, leaves_out_what_is_unknown)
{
    static const futures_error bare = {5,   "rejected by hand", "", "", 0, "",
                                       NULL};
    futures_outcome outcomes[2] = {failure(&bare), fine};
    char text[ROOM];
    describe(outcomes, 2, text);
    cr_assert_not_null(strstr(text, "1 of 2 failed"));
    cr_assert_not_null(strstr(text, "[0] rejected by hand (5)"));
    cr_assert_null(strstr(text, ":0"));
}

Test(describe, counts_what_was_cancelled_without_a_reason)
{
    futures_outcome outcomes[3] = {fine, fine, fine};
    char text[ROOM];
    outcomes[0].status = FUTURES_CANCELLED;
    outcomes[2].status = FUTURES_CANCELLED;
    describe(outcomes, 3, text);
    cr_assert_not_null(strstr(text, "2 cancelled"));
}

Test(describe, tells_work_that_was_refused)
{
    futures_outcome outcomes[2] = {fine, fine};
    char text[ROOM];
    outcomes[1].status = FUTURES_CLOSED;
    describe(outcomes, 2, text);
    cr_assert_not_null(strstr(text, "1 of 2 failed"));
    cr_assert_not_null(strstr(text, "[1] "));
}

Test(describe, of_nothing_wrong_says_so)
{
    futures_outcome outcomes[2] = {fine, fine};
    char text[ROOM];
    describe(outcomes, 2, text);
    cr_assert_null(strstr(text, "["));
    describe(NULL, 0, text);
    cr_assert_null(strstr(text, "["));
}

Test(describe, is_cut_like_snprintf_at_every_capacity)
{
    futures_outcome outcomes[3] = {failure(&refused), fine, failure(&missing)};
    char whole[ROOM];
    describe(outcomes, 3, whole);
    size_t length = strlen(whole);
    cr_assert_eq(futures_describe(outcomes, 3, NULL, 0), length);
    for (size_t capacity = 1; capacity <= length + 2; capacity++) {
        char *buffer = malloc(capacity);
        cr_assert_not_null(buffer);
        memset(buffer, 'x', capacity);
        cr_assert_eq(futures_describe(outcomes, 3, buffer, capacity), length);
        size_t kept = capacity - 1 < length ? capacity - 1 : length;
        cr_assert_eq(strlen(buffer), kept);
        cr_assert_eq(memcmp(buffer, whole, kept), 0);
        free(buffer);
    }
}

Test(describe, takes_a_percent_sign_as_it_is)
{
    static const futures_error odd = {
        9, "100%s %n done", "50%", "a%d.c", 3, "f", NULL};
    futures_outcome outcome = failure(&odd);
    char text[ROOM];
    describe(&outcome, 1, text);
    cr_assert_not_null(strstr(text, "100%s %n done"));
}

Test(describe, of_many_errors_wants_their_whole_length)
{
    enum { COUNT = 10000 };
    futures_outcome *outcomes = malloc(COUNT * sizeof(*outcomes));
    char text[ROOM];
    cr_assert_not_null(outcomes);
    for (size_t i = 0; i < COUNT; i++)
        outcomes[i] = failure(&refused);
    size_t length = futures_describe(outcomes, COUNT, text, sizeof text);
    cr_assert_gt(length, (size_t)COUNT * strlen("fetch: connection refused"));
    cr_assert_eq(strlen(text), sizeof text - 1);
    free(outcomes);
}
