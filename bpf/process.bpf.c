// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of processes: process.exec, process.fork, process.exit, and
 * process.snapshot for those that were there before. They have a ring of their
 * own and are never filtered: from them user space builds its process table.
 * process.namespace comes by it, too, for a fork makes it.
 */
#include "bpf/credential.bpf.h"
#include "bpf/exec.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/namespace.bpf.h"
#include "bpf/process_terms.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SCRATCH_MAP(exec_scratch, struct process_exec_event);
SCRATCH_MAP(exec_path, struct path_buffer);
SCRATCH_MAP(failed_scratch, struct process_exec_event);
SCRATCH_MAP(fork_scratch, struct process_fork_event);
SCRATCH_MAP(clone_scratch, struct process_namespace_event);
SCRATCH_MAP(exit_scratch, struct process_exit_event);
SCRATCH_MAP(exec_slots, struct exec_keys);

PROCESS_TERMS_PASS_ALL

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
	event->args_total_bytes = 0;
	event->filename = (struct event_blob){ 0 };
	event->interp = (struct event_blob){ 0 };
	event->exe = (struct event_blob){ 0 };
	event->cwd = (struct event_blob){ 0 };
	event->args = (struct event_blob){ 0 };
	event->env = (struct event_blob){ 0 };
	event->exec_id = 0;
}

static __always_inline bool exec_put(struct process_exec_event *event,
				     struct event_counters *counts)
{
	struct bpf_dynptr room;

	if (!ring_reserve(&lifecycle_ring, &event->head, counts, &room))
		return false;
	bpf_dynptr_write(&room, 0, event, PROCESS_EXEC_FIXED, 0);
	BLOB_WRITE(filename, EVENT_PATH_SIZE);
	BLOB_WRITE(interp, EVENT_PATH_SIZE);
	BLOB_WRITE(exe, EVENT_PATH_SIZE);
	BLOB_WRITE(args, EVENT_ARGS_SIZE + 1);
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_exec_cwd))
		BLOB_WRITE(cwd, EVENT_PATH_SIZE);
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_exec_env))
		BLOB_WRITE(env, EVENT_ENV_SIZE);
	ring_submit(&lifecycle_ring, &room);
	return true;
}

/* The parts, of the current task's memory; not 0: they did not come. */
static __always_inline long parts_read(const struct memory_parts *parts,
				       char *bytes, __u32 size, __u32 tail_len)
{
	__u64 len = AT_MOST(parts->head_len, size);
	long failed = bpf_probe_read_user(bytes, len, (void *)parts->head_at);

	if (parts->cut)
		failed |= bpf_probe_read_user(bytes + size - tail_len, tail_len,
					      (void *)parts->tail_at);
	return failed;
}

static __always_inline void exec_args(struct process_exec_event *event,
				      struct mm_struct *mm)
{
	struct memory_parts parts;
	long failed;

	parts_choose(&parts, mm->arg_start, mm->arg_end, EVENT_ARGS_SIZE,
		     EVENT_ARGS_TAIL);
	failed = parts_read(&parts, event->args_bytes, EVENT_ARGS_SIZE,
			    EVENT_ARGS_TAIL);
	blob_place(&event->head, &event->args, args_end(event, &parts, failed));
}

static __always_inline void exec_env(struct process_exec_event *event,
				     struct mm_struct *mm)
{
	struct memory_parts parts;
	long failed;

	parts_choose(&parts, mm->env_start, mm->env_end, EVENT_ENV_SIZE,
		     EVENT_ENV_TAIL);
	failed = parts_read(&parts, event->env_bytes, EVENT_ENV_SIZE,
			    EVENT_ENV_TAIL);
	blob_place(&event->head, &event->env, env_end(event, &parts, failed));
}

#define NEEDS_OLD_CREDS                               \
	(NEEDS(PROCESS_EXEC, PROCESS_EXEC_old_uid) || \
	 NEEDS(PROCESS_EXEC, PROCESS_EXEC_old_euid))

static __always_inline void exec_creds(struct process_exec_event *event,
				       struct task_struct *task)
{
	const struct task_creds *last;

	if (NEEDS_OLD_CREDS) {
		last = creds_last(task);
		if (last) {
			event->old_uid = last->uid;
			event->old_euid = last->euid;
		}
	}
	if (WANTED(PROCESS_CRED))
		creds_note(task);
}

/* The last moment at which the credentials are the old ones. */
SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(process_prepare_exec, struct task_struct *task)
{
	creds_note(task);
	return 0;
}

/* For the events that this program will cause. */
static __always_inline void exec_keep(struct process_exec_event *event,
				      struct task_struct *task)
{
	struct exec_keys *keys;

