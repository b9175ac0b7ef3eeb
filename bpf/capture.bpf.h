/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths that the kernel itself resolved, on their way from a security hook, where
 * they are known, to the exit of the system call, where the outcome is.
 *
 *   hook   capture_put() under the thread and the number of its call
 *   exit   capture_find(), capture_copy(), and in any case capture_drop()
 *
 * A thread has one system call at a time, and a later put of a part replaces an
 * earlier one: a call that the kernel tries twice leaves what it did last. What
 * io_uring does is nobody's call: the hook is then reached by a worker, or inside
 * a call of another number, and nothing is put.
 */
#ifndef SHRIKE_BPF_CAPTURE_H
#define SHRIKE_BPF_CAPTURE_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"
#include "bpf/settings.h"

/* What of a call a path or a text is. */
enum capture_part {
	CAPTURE_PATH,
	CAPTURE_OTHER, /* the old path, a link's target, what is mounted */
	CAPTURE_FSTYPE,
	CAPTURE_PARTS
};

struct capture_key {
	__u64 thread; /* pid and tgid */
	__u32 part;   /* enum capture_part */
	__u32 pad;
};

/* Whose it is comes first: see capture_copy(). */
struct capture {
	__u64 thread;
	__u64 put_ns;
	__u32 slot; /* of the call: enum call_slot */
	__u32 len;
	__u32 is_cut;
	__u32 is_raw; /* as NAME_RAW of a name */
	char bytes[EVENT_PATH_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* CAPTURE_ENTRIES where settings.lsm */
	__type(key, struct capture_key);
	__type(value, struct capture);
} captures SEC(".maps");

static __always_inline void capture_put(struct capture *capture,
					enum capture_part part)
{
	struct capture_key key = { .thread = bpf_get_current_pid_tgid(),
				   .part = part };

	capture->thread = key.thread;
	capture->put_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&captures, &key, capture, BPF_ANY);
}

/* What a hook in this very call has put; NULL: nothing. */
static __always_inline struct capture *capture_find(enum capture_part part,
						    __u32 slot)
{
	struct capture_key key = { .thread = bpf_get_current_pid_tgid(),
				   .part = part };
	struct capture *capture = bpf_map_lookup_elem(&captures, &key);

	return capture && capture->slot == slot ? capture : NULL;
}

/*
 * Into a record. False: the entry was given to another thread meanwhile, which
 * writes whose it is before anything else.
 */
static __always_inline bool capture_copy(struct capture *capture, char *bytes,
					 struct event_blob *blob, __u32 size)
{
	__u64 put_ns = capture->put_ns;
	__u32 len = AT_MOST(capture->len, size);

	bpf_probe_read_kernel(bytes, len, capture->bytes);
	blob->len = len;
	barrier();
	return *(volatile __u64 *)&capture->thread ==
		       bpf_get_current_pid_tgid() &&
	       *(volatile __u64 *)&capture->put_ns == put_ns;
}

/* At the end of every such call, whatever came of it. */
static __always_inline void capture_drop(enum capture_part part)
{
	struct capture_key key = { .thread = bpf_get_current_pid_tgid(),
				   .part = part };

	bpf_map_delete_elem(&captures, &key);
}

#endif
