/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The path of an open file, from the kernel's own objects: dentry by dentry up
 * to the root of the mount, over the mount point, and on to the root of the
 * mount tree. What the caller wrote in its memory plays no part.
 *
 * The path is built from its end:
 *
 *   bytes  0 ............ off ............ EVENT_PATH_SIZE
 *          unused         /usr/bin/id      slack for the verifier
 *
 * A path that does not fit keeps its end and is marked.
 */
#ifndef SHRIKE_BPF_PATH_H
#define SHRIKE_BPF_PATH_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"

#define PATH_NAME_MAX 255
/* Each step adds at least two bytes or crosses a mount. */
#define PATH_STEPS_MAX (EVENT_PATH_SIZE / 2 + 64)

struct path_buffer {
	char bytes[2 * EVENT_PATH_SIZE + PATH_NAME_MAX + 1];
};

enum path_state {
	PATH_WALKING,
	PATH_AT_ROOT,
	PATH_PSEUDO, /* the file is in no directory: memfd, pipe */
	PATH_TOO_LONG,
};

struct path_walk {
	struct dentry *dentry;
	struct mount *mount;
	struct dentry *mount_root;
	char *bytes;
	__u32 off;
	enum path_state state;
};

static __always_inline void path_enter_mount(struct path_walk *walk,
					     struct mount *mount)
{
	walk->mount = mount;
	bpf_core_read(&walk->mount_root, sizeof(walk->mount_root),
		      &mount->mnt.mnt_root);
}

static __always_inline bool path_prepend(struct path_walk *walk,
					 const unsigned char *name, __u32 len)
{
	__u32 off = walk->off;

	if (len > PATH_NAME_MAX)
		len = PATH_NAME_MAX;
	if (off > EVENT_PATH_SIZE || off < len + 1)
		return false;
	off = (off - len - 1) & (EVENT_PATH_SIZE - 1);
	walk->bytes[off] = '/';
	bpf_probe_read_kernel(walk->bytes + off + 1, len, name);
	walk->off = off;
	return true;
}

/* Returns 1 to end the loop. */
static long path_step(__u32 index, struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent;
	struct mount *above;
	const unsigned char *name;
	__u32 len;

	if (dentry == walk->mount_root) {
		bpf_core_read(&above, sizeof(above), &mount->mnt_parent);
		if (above == mount) {
			walk->state = PATH_AT_ROOT;
			return 1;
		}
		bpf_core_read(&walk->dentry, sizeof(walk->dentry),
			      &mount->mnt_mountpoint);
		path_enter_mount(walk, above);
		return 0;
	}
	bpf_core_read(&parent, sizeof(parent), &dentry->d_parent);
	name = BPF_CORE_READ(dentry, d_name.name);
	len = BPF_CORE_READ(dentry, d_name.len);
	if (parent == dentry) {
		walk->state = PATH_PSEUDO;
		if (len && index == 0)
			path_prepend(walk, name, len);
		return 1;
	}
	if (!path_prepend(walk, name, len)) {
		walk->state = PATH_TOO_LONG;
		return 1;
	}
	walk->dentry = parent;
	return 0;
}

/* Returns the path's length; its bytes start at EVENT_PATH_SIZE minus that. */
static __always_inline __u32 path_build(struct path_buffer *buffer,
					struct file *file,
					enum path_state *ret_state)
{
	struct path_walk walk = {
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.bytes = buffer->bytes,
		.off = EVENT_PATH_SIZE,
		.state = PATH_WALKING,
	};
	struct mount *mount = (void *)BPF_CORE_READ(file, f_path.mnt) -
			      bpf_core_field_offset(struct mount, mnt);

	path_enter_mount(&walk, mount);
	bpf_loop(PATH_STEPS_MAX, path_step, &walk, 0);
	if (walk.state == PATH_AT_ROOT && walk.off == EVENT_PATH_SIZE) {
		buffer->bytes[EVENT_PATH_SIZE - 1] = '/';
		walk.off = EVENT_PATH_SIZE - 1;
	}
	*ret_state = walk.state;
	return EVENT_PATH_SIZE - walk.off;
}

/* To the start of a record's `bytes`, EVENT_PATH_SIZE long; returns `len`. */
static __always_inline __u32 path_copy(char *bytes, struct path_buffer *buffer,
				       __u32 len)
{
	__u32 off = EVENT_PATH_SIZE - len;

	if (len > EVENT_PATH_SIZE)
		len = EVENT_PATH_SIZE;
	bpf_probe_read_kernel(bytes, len, buffer->bytes + (off & 8191));
	return len;
}

/* A pipe has no name; a chain that never ended has only part of one. */
static __always_inline bool path_is_whole(enum path_state state, __u32 len)
{
	return len && (state == PATH_AT_ROOT || state == PATH_PSEUDO);
}

#endif
