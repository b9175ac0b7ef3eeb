// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.cred, process.signal, process.rename and process.ptrace: who a process
 * is, what it calls itself, and what it does to others. At the end of a system
 * call its arguments are still in the registers that the kernel saved, where
 * its caller cannot change them.
 */
#include "bpf/credential.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"
#include "bpf/task.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

RING_MAP(event_ring);
SCRATCH_MAP(cred_scratch, struct process_cred_event);
SCRATCH_MAP(signal_scratch, struct process_signal_event);
SCRATCH_MAP(rename_scratch, struct process_rename_event);
SCRATCH_MAP(ptrace_scratch, struct process_ptrace_event);

PREDICATE_PASS_ALL(process_cred)
PREDICATE_PASS_ALL(process_signal)
PREDICATE_PASS_ALL(process_rename)
PREDICATE_PASS_ALL(process_ptrace)

/* --- process.cred ----------------------------------------------------------*/

static __always_inline __u32 cred_call(__u32 slot)
{
	if (CALL_IS(slot, setuid) || CALL_IS(slot, setuid16))
		return CRED_SETUID;
	if (CALL_IS(slot, setreuid) || CALL_IS(slot, setreuid16))
		return CRED_SETREUID;
	if (CALL_IS(slot, setresuid) || CALL_IS(slot, setresuid16))
		return CRED_SETRESUID;
	if (CALL_IS(slot, setfsuid) || CALL_IS(slot, setfsuid16))
		return CRED_SETFSUID;
	if (CALL_IS(slot, setgid) || CALL_IS(slot, setgid16))
		return CRED_SETGID;
	if (CALL_IS(slot, setregid) || CALL_IS(slot, setregid16))
		return CRED_SETREGID;
	if (CALL_IS(slot, setresgid) || CALL_IS(slot, setresgid16))
		return CRED_SETRESGID;
	if (CALL_IS(slot, setfsgid) || CALL_IS(slot, setfsgid16))
		return CRED_SETFSGID;
	if (CALL_IS(slot, setgroups) || CALL_IS(slot, setgroups16))
		return CRED_SETGROUPS;
	return CRED_CAPSET;
}

static __always_inline void cred_fill(struct process_cred_event *event,
				      struct task_struct *task)
{
	const struct task_creds *last = creds_last(task);

	event->new_caps = event->head.caps_eff;
	event->new_uid = event->head.uid;
	event->new_euid = event->head.euid;
	event->new_gid = event->head.gid;
	event->new_egid = event->head.egid;
	event->old_caps = last ? (__s64)last->caps : EVENT_NONE;
	event->old_uid = last ? last->uid : EVENT_NONE;
	event->old_euid = last ? last->euid : EVENT_NONE;
	event->old_gid = last ? last->gid : EVENT_NONE;
	event->old_egid = last ? last->egid : EVENT_NONE;
}

static __always_inline void cred_emit(struct task_struct *task,
				      struct pt_regs *regs, long ret)
{
	struct event_counters *counts = event_begin(STREAM_PROCESS_CRED, task);
	struct process_cred_event *event = scratch_get(&cred_scratch);

