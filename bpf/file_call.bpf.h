/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the handlers of calls that name files share: the call's arguments, the
 * steps from a call to a record, and paths of names on the way.
 *
 *   begin     the books, the head's tested columns
 *   fill      own columns; pre_, the paths, predicate_
 *   end       the rest of the head, then the paths, packed, onto the ring
 *
 * A program of a call and one of a request to io_uring share scratch memory and
 * counters: a tracepoint's program is not preempted, and neither can interrupt
 * the other.
 */
#ifndef SHRIKE_BPF_FILE_CALL_H
#define SHRIKE_BPF_FILE_CALL_H

#include "bpf/capture.bpf.h"
#include "bpf/descriptor.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"
#include "bpf/ring.bpf.h"

/*
 * A call takes an `int` from the lower half of its register, whatever the caller
 * has put into the upper one: so has who compares or keeps one.
 */
struct call {
	__u64 arg[6];
	__u32 slot; /* enum call_slot */
	bool is_32bit;
};

static __always_inline void call_read(struct call *call, struct pt_regs *regs,
				      struct task_struct *task)
{
	call->is_32bit = compat_is_32bit(task);
	call->slot = compat_call_slot(regs, task);
	for (unsigned i = 0; i < 6; i++)
		call->arg[i] = compat_syscall_arg(regs, call->is_32bit, i);
}

/* The name in argument `name`, relative to the working directory. */
static __always_inline struct name_at name_of(const struct call *call,
					      unsigned name)
{
	return (struct name_at){ .name = (const char *)call->arg[name],
				 .dirfd = NAME_CWD };
}

/* The same, relative to the descriptor in argument `dir`. */
static __always_inline struct name_at name_below(const struct call *call,
						 unsigned dir, unsigned name)
{
	return (struct name_at){ .name = (const char *)call->arg[name],
				 .dirfd = (int)call->arg[dir] };
}

/* The kernel's copy of a name, which a request holds. */
static __always_inline struct name_at name_kept(struct filename *filename,
						int dirfd)
{
	return (struct name_at){ .name = KERNEL_READ(filename, name),
				 .dirfd = dirfd,
				 .in_kernel = true };
}

/* What the call that is seen came to: see event_head. */
struct outcome {
	__s64 retval;
	__u32 flags; /* enum event_flag */
};

static __always_inline struct outcome call_outcome(struct task_struct *task,
						   long ret)
{
	return (struct outcome){
		.retval = ret,
		.flags = compat_is_32bit(task) ? EVENT_FLAG_COMPAT : 0,
	};
}

/* It is seen before it is begun. */
static __always_inline struct outcome request_outcome(void)
{
	return (struct outcome){ .retval = EVENT_NONE,
				 .flags = EVENT_FLAG_IO_URING };
}

/* What security hooks kept of a call: each of its parts, or none at all. */
struct kept {
	struct capture *part[CAPTURE_PARTS];
};

/* `parts`: 1 << CAPTURE_PATH ..., of which the path must be one. */
static __always_inline void kept_find(struct kept *kept,
				      const struct call *call, __u32 parts)
{
	bool whole = true;

	*kept = (struct kept){};
	if (!settings.lsm)
		return;
#pragma unroll
	for (int i = 0; i < CAPTURE_PARTS; i++) {
		if (!(parts & 1U << i))
			continue;
		kept->part[i] = capture_find(i, call->slot);
		whole &= !!kept->part[i];
	}
	if (!whole)
		*kept = (struct kept){};
}

static __always_inline void kept_drop(__u32 parts)
{
	if (!settings.lsm)
		return;
#pragma unroll
	for (int i = 0; i < CAPTURE_PARTS; i++)
		if (parts & 1U << i)
			capture_drop(i);
}

static __always_inline void call_begin(struct event_head *head, __u16 stream,
				       struct task_struct *task,
				       const struct outcome *outcome,
				       const struct kept *kept)
{
	head_tested(head, stream, task);
	head->flags |= outcome->flags;
	head->retval = outcome->retval;
	head->source = kept->part[CAPTURE_PATH] ? EVENT_SOURCE_LSM :
						  EVENT_SOURCE_SYSCALL;
}

