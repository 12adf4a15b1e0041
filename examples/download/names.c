/* What a server is asked for must not decide where a file lands: a name never
 * leaves its folder, whatever the URL hides in percent signs. Names are made
 * distinct before the first transfer starts, in input order, so that the same
 * command line always gives the same names. */
#include "names.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_LENGTH = 240 /* leaves room for ".4294967295" under NAME_MAX */
};

/* One name that is taken, and the number to try next for its namesakes. */
typedef struct taken {
    const char *name;
    unsigned next;
} taken;

typedef struct name_set {
    taken *slots;
    size_t mask;
} name_set;

/* C2 80 to C2 9F are the control characters of UTF-8's second page. */
static bool is_unsafe(unsigned char byte, unsigned char before)
{
    return byte < 0x20 || byte == 0x7F || byte == '/' ||
           (before == 0xC2 && byte >= 0x80 && byte < 0xA0);
}

/* How much of a name is kept: it is not cut within a character. */
static size_t kept_length(const char *raw, size_t length)
{
    if (length <= NAME_LENGTH)
        return length;
    length = NAME_LENGTH;
    while (length > 0 && ((unsigned char)raw[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static void replace_unsafe(char *name, size_t length)
{
    unsigned char before = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (is_unsafe(byte, before))
            name[i] = '_';
        before = byte;
    }
}

/* Copies `length` bytes, which may hold anything, as a safe file name. */
static char *safe_name(const char *raw, size_t length)
{
    size_t kept = kept_length(raw, length);
    char *name = calloc(kept + 1, 1);
    if (name == NULL)
        return NULL;
    memcpy(name, raw, kept);
    replace_unsafe(name, kept);
    if (*name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return name;
    free(name);
    return strdup("index.html");
}

static char *name_from_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash != NULL ? slash + 1 : path;
    int length = 0;
    char *raw = curl_easy_unescape(NULL, last, (int)strlen(last), &length);
    if (raw == NULL)
        return NULL;
    char *name = safe_name(raw, (size_t)length);
    curl_free(raw);
    return name;
}

static const char *check_scheme(CURLU *parts)
{
    char *scheme = NULL;
    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return "it has no scheme";
    bool known = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return known ? NULL : "only http and https are supported";
}

static char *name_from_parts(CURLU *parts, const char *url,
                             const char **problem)
{
    CURLUcode code =
        curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) {
        *problem = curl_url_strerror(code);
        return NULL;
    }
    *problem = check_scheme(parts);
    if (*problem != NULL)
        return NULL;
    char *path = NULL;
    char *name = NULL;
    if (curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK)
        name = name_from_path(path);
    curl_free(path);
    if (name == NULL)
        *problem = "out of memory";
    return name;
}

char *names_from_url(const char *url, const char **problem)
{
    *problem = "out of memory";
    CURLU *parts = curl_url();
    if (parts == NULL)
        return NULL;
    char *name = name_from_parts(parts, url, problem);
    curl_url_cleanup(parts);
    return name;
}

static size_t hash(const char *name)
{
    size_t sum = 5381;
    for (; *name != '\0'; name++)
        sum = sum * 33 + (unsigned char)*name;
    return sum;
}

/* The slot that has `name`, or the empty one where it belongs. */
static taken *set_find(const name_set *set, const char *name)
{
    size_t at = hash(name) & set->mask;
    while (set->slots[at].name != NULL &&
           strcmp(set->slots[at].name, name) != 0)
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

/* The first "name.N" that is free; NULL without memory. */
static char *next_name(const name_set *set, taken *first)
{
    size_t room = strlen(first->name) + sizeof ".4294967295";
    char *name = malloc(room);
    if (name == NULL)
        return NULL;
    do
        snprintf(name, room, "%s.%u", first->name, ++first->next);
    while (set_find(set, name)->name != NULL);
    return name;
}

static bool take_names(const name_set *set, char *names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        taken *slot = set_find(set, names[i]);
        if (slot->name != NULL) {
            char *other = next_name(set, slot);
            if (other == NULL)
                return false;
            free(names[i]);
            names[i] = other;
            slot = set_find(set, other);
        }
        slot->name = names[i];
    }
    return true;
}

bool names_make_distinct(char *names[], size_t count)
{
    size_t size = 4;
    while (size / 2 < count)
        size *= 2;
    name_set set = {calloc(size, sizeof *set.slots), size - 1};
    if (set.slots == NULL)
        return false;
    bool done = take_names(&set, names, count);
    free(set.slots);
    return done;
}
