/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program that a process runs, for process.exec and process.snapshot: the
 * path of its file, and its arguments.
 */
#ifndef SHRIKE_BPF_EXEC_H
#define SHRIKE_BPF_EXEC_H

#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"

/* One byte more for the NUL of a last argument that lacks it. */
struct exec_scratch {
	struct process_exec_event event;
	char filename[EVENT_PATH_SIZE];
	char interp[EVENT_PATH_SIZE];
	char args[EVENT_ARGS_SIZE + 8];
	struct path_buffer exe;
};

/* Append a blob of `len` bytes to the record's layout. */
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
static __always_inline __u32 exe_fill(struct exec_scratch *scratch,
				      struct file *file)
{
	struct event_head *head = &scratch->event.head;
	enum path_state state = PATH_WALKING;
	__u32 len;

	if (!file) {
		/* A kernel thread has no program; a zombie has one no more. */
		if (!(head->flags & EVENT_FLAG_KTHREAD))
			head->truncated |= EVENT_PART_EXE;
		return 0;
	}
	len = path_build(&scratch->exe, file, &state);
	if (!path_is_whole(state, len))
		head->truncated |= EVENT_PART_EXE;
	if (BPF_CORE_READ(file, f_inode, i_nlink) == 0)
		head->flags |= EVENT_FLAG_EXE_DELETED;
	if (state == PATH_PSEUDO &&
	    path_is_memfd(scratch->exe.bytes + ((EVENT_PATH_SIZE - len) & 8191),
			  len))
		head->flags |= EVENT_FLAG_EXE_MEMFD;
	return len;
}

/* How many bytes of the arguments to read; notes how many there are. */
static __always_inline __u32 args_begin(struct exec_scratch *scratch,
					__u64 start, __u64 end)
{
	__u64 total = end > start ? end - start : 0;

	if (total > 0xffffffff)
		total = 0xffffffff;
	scratch->event.args_total_bytes = total;
	if (total > EVENT_ARGS_SIZE) {
		scratch->event.head.truncated |= EVENT_PART_ARGS;
		total = EVENT_ARGS_SIZE;
	}
	return total;
}

/*
 * `len` bytes were asked for, `failed` tells whether they came. Every argument
 * ends with a NUL in what we keep, also when it was cut, and also when the
 * process has written over its own arguments.
 */
static __always_inline __u32 args_end(struct exec_scratch *scratch, __u32 len,
				      bool failed)
{
	__u32 last = (len - 1) & (EVENT_ARGS_SIZE - 1);

	if (!len)
		return 0;
	if (failed) {
		scratch->event.head.truncated |= EVENT_PART_ARGS;
		return 0;
	}
	if (scratch->event.head.truncated & EVENT_PART_ARGS) {
		scratch->args[last] = 0;
		return len;
	}
	if (scratch->args[last] == 0)
		return len;
	scratch->args[last + 1] = 0;
	return len + 1;
}

#endif
