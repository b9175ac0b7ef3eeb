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
 * A record of a snapshot, whose row the pipeline has if it `is_first`. With the
 * first snapshot the kernel's bits are those of the row; with later ones nothing
 * is known but that the process is there: term_bits_settle() follows.
 */
void term_bits_snapshot(struct term_bits *bits, struct collector *collector,
			const struct pipeline *pipeline, const void *record,
			bool is_first);

/* A row that the pipeline has: an exec or a fork. */
void term_bits_row(struct term_bits *bits, struct collector *collector,
		   const struct pipeline *pipeline, const struct row *row);

/*
 * The pipeline has all rows from before the time that the last snapshot was
 * taken: the processes that have not done an exec since are what it knows.
 */
void term_bits_settle(struct term_bits *bits, struct collector *collector,
		      const struct pipeline *pipeline);

#endif
