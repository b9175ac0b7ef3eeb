/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The credentials that a task had last: when a call that changes them returns,
 * the old ones are gone. Kept for each task from its fork on, by all who see a
 * change (fork, exec, set*id, capset, a new user namespace), but only while
 * somebody wants them; what was there before is listed by the snapshot.
 */
#ifndef SHRIKE_BPF_CREDENTIAL_H
#define SHRIKE_BPF_CREDENTIAL_H

#include "bpf/compat.bpf.h"
#include "bpf/event.h"

struct task_creds {
	__u64 caps; /* effective */
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
};

/* All objects share one: its entries go with their tasks. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_creds);
} task_creds SEC(".maps");

static __always_inline void creds_read(struct task_creds *creds,
				       struct task_struct *task)
{
	const struct cred *cred = KERNEL_WALK(task)->real_cred;

	bpf_core_read(&creds->caps, sizeof(creds->caps), &cred->cap_effective);
	creds->uid = cred->uid.val;
	creds->euid = cred->euid.val;
	creds->gid = cred->gid.val;
	creds->egid = cred->egid.val;
}

/* NULL: nobody has noted them. */
static __always_inline struct task_creds *creds_last(struct task_struct *task)
{
	return bpf_task_storage_get(&task_creds, task, NULL, 0);
}

static __always_inline void creds_note(struct task_struct *task)
{
	struct task_creds *creds = bpf_task_storage_get(
		&task_creds, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (creds)
		creds_read(creds, task);
}

#endif
