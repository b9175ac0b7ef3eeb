// SPDX-License-Identifier: Apache-2.0
/*
 * Where runtimes keep what they know, below ROOT:
 *
 *   docker      var/lib/docker/containers/ID/config.v2.json
 *   containerd  run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/
 *               config.json: an OCI configuration, annotated by Kubernetes
 *   cri-o       run/containers/storage/overlay-containers/ID/userdata/config.json
 *   podman      the same, below var/lib; names in containers.json beside them
 */
#include "user/collect/containers_files.h"

#include "user/base/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <jansson.h>

/* A parsed text takes up to twenty times its bytes. */
#define FILE_BYTES_MAX ((size_t)512 * 1024)
#define NAMESPACES_MAX 16

#define CONTAINERD_FOLDER "/run/containerd/io.containerd.runtime.v2.task"

/* --- files -----------------------------------------------------------------*/

/* Links that lead to the folder are the administrator's. */
static int folder_open(const char *root, const char *folder)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", root, folder);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Links and mounts inside of it are anybody's. What is mounted there may not even
 * answer: then the sensor would stand still.
 */
static int file_open_below(int folder, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
			 O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

static json_t *fd_parse(int fd)
{
	struct stat st;
	json_t *json = NULL;
	size_t len = 0;
	ssize_t n = 1;
	char *bytes;

	/* A file of /proc says 0, so the size is a hint alone. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)FILE_BYTES_MAX)
		return NULL;
	bytes = malloc(FILE_BYTES_MAX);
	if (!bytes)
		return NULL;
	while (n > 0 && len < FILE_BYTES_MAX) {
		n = read(fd, bytes + len, FILE_BYTES_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n == 0)
		json = json_loadb(bytes, len, 0, NULL);
	free(bytes);
	return json;
}

/* NULL: not there, or not to be used. */
static json_t *file_parse(int folder, const char *name)
{
	int fd = file_open_below(folder, name);
	json_t *json;

	if (fd < 0)
		return NULL;
	json = fd_parse(fd);
	close(fd);
	return json;
}

/* --- texts -----------------------------------------------------------------*/

/* UTF-8 is cut between characters. */
static void text_take(char *to, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (to[0] || !len)
		return;
	if (len >= size) {
		len = size - 1;
		while (len && (text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(to, text, len);
	to[len] = '\0';
}

#define TAKE(to, text) text_take(to, sizeof(to), text)

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The annotations or labels that Kubernetes and its runtimes give. */
static void take_labels(const json_t *labels, struct container_facts *facts)
{
	TAKE(facts->name, text_of(labels, "io.kubernetes.cri.container-name"));
	TAKE(facts->name, text_of(labels, "io.kubernetes.container.name"));
	TAKE(facts->name, text_of(labels, "nerdctl/name"));
	TAKE(facts->image, text_of(labels, "io.kubernetes.cri.image-name"));
	TAKE(facts->image, text_of(labels, "io.kubernetes.cri-o.ImageName"));
	TAKE(facts->pod, text_of(labels, "io.kubernetes.cri.sandbox-name"));
	TAKE(facts->pod, text_of(labels, "io.kubernetes.pod.name"));
	TAKE(facts->pod_namespace,
	     text_of(labels, "io.kubernetes.cri.sandbox-namespace"));
	TAKE(facts->pod_namespace,
	     text_of(labels, "io.kubernetes.pod.namespace"));
}

/* --- runtimes --------------------------------------------------------------*/

/*
 * What Kubernetes runs has a name of its making, and its labels. Any other label
 * may come with the image, whose author would choose what a container is.
 */
static void docker_take_pod(const char *name, const json_t *labels,
			    struct container_facts *facts)
{
	if (!name || strncmp(name, "/k8s_", 5) != 0)
		return;
	TAKE(facts->name, text_of(labels, "io.kubernetes.container.name"));
	TAKE(facts->pod, text_of(labels, "io.kubernetes.pod.name"));
	TAKE(facts->pod_namespace,
	     text_of(labels, "io.kubernetes.pod.namespace"));
}

static bool docker_read(const char *root, struct container_facts *facts)
{
	char name[CONTAINER_ID_MAX + 32];
	int folder = folder_open(root, "/var/lib/docker/containers");
	const json_t *config;
	const char *text;
	json_t *json;

	if (folder < 0)
		return false;
	snprintf(name, sizeof(name), "%s/config.v2.json", facts->id);
	json = file_parse(folder, name);
	close(folder);
	if (!json)
		return false;
	config = json_object_get(json, "Config");
	text = text_of(json, "Name");
	docker_take_pod(text, json_object_get(config, "Labels"), facts);
	TAKE(facts->name, text && text[0] == '/' ? text + 1 : text);
	TAKE(facts->image, text_of(config, "Image"));
	json_decref(json);
	return true;
}

static bool oci_read(int folder, const char *name,
		     struct container_facts *facts)
{
	json_t *json = file_parse(folder, name);

	if (!json)
		return false;
	take_labels(json_object_get(json, "annotations"), facts);
	json_decref(json);
	return true;
}

/* Which namespace it is in nobody says: there are few. */
static bool containerd_read(const char *root, struct container_facts *facts)
{
	int folder = folder_open(root, CONTAINERD_FOLDER);
	char name[NAME_MAX + CONTAINER_ID_MAX + 32];
	unsigned left = NAMESPACES_MAX;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (folder < 0)
		return false;
	dir = fdopendir(folder);
	if (!dir) {
		close(folder);
		return false;
	}
	while (!found && left && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		left--;
		snprintf(name, sizeof(name), "%s/%s/config.json", entry->d_name,
			 facts->id);
		found = oci_read(dirfd(dir), name, facts);
	}
	closedir(dir);
	return found;
}

/* The entry of a list of containers, with its names and its image. */
static bool storage_take(const json_t *list, struct container_facts *facts)
{
	const json_t *entry;
	const char *text;
	json_t *metadata;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		text = text_of(entry, "id");
		if (!text || strcmp(text, facts->id) != 0)
			continue;
		text = text_of(entry, "metadata");
		metadata = text ? json_loads(text, 0, NULL) : NULL;
		TAKE(facts->image, text_of(metadata, "image-name"));
		TAKE(facts->name, text_of(metadata, "name"));
		TAKE(facts->name, json_string_value(json_array_get(
					  json_object_get(entry, "names"), 0)));
		json_decref(metadata);
		return true;
	}
	return false;
}

static bool storage_read(const char *root, const char *folder_name,
			 struct container_facts *facts)
{
	static const char *const lists[] = { "containers.json",
					     "volatile-containers.json" };
	int folder = folder_open(root, folder_name);
	char name[CONTAINER_ID_MAX + 32];
	bool found;

	if (folder < 0)
		return false;
	snprintf(name, sizeof(name), "%s/userdata/config.json", facts->id);
	found = oci_read(folder, name, facts);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *list = file_parse(folder, lists[i]);

		found |= storage_take(list, facts);
		json_decref(list);
	}
	close(folder);
	return found;
}

/* Of containers/storage: who runs what is below run and what below var. */
static bool storages_read(const char *root, struct container_facts *facts)
{
	static const char *const folders[] = {
		"/run/containers/storage/overlay-containers",
		"/var/lib/containers/storage/overlay-containers",
		"/run/containers/storage/vfs-containers",
		"/var/lib/containers/storage/vfs-containers",
	};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		found |= storage_read(root, folders[i], facts);
	return found;
}

static const struct {
	const char *runtime;
	bool (*read)(const char *root, struct container_facts *facts);
	bool alone; /* its files tell the runtime where the path does not */
} runtimes[] = {
	{ "docker", docker_read, true },
	{ "containerd", containerd_read, true },
	{ "cri-o", storages_read, false },
	{ "podman", storages_read, false },
};

/* Where the path does not tell the runtime, it may. */
static bool keeps_files(const struct container_path *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (!path->runtime ||
		    strcmp(path->runtime, runtimes[i].runtime) == 0)
			return !path->of_user;
	return false;
}

bool container_files_read(const char *root, const struct container_path *path,
			  struct container_facts *ret_facts)
{
	struct container_facts facts = { 0 };
	bool found = !keeps_files(path);

	strcpy(facts.id, path->id);
	TAKE(facts.runtime, path->runtime);
	if (path->named)
		TAKE(facts.name, path->id);
	for (size_t i = 0; i < ARRAY_SIZE(runtimes) && !found; i++) {
		if (path->runtime ?
			    strcmp(path->runtime, runtimes[i].runtime) != 0 :
			    !runtimes[i].alone)
			continue;
		found = runtimes[i].read(root, &facts);
		if (found)
			TAKE(facts.runtime, runtimes[i].runtime);
	}
	TAKE(facts.pod, path->pod_uid);
	*ret_facts = facts;
	return found;
}
