// SPDX-License-Identifier: Apache-2.0
/*
 * A path is read from its end, component by component:
 *
 *   docker-<id>.scope             systemd: PREFIX-ID.scope
 *   docker/<id>                   cgroupfs: FOLDER/ID
 *   system.slice:docker:<id>      cgroupfs, but the path was meant for systemd
 *   lxc.payload.<name>            PREFIX NAME
 *   systemd-nspawn@<name>.service
 *   <id>                          64 hex digits alone: some runtime's
 *
 * and of Kubernetes' pods any component above: "pod<uid>" at its end, where
 * systemd's names have underscores for hyphens.
 */
#include "user/collect/containers_path.h"

#include "user/base/check.h"

#include <string.h>

#define ID_HEX 64      /* of what most runtimes call their containers */
#define ID_BUILDKIT 25 /* letters and digits */
#define POD_UID_MIN 32

struct piece {
	const char *at;
	size_t len;
};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_hex_id(struct piece p)
{
	if (p.len != ID_HEX)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if (!is_hex(p.at[i]))
			return false;
	return true;
}

static bool is_buildkit_id(struct piece p)
{
	if (p.len != ID_BUILDKIT)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if (!is_hex(p.at[i]) && !(p.at[i] >= 'g' && p.at[i] <= 'z'))
			return false;
	return true;
}

/* A name as runtimes let people give it, hence no path. */
static bool is_name(struct piece p)
{
	if (!p.len || p.len > CONTAINER_ID_MAX)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if ((unsigned char)p.at[i] <= ' ' || p.at[i] == 0x7f)
			return false;
	return true;
}

static bool equals(struct piece p, const char *text)
{
	return p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

static bool take_prefix(struct piece *p, const char *prefix)
{
	size_t len = strlen(prefix);

	if (p->len < len || memcmp(p->at, prefix, len) != 0)
		return false;
	p->at += len;
	p->len -= len;
	return true;
}

static bool take_suffix(struct piece *p, const char *suffix)
{
	size_t len = strlen(suffix);

	if (p->len < len || memcmp(p->at + p->len - len, suffix, len) != 0)
		return false;
	p->len -= len;
	return true;
}

enum id_kind { ID_IS_HEX, ID_IS_NAME, ID_IS_BUILDKIT };

/* PREFIX-ID.scope and PREFIX-ID, then as the middle of SLICE:PREFIX:ID. */
static const struct {
	const char *prefix;
	const char *runtime;
	enum id_kind kind;
} prefixes[] = {
	{ "docker", "docker", ID_IS_HEX },
	{ "cri-containerd", "containerd", ID_IS_HEX },
	{ "containerd", "containerd", ID_IS_HEX },
	{ "nerdctl", "containerd", ID_IS_HEX },
	{ "crio", "cri-o", ID_IS_HEX },
	{ "libpod", "podman", ID_IS_HEX },
	{ "buildkit", "buildkit", ID_IS_BUILDKIT },
	{ "runc", "runc", ID_IS_NAME },
	{ "crun", "crun", ID_IS_NAME },
};

/* FOLDER/ID */
static const struct {
	const char *folder;
	const char *runtime;
	enum id_kind kind;
} folders[] = {
	{ "docker", "docker", ID_IS_HEX },
	{ "moby", "docker", ID_IS_HEX },
	{ "buildkit", "buildkit", ID_IS_BUILDKIT },
	{ "libpod_parent", "podman", ID_IS_HEX },
	{ "lxc", "lxc", ID_IS_NAME },
	{ "lxc.payload", "lxc", ID_IS_NAME },
};

static bool id_fits(struct piece id, enum id_kind kind)
{
	switch (kind) {
	case ID_IS_HEX:
		return is_hex_id(id);
	case ID_IS_NAME:
		return is_name(id);
	case ID_IS_BUILDKIT:
		return is_buildkit_id(id);
	}
	return false;
}

static bool found(struct container_path *to, struct piece id,
		  const char *runtime, enum id_kind kind)
{
	CHECK(id.len <= CONTAINER_ID_MAX);
	memcpy(to->id, id.at, id.len);
	to->id[id.len] = '\0';
	to->runtime = runtime;
	to->named = kind == ID_IS_NAME;
	return true;
}

/* As systemd writes what its names cannot hold: \x2d is a hyphen. */
static size_t unescape(struct piece p, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < p.len; i++) {
		if (i + 3 < p.len && memcmp(p.at + i, "\\x2d", 4) == 0) {
			to[n++] = '-';
			i += 3;
		} else {
			to[n++] = p.at[i];
		}
	}
	return n;
}

static bool found_name(struct container_path *to, struct piece name,
		       const char *runtime)
{
	char text[CONTAINER_ID_MAX];

	if (!is_name(name))
		return false;
	name.len = unescape(name, text);
	name.at = text;
	return found(to, name, runtime, ID_IS_NAME);
}

