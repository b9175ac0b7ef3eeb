// SPDX-License-Identifier: Apache-2.0
#include "compiler/plan_print.h"

#include "compiler/interval.h"
#include "compiler/plan_walk.h"

#include <inttypes.h>
#include <string.h>

struct expr_names plan_rule_names(const struct plan_rule *rule)
{
	return (struct expr_names){ .inputs = rule->input_names,
				    .streams = rule->input_streams,
				    .rules = rule->input_rules,
				    .slots = rule->slot_names };
}

struct printer {
	struct buf *out;
	const struct plan_rule *rule;
	struct expr_names names;
};

static void indent_by(struct buf *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		buf_puts(out, "  ");
}

static void put_expr(const struct printer *p, const struct expr *expr)
{
	expr_print(p->out, expr, &p->names);
}

static void put_predicate(const struct printer *p, const struct expr *predicate,
			  const char *what, unsigned indent)
{
	if (!predicate)
		return;
	indent_by(p->out, indent);
	buf_printf(p->out, "%s ", what);
	put_expr(p, predicate);
	buf_putc(p->out, '\n');
}

static void put_offset(struct buf *out, int64_t ns)
{
	buf_puts(out, ns < 0 ? " - " : " + ");
	interval_print(out, ns < 0 ? -ns : ns);
}

static const char *const join_names[PLAN_JOIN_COUNT] = {
	[PLAN_JOIN_INNER] = "interval join", [PLAN_JOIN_FIRST] = "first join",
	[PLAN_JOIN_LEFT] = "left join",	     [PLAN_JOIN_SEMI] = "semi join",
	[PLAN_JOIN_ANTI] = "anti join",
};

static void put_join(const struct printer *p, const struct plan_node *node,
		     unsigned indent)
{
	const char *anchor = p->names.inputs[node->anchor];
	const char *right = p->names.inputs[node->child[1]->input];

	buf_printf(p->out, "%s with %s%s\n", join_names[node->join], right,
		   node->triggered ? ", triggered" : "");
	for (unsigned i = 0; i < node->key_count; i++) {
		indent_by(p->out, indent + 1);
		buf_puts(p->out, "key ");
		put_expr(p, node->left_keys[i]);
		buf_puts(p->out, " = ");
		put_expr(p, node->right_keys[i]);
		buf_putc(p->out, '\n');
	}
	indent_by(p->out, indent + 1);
	buf_printf(p->out, "time %s.ts BETWEEN %s.ts", right, anchor);
	put_offset(p->out, node->lower_ns);
	buf_printf(p->out, " AND %s.ts", anchor);
	put_offset(p->out, node->upper_ns);
	buf_putc(p->out, '\n');
	put_predicate(p, node->predicate, "where", indent + 1);
}

/* " by (a, b)" */
static void put_keys(const struct printer *p, const struct expr **keys,
		     unsigned count)
{
	buf_puts(p->out, " by (");
	for (unsigned i = 0; i < count; i++) {
		buf_puts(p->out, i ? ", " : "");
		put_expr(p, keys[i]);
	}
	buf_putc(p->out, ')');
}

static void put_range(const struct printer *p, const struct plan_node *node)
{
	put_keys(p, node->left_keys, node->key_count);
	buf_puts(p->out, " range ");
	interval_print(p->out, node->range_ns);
}

static void put_count(const struct printer *p, const struct plan_node *node)
{
	buf_printf(p->out, "sliding count %s", p->names.slots[node->slot]);
	put_range(p, node);
	if (node->saturate)
		buf_printf(p->out, " up to %" PRIu32, node->saturate);
	buf_putc(p->out, '\n');
}

static void put_aggregates(const struct printer *p,
			   const struct plan_node *node, unsigned indent)
{
	static const char *const ops[PLAN_AGGREGATE_OP_COUNT] = {
		[PLAN_COUNT_ROWS] = "COUNT(*",
		[PLAN_COUNT_VALUES] = "COUNT(",
		[PLAN_COUNT_DISTINCT] = "COUNT(DISTINCT ",
		[PLAN_SUM] = "SUM(",
		[PLAN_AVG] = "AVG(",
		[PLAN_MIN] = "MIN(",
		[PLAN_MAX] = "MAX(",
	};

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *a = &node->aggregates[i];

		indent_by(p->out, indent);
		buf_printf(p->out, "%s = %s", p->names.slots[a->slot],
			   ops[a->op]);
		if (a->arg)
			put_expr(p, a->arg);
		buf_putc(p->out, ')');
		if (a->saturate)
			buf_printf(p->out, " up to %" PRIu32, a->saturate);
		buf_putc(p->out, '\n');
	}
}

