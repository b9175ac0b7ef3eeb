/* SPDX-License-Identifier: GPL-2.0-only */
/* process.namespace, for the programs that make its records. */
#ifndef SHRIKE_BPF_NAMESPACE_H
#define SHRIKE_BPF_NAMESPACE_H

#include "bpf/event.h"
#include "bpf/predicate.h"
#include "bpf/ring.bpf.h"

/* Both objects use the ring of the lifecycle. */
RING_MAP(lifecycle_ring);

PREDICATE_PASS_ALL(process_namespace)

#define CSIGNAL 0x000000ffULL
#define CLONE_VM 0x00000100ULL
#define CLONE_FS 0x00000200ULL
#define CLONE_FILES 0x00000400ULL
#define CLONE_SIGHAND 0x00000800ULL
#define CLONE_PARENT 0x00008000ULL
#define CLONE_NEWTIME 0x00000080ULL
#define CLONE_NEWNS 0x00020000ULL
#define CLONE_NEWCGROUP 0x02000000ULL
#define CLONE_NEWUTS 0x04000000ULL
#define CLONE_NEWIPC 0x08000000ULL
#define CLONE_NEWUSER 0x10000000ULL
#define CLONE_NEWPID 0x20000000ULL
#define CLONE_NEWNET 0x40000000ULL
#define CLONE_NEW_MASK                                                  \
	(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static __always_inline void namespace_put(struct process_namespace_event *event,
					  struct event_counters *counts)
{
	if (!predicate_process_namespace(event)) {
		counts->filtered++;
		return;
	}
	HINT(process_namespace, event);
	ring_put(&lifecycle_ring, &event->head, sizeof(*event), counts);
}

#endif