/* PREFIX-ID.scope; a name is only told from others by the suffix. */
static bool read_scope(struct piece p, struct container_path *to)
{
	bool scope = take_suffix(&p, ".scope");

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct piece id = p;

		if (prefixes[i].kind == ID_IS_NAME && !scope)
			continue;
		if (take_prefix(&id, prefixes[i].prefix) &&
		    take_prefix(&id, "-") && id_fits(id, prefixes[i].kind))
			return found(to, id, prefixes[i].runtime,
				     prefixes[i].kind);
	}
	return false;
}

/* SLICE:PREFIX:ID */
static bool read_colons(struct piece p, struct container_path *to)
{
	const char *last = memrchr(p.at, ':', p.len);
	const char *first = memchr(p.at, ':', p.len);
	struct piece middle, id;

	if (!last || first == last)
		return false;
	middle = (struct piece){ first + 1, (size_t)(last - first - 1) };
	id = (struct piece){ last + 1, (size_t)(p.at + p.len - last - 1) };
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (equals(middle, prefixes[i].prefix) &&
		    id_fits(id, prefixes[i].kind))
			return found(to, id, prefixes[i].runtime,
				     prefixes[i].kind);
	return false;
}

static bool read_folder(struct piece p, struct piece folder,
			struct container_path *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (equals(folder, folders[i].folder) &&
		    id_fits(p, folders[i].kind))
			return found(to, p, folders[i].runtime,
				     folders[i].kind);
	return false;
}

/* systemd's own: machine.slice/systemd-nspawn@NAME.service or machine-NAME */
static bool read_machine(struct piece p, struct piece folder,
			 struct container_path *to)
{
	struct piece name = p;

	if (take_prefix(&name, "systemd-nspawn@") &&
	    take_suffix(&name, ".service"))
		return found_name(to, name, "systemd-nspawn");
	name = p;
	if (!equals(folder, "machine.slice") ||
	    !take_prefix(&name, "machine-") || !take_suffix(&name, ".scope") ||
	    take_prefix(&name, "qemu"))
		return false;
	if (take_prefix(&name, "lxc\\x2d"))
		return found_name(to, name, "libvirt-lxc");
	return found_name(to, name, "systemd-nspawn");
}

static bool read_lxc(struct piece p, struct container_path *to)
{
	return take_prefix(&p, "lxc.payload.") && found_name(to, p, "lxc");
}

/* ecs/<32 hex>/<32 hex>-<digits>: of Fargate, which uses no known runtime. */
static bool read_ecs(struct piece p, struct container_path *to)
{
	size_t i = 0;

	while (i < p.len && is_hex(p.at[i]))
		i++;
	if (i != 32 || p.len < 34 || p.len > 44 || p.at[i] != '-')
		return false;
	for (i++; i < p.len; i++)
		if (p.at[i] < '0' || p.at[i] > '9')
			return false;
	return found(to, p, "ecs", ID_IS_HEX);
}

static bool read_component(struct piece p, struct piece folder,
			   struct piece above, struct container_path *to)
{
	if (read_scope(p, to) || read_colons(p, to) ||
	    read_folder(p, folder, to) || read_machine(p, folder, to) ||
	    read_lxc(p, to) || (equals(above, "ecs") && read_ecs(p, to)))
		return true;
	return is_hex_id(p) && found(to, p, NULL, ID_IS_HEX);
}

/* "pod<uid>" at its end: of kubepods/podUID, kubepods-burstable-podUID.slice */
static void read_pod(struct piece p, struct container_path *to)
{
	const char *colon = memchr(p.at, ':', p.len);
	size_t start = 0, n = 0;

	if (colon)
		p.len = (size_t)(colon - p.at);
	take_suffix(&p, ".slice");
	for (size_t i = 3; i < p.len; i++)
		if (memcmp(p.at + i - 3, "pod", 3) == 0)
			start = i;
	if (!start || p.len - start < POD_UID_MIN ||
	    p.len - start > CONTAINER_POD_MAX)
		return;
	for (size_t i = start; i < p.len; i++)
		if (!is_hex(p.at[i]) && p.at[i] != '-' && p.at[i] != '_')
			return;
	for (size_t i = start; i < p.len; i++)
		to->pod_uid[n++] = p.at[i] == '_' ? '-' : p.at[i];
	to->pod_uid[n] = '\0';
}

/* The component that ends at `*end`, which goes to its front. */
static struct piece component_before(const char *path, size_t *end)
{
	struct piece p = { .at = path };
	size_t start;

	while (*end > 0 && path[*end - 1] == '/')
		--*end;
	for (start = *end; start > 0 && path[start - 1] != '/'; start--)
		;
	p.at = path + start;
	p.len = *end - start;
	*end = start;
	return p;
}

bool container_path_read(const char *path, size_t len,
			 struct container_path *ret_path)
{
	struct container_path to = { 0 };
	size_t end = len;
	struct piece p = component_before(path, &end);
	struct piece folder = component_before(path, &end);
	struct piece above = component_before(path, &end);
	bool is_found = false;

	for (; p.len;
	     p = folder, folder = above, above = component_before(path, &end)) {
		if (!is_found)
			is_found = read_component(p, folder, above, &to);
		if (is_found && !to.pod_uid[0])
			read_pod(p, &to);
		to.of_user |= equals(p, "user.slice");
	}
	if (is_found)
		*ret_path = to;
	return is_found;
}
