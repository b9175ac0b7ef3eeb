/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the file streams: a folder to work in, removed at the end. */
#ifndef SHRIKE_TESTS_COLLECT_FILES_H
#define SHRIKE_TESTS_COLLECT_FILES_H

#include "live.h"

#include <sys/stat.h>

static char root[64];

/* The group's set-up calls it; not 0: it could not be made. */
static inline int root_named(const char *name)
{
	snprintf(root, sizeof(root), "/tmp/shrike-%s-%d", name, getpid());
	return mkdir(root, 0755);
}

static inline int root_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* At most 8 are alive at a time. */
static inline const char *in_root(const char *name)
{
	static char paths[8][256];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
	return path;
}

/* In a child, which ends with 1 when it is not so. */
static inline void need(bool is_so)
{
	if (!is_so)
		_exit(1);
}

#endif
