/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another task, from the number or the descriptor that a system call names it
 * by. What comes out may be ending at this moment: its members are to be read
 * with BPF_CORE_READ(), and garbage is all that can come of it.
 */
#ifndef SHRIKE_BPF_TASK_H
#define SHRIKE_BPF_TASK_H

#include "bpf/compat.bpf.h"
#include "bpf/descriptor.bpf.h"
#include "bpf/event.h"
#include "bpf/head.bpf.h"

/* The kernel's xarray: six bits of the index a level, of at most 22 bits. */
#define XA_LEVELS_MAX 6
#define XA_SLOTS 64

static __always_inline bool xa_is_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static __always_inline __u64 xa_load(struct xarray *array, __u32 index)
{
	__u64 entry = (__u64)BPF_CORE_READ(array, xa_head);

	for (int level = 0; level < XA_LEVELS_MAX && xa_is_node(entry);
	     level++) {
		struct xa_node *node = (void *)(entry - 2);
		__u32 slot = index >> (BPF_CORE_READ(node, shift) & 31);

		/* Above the root's range there is nothing. */
		if (slot >= XA_SLOTS && level == 0)
			return 0;
		if (bpf_probe_read_kernel(
			    &entry, sizeof(entry),
			    (void *)node +
				    bpf_core_field_offset(struct xa_node,
							  slots) +
				    8 * (slot & (XA_SLOTS - 1))))
			return 0;
		index &= (1U << (BPF_CORE_READ(node, shift) & 31)) - 1;
	}
	return xa_is_node(entry) ? 0 : entry;
}

static __always_inline struct task_struct *task_of_pid(struct pid *pid)
{
	struct hlist_node *first;

	if (!pid)
		return NULL;
	first = BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first);
	if (!first)
		return NULL;
	return (void *)first -
	       bpf_core_field_offset(struct task_struct, pid_links);
}

/* The task with this number in the pid namespace of `task`; NULL: none. */
static __always_inline struct task_struct *
task_of_number(struct task_struct *task, __u32 number)
{
	struct upid *upid = pid_innermost(task->thread_pid);
	struct pid_namespace *ns = BPF_CORE_READ(upid, ns);

	return task_of_pid((void *)xa_load(&ns->idr.idr_rt, number));
}

/* Since 6.9 a pidfd is a file of pidfs, before it was anonymous. */
static __always_inline struct task_struct *
task_of_pidfd(struct task_struct *task, __u32 fd)
{
	struct file *file = task_file(task, fd);
	struct pid *pid;

	if (!file)
		return NULL;
	pid = BPF_CORE_READ(file, private_data);
	if (!pid)
		pid = BPF_CORE_READ(file, f_inode, i_private);
	return task_of_pid(pid);
}

/* The identity of a task that is not trusted; 0: it is gone. */
static __always_inline __u64 target_key(struct task_struct *task)
{
	if (!task)
		return 0;
	return PID_KEY(BPF_CORE_READ(task, group_leader, start_boottime),
		       (__u32)BPF_CORE_READ(task, tgid));
}

#endif
