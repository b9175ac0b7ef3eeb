/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first step of every handler, and struct event_head, filled from a task.
 * The task is a pointer that the verifier trusts: its members are loaded
 * directly, and a null pointer on the way reads as 0.
 */
#ifndef SHRIKE_BPF_HEAD_H
#define SHRIKE_BPF_HEAD_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"
#include "bpf/process_bits.bpf.h"
#include "bpf/ring.bpf.h"

/*
 * An event of the stream by the task, which is in the books from here on. NULL:
 * there is nothing to do for it. It is the sensor's own, or of a process whose
 * events no rule can use: that is known before anything is read of it.
 */
static __always_inline struct event_counters *
event_begin(__u32 stream, struct task_struct *task)
{
	struct event_counters *counts;

	if (task->tgid == settings.self_tgid)
		return NULL;
	counts = counters_get(stream);
	if (!counts)
		return NULL;
	COUNT(counts, stream, generated);
	if (STREAM_IS_LIFECYCLE(stream) || !is_ruled_out(stream, task))
		return counts;
	COUNT(counts, stream, filtered);
	return NULL;
}

/* The innermost number of a pid and the namespace it belongs to. */
static __always_inline struct upid *pid_innermost(struct pid *pid)
{
	__u32 offset = bpf_core_field_offset(struct pid, numbers) +
		       pid->level * bpf_core_type_size(struct upid);

	return (void *)pid + offset;
}

static __always_inline struct upid *head_upid(struct task_struct *task)
{
	return pid_innermost(task->signal->pids[PIDTYPE_TGID]);
}

#define CONTROLLER_PLACE(controller)                                           \
	(bpf_core_enum_value_exists(enum cgroup_subsys_id, controller) ?       \
		 (int)bpf_core_enum_value(enum cgroup_subsys_id, controller) : \
		 -1)

/* In css_set.subsys; -1: this kernel has no such controller. */
static __always_inline int head_controller(void)
{
	switch (settings.cgroup_controller) {
	case CGROUP_MEMORY:
		return CONTROLLER_PLACE(memory_cgrp_id);
	case CGROUP_PIDS:
		return CONTROLLER_PLACE(pids_cgrp_id);
	case CGROUP_DEVICES:
		return CONTROLLER_PLACE(devices_cgrp_id);
	case CGROUP_CPU:
		return CONTROLLER_PLACE(cpu_cgrp_id);
	case CGROUP_FREEZER:
		return CONTROLLER_PLACE(freezer_cgrp_id);
	}
	return -1;
}

/* In the root of v2 a process may still be somewhere in v1. */
static __always_inline __u64 head_cgroup(struct task_struct *task)
{
	struct cgroup *unified = task->cgroups->dfl_cgrp;
	struct cgroup_subsys_state *state;
	struct cgroup *cgroup;
	int place;

	if (!settings.cgroup_controller || unified->level > 0)
		return unified->kn->id;
	place = head_controller();
	if (place < 0)
		return unified->kn->id;
	bpf_probe_read_kernel(
		&state, sizeof(state),
		(void *)task->cgroups +
			bpf_core_field_offset(struct css_set, subsys) +
			place * sizeof(state));
	cgroup = BPF_CORE_READ(state, cgroup);
	if (BPF_CORE_READ(cgroup, level) == 0)
		return unified->kn->id;
	return BPF_CORE_READ(cgroup, kn, id) | EVENT_CGROUP_V1;
}

/* A session without a terminal has none. */
static __always_inline __u32 head_tty(struct task_struct *task)
{
	struct tty_struct *tty = task->signal->tty;

	if (!tty)
		return 0;
	return (__u32)BPF_CORE_READ(tty, driver, major) << 20 |
	       ((__u32)BPF_CORE_READ(tty, driver, minor_start) +
		(__u32)BPF_CORE_READ(tty, index));
}

/* What nothing is known of may hold. */
static __always_inline void head_terms_unknown(struct event_head *head)
{
	__builtin_memset(&head->terms, 0xff, sizeof(head->terms));
	__builtin_memset(&head->parent_terms, 0xff, sizeof(head->parent_terms));
	head->join_keys = ~0ULL;
	head->hint.bits = ~0ULL;
}

