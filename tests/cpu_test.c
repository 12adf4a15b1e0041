/* How many processors a process may use: the affinity mask, and the cgroup
 * quota as the kernel's files state it. The files are written here, in a
 * folder of the test's own, in the layouts of v1 and v2. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "support/test.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <futures/futures.h>

#include "base/cpu.h"

enum { PATH_ROOM = 512 };

Test(cpu, there_is_at_least_one_and_no_more_than_the_mask_allows)
{
    cpu_set_t mask;
    cr_assert_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
    cr_assert_geq(futures_cpu_count(), 1);
    cr_assert_leq(futures_cpu_count(), (unsigned)CPU_COUNT(&mask));
}

Test(cpu, a_mask_of_one_counts_one)
{
    cpu_set_t before;
    cpu_set_t one;
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    size_t first = 0;
    while (!CPU_ISSET(first, &before))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    unsigned count = futures_cpu_count();
    cr_assert_eq(sched_setaffinity(0, sizeof before, &before), 0);
    cr_assert_eq(count, 1);
}

Test(cpu, a_pool_of_no_stated_width_has_as_many_workers)
{
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, NULL), FUTURES_OK);
    cr_assert_eq(futures_pool_workers(pool), futures_cpu_count());
    futures_pool_destroy(pool);
}

/* A folder that stands for the cgroup mount, and the file of our groups. */
struct mount {
    char root[PATH_ROOM];
    char groups[PATH_ROOM];
};

static void put(const char *folder, const char *name, const char *text)
{
    char path[2 * PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    fclose(file);
}

static void make_folder(const struct mount *mount, const char *name)
{
    char path[2 * PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", mount->root, name);
    cr_assert_eq(mkdir(path, 0700), 0);
}

static void mount_init(struct mount *mount, const char *groups)
{
    const char *parent = getenv("TMPDIR");
    snprintf(mount->root, sizeof mount->root, "%s/futures-cpu-XXXXXX",
             parent != NULL ? parent : "/tmp");
    cr_assert_not_null(mkdtemp(mount->root));
    snprintf(mount->groups, sizeof mount->groups, "%.400s/groups",
             mount->root);
    put(mount->root, "groups", groups);
}

static unsigned mount_quota(const struct mount *mount)
{
    return fut_cpu_quota(mount->groups, mount->root);
}

/* Removes the files and folders, in the order given, then the mount. */
static void mount_remove(const struct mount *mount, const char *const names[])
{
    char path[2 * PATH_ROOM];
    for (; *names != NULL; names++) {
        snprintf(path, sizeof path, "%s/%s", mount->root, *names);
        cr_assert_eq(remove(path), 0);
    }
    cr_assert_eq(remove(mount->groups), 0);
    cr_assert_eq(remove(mount->root), 0);
}

static unsigned quota_of_v2_file(const char *text)
{
    static const char *const made[] = {"a/cpu.max", "a", NULL};
    struct mount mount;
    mount_init(&mount, "0::/a\n");
    make_folder(&mount, "a");
    put(mount.root, "a/cpu.max", text);
    unsigned quota = mount_quota(&mount);
    mount_remove(&mount, made);
    return quota;
}

Test(cgroup_v2, the_quota_is_rounded_up)
{
    cr_assert_eq(quota_of_v2_file("200000 100000\n"), 2);
    cr_assert_eq(quota_of_v2_file("200001 100000\n"), 3);
    cr_assert_eq(quota_of_v2_file("1000 100000\n"), 1);
}

Test(cgroup_v2, max_is_no_quota)
{
    cr_assert_eq(quota_of_v2_file("max 100000\n"), 0);
}

Test(cgroup_v2, what_is_not_a_quota_is_none)
{
    cr_assert_eq(quota_of_v2_file(""), 0);
    cr_assert_eq(quota_of_v2_file("nonsense\n"), 0);
    cr_assert_eq(quota_of_v2_file("200000\n"), 0);
    cr_assert_eq(quota_of_v2_file("200000 0\n"), 0);
    cr_assert_eq(quota_of_v2_file("-1 100000\n"), 0);
}

Test(cgroup_v2, the_least_quota_on_the_way_to_the_root_holds)
{
    static const char *const made[] = {"a/b/cpu.max", "a/b",     "a/cpu.max",
                                       "a",           "cpu.max", NULL};
    struct mount mount;
    mount_init(&mount, "0::/a/b\n");
    make_folder(&mount, "a");
    make_folder(&mount, "a/b");
    put(mount.root, "cpu.max", "900000 100000\n");
    put(mount.root, "a/cpu.max", "300000 100000\n");
    put(mount.root, "a/b/cpu.max", "500000 100000\n");
    cr_assert_eq(mount_quota(&mount), 3);
    put(mount.root, "a/cpu.max", "max 100000\n");
    cr_assert_eq(mount_quota(&mount), 5);
    mount_remove(&mount, made);
}

Test(cgroup_v2, a_process_in_the_root_group_is_read_there)
{
    static const char *const made[] = {"cpu.max", NULL};
    struct mount mount;
    mount_init(&mount, "0::/\n");
    put(mount.root, "cpu.max", "150000 100000\n");
    cr_assert_eq(mount_quota(&mount), 2);
    mount_remove(&mount, made);
}

Test(cgroup_v1, quota_and_period_lie_under_the_cpu_controller)
{
    static const char *const made[] = {"cpu/a/cpu.cfs_quota_us",
                                       "cpu/a/cpu.cfs_period_us", "cpu/a",
                                       "cpu", NULL};
    struct mount mount;
    mount_init(&mount, "5:memory:/m\n3:cpu,cpuacct:/a\n");
    make_folder(&mount, "cpu");
    make_folder(&mount, "cpu/a");
    put(mount.root, "cpu/a/cpu.cfs_quota_us", "250000\n");
    put(mount.root, "cpu/a/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(mount_quota(&mount), 3);
    put(mount.root, "cpu/a/cpu.cfs_quota_us", "-1\n");
    cr_assert_eq(mount_quota(&mount), 0);
    mount_remove(&mount, made);
}

Test(cgroup_v1, a_container_sees_its_group_at_the_root_of_the_mount)
{
    static const char *const made[] = {"cpu/cpu.cfs_quota_us",
                                       "cpu/cpu.cfs_period_us", "cpu", NULL};
    struct mount mount;
    mount_init(&mount, "3:cpu:/docker/0123456789abcdef\n");
    make_folder(&mount, "cpu");
    put(mount.root, "cpu/cpu.cfs_quota_us", "100000\n");
    put(mount.root, "cpu/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(mount_quota(&mount), 1);
    mount_remove(&mount, made);
}

Test(cgroup_v1, a_controller_whose_name_only_contains_cpu_is_another)
{
    static const char *const made[] = {"cpu/cpu.cfs_quota_us",
                                       "cpu/cpu.cfs_period_us", "cpu", NULL};
    struct mount mount;
    mount_init(&mount, "3:cpuset:/\n4:cpuacct:/\n");
    make_folder(&mount, "cpu");
    put(mount.root, "cpu/cpu.cfs_quota_us", "100000\n");
    put(mount.root, "cpu/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(mount_quota(&mount), 0);
    mount_remove(&mount, made);
}

Test(cgroup, no_files_at_all_are_no_quota)
{
    cr_assert_eq(fut_cpu_quota("/nowhere/groups", "/nowhere"), 0);
}
