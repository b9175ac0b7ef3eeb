// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a process is: process.namespace of unshare() and setns() (that of clone()
 * is made where the fork is seen), and process.chdir, without which user space
 * would not know working directories.
 */
#include "bpf/namespace.bpf.h"
#include "bpf/credential.bpf.h"
#include "bpf/exec.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/task.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct chdir_scratch {
	struct process_chdir_event event;
	struct path_buffer path;
};

SCRATCH_MAP(namespace_scratch, struct process_namespace_event);
SCRATCH_MAP(chdir_scratch, struct chdir_scratch);

/* Of a namespace: its name tells on every kernel. */
static __always_inline __u64 namespace_flag(struct ns_common *ns)
{
	const char *name = BPF_CORE_READ(ns, ops, name);
	char text[8] = "";

	bpf_probe_read_kernel_str(text, sizeof(text), name);
	switch (text[0]) {
	case 'm':
		return CLONE_NEWNS;
	case 'n':
		return CLONE_NEWNET;
	case 'p':
		return CLONE_NEWPID;
	case 'u':
		return text[1] == 's' ? CLONE_NEWUSER : CLONE_NEWUTS;
	case 'i':
		return CLONE_NEWIPC;
	case 'c':
		return CLONE_NEWCGROUP;
	case 't':
		return CLONE_NEWTIME;
	default:
		return 0;
	}
}

/* setns(fd, 0) takes whatever kind the descriptor is of. */
static __always_inline __u64 setns_flags(struct task_struct *task,
					 struct pt_regs *regs, bool is_32bit)
{
	__u64 flags = compat_syscall_arg(regs, is_32bit, 1) & CLONE_NEW_MASK;
	struct file *file;

	if (flags)
		return flags;
	file = task_file(task, compat_syscall_arg(regs, is_32bit, 0));
	if (!file)
		return 0;
	return namespace_flag(BPF_CORE_READ(file, f_inode, i_private));
}

static __always_inline void namespace_emit(struct task_struct *task,
					   __u64 flags, __u32 call, long ret)
{
	struct event_counters *counts;
	struct process_namespace_event *event;

	if (!RESULT_WANTED(PROCESS_NAMESPACE, ret))
		return;
	counts = event_begin(STREAM_PROCESS_NAMESPACE, task);
	event = scratch_get(&namespace_scratch);
	if (!counts || !event)
		return;

	head_fill(&event->head, STREAM_PROCESS_NAMESPACE, task);
	head_call(&event->head, ret, compat_is_32bit(task));
	event->flags = flags;
	event->call = call;
	event->pad = 0;
	namespace_put(event, counts);
}

/* --- process.chdir ---------------------------------------------------------*/

static __always_inline void chdir_put(struct process_chdir_event *event,
				      struct event_counters *counts)
{
	struct bpf_dynptr room;

	event->head.size = offsetof(struct process_chdir_event, path_bytes);
	if (event->path.off)
		blob_place(&event->head, &event->path, event->path.len);
	if (!ring_reserve(&lifecycle_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event,
			 offsetof(struct process_chdir_event, path_bytes), 0);
	BLOB_WRITE(path, EVENT_PATH_SIZE);
	ring_submit(&lifecycle_ring, &room);
}

/* A failed chdir() has the path that the caller gave, a failed fchdir() none. */
static __always_inline void chdir_asked(struct process_chdir_event *event,
					struct task_struct *task,
					struct pt_regs *regs)
{
	unsigned long name;
	long len;

	event->head.source = EVENT_SOURCE_SYSCALL;
	if (!CALL_IS(compat_call_slot(regs, task), chdir))
		return;
	name = compat_syscall_arg(regs, compat_is_32bit(task), 0);
	len = bpf_probe_read_user_str(event->path_bytes, EVENT_PATH_SIZE,
				      (void *)name);
	if (len <= 0 || len == EVENT_PATH_SIZE)
		event->head.truncated |= EVENT_PART_PATH;
	if (len <= 0)
		return;
	event->path.off = 1;
	event->path.len = len - 1;
}

static __always_inline void chdir_emit(struct task_struct *task,
				       struct pt_regs *regs, long ret)
{
	struct event_counters *counts = event_begin(STREAM_PROCESS_CHDIR, task);
	struct chdir_scratch *scratch = scratch_get(&chdir_scratch);
	struct process_chdir_event *event;

	if (!counts || !scratch)
		return;
	event = &scratch->event;
	head_fill(&event->head, STREAM_PROCESS_CHDIR, task);
	head_call(&event->head, ret, compat_is_32bit(task));
	event->pad = 0;
	event->path = (struct event_blob){ 0 };
	if (ret < 0) {
		chdir_asked(event, task, regs);
	} else {
		event->path.len =
			cwd_fill(&event->head, event->path_bytes,
				 &scratch->path, task, EVENT_PART_PATH);
		event->path.off = 1; /* there is one; placed below */
	}
	chdir_put(event, counts);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(process_chdir, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (RESULT_WANTED(PROCESS_CHDIR, ret))
		chdir_emit(task, regs, ret);
	return 0;
}

/*
 * unshare() and setns(). Who enters a mount namespace stands at its root; who
 * enters a user namespace has other capabilities.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(process_namespace, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32bit = compat_is_32bit(task);
	bool is_setns = CALL_IS(compat_call_slot(regs, task), setns);
	__u64 flags;

	if (task->tgid == settings.self_tgid)
		return 0;
	if (is_setns)
		flags = setns_flags(task, regs, is_32bit);
	else
		flags = compat_syscall_arg(regs, is_32bit, 0) & CLONE_NEW_MASK;
	if (!flags)
		return 0;
	if (WANTED(PROCESS_NAMESPACE))
		namespace_emit(task, flags,
			       is_setns ? NAMESPACE_SETNS : NAMESPACE_UNSHARE,
			       ret);
	if (ret < 0)
		return 0;
	if (WANTED(PROCESS_CHDIR) && is_setns && flags & CLONE_NEWNS)
		chdir_emit(task, regs, ret);
	if (WANTED(PROCESS_CRED) && flags & CLONE_NEWUSER)
		creds_note(task);
	return 0;
}