	if (settings.keeps_terms)
		bits_of_exec(&event->head, task);
	if (!settings.keeps_keys)
		return;
	keys = scratch_get(&exec_slots);
	if (!keys)
		return;
	exec_keys(event, keys);
	keys_of_exec(&event->head, keys->slots);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	struct event_counters *counts;
	struct process_exec_event *event;
	struct path_buffer *path;
	struct mm_struct *mm = task->mm;

	if (!mm)
		return 0;
	counts = event_begin(STREAM_PROCESS_EXEC, task);
	event = scratch_get(&exec_scratch);
	path = scratch_get(&exec_path);
	if (!counts || !event || !path)
		return 0;

	head_fill(&event->head, STREAM_PROCESS_EXEC, task);
	exec_begin(event);
	exec_creds(event, task);
	event->old_pid = old_pid;
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_filename))
		blob_place(&event->head, &event->filename,
			   text_fill(&event->head, event->filename_bytes,
				     bprm->filename));
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_interp))
		blob_place(&event->head, &event->interp,
			   text_fill(&event->head, event->interp_bytes,
				     bprm->interp));
	blob_place(&event->head, &event->exe,
		   exe_fill(event, path, mm->exe_file));
	exec_args(event, mm);
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_exec_cwd))
		blob_place(&event->head, &event->cwd,
			   cwd_fill(&event->head, event->cwd_bytes, path, task,
				    EVENT_PART_CWD));
	if (NEEDS(PROCESS_EXEC, PROCESS_EXEC_exec_env))
		exec_env(event, mm);
	event->exec_id = (__u32)task->self_exec_id;
	if (settings.keeps_terms)
		process_terms(event, &event->head.terms);
	if (exec_put(event, counts))
		exec_keep(event, task);
	return 0;
}

/* --- an execve that failed -------------------------------------------------*/

#define FAILED_ARGS_MAX 512

struct args_walk {
	struct process_exec_event *event;
	__u64 at; /* of the next pointer, in the caller's memory */
	__u32 off;
	bool is_32bit;
};

/* Returns 1 to end the loop. */
static long args_step(__u32 index, struct args_walk *walk)
{
	struct process_exec_event *event = walk->event;
	__u32 off = walk->off;
	__u64 word = 0;
	long len;

	if (bpf_probe_read_user(&word, walk->is_32bit ? 4 : 8,
				(void *)walk->at)) {
		event->head.truncated |= EVENT_PART_ARGS;
		return 1;
	}
	if (!word)
		return 1;
	walk->at += walk->is_32bit ? 4 : 8;
	if (off >= EVENT_ARGS_SIZE / 2) {
		event->head.truncated |= EVENT_PART_ARGS;
		return 1;
	}
	len = bpf_probe_read_user_str(event->args_bytes +
					      (off & (EVENT_ARGS_SIZE / 2 - 1)),
				      EVENT_ARGS_SIZE / 2, (void *)word);
	if (len < 0) {
		event->head.truncated |= EVENT_PART_ARGS;
		return 1;
	}
	if (len == EVENT_ARGS_SIZE / 2)
		event->head.truncated |= EVENT_PART_ARGS;
	/* Of an empty text the kernel does not count the NUL. */
	walk->off = off + (len ? len : 1);
	return 0;
}

static __always_inline void failed_args(struct process_exec_event *event,
					struct pt_regs *regs, bool is_32bit,
					unsigned argv)
{
	struct args_walk walk = {
		.event = event,
		.at = compat_syscall_arg(regs, is_32bit, argv),
		.is_32bit = is_32bit,
	};

	bpf_loop(FAILED_ARGS_MAX, args_step, &walk, 0);
	if (walk.off > EVENT_ARGS_SIZE)
		walk.off = EVENT_ARGS_SIZE;
	event->args_total_bytes = walk.off;
	blob_place(&event->head, &event->args, walk.off);
}

/*
 * Nothing has come of it but what the caller asked for, from its own memory:
 * the program is unchanged. An exe is told when the caller gave a whole path.
 */
static __always_inline void failed_fill(struct process_exec_event *event,
					struct task_struct *task,
					struct pt_regs *regs)
{
	bool is_32bit = compat_is_32bit(task);
	unsigned first = CALL_IS(compat_call_slot(regs, task), execveat);
	unsigned long name = compat_syscall_arg(regs, is_32bit, first);
	long len = bpf_probe_read_user_str(event->filename_bytes,
					   EVENT_PATH_SIZE, (void *)name);

