/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From syntax trees to typed expressions: names are looked up in the catalog,
 * subqueries are put in place of their names, every operand has a type.
 *
 * A query over a subquery that counts is the only one that has conditions above
 * the count; all others are one flat list below it.
 */
#ifndef SHRIKE_COMPILER_BIND_H
#define SHRIKE_COMPILER_BIND_H

#include "compiler/ast.h"
#include "compiler/compilation.h"
#include "compiler/compiler.h"

struct bound_condition {
	const struct expr *expr;
	struct span span;
};

struct bound_conditions {
	struct bound_condition *items;
	unsigned count;
};

/* COUNT(*) OVER, in slot 0. */
struct bound_count {
	bool present;
	const char *name;
	unsigned key_count;
	struct plan_output keys[PLAN_KEYS_MAX];
	int64_t range_ns;
};

struct bound_rule {
	const struct ast_rule *ast;
	unsigned input_count;
	const char *input_names[TUPLE_INPUTS_MAX];
	enum stream_id input_streams[TUPLE_INPUTS_MAX];
	struct span input_spans[TUPLE_INPUTS_MAX];
	struct bound_conditions below;
	struct bound_conditions above;
	struct bound_count count;
	unsigned output_count;
	struct plan_output *outputs;
	unsigned dedup_count;
	struct plan_output dedup[PLAN_KEYS_MAX]; /* option dedup_key */
	const char *severity;
	const char *description;
	const char *attack;
	bool enabled;
};

/* NULL: complained, or no memory. */
struct bound_rule *bind_rule(struct compilation *c, const struct ast_rule *ast);

#endif
