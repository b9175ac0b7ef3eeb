/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel programs at work: the stubs that are attached, and the generation
 * whose handlers are in their slots.
 */
#ifndef SHRIKE_COLLECT_PROGRAMS_H
#define SHRIKE_COLLECT_PROGRAMS_H

#include "user/base/buf.h"
#include "user/collect/generation.h"
#include "user/collect/stubs.h"

struct programs {
	struct stubs stubs;
	struct shared_maps shared;
	struct generation *generation; /* NULL: none yet */
	/* Skipped runs: counted to the stream so far, and as of the count. */
	uint64_t missed[STREAM_COUNT];
	uint64_t missed_as_of[STREAM_COUNT];
	uint64_t hook_missed[HOOK_COUNT]; /* as programs_look() found them */
};

/*
 * Load what `config` asks for and put it to work in place of what is at work.
 * No event is lost or handled twice meanwhile, but for those of a stream that
 * only one of the two wants. On failure what was at work goes on; the first time
 * nothing is left behind.
 */
int programs_start(struct programs *programs,
		   const struct generation_config *config, struct err *err);

/* They stay loaded, so that their counters can be read. */
void programs_detach(struct programs *programs);
void programs_release(struct programs *programs);

/* A map that the generations share; -1: there is none of this name. */
int programs_map(const struct programs *programs, const char *name);

/* The iterator that lists a stream's events. */
struct bpf_program *programs_iterator(const struct programs *programs,
				      enum stream_id stream);

/*
 * Runs of the stream's hooks that the kernel skipped (recursion) while the
 * stream was wanted, as of the last programs_look(). Each may have been one of
 * its events.
 */
int programs_look(struct programs *programs, struct err *err);
uint64_t programs_missed(const struct programs *programs,
			 enum stream_id stream);

/* One line per wanted stream: what it comes from. */
void programs_describe(const struct programs *programs, struct buf *out);

#endif