/* A set of the head's columns: all are in the first word of a column set. */
#define HEAD_BIT(column) (1ULL << COL_##column)
#define HEAD_ALL (~0ULL)
#define HEAD_TESTED(stream) (settings.predicate_columns[stream][0])

_Static_assert(COL_AMBIENT_FIRST <= 64, "the head's columns are in one word");

/* What is no column of its own; the collector adds to flags. */
static __always_inline void head_begin(struct event_head *head, __u16 stream,
				       struct task_struct *task)
{
	head->stream = stream;
	head->abi = EVENT_ABI;
	head->retval = EVENT_NONE;
	head_terms_unknown(head);
	head->source = stream == STREAM_PROCESS_SNAPSHOT ?
			       EVENT_SOURCE_SNAPSHOT :
			       EVENT_SOURCE_KERNEL;
	head->generation = settings.generation;
	head->truncated = 0;
	head->flags = task->flags & PF_KTHREAD ? EVENT_FLAG_KTHREAD : 0;
	head_look_up(head, stream, task);
}

/*
 * The columns of the set, which the verifier knows: of what is not in it no
 * code is left. To be called for what is tested, then for the rest.
 */
static __always_inline void head_columns(struct event_head *head,
					 struct task_struct *trusted,
					 __u64 columns)
{
	struct task_struct *task = KERNEL_WALK(trusted);
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->real_cred;

#define HEAD_SET(column, value)           \
	if (columns & HEAD_BIT(column)) { \
		head->column = (value);   \
	}
	if (columns & HEAD_BIT(pid_key)) {
		head->pid_key = task_key(task);
		head->start_ns = task->group_leader->start_boottime;
	}
	HEAD_SET(parent_key, task_key(parent));
	HEAD_SET(cgroup_id, head_cgroup(task));
	if (columns & HEAD_BIT(caps_eff))
		bpf_core_read(&head->caps_eff, sizeof(head->caps_eff),
			      &cred->cap_effective);
	HEAD_SET(tty, head_tty(task));
	HEAD_SET(parent_uid, parent->real_cred->uid.val);
	HEAD_SET(cpu, bpf_get_smp_processor_id());
	HEAD_SET(pid, task->tgid);
	HEAD_SET(tid, task->pid);
	HEAD_SET(ppid, parent->tgid);
	HEAD_SET(uid, cred->uid.val);
	HEAD_SET(euid, cred->euid.val);
	HEAD_SET(gid, cred->gid.val);
	HEAD_SET(egid, cred->egid.val);
	HEAD_SET(loginuid, compat_loginuid(task));
	HEAD_SET(sid, task->signal->pids[PIDTYPE_SID]->numbers[0].nr);
	HEAD_SET(pgid, task->signal->pids[PIDTYPE_PGID]->numbers[0].nr);
	HEAD_SET(pid_ns, BPF_CORE_READ(head_upid(task), ns, ns.inum));
	HEAD_SET(ns_pid, BPF_CORE_READ(head_upid(task), nr));
	HEAD_SET(mnt_ns, task->nsproxy->mnt_ns->ns.inum);
	HEAD_SET(net_ns, task->nsproxy->net_ns->ns.inum);
	HEAD_SET(user_ns, cred->user_ns->ns.inum);
	if (columns & HEAD_BIT(comm))
		__builtin_memcpy(head->comm, task->comm, sizeof(head->comm));
#undef HEAD_SET
}

/* What a system call came to. */
static __always_inline void head_call(struct event_head *head, long ret,
				      bool is_32bit)
{
	head->retval = ret;
	if (is_32bit)
		head->flags |= EVENT_FLAG_COMPAT;
}

/* What predicates test. */
static __always_inline void head_tested(struct event_head *head, __u16 stream,
					struct task_struct *task)
{
	head_begin(head, stream, task);
	head_columns(head, task, HEAD_TESTED(stream));
}

/* The rest, when they have passed it. */
static __always_inline void head_rest(struct event_head *head, __u16 stream,
				      struct task_struct *task)
{
	head_columns(head, task, HEAD_ALL & ~HEAD_TESTED(stream));
}

/* Every column at once. */
static __always_inline void head_fill(struct event_head *head, __u16 stream,
				      struct task_struct *task)
{
	head_begin(head, stream, task);
	head_columns(head, task, HEAD_ALL);
}

#endif
