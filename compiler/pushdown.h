/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushdown: from the rules' conditions on one stream to one kernel predicate
 * that passes every row some rule could use (a superset), and the eBPF
 * instructions for it.
 *
 * A term the kernel cannot decide becomes TRUE, never FALSE; so does a term on
 * a part that the record holds only in part (head.truncated).
 */
#ifndef SHRIKE_COMPILER_PUSHDOWN_H
#define SHRIKE_COMPILER_PUSHDOWN_H

#include "bpf/event.h"
#include "stream/expr.h"
#include "user/base/arena.h"
#include "user/base/err.h"

#include <linux/bpf.h>

/* One rule's condition on one scan; `expr` NULL: every row. */
struct pushdown_input {
	const char *rule;
	const struct expr *expr; /* reads only columns of the one input */
	uint64_t slots; /* one of these must be alive; 0: none need be */
};

/*
 * A stream whose record holds paths has two functions: the first runs before a
 * path is read and takes every term on one for TRUE.
 */
enum pushdown_stage {
	PUSHDOWN_PRE,
	PUSHDOWN_PREDICATE,
	PUSHDOWN_HINT, /* of what has passed: which inputs it may be TRUE of */
	PUSHDOWN_BITS  /* no predicate: of an exec, what others test */
};

/* Where one AND/OR leaf of a rule's condition is decided, for explain. */
struct pushdown_term {
	const char *rule;
	const struct expr *expr;
	bool in_kernel;	 /* decided exactly there, but for a cut path */
	bool in_stage;	 /* this function tests it, or a part of it */
	bool in_process; /* as `bit` of the process, or of its parent */
	unsigned bit;
	const char *reason; /* why not, NULL when in_kernel */
};

/* Which instructions came from which SQL term. */
struct kernel_line {
	unsigned insn; /* first instruction */
	const char *text;
};

struct kernel_function {
	enum stream_id stream;
	enum pushdown_stage stage;
	const char *name;	      /* "predicate_network_connect" */
	const char *record;	      /* "network_connect_event" */
	const char *out;	      /* struct that it writes, or NULL */
	const struct bpf_insn *insns; /* NULL: accepts all */
	unsigned insn_count;
	const struct kernel_ir *ir; /* they were made of; NULL like insns */
	const struct kernel_line *lines; /* ascending, the first at 0 */
	unsigned line_count;
	const struct pushdown_term *terms;
	unsigned term_count;
	const char *accept_all_rule; /* NULL: it filters */
	uint64_t columns[4];	     /* that it reads, bit per column id */
	bool tests_process[2];	     /* head.terms, head.parent_terms */
	uint64_t tests_slots;	     /* of head.join_keys */
	/* It is 0 where head.terms has none of these; empty: it may be 1. */
	struct process_terms needs_terms;
};

struct pushdown_request {
	struct arena *arena;
	enum stream_id stream;
	enum pushdown_stage stage; /* PRE: see pushdown_has_pre() */
	const struct pushdown_input *inputs;
	unsigned input_count;
	struct process_term_table *process; /* gets terms; NULL: has none */
	/* PREDICATE: gets sets; HINT: the predicate's get marks; or NULL. */
	struct path_set_list *sets;
	/*
	 * HINT: gets for each input its bit of struct event_hint, which several
	 * may share; 0: none, it is to be asked of every row.
	 */
	uint64_t *hints;
};

/* Sets that paths are looked up in, of all streams. */
struct path_set;
struct path_set_list {
	struct path_set *items;
	unsigned count;
	unsigned size;
};

/*
 * The terms on processes of all streams, see bpf/process_terms.h; NULL: no
 * memory. What is added beyond `count` is forgotten by process_terms_cut().
 */
struct process_term_table;
struct process_term_table *process_terms_new(struct arena *arena);
unsigned process_terms_count(const struct process_term_table *table);
void process_terms_cut(struct process_term_table *table, unsigned count);

/* The function process_terms() and what its bits stand for. */
struct process_term;
int process_terms_compile(const struct process_term_table *table,
			  struct kernel_function *ret_function,
			  const struct process_term **ret_terms,
			  unsigned *ret_count, struct err *err);

bool process_terms_any(const struct process_terms *terms);

/* Does the stream's record hold paths? */
bool pushdown_has_pre(enum stream_id stream);

/*
 * Compile the OR of all inputs. HINT writes struct event_hint; it has no code
 * where it could tell nothing. `exact` is set when the function accepts
 * precisely the rows of which some input is TRUE.
 */
int pushdown_stage(const struct pushdown_request *request,
		   struct kernel_function *ret_function, bool *ret_exact,
		   struct err *err);

/*
 * The hint, in bounded memory beside the request's arena: no code where that, or
 * the length of a function, does not do.
 */
int pushdown_hint(const struct pushdown_request *request,
		  struct kernel_function *ret_function, struct err *err);

/* The predicate alone. */
int pushdown(struct arena *arena, enum stream_id stream,
	     const struct pushdown_input *inputs, unsigned input_count,
	     struct kernel_function *ret_function, bool *ret_exact,
	     struct err *err);

/*
 * The relocatable ELF object (EM_BPF, .text, .BTF, .BTF.ext with func_info and
 * line_info) that holds all functions with instructions. *ret_bytes is NULL
 * when there is none.
 */
int kernel_object(struct arena *arena, const struct kernel_function *functions,
		  unsigned function_count, const uint8_t **ret_bytes,
		  size_t *ret_len, struct err *err);

/* One instruction per line, as llvm-objdump would, SQL terms between them. */
void kernel_function_print(const struct kernel_function *function,
			   struct buf *out);

#endif
