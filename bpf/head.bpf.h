/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fills struct event_head from a task. The task is a pointer that the verifier
 * trusts: its members are loaded directly, and a null pointer on the way reads
 * as 0.
 */
#ifndef SHRIKE_BPF_HEAD_H
#define SHRIKE_BPF_HEAD_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"
#include "bpf/ring.bpf.h"

static __always_inline __u64 task_key(struct task_struct *task)
{
	return PID_KEY(task->group_leader->start_boottime, task->tgid);
}

/* The innermost number of a pid and the namespace it belongs to. */
static __always_inline struct upid *pid_innermost(struct pid *pid)
{
	__u32 offset = bpf_core_field_offset(struct pid, numbers) +
		       pid->level * bpf_core_type_size(struct upid);

	return (void *)pid + offset;
}

static __always_inline void head_namespaces(struct event_head *head,
					    struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;
	struct upid *upid;

	upid = pid_innermost(task->signal->pids[PIDTYPE_TGID]);
	head->ns_pid = BPF_CORE_READ(upid, nr);
	head->pid_ns = BPF_CORE_READ(upid, ns, ns.inum);
	head->mnt_ns = nsproxy->mnt_ns->ns.inum;
	head->net_ns = nsproxy->net_ns->ns.inum;
	head->user_ns = task->real_cred->user_ns->ns.inum;
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
}

static __always_inline void head_fill(struct event_head *head, __u16 stream,
				      struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->real_cred;

	head->stream = stream;
	head->abi = EVENT_ABI;
	head->pid_key = task_key(task);
	head->parent_key = task_key(parent);
	head->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	head->start_ns = task->group_leader->start_boottime;
	bpf_core_read(&head->caps_eff, sizeof(head->caps_eff),
		      &cred->cap_effective);
	head->retval = EVENT_NONE;
	head_terms_unknown(head);
	head->tty = head_tty(task);
	head->parent_uid = parent->real_cred->uid.val;
	head->source = stream == STREAM_PROCESS_SNAPSHOT ?
			       EVENT_SOURCE_SNAPSHOT :
			       EVENT_SOURCE_KERNEL;
	head->generation = settings.generation;
	head->cpu = bpf_get_smp_processor_id();
	head->pid = task->tgid;
	head->tid = task->pid;
	head->ppid = parent->tgid;
	head->uid = cred->uid.val;
	head->euid = cred->euid.val;
	head->gid = cred->gid.val;
	head->egid = cred->egid.val;
	head->loginuid = compat_loginuid(task);
	head->sid = task->signal->pids[PIDTYPE_SID]->numbers[0].nr;
	head->pgid = task->signal->pids[PIDTYPE_PGID]->numbers[0].nr;
	head->truncated = 0;
	head->flags = task->flags & PF_KTHREAD ? EVENT_FLAG_KTHREAD : 0;
	head_namespaces(head, task);
	bpf_probe_read_kernel(head->comm, sizeof(head->comm), task->comm);
}

#endif
