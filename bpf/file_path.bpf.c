// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.rename, file.unlink, file.link, file.mount: calls that name files, and
 * the same asked of io_uring. There is no open file to take a path from, so the
 * paths are those of the names (source 'syscall'). file.dup: descriptors.
 */
#include "bpf/file_call.bpf.h"
#include "bpf/predicate.h"

#include <asm-generic/fcntl.h>
#include <bpf/bpf_tracing.h>

#define AT_REMOVEDIR 0x200
#define AT_EMPTY_PATH 0x1000
#define MS_BIND 0x1000
#define MS_MOVE 0x2000
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#define F_DUPFD_CLOEXEC 1030
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define IORING_OP_SYMLINKAT 38

char LICENSE[] SEC("license") = "GPL";

RING_MAP(event_ring);
SCRATCH_MAP(path_scratch, struct path_buffer);
SCRATCH_MAP(rename_scratch, struct file_rename_event);
SCRATCH_MAP(unlink_scratch, struct file_unlink_event);
SCRATCH_MAP(link_scratch, struct file_link_event);
SCRATCH_MAP(mount_scratch, struct file_mount_event);
SCRATCH_MAP(dup_scratch, struct file_dup_event);

STAGES_PASS_ALL(file_rename)
STAGES_PASS_ALL(file_unlink)
STAGES_PASS_ALL(file_link)
STAGES_PASS_ALL(file_mount)
PREDICATE_PASS_ALL(file_dup)

#define ONE_PATH (1U << CAPTURE_PATH)
#define TWO_PATHS (ONE_PATH | 1U << CAPTURE_OTHER)
#define MOUNT_PARTS (TWO_PATHS | 1U << CAPTURE_FSTYPE)

/* --- file.rename -----------------------------------------------------------*/

struct rename_asked {
	struct name_at from;
	struct name_at to;
	struct kept kept;
	__u32 flags;
};

static __always_inline bool rename_fill(struct file_rename_event *event,
					struct path_buffer *buffer,
					const struct rename_asked *asked)
{
	__u32 cut;

	event->flags = asked->flags;
	if (!pre_file_rename(event))
		return false;
	cut = kept_or_name(&event->head, buffer,
			   asked->kept.part[CAPTURE_OTHER], &asked->from,
			   event->old_path_bytes, &event->old_path,
			   EVENT_PART_OLD_PATH);
	cut |= kept_or_name(&event->head, buffer,
			    asked->kept.part[CAPTURE_PATH], &asked->to,
			    event->path_bytes, &event->path, EVENT_PART_PATH);
	if (!predicate_file_rename(event))
		return false;
	HINT(file_rename, event);
	event->head.truncated = cut;
	return true;
}

static __always_inline int rename_handle(struct task_struct *task,
					 const struct rename_asked *asked,
					 struct outcome outcome)
{
	struct event_counters *counts = event_begin(STREAM_FILE_RENAME, task);
	struct file_rename_event *event = scratch_get(&rename_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);

	if (!counts || !event || !buffer)
		return 0;
	call_begin(&event->head, STREAM_FILE_RENAME, task, &outcome,
		   &asked->kept);
	if (!rename_fill(event, buffer, asked)) {
		counts->filtered++;
		return 0;
	}
	head_rest(&event->head, STREAM_FILE_RENAME, task);
	record_put(&event_ring, &event->head,
		   offsetof(struct file_rename_event, old_path_bytes),
		   (struct part[PARTS_MAX]){ PART(event, old_path),
					     PART(event, path) },
		   counts);
	return 0;
}

static __always_inline int rename_call(struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rename_asked asked;
	struct call call;

	call_read(&call, regs, task);
	kept_find(&asked.kept, &call, TWO_PATHS);
	asked.flags = 0;
	if (CALL_IS(call.slot, rename)) {
		asked.from = name_of(&call, 0);
		asked.to = name_of(&call, 1);
	} else {
		asked.from = name_below(&call, 0, 1);
		asked.to = name_below(&call, 2, 3);
		if (CALL_IS(call.slot, renameat2))
			asked.flags = call.arg[4];
	}
	return rename_handle(task, &asked, call_outcome(task, ret));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_rename, struct pt_regs *regs, long ret)
{
	if (RESULT_WANTED(FILE_RENAME, ret))
		rename_call(regs, ret);
	kept_drop(TWO_PATHS);
	return 0;
}

