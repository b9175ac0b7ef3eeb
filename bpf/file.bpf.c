// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.open: a call of the open family has succeeded. At the exit of the call
 * the new descriptor leads to the file, and the file to its path and inode:
 * what was opened, not what the caller asked for.
 *
 * Where that is not to be had, the event tells what was asked for (source
 * 'syscall'): of a call that failed, if a rule wants these, and of a request to
 * io_uring, which is seen when it is handed in. What becomes of a request is not
 * waited for: who asks can have the ring report nothing.
 */
#define PATH_STEPS_INLINE 5 /* as deep as most files are */

#include "bpf/descriptor.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"
#include "bpf/path_sets.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>
#include <asm-generic/fcntl.h>

char LICENSE[] SEC("license") = "GPL";

struct open_scratch {
	struct file_open_event event;
	struct path_buffer path;
};

RING_MAP(event_ring);
SCRATCH_MAP(open_scratch, struct open_scratch);

STAGES_PASS_ALL(file_open)

/* A set of own columns, all of which are in one word of a column set. */
#define OPEN_BIT(column) (1ULL << COL_FILE_OPEN_##column % 64)
#define OPEN_WORD (COL_OWN_FIRST / 64)

_Static_assert(COL_FILE_OPEN_created / 64 == OPEN_WORD,
	       "the columns of file.open are in one word");

#define NSFS_MAGIC 0x6e736673
#define NAMESPACE_KIND_MAX 31
#define NAMESPACE_DIGITS 10

/*
 * The file of a namespace has no name but what the kernel shows of it, such as
 * `mnt:[4026531841]`; the numbers of namespaces have ten digits. Returns the
 * length, 0 when it is none.
 */
static __always_inline __u32 namespace_path(char *bytes, struct file *file)
{
	struct inode *inode = KERNEL_READ(file, f_inode);
	struct super_block *sb = KERNEL_READ(inode, i_sb);
	struct ns_common *ns = KERNEL_READ(inode, i_private);
	struct proc_ns_operations *ops = (void *)KERNEL_READ(ns, ops);
	__u64 number = KERNEL_READ(inode, i_ino);
	__u32 colon;
	long len;

	if (KERNEL_READ(sb, s_magic) != NSFS_MAGIC)
		return 0;
	len = bpf_probe_read_kernel_str(bytes, NAMESPACE_KIND_MAX,
					KERNEL_READ(ops, name));
	if (len < 2 || len > NAMESPACE_KIND_MAX)
		return 0;
	colon = (__u32)(len - 1) & NAMESPACE_KIND_MAX;
	bytes[colon] = ':';
	bytes[colon + 1] = '[';
	for (__u32 i = NAMESPACE_DIGITS; i; i--) {
		bytes[colon + 1 + i] = (char)('0' + number % 10);
		number /= 10;
	}
	bytes[colon + NAMESPACE_DIGITS + 2] = ']';
	return colon + NAMESPACE_DIGITS + 3;
}

static __always_inline void path_fill(struct open_scratch *scratch,
				      struct file *file)
{
	struct file_open_event *event = &scratch->event;
	enum path_state state = PATH_WALKING;
	__u32 len = path_build(&scratch->path, file, &state);

	len = path_copy(event->path_bytes, &scratch->path, len);
	/* "//": of a file without any name. */
	if (state == PATH_PSEUDO && len == 2)
		len = namespace_path(event->path_bytes, file);
	event->path.len = len;
	if (!path_is_whole(state, len))
		event->head.truncated |= EVENT_PART_PATH;
}

/*
 * The last component alone, which costs a few loads. Not told: where the file's
 * path does not end with its own name, as that of a mount's root, or when it gets
 * another just now.
 */
static __always_inline void open_name(struct path_name *ret_name,
				      struct file *file)
{
	struct dentry *dentry = KERNEL_READ(file, f_path.dentry);
	struct vfsmount *mnt = KERNEL_READ(file, f_path.mnt);
	__u32 renames = path_renames(dentry);
	__u32 len = KERNEL_READ(dentry, d_name.len);
	__u64 start = name_word(KERNEL_READ(dentry, d_name.name));

