// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of processes: process.exec, process.fork, process.exit, and
 * process.snapshot for those that were there before. They have a ring of their
 * own and are never filtered: from them user space builds its process table.
 */
#include "bpf/exec.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

RING_MAP(lifecycle_ring);
SCRATCH_MAP(exec_scratch, struct process_exec_event);
SCRATCH_MAP(exec_path, struct path_buffer);
SCRATCH_MAP(fork_scratch, struct process_fork_event);
SCRATCH_MAP(exit_scratch, struct process_exit_event);

struct snapshot_scratch {
	struct process_exec_event event;
	struct path_buffer path;
};

/*
 * The iterator may sleep, hence may move to another CPU: one value for all. Only
 * the collector that loaded it runs it, one pass at a time.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct snapshot_scratch);
} snapshot_scratch SEC(".maps");

/* Reads a string of the kernel's into a blob's bytes; returns its length. */
static __always_inline __u32 text_fill(struct event_head *head, char *bytes,
				       const char *text)
{
	long len = bpf_probe_read_kernel_str(bytes, EVENT_PATH_SIZE, text);

	if (len == EVENT_PATH_SIZE)
		head->truncated |= EVENT_PART_FILENAME;
	return len > 0 ? len - 1 : 0;
}

static __always_inline void exec_begin(struct process_exec_event *event)
{
	event->head.size = PROCESS_EXEC_FIXED;
	event->old_uid = EVENT_NONE;
	event->old_euid = EVENT_NONE;
	event->exe_ino = 0;
	event->exe_dev = 0;
	event->cwd = (struct event_blob){ 0 };
	event->env = (struct event_blob){ 0 };
}

static __always_inline void exec_put(struct process_exec_event *event,
				     struct event_counters *counts)
{
	__u32 filename_len = event->filename.len;
	__u32 interp_len = event->interp.len;
	__u32 exe_len = event->exe.len;
	__u32 args_len = event->args.len;
	struct bpf_dynptr room;