static __always_inline int rename_request(struct io_rename *request)
{
	struct rename_asked asked = {
		.from = name_kept(KERNEL_READ(request, oldpath),
				  KERNEL_READ(request, old_dfd)),
		.to = name_kept(KERNEL_READ(request, newpath),
				KERNEL_READ(request, new_dfd)),
		.flags = KERNEL_READ(request, flags),
	};

	return rename_handle(bpf_get_current_task_btf(), &asked,
			     request_outcome());
}

REQUEST_HANDLER(file_rename_request, rename_request, struct io_rename)

/* --- file.unlink -----------------------------------------------------------*/

struct unlink_asked {
	struct name_at at;
	struct kept kept;
	bool is_dir;
};

static __always_inline bool unlink_fill(struct file_unlink_event *event,
					struct path_buffer *buffer,
					const struct unlink_asked *asked)
{
	__u32 cut;

	event->is_dir = asked->is_dir;
	if (!pre_file_unlink(event))
		return false;
	cut = kept_or_name(&event->head, buffer, asked->kept.part[CAPTURE_PATH],
			   &asked->at, event->path_bytes, &event->path,
			   EVENT_PART_PATH);
	if (!predicate_file_unlink(event))
		return false;
	HINT(file_unlink, event);
	event->head.truncated = cut;
	return true;
}

static __always_inline int unlink_handle(struct task_struct *task,
					 const struct unlink_asked *asked,
					 struct outcome outcome)
{
	struct event_counters *counts = event_begin(STREAM_FILE_UNLINK, task);
	struct file_unlink_event *event = scratch_get(&unlink_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);

	if (!counts || !event || !buffer)
		return 0;
	call_begin(&event->head, STREAM_FILE_UNLINK, task, &outcome,
		   &asked->kept);
	if (!unlink_fill(event, buffer, asked)) {
		counts->filtered++;
		return 0;
	}
	head_rest(&event->head, STREAM_FILE_UNLINK, task);
	record_put(&event_ring, &event->head,
		   offsetof(struct file_unlink_event, path_bytes),
		   (struct part[PARTS_MAX]){ PART(event, path) }, counts);
	return 0;
}

static __always_inline int unlink_call(struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct unlink_asked asked;
	struct call call;

	call_read(&call, regs, task);
	kept_find(&asked.kept, &call, ONE_PATH);
	if (CALL_IS(call.slot, unlinkat)) {
		asked.at = name_below(&call, 0, 1);
		asked.is_dir = !!(call.arg[2] & AT_REMOVEDIR);
	} else {
		asked.at = name_of(&call, 0);
		asked.is_dir = CALL_IS(call.slot, rmdir);
	}
	return unlink_handle(task, &asked, call_outcome(task, ret));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_unlink, struct pt_regs *regs, long ret)
{
	if (RESULT_WANTED(FILE_UNLINK, ret))
		unlink_call(regs, ret);
	kept_drop(ONE_PATH);
	return 0;
}

static __always_inline int unlink_request(struct io_unlink *request)
{
	struct unlink_asked asked = {
		.at = name_kept(KERNEL_READ(request, filename),
				KERNEL_READ(request, dfd)),
		.is_dir = !!(KERNEL_READ(request, flags) & AT_REMOVEDIR),
	};

	return unlink_handle(bpf_get_current_task_btf(), &asked,
			     request_outcome());
}

REQUEST_HANDLER(file_unlink_request, unlink_request, struct io_unlink)

/* --- file.link -------------------------------------------------------------*/

struct link_asked {
	struct name_at target; /* symbolic: the text */
	struct name_at at;
	struct kept kept;
	__u32 kind; /* enum file_link_kind */
};

