/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sampler: what the kernel's events do not say of a process, read from
 * /proc now and then: CPU time, resident memory, state, and the SHA-256 of the
 * program's file. Only what a rule reads.
 *
 * It learns the processes from the records of the lifecycle, in their order,
 * and gives process.sample records of its own. Each turn does a bounded piece
 * of work: a pass over all processes takes PERIOD, or as long as it takes.
 */
#ifndef SHRIKE_COLLECT_SAMPLER_H
#define SHRIKE_COLLECT_SAMPLER_H

#include "user/collect/collect.h"

#define SAMPLER_PERIOD_NS 10000000000LL
#define SAMPLER_PROCESSES_MAX 65536
/* A larger program's file is not hashed. */
#define SAMPLER_FILE_BYTES_MAX ((uint64_t)1 << 30)

struct sampler_wants {
	bool cpu, memory, status, hash;
};

struct sampler_stats {
	uint64_t samples;  /* records given */
	uint64_t unknown;  /* processes there was no room for */
	uint64_t unhashed; /* files gone, stuck, not readable or too large */
};

struct sampler;

int sampler_new(const struct sampler_wants *wants, struct sampler **ret_sampler,
		struct err *err);
struct sampler *sampler_free(struct sampler *sampler);

/* A record of the lifecycle or of the snapshot; any other is ignored. */
void sampler_see(struct sampler *sampler, const void *record, size_t len);

/* One piece of work at `now_ns`, the ts of the records it gives to `fn`. */
int sampler_turn(struct sampler *sampler, int64_t now_ns, collect_record_fn *fn,
		 void *ctx, struct err *err);

void sampler_stats(const struct sampler *sampler,
		   struct sampler_stats *ret_stats);

#endif
