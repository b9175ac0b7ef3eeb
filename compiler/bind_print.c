// SPDX-License-Identifier: Apache-2.0
/*
 * A block as text:
 *
 *   block r#1 internal
 *     from c network.connect
 *     left f file.open on f.pid_key = c.pid_key
 *     where c.dst_port = 22
 *     over (c.pid_key) range INTERVAL '10' SECOND
 *       n count(*) BIGINT
 *     having n >= 3
 *     column pid c.pid BIGINT
 */
#include "compiler/bind.h"

#include "compiler/interval.h"
#include "user/base/check.h"

#define SLOTS_MAX TUPLE_SLOTS_MAX

struct names {
	const char *inputs[TUPLE_INPUTS_MAX];
	enum stream_id streams[TUPLE_INPUTS_MAX];
	const struct plan_rule *rules[TUPLE_INPUTS_MAX];
	const char *slots[SLOTS_MAX];
	struct expr_names names;
};

static void names_init(struct names *names, const struct bound_rule *rule)
{
	unsigned slot = 0;

	for (unsigned i = 0; i < rule->input_count; i++) {
		names->inputs[i] = rule->inputs[i].name;
		names->streams[i] = rule->inputs[i].stream;
		names->rules[i] = rule->inputs[i].rule;
	}
	if (rule->top == BOUND_GROUP) {
		names->slots[slot++] = "window_start";
		names->slots[slot++] = "window_end";
		for (unsigned i = 0; i < rule->key_count; i++)
			names->slots[slot++] = rule->keys[i].name;
	}
	CHECK(slot + rule->aggregate_count <= SLOTS_MAX);
	for (unsigned i = 0; i < rule->aggregate_count; i++)
		names->slots[slot++] = rule->aggregates[i].name;
	names->names = (struct expr_names){ .inputs = names->inputs,
					    .streams = names->streams,
					    .slots = names->slots,
					    .rules = names->rules };
}

static void print_conditions(struct buf *out, const struct names *names,
			     const struct bound_conditions *list,
			     const char *first)
{
	for (unsigned i = 0; i < list->count; i++) {
		buf_puts(out, i ? " AND " : first);
		expr_print(out, list->items[i].expr, &names->names);
	}
}

static void print_exprs(struct buf *out, const struct names *names,
			const struct expr *const *exprs, unsigned count)
{
	buf_putc(out, '(');
	for (unsigned i = 0; i < count; i++) {
		buf_puts(out, i ? ", " : "");
		expr_print(out, exprs[i], &names->names);
	}
	buf_putc(out, ')');
}

static void print_keys(struct buf *out, const struct names *names,
		       const struct bound_rule *rule)
{
	const struct expr *keys[PLAN_KEYS_MAX];

	for (unsigned i = 0; i < rule->key_count; i++)
		keys[i] = rule->keys[i].expr;
	print_exprs(out, names, keys, rule->key_count);
}

static const char *stream_name(const struct bound_input *input)
{
	return input->source ? input->source->name :
			       catalog_stream(input->stream)->name;
}

static void print_inputs(struct buf *out, const struct names *names,
			 const struct bound_rule *rule)
{
	static const char *const joins[PLAN_JOIN_COUNT] = {
		[PLAN_JOIN_INNER] = "join",	 [PLAN_JOIN_FIRST] = "first",
		[PLAN_JOIN_LEFT] = "left",	 [PLAN_JOIN_SEMI] = "exists",
		[PLAN_JOIN_ANTI] = "not exists",
	};

	for (unsigned i = 0; i < rule->input_count; i++) {
		const struct bound_input *input = &rule->inputs[i];

		buf_printf(out, "  %s %s %s%s%s",
			   i ? joins[input->join] : "from", input->name,
			   input->source ? "matches." : "", stream_name(input),
			   input->triggered ? " triggered" : "");
		print_conditions(out, names, &input->on, " on ");
		buf_putc(out, '\n');
	}
}

static void print_steps(struct buf *out, const struct names *names,
			const struct bound_rule *rule)
{
	unsigned count = rule->step_count + rule->has_until;

	buf_puts(out, "  sequence within ");
	interval_print(out, rule->range_ns);
	buf_putc(out, '\n');
	for (unsigned i = 0; i < count; i++) {
		const struct bound_step *step = &rule->steps[i];
		const struct bound_input *input = &rule->inputs[i];

		buf_printf(out, "    %s%s %s%s ",
			   i == rule->step_count ? "until " :
			   step->optional	 ? "optional " :
						   "",
			   input->name, input->source ? "matches." : "",
			   stream_name(input));
		print_exprs(out, names, step->keys, rule->key_count);
		print_conditions(out, names, &step->define, " where ");
		buf_putc(out, '\n');
	}
}

