/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cgroup hierarchies this host has: v2, v1, or both. A process is told by
 * its cgroup in v2, or, where v2 has it in the root, by that in the hierarchy of
 * one controller of v1 (EVENT_CGROUP_V1).
 */
#ifndef SHRIKE_COLLECT_CONTAINERS_MOUNTS_H
#define SHRIKE_COLLECT_CONTAINERS_MOUNTS_H

#include "bpf/event.h"

#include <limits.h>

struct cgroup_mounts {
	char unified[PATH_MAX]; /* where v2 is mounted; "": nowhere */
	enum cgroup_controller controller; /* CGROUP_NONE: v1 is not in use */
	unsigned hierarchy;		   /* its number, > 0 */
	char v1[PATH_MAX];		   /* where it is mounted */
};

/* From files as /proc/self/mountinfo and /proc/cgroups; never fails. */
void cgroup_mounts_read(const char *mountinfo, const char *cgroups,
			struct cgroup_mounts *ret_mounts);

/* Of this host. */
void cgroup_mounts_here(struct cgroup_mounts *ret_mounts);

#endif
