// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.attr: mode, owner, times, extended attributes, flags and size of a file
 * were set. A call on a descriptor has the file's own path (source 'kernel'),
 * one with a name that of the name.
 */
#include "bpf/file_call.bpf.h"
#include "bpf/predicate.h"

#include <bpf/bpf_tracing.h>

#define AT_EMPTY_PATH 0x1000
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
#define FS_IOC_SETFLAGS 0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820
#define NS_PER_S 1000000000LL
#define IORING_OP_FSETXATTR 41

char LICENSE[] SEC("license") = "GPL";

RING_MAP(event_ring);
SCRATCH_MAP(path_scratch, struct path_buffer);
SCRATCH_MAP(attr_scratch, struct file_attr_event);

STAGES_PASS_ALL(file_attr)

struct attr_asked {
	struct name_at at;
	struct kept kept;
	struct file *file; /* of a call on a descriptor; then `at` is unused */
	const char *xattr;
	bool on_file;
	bool xattr_in_kernel;
	__u32 op; /* enum file_attr_op */
};

static __always_inline void attr_begin(struct file_attr_event *event,
				       struct task_struct *task,
				       struct outcome outcome,
				       const struct kept *kept)
{
	call_begin(&event->head, STREAM_FILE_ATTR, task, &outcome, kept);
	event->new_mode = EVENT_NONE;
	event->new_uid = EVENT_NONE;
	event->new_gid = EVENT_NONE;
	event->new_mtime = EVENT_NONE;
	event->new_flags = EVENT_NONE;
	event->new_size = EVENT_NONE;
}

static __always_inline bool attr_fill(struct file_attr_event *event,
				      struct path_buffer *buffer,
				      const struct attr_asked *asked)
{
	__u32 cut;
	long len = 0;

	event->op = asked->op;
	if (asked->on_file)
		event->head.source = EVENT_SOURCE_KERNEL;
	if (!pre_file_attr(event))
		return false;
	if (asked->on_file)
		cut = file_fill(&event->head, buffer, asked->file,
				event->path_bytes, &event->path);
	else
		cut = kept_or_name(&event->head, buffer,
				   asked->kept.part[CAPTURE_PATH], &asked->at,
				   event->path_bytes, &event->path,
				   EVENT_PART_PATH);
	if (asked->xattr && asked->xattr_in_kernel)
		len = bpf_probe_read_kernel_str(event->xattr_bytes,
						EVENT_XATTR_SIZE, asked->xattr);
	else if (asked->xattr)
		len = bpf_probe_read_user_str(event->xattr_bytes,
					      EVENT_XATTR_SIZE, asked->xattr);
	event->xattr.len = len > 0 ? len - 1 : 0;
	event->xattr.off = 0; /* NULL without a name, to the predicate too */
	if (asked->xattr && len <= 0) {
		cut |= EVENT_PART_FILENAME;
		event->head.truncated |= EVENT_PART_PATH;
	}
	if (!predicate_file_attr(event))
		return false;
	HINT(file_attr, event);
	event->head.truncated = cut;
	return true;
}

static __always_inline void attr_end(struct file_attr_event *event,
				     struct path_buffer *buffer,
				     struct task_struct *task,
				     const struct attr_asked *asked,
				     struct event_counters *counts)
{
	if (!attr_fill(event, buffer, asked)) {
		counts->filtered++;
		return;
	}
	head_rest(&event->head, STREAM_FILE_ATTR, task);
	record_put(&event_ring, &event->head,
		   offsetof(struct file_attr_event, path_bytes),
		   (struct part[PARTS_MAX]){ PART(event, path),
					     PART(event, xattr) },
		   counts);
}

/* --- values ----------------------------------------------------------------*/

/* An id of a call: all ones leaves it as it is, of 16 bits in old calls. */
static __always_inline __s64 id_asked(__u64 id, bool is_16bit)
{
	if (is_16bit)
		return (__u16)id == 0xffff ? EVENT_NONE : (__s64)(__u16)id;
	return (__u32)id == 0xffffffff ? EVENT_NONE : (__s64)(__u32)id;
}

/* The n-th of numbers of 8 or 4 bytes in the caller's memory; 0: unreadable. */
static __always_inline __s64 number_of_user(__u64 from, unsigned n, bool short_)
{
	__s64 number = 0;
	__s32 short_number = 0;

	if (!short_) {
		bpf_probe_read_user(&number, sizeof(number),
				    (void *)(from + n * sizeof(number)));
		return number;
	}
	bpf_probe_read_user(&short_number, sizeof(short_number),
			    (void *)(from + n * sizeof(short_number)));
	return short_number;
}

/*
 * The second of two times {seconds, parts}, or of two seconds (utime). None:
 * the time of the call, or left as it is.
 */
