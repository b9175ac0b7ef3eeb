// SPDX-License-Identifier: Apache-2.0
#include "compiler/plan_walk.h"

unsigned plan_child_count(const struct plan_node *node)
{
	if (node->kind == PLAN_SEQUENCE)
		return node->step_count + (node->until != NULL);
	return (node->child[0] != NULL) + (node->child[1] != NULL);
}

struct plan_node *plan_child(const struct plan_node *node, unsigned i)
{
	CHECK(i < plan_child_count(node));
	if (node->kind != PLAN_SEQUENCE)
		return node->child[i];
	return i < node->step_count ? node->steps[i].scan : node->until->scan;
}

static void step_exprs(const struct plan_step *step, unsigned key_count,
		       void (*visit)(void *ctx, const struct expr *expr),
		       void *ctx)
{
	for (unsigned i = 0; i < key_count; i++)
		visit(ctx, step->keys[i]);
	if (step->predicate)
		visit(ctx, step->predicate);
}

void plan_node_exprs(const struct plan_node *node,
		     void (*visit)(void *ctx, const struct expr *expr),
		     void *ctx)
{
	if (node->predicate)
		visit(ctx, node->predicate);
	for (unsigned i = 0; i < node->key_count; i++) {
		if (node->left_keys)
			visit(ctx, node->left_keys[i]);
		if (node->right_keys)
			visit(ctx, node->right_keys[i]);
	}
	for (unsigned i = 0; i < node->aggregate_count; i++)
		if (node->aggregates[i].arg)
			visit(ctx, node->aggregates[i].arg);
	for (unsigned i = 0; i < node->order_count; i++)
		visit(ctx, node->orders[i].expr);
	for (unsigned i = 0; i < node->step_count; i++)
		step_exprs(&node->steps[i], node->key_count, visit, ctx);
	if (node->until)
		step_exprs(node->until, node->key_count, visit, ctx);
}

static void tree_exprs(const struct plan_node *node,
		       void (*visit)(void *ctx, const struct expr *expr),
		       void *ctx)
{
	plan_node_exprs(node, visit, ctx);
	for (unsigned i = 0; i < plan_child_count(node); i++)
		tree_exprs(plan_child(node, i), visit, ctx);
}

void plan_rule_exprs(const struct plan_rule *rule,
		     void (*visit)(void *ctx, const struct expr *expr),
		     void *ctx)
{
	for (unsigned i = 0; i < rule->output_count; i++)
		visit(ctx, rule->outputs[i].expr);
	for (unsigned i = 0; i < rule->key_count; i++)
		visit(ctx, rule->keys[i].expr);
	tree_exprs(rule->root, visit, ctx);
}

unsigned plan_inputs(const struct plan_node *node)
{
	unsigned inputs = node->kind == PLAN_SCAN ? 1u << node->input : 0;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		inputs |= plan_inputs(plan_child(node, i));
	return inputs;
}

const struct plan_node *plan_scan_of(const struct plan_node *node,
				     unsigned input)
{
	const struct plan_node *found = NULL;

	if (node->kind == PLAN_SCAN)
		return node->input == input ? node : NULL;
	for (unsigned i = 0; i < plan_child_count(node) && !found; i++)
		found = plan_scan_of(plan_child(node, i), input);
	return found;
}

unsigned plan_asks(const struct plan_rule *rule, unsigned input)
{
	const struct plan_node *scan = plan_scan_of(rule->root, input);

	CHECK(scan);
	return scan->asks;
}

bool plan_is_stateful(const struct plan_node *node)
{
	return node->kind != PLAN_SCAN && node->kind != PLAN_FILTER;
}

bool plan_has_state(const struct plan_node *root)
{
	bool has = plan_is_stateful(root);

	for (unsigned i = 0; i < plan_child_count(root); i++)
		has |= plan_has_state(plan_child(root, i));
	return has;
}

bool plan_has(const struct plan_node *node, enum plan_kind kind)
{
	bool has = node->kind == kind;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		has |= plan_has(plan_child(node, i), kind);
	return has;
}

bool plan_has_join(const struct plan_node *node, enum plan_join join)
{
	bool has = node->kind == PLAN_JOIN && node->join == join;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		has |= plan_has_join(plan_child(node, i), join);
	return has;
}

const char *plan_input_prefix(const struct plan_rule *rule, unsigned input)
{
	CHECK(input < rule->input_count);
	return rule->input_streams[input] == PLAN_STREAM_MATCHES ? "matches." :
								   "";
}

const char *plan_input_stream(const struct plan_rule *rule, unsigned input)
{
	CHECK(input < rule->input_count);
	if (rule->input_streams[input] == PLAN_STREAM_MATCHES)
		return rule->input_rules[input]->name;
	return catalog_stream(rule->input_streams[input])->name;
}

/* The head's columns are the same in every stream. */
static const struct column *shared_column(const struct plan_rule *rule,
					  unsigned input, unsigned column)
{
	enum stream_id stream = rule->input_streams[input];

	if (stream == PLAN_STREAM_MATCHES)
		stream = (enum stream_id)0;
	return catalog_column_at(catalog_stream(stream), column);
}

static const struct plan_output *match_column(const struct plan_rule *rule,
					      unsigned input, unsigned column)
{
	const struct plan_rule *read;

	CHECK(input < rule->input_count);
	if (rule->input_streams[input] != PLAN_STREAM_MATCHES ||
	    column < COL_OWN_FIRST)
		return NULL;
	read = rule->input_rules[input];
	CHECK(column - COL_OWN_FIRST < read->output_count);
	return &read->outputs[column - COL_OWN_FIRST];
}

const char *plan_column_name(const struct plan_rule *rule, unsigned input,
			     unsigned column)
{
	const struct plan_output *output = match_column(rule, input, column);

	return output ? output->name : shared_column(rule, input, column)->name;
}

unsigned plan_column_count(const struct plan_rule *rule, unsigned input)
{
	CHECK(input < rule->input_count);
	if (rule->input_streams[input] == PLAN_STREAM_MATCHES)
		return COL_OWN_FIRST + rule->input_rules[input]->output_count;
	return catalog_column_count(catalog_stream(rule->input_streams[input]));
}

enum value_type plan_column_type(const struct plan_rule *rule, unsigned input,
				 unsigned column)
{
	const struct plan_output *output = match_column(rule, input, column);

	return output ? output->expr->type :
			shared_column(rule, input, column)->type;
}