	if (filename_len > EVENT_PATH_SIZE)
		filename_len = EVENT_PATH_SIZE;
	if (interp_len > EVENT_PATH_SIZE)
		interp_len = EVENT_PATH_SIZE;
	if (exe_len > EVENT_PATH_SIZE)
		exe_len = EVENT_PATH_SIZE;
	if (args_len > EVENT_ARGS_SIZE + 1)
		args_len = EVENT_ARGS_SIZE + 1;
	if (!ring_reserve(&lifecycle_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, PROCESS_EXEC_FIXED, 0);
	bpf_dynptr_write(&room, event->filename.off, event->filename_bytes,
			 filename_len, 0);
	bpf_dynptr_write(&room, event->interp.off, event->interp_bytes,
			 interp_len, 0);
	bpf_dynptr_write(&room, event->exe.off, event->exe_bytes, exe_len, 0);
	bpf_dynptr_write(&room, event->args.off, event->args_bytes, args_len,
			 0);
	ring_submit(&lifecycle_ring, &room);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	struct event_counters *counts;
	struct process_exec_event *event;
	struct path_buffer *path;
	struct mm_struct *mm = task->mm;
	__u32 args_len;
	long failed;

	if (task->tgid == settings.self_tgid)
		return 0;
	counts = counters_get(STREAM_PROCESS_EXEC);
	event = scratch_get(&exec_scratch);
	path = scratch_get(&exec_path);
	if (!counts || !event || !path || !mm)
		return 0;
	counts->generated++;

	head_fill(&event->head, STREAM_PROCESS_EXEC, task);
	exec_begin(event);
	event->old_pid = old_pid;
	blob_place(
		&event->head, &event->filename,
		text_fill(&event->head, event->filename_bytes, bprm->filename));
	blob_place(&event->head, &event->interp,
		   text_fill(&event->head, event->interp_bytes, bprm->interp));
	blob_place(&event->head, &event->exe,
		   exe_fill(event, path, mm->exe_file));
	args_len = args_begin(event, mm->arg_start, mm->arg_end);
	failed = bpf_probe_read_user(event->args_bytes, args_len,
				     (void *)mm->arg_start);
	blob_place(&event->head, &event->args,
		   args_end(event, args_len, failed));
	exec_put(event, counts);
	return 0;
}

#define CSIGNAL 0x000000ffULL
#define CLONE_VM 0x00000100ULL
#define CLONE_FS 0x00000200ULL
#define CLONE_FILES 0x00000400ULL
#define CLONE_SIGHAND 0x00000800ULL
#define CLONE_PARENT 0x00008000ULL
#define CLONE_NEWNS 0x00020000ULL
#define CLONE_NEWCGROUP 0x02000000ULL
#define CLONE_NEWUTS 0x04000000ULL
#define CLONE_NEWIPC 0x08000000ULL
#define CLONE_NEWUSER 0x10000000ULL
#define CLONE_NEWPID 0x20000000ULL
#define CLONE_NEWNET 0x40000000ULL

/*
 * The flags of clone() are not given to the hook, and those of clone3() lie in
 * memory that the caller can change. So they are taken from what the child
 * shares with its creator and what it has anew. Flags that leave no such trace
 * (CLONE_VFORK, the tid pointers) are not set.
 */
static __always_inline void clone_flags_fill(struct task_struct *creator,
					     struct task_struct *child,
					     volatile __u64 *flags)
{
	struct nsproxy *from = creator->nsproxy;
	struct nsproxy *to = child->nsproxy;

	*flags = child->exit_signal & CSIGNAL;

/* Into memory at once: so the verifier sees the same state after each. */
#define SHARED(flag, a, b)            \
	if ((__u64)(a) == (__u64)(b)) \
	*flags |= flag
#define ANEW(flag, a, b)              \
	if ((__u64)(a) != (__u64)(b)) \
	*flags |= flag

	SHARED(CLONE_VM, creator->mm, child->mm);
	SHARED(CLONE_FS, creator->fs, child->fs);
	SHARED(CLONE_FILES, creator->files, child->files);
	SHARED(CLONE_SIGHAND, creator->sighand, child->sighand);
	ANEW(CLONE_PARENT, creator, child->real_parent);
	ANEW(CLONE_NEWNS, from->mnt_ns, to->mnt_ns);
	ANEW(CLONE_NEWCGROUP, from->cgroup_ns, to->cgroup_ns);
	ANEW(CLONE_NEWUTS, from->uts_ns, to->uts_ns);
	ANEW(CLONE_NEWIPC, from->ipc_ns, to->ipc_ns);
	ANEW(CLONE_NEWNET, from->net_ns, to->net_ns);
	ANEW(CLONE_NEWUSER, creator->real_cred->user_ns,
	     child->real_cred->user_ns);
	ANEW(CLONE_NEWPID, creator->thread_pid->level,
	     child->thread_pid->level);
#undef SHARED
#undef ANEW
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *creator,
	     struct task_struct *child)
{
	struct event_counters *counts;
	struct process_fork_event *event;

	/* A thread is not a process. */
	if (child->pid != child->tgid || creator->tgid == settings.self_tgid)
		return 0;
	counts = counters_get(STREAM_PROCESS_FORK);
	event = scratch_get(&fork_scratch);
	if (!counts || !event)
		return 0;
	counts->generated++;

