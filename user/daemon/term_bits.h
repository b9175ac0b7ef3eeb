/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bits of process terms (bpf/process_terms.h) that the kernel cannot decide,
 * or has not decided: rows of processes in, after the process table has them;
 * bits of the collector's maps out. They are decided as the rules will see the
 * process, by the same expressions on the same context.
 */
#ifndef SHRIKE_DAEMON_TERM_BITS_H
#define SHRIKE_DAEMON_TERM_BITS_H

#include "compiler/compiler.h"
#include "user/collect/collect.h"
#include "user/daemon/pipeline.h"

struct term_bits;

/* What the collector is to be told of the predicates. */
void term_bits_request(const struct program *program,
		       struct collect_processes *ret_processes);

/* The program must live as long. *ret_bits is NULL when it has no terms. */
int term_bits_new(const struct program *program, struct term_bits **ret_bits,
		  struct err *err);
struct term_bits *term_bits_free(struct term_bits *bits);

/*
 * The collector has reloaded: the bits are another program's (NULL: none) from
 * now on, and its kernel programs know no process. Nothing but that they are
 * there is known of the processes until term_bits_settle().
 */
int term_bits_change(struct term_bits **bits, const struct program *program,
		     struct collector *collector, struct err *err);

/* A record of the first snapshot, whose row the pipeline has. */
void term_bits_snapshot(struct term_bits *bits, struct collector *collector,
			const struct pipeline *pipeline, const void *record);

/* A row that the pipeline has: an exec or a fork. */
void term_bits_row(struct term_bits *bits, struct collector *collector,
		   const struct pipeline *pipeline, const struct row *row);

/*
 * The pipeline has all rows up to the watermark. Once these are all from before
 * the last change, the processes that have done no exec since are what it knows.
 */
void term_bits_settle(struct term_bits *bits, struct collector *collector,
		      const struct pipeline *pipeline, int64_t watermark);

#endif