/*
 * The path of a name into a record. Returns what is to stay in head.truncated:
 * for the predicate every path that is not as user space will see it is marked,
 * and all of a record's paths by the one bit that it looks at.
 */
static __always_inline __u32 name_fill(struct event_head *head,
				       struct path_buffer *buffer,
				       const struct name_at *at, char *bytes,
				       struct event_blob *blob,
				       enum event_part part)
{
	__u32 flags;

	blob->len = path_of_name(buffer, at, bytes, &flags);
	if (flags)
		head->truncated |= EVENT_PART_PATH;
	return flags & NAME_CUT ? part : 0;
}

/*
 * What a hook kept, into a record. False: nothing, or it is gone, and with it the
 * claim to have it from there.
 */
static __always_inline bool kept_fill(struct event_head *head,
				      struct capture *capture, char *bytes,
				      struct event_blob *blob, __u32 size,
				      enum event_part part, __u32 *cut)
{
	if (!capture)
		return false;
	if (!capture_copy(capture, bytes, blob, size)) {
		head->source = EVENT_SOURCE_SYSCALL;
		return false;
	}
	if (capture->is_cut)
		*cut |= part;
	if (capture->is_cut || capture->is_raw)
		head->truncated |= EVENT_PART_PATH;
	return true;
}

/* The path that a hook kept, or else that of the name. */
static __always_inline __u32 kept_or_name(struct event_head *head,
					  struct path_buffer *buffer,
					  struct capture *capture,
					  const struct name_at *at, char *bytes,
					  struct event_blob *blob,
					  enum event_part part)
{
	__u32 cut = 0;

	if (kept_fill(head, capture, bytes, blob, EVENT_PATH_SIZE, part, &cut))
		return cut;
	return name_fill(head, buffer, at, bytes, blob, part);
}

/* The same of an open file: its own path. */
static __always_inline __u32 file_fill(struct event_head *head,
				       struct path_buffer *buffer,
				       struct file *file, char *bytes,
				       struct event_blob *blob)
{
	enum path_state state = PATH_WALKING;
	__u32 len = 0;

	if (file) {
		len = path_build(buffer, file, &state);
		len = path_copy(bytes, buffer, len);
	}
	blob->len = len;
	if (path_is_whole(state, len))
		return 0;
	head->truncated |= EVENT_PART_PATH;
	return EVENT_PART_PATH;
}

/* A text of the caller's, cut at `size` bytes; 0 where it cannot be read. */
static __always_inline __u16 text_of_user(char *bytes, __u32 size,
					  const char *text)
{
	long len = bpf_probe_read_user_str(bytes, size, text);

	return len > 0 ? len - 1 : 0;
}

/* A variable part of a record in scratch. */
struct part {
	struct event_blob *blob;
	const char *bytes;
	__u32 size;
};

#define PARTS_MAX 3
#define PART(event, name)                              \
	{                                              \
		&(event)->name, (event)->name##_bytes, \
			sizeof((event)->name##_bytes)  \
	}

/* `fixed` bytes from the head on, then the parts, packed. */
static __always_inline void record_put(void *ring, struct event_head *head,
				       __u32 fixed, const struct part *parts,
				       struct event_counters *counts)
{
	struct bpf_dynptr room;

	head->size = fixed;
#pragma unroll
	for (int i = 0; i < PARTS_MAX; i++)
		if (parts[i].blob)
			blob_place(head, parts[i].blob,
				   AT_MOST(parts[i].blob->len, parts[i].size));
	if (!ring_reserve(ring, head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, head, fixed, 0);
#pragma unroll
	for (int i = 0; i < PARTS_MAX; i++)
		if (parts[i].blob)
			bpf_dynptr_write(
				&room, parts[i].blob->off,
				(void *)parts[i].bytes,
				AT_MOST(parts[i].blob->len, parts[i].size), 0);
	ring_submit(ring, &room);
}

#endif
