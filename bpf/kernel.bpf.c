// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.module: a module was loaded or removed. kernel.bpf: the bpf() call.
 *
 * What succeeded is told from the kernel's own objects: the file behind the
 * descriptor, the module's name as the kernel took it, the program or map that
 * was made. What else there is comes from the caller's memory at the end of the
 * call.
 */
#include "bpf/descriptor.bpf.h"
#include "bpf/head.bpf.h"
#include "bpf/path.bpf.h"
#include "bpf/path_sets.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct module_scratch {
	struct kernel_module_event event;
	struct path_buffer path;
};

RING_MAP(event_ring);
SCRATCH_MAP(module_scratch, struct module_scratch);
SCRATCH_MAP(bpf_scratch, struct kernel_bpf_event);

STAGES_PASS_ALL(kernel_module)
PREDICATE_PASS_ALL(kernel_bpf)

/* --- kernel.module ---------------------------------------------------------*/

#define MODULE_NAME_SIZE 56 /* at least, on every kernel */

/* From the module's own tracepoint to the end of the call, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, char[MODULE_NAME_SIZE]);
} module_names SEC(".maps");

SEC("tp_btf/module_load")
int BPF_PROG(kernel_module_name, struct module *module)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	char name[MODULE_NAME_SIZE] = { 0 };

	bpf_core_read_str(name, sizeof(name), &module->name);
	bpf_map_update_elem(&module_names, &tid, name, BPF_ANY);
	return 0;
}

static __always_inline void module_path(struct module_scratch *scratch,
					struct file *file)
{
	struct kernel_module_event *event = &scratch->event;
	enum path_state state = PATH_WALKING;
	__u32 len;

	if (!file) {
		event->head.truncated |= EVENT_PART_PATH;
		return;
	}
	len = path_build(&scratch->path, file, &state);
	len = path_copy(event->path_bytes, &scratch->path, len);
	event->path.len = len;
	event->path.off = offsetof(struct kernel_module_event, path_bytes);
	if (!path_is_whole(state, len))
		event->head.truncated |= EVENT_PART_PATH;
}

static __always_inline void module_text(struct event_head *head,
					struct event_blob *blob, __u32 off,
					char *bytes, __u32 size,
					const char *text)
{
	long len;

	if (!text)
		return;
	len = compat_user_text(bytes, size, text);
	blob->off = off;
	if (len > 0)
		blob->len = len;
	if (len < 0 || len == size - 1)
		head->truncated |= EVENT_PART_PATH;
}

static __always_inline void module_name_forget(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&module_names, &tid);
}

static __always_inline void module_known_name(struct kernel_module_event *event)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	char *name = bpf_map_lookup_elem(&module_names, &tid);
	long len;

	if (!name)
		return;
	len = bpf_probe_read_kernel_str(event->name_bytes, MODULE_NAME_SIZE,
					name);
	event->name.off = offsetof(struct kernel_module_event, name_bytes);
	event->name.len = len > 0 ? len - 1 : 0;
}

#define MODULE_TEXT(event, member, text)                                      \
	module_text(&(event)->head, &(event)->member,                         \
		    offsetof(struct kernel_module_event, member##_bytes),     \
		    (event)->member##_bytes, sizeof((event)->member##_bytes), \
		    (const char *)(text))

/* The texts, when the cheap columns have passed. */
static __always_inline void module_texts(struct module_scratch *scratch,
					 struct task_struct *task,
					 struct pt_regs *regs, bool is_32bit)
{
	struct kernel_module_event *event = &scratch->event;
	unsigned long first = compat_syscall_arg(regs, is_32bit, 0);

	switch (event->op) {
	case MODULE_LOAD:
		module_path(scratch, task_file(task, (__u32)first));
		MODULE_TEXT(event, params,
			    compat_syscall_arg(regs, is_32bit, 1));
		module_known_name(event);
		break;
	case MODULE_LOAD_MEMORY:
		MODULE_TEXT(event, params,
			    compat_syscall_arg(regs, is_32bit, 2));
		module_known_name(event);
		break;
	default:
		MODULE_TEXT(event, name, first);
	}
}

/* What is on the ring holds the texts one behind the other. */
static __always_inline void module_put(struct kernel_module_event *event,
				       struct event_counters *counts)
{
	__u32 path_len = event->path.len, name_len = event->name.len;
	__u32 params_len = event->params.len;
	struct bpf_dynptr room;
	__u32 at = offsetof(struct kernel_module_event, path_bytes);

	if (path_len > EVENT_PATH_SIZE)
		path_len = EVENT_PATH_SIZE;
	if (name_len > sizeof(event->name_bytes))
		name_len = sizeof(event->name_bytes);
	if (params_len > sizeof(event->params_bytes))
		params_len = sizeof(event->params_bytes);
	event->head.size = at + path_len + name_len + params_len;
	if (event->path.off)
		event->path.off = at;
	if (event->name.off)
		event->name.off = at + path_len;
	if (event->params.off)
		event->params.off = at + path_len + name_len;
	if (!ring_reserve(&event_ring, &event->head, counts, &room))
		return;
	bpf_dynptr_write(&room, 0, event, at, 0);
	bpf_dynptr_write(&room, at, event->path_bytes, path_len, 0);
	bpf_dynptr_write(&room, at + path_len, event->name_bytes, name_len, 0);
	bpf_dynptr_write(&room, at + path_len + name_len, event->params_bytes,
			 params_len, 0);
	ring_submit(&event_ring, &room);
}

