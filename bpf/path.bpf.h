/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths. That of a file is made from the kernel's own objects: dentry by dentry
 * up to the root of the mount, over the mount point, and on to the root of the
 * mount tree; what the caller wrote in its memory plays no part. That of a name
 * is made of the directory it is relative to, which is such a file, and the
 * name: see path_of_name().
 *
 * A path is built from its end, a name follows its directory:
 *
 *   bytes  0 ............ off ............ EVENT_PATH_SIZE ......... end
 *          unused         /home/user      /name
 *
 * A path that does not fit keeps its end and is marked. So is one that does not
 * lead to the root of a tree of mounts: of a file on a mount that is not mounted,
 * of one that was moved out of what its mount shows, of one opened by its handle.
 */
#ifndef SHRIKE_BPF_PATH_H
#define SHRIKE_BPF_PATH_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"

#define PATH_NAME_MAX 255
/* Each step adds at least two bytes or crosses a mount. */
#define PATH_STEPS_MAX (EVENT_PATH_SIZE / 2 + 64)

struct path_buffer {
	/* A directory, a name behind it, and slack for the verifier. */
	char bytes[3 * EVENT_PATH_SIZE];
	/* On its way through memory a pointer loses its type, and with it the
	   verifier's wish to follow every path with and without it. */
	__u64 file;
	/*
	 * Of a scan of the name: here rather than on the stack, where the
	 * verifier would follow each value that they can have.
	 */
	__u32 name_len;	 /* its NUL included, which ends the last component */
	__u32 component; /* bytes of the component that is looked at */
	__u32 dots;	 /* as many of them as are leading dots */
	__u32 is_raw;
	/* Of the walk to a name's directory. */
	__u64 mnt;
	__u64 dentry;
	__u32 state; /* enum path_state */
	__u32 start; /* of any walk: the verifier is not to know the number */
};

enum path_state {
	PATH_WALKING,
	PATH_AT_ROOT,
	PATH_PSEUDO, /* the file is in no directory: memfd, pipe */
	PATH_TOO_LONG,
	PATH_NOWHERE, /* in no tree of mounts, or not below its mount's root */
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
	walk->mount_root = KERNEL_READ(mount, mnt.mnt_root);
}

/* Eight bytes of a name; what lies behind its end is the caller's to drop. */
static __always_inline __u64 name_word(const unsigned char *name)
{
	return KERNEL_READ((struct qstr *)name, hash_len);
}

/*
 * Most names are short: a few loads and stores cost less than a call that
 * copies. Words overlap where a name is no multiple of them. `to` has slack
 * behind it, which is kept: there the path goes on.
 */
static __always_inline void name_copy(char *to, const unsigned char *name,
				      __u32 len)
{
	if (len > 2 * sizeof(__u64)) {
		bpf_probe_read_kernel(to, len, name);
	} else if (len >= sizeof(__u64)) {
		__u32 last = (len - sizeof(__u64)) & 15;

		*(__u64 *)to = name_word(name);
		*(__u64 *)(to + last) = name_word(name + last);
	} else {
		__u64 mask = (1ULL << (8 * len & 63)) - 1;

		*(__u64 *)to =
			(*(__u64 *)to & ~mask) | (name_word(name) & mask);
	}
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
	name_copy(walk->bytes + off + 1, name, len);
	walk->off = off;
	return true;
}

/*
 * The kernel's own mounts (memfd, pipes) have an error for a namespace. A mount
 * that was unmounted while in use has none; one that is not mounted yet, of
 * fsmount() or open_tree(), a nameless one. There a path begins anywhere.
 */
#define MOUNT_ERRORS 4095UL
#define MNT_NS_NAMELESS 0xEFFFFFF7 /* MNT_NS_ANON_INO; 0 before 6.18 */

static __always_inline bool mount_is_internal(struct mount *mount)
{
	return (unsigned long)KERNEL_READ(mount, mnt_ns) >= -MOUNT_ERRORS;
}

static __always_inline bool mount_is_in_tree(struct mount *mount)
{
	struct mnt_namespace *ns = KERNEL_READ(mount, mnt_ns);
	__u32 inum;

	if (!ns)
		return false;
	if ((unsigned long)ns >= -MOUNT_ERRORS)
		return true;
	inum = KERNEL_READ(ns, ns.inum);
	return inum && inum != MNT_NS_NAMELESS;
}

/* Odd while the dentry gets another name or parent, and another after it. */
static __always_inline __u32 path_renames(struct dentry *dentry)
{
	return KERNEL_READ(dentry, d_seq.seqcount.sequence);
}

