/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime's own files say of a container: its name, its image, its pod.
 *
 * The files are not trusted: they are opened below the runtime's folder without
 * following links, must be plain files of bounded size, and whatever is wrong
 * with them means that nothing is known. Nothing here blocks.
 *
 * They are those of the machine's own runtimes. A container that a user runs
 * has none, and whose cgroup is called after one of the machine's gets nothing of
 * that one's.
 */
#ifndef SHRIKE_COLLECT_CONTAINERS_FILES_H
#define SHRIKE_COLLECT_CONTAINERS_FILES_H

#include "user/collect/containers_path.h"

#define CONTAINER_NAME_MAX 255
#define CONTAINER_IMAGE_MAX 511

/* "" is not known. Longer texts are cut. */
struct container_facts {
	char id[CONTAINER_ID_MAX + 1];
	char runtime[16];
	char name[CONTAINER_NAME_MAX + 1];
	char image[CONTAINER_IMAGE_MAX + 1];
	char pod[CONTAINER_NAME_MAX + 1]; /* its name, else its uid */
	char pod_namespace[CONTAINER_POD_MAX + 1];
};

/*
 * All that is known of the container that a cgroup's path names. `root` stands
 * before the runtimes' folders: "" for this host's. False: the path is all that
 * is known so far, though the runtime is one that keeps files.
 */
bool container_files_read(const char *root, const struct container_path *path,
			  struct container_facts *ret_facts);

#endif
