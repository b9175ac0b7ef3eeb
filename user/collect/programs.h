/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel programs: which there are, what each serves, and how a set of them
 * is loaded and attached.
 */
#ifndef SHRIKE_COLLECT_PROGRAMS_H
#define SHRIKE_COLLECT_PROGRAMS_H

#include "bpf/event.h"
#include "user/base/buf.h"
#include "user/base/err.h"
#include "user/collect/object_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_object;
struct bpf_program;

#define PROGRAM_OBJECTS_MAX 3

struct programs {
	struct bpf_object *objects[PROGRAM_OBJECTS_MAX];
	struct bpf_link *links[STREAM_COUNT];
	struct bpf_program *by_stream[STREAM_COUNT];
};

struct programs_ring {
	int fd; /* -1: no stream needs it */
	size_t size_bytes;
};

/* What all objects share; the descriptors are borrowed. */
struct programs_config {
	const bool *streams;	       /* STREAM_COUNT of them */
	struct object_bytes generated; /* bytes NULL: none */
	struct programs_ring lifecycle_ring;
	struct programs_ring event_ring;
	int counters_fd;
	uint32_t self_tgid;   /* whose events are dropped; 0: nobody's */
	uint64_t snapshot_ts; /* head.ts of process.snapshot */
};

/* On failure nothing is left behind. */
int programs_load(struct programs *programs,
		  const struct programs_config *config, struct err *err);
int programs_attach(struct programs *programs, struct err *err);
/* They stay loaded, so that their counters can be read. */
void programs_detach(struct programs *programs);
void programs_release(struct programs *programs);

/* Runs of the stream's program, while the kernel counts them. */
int programs_runs(const struct programs *programs, enum stream_id stream,
		  uint64_t *ret_runs, struct err *err);

/* Runs of the stream's program that the kernel skipped (recursion). */
int programs_missed(const struct programs *programs, enum stream_id stream,
		    uint64_t *ret_missed, struct err *err);

void programs_describe(const struct programs *programs, struct buf *out);

#endif