/*
 * Returns 1 to end the loop. A step that a rename of this very directory came
 * into is made again: a name never comes with the parent of another time.
 */
static __always_inline long path_step_one(struct path_walk *walk, bool is_first)
{
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent;
	struct mount *above;
	const unsigned char *name;
	__u32 off = walk->off;
	__u32 renames;
	__u32 len;

	if (dentry == walk->mount_root) {
		above = KERNEL_READ(mount, mnt_parent);
		if (above == mount) {
			walk->state = mount_is_in_tree(mount) ? PATH_AT_ROOT :
								PATH_NOWHERE;
			return 1;
		}
		walk->dentry = KERNEL_READ(mount, mnt_mountpoint);
		path_enter_mount(walk, above);
		return 0;
	}
	renames = path_renames(dentry);
	parent = KERNEL_READ(dentry, d_parent);
	name = KERNEL_READ(dentry, d_name.name);
	len = KERNEL_READ(dentry, d_name.len);
	if (parent == dentry) {
		walk->state = is_first && mount_is_internal(mount) ?
				      PATH_PSEUDO :
				      PATH_NOWHERE;
		if (len && is_first)
			path_prepend(walk, name, len);
		return 1;
	}
	if (!path_prepend(walk, name, len)) {
		walk->state = PATH_TOO_LONG;
		return 1;
	}
	if (renames & 1 || renames != path_renames(dentry)) {
		walk->off = off;
		return 0;
	}
	walk->dentry = parent;
	return 0;
}

/*
 * So many steps are made without a call each. Who includes this for a frequent
 * event may ask for it: it makes more work for the verifier.
 */
#ifndef PATH_STEPS_INLINE
#define PATH_STEPS_INLINE 0
#endif

static long path_step(__u32 index, struct path_walk *walk)
{
	return path_step_one(walk, PATH_STEPS_INLINE == 0 && index == 0);
}

/*
 * The path's bytes end at EVENT_PATH_SIZE; returns where they start, which is
 * there for the root itself.
 */
static __always_inline __u32 path_walk(struct path_buffer *buffer,
				       struct vfsmount *mnt,
				       struct dentry *dentry,
				       enum path_state *ret_state)
{
	struct path_walk walk = {
		.dentry = dentry,
		.bytes = buffer->bytes,
		.state = PATH_WALKING,
	};

	buffer->start = EVENT_PATH_SIZE;
	barrier();
	walk.off = buffer->start;
	path_enter_mount(
		&walk, (void *)mnt - bpf_core_field_offset(struct mount, mnt));
#pragma clang loop unroll(disable)
	for (unsigned i = 0; i < PATH_STEPS_INLINE; i++)
		if (path_step_one(&walk, i == 0))
			break;
	if (walk.state == PATH_WALKING)
		bpf_loop(PATH_STEPS_MAX, path_step, &walk, 0);
	*ret_state = walk.state;
	return walk.off;
}

/* Returns the path's length; its bytes start at EVENT_PATH_SIZE minus that. */
static __always_inline __u32 path_build_from(struct path_buffer *buffer,
					     struct dentry *dentry,
					     struct vfsmount *mnt,
					     enum path_state *ret_state)
{
	__u32 off = path_walk(buffer, mnt, dentry, ret_state);

	if (*ret_state == PATH_AT_ROOT && off == EVENT_PATH_SIZE) {
		off = EVENT_PATH_SIZE - 1;
		buffer->bytes[off] = '/';
	}
	return EVENT_PATH_SIZE - off;
}

static __always_inline __u32 path_build(struct path_buffer *buffer,
					struct file *file,
					enum path_state *ret_state)
{
	return path_build_from(buffer, KERNEL_READ(file, f_path.dentry),
			       KERNEL_READ(file, f_path.mnt), ret_state);
}

/* Of the working directory of a task that may be at its end. */
static __always_inline __u32 path_of_cwd(struct path_buffer *buffer,
					 struct task_struct *task,
					 enum path_state *ret_state)
{
	struct fs_struct *fs = KERNEL_WALK(task)->fs;

	*ret_state = PATH_WALKING;
	if (!fs)
		return 0;
	return path_build_from(buffer, KERNEL_READ(fs, pwd.dentry),
			       KERNEL_READ(fs, pwd.mnt), ret_state);
}

/* What is copied without a call, as most paths are: a cache line. */
#define PATH_SHORT 64

