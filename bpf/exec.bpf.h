/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program that a process runs, for process.exec and process.snapshot: the
 * path of its file, and its arguments.
 */
#ifndef SHRIKE_BPF_EXEC_H
#define SHRIKE_BPF_EXEC_H

#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"

/* What of the record is not bytes of paths. */
#define PROCESS_EXEC_FIXED offsetof(struct process_exec_event, exe_bytes)

/* The bytes of event->member to where they are placed in `room`. */
#define BLOB_WRITE(member, size)                                          \
	bpf_dynptr_write(&room, event->member.off, event->member##_bytes, \
			 AT_MOST(event->member.len, size), 0)

static __always_inline bool path_is_memfd(const char *path, __u32 len)
{
	return len >= 7 && path[1] == 'm' && path[2] == 'e' && path[3] == 'm' &&
	       path[4] == 'f' && path[5] == 'd' && path[6] == ':';
}

#define OVERLAYFS_SUPER_MAGIC 0x794c7630

/*
 * The inode of an overlay lies inside its own struct, and what follows it there
 * is the dentry in the upper layer; NULL: the file is as the image has it.
 */
static __always_inline bool inode_is_upper(struct inode *inode)
{
	void *upper = NULL;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper;
}

/* Returns the length of the path; sets flags and the truncated bit. */
static __always_inline __u32 exe_fill(struct process_exec_event *event,
				      struct path_buffer *buffer,
				      struct file *file)
{
	struct event_head *head = &event->head;
	enum path_state state = PATH_WALKING;
	struct inode *inode;
	__u32 len;

	if (!file) {
		/* A kernel thread has no program; a zombie has one no more. */
		if (!(head->flags & EVENT_FLAG_KTHREAD))
			head->truncated |= EVENT_PART_EXE;
		return 0;
	}
	len = path_build(buffer, file, &state);
	if (!path_is_whole(state, len))
		head->truncated |= EVENT_PART_EXE;
	inode = BPF_CORE_READ(file, f_inode);
	event->exe_ino = BPF_CORE_READ(inode, i_ino);
	event->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	if (BPF_CORE_READ(inode, i_nlink) == 0)
		head->flags |= EVENT_FLAG_EXE_DELETED;
	if (inode_is_upper(inode))
		head->flags |= EVENT_FLAG_EXE_UPPER_LAYER;
	len = path_copy(event->exe_bytes, buffer, len);
	if (state == PATH_PSEUDO && path_is_memfd(event->exe_bytes, len))
		head->flags |= EVENT_FLAG_EXE_MEMFD;
	return len;
}

/* Returns the length of the path; sets the truncated bit. */
static __always_inline __u32 cwd_fill(struct event_head *head, char *bytes,
				      struct path_buffer *buffer,
				      struct task_struct *task, __u32 part)
{
	enum path_state state;
	__u32 len = path_of_cwd(buffer, task, &state);

	if (!path_is_whole(state, len))
		head->truncated |= part;
	return path_copy(bytes, buffer, len);
}

/*
 * What to read of the arguments or of the environment: all, or when that does
 * not fit its start and its last `tail_len` bytes.
 */
struct memory_parts {
	__u64 head_at;
	__u64 tail_at;
	__u32 head_len;
	__u32 total; /* how many there are */
	bool cut;
};

static __always_inline void parts_choose(struct memory_parts *parts,
					 __u64 start, __u64 end, __u32 size,
					 __u32 tail_len)
{
	__u64 total = end > start ? end - start : 0;

	if (total > 0xffffffff)
		total = 0xffffffff;
	parts->head_at = start;
	parts->tail_at = end - tail_len;
	parts->total = total;
	parts->cut = total > size;
	parts->head_len = parts->cut ? size - tail_len : total;
}

/*
 * `failed` tells whether the bytes did not come. Every argument ends with a NUL
 * in what we keep, also when it was cut, and also when the process has written
 * over its own arguments. Returns the length.
 */
static __always_inline __u32 args_end(struct process_exec_event *event,
				      const struct memory_parts *parts,
				      bool failed)
{
	__u32 last = (parts->head_len - 1) & (EVENT_ARGS_SIZE - 1);

	event->args_total_bytes = parts->total;
	if (!parts->head_len)
		return 0;
	if (failed || parts->cut)
		event->head.truncated |= EVENT_PART_ARGS;
	if (failed)
		return 0;
	if (parts->cut) {
		event->args_bytes[EVENT_ARGS_SIZE - EVENT_ARGS_TAIL - 1] = 0;
		event->args_bytes[EVENT_ARGS_SIZE - 1] = 0;
		return EVENT_ARGS_SIZE;
	}
	if (event->args_bytes[last] == 0)
		return parts->head_len;
	event->args_bytes[last + 1] = 0;
	return parts->head_len + 1;
}

/* User space knows where the parts meet. */
static __always_inline __u32 env_end(struct process_exec_event *event,
				     const struct memory_parts *parts,
				     bool failed)
{
	if (!parts->head_len)
		return 0;
	if (failed || parts->cut)
		event->head.truncated |= EVENT_PART_ENV;
	if (failed)
		return 0;
	return parts->cut ? EVENT_ENV_SIZE : parts->head_len;
}

#endif
