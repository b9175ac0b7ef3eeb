/* SPDX-License-Identifier: Apache-2.0 */
/* Bound blocks made by hand, and what they are lowered to. */
#ifndef SHRIKE_TESTS_BLOCK_H
#define SHRIKE_TESTS_BLOCK_H

#include "support/unit.h"

#include "compiler/bounds.h"
#include "compiler/build.h"
#include "compiler/compiler.h"
#include "compiler/lower.h"
#include "compiler/plan_check.h"
#include "compiler/plan_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_RULES_MAX 4
#define SECOND INT64_C(1000000000)

struct block {
	struct arena arena;
	struct compile_source source;
	struct diagnostics *diagnostics;
	struct compilation c;
	struct ast_expr one;
	struct ast_output output;
	struct ast_item item;
	struct ast_select select;
	struct ast_rule ast;
	struct plan_rule rules[BLOCK_RULES_MAX];
	struct plan plan;
	struct bound_rule *bound; /* the one being made */
	struct buf text;
};

static inline void *block_alloc(struct block *b, size_t n, size_t size)
{
	void *p = arena_array(&b->arena, n, size);

	assert_non_null(p);
	return p;
}

static inline void block_init(struct block *b)
{
	memset(b, 0, sizeof(*b));
	arena_init(&b->arena, COMPILE_ARENA_BYTES);
	b->source = (struct compile_source){ "rules/test.sql", "text", 4 };
	b->diagnostics = calloc(1, sizeof(*b->diagnostics));
	assert_non_null(b->diagnostics);
	diagnostics_init(b->diagnostics, &b->arena, &b->source, 1);
	b->c = (struct compilation){ .arena = &b->arena,
				     .diagnostics = b->diagnostics };
	b->one = (struct ast_expr){ .op = AST_INT, .number = 1 };
	b->output.expr = &b->one;
	b->item.stream = "process.exec";
	b->select = (struct ast_select){ .outputs = &b->output,
					 .output_count = 1,
					 .items = &b->item,
					 .item_count = 1,
					 .limit = -1 };
	b->ast.select = &b->select;
	b->ast.name = "r";
	b->plan.rules = b->rules;
}

static inline void block_release(struct block *b)
{
	buf_release(&b->text);
	arena_release(&b->arena);
	free(b->diagnostics);
}

/* Begin the next rule. */
static inline void block_rule(struct block *b, const char *name, bool internal)
{
	struct bound_rule *bound = block_alloc(b, 1, sizeof(*bound));

	assert_true(b->plan.rule_count < BLOCK_RULES_MAX);
	bound->ast = &b->ast;
	bound->select = &b->select;
	bound->name = name;
	bound->internal = internal;
	bound->plan = &b->rules[b->plan.rule_count++];
	bound->limit = -1;
	bound->outputs =
		block_alloc(b, AST_OUTPUTS_MAX, sizeof(*bound->outputs));
	bound->severity = "medium";
	bound->description = bound->attack = "";
	bound->enabled = true;
	b->bound = bound;
}

static inline unsigned block_input(struct block *b, const char *name,
				   enum stream_id stream, enum plan_join join)
{
	struct bound_input *input = &b->bound->inputs[b->bound->input_count];

	*input = (struct bound_input){ .name = name,
				       .stream = stream,
				       .join = join };
	return b->bound->input_count++;
}

/* The matches of the rule made `index`-th. */
static inline unsigned block_reader(struct block *b, const char *name,
				    unsigned index)
{
	unsigned input =
		block_input(b, name, PLAN_STREAM_MATCHES, PLAN_JOIN_INNER);

	b->bound->inputs[input].rule = &b->rules[index];
	return input;
}

static inline const struct expr *block_column(struct block *b, unsigned input,
					      unsigned column)
{
	const struct bound_input *from = &b->bound->inputs[input];
	struct expr *expr;
	enum value_type type;

	if (from->rule && column >= COL_OWN_FIRST)
		type = from->rule->outputs[column - COL_OWN_FIRST].expr->type;
	else
		type = catalog_column_at(
			       catalog_stream(from->rule ? STREAM_FILE_OPEN :
							   from->stream),
			       column)
			       ->type;
	expr = build_op(&b->arena, EXPR_COLUMN, type, 0);
	assert_non_null(expr);
	expr->input = (uint8_t)input;
	expr->column = (uint16_t)column;
	return expr;
}

static inline const struct expr *block_slot(struct block *b, unsigned slot,
					    enum value_type type)
{
	struct expr *expr = build_op(&b->arena, EXPR_SLOT, type, 0);

	assert_non_null(expr);
	expr->slot = (uint8_t)slot;
	return expr;
}

static inline const struct expr *block_int(struct block *b, int64_t i)
{
	return build_const(&b->arena, VALUE_INT, value_int(i));
}

static inline const struct expr *block_two(struct block *b, enum expr_op op,
					   const struct expr *left,
					   const struct expr *right)
{
	return build_two(&b->arena, op, VALUE_BOOL, left, right);
}

/* column <op> constant */
static inline const struct expr *block_test(struct block *b, unsigned input,
					    unsigned column, enum expr_op op,
					    int64_t constant)
{
	return block_two(b, op, block_column(b, input, column),
			 block_int(b, constant));
}

