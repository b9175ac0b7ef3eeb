/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How contexts are made. One that is derived from another borrows the strings
 * of its program (exe, arguments, environment) and holds the context they are
 * of; a working directory each has as its own, for it changes without an exec.
 */
#ifndef SHRIKE_STREAM_CONTEXT_INT_H
#define SHRIKE_STREAM_CONTEXT_INT_H

#include "user/base/row.h"

/* What an exec or a snapshot row says; NULL values where it says nothing. */
struct program {
	struct value exe;
	struct value args;
	struct value cwd;
	struct value env;
	struct value ino;
	struct value dev;
	uint32_t flags;	    /* enum event_flag */
	struct value start; /* TIMESTAMP or NULL */
};

/* NULL: no memory. One reference, the caller's. */
struct context *context_of_program(const struct program *program);

/* As `from`, but started at `start`; `from` NULL: nothing else is known. */
struct context *context_of_fork(const struct context *from, struct value start);

/* As `from`, but in another directory; `from` NULL: nothing else is known. */
struct context *context_of_chdir(const struct context *from, struct value cwd);

#define SAMPLE_STATUS_BYTES_MAX 32

/* What a sample says; a NULL value: not sampled, what was known stays. */
struct sample {
	struct value cpu_usage, memory_usage, status, hash;
};

struct sample_changes {
	bool cpu, memory, status, hash;
};

/*
 * As `from`, but with what the sample says; `from` NULL: nothing else is known.
 * NULL when no column differs, or there is no memory.
 */
struct context *context_of_sample(const struct context *from,
				  const struct sample *sample,
				  struct sample_changes *ret_changes);

/* The context whose strings it borrows; NULL: it has its own. */
const struct context *context_origin(const struct context *context);

/*
 * An engine that holds rows pays for their contexts, each once; the table that
 * made them may have forgotten them since. Returns the bytes that are newly
 * kept, or no longer, origins included; one engine at a time pays, another that
 * keeps the same context meanwhile does not.
 */
uint64_t context_keep(const struct context *context, const void *keeper);
uint64_t context_unkeep(const struct context *context, const void *keeper);

/* How many table entries use it, origins included; owned by the table. */
uint32_t *context_uses(const struct context *context);

#endif