/* To the start of a record's `bytes`, EVENT_PATH_SIZE long; returns `len`. */
static __always_inline __u32 path_copy(char *bytes, struct path_buffer *buffer,
				       __u32 len)
{
	__u32 off = (EVENT_PATH_SIZE - len) & 8191;

	len = AT_MOST(len, EVENT_PATH_SIZE);
	if (len > PATH_SHORT) {
		bpf_probe_read_kernel(bytes, len, buffer->bytes + off);
		return len;
	}
#pragma clang loop unroll(full)
	for (unsigned i = 0; i < PATH_SHORT; i += sizeof(__u64))
		*(__u64 *)(bytes + i) = *(__u64 *)(buffer->bytes + off + i);
	return len;
}

/* A pipe has no name; a chain that never ended has only part of one. */
static __always_inline bool path_is_whole(enum path_state state, __u32 len)
{
	return len && (state == PATH_AT_ROOT || state == PATH_PSEUDO);
}

/* Another thread may have closed the descriptor meanwhile: then NULL. */
static __always_inline struct file *
file_of_fd(struct path_buffer *buffer, struct task_struct *task, __u32 fd)
{
	struct fdtable *table = KERNEL_WALK(task)->files->fdt;

	struct file *file = NULL;

	/* A pointer alone in a struct, which is what can be read in place. */
	if (fd < table->max_fds)
		file = (void *)KERNEL_READ((struct llist_head *)&table->fd[fd],
					   first);
	buffer->file = (__u64)file;
	barrier();
	return (struct file *)buffer->file;
}

/* Append a blob of `len` bytes to the record's layout on the ring. */
static __always_inline void blob_place(struct event_head *head,
				       struct event_blob *blob, __u32 len)
{
	blob->off = head->size;
	blob->len = len;
	head->size += len;
}

/* --- names -----------------------------------------------------------------*/

#define NAME_CWD (-100) /* AT_FDCWD */

/* How good the path of a name is: struct name_path's `flags`. */
enum name_flag {
	NAME_CUT = 1 << 0, /* not whole: it could not be read or did not fit */
	NAME_RAW = 1 << 1, /* has //, /./, /../ or ends so: user space mends */
};

/* What a system call or a request names. */
struct name_at {
	const char *name;
	int dirfd;
	bool in_kernel; /* the name is the kernel's copy */
	bool empty_ok;	/* an empty name is the descriptor's own file */
};

struct name_scan {
	struct path_buffer *buffer;
};

/* Returns 1 to end the loop. */
static long name_scan_step(__u32 index, struct name_scan *scan)
{
	struct path_buffer *buffer = scan->buffer;
	char byte;

	if (index >= buffer->name_len)
		return 1;
	index &= EVENT_PATH_SIZE - 1;
	byte = buffer->bytes[EVENT_PATH_SIZE + 1 + index];
	if (byte != '/' && byte != '\0') {
		if (byte == '.' && buffer->dots == buffer->component)
			buffer->dots++;
		buffer->component++;
		return 0;
	}
	if (buffer->component == buffer->dots && buffer->dots <= 2) {
		buffer->is_raw = 1;
		return 1;
	}
	buffer->component = 0;
	buffer->dots = 0;
	return 0;
}

/*
 * Of the name behind the slash at EVENT_PATH_SIZE; `len` counts its NUL. It is
 * global, as others here, so that the verifier looks at it once.
 */
__noinline bool name_is_raw(struct path_buffer *buffer, __u32 len)
{
	struct name_scan scan = { .buffer = buffer };

	if (!buffer)
		return false;
	buffer->name_len = len;
	buffer->component = 0;
	buffer->dots = 0;
	buffer->is_raw = 0;
	bpf_loop(EVENT_PATH_SIZE, name_scan_step, &scan, 0);
	return buffer->is_raw;
}

/* The first byte, without its NUL; 0: none, or it cannot be read. */
static __always_inline char name_first(const struct name_at *at)
{
	char first = 0;

	if (at->in_kernel)
		bpf_probe_read_kernel(&first, 1, at->name);
	else
		bpf_probe_read_user(&first, 1, at->name);
	return first;
}

static __always_inline long name_read(char *to, const struct name_at *at)
{
	if (at->in_kernel)
		return bpf_probe_read_kernel_str(to, EVENT_PATH_SIZE, at->name);
	return bpf_probe_read_user_str(to, EVENT_PATH_SIZE, at->name);
}