static inline void block_add(struct block *b, struct bound_conditions *to,
			     const struct expr *expr)
{
	struct bound_condition *grown =
		compilation_grow(&b->c, to->items, to->count, sizeof(*grown));

	assert_non_null(grown);
	assert_non_null(expr);
	to->items = grown;
	to->items[to->count++] = (struct bound_condition){ .expr = expr };
}

/* right.column = left.column */
static inline void block_key(struct block *b, struct bound_conditions *to,
			     unsigned left, unsigned right, unsigned column)
{
	block_add(b, to,
		  block_two(b, EXPR_EQ, block_column(b, right, column),
			    block_column(b, left, column)));
}

static inline const struct expr *block_after(struct block *b, unsigned input,
					     int64_t ns)
{
	struct value interval = { .type = VALUE_INTERVAL, .i = ns };

	return build_two(&b->arena, EXPR_ADD, VALUE_TIMESTAMP,
			 block_column(b, input, COL_ts),
			 build_const(&b->arena, VALUE_INTERVAL, interval));
}

/* right.ts BETWEEN left.ts + lower AND left.ts + upper */
static inline void block_within(struct block *b, struct bound_conditions *to,
				unsigned left, unsigned right, int64_t lower,
				int64_t upper)
{
	block_add(b, to,
		  block_two(b, EXPR_GE, block_column(b, right, COL_ts),
			    block_after(b, left, lower)));
	block_add(b, to,
		  block_two(b, EXPR_LE, block_column(b, right, COL_ts),
			    block_after(b, left, upper)));
}

static inline void block_output(struct block *b, const char *name,
				const struct expr *expr)
{
	struct bound_rule *bound = b->bound;

	assert_true(bound->output_count < AST_OUTPUTS_MAX);
	bound->outputs[bound->output_count++] =
		(struct plan_output){ name, expr };
}

static inline void block_by(struct block *b, const char *name,
			    const struct expr *expr)
{
	assert_true(b->bound->key_count < PLAN_KEYS_MAX);
	b->bound->keys[b->bound->key_count++] =
		(struct plan_output){ name, expr };
}

static inline void block_aggregate(struct block *b, const char *name,
				   enum plan_aggregate_op op,
				   const struct expr *arg)
{
	struct bound_rule *bound = b->bound;

	if (!bound->aggregates)
		bound->aggregates = block_alloc(b, PLAN_AGGREGATES_MAX,
						sizeof(*bound->aggregates));
	bound->aggregates[bound->aggregate_count++] = (struct bound_aggregate){
		.op = op, .arg = arg, .type = VALUE_INT, .name = name
	};
}

/* A step on a stream, its key the process. */
static inline unsigned block_step(struct block *b, const char *name,
				  enum stream_id stream)
{
	struct bound_rule *bound = b->bound;
	unsigned input = block_input(b, name, stream, PLAN_JOIN_INNER);
	struct bound_step *step;

	bound->top = BOUND_SEQUENCE;
	if (!bound->steps)
		bound->steps =
			block_alloc(b, TUPLE_INPUTS_MAX, sizeof(*bound->steps));
	step = &bound->steps[input];
	step->keys = block_alloc(b, 1, sizeof(struct expr *));
	step->keys[0] = block_column(b, input, COL_pid_key);
	if (input == 0)
		block_by(b, "pid_key", step->keys[0]);
	bound->step_count = input + 1;
	return input;
}

/* Lower the rule and set its bounds; what comes out holds to plan_check(). */
static inline bool block_lower(struct block *b)
{
	unsigned errors = b->diagnostics->error_count;
	const char *wrong;
	bool ok;

	if (!b->bound->output_count)
		block_output(b, "x", block_int(b, 1));
	ok = lower_rule(&b->c, b->bound) && bounds_set(&b->c, b->bound);
	assert_false(b->c.nomem);
	assert_int_equal(ok, b->diagnostics->error_count == errors);
	wrong = ok ? plan_check(&b->plan) : NULL;
	if (wrong)
		print_error("%s\n", wrong);
	assert_null(wrong);
	return ok;
}

/* The plan of the rule made last. */
static inline const char *block_plan(struct block *b)
{
	const struct plan_rule *rule = &b->rules[b->plan.rule_count - 1];

	buf_reset(&b->text);
	plan_node_print(&b->text, rule, rule->root, 0);
	return buf_text(&b->text);
}

static inline void block_is_plan(struct block *b, const char *plan)
{
	if (!block_lower(b))
		print_error("%s\n", b->diagnostics->items[0].message);
	assert_int_equal(b->diagnostics->error_count, 0);
	assert_string_equal(block_plan(b), plan);
}

/* It is refused; the message and what to write hold these parts. */
static inline void block_is_refused(struct block *b, const char *message,
				    const char *suggestion)
{
	const struct diagnostic *d = &b->diagnostics->items[0];

	assert_false(block_lower(b));
	assert_int_equal(d->level, DIAGNOSTIC_ERROR);
	if (!strstr(d->message, message))
		print_error("%s\n", d->message);
	assert_non_null(strstr(d->message, message));
	if (!suggestion)
		return;
	assert_non_null(d->suggestion);
	if (!strstr(d->suggestion, suggestion))
		print_error("%s\n", d->suggestion);
	assert_non_null(strstr(d->suggestion, suggestion));
}

#endif