static void put_window(const struct printer *p, const struct plan_node *node)
{
	static const char *const windows[] = {
		[PLAN_TUMBLE] = "tumbling windows of ",
		[PLAN_HOP] = "hopping windows of ",
		[PLAN_SESSION] = "sessions of at most ",
	};

	buf_puts(p->out, windows[node->window]);
	interval_print(p->out, node->size_ns);
	if (node->window != PLAN_TUMBLE) {
		buf_puts(p->out,
			 node->window == PLAN_HOP ? " every " : " gap ");
		interval_print(p->out, node->slide_ns);
	}
	put_keys(p, node->left_keys, node->key_count);
	buf_putc(p->out, '\n');
}

static void put_group(const struct printer *p, const struct plan_node *node,
		      unsigned indent)
{
	put_window(p, node);
	put_aggregates(p, node, indent + 1);
	put_predicate(p, node->predicate, "having", indent + 1);
	for (unsigned i = 0; i < node->order_count; i++) {
		indent_by(p->out, indent + 1);
		buf_puts(p->out, "order by ");
		put_expr(p, node->orders[i].expr);
		buf_puts(p->out, node->orders[i].descending ? " DESC\n" : "\n");
	}
	if (node->limit >= 0) {
		indent_by(p->out, indent + 1);
		buf_printf(p->out, "limit %" PRId64 "\n", node->limit);
	}
}

static void put_node(const struct printer *p, const struct plan_node *node,
		     unsigned indent);

static void put_step(const struct printer *p, const struct plan_node *node,
		     const struct plan_step *step, const char *what,
		     unsigned indent)
{
	indent_by(p->out, indent);
	buf_printf(p->out, "%s %s%s", what, p->names.inputs[step->scan->input],
		   step->optional ? ", optional," : "");
	put_keys(p, step->keys, node->key_count);
	buf_putc(p->out, '\n');
	put_predicate(p, step->predicate, "where", indent + 1);
	put_node(p, step->scan, indent + 1);
}

static void put_sequence(const struct printer *p, const struct plan_node *node,
			 unsigned indent)
{
	buf_puts(p->out, "sequence within ");
	interval_print(p->out, node->range_ns);
	buf_printf(p->out, ", %u chain%s a step\n", node->runs_max,
		   node->runs_max == 1 ? "" : "s");
	for (unsigned i = 0; i < node->step_count; i++)
		put_step(p, node, &node->steps[i], "step", indent + 1);
	if (node->until)
		put_step(p, node, node->until, "until", indent + 1);
}

static void put_bound(const struct printer *p, const struct plan_node *node,
		      unsigned indent)
{
	if (!node->horizon_ns && !node->keys_max)
		return;
	indent_by(p->out, indent);
	buf_puts(p->out, "state ");
	interval_print(p->out, (int64_t)node->horizon_ns);
	buf_printf(p->out, ", %" PRIu32 " keys, %" PRIu32 " rows a key\n",
		   node->keys_max, node->rows_per_key_max);
}

void plan_asks_print(struct buf *out, unsigned asks)
{
	if (asks & PLAN_ASKS_FAILED)
		buf_puts(out, ", failed calls too");
	if (asks & PLAN_ASKS_THREADS)
		buf_puts(out, ", threads too");
	if (asks & PLAN_ASKS_OUTCOMES)
		buf_puts(out, ", every outcome");
}

static void put_scan(const struct printer *p, const struct plan_node *node,
		     unsigned indent)
{
	buf_printf(p->out, "scan %s%s %s",
		   plan_input_prefix(p->rule, node->input),
		   plan_input_stream(p->rule, node->input),
		   p->names.inputs[node->input]);
	plan_asks_print(p->out, node->asks);
	buf_putc(p->out, '\n');
	put_predicate(p, node->predicate, "where", indent + 1);
}