/* Where the walk to a name begins; false: the descriptor is not open. */
static __always_inline bool name_base(struct path_buffer *buffer,
				      struct task_struct *task,
				      const struct name_at *at, bool absolute)
{
	struct file *file;

	if (absolute) {
		buffer->mnt = (__u64)KERNEL_WALK(task)->fs->root.mnt;
		buffer->dentry = (__u64)KERNEL_WALK(task)->fs->root.dentry;
		return true;
	}
	if (at->dirfd == NAME_CWD) {
		buffer->mnt = (__u64)KERNEL_WALK(task)->fs->pwd.mnt;
		buffer->dentry = (__u64)KERNEL_WALK(task)->fs->pwd.dentry;
		return true;
	}
	file = file_of_fd(buffer, task, (__u32)at->dirfd);
	if (!file)
		return false;
	buffer->mnt = (__u64)KERNEL_READ(file, f_path.mnt);
	buffer->dentry = (__u64)KERNEL_READ(file, f_path.dentry);
	return true;
}

/* As path_walk(), with arguments and state in the buffer. */
__noinline __u32 name_base_walk(struct path_buffer *buffer)
{
	enum path_state state = PATH_WALKING;
	__u32 off;

	if (!buffer)
		return 0;
	off = path_walk(buffer, (struct vfsmount *)buffer->mnt,
			(struct dentry *)buffer->dentry, &state);
	buffer->state = state;
	return off;
}

/* Has the process a root other than that of its mount tree? */
static __always_inline bool name_is_confined(struct path_buffer *buffer,
					     struct task_struct *task)
{
	buffer->mnt = (__u64)KERNEL_WALK(task)->fs->root.mnt;
	buffer->dentry = (__u64)KERNEL_WALK(task)->fs->root.dentry;
	return name_base_walk(buffer) != EVENT_PATH_SIZE;
}

/* What a record has room for. */
struct path_bytes {
	char bytes[EVENT_PATH_SIZE];
};

/*
 * The absolute path that a name means, into `bytes`, EVENT_PATH_SIZE long;
 * returns its length. The last component is what the call named: a symbolic
 * link is not followed. `..` in a name is left to user space, which cannot know
 * where a process that changed its root is stopped: there it stays NAME_CUT.
 */
__noinline __u32 path_build_named(struct path_buffer *buffer,
				  const struct name_at *at,
				  struct path_bytes *path, __u32 *flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool absolute;
	char first;
	__u32 off = EVENT_PATH_SIZE;
	__u32 end = EVENT_PATH_SIZE;
	long len = 0;

	if (!buffer || !at || !path || !flags)
		return 0;
	first = name_first(at);
	absolute = first == '/';
	*flags = 0;
	if (first) {
		buffer->bytes[EVENT_PATH_SIZE] = '/';
		len = absolute ?
			      name_read(buffer->bytes + EVENT_PATH_SIZE, at) :
			      name_read(buffer->bytes + EVENT_PATH_SIZE + 1,
					at);
		if (len <= 1 || len > EVENT_PATH_SIZE)
			len = 1;
		end += absolute ? len - 1 : len;
		if (name_is_raw(buffer, absolute ? len - 1 : len))
			*flags |= NAME_RAW;
		if (len == EVENT_PATH_SIZE || len == 1)
			*flags |= NAME_CUT;
	} else if (!at->empty_ok) {
		*flags |= NAME_CUT;
	}
	if (*flags & NAME_RAW && name_is_confined(buffer, task))
		*flags |= NAME_CUT;
	buffer->state = PATH_WALKING;
	if (name_base(buffer, task, at, absolute))
		off = name_base_walk(buffer);
	if (buffer->state != PATH_AT_ROOT && buffer->state != PATH_PSEUDO)
		*flags |= NAME_CUT;
	if (end == off && buffer->state == PATH_AT_ROOT)
		buffer->bytes[--off & (EVENT_PATH_SIZE - 1)] = '/';
	len = end - off;
	if (len > EVENT_PATH_SIZE) {
		len = EVENT_PATH_SIZE;
		*flags |= NAME_CUT;
	}
	off = end - len;
	len = AT_MOST(len, EVENT_PATH_SIZE);
	bpf_probe_read_kernel(path->bytes, len, buffer->bytes + (off & 8191));
	return len;
}

static __always_inline __u32 path_of_name(struct path_buffer *buffer,
					  const struct name_at *at, char *bytes,
					  __u32 *ret_flags)
{
	__u32 flags = 0;
	__u32 len = path_build_named(buffer, at, (struct path_bytes *)bytes,
				     &flags);

	*ret_flags = flags;
	return AT_MOST(len, EVENT_PATH_SIZE);
}

#endif
