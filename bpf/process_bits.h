/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The values of the maps of what is known of processes, for the programs and for
 * user space (process_bits.bpf.h).
 */
#ifndef SHRIKE_BPF_PROCESS_BITS_VALUES_H
#define SHRIKE_BPF_PROCESS_BITS_VALUES_H

#include "bpf/process_terms.h"

/* Processes, in each map; of one that has no room nothing is known. */
#define PROCESS_BITS_MAX 65536

struct process_bits {
	__u64 owner;   /* the key, again */
	__u64 exec_ns; /* head.ts of the exec; 0: of a snapshot */
	__u32 exec_id; /* self_exec_id of the task, its low half */
	__u32 pad;
	struct process_terms terms;
};

struct process_keys {
	__u64 slots;
	__u64 until_ns; /* boot-time clock */
};

/* Where there was no room: how often, and until when all slots are alive. */
struct process_bits_full {
	__u64 count;
	__u64 until_ns;
};

#endif
