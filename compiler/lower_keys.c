// SPDX-License-Identifier: Apache-2.0
/*
 * What SUPPRESS mutes by: dedup_key, else the keys of PARTITION BY or GROUP BY,
 * else those of the joins, else the process, else the rule.
 */
#include "compiler/lower_int.h"

#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"

#include <string.h>

static bool key_known(const struct plan_output *keys, unsigned count,
		      const struct expr *expr)
{
	for (unsigned i = 0; i < count; i++)
		if (lower_same(keys[i].expr, expr))
			return true;
	return false;
}

static const char *key_name(struct lowering *l, const struct plan_output *keys,
			    unsigned count, const struct expr *expr)
{
	struct expr_names names = plan_rule_names(l->rule);
	struct buf text = BUF_INIT;
	const char *name;

	if (expr->op != EXPR_COLUMN) {
		expr_print(&text, expr, &names);
		return compilation_take(l->c, &text);
	}
	name = plan_column_name(l->rule, expr->input, expr->column);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return compilation_text(
				l->c, "%s.%s",
				l->rule->input_names[expr->input], name);
	return name;
}

/* The left keys of all joins below, those of the first join first. */
static bool join_keys(struct lowering *l, const struct plan_node *node,
		      struct plan_output *keys, unsigned *count)
{
	if (!node)
		return true;
	if (!join_keys(l, node->child[0], keys, count))
		return false;
	for (unsigned i = 0; node->kind == PLAN_JOIN && i < node->key_count;
	     i++) {
		const struct expr *key = node->left_keys[i];

		if (*count >= PLAN_KEYS_MAX || key_known(keys, *count, key))
			continue;
		keys[*count].name = key_name(l, keys, *count, key);
		if (!keys[*count].name)
			return false;
		keys[(*count)++].expr = key;
	}
	return true;
}

/* Every event has one; a rule's matches do when a column is so named. */
static bool pid_key_of(const struct plan_rule *rule, unsigned input,
		       unsigned *ret_column)
{
	const struct plan_rule *read = rule->input_rules[input];

	if (!read) {
		*ret_column = COL_pid_key;
		return catalog_filled(rule->input_streams[input], COL_pid_key);
	}
	for (unsigned i = 0; i < read->output_count; i++) {
		if (strcmp(read->outputs[i].name, "pid_key") != 0 ||
		    read->outputs[i].expr->type != VALUE_INT)
			continue;
		*ret_column = COL_OWN_FIRST + i;
		return true;
	}
	return false;
}

static bool process_key(struct lowering *l, struct plan_output *keys,
			unsigned *count)
{
	struct expr *expr = build_op(l->c->arena, EXPR_COLUMN, VALUE_INT, 0);
	unsigned column;

	l->c->nomem |= !expr;
	if (!expr)
		return false;
	if (!pid_key_of(l->rule, 0, &column))
		return true;
	expr->column = (uint16_t)column;
	keys[0] = (struct plan_output){ "pid_key", expr };
	*count = 1;
	return true;
}

/* A group's rows are gone when it is told: its keys are in slots. */
static bool block_keys(struct lowering *l, struct plan_output *keys,
		       unsigned *count)
{
	const struct bound_rule *bound = l->bound;

	*count = bound->key_count;
	memcpy(keys, bound->keys, bound->key_count * sizeof(*keys));
	for (unsigned i = 0; bound->top == BOUND_GROUP && i < bound->key_count;
	     i++) {
		struct expr *slot = build_op(l->c->arena, EXPR_SLOT,
					     bound->keys[i].expr->type, 0);

		l->c->nomem |= !slot;
		if (!slot)
			return false;
		slot->slot = (uint8_t)(2 + i);
		keys[i].expr = slot;
	}
	return true;
}

bool lower_keys(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_output *keys =
		compilation_alloc(l->c, PLAN_KEYS_MAX, sizeof(*keys));
	unsigned count = 0;
	bool ok = keys;

	if (ok && bound->dedup_count) {
		count = bound->dedup_count;
		memcpy(keys, bound->dedup, count * sizeof(*keys));
	} else if (ok && bound->top != BOUND_PLAIN) {
		ok = block_keys(l, keys, &count);
	} else if (ok && bound->input_count > 1) {
		ok = join_keys(l, l->rule->root, keys, &count);
	} else if (ok) {
		ok = process_key(l, keys, &count);
	}
	for (unsigned i = 0; ok && i < count; i++) {
		keys[i].expr = bind_spelled(l->c, bound, keys[i].expr);
		ok = keys[i].expr;
		if (ok)
			keys[i].expr = lower_value(l, keys[i].expr);
		ok = ok && keys[i].expr;
	}
	l->rule->keys = keys;
	l->rule->key_count = count;
	return ok;
}
