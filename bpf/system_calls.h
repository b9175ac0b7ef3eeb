/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The slots of the hook at the end of a system call: one for each number of a
 * native call, then one for each of a 32-bit call.
 *
 *   0 ......... CALL_NUMBERS ......... 2 * CALL_NUMBERS
 *   native      32-bit
 */
#ifndef SHRIKE_BPF_SYSTEM_CALLS_H
#define SHRIKE_BPF_SYSTEM_CALLS_H

#define CALL_NUMBERS 512
#define CALL_SLOTS (2 * CALL_NUMBERS)
#define REQUEST_SLOTS 64    /* of a hook of io_uring: IORING_OP_* */
#define CALL_NOWHERE 0xffff /* the slot of a call that this ABI has not */

#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
#define CALL_PICK(x86_64, i386, arm64, arm) x86_64
#define CALL_PICK32(x86_64, i386, arm64, arm) i386
#elif defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define CALL_PICK(x86_64, i386, arm64, arm) arm64
#define CALL_PICK32(x86_64, i386, arm64, arm) arm
#else
#error "this architecture's system call numbers are not known"
#endif

/* SLOT_openat and SLOT32_openat. */
enum call_slot {
#define NONE CALL_NOWHERE
#define CALL(name, x86_64, i386, arm64, arm) \
	SLOT_##name = CALL_PICK(x86_64, i386, arm64, arm),
#include "bpf/system_calls.def"
#undef NONE
#define NONE (CALL_NOWHERE - CALL_NUMBERS)
#define CALL(name, x86_64, i386, arm64, arm) \
	SLOT32_##name = CALL_NUMBERS + CALL_PICK32(x86_64, i386, arm64, arm),
#include "bpf/system_calls.def"
#undef NONE
};

/* Is `slot` that of the call `name`, be it native or 32-bit? */
#define CALL_IS(slot, name) ((slot) == SLOT_##name || (slot) == SLOT32_##name)

#endif