static __always_inline __s64 mtime_asked(const struct call *call, __u64 from)
{
	bool utime = CALL_IS(call->slot, utime);
	bool micro =
		CALL_IS(call->slot, utimes) || CALL_IS(call->slot, futimesat);
	bool short_ = call->is_32bit && !CALL_IS(call->slot, utimensat_time64);
	__s64 seconds, parts;

	if (!from)
		return EVENT_NONE;
	if (utime)
		return number_of_user(from, 1, short_) * NS_PER_S;
	seconds = number_of_user(from, 2, short_);
	parts = number_of_user(from, 3, short_);
	if (micro)
		return seconds * NS_PER_S + parts * 1000;
	if (parts == UTIME_NOW || parts == UTIME_OMIT)
		return EVENT_NONE;
	return seconds * NS_PER_S + parts;
}

/* FS_XFLAG_* as FS_*_FL. */
static __always_inline __s64 flags_of_xflags(__u64 xflags)
{
	__s64 flags = 0;

	if (xflags & 0x08)
		flags |= 0x10; /* immutable */
	if (xflags & 0x10)
		flags |= 0x20; /* append only */
	if (xflags & 0x20)
		flags |= 0x08; /* sync */
	if (xflags & 0x40)
		flags |= 0x80; /* no access time */
	if (xflags & 0x80)
		flags |= 0x40; /* no dump */
	return flags;
}

/* --- what each call names --------------------------------------------------*/

static __always_inline void asked_file(struct attr_asked *asked,
				       struct path_buffer *buffer,
				       struct task_struct *task, __u64 fd)
{
	asked->on_file = true;
	asked->file = file_of_fd(buffer, task, (__u32)fd);
}

/* dirfd and name in the first two arguments; no name: the descriptor itself. */
static __always_inline void asked_below(struct attr_asked *asked,
					const struct call *call, __u64 at_flags)
{
	asked->at = name_below(call, 0, 1);
	asked->at.empty_ok = !!(at_flags & AT_EMPTY_PATH);
	if (!call->arg[1])
		asked->at.empty_ok = true;
}

#define ATTR_HANDLER_BEGIN                                          \
	struct task_struct *task = bpf_get_current_task_btf();      \
	struct event_counters *counts =                             \
		RESULT_WANTED(FILE_ATTR, ret) ?                     \
			event_begin(STREAM_FILE_ATTR, task) :       \
			NULL;                                       \
	struct file_attr_event *event = scratch_get(&attr_scratch); \
	struct path_buffer *buffer = scratch_get(&path_scratch);    \
	struct attr_asked asked = {};                               \
	struct call call;                                           \
                                                                    \
	if (!counts || !event || !buffer)                           \
		return 0;                                           \
	call_read(&call, regs, task)

static __always_inline int attr_mode_call(struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	kept_find(&asked.kept, &call, 1U << CAPTURE_PATH);
	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_CHMOD;
	if (CALL_IS(call.slot, chmod)) {
		asked.at = name_of(&call, 0);
		event->new_mode = call.arg[1] & 07777;
	} else if (CALL_IS(call.slot, fchmod)) {
		asked_file(&asked, buffer, task, call.arg[0]);
		event->new_mode = call.arg[1] & 07777;
	} else {
		asked_below(&asked, &call,
			    CALL_IS(call.slot, fchmodat2) ? call.arg[3] : 0);
		event->new_mode = call.arg[2] & 07777;
	}
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_mode, struct pt_regs *regs, long ret)
{
	attr_mode_call(regs, ret);
	kept_drop(1U << CAPTURE_PATH);
	return 0;
}

