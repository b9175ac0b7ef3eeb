// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.open: a call of the open family has succeeded. At the exit of the call
 * the new descriptor leads to the file, and the file to its path and inode:
 * what was opened, not what the caller asked for.
 */
#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"
#include "bpf/path_sets.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct open_scratch {
	struct file_open_event event;
	struct path_buffer path;
};

RING_MAP(event_ring);
SCRATCH_MAP(open_scratch, struct open_scratch);

STAGES_PASS_ALL(file_open)

/* Another thread may have closed the descriptor meanwhile: then NULL. */
static __always_inline struct file *file_of_fd(struct task_struct *task,
					       __u32 fd)
{
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (fd < table->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), &table->fd[fd]);
	return file;
}

static __always_inline void path_fill(struct open_scratch *scratch,
				      struct file *file)
{
	struct file_open_event *event = &scratch->event;
	enum path_state state = PATH_WALKING;
	__u32 len = path_build(&scratch->path, file, &state);

	len = path_copy(event->path_bytes, &scratch->path, len);
	event->path.len = len;
	if (!path_is_whole(state, len))
		event->head.truncated |= EVENT_PART_PATH;
}

/* All but the path. */
static __always_inline void open_fill(struct file_open_event *event,
				      struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 f_mode = BPF_CORE_READ(file, f_mode);

	event->flags = BPF_CORE_READ(file, f_flags);
	event->is_write = !!(f_mode & FMODE_WRITE);
	event->created = !!(f_mode & FMODE_CREATED);
	event->mode = BPF_CORE_READ(inode, i_mode);
	event->ino = BPF_CORE_READ(inode, i_ino);
	event->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	event->path.off = offsetof(struct file_open_event, path_bytes);
	event->path.len = 0;
}

static __always_inline void open_put(struct file_open_event *event,
				     struct event_counters *counts)
{
	struct bpf_dynptr room;
	__u32 len = event->path.len;
	__u32 size;

	if (len > EVENT_PATH_SIZE)
		len = EVENT_PATH_SIZE;
	size = offsetof(struct file_open_event, path_bytes) + len;
	event->head.size = size;
	if (!ring_reserve(&event_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, size, 0);
	ring_submit(&event_ring, &room);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_open, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_counters *counts;
	struct open_scratch *scratch;
	struct file *file;

	if (ret < 0 || task->tgid == settings.self_tgid)
		return 0;
	counts = counters_get(STREAM_FILE_OPEN);
	scratch = scratch_get(&open_scratch);
	if (!counts || !scratch)
		return 0;
	counts->generated++;

	head_fill(&scratch->event.head, STREAM_FILE_OPEN, task);
	if (compat_is_32bit(task))
		scratch->event.head.flags |= EVENT_FLAG_COMPAT;
	scratch->event.fd = (__u32)ret;
	file = file_of_fd(task, (__u32)ret);
	open_fill(&scratch->event, file);
	if (!pre_file_open(&scratch->event)) {
		counts->filtered++;
		return 0;
	}
	if (file)
		path_fill(scratch, file);
	else
		scratch->event.head.truncated |= EVENT_PART_PATH;
	path_groups_fill(&scratch->event.path_groups, STREAM_FILE_OPEN,
			 COL_FILE_OPEN_path, scratch->event.path_bytes,
			 scratch->event.path.len);
	if (!predicate_file_open(&scratch->event)) {
		counts->filtered++;
		return 0;
	}
	open_put(&scratch->event, counts);
	return 0;
}
