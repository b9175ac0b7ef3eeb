// SPDX-License-Identifier: Apache-2.0
/*
 * A line of mountinfo (see proc(5)):
 *
 *   36 35 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory
 *   id par dev root mount-point        options   optional - type source options
 *
 * and of /proc/cgroups: name, number of the hierarchy, cgroups, enabled; the
 * number is 0 when no v1 hierarchy has the controller.
 */
#include "user/collect/containers_mounts.h"

#include "user/base/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of those that runtimes use, what is most likely to be there first. */
static const char *const controllers[CGROUP_CONTROLLER_COUNT] = {
	[CGROUP_MEMORY] = "memory",   [CGROUP_PIDS] = "pids",
	[CGROUP_DEVICES] = "devices", [CGROUP_CPU] = "cpu",
	[CGROUP_FREEZER] = "freezer",
};

static void controllers_read(const char *path, struct cgroup_mounts *to)
{
	unsigned hierarchies[CGROUP_CONTROLLER_COUNT] = { 0 };
	FILE *file = fopen(path, "re");
	char line[256], name[64];
	unsigned hierarchy;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %u", name, &hierarchy) != 2)
			continue;
		for (unsigned i = CGROUP_NONE + 1; i < CGROUP_CONTROLLER_COUNT;
		     i++)
			if (strcmp(name, controllers[i]) == 0)
				hierarchies[i] = hierarchy;
	}
	if (file)
		fclose(file);
	for (unsigned i = CGROUP_NONE + 1;
	     i < CGROUP_CONTROLLER_COUNT && !to->hierarchy; i++) {
		to->controller = hierarchies[i] ? i : CGROUP_NONE;
		to->hierarchy = hierarchies[i];
	}
}

static bool has_option(char *options, const char *option)
{
	char *rest = NULL;

	for (char *at = strtok_r(options, ",", &rest); at;
	     at = strtok_r(NULL, ",", &rest))
		if (strcmp(at, option) == 0)
			return true;
	return false;
}

/* The first mount of each that shows the whole hierarchy. */
static void mount_take(char *line, struct cgroup_mounts *to)
{
	char root[PATH_MAX], at[PATH_MAX], type[32], options[1024];
	char *tail = strstr(line, " - ");

	line[strcspn(line, "\n")] = '\0';
	if (!tail || sscanf(line, "%*s %*s %*s %4095s %4095s", root, at) != 2 ||
	    sscanf(tail + 3, "%31s %*s %1023s", type, options) != 2)
		return;
	/* A name with white space in it is written in octal. */
	if (strcmp(root, "/") != 0 || strchr(at, '\\'))
		return;
	if (strcmp(type, "cgroup2") == 0 && !to->unified[0])
		strcpy(to->unified, at);
	else if (strcmp(type, "cgroup") == 0 && !to->v1[0] && to->controller &&
		 has_option(options, controllers[to->controller]))
		strcpy(to->v1, at);
}

void cgroup_mounts_read(const char *mountinfo, const char *cgroups,
			struct cgroup_mounts *ret_mounts)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	*ret_mounts = (struct cgroup_mounts){ 0 };
	controllers_read(cgroups, ret_mounts);
	file = fopen(mountinfo, "re");
	while (file && getline(&line, &size, file) > 0)
		mount_take(line, ret_mounts);
	free(line);
	if (file)
		fclose(file);
}

void cgroup_mounts_here(struct cgroup_mounts *ret_mounts)
{
	cgroup_mounts_read("/proc/self/mountinfo", "/proc/cgroups", ret_mounts);
}