static void print_aggregates(struct buf *out, const struct names *names,
			     const struct bound_rule *rule)
{
	static const char *const ops[PLAN_AGGREGATE_OP_COUNT] = {
		[PLAN_COUNT_ROWS] = "count(*",
		[PLAN_COUNT_VALUES] = "count(",
		[PLAN_COUNT_DISTINCT] = "count(distinct ",
		[PLAN_SUM] = "sum(",
		[PLAN_AVG] = "avg(",
		[PLAN_MIN] = "min(",
		[PLAN_MAX] = "max(",
	};

	for (unsigned i = 0; i < rule->aggregate_count; i++) {
		const struct bound_aggregate *aggregate = &rule->aggregates[i];

		buf_printf(out, "    %s %s", aggregate->name,
			   ops[aggregate->op]);
		if (aggregate->arg)
			expr_print(out, aggregate->arg, &names->names);
		buf_printf(out, ") %s\n", value_type_name(aggregate->type));
	}
}

static void print_window(struct buf *out, const struct names *names,
			 const struct bound_rule *rule)
{
	static const char *const windows[] = {
		[PLAN_TUMBLE] = "tumble",
		[PLAN_HOP] = "hop",
		[PLAN_SESSION] = "session",
	};

	if (rule->top == BOUND_OVER) {
		buf_puts(out, "  over ");
		print_keys(out, names, rule);
		buf_puts(out, " range ");
		interval_print(out, rule->range_ns);
	} else {
		buf_puts(out, "  group ");
		print_keys(out, names, rule);
		buf_printf(out, " %s ", windows[rule->window]);
		if (rule->window != PLAN_TUMBLE) {
			interval_print(out, rule->slide_ns);
			buf_puts(out, ", ");
		}
		interval_print(out, rule->size_ns);
	}
	buf_putc(out, '\n');
	print_aggregates(out, names, rule);
}

static void print_seen(struct buf *out, const struct names *names,
		       const struct bound_rule *rule)
{
	if (!rule->seen_count)
		return;
	buf_puts(out, "  first seen ");
	print_exprs(out, names, rule->seen, rule->seen_count);
	buf_puts(out, " in ");
	interval_print(out, rule->seen_ns);
	buf_putc(out, '\n');
}

static void print_order(struct buf *out, const struct names *names,
			const struct bound_rule *rule)
{
	for (unsigned i = 0; i < rule->order_count; i++) {
		buf_puts(out, i ? ", " : "  order by ");
		expr_print(out, rule->orders[i].expr, &names->names);
		buf_puts(out, rule->orders[i].descending ? " desc" : "");
	}
	if (rule->limit >= 0)
		buf_printf(out, " limit %lld", (long long)rule->limit);
	if (rule->order_count)
		buf_putc(out, '\n');
}

static void print_outputs(struct buf *out, const struct names *names,
			  const struct plan_output *outputs, unsigned count,
			  const char *what)
{
	for (unsigned i = 0; i < count; i++) {
		buf_printf(out, "  %s %s ", what, outputs[i].name);
		expr_print(out, outputs[i].expr, &names->names);
		buf_printf(out, " %s\n",
			   value_type_name(outputs[i].expr->type));
	}
}

void bind_print(struct buf *out, const struct bound_rule *rule)
{
	struct names names = { 0 };

	names_init(&names, rule);
	buf_printf(out, "block %s%s\n", rule->name,
		   rule->internal ? " internal" : "");
	if (rule->top == BOUND_SEQUENCE)
		print_steps(out, &names, rule);
	else
		print_inputs(out, &names, rule);
	if (rule->below.count) {
		print_conditions(out, &names, &rule->below, "  where ");
		buf_putc(out, '\n');
	}
	print_seen(out, &names, rule);
	if (rule->top == BOUND_OVER || rule->top == BOUND_GROUP)
		print_window(out, &names, rule);
	if (rule->above.count) {
		print_conditions(out, &names, &rule->above, "  having ");
		buf_putc(out, '\n');
	}
	print_order(out, &names, rule);
	print_outputs(out, &names, rule->outputs, rule->output_count, "column");
	print_outputs(out, &names, rule->dedup, rule->dedup_count, "dedup");
}
