/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What user space tells a collector before it is loaded: constants to the
 * verifier. They are alone in their section, so that they lie at its start.
 */
#ifndef SHRIKE_BPF_SETTINGS_H
#define SHRIKE_BPF_SETTINGS_H

#include "bpf/columns.h"
#include "bpf/event.h"
#include "bpf/process_terms.h"

#include <linux/types.h>

/*
 * Paths and texts of calls that are between a security hook and their exit. When
 * more of them wait, the oldest lose theirs and come with the caller's text.
 */
#define CAPTURE_MAP "captures"
#define CAPTURE_ENTRIES 1024

#define COLLECT_SETTINGS_SECTION ".rodata.settings"

struct collect_settings {
	__u64 snapshot_ts;  /* head.ts of process.snapshot, boot-time clock */
	__u64 wakeup_bytes; /* wake the reader when the ring holds this much */
	/* One cgroup may send an event of a stream so often; 0: no limit. */
	__u64 throttle_step_ns;
	__u32 self_tgid;	 /* whose events are dropped; 0: nobody's */
	__u32 generation;	 /* of the rules, for head.generation */
	__u32 cgroup_controller; /* enum cgroup_controller */
	__u32 lsm; /* programs of bpf/file_lsm.bpf.c are at their hooks */
	/* Is there a predicate that tests terms, or slots of exec_keys()? */
	__u16 keeps_terms;
	__u16 keeps_keys;
	__u64 join_ns[JOIN_SLOTS_MAX]; /* each slot's time to live */
	/* Of head.join_keys, and PROCESS_TERMS_... as bits: what is tested. */
	__u64 tests_slots[STREAM_COUNT];
	/* Whoever has none of these bits does nothing that a rule can use. */
	struct process_terms needs_terms[STREAM_COUNT];
	__u8 tests_process[STREAM_COUNT];
	__u8 wanted[STREAM_COUNT];
	/* Calls that failed too: some rule reads `retval` of the stream. */
	__u8 failed[STREAM_COUNT];
	/* What rules read, and the part of it that predicates read. */
	__u64 columns[STREAM_COUNT][COLUMN_SET_WORDS];
	__u64 predicate_columns[STREAM_COUNT][COLUMN_SET_WORDS];
};

/* For kernel programs; what is not so is removed by the verifier. */
#define WANTED(stream) (settings.wanted[STREAM_##stream])
#define WANTED_IF_FAILED(stream) (settings.failed[STREAM_##stream])
/* Does somebody want a call that returned this? */
#define RESULT_WANTED(stream, ret) ((ret) >= 0 || WANTED_IF_FAILED(stream))
#define COLUMN_IN(set, column) ((set)[(column) / 64] >> ((column) % 64) & 1)
#define NEEDS(stream, column) \
	COLUMN_IN(settings.columns[STREAM_##stream], COL_##column)
#define TESTS(stream, column) \
	COLUMN_IN(settings.predicate_columns[STREAM_##stream], COL_##column)

#endif