static __always_inline int attr_owner_call(struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	bool is_16bit = CALL_IS(call.slot, chown16) ||
			CALL_IS(call.slot, lchown16) ||
			CALL_IS(call.slot, fchown16);
	__u64 uid = call.arg[1], gid = call.arg[2];

	kept_find(&asked.kept, &call, 1U << CAPTURE_PATH);
	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_CHOWN;
	if (CALL_IS(call.slot, fchownat)) {
		asked_below(&asked, &call, call.arg[4]);
		uid = call.arg[2];
		gid = call.arg[3];
	} else if (CALL_IS(call.slot, fchown) || CALL_IS(call.slot, fchown16)) {
		asked_file(&asked, buffer, task, call.arg[0]);
	} else {
		asked.at = name_of(&call, 0);
	}
	event->new_uid = id_asked(uid, is_16bit);
	event->new_gid = id_asked(gid, is_16bit);
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_owner, struct pt_regs *regs, long ret)
{
	attr_owner_call(regs, ret);
	kept_drop(1U << CAPTURE_PATH);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_times, struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_UTIMES;
	if (CALL_IS(call.slot, utime) || CALL_IS(call.slot, utimes)) {
		asked.at = name_of(&call, 0);
		event->new_mtime = mtime_asked(&call, call.arg[1]);
	} else {
		/* Without a name it is about the descriptor. */
		if (call.arg[1])
			asked_below(&asked, &call, call.arg[3]);
		else
			asked_file(&asked, buffer, task, call.arg[0]);
		event->new_mtime = mtime_asked(&call, call.arg[2]);
	}
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_xattr, struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	bool removed = CALL_IS(call.slot, removexattr) ||
		       CALL_IS(call.slot, lremovexattr) ||
		       CALL_IS(call.slot, fremovexattr) ||
		       CALL_IS(call.slot, removexattrat);

	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = removed ? FILE_ATTR_REMOVEXATTR : FILE_ATTR_SETXATTR;
	asked.xattr = (const char *)call.arg[1];
	if (CALL_IS(call.slot, setxattrat) ||
	    CALL_IS(call.slot, removexattrat)) {
		asked_below(&asked, &call, call.arg[2]);
		asked.xattr = (const char *)call.arg[3];
	} else if (CALL_IS(call.slot, fsetxattr) ||
		   CALL_IS(call.slot, fremovexattr)) {
		asked_file(&asked, buffer, task, call.arg[0]);
	} else {
		asked.at = name_of(&call, 0);
	}
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

static __always_inline __u32 ioctl_command(struct pt_regs *regs)
{
	return compat_syscall_arg(
		regs, compat_is_32bit(bpf_get_current_task_btf()), 1);
}

/* Nearly all calls of ioctl() end at the first test. */
SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_flags, struct pt_regs *regs, long ret)
{
	__u32 command = ioctl_command(regs);
	__u32 flags = 0;

	if (command != FS_IOC_SETFLAGS && command != FS_IOC32_SETFLAGS &&
	    command != FS_IOC_FSSETXATTR)
		return 0;
	ATTR_HANDLER_BEGIN;
	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_FLAGS;
	asked_file(&asked, buffer, task, call.arg[0]);
	/* Both begin with them. */
	bpf_probe_read_user(&flags, sizeof(flags), (void *)call.arg[2]);
	event->new_flags =
		command == FS_IOC_FSSETXATTR ? flags_of_xflags(flags) : flags;
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

/* file_setattr(), since 6.17 */
SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_xflags, struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	__u64 xflags = 0;

	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_FLAGS;
	asked_below(&asked, &call, call.arg[4]);
	bpf_probe_read_user(&xflags, sizeof(xflags), (void *)call.arg[2]);
	event->new_flags = flags_of_xflags(xflags);
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

static __always_inline int attr_size_call(struct pt_regs *regs, long ret)
{
	ATTR_HANDLER_BEGIN;
	bool halves = CALL_IS(call.slot, truncate64) ||
		      CALL_IS(call.slot, ftruncate64);

	kept_find(&asked.kept, &call, 1U << CAPTURE_PATH);
	attr_begin(event, task, call_outcome(task, ret), &asked.kept);
	asked.op = FILE_ATTR_TRUNCATE;
	if (CALL_IS(call.slot, ftruncate) || CALL_IS(call.slot, ftruncate64))
		asked_file(&asked, buffer, task, call.arg[0]);
	else
		asked.at = name_of(&call, 0);
	event->new_size = call.arg[1];
	if (halves)
		event->new_size = call.arg[COMPAT_PAIR_FIRST] |
				  call.arg[COMPAT_PAIR_FIRST + 1] << 32;
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_attr_size, struct pt_regs *regs, long ret)
{
	attr_size_call(regs, ret);
	kept_drop(1U << CAPTURE_PATH);
	return 0;
}

/* --- requests to io_uring --------------------------------------------------*/

static __always_inline void asked_request(struct attr_asked *asked,
					  struct io_kiocb *request,
					  struct task_struct *task)
{
	asked->on_file = true;
	asked->file = request_file(request, task);
}

static __always_inline int xattr_request(struct io_xattr *request)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts = event_begin(STREAM_FILE_ATTR, task);
	struct file_attr_event *event = scratch_get(&attr_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);
	struct attr_asked asked = { .op = FILE_ATTR_SETXATTR,
				    .xattr_in_kernel = true };
	struct xattr_name *name = KERNEL_READ(request, ctx.kname);
	bool on_file = KERNEL_READ((struct io_kiocb *)request, opcode) ==
		       IORING_OP_FSETXATTR;

	if (!counts || !event || !buffer)
		return 0;
	attr_begin(event, task, request_outcome(), &asked.kept);
	asked.xattr = (const char *)name;
	if (on_file)
		asked_request(&asked, (struct io_kiocb *)request, task);
	else
		asked.at = name_kept(KERNEL_READ(request, filename), NAME_CWD);
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

REQUEST_HANDLER(file_attr_xattr_request, xattr_request, struct io_xattr)

static __always_inline int size_request(struct io_ftrunc *request)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts = event_begin(STREAM_FILE_ATTR, task);
	struct file_attr_event *event = scratch_get(&attr_scratch);
	struct path_buffer *buffer = scratch_get(&path_scratch);
	struct attr_asked asked = { .op = FILE_ATTR_TRUNCATE };

	if (!counts || !event || !buffer)
		return 0;
	attr_begin(event, task, request_outcome(), &asked.kept);
	event->new_size = KERNEL_READ(request, len);
	asked_request(&asked, (struct io_kiocb *)request, task);
	attr_end(event, buffer, task, &asked, counts);
	return 0;
}

/* io_uring can cut files since 6.9. */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(file_attr_size_request, struct io_kiocb *request)
{
	return size_request((struct io_ftrunc *)request);
}