static __always_inline bool link_fill(struct file_link_event *event,
				      struct path_buffer *buffer,
				      const struct link_asked *asked)
{
	__u32 cut = 0;

	event->kind = asked->kind;
	if (!pre_file_link(event))
		return false;
	if (kept_fill(&event->head, asked->kept.part[CAPTURE_OTHER],
		      event->target_bytes, &event->target, EVENT_PATH_SIZE,
		      EVENT_PART_OLD_PATH, &cut)) {
		/* path or text */
	} else if (asked->kind == FILE_LINK_HARD) {
		cut = name_fill(&event->head, buffer, &asked->target,
				event->target_bytes, &event->target,
				EVENT_PART_OLD_PATH);
	} else {
		long len = name_read(event->target_bytes, &asked->target);

		event->target.len = len > 0 ? len - 1 : 0;
		if (len <= 0)
			cut = EVENT_PART_OLD_PATH;
	}
	cut |= kept_or_name(&event->head, buffer,
			    asked->kept.part[CAPTURE_PATH], &asked->at,
			    event->path_bytes, &event->path, EVENT_PART_PATH);
	if (cut)
		event->head.truncated |= EVENT_PART_PATH;
	if (!predicate_file_link(event))
		return false;
	HINT(file_link, event);
	event->head.truncated = cut;
	return true;
}

static __always_inline int link_handle(struct task_struct *task,
				       const struct link_asked *asked,
				       struct outcome outcome)
{
	struct event_counters *counts = event_begin(STREAM_FILE_LINK, task);
	struct file_link_event *event = scratch_get(&link_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);

	if (!counts || !event || !buffer)
		return 0;
	call_begin(&event->head, STREAM_FILE_LINK, task, &outcome,
		   &asked->kept);
	if (!link_fill(event, buffer, asked)) {
		counts->filtered++;
		return 0;
	}
	head_rest(&event->head, STREAM_FILE_LINK, task);
	record_put(&event_ring, &event->head,
		   offsetof(struct file_link_event, path_bytes),
		   (struct part[PARTS_MAX]){ PART(event, path),
					     PART(event, target) },
		   counts);
	return 0;
}

static __always_inline int link_call(struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct link_asked asked;
	struct call call;

	call_read(&call, regs, task);
	kept_find(&asked.kept, &call, TWO_PATHS);
	asked.kind =
		CALL_IS(call.slot, symlink) || CALL_IS(call.slot, symlinkat) ?
			FILE_LINK_SYMBOLIC :
			FILE_LINK_HARD;
	asked.target = name_of(&call, 0);
	asked.at = name_of(&call, 1);
	if (CALL_IS(call.slot, symlinkat)) {
		asked.at = name_below(&call, 1, 2);
	} else if (CALL_IS(call.slot, linkat)) {
		asked.target = name_below(&call, 0, 1);
		asked.target.empty_ok = !!(call.arg[4] & AT_EMPTY_PATH);
		asked.at = name_below(&call, 2, 3);
	}
	return link_handle(task, &asked, call_outcome(task, ret));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_link, struct pt_regs *regs, long ret)
{
	if (RESULT_WANTED(FILE_LINK, ret))
		link_call(regs, ret);
	kept_drop(TWO_PATHS);
	return 0;
}

static __always_inline int link_request(struct io_link *request)
{
	bool symbolic = KERNEL_READ((struct io_kiocb *)request, opcode) ==
			IORING_OP_SYMLINKAT;
	struct link_asked asked = {
		.target = name_kept(KERNEL_READ(request, oldpath),
				    KERNEL_READ(request, old_dfd)),
		.at = name_kept(KERNEL_READ(request, newpath),
				KERNEL_READ(request, new_dfd)),
		.kind = symbolic ? FILE_LINK_SYMBOLIC : FILE_LINK_HARD,
	};

	asked.target.empty_ok = !!(KERNEL_READ(request, flags) & AT_EMPTY_PATH);
	return link_handle(bpf_get_current_task_btf(), &asked,
			   request_outcome());
}

REQUEST_HANDLER(file_link_request, link_request, struct io_link)

/* --- file.mount ------------------------------------------------------------*/

struct mount_asked {
	struct name_at at;
	struct name_at src;
	struct kept kept;
	const char *fstype;
	__u64 flags;
	__u32 op;	  /* enum file_mount_op */
	bool src_is_path; /* else a text */
};

