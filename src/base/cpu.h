/* How many processors there are for this process. */
#ifndef FUT_BASE_CPU_H
#define FUT_BASE_CPU_H

/* The processors that the cgroup quota allows, rounded up; 0: no quota.
 * mounts  what /proc/self/cgroup and /sys/fs/cgroup are called: so that tests
 *         can give their own */
unsigned fut_cpu_quota(const char *groups_file, const char *mount);

#endif
