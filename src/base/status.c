/* Statuses in words, and the version. */
#include <futures/status.h>
#include <futures/version.h>

#define NAME(name, text) "FUTURES_" #name,
#define TEXT(name, text) text,
#define STRING(token) #token
#define VERSION(major, minor, patch) \
    STRING(major) "." STRING(minor) "." STRING(patch)

static const char *const names[] = {FUTURES_STATUS_MAP(NAME)};
static const char *const texts[] = {FUTURES_STATUS_MAP(TEXT)};

enum { COUNT = sizeof names / sizeof *names };

const char *futures_status_name(futures_status status)
{
    return (unsigned)status < COUNT ? names[status] : "FUTURES_?";
}

const char *futures_status_text(futures_status status)
{
    return (unsigned)status < COUNT ? texts[status] : "unknown status";
}

const char *futures_version(void)
{
    return VERSION(FUTURES_VERSION_MAJOR, FUTURES_VERSION_MINOR,
                   FUTURES_VERSION_PATCH);
}