	if (len < sizeof(start))
		start &= (1ULL << 8 * len) - 1;
	if (dentry == KERNEL_READ(mnt, mnt_root) ||
	    dentry == KERNEL_READ(dentry, d_parent) || renames & 1 ||
	    renames != path_renames(dentry))
		len = 0;
	ret_name->start = start;
	ret_name->len = len;
}

/* What is done at once and not kept in the file's own flags. */
#define ONCE_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

/* The columns of the set, but for the path; asked: flags of the call. */
static __always_inline void open_columns(struct file_open_event *event,
					 struct file *file, __u64 asked,
					 __u64 columns)
{
	__u32 f_mode = 0;

	if (columns & (OPEN_BIT(is_write) | OPEN_BIT(created)))
		f_mode = KERNEL_READ(file, f_mode);
	if (columns & OPEN_BIT(is_write))
		event->is_write = !!(f_mode & FMODE_WRITE);
	if (columns & OPEN_BIT(created))
		event->created = !!(f_mode & FMODE_CREATED);
	if (columns & OPEN_BIT(flags))
		event->flags =
			KERNEL_READ(file, f_flags) | (asked & ONCE_FLAGS);
	if (columns & (OPEN_BIT(mode) | OPEN_BIT(ino) | OPEN_BIT(dev))) {
		struct inode *inode = KERNEL_READ(file, f_inode);
		struct super_block *sb = KERNEL_READ(inode, i_sb);

		event->mode = KERNEL_READ(inode, i_mode);
		event->ino = KERNEL_READ(inode, i_ino);
		event->dev = KERNEL_READ(sb, s_dev);
	}
}