static __always_inline void module_seen(struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32bit = compat_is_32bit(task);
	__u32 call = compat_call_slot(regs, task);
	struct kernel_module_event *event;
	struct event_counters *counts;
	struct module_scratch *scratch;

	if (!RESULT_WANTED(KERNEL_MODULE, ret))
		return;
	counts = event_begin(STREAM_KERNEL_MODULE, task);
	scratch = scratch_get(&module_scratch);
	if (!counts || !scratch)
		return;

	event = &scratch->event;
	head_fill(&event->head, STREAM_KERNEL_MODULE, task);
	event->head.source = EVENT_SOURCE_SYSCALL;
	head_call(&event->head, ret, is_32bit);
	event->op = CALL_IS(call, finit_module) ? MODULE_LOAD :
		    CALL_IS(call, init_module)	? MODULE_LOAD_MEMORY :
						  MODULE_DELETE;
	event->path = event->name = event->params = (struct event_blob){ 0 };
	if (!pre_kernel_module(event)) {
		counts->filtered++;
		return;
	}
	module_texts(scratch, task, regs, is_32bit);
	path_groups_fill(&event->path_groups, STREAM_KERNEL_MODULE,
			 COL_KERNEL_MODULE_path, event->path_bytes,
			 event->path.len);
	if (!predicate_kernel_module(event)) {
		counts->filtered++;
		return;
	}
	HINT(kernel_module, event);
	module_put(event, counts);
}

/* The name is of this call: not of the thread's next, whatever comes of it. */
SEC("tp_btf/sys_exit")
int BPF_PROG(kernel_module, struct pt_regs *regs, long ret)
{
	module_seen(regs, ret);
	module_name_forget();
	return 0;
}

/* --- kernel.bpf ------------------------------------------------------------*/

/* Where union bpf_attr has them: user ABI. */
#define ATTR_PROG_NAME 48
#define ATTR_MAP_NAME 28

static __always_inline void bpf_name_user(struct kernel_bpf_event *event,
					  const char *attr, __u32 size,
					  __u32 offset)
{
	if (size >= offset + sizeof(event->name))
		bpf_probe_read_user(event->name, sizeof(event->name),
				    attr + offset);
}

static __always_inline void bpf_prog_fill(struct kernel_bpf_event *event,
					  struct bpf_prog *prog,
					  const char *attr, __u32 size)
{
	__u32 type = 0;

	if (prog) {
		event->prog_type = BPF_CORE_READ(prog, type);
		BPF_CORE_READ_INTO(&event->name, prog, aux, name);
		event->head.source = EVENT_SOURCE_KERNEL;
		return;
	}
	if (size >= sizeof(type) &&
	    !bpf_probe_read_user(&type, sizeof(type), attr))
		event->prog_type = type;
	bpf_name_user(event, attr, size, ATTR_PROG_NAME);
}

static __always_inline void bpf_map_fill(struct kernel_bpf_event *event,
					 struct bpf_map *map, const char *attr,
					 __u32 size)
{
	if (map) {
		bpf_core_read(event->name, sizeof(event->name), &map->name);
		event->head.source = EVENT_SOURCE_KERNEL;
		return;
	}
	bpf_name_user(event, attr, size, ATTR_MAP_NAME);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(kernel_bpf, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32bit = compat_is_32bit(task);
	struct event_counters *counts;
	struct kernel_bpf_event *event;
	struct file *file = NULL;
	const char *attr;
	void *made = NULL;
	__u32 size;

	if (!RESULT_WANTED(KERNEL_BPF, ret))
		return 0;
	counts = event_begin(STREAM_KERNEL_BPF, task);
	event = scratch_get(&bpf_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_KERNEL_BPF, task);
	event->head.source = EVENT_SOURCE_SYSCALL;
	head_call(&event->head, ret, is_32bit);
	event->cmd = compat_syscall_arg(regs, is_32bit, 0);
	attr = (void *)compat_syscall_arg(regs, is_32bit, 1);
	size = compat_syscall_arg(regs, is_32bit, 2);
	event->prog_type = EVENT_NONE;
	__builtin_memset(event->name, 0, sizeof(event->name));
	/* The new descriptor leads to what the call has made. */
	if (ret >= 0)
		file = task_file(task, (__u32)ret);
	if (event->cmd == BPF_PROG_LOAD || event->cmd == BPF_MAP_CREATE)
		made = file ? BPF_CORE_READ(file, private_data) : NULL;
	if (event->cmd == BPF_PROG_LOAD)
		bpf_prog_fill(event, made, attr, size);
	else if (event->cmd == BPF_MAP_CREATE)
		bpf_map_fill(event, made, attr, size);
	if (!predicate_kernel_bpf(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(kernel_bpf, event);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}