	event->head.source = EVENT_SOURCE_SYSCALL;
	if (len < 0 || len == EVENT_PATH_SIZE)
		event->head.truncated |= EVENT_PART_FILENAME;
	if (len >= 0)
		blob_place(&event->head, &event->filename, len ? len - 1 : 0);
	if (len > 1 && event->filename_bytes[0] == '/') {
		bpf_probe_read_kernel(event->exe_bytes, EVENT_PATH_SIZE,
				      event->filename_bytes);
		blob_place(&event->head, &event->exe, len - 1);
	}
	failed_args(event, regs, is_32bit, first + 1);
}

static __always_inline void failed_put(struct process_exec_event *event,
				       struct event_counters *counts)
{
	struct bpf_dynptr room;

	if (!ring_reserve(&lifecycle_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, PROCESS_EXEC_FIXED, 0);
	BLOB_WRITE(filename, EVENT_PATH_SIZE);
	BLOB_WRITE(exe, EVENT_PATH_SIZE);
	BLOB_WRITE(args, EVENT_ARGS_SIZE);
	ring_submit(&lifecycle_ring, &room);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(process_exec_failed, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct process_exec_event *event;

	if (ret >= 0)
		return 0;
	counts = event_begin(STREAM_PROCESS_EXEC, task);
	event = scratch_get(&failed_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_PROCESS_EXEC, task);
	exec_begin(event);
	head_call(&event->head, ret, compat_is_32bit(task));
	event->old_pid = task->pid;
	failed_fill(event, task, regs);
	failed_put(event, counts);
	return 0;
}

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

/* --- process.namespace -----------------------------------------------------*/

/* A fork whose child has new ones; the caller of clone() is who did it. */
static __always_inline void clone_put(struct task_struct *creator, __u64 flags)
{
	struct event_counters *counts;
	struct process_namespace_event *event;

	/* Its low byte is the signal of the child's end. */
	flags &= CLONE_NEW_MASK & ~CSIGNAL;
	if (!flags)
		return;
	counts = event_begin(STREAM_PROCESS_NAMESPACE, creator);
	event = scratch_get(&clone_scratch);
	if (!counts || !event)
		return;

	head_fill(&event->head, STREAM_PROCESS_NAMESPACE, creator);
	event->flags = flags;
	event->call = NAMESPACE_CLONE;
	event->pad = 0;
	namespace_put(event, counts);
}

/* --- process.fork ----------------------------------------------------------*/

static __always_inline void fork_put(struct task_struct *creator,
				     struct task_struct *child,
				     struct process_fork_event *event)
{
	struct event_counters *counts =
		event_begin(STREAM_PROCESS_FORK, creator);

	if (!counts)
		return;
	head_fill(&event->head, STREAM_PROCESS_FORK, creator);
	if (child->pid != child->tgid)
		event->head.flags |= EVENT_FLAG_THREAD;
	event->child_key = task_key(child);
	event->child_parent_key = task_key(child->real_parent);
	event->child_start_ns = child->start_boottime;
	event->child_pid = child->pid;
	event->child_ppid = child->real_parent->tgid;
	ring_put(&lifecycle_ring, &event->head, sizeof(*event), counts);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *creator,
	     struct task_struct *child)
{
	struct process_fork_event *event = scratch_get(&fork_scratch);

	if (!event || creator->tgid == settings.self_tgid)
		return 0;
	if (WANTED(PROCESS_CRED))
		creds_note(child);
	/* A thread is not a process. */
	if (child->pid != child->tgid &&
	    !NEEDS(PROCESS_FORK, PROCESS_FORK_is_thread))
		return 0;
	if (settings.keeps_terms && child->pid == child->tgid)
		bits_of_fork(creator, child);
	clone_flags_fill(creator, child, &event->clone_flags);
	fork_put(creator, child, event);
	if (WANTED(PROCESS_NAMESPACE))
		clone_put(creator, event->clone_flags);
	return 0;
}

/* --- process.exit ----------------------------------------------------------*/

static __always_inline int exit_put(struct task_struct *task)
{
	struct event_counters *counts;
	struct process_exit_event *event;
	int status;

	bits_of_exit(task);
	counts = event_begin(STREAM_PROCESS_EXIT, task);
	event = scratch_get(&exit_scratch);
	if (!counts || !event)
		return 0;

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

/* --- process.snapshot ------------------------------------------------------*/

#define BLOB_SEQ_WRITE(member, size)              \
	bpf_seq_write(seq, event->member##_bytes, \
		      AT_MOST(event->member.len, size))

static __always_inline void snapshot_put(struct seq_file *seq,
					 struct process_exec_event *event)
{
	bpf_seq_write(seq, event, PROCESS_EXEC_FIXED);
	BLOB_SEQ_WRITE(exe, EVENT_PATH_SIZE);
	BLOB_SEQ_WRITE(args, EVENT_ARGS_SIZE + 1);
	if (NEEDS(PROCESS_SNAPSHOT, PROCESS_SNAPSHOT_exec_cwd))
		BLOB_SEQ_WRITE(cwd, EVENT_PATH_SIZE);
	if (NEEDS(PROCESS_SNAPSHOT, PROCESS_SNAPSHOT_exec_env))
		BLOB_SEQ_WRITE(env, EVENT_ENV_SIZE);
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
	head->flags &= ~(EVENT_FLAG_EXE_DELETED | EVENT_FLAG_EXE_MEMFD |
			 EVENT_FLAG_EXE_UPPER_LAYER);
	return 0;
}

/* Likewise its working directory. */
static __always_inline __u32 snapshot_cwd(struct snapshot_scratch *scratch,
					  struct task_struct *task)
{
	struct process_exec_event *event = &scratch->event;
	__u32 len;

	compat_rcu_lock();
	len = cwd_fill(&event->head, event->cwd_bytes, &scratch->path, task,
		       EVENT_PART_CWD);
	compat_rcu_unlock();
	return len;
}

/* As parts_read(), of another task; its memory may have to be read in. */
static __always_inline long parts_copy(const struct memory_parts *parts,
				       char *bytes, __u32 size, __u32 tail_len,
				       struct task_struct *task)
{
	__u64 len = AT_MOST(parts->head_len, size);
	long failed = 0;

	if (len)
		failed = bpf_copy_from_user_task(
			bytes, len, (void *)parts->head_at, task, 0);
	if (parts->cut)
		failed |= bpf_copy_from_user_task(
			bytes + size - tail_len, tail_len,
			(void *)parts->tail_at, task, 0);
	return failed;
}

static __always_inline void snapshot_args(struct process_exec_event *event,
					  struct task_struct *task,
					  struct mm_struct *mm)
{
	struct memory_parts parts;
	long failed;

	parts_choose(&parts, mm ? mm->arg_start : 0, mm ? mm->arg_end : 0,
		     EVENT_ARGS_SIZE, EVENT_ARGS_TAIL);
	failed = parts_copy(&parts, event->args_bytes, EVENT_ARGS_SIZE,
			    EVENT_ARGS_TAIL, task);
	blob_place(&event->head, &event->args, args_end(event, &parts, failed));
}

static __always_inline void snapshot_env(struct process_exec_event *event,
					 struct task_struct *task,
					 struct mm_struct *mm)
{
	struct memory_parts parts;
	long failed;

	parts_choose(&parts, mm ? mm->env_start : 0, mm ? mm->env_end : 0,
		     EVENT_ENV_SIZE, EVENT_ENV_TAIL);
	failed = parts_copy(&parts, event->env_bytes, EVENT_ENV_SIZE,
			    EVENT_ENV_TAIL, task);
	blob_place(&event->head, &event->env, env_end(event, &parts, failed));
}

SEC("iter.s/task")
int process_snapshot(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct snapshot_scratch *scratch = scratch_get(&snapshot_scratch);
	struct process_exec_event *event;
	struct mm_struct *mm;

	if (!task || !scratch)
		return 0;
	if (WANTED(PROCESS_CRED) && !creds_last(task))
		creds_note(task);
	/* Threads are not processes, and a zombie will do nothing any more. */
	if (task->pid != task->tgid || task->signal->live.counter == 0)
		return 0;
	event = &scratch->event;
	mm = task->mm;
	head_fill(&event->head, STREAM_PROCESS_SNAPSHOT, task);
	exec_begin(event);
	event->head.ts = settings.snapshot_ts;
	event->head.seq = 0;
	event->old_pid = task->pid;
	blob_place(&event->head, &event->exe, snapshot_exe(scratch, task, mm));
	snapshot_args(event, task, mm);
	if (NEEDS(PROCESS_SNAPSHOT, PROCESS_SNAPSHOT_exec_cwd))
		blob_place(&event->head, &event->cwd,
			   snapshot_cwd(scratch, task));
	if (NEEDS(PROCESS_SNAPSHOT, PROCESS_SNAPSHOT_exec_env))
		snapshot_env(event, task, mm);
	event->exec_id = (__u32)task->self_exec_id;
	if (settings.keeps_terms)
		process_terms(event, &event->head.terms);
	snapshot_put(ctx->meta->seq, event);
	return 0;
}