	head_fill(&event->head, STREAM_PROCESS_FORK, creator);
	event->child_key = task_key(child);
	event->child_parent_key = task_key(child->real_parent);
	event->child_start_ns = child->start_boottime;
	clone_flags_fill(creator, child, &event->clone_flags);
	event->child_pid = child->tgid;
	event->child_ppid = child->real_parent->tgid;
	ring_put(&lifecycle_ring, &event->head, sizeof(*event), counts);
	return 0;
}

static __always_inline int exit_put(struct task_struct *task)
{
	struct event_counters *counts;
	struct process_exit_event *event;
	int status;

	if (task->tgid == settings.self_tgid)
		return 0;
	counts = counters_get(STREAM_PROCESS_EXIT);
	event = scratch_get(&exit_scratch);
	if (!counts || !event)
		return 0;
	counts->generated++;

	head_fill(&event->head, STREAM_PROCESS_EXIT, task);
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		status = task->signal->group_exit_code;
	else
		status = task->group_leader->exit_code;
	event->code = (status >> 8) & 0xff;
	event->signal = status & 0x7f;
	event->runtime_ns = bpf_ktime_get_boot_ns() - event->head.start_ns;
	ring_put(&lifecycle_ring, &event->head, sizeof(*event), counts);
	return 0;
}

/* Since 6.16 the hook says which thread is the last. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_put(task) : 0;
}

/*
 * Before, only the number of live threads does, and two that exit at the same
 * moment both see 0: the first to come here is the one. Processes leave this map
 * long after their last thread is gone.
 */
#define EEXIST 17

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} exited SEC(".maps");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit_live, struct task_struct *task)
{
	__u64 key;
	__u8 there = 1;

	if (task->signal->live.counter != 0)
		return 0;
	key = task_key(task);
	if (bpf_map_update_elem(&exited, &key, &there, BPF_NOEXIST) == -EEXIST)
		return 0;
	return exit_put(task);
}

static __always_inline void snapshot_put(struct seq_file *seq,
					 struct process_exec_event *event)
{
	__u32 exe_len = event->exe.len;
	__u32 args_len = event->args.len;

	if (exe_len > EVENT_PATH_SIZE)
		exe_len = EVENT_PATH_SIZE;
	if (args_len > EVENT_ARGS_SIZE + 1)
		args_len = EVENT_ARGS_SIZE + 1;
	bpf_seq_write(seq, event, PROCESS_EXEC_FIXED);
	bpf_seq_write(seq, event->exe_bytes, exe_len);
	bpf_seq_write(seq, event->args_bytes, args_len);
}

/* The exe of a task that may be exiting on another CPU. */
static __always_inline __u32 snapshot_exe(struct snapshot_scratch *scratch,
					  struct task_struct *task,
					  struct mm_struct *mm)
{
	struct event_head *head = &scratch->event.head;
	__u32 len;

	compat_rcu_lock();
	len = exe_fill(&scratch->event, &scratch->path,
		       mm ? mm->exe_file : NULL);
	compat_rcu_unlock();
	if (task->mm == mm)
		return len;
	head->truncated |= EVENT_PART_EXE;
	head->flags &= ~(EVENT_FLAG_EXE_DELETED | EVENT_FLAG_EXE_MEMFD);
	return 0;
}

SEC("iter.s/task")
int process_snapshot(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct snapshot_scratch *scratch = scratch_get(&snapshot_scratch);
	struct process_exec_event *event;
	struct mm_struct *mm;
	__u32 args_len;
	long failed = 0;

	/* Threads are not processes, and a zombie will do nothing any more. */
	if (!task || !scratch || task->pid != task->tgid ||
	    task->signal->live.counter == 0)
		return 0;
	event = &scratch->event;
	mm = task->mm;
	head_fill(&event->head, STREAM_PROCESS_SNAPSHOT, task);
	exec_begin(event);
	event->head.ts = settings.snapshot_ts;
	event->head.seq = 0;
	event->old_pid = task->pid;
	blob_place(&event->head, &event->filename, 0);
	blob_place(&event->head, &event->interp, 0);
	blob_place(&event->head, &event->exe, snapshot_exe(scratch, task, mm));
	args_len =
		args_begin(event, mm ? mm->arg_start : 0, mm ? mm->arg_end : 0);
	if (args_len)
		failed =
			bpf_copy_from_user_task(event->args_bytes, args_len,
						(void *)mm->arg_start, task, 0);
	blob_place(&event->head, &event->args,
		   args_end(event, args_len, failed));
	snapshot_put(ctx->meta->seq, event);
	return 0;
}
