/* The affinity mask and the cgroup quota, whichever is less. A quota may be
 * set on any group above ours, so each level up to the mount is asked: v2 has
 * cpu.max with "QUOTA PERIOD" or "max PERIOD"; v1 has cpu.cfs_quota_us (-1:
 * none) and cpu.cfs_period_us under the controller's own mount. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/cpu.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <futures/pool.h>

enum { PATH_ROOM = 4096 };

static bool read_line(const char *directory, const char *file, char *line,
                      int room)
{
    char path[PATH_ROOM + 32];
    FILE *stream;
    bool read;

    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    stream = fopen(path, "re");
    if (stream == NULL) {
        return false;
    }
    read = fgets(line, room, stream) != NULL;
    (void)fclose(stream);
    return read;
}

static unsigned round_up(long long quota, long long period)
{
    long long count;

    if (quota <= 0 || period <= 0) {
        return 0;
    }
    count = quota / period + (quota % period != 0);
    return count > 1 << 20 ? 0 : (unsigned)count;
}

static unsigned quota_v2(const char *directory)
{
    char line[128];
    char *rest;
    long long quota;

    if (!read_line(directory, "cpu.max", line, sizeof line)) {
        return 0;
    }
    quota = strtoll(line, &rest, 10);
    return rest == line ? 0 : round_up(quota, strtoll(rest, NULL, 10));
}

static unsigned quota_v1(const char *directory)
{
    char quota[64];
    char period[64];

    if (!read_line(directory, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !read_line(directory, "cpu.cfs_period_us", period, sizeof period)) {
        return 0;
    }
    return round_up(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The least quota on the way from `group` up to the root of `mount`. */
static unsigned least_quota(const char *mount, const char *group,
                            unsigned (*quota_of)(const char *))
{
    char directory[PATH_ROOM];
    size_t root = strlen(mount);
    unsigned least = 0;
    int length = snprintf(directory, sizeof directory, "%s%s", mount, group);

    if (length < 0 || (size_t)length >= sizeof directory) {
        return quota_of(mount);
    }
    for (;;) {
        unsigned quota = quota_of(directory);
        char *slash = strrchr(directory, '/');

        if (quota != 0 && (least == 0 || quota < least)) {
            least = quota;
        }
        if (slash == NULL || slash < directory + root) {
            return least;
        }
        *slash = '\0';
    }
}

/* Whether the comma-separated list names the cpu controller. */
static bool names_cpu(char *controllers)
{
    char *rest = NULL;

    for (char *name = strtok_r(controllers, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        if (strcmp(name, "cpu") == 0) {
            return true;
        }
    }
    return false;
}

/* One line of /proc/self/cgroup: "ID:CONTROLLERS:GROUP". */
static unsigned quota_of_line(char *line, const char *mount)
{
    char v1_mount[PATH_ROOM];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;

    if (group == NULL) {
        return 0;
    }
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(group, "/") == 0) {
        group[0] = '\0';
    }
    if (controllers[0] == '\0') {
        return least_quota(mount, group, quota_v2);
    }
    if (!names_cpu(controllers)) {
        return 0;
    }
    (void)snprintf(v1_mount, sizeof v1_mount, "%s/cpu", mount);
    return least_quota(v1_mount, group, quota_v1);
}

unsigned fut_cpu_quota(const char *groups_file, const char *mount)
{
    char line[PATH_ROOM];
    unsigned least = 0;
    FILE *stream = fopen(groups_file, "re");

    if (stream == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, stream) != NULL) {
        unsigned quota = quota_of_line(line, mount);

        if (quota != 0 && (least == 0 || quota < least)) {
            least = quota;
        }
    }
    (void)fclose(stream);
    return least;
}

static unsigned affinity_count(void)
{
    long online;
#if defined(__linux__)
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (unsigned)CPU_COUNT(&set);
    }
#endif
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

unsigned futures_cpu_count(void)
{
    unsigned count = affinity_count();
    unsigned quota = fut_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");

    if (quota != 0 && quota < count) {
        count = quota;
    }
    return count > 0 ? count : 1;
}