/* The type that fsmount() made, from the mount behind its descriptor. */
static __always_inline __u16 fstype_of_mount(struct path_buffer *buffer,
					     struct task_struct *task,
					     char *bytes, long fd)
{
	struct file *file = file_of_fd(buffer, task, (__u32)fd);
	struct vfsmount *mnt = KERNEL_READ(file, f_path.mnt);
	struct super_block *sb = KERNEL_READ(mnt, mnt_sb);
	struct file_system_type *type = KERNEL_READ(sb, s_type);
	long len = bpf_probe_read_kernel_str(bytes, EVENT_FSTYPE_SIZE,
					     KERNEL_READ(type, name));

	return len > 0 ? len - 1 : 0;
}

static __always_inline __u32 mount_src_fill(struct file_mount_event *event,
					    struct path_buffer *buffer,
					    const struct mount_asked *asked)
{
	__u32 cut = 0;
	long len;

	if (kept_fill(&event->head, asked->kept.part[CAPTURE_OTHER],
		      event->src_bytes, &event->src, EVENT_PATH_SIZE,
		      EVENT_PART_OLD_PATH, &cut))
		return cut;
	if (asked->src_is_path)
		return name_fill(&event->head, buffer, &asked->src,
				 event->src_bytes, &event->src,
				 EVENT_PART_OLD_PATH);
	if (!asked->src.name)
		return 0;
	len = bpf_probe_read_user_str(event->src_bytes, EVENT_PATH_SIZE,
				      asked->src.name);
	event->src.len = len > 0 ? len - 1 : 0;
	if (len >= 0)
		return 0;
	event->head.truncated |= EVENT_PART_PATH;
	return EVENT_PART_OLD_PATH;
}

static __always_inline bool mount_fill(struct file_mount_event *event,
				       struct path_buffer *buffer,
				       struct task_struct *task,
				       const struct mount_asked *asked)
{
	__u32 cut = 0;

	event->flags = asked->flags;
	event->op = asked->op;
	if (!pre_file_mount(event))
		return false;
	event->path.len = 0;
	event->src.len = 0;
	if (asked->op != FILE_MOUNT_FSMOUNT)
		cut = kept_or_name(&event->head, buffer,
				   asked->kept.part[CAPTURE_PATH], &asked->at,
				   event->path_bytes, &event->path,
				   EVENT_PART_PATH);
	cut |= mount_src_fill(event, buffer, asked);
	if (asked->op == FILE_MOUNT_FSMOUNT)
		event->fstype.len = fstype_of_mount(
			buffer, task, event->fstype_bytes, event->head.retval);
	else if (!kept_fill(&event->head, asked->kept.part[CAPTURE_FSTYPE],
			    event->fstype_bytes, &event->fstype,
			    EVENT_FSTYPE_SIZE, 0, &cut))
		event->fstype.len = text_of_user(
			event->fstype_bytes, EVENT_FSTYPE_SIZE, asked->fstype);
	/* NULL in user space, and so to the predicate, which asks for zeros. */
	if (!event->src.len)
		event->src.off = 0;
	event->fstype.off = 0;
	if (!predicate_file_mount(event))
		return false;
	HINT(file_mount, event);
	event->head.truncated = cut;
	return true;
}

static __always_inline int mount_handle(struct task_struct *task,
					const struct mount_asked *asked,
					struct outcome outcome)
{
	struct event_counters *counts = event_begin(STREAM_FILE_MOUNT, task);
	struct file_mount_event *event = scratch_get(&mount_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);

	if (!counts || !event || !buffer)
		return 0;
	call_begin(&event->head, STREAM_FILE_MOUNT, task, &outcome,
		   &asked->kept);
	if (!mount_fill(event, buffer, task, asked)) {
		counts->filtered++;
		return 0;
	}
	head_rest(&event->head, STREAM_FILE_MOUNT, task);
	record_put(&event_ring, &event->head,
		   offsetof(struct file_mount_event, path_bytes),
		   (struct part[PARTS_MAX]){ PART(event, path),
					     PART(event, src),
					     PART(event, fstype) },
		   counts);
	return 0;
}

