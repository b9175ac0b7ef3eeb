/* SPDX-License-Identifier: Apache-2.0 */
/* Random conditions on processes, and execs they are about. */
#ifndef SHRIKE_TESTS_PROCESS_GEN_H
#define SHRIKE_TESTS_PROCESS_GEN_H

#include "compiler/predicate_gen.h"

static inline const struct column *gen_process_context(struct gen *g)
{
	static const unsigned ids[] = {
		COL_exe,	 COL_exe,
		COL_exe,	 COL_name,
		COL_name,	 COL_name,
		COL_args_count,	 COL_cmdline,
		COL_exe_memfd,	 COL_exe_deleted,
		COL_start_ts,	 COL_parent_exe,
		COL_parent_exe,	 COL_parent_name,
		COL_parent_name, COL_parent_cmdline,
	};

	return catalog_column_at(g->stream, ids[gen_below(g, ARRAY_SIZE(ids))]);
}

static inline const char *gen_process_word(struct gen *g)
{
	static const char *const pool[] = { "/usr/bin/bash",
					    "/bin/sh",
					    "bash",
					    "sh",
					    "/tmp/x",
					    "x",
					    "/",
					    "",
					    "h",
					    "/usr/bin/",
					    "/x",
					    "bash -c x" };

	return pool[gen_below(g, ARRAY_SIZE(pool))];
}

static inline const struct expr *gen_process_in(struct gen *g,
						const struct column *column)
{
	struct expr *e = gen_node(g, EXPR_IN, VALUE_BOOL, 3);
	const char *a = gen_process_word(g), *b = gen_process_word(g);

	if (strcmp(a, b) == 0) {
		e->arg_count = 2;
	} else if (value_compare(value_text(a), value_text(b)) > 0) {
		const char *c = a;

		a = b;
		b = c;
	}
	e->args[0] = gen_column(g, column);
	e->args[1] = gen_const(g, value_text(a));
	if (e->arg_count == 3)
		e->args[2] = gen_const(g, value_text(b));
	return e;
}

static inline const struct expr *gen_process_text(struct gen *g,
						  const struct column *column)
{
	static const enum expr_op ops[] = { EXPR_PREFIX, EXPR_SUFFIX,
					    EXPR_SUFFIX, EXPR_CONTAINS,
					    EXPR_LIKE };
	struct expr *e;

	if (gen_chance(g, 20))
		return gen_process_in(g, column);
	if (gen_chance(g, 50)) {
		e = gen_node(g, gen_chance(g, 70) ? EXPR_EQ : EXPR_NE,
			     VALUE_BOOL, 2);
		e->args[1] = gen_const(g, value_text(gen_process_word(g)));
	} else {
		e = gen_node(g, ops[gen_below(g, ARRAY_SIZE(ops))], VALUE_BOOL,
			     1);
		e->value = value_text(gen_process_word(g));
		e->fold_case = gen_chance(g, 20);
		if (e->op == EXPR_LIKE)
			e->value = value_text("%s_");
	}
	e->args[0] = gen_column(g, column);
	return e;
}

static inline const struct expr *gen_process_leaf(struct gen *g)
{
	const struct column *column = gen_process_context(g);
	struct expr *e;

	if (gen_chance(g, 8)) {
		e = gen_node(g, EXPR_IS_NULL, VALUE_BOOL, 1);
		e->args[0] = gen_column(g, column);
		return e;
	}
	if (column->type == VALUE_TEXT)
		return gen_process_text(g, column);
	if (column->type == VALUE_BOOL && gen_chance(g, 50))
		return gen_column(g, column);
	e = gen_node(g, gen_comparison(g), VALUE_BOOL, 2);
	e->args[0] = gen_column(g, column);
	e->args[1] = gen_const(g, column->type == VALUE_BOOL ?
					  value_bool(gen_chance(g, 50)) :
					  value_int(gen_below(g, 4)));
	return e;
}

static inline const struct expr *gen_process_expr(struct gen *g, unsigned depth)
{
	unsigned count = 2 + gen_below(g, 2);
	struct expr *e;

	if (depth == 0)
		return gen_chance(g, 70) ? gen_process_leaf(g) : gen_leaf(g);
	if (gen_chance(g, 25)) {
		e = gen_node(g, gen_chance(g, 80) ? EXPR_NOT : EXPR_IS_TRUE,
			     VALUE_BOOL, 1);
		e->args[0] = gen_process_expr(g, depth - 1);
		return e;
	}
	e = gen_node(g, gen_chance(g, 60) ? EXPR_AND : EXPR_OR, VALUE_BOOL,
		     count);
	for (unsigned i = 0; i < count; i++)
		e->args[i] = gen_process_expr(g, depth - 1);
	return e;
}

static inline void gen_process_exe_fill(struct gen *g,
					struct process_exec_event *event)
{
	static const char *const pool[] = {
		"/usr/bin/bash", "/bin/sh",  "/tmp/x", "/", "x",
		"/usr/bin/",	 "/opt/BASH"
	};
	const char *exe = pool[gen_below(g, ARRAY_SIZE(pool))];

	if (gen_chance(g, 10))
		return;
	event->exe.off = offsetof(struct process_exec_event, exe_bytes);
	event->exe.len = (uint16_t)strlen(exe);
	memcpy(event->exe_bytes, exe, strlen(exe));
	if (gen_chance(g, 5))
		event->head.truncated |= EVENT_PART_EXE;
}

#endif
