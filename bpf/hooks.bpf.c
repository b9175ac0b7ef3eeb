// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs that are attached: one stub behind each tracepoint, which hands
 * the event to the handler in its slot by a tail call. The handlers are loaded
 * from other objects and never attached.
 *
 * So a hook has one program whatever is wanted of it, an event that nobody wants
 * ends at an empty slot, and new handlers take over by one write to a slot: each
 * event is handled by the old one or by the new one, never by both or by none.
 *
 * The kernel does not run a program on a CPU where a run of the same program is
 * under way. That holds for the stub, hence for all handlers of a hook together.
 */
#include "bpf/compat.bpf.h"
#include "bpf/kernel_types.h"
#include "bpf/system_calls.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define SLOTS_MAP(name, count)                         \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, count);            \
		__type(key, __u32);                    \
		__type(value, __u32);                  \
	} slots_##name SEC(".maps")

/*
 * The call's number decides; what is no system call has none in range. To a slot
 * that is constant the kernel makes a jump, which costs less than the protected
 * indirect one: for the call that is both frequent and looked at.
 */
#define CALL_HOOK(name)                                                    \
	SLOTS_MAP(name, CALL_SLOTS);                                       \
	SEC("tp_btf/" #name) int hook_##name(__u64 *ctx)                   \
	{                                                                  \
		__u32 slot = compat_call_slot((struct pt_regs *)ctx[0],    \
					      bpf_get_current_task_btf()); \
                                                                           \
		if (slot == SLOT_openat)                                   \
			bpf_tail_call_static(ctx, &slots_##name,           \
					     SLOT_openat);                 \
		else if (slot < CALL_SLOTS)                                \
			bpf_tail_call(ctx, &slots_##name, slot);           \
		return 0;                                                  \
	}

/* The first argument is the request. */
#define REQUEST_HOOK(name)                                        \
	SLOTS_MAP(name, REQUEST_SLOTS);                           \
	SEC("tp_btf/" #name) int hook_##name(__u64 *ctx)          \
	{                                                         \
		__u32 slot = ((struct io_kiocb *)ctx[0])->opcode; \
                                                                  \
		if (slot < REQUEST_SLOTS)                         \
			bpf_tail_call(ctx, &slots_##name, slot);  \
		return 0;                                         \
	}

#define PLAIN_HOOK(name)                                 \
	SLOTS_MAP(name, 1);                              \
	SEC("tp_btf/" #name) int hook_##name(__u64 *ctx) \
	{                                                \
		bpf_tail_call(ctx, &slots_##name, 0);    \
		return 0;                                \
	}

#include "bpf/hooks.def"