static void put_node(const struct printer *p, const struct plan_node *node,
		     unsigned indent)
{
	indent_by(p->out, indent);
	switch (node->kind) {
	case PLAN_SCAN:
		put_scan(p, node, indent);
		break;
	case PLAN_FILTER:
		buf_puts(p->out, "filter\n");
		put_predicate(p, node->predicate, "where", indent + 1);
		break;
	case PLAN_JOIN:
		put_join(p, node, indent);
		break;
	case PLAN_COUNT:
		put_count(p, node);
		break;
	case PLAN_OVER:
		buf_puts(p->out, "sliding aggregates");
		put_range(p, node);
		buf_putc(p->out, '\n');
		put_aggregates(p, node, indent + 1);
		break;
	case PLAN_GROUP:
		put_group(p, node, indent);
		break;
	case PLAN_SEQUENCE:
		put_sequence(p, node, indent);
		break;
	case PLAN_FIRST_SEEN:
		buf_puts(p->out, "first seen");
		put_range(p, node);
		buf_putc(p->out, '\n');
		break;
	case PLAN_KIND_COUNT:
		CHECK(!"a kind of plan node");
	}
	put_bound(p, node, indent + 1);
	for (unsigned i = 0; i < 2; i++)
		if (node->child[i])
			put_node(p, node->child[i], indent + 1);
}

void plan_node_print_as(struct buf *out, const struct plan_rule *rule,
			const struct expr_names *names,
			const struct plan_node *node, unsigned indent)
{
	const struct printer p = { .out = out, .rule = rule, .names = *names };

	put_node(&p, node, indent);
}

void plan_node_print(struct buf *out, const struct plan_rule *rule,
		     const struct plan_node *node, unsigned indent)
{
	const struct expr_names names = plan_rule_names(rule);

	plan_node_print_as(out, rule, &names, node, indent);
}

static void put_outputs(const struct printer *p, const char *what,
			const struct plan_output *outputs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		buf_printf(p->out, "  %s %s: ", what, outputs[i].name);
		put_expr(p, outputs[i].expr);
		buf_putc(p->out, '\n');
	}
}

void plan_rule_print(struct buf *out, const struct plan_rule *rule)
{
	static const char *const emits[] = { [PLAN_EMIT_EVERY] = "every",
					     [PLAN_EMIT_FIRST] = "first",
					     [PLAN_EMIT_CLOSE] = "close" };
	const struct printer p = { .out = out,
				   .rule = rule,
				   .names = plan_rule_names(rule) };

	if (rule->internal)
		buf_printf(out, "internal rule %s", rule->name);
	else
		buf_printf(out, "rule %s severity %s", rule->name,
			   rule->severity);
	if (*rule->attack)
		buf_printf(out, " attack %s", rule->attack);
	buf_putc(out, '\n');
	put_outputs(&p, "column", rule->outputs, rule->output_count);
	put_outputs(&p, "key", rule->keys, rule->key_count);
	buf_printf(out, "  emit %s", emits[rule->emit]);
	if (rule->suppress_ns) {
		buf_puts(out, ", suppress for ");
		interval_print(out, rule->suppress_ns);
	}
	buf_printf(out, "%s\n",
		   rule->suppress_on_gap ? ", suppress on gap" : "");
	plan_node_print(out, rule, rule->root, 1);
}

void plan_print(struct buf *out, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->rule_count; i++)
		plan_rule_print(out, &plan->rules[i]);
}

const char *plan_expr_text(struct arena *arena, const struct expr *expr,
			   const char *alias, enum stream_id stream)
{
	const char *inputs[TUPLE_INPUTS_MAX];
	enum stream_id streams[TUPLE_INPUTS_MAX];
	const char *slots[TUPLE_SLOTS_MAX];
	const struct expr_names names = { .inputs = inputs,
					  .streams = streams,
					  .slots = slots };
	struct buf text = BUF_INIT;
	const char *copy;

	for (unsigned i = 0; i < TUPLE_INPUTS_MAX; i++) {
		inputs[i] = alias;
		streams[i] = stream;
	}
	for (unsigned i = 0; i < TUPLE_SLOTS_MAX; i++)
		slots[i] = "aggregate";
	expr_print(&text, expr, &names);
	copy = text.failed ? NULL : arena_copy(arena, text.bytes, text.len);
	buf_release(&text);
	return copy;
}

const char *plan_text_line(struct arena *arena, const char *text)
{
	char *copy = arena_copy(arena, text, strlen(text));

	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return copy;
}