static __always_inline void mount_asked_of(struct mount_asked *asked,
					   const struct call *call)
{
	if (CALL_IS(call->slot, mount)) {
		asked->op = FILE_MOUNT_MOUNT;
		asked->src = name_of(call, 0);
		asked->at = name_of(call, 1);
		asked->fstype = (const char *)call->arg[2];
		asked->flags = call->arg[3];
		asked->src_is_path = !!(call->arg[3] & (MS_BIND | MS_MOVE));
	} else if (CALL_IS(call->slot, move_mount)) {
		asked->op = FILE_MOUNT_MOVE;
		asked->src = name_below(call, 0, 1);
		asked->at = name_below(call, 2, 3);
		asked->flags = (__u32)call->arg[4];
		asked->src.empty_ok =
			!!(call->arg[4] & MOVE_MOUNT_F_EMPTY_PATH);
		asked->at.empty_ok = !!(call->arg[4] & MOVE_MOUNT_T_EMPTY_PATH);
		asked->src_is_path = true;
	} else if (CALL_IS(call->slot, pivot_root)) {
		asked->op = FILE_MOUNT_PIVOT_ROOT;
		asked->src = name_of(call, 0);
		asked->at = name_of(call, 1);
		asked->src_is_path = true;
	} else if (CALL_IS(call->slot, fsmount)) {
		asked->op = FILE_MOUNT_FSMOUNT;
		asked->flags = (__u32)call->arg[2];
	} else {
		asked->op = FILE_MOUNT_UMOUNT;
		asked->at = name_of(call, 0);
		if (CALL_IS(call->slot, umount2))
			asked->flags = (__u32)call->arg[1];
	}
}

static __always_inline int mount_call(struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_asked asked = {};
	struct call call;

	call_read(&call, regs, task);
	mount_asked_of(&asked, &call);
	kept_find(&asked.kept, &call,
		  asked.op == FILE_MOUNT_MOUNT	? MOUNT_PARTS :
		  asked.op == FILE_MOUNT_UMOUNT ? ONE_PATH :
						  TWO_PATHS);
	return mount_handle(task, &asked, call_outcome(task, ret));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_mount, struct pt_regs *regs, long ret)
{
	if (RESULT_WANTED(FILE_MOUNT, ret))
		mount_call(regs, ret);
	kept_drop(MOUNT_PARTS);
	return 0;
}

/* --- file.dup --------------------------------------------------------------*/

static __always_inline void dup_fill(struct file_dup_event *event,
				     struct path_buffer *buffer,
				     struct task_struct *task, long fd)
{
	struct file *file = file_of_fd(buffer, task, (__u32)fd);
	struct inode *inode = KERNEL_READ(file, f_inode);

	event->is_socket = (KERNEL_READ(inode, i_mode) & S_IFMT) == S_IFSOCK;
}

static __always_inline int dup_handle(struct task_struct *task,
				      const struct call *call, long ret)
{
	struct event_counters *counts = event_begin(STREAM_FILE_DUP, task);
	struct file_dup_event *event = scratch_get(&dup_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);

	if (!counts || !event || !buffer)
		return 0;
	head_tested(&event->head, STREAM_FILE_DUP, task);
	head_call(&event->head, ret, call->is_32bit);
	event->old_fd = (__u32)call->arg[0];
	event->new_fd = ret;
	if (ret < 0)
		event->new_fd =
			CALL_IS(call->slot, dup2) || CALL_IS(call->slot, dup3) ?
				(__s64)(__u32)call->arg[1] :
				EVENT_NONE;
	dup_fill(event, buffer, task, ret < 0 ? (long)call->arg[0] : ret);
	if (!predicate_file_dup(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(file_dup, event);
	head_rest(&event->head, STREAM_FILE_DUP, task);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_dup, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call;
	__u32 command;

	if (!RESULT_WANTED(FILE_DUP, ret))
		return 0;
	call_read(&call, regs, task);
	command = call.arg[1];
	if ((CALL_IS(call.slot, fcntl) || CALL_IS(call.slot, fcntl64)) &&
	    command != F_DUPFD && command != F_DUPFD_CLOEXEC)
		return 0;
	/* dup2() of a descriptor onto itself does nothing. */
	if (ret >= 0 && (__u32)call.arg[0] == (__u32)ret)
		return 0;
	return dup_handle(task, &call, ret);
}
