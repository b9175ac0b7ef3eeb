/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which container a cgroup belongs to, as far as its path tells: runtimes name
 * cgroups after their containers. A cgroup below that of a container belongs to
 * it; of nested containers the innermost counts.
 *
 * Who may make cgroups may make one of such a name: a path is what is claimed.
 * Below user.slice that is any user.
 */
#ifndef SHRIKE_COLLECT_CONTAINERS_PATH_H
#define SHRIKE_COLLECT_CONTAINERS_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_ID_MAX 128
#define CONTAINER_POD_MAX 64

struct container_path {
	char id[CONTAINER_ID_MAX + 1];
	const char *runtime; /* "docker" ...; NULL: the path does not tell */
	bool named;	     /* the id is a name that people gave */
	bool of_user;	     /* below user.slice */
	char pod_uid[CONTAINER_POD_MAX + 1]; /* "": in no pod */
};

/* False: in no container. `path` need not end in a NUL. */
bool container_path_read(const char *path, size_t len,
			 struct container_path *ret_path);

#endif
