// SPDX-License-Identifier: GPL-2.0-only
/*
 * container.event: a cgroup was made or removed, or a process moved into one.
 * From it user space learns which cgroup is which container; it is part of the
 * lifecycle and never filtered.
 */
#include "bpf/head.bpf.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

RING_MAP(lifecycle_ring);
SCRATCH_MAP(create_scratch, struct container_event_event);
SCRATCH_MAP(remove_scratch, struct container_event_event);
SCRATCH_MAP(attach_scratch, struct container_event_event);

static __always_inline void container_put(struct container_event_event *event,
					  struct event_counters *counts)
{
	__u32 len = AT_MOST(event->path.len, EVENT_PATH_SIZE);

	ring_put(&lifecycle_ring, &event->head,
		 offsetof(struct container_event_event, path_bytes) + len,
		 counts);
}

/* Who is at work, be it for another task. */
static __always_inline struct event_counters *container_begin(void)
{
	return event_begin(STREAM_CONTAINER_EVENT, bpf_get_current_task_btf());
}

/* `path` is the kernel's own, within the cgroup's hierarchy. */
static __always_inline void container_fill(struct container_event_event *event,
					   __u32 op, struct cgroup *cgroup,
					   const char *path)
{
	long len;

	head_fill(&event->head, STREAM_CONTAINER_EVENT,
		  bpf_get_current_task_btf());
	event->cgroup = cgroup->kn->id;
	event->attached_key = 0;
	event->op = op;
	event->hierarchy = cgroup->root->hierarchy_id;
	len = bpf_probe_read_kernel_str(event->path_bytes, EVENT_PATH_SIZE,
					path);
	event->path.off = offsetof(struct container_event_event, path_bytes);
	event->path.len = len > 0 ? len - 1 : 0;
	if (len <= 0 || len == EVENT_PATH_SIZE)
		event->head.truncated |= EVENT_PART_PATH;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(container_create, struct cgroup *cgroup, const char *path)
{
	struct event_counters *counts = container_begin();
	struct container_event_event *event = scratch_get(&create_scratch);

	if (!counts || !event)
		return 0;
	container_fill(event, CONTAINER_CREATE, cgroup, path);
	container_put(event, counts);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(container_remove, struct cgroup *cgroup, const char *path)
{
	struct event_counters *counts = container_begin();
	struct container_event_event *event = scratch_get(&remove_scratch);

	if (!counts || !event)
		return 0;
	container_fill(event, CONTAINER_REMOVE, cgroup, path);
	container_put(event, counts);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(container_attach, struct cgroup *cgroup, const char *path,
	     struct task_struct *task)
{
	struct event_counters *counts = container_begin();
	struct container_event_event *event = scratch_get(&attach_scratch);

	if (!counts || !event)
		return 0;
	container_fill(event, CONTAINER_ATTACH, cgroup, path);
	event->attached_key = task_key(task);
	container_put(event, counts);
	return 0;
}
