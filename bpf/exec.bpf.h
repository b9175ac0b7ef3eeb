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

/* Append a blob of `len` bytes to the record's layout on the ring. */
static __always_inline void blob_place(struct event_head *head,
				       struct event_blob *blob, __u32 len)
{
	blob->off = head->size;
	blob->len = len;
	head->size += len;
}

static __always_inline bool path_is_memfd(const char *path, __u32 len)
{
	return len >= 7 && path[1] == 'm' && path[2] == 'e' && path[3] == 'm' &&
	       path[4] == 'f' && path[5] == 'd' && path[6] == ':';
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
	len = path_copy(event->exe_bytes, buffer, len);
	if (state == PATH_PSEUDO && path_is_memfd(event->exe_bytes, len))
		head->flags |= EVENT_FLAG_EXE_MEMFD;
	return len;
}

/* How many bytes of the arguments to read; notes how many there are. */
static __always_inline __u32 args_begin(struct process_exec_event *event,
					__u64 start, __u64 end)
{
	__u64 total = end > start ? end - start : 0;

	if (total > 0xffffffff)
		total = 0xffffffff;
	event->args_total_bytes = total;
	if (total > EVENT_ARGS_SIZE) {
		event->head.truncated |= EVENT_PART_ARGS;
		total = EVENT_ARGS_SIZE;
	}
	return total;
}

/*
 * `len` bytes were asked for, `failed` tells whether they came. Every argument
 * ends with a NUL in what we keep, also when it was cut, and also when the
 * process has written over its own arguments.
 */
static __always_inline __u32 args_end(struct process_exec_event *event,
				      __u32 len, bool failed)
{
	__u32 last = (len - 1) & (EVENT_ARGS_SIZE - 1);

	if (!len)
		return 0;
	if (failed) {
		event->head.truncated |= EVENT_PART_ARGS;
		return 0;
	}
	if (event->head.truncated & EVENT_PART_ARGS) {
		event->args_bytes[last] = 0;
		return len;
	}
	if (event->args_bytes[last] == 0)
		return len;
	event->args_bytes[last + 1] = 0;
	return len + 1;
}

#endif
