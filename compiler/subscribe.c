// SPDX-License-Identifier: Apache-2.0
#include "compiler/subscribe.h"

#include "compiler/compilation.h"
#include "compiler/plan_walk.h"

#include <string.h>

/* Which columns of which input an expression reads. */
static void read_expr(const struct expr *expr, unsigned input,
		      uint64_t columns[4])
{
	if (expr->op == EXPR_COLUMN && expr->input == input) {
		CHECK(expr->column < 256);
		columns[expr->column / 64] |= 1ULL << expr->column % 64;
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		read_expr(expr->args[i], input, columns);
}

bool subscribe_reads(const struct expr *expr, unsigned input)
{
	bool reads = expr->op == EXPR_COLUMN && expr->input == input;

	for (unsigned i = 0; i < expr->arg_count; i++)
		reads |= subscribe_reads(expr->args[i], input);
	return reads;
}

struct reading {
	unsigned input;
	uint64_t *columns;
};

static void read_one(void *ctx, const struct expr *expr)
{
	const struct reading *reading = ctx;

	read_expr(expr, reading->input, reading->columns);
}

void subscribe_columns(const struct plan_rule *rule, unsigned input,
		       uint64_t columns[4])
{
	struct reading reading = { .input = input, .columns = columns };

	columns[COL_ts / 64] |= 1ULL << COL_ts % 64;
	plan_rule_exprs(rule, read_one, &reading);
}

struct inputs {
	struct pushdown_input *items;
	unsigned count;
};

static bool collect_scans(struct compilation *c, const struct plan_rule *rule,
			  const struct plan_node *node, enum stream_id stream,
			  struct inputs *inputs)
{
	struct pushdown_input *grown;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		if (!collect_scans(c, rule, plan_child(node, i), stream,
				   inputs))
			return false;
	if (node->kind != PLAN_SCAN || node->stream != stream)
		return true;
	grown = compilation_grow(c, inputs->items, inputs->count,
				 sizeof(*grown));
	if (!grown)
		return false;
	inputs->items = grown;
	inputs->items[inputs->count++] =
		(struct pushdown_input){ .rule = rule->name,
					 .expr = node->predicate };
	return true;
}

static void want_columns(struct subscription *subscription,
			 const struct plan_rule *rule, enum stream_id stream)
{
	for (unsigned i = 0; i < rule->input_count; i++) {
		if (rule->input_streams[i] != stream)
			continue;
		subscription->wanted = true;
		subscription->failed |=
			(plan_asks(rule, i) & PLAN_ASKS_FAILED) != 0;
		subscribe_columns(rule, i, subscription->columns);
	}
}

static int subscribe_stream(struct compilation *c, struct program *program,
			    enum stream_id stream,
			    struct kernel_function *functions, struct err *err)
{
	struct subscription *subscription = &program->subscriptions[stream];
	struct inputs inputs = { 0 };
	struct kernel_function *function;
	bool exact;
	int r;

	for (unsigned i = 0; i < program->plan->rule_count; i++) {
		const struct plan_rule *rule = &program->plan->rules[i];

		want_columns(subscription, rule, stream);
		if (!collect_scans(c, rule, rule->root, stream, &inputs))
			return err_nomem(err);
	}
	if (!subscription->wanted)
		return 0;
	subscription->accept_all = true;
	if (STREAM_IS_LIFECYCLE(stream) || stream >= STREAM_KERNEL_COUNT)
		return 0;
	function = &functions[program->function_count];
	r = pushdown(c->arena, stream, inputs.items, inputs.count, function,
		     &exact, err);
	if (r)
		return r;
	program->function_count++;
	subscription->has_predicate = function->insns;
	subscription->accept_all = !function->insns;
	subscription->accept_all_rule = function->accept_all_rule;
	return 0;
}

static bool reads(const struct subscription *subscription, unsigned column)
{
	return subscription->columns[column / 64] >> column % 64 & 1;
}

static void take_sampled(struct program *program, enum stream_id stream)
{
	const struct subscription *s = &program->subscriptions[stream];

	program->sampled.cpu |= reads(s, COL_cpu_usage);
	program->sampled.memory |= reads(s, COL_memory_usage);
	program->sampled.status |= reads(s, COL_status);
	program->sampled.hash |= reads(s, COL_executable_hash);
}

int subscribe(struct arena *arena, struct program *program, struct err *err)
{
	struct compilation c = { .arena = arena };
	struct kernel_function *functions =
		arena_array(arena, STREAM_COUNT, sizeof(*functions));
	int r;

	if (!functions)
		return err_nomem(err);
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		r = subscribe_stream(&c, program, (enum stream_id)i, functions,
				     err);
		if (r)
			return r;
		take_sampled(program, (enum stream_id)i);
	}
	program->functions = functions;
	return kernel_object(arena, functions, program->function_count,
			     &program->object, &program->object_bytes, err);
}
