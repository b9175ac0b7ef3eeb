// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.memfd: a file that lives in memory was made. memory.map: memory became
 * executable, by a new mapping or by a change of one.
 *
 * A process of the personality READ_IMPLIES_EXEC gets executable memory wherever
 * it asks for readable memory, so there that counts as asking for both.
 */
#include "bpf/head.bpf.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_tracing.h>

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define SHM_RDONLY 010000
#define SHM_EXEC 0100000
#define IPC_SHMAT 21 /* ipc(): the call for all of System V's */
#define READ_IMPLIES_EXEC 0x0400000

char LICENSE[] SEC("license") = "GPL";

RING_MAP(event_ring);
SCRATCH_MAP(memfd_scratch, struct memory_memfd_event);
SCRATCH_MAP(map_scratch, struct memory_map_event);

STAGES_PASS_ALL(memory_memfd)
PREDICATE_PASS_ALL(memory_map)

/* --- memory.memfd ----------------------------------------------------------*/

/* The caller may have changed it since; memfd_secret() takes none. */
static __always_inline void memfd_name(struct memory_memfd_event *event,
				       const char *name)
{
	long len;

	event->name = (struct event_blob){ 0 };
	if (!name)
		return;
	len = compat_user_text(event->name_bytes, sizeof(event->name_bytes),
			       name);
	event->name.off = offsetof(struct memory_memfd_event, name_bytes);
	if (len >= 0)
		event->name.len = len;
	else
		event->head.truncated |= EVENT_PART_PATH;
}

static __always_inline void memfd_put(struct memory_memfd_event *event,
				      struct event_counters *counts)
{
	__u32 len = AT_MOST(event->name.len, EVENT_QNAME_SIZE);

	ring_put(&event_ring, &event->head,
		 offsetof(struct memory_memfd_event, name_bytes) + len, counts);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(memory_memfd, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32bit = compat_is_32bit(task);
	__u32 call = compat_call_slot(regs, task);
	struct memory_memfd_event *event;
	struct event_counters *counts;
	const char *name = NULL;

	if (!RESULT_WANTED(MEMORY_MEMFD, ret))
		return 0;
	counts = event_begin(STREAM_MEMORY_MEMFD, task);
	event = scratch_get(&memfd_scratch);
	if (!counts || !event)
		return 0;

	head_fill(&event->head, STREAM_MEMORY_MEMFD, task);
	event->head.source = EVENT_SOURCE_SYSCALL;
	head_call(&event->head, ret, is_32bit);
	event->fd = ret < 0 ? EVENT_NONE : ret;
	if (CALL_IS(call, memfd_create)) {
		name = (void *)compat_syscall_arg(regs, is_32bit, 0);
		event->flags = compat_syscall_arg(regs, is_32bit, 1);
	} else {
		event->flags = compat_syscall_arg(regs, is_32bit, 0);
	}
	if (!pre_memory_memfd(event)) {
		counts->filtered++;
		return 0;
	}
	memfd_name(event, name);
	if (!predicate_memory_memfd(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(memory_memfd, event);
	memfd_put(event, counts);
	return 0;
}

/* --- memory.map ------------------------------------------------------------*/

struct map_call {
	unsigned long length;
	__u32 prot;
	__u32 call; /* enum memory_call */
	__s64 fd;
};

/* The first mmap() of i386 takes its arguments in memory. */
struct mmap_args {
	__u32 addr, length, prot, flags, fd, offset;
};

static __always_inline void mmap_of(struct map_call *map, unsigned long length,
				    __u32 prot, __u32 flags, __u32 fd)
{
	map->call = MEMORY_MMAP;
	map->length = length;
	map->prot = prot;
	map->fd = flags & MAP_ANONYMOUS ? EVENT_NONE : (__s64)(__s32)fd;
}

static __always_inline void shmat_of(struct map_call *map, unsigned long flags)
{
	map->call = MEMORY_SHMAT;
	map->length = 0;
	map->prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
		    (flags & SHM_EXEC ? PROT_EXEC : 0);
}

static __always_inline bool is_old_mmap(__u32 call)
{
#if defined(__TARGET_ARCH_x86)
	return call == SLOT32_mmap;
#else
	return false;
#endif
}

static __always_inline void map_call_of(struct map_call *map,
					struct pt_regs *regs, bool is_32bit,
					__u32 call)
{
	unsigned long first = compat_syscall_arg(regs, is_32bit, 0);
	unsigned long second = compat_syscall_arg(regs, is_32bit, 1);
	unsigned long third = compat_syscall_arg(regs, is_32bit, 2);

	map->fd = EVENT_NONE;
	if (is_old_mmap(call)) {
		struct mmap_args args = { 0 };

		bpf_probe_read_user(&args, sizeof(args), (void *)first);
		mmap_of(map, args.length, args.prot, args.flags, args.fd);
	} else if (CALL_IS(call, mmap) || CALL_IS(call, mmap2)) {
		mmap_of(map, second, third,
			compat_syscall_arg(regs, is_32bit, 3),
			compat_syscall_arg(regs, is_32bit, 4));
	} else if (CALL_IS(call, shmat)) {
		shmat_of(map, third);
	} else if (call == SLOT32_ipc) {
		shmat_of(map, third);
		if ((first & 0xffff) != IPC_SHMAT)
			map->prot = 0;
	} else {
		map->call = MEMORY_MPROTECT;
		map->length = second;
		map->prot = third;
	}
}

static __always_inline bool map_is_exec(struct map_call *map,
					struct task_struct *task)
{
	if (map->prot & PROT_READ && task->personality & READ_IMPLIES_EXEC)
		map->prot |= PROT_EXEC;
	return map->prot & PROT_EXEC;
}

/* What a failed call asked for is of no use; 0 of the old ipc(). */
static __always_inline __u64 map_address(const struct map_call *map,
					 struct pt_regs *regs, bool is_32bit,
					 long ret)
{
	if (map->call == MEMORY_MPROTECT)
		return compat_syscall_arg(regs, is_32bit, 0);
	return (unsigned long)ret >= (unsigned long)-4095 ? 0 :
							    (unsigned long)ret;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(memory_map, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_32bit = compat_is_32bit(task);
	/* An address may look like a negative number; an error is a small one. */
	bool failed = (unsigned long)ret >= (unsigned long)-4095;
	struct event_counters *counts;
	struct memory_map_event *event;
	struct map_call map;

	if (failed && !WANTED_IF_FAILED(MEMORY_MAP))
		return 0;
	map_call_of(&map, regs, is_32bit, compat_call_slot(regs, task));
	if (!map_is_exec(&map, task))
		return 0;
	counts = event_begin(STREAM_MEMORY_MAP, task);
	event = scratch_get(&map_scratch);
	if (!counts || !event)
		return 0;

	head_tested(&event->head, STREAM_MEMORY_MAP, task);
	head_call(&event->head, failed ? ret : 0, is_32bit);
	event->addr = map_address(&map, regs, is_32bit, ret);
	event->length = map.length;
	event->prot = map.prot;
	event->call = map.call;
	event->fd = map.fd;
	event->wx = !!(map.prot & PROT_WRITE);
	if (!predicate_memory_map(event)) {
		counts->filtered++;
		return 0;
	}
	HINT(memory_map, event);
	head_rest(&event->head, STREAM_MEMORY_MAP, task);
	ring_put(&event_ring, &event->head, sizeof(*event), counts);
	return 0;
}