	if (!counts || !event)
		return;
	head_fill(&event->head, STREAM_PROCESS_CRED, task);
	head_call(&event->head, ret, compat_is_32bit(task));
	event->call = cred_call(compat_call_slot(regs, task));
	cred_fill(event, task);
	if (!predicate_process_cred(event)) {
		counts->filtered++;
		return;
	}
	HINT(process_cred, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(process_cred, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (RESULT_WANTED(PROCESS_CRED, ret)) {
		cred_emit(task, regs, ret);
		creds_note(task);
	}
	return 0;
}

/* --- process.signal --------------------------------------------------------*/

#define SI_USER 0
#define SI_SIGIO (-5)
#define SI_TKILL (-6)
#define POLL_HUP 6 /* the last of what can happen to a file */
#define SIGNALS_PLAIN 32

/* Those with codes of their own: ILL TRAP BUS FPE SEGV CHLD POLL SYS. */
#define SIGNALS_CODED                                                  \
	(1U << 4 | 1U << 5 | 1U << 7 | 1U << 8 | 1U << 11 | 1U << 17 | \
	 1U << 29 | 1U << 31)

/*
 * F_SETOWN and F_SETSIG have any signal, be it SIGKILL, sent to any process that
 * its caller may signal, when a file gets ready. Who makes it ready is told. Of
 * real-time signals that is how programs watch files.
 */
static __always_inline bool signal_is_of_file(int signal, __s32 code)
{
	if (signal <= 0 || signal >= SIGNALS_PLAIN)
		return false;
	if (code == SI_SIGIO)
		return true;
	return code > 0 && code <= POLL_HUP &&
	       !(SIGNALS_CODED & 1U << (signal & 31));
}

/*
 * Who sends a signal that a timer or a finished transfer raises is whoever the
 * CPU happened to run. A process sends those of kill() and tkill(), whose code
 * nobody else can give, and what it says itself, of which it chooses the code:
 * there, the call that it is in tells.
 */
static __always_inline bool signal_is_sent(struct task_struct *task, int signal,
					   struct kernel_siginfo *info,
					   __s32 *ret_code)
{
	__u32 slot;

	/* 0: as if by kill(); 1: by the kernel. */
	*ret_code = SI_USER;
	if ((__u64)info <= 1)
		return !info;
	*ret_code = BPF_CORE_READ(info, si_code);
	if (signal_is_of_file(signal, *ret_code))
		return true;
	if (*ret_code > 0)
		return false;
	if (*ret_code == SI_USER || *ret_code == SI_TKILL)
		return true;
	if (task->flags & PF_KTHREAD)
		return false;
	slot = compat_call_slot((void *)bpf_task_pt_regs(task), task);
	return CALL_IS(slot, rt_sigqueueinfo) ||
	       CALL_IS(slot, rt_tgsigqueueinfo) ||
	       CALL_IS(slot, pidfd_send_signal);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(process_signal, int signal, struct kernel_siginfo *info,
	     struct task_struct *target)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct process_signal_event *event;
	__s32 code;

	if (!signal_is_sent(task, signal, info, &code))
		return 0;
	counts = event_begin(STREAM_PROCESS_SIGNAL, task);
	event = scratch_get(&signal_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_PROCESS_SIGNAL, task);
	event->signal = signal;
	event->code = code;
	event->target_pid = target->tgid;
	event->target_key = task_key(target);
	if (!predicate_process_signal(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(process_signal, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}

/* --- process.rename --------------------------------------------------------*/

/* A task takes the name of what it executes: that is process.exec. */
static __always_inline bool rename_is_exec(struct task_struct *task)
{
	__u32 slot;

	if (task->flags & PF_KTHREAD)
		return false;
	slot = compat_call_slot((void *)bpf_task_pt_regs(task), task);
	return CALL_IS(slot, execve) || CALL_IS(slot, execveat);
}

/* The task may be another thread of the process that is at work. */
SEC("tp_btf/task_rename")
int BPF_PROG(process_rename, struct task_struct *task, const char *comm)
{
	struct event_counters *counts;
	struct process_rename_event *event;

	if (rename_is_exec(bpf_get_current_task_btf()))
		return 0;
	counts = event_begin(STREAM_PROCESS_RENAME, task);
	event = scratch_get(&rename_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_PROCESS_RENAME, task);
	__builtin_memcpy(event->old_comm, event->head.comm,
			 sizeof(event->old_comm));
	__builtin_memset(event->new_comm, 0, sizeof(event->new_comm));
	bpf_probe_read_kernel_str(event->new_comm, sizeof(event->new_comm),
				  comm);
	if (!predicate_process_rename(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(process_rename, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}

/* --- process.ptrace --------------------------------------------------------*/

#define PTRACE_TRACEME 0

/* Which task; `ret_number` is what the call names it by. */
static __always_inline struct task_struct *
ptrace_target(struct process_ptrace_event *event, struct task_struct *task,
	      struct pt_regs *regs, __u32 *ret_number)
{
	bool is_32bit = compat_is_32bit(task);
	__u32 slot = compat_call_slot(regs, task);
	__u32 first = compat_syscall_arg(regs, is_32bit, 0);

	*ret_number = first;
	event->request = EVENT_NONE;
	if (CALL_IS(slot, pidfd_getfd)) {
		event->call = PTRACE_CALL_PIDFD_GETFD;
		*ret_number = 0;
		return task_of_pidfd(task, first);
	}
	if (CALL_IS(slot, ptrace)) {
		event->call = PTRACE_CALL_PTRACE;
		event->request = first;
		/* It offers itself to its parent: nobody else is named. */
		if (first == PTRACE_TRACEME)
			return task;
		*ret_number = compat_syscall_arg(regs, is_32bit, 1);
	} else if (CALL_IS(slot, process_vm_readv)) {
		event->call = PTRACE_CALL_VM_READ;
	} else {
		event->call = PTRACE_CALL_VM_WRITE;
	}
	return task_of_number(task, *ret_number);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(process_ptrace, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct process_ptrace_event *event;
	struct task_struct *target;
	__u32 number;

	if (!RESULT_WANTED(PROCESS_PTRACE, ret))
		return 0;
	counts = event_begin(STREAM_PROCESS_PTRACE, task);
	event = scratch_get(&ptrace_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_PROCESS_PTRACE, task);
	head_call(&event->head, ret, compat_is_32bit(task));
	target = ptrace_target(event, task, regs, &number);
	event->target_key = target_key(target);
	event->target_pid =
		target ? (__u32)BPF_CORE_READ(target, tgid) : number;
	if (!predicate_process_ptrace(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(process_ptrace, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}
