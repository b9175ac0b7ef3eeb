/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors: the file behind one of a task, and behind one of an io_uring,
 * which has a table of its own. Another thread may close it meanwhile: what comes
 * out is to be read with BPF_CORE_READ() or KERNEL_READ(), and garbage is all
 * that can come of it. NULL: there is none (any more).
 */
#ifndef SHRIKE_BPF_DESCRIPTOR_H
#define SHRIKE_BPF_DESCRIPTOR_H

#include "bpf/compat.bpf.h"

#define REQ_F_FIXED_FILE 1

static __always_inline struct file *task_file(struct task_struct *task,
					      __u32 fd)
{
	struct fdtable *table = KERNEL_WALK(task)->files->fdt;
	struct file *file = NULL;

	if (fd < table->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), &table->fd[fd]);
	return file;
}

/* In the ring's own table. Since 6.13 it is one of nodes. */
static __always_inline struct file *ring_file(struct io_ring_ctx *ring,
					      __u32 index)
{
	struct io_rsrc_node *node = NULL;
	struct io_fixed_file *fixed;
	__u64 file = 0;

	if (bpf_core_field_exists(ring->file_table.data)) {
		if (index >= BPF_CORE_READ(ring, file_table.data.nr))
			return NULL;
		bpf_probe_read_kernel(
			&node, sizeof(node),
			BPF_CORE_READ(ring, file_table.data.nodes) + index);
		file = BPF_CORE_READ(node, file_ptr);
	} else {
		if (index >= BPF_CORE_READ(ring, nr_user_files))
			return NULL;
		fixed = BPF_CORE_READ(ring, file_table.files);
		bpf_probe_read_kernel(&file, sizeof(file), fixed + index);
	}
	return (struct file *)(file & ~7ULL); /* flags */
}

/*
 * Of a request that is handed in: its own member is filled when it is begun. The
 * task is the one that hands it in.
 */
static __always_inline struct file *request_file(struct io_kiocb *request,
						 struct task_struct *task)
{
	__u32 number = BPF_CORE_READ(request, cqe.fd);

	if (BPF_CORE_READ(request, flags) & REQ_F_FIXED_FILE)
		return ring_file(BPF_CORE_READ(request, ctx), number);
	return task_file(task, number);
}

/* Programs for requests to io_uring; the tracepoint had another name once. */
#define REQUEST_HANDLER(program, handle, type)                \
	SEC("tp_btf/io_uring_submit_req")                     \
	int BPF_PROG(program, struct io_kiocb *request)       \
	{                                                     \
		return handle((type *)request);               \
	}                                                     \
	SEC("tp_btf/io_uring_submit_sqe") /* before 6.4 */    \
	int BPF_PROG(program##_sqe, struct io_kiocb *request) \
	{                                                     \
		return handle((type *)request);               \
	}

#endif
