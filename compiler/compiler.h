/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler: rule text in; stream plan, subscriptions and one kernel object
 * out. Pure: no I/O, no clock, no privileges. Everything it returns lives in
 * the arena it is given.
 */
#ifndef SHRIKE_COMPILER_COMPILER_H
#define SHRIKE_COMPILER_COMPILER_H

#include "compiler/diagnostic.h"
#include "compiler/process_term.h"
#include "stream/plan.h"
#include "user/base/arena.h"
#include "user/base/err.h"
#include "user/base/path_set.h"

#define COMPILE_RULE_BYTES_MAX ((size_t)64 * 1024)
#define COMPILE_FILE_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define COMPILE_ARENA_BYTES ((size_t)256 * 1024 * 1024)

struct compile_source {
	const char *name; /* shown in diagnostics; also names bare SELECTs */
	const char *text; /* need not end in a NUL */
	size_t len;
};

/* What must be collected of one stream for the rules. */
struct subscription {
	bool wanted;	    /* some rule reads it */
	bool has_predicate; /* the object has predicate_<ident> for it */
	bool accept_all;    /* every row passes: see accept_all_rule */
	const char *accept_all_rule; /* the first rule that asks for all */
	uint64_t columns[4];	     /* bit per column id */
	bool failed;		     /* calls that failed are wanted too */
	/* What pre_<ident> and predicate_<ident> read, likewise. */
	uint64_t predicate_columns[4];
	bool has_pre; /* the object has pre_<ident> too */
	/* Do they test head.terms, head.parent_terms? */
	bool tests_process[2];
	uint64_t tests_slots; /* of head.join_keys, bit per slot */
	/* A row of whose head.terms none of these is set is one that nobody
	   can use, whatever else it holds; empty: there may be one. */
	struct process_terms needs_terms;
};

/* Columns of processes that are read from /proc now and then, see sampler.h. */
struct sampled_columns {
	bool cpu, memory, status, hash;
};

/*
 * What one rule asks of one stream. Of an AUTO JOIN it is asked anew for each
 * row that satisfies WHEN.
 */
struct collection_task {
	const char *id; /* rule/input, unique */
	const struct plan_rule *rule;
	enum stream_id stream;
	uint64_t columns[4];
	const char *predicate;	 /* canonical SQL; "": every row */
	uint32_t rate_limit;	 /* asked at most so often within the time to
				    live; 0: it is not asked anew */
	int64_t time_to_live_ns; /* 0: as long as the rule is loaded */
};

struct program {
	const struct plan *plan;
	struct subscription subscriptions[STREAM_COUNT];
	struct sampled_columns sampled; /* that some rule reads */
	bool containers; /* some rule reads what is known of containers */
	const uint8_t
		*object; /* ELF relocatable for EM_BPF; NULL: no predicate */
	size_t object_bytes;
	const struct kernel_function *functions; /* for explain */
	unsigned function_count;
	/* The object has process_terms() when there are any. */
	const struct process_term *process_terms;
	unsigned process_term_count;
	/* What the collector is to look paths up in. */
	const struct path_set *path_sets;
	unsigned path_set_count;
	/* The object has exec_keys() when there are any; at most 64. */
	const struct join_slot *join_slots;
	unsigned join_slot_count;
	const struct collection_task *tasks;
	unsigned task_count;
	const struct share *share; /* what the rules have in common */
	/* Rules that read what this machine lacks, left out of the plan. */
	unsigned left_out_count;
	/*
	 * Of each rule of the plan the query that its text stands for, where
	 * that differs from what was written; else NULL.
	 */
	const char *const *expanded;
};

/* Zeroed, or NULL in its place: nothing but to compile. */
struct compile_options {
	const char *dump; /* a known pass; NULL: none */
	struct buf *out;  /* gets what the pass made, as text */
	/*
	 * By stream what the machine that is to run the rules lacks for it, as
	 * "this kernel has no ..."; NULL: nothing. What reads such a stream is
	 * left out with a warning, and so is who reads its matches.
	 */
	const char *const *lacks;
	bool strict; /* rather refuse them all */
};

bool compile_pass_known(const char *pass);

/* "lex, parse, ..." */
void compile_pass_names(struct buf *out);

/*
 * Compile all sources as one rule set. 0, or COMPILE_REJECTED when `diagnostics`
 * holds at least one error (then *ret_program is not written), or a negative
 * errno. A rule set without any rule is rejected. COMPILE_LACKING is the same
 * where the rules are right and the machine is not the one for them: none would
 * be left, or one is left out that is strictly wanted.
 */
enum compile_outcome {
	COMPILE_OK = 0,
	COMPILE_REJECTED = 1,
	COMPILE_LACKING = 2
};
int compile(struct arena *arena, const struct compile_source *sources,
	    unsigned source_count, const struct compile_options *options,
	    struct diagnostics *diagnostics, struct program **ret_program,
	    struct err *err);

/*
 * What runs where and why, as text for people: per rule its hooks' streams,
 * columns, each WHERE term marked kernel or user space with the reason, join
 * strategy, state bound; per stream the generated instructions beside the SQL
 * they come from.
 */
void explain(const struct program *program, struct buf *out);

#endif