/* The rest of the head, and off it goes. */
static __always_inline void open_end(struct file_open_event *event,
				     struct task_struct *task,
				     struct event_counters *counts,
				     bool is_wanted)
{
	struct bpf_dynptr room;
	__u32 len = event->path.len;
	__u32 size;

	if (!is_wanted) {
		counts->filtered++;
		return;
	}
	head_rest(&event->head, STREAM_FILE_OPEN, task);
	if (len > EVENT_PATH_SIZE)
		len = EVENT_PATH_SIZE;
	size = offsetof(struct file_open_event, path_bytes) + len;
	event->head.size = size;
	if (!ring_reserve(&event_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, size, 0);
	ring_submit(&event_ring, &room);
}

static __always_inline void open_begin(struct file_open_event *event,
				       struct task_struct *task)
{
	head_tested(&event->head, STREAM_FILE_OPEN, task);
	event->fd = EVENT_NONE;
	event->path.off = offsetof(struct file_open_event, path_bytes);
	event->path.len = 0;
}

static __always_inline bool open_predicate(struct file_open_event *event)
{
	path_groups_fill(&event->path_groups, STREAM_FILE_OPEN,
			 COL_FILE_OPEN_path, event->path_bytes,
			 event->path.len);
	return predicate_file_open(event);
}

#define OPEN_TESTED (settings.predicate_columns[STREAM_FILE_OPEN][OPEN_WORD])

/* Returns whether a rule may want it. */
static __always_inline bool open_passes(struct open_scratch *scratch,
					struct file *file, __u64 asked)
{
	struct file_open_event *event = &scratch->event;

	open_columns(event, file, asked, OPEN_TESTED);
	if (TESTS(FILE_OPEN, FILE_OPEN_path))
		open_name(&event->path_name, file);
	if (!pre_file_open(event))
		return false;
	if (TESTS(FILE_OPEN, FILE_OPEN_path)) {
		path_fill(scratch, file);
		if (!open_predicate(event))
			return false;
	} else if (NEEDS(FILE_OPEN, FILE_OPEN_path)) {
		path_fill(scratch, file);
	}
	HINT(file_open, event);
	return true;
}

/* --- what was asked for ----------------------------------------------------*/

struct open_asked {
	struct name_at at;
	__u64 flags; /* O_* */
};

/* From the arguments of the call. */
static __always_inline void asked_of_call(struct open_asked *asked,
					  struct pt_regs *regs,
					  struct task_struct *task)
{
	bool is_32bit = compat_is_32bit(task);
	__u32 slot = compat_call_slot(regs, task);
	unsigned long args[4];

	for (unsigned i = 0; i < 4; i++)
		args[i] = compat_syscall_arg(regs, is_32bit, i);
	asked->at = (struct name_at){ .dirfd = NAME_CWD };
	if (CALL_IS(slot, open) || CALL_IS(slot, creat)) {
		asked->at.name = (const char *)args[0];
		asked->flags = CALL_IS(slot, open) ?
				       args[1] :
				       O_CREAT | O_WRONLY | O_TRUNC;
		return;
	}
	asked->at.dirfd = (int)args[0];
	/* A handle is no name. */
	if (!CALL_IS(slot, open_by_handle_at))
		asked->at.name = (const char *)args[1];
	asked->flags = args[2];
	/* struct open_how begins with the flags. */
	if (CALL_IS(slot, openat2) &&
	    bpf_probe_read_user(&asked->flags, sizeof(asked->flags),
				(void *)args[2]))
		asked->flags = 0;
}

/* Returns whether a rule may want it. */
static __always_inline bool asked_fill(struct open_scratch *scratch,
				       const struct open_asked *asked)
{
	struct file_open_event *event = &scratch->event;
	__u32 name_flags = 0;

	event->head.source = EVENT_SOURCE_SYSCALL;
	event->flags = asked->flags;
	event->is_write = (asked->flags & O_ACCMODE) != O_RDONLY;
	event->created = 0;
	event->mode = 0;
	event->ino = 0;
	event->dev = 0;
	event->path_name.len = 0;
	if (!pre_file_open(event))
		return false;
	event->path.len = path_of_name(&scratch->path, &asked->at,
				       event->path_bytes, &name_flags);
	if (name_flags)
		event->head.truncated |= EVENT_PART_PATH;
	if (!open_predicate(event))
		return false;
	HINT(file_open, event);
	if (!(name_flags & NAME_CUT))
		event->head.truncated &= ~EVENT_PART_PATH;
	return true;
}

/* --- the handlers ----------------------------------------------------------*/

static __always_inline bool call_fill(struct open_scratch *scratch,
				      struct pt_regs *regs, long ret,
				      struct task_struct *task)
{
	struct file_open_event *event = &scratch->event;
	struct open_asked asked = {};
	struct file *file;

	head_call(&event->head, ret, compat_is_32bit(task));
	if (ret >= 0) {
		event->fd = ret;
		file = file_of_fd(&scratch->path, task, (__u32)ret);
		if (TESTS(FILE_OPEN, FILE_OPEN_flags))
			asked_of_call(&asked, regs, task);
		if (!open_passes(scratch, file, asked.flags))
			return false;
		if (!TESTS(FILE_OPEN, FILE_OPEN_flags))
			asked_of_call(&asked, regs, task);
		open_columns(event, file, asked.flags, ~OPEN_TESTED);
		return true;
	}
	if (!WANTED_IF_FAILED(FILE_OPEN))
		return false;
	asked_of_call(&asked, regs, task);
	return asked_fill(scratch, &asked);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_open, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct open_scratch *scratch;

	if (!RESULT_WANTED(FILE_OPEN, ret))
		return 0;
	counts = event_begin(STREAM_FILE_OPEN, task);
	scratch = scratch_get(&open_scratch);
	if (!counts || !scratch)
		return 0;
	open_begin(&scratch->event, task);
	open_end(&scratch->event, task, counts,
		 call_fill(scratch, regs, ret, task));
	return 0;
}

/*
 * Shares the scratch memory and the counters with the handler of the calls: a
 * tracepoint's program is not preempted, and neither of the two can interrupt
 * the other.
 */
static __always_inline int request_handle(struct io_open *args)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct open_asked asked = { .at.in_kernel = true };
	struct event_counters *counts = event_begin(STREAM_FILE_OPEN, task);
	struct open_scratch *scratch = scratch_get(&open_scratch);
	struct filename *filename;

	if (!counts || !scratch)
		return 0;
	open_begin(&scratch->event, task);
	scratch->event.head.flags |= EVENT_FLAG_IO_URING;
	filename = KERNEL_READ(args, filename);
	asked.at.name = KERNEL_READ(filename, name);
	asked.at.dirfd = KERNEL_READ(args, dfd);
	asked.flags = KERNEL_READ(args, how.flags);
	open_end(&scratch->event, task, counts, asked_fill(scratch, &asked));
	return 0;
}

REQUEST_HANDLER(file_open_request, request_handle, struct io_open)
