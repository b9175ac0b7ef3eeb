// SPDX-License-Identifier: Apache-2.0
#include "compiler/plan_print.h"

#include "compiler/interval.h"

#include <inttypes.h>

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

static void put_join(const struct printer *p, const struct plan_node *node,
		     unsigned indent)
{
	const char *anchor = p->rule->input_names[node->anchor];
	const char *right = p->rule->input_names[node->child[1]->input];

	buf_printf(p->out, "interval join with %s\n", right);
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

static void put_count(const struct printer *p, const struct plan_node *node)
{
	buf_printf(p->out, "sliding count %s by (",
		   p->rule->slot_names[node->slot]);
	for (unsigned i = 0; i < node->key_count; i++) {
		buf_puts(p->out, i ? ", " : "");
		put_expr(p, node->left_keys[i]);
	}
	buf_puts(p->out, ") range ");
	interval_print(p->out, node->range_ns);
	if (node->saturate)
		buf_printf(p->out, " up to %" PRIu32, node->saturate);
	buf_putc(p->out, '\n');
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

static void put_node(const struct printer *p, const struct plan_node *node,
		     unsigned indent)
{
	indent_by(p->out, indent);
	switch (node->kind) {
	case PLAN_SCAN:
		buf_printf(p->out, "scan %s %s\n",
			   catalog_stream(node->stream)->name,
			   p->rule->input_names[node->input]);
		put_predicate(p, node->predicate, "where", indent + 1);
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
	case PLAN_GROUP:
	case PLAN_SEQUENCE:
	case PLAN_FIRST_SEEN:
	case PLAN_KIND_COUNT:
		CHECK(!"a kind of plan node");
	}
	put_bound(p, node, indent + 1);
	for (unsigned i = 0; i < 2; i++)
		if (node->child[i])
			put_node(p, node->child[i], indent + 1);
}

void plan_node_print(struct buf *out, const struct plan_rule *rule,
		     const struct plan_node *node, unsigned indent)
{
	const struct printer p = { .out = out,
				   .rule = rule,
				   .names = plan_rule_names(rule) };

	put_node(&p, node, indent);
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
	const struct printer p = { .out = out,
				   .rule = rule,
				   .names = plan_rule_names(rule) };

	buf_printf(out, "rule %s severity %s", rule->name, rule->severity);
	if (*rule->attack)
		buf_printf(out, " attack %s", rule->attack);
	buf_putc(out, '\n');
	put_outputs(&p, "column", rule->outputs, rule->output_count);
	put_outputs(&p, "key", rule->keys, rule->key_count);
	buf_printf(out, "  emit %s",
		   rule->emit == PLAN_EMIT_FIRST ? "first" : "every");
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
