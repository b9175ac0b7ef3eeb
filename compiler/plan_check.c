// SPDX-License-Identifier: Apache-2.0
#include "compiler/plan_check.h"

#include "compiler/interval.h"
#include "compiler/plan_walk.h"

#define DEPTH_MAX 64 /* of nodes */

/* What a place in the tree may read: rows of inputs, slots. */
struct scope {
	unsigned inputs;
	unsigned nullable; /* of these, those that may have no row */
	uint64_t slots;
};

struct check {
	const struct plan *plan;
	const struct plan_rule *rule;
	unsigned scanned;
	const char *wrong;
};

/* True while nothing was wrong. */
static bool holds(struct check *c, bool ok, const char *wrong)
{
	if (!ok && !c->wrong)
		c->wrong = wrong;
	return !c->wrong;
}

static void check_leaf(struct check *c, const struct expr *expr,
		       const struct scope *scope)
{
	if (expr->op == EXPR_SLOT) {
		holds(c,
		      expr->slot < TUPLE_SLOTS_MAX &&
			      (scope->slots >> expr->slot & 1),
		      "a slot is read where it is not known");
		return;
	}
	if (expr->op != EXPR_COLUMN ||
	    !holds(c,
		   expr->input < TUPLE_INPUTS_MAX &&
			   (scope->inputs >> expr->input & 1),
		   "a column is read where its row is not at hand") ||
	    !holds(c, expr->column < plan_column_count(c->rule, expr->input),
		   "a column is not one of its stream"))
		return;
	holds(c,
	      expr->type ==
		      plan_column_type(c->rule, expr->input, expr->column),
	      "a column has not its type");
}

static void check_expr(struct check *c, const struct expr *expr,
		       const struct scope *scope)
{
	if (!holds(c, expr, "an expression is missing") ||
	    !holds(c, expr->op < EXPR_OP_COUNT, "an operator is unknown") ||
	    !holds(c, !expr->arg_count || expr->args,
		   "an operator has no operands"))
		return;
	check_leaf(c, expr, scope);
	if (expr->op == EXPR_AND || expr->op == EXPR_OR)
		holds(c, expr->arg_count >= 2, "AND and OR are of two or more");
	for (unsigned i = 0; i < expr->arg_count && !c->wrong; i++)
		check_expr(c, expr->args[i], scope);
}

static void check_predicate(struct check *c, const struct expr *expr,
			    const struct scope *scope)
{
	if (!expr)
		return;
	check_expr(c, expr, scope);
	holds(c, c->wrong || expr->type == VALUE_BOOL,
	      "a condition is not BOOLEAN");
}

static void check_keys(struct check *c, const struct expr **keys,
		       unsigned count, const struct scope *scope)
{
	if (!holds(c, count <= PLAN_KEYS_MAX && (keys || !count),
		   "keys are missing or too many"))
		return;
	for (unsigned i = 0; i < count && !c->wrong; i++) {
		check_expr(c, keys[i], scope);
		holds(c, c->wrong || keys[i]->type != VALUE_LIST,
		      "a list is a key");
	}
}

static void check_bound(struct check *c, const struct plan_node *node)
{
	if (!plan_is_stateful(node)) {
		holds(c, !node->horizon_ns && !node->keys_max,
		      "a node without state has a bound");
		return;
	}
	holds(c, node->keys_max && node->rows_per_key_max,
	      "a node with state has no bound");
	holds(c, node->horizon_ns || node->kind == PLAN_JOIN,
	      "a node with state has no horizon");
	holds(c, node->horizon_ns <= (uint64_t)INTERVAL_NS_MAX,
	      "a horizon is longer than any interval");
}

static struct scope check_node(struct check *c, const struct plan_node *node,
			       unsigned depth);

static struct scope check_scan(struct check *c, const struct plan_node *node)
{
	struct scope scope = { 0 };

	if (!holds(c, node->input < c->rule->input_count,
		   "a scan of no input") ||
	    !holds(c, node->stream == c->rule->input_streams[node->input],
		   "a scan of another stream than its input's") ||
	    !holds(c, !(c->scanned >> node->input & 1),
		   "an input is scanned twice"))
		return scope;
	c->scanned |= 1u << node->input;
	scope.inputs = 1u << node->input;
	check_predicate(c, node->predicate, &scope);
	return scope;
}

static void check_join_keys(struct check *c, const struct plan_node *node,
			    const struct scope *left, const struct scope *right)
{
	holds(c, node->key_count > 0, "a join has no key");
	check_keys(c, node->left_keys, node->key_count, left);
	check_keys(c, node->right_keys, node->key_count, right);
	for (unsigned i = 0; i < node->key_count && !c->wrong; i++)
		holds(c, node->left_keys[i]->type == node->right_keys[i]->type,
		      "the keys of a join are not of one type");
}

static struct scope check_join(struct check *c, const struct plan_node *node,
			       unsigned depth)
{
	struct scope left = check_node(c, node->child[0], depth);
	struct scope right = check_node(c, node->child[1], depth);
	struct scope both = { .inputs = left.inputs | right.inputs,
			      .nullable = left.nullable };

	if (!holds(c, node->child[1] && node->child[1]->kind == PLAN_SCAN,
		   "the right side of a join is not a scan") ||
	    !holds(c, node->join < PLAN_JOIN_COUNT, "a join of no kind") ||
	    !holds(c, !left.slots, "a join over aggregates"))
		return both;
	check_join_keys(c, node, &left, &right);
	holds(c, left.inputs >> node->anchor & 1,
	      "a join is anchored outside of its left side");
	holds(c, !(left.nullable >> node->anchor & 1),
	      "a join is anchored on a row that may be missing");
	holds(c,
	      node->lower_ns >= -INTERVAL_NS_MAX &&
		      node->upper_ns <= INTERVAL_NS_MAX,
	      "the time bound of a join is too wide");
	check_predicate(c, node->predicate, &both);
	if (node->join == PLAN_JOIN_SEMI || node->join == PLAN_JOIN_ANTI)
		return left;
	if (node->join == PLAN_JOIN_LEFT)
		both.nullable |= right.inputs;
	return both;
}

/* Adds their slots to the scope; each has its own. */
static void check_aggregates(struct check *c, const struct plan_node *node,
			     const struct scope *below, struct scope *scope)
{
	holds(c,
	      node->aggregate_count &&
		      node->aggregate_count <= PLAN_AGGREGATES_MAX,
	      "aggregates are missing or too many");
	for (unsigned i = 0; i < node->aggregate_count && !c->wrong; i++) {
		const struct plan_aggregate *a = &node->aggregates[i];

		if (!holds(c, a->op < PLAN_AGGREGATE_OP_COUNT,
			   "an aggregate of no kind") ||
		    !holds(c, a->slot < c->rule->slot_count,
			   "an aggregate has no slot") ||
		    !holds(c, !(scope->slots >> a->slot & 1),
			   "two aggregates have one slot"))
			return;
		scope->slots |= 1ULL << a->slot;
		holds(c, !a->arg == (a->op == PLAN_COUNT_ROWS),
		      "an aggregate has no argument, or one too many");
		holds(c, !a->saturate || a->op == PLAN_COUNT_DISTINCT,
		      "an aggregate saturates that is no set");
		if (a->arg)
			check_expr(c, a->arg, below);
	}
}

static struct scope check_over(struct check *c, const struct plan_node *node,
			       unsigned depth)
{
	struct scope below = check_node(c, node->child[0], depth);
	struct scope scope = below;

	holds(c, !below.slots, "aggregates over aggregates");
	check_keys(c, node->left_keys, node->key_count, &below);
	if (node->kind == PLAN_OVER) {
		check_aggregates(c, node, &below, &scope);
	} else if (node->kind == PLAN_COUNT) {
		holds(c, node->slot < c->rule->slot_count,
		      "a count has no slot");
		scope.slots |= 1ULL << node->slot;
	}
	return scope;
}

static struct scope check_group(struct check *c, const struct plan_node *node,
				unsigned depth)
{
	struct scope below = check_node(c, node->child[0], depth);
	struct scope scope = { 0 };
	unsigned fixed = 2u + node->key_count;

	check_keys(c, node->left_keys, node->key_count, &below);
	if (!holds(c, !below.slots, "aggregates over aggregates") ||
	    !holds(c, fixed <= c->rule->slot_count, "a group has no slots"))
		return scope;
	scope.slots = (1ULL << fixed) - 1;
	if (node->aggregate_count)
		check_aggregates(c, node, &below, &scope);
	check_predicate(c, node->predicate, &scope);
	holds(c, node->order_count <= PLAN_ORDERS_MAX, "too many orders");
	for (unsigned i = 0; i < node->order_count && !c->wrong; i++)
		check_expr(c, node->orders[i].expr, &scope);
	holds(c, node->window <= PLAN_SESSION && node->size_ns > 0,
	      "a window has no size");
	holds(c, node->window == PLAN_TUMBLE || node->slide_ns > 0,
	      "a window has no slide or gap");
	if (!c->wrong && node->window == PLAN_HOP)
		holds(c,
		      node->size_ns % node->slide_ns == 0 &&
			      node->size_ns / node->slide_ns <= PLAN_HOPS_MAX,
		      "a row lies in too many windows");
	return scope;
}

static void check_step(struct check *c, const struct plan_node *node,
		       const struct plan_step *step, struct scope *scope,
		       unsigned depth)
{
	struct scope own;

	if (!holds(c, step->scan && step->scan->kind == PLAN_SCAN,
		   "a step is no scan"))
		return;
	own = check_node(c, step->scan, depth);
	check_keys(c, step->keys, node->key_count, &own);
	scope->inputs |= own.inputs;
	if (step->optional)
		scope->nullable |= own.inputs;
	check_predicate(c, step->predicate, scope);
}

static struct scope check_sequence(struct check *c,
				   const struct plan_node *node, unsigned depth)
{
	struct scope scope = { 0 }, until;
	bool tied = true;

	if (!holds(c,
		   node->step_count >= 2 && node->step_count <= PLAN_STEPS_MAX,
		   "a sequence has no steps or too many"))
		return scope;
	for (unsigned i = 0; i < node->step_count && !c->wrong; i++) {
		check_step(c, node, &node->steps[i], &scope, depth);
		holds(c, c->wrong || node->steps[i].scan->input == i,
		      "a step is not its input");
		tied &= !node->steps[i].predicate;
	}
	holds(c,
	      !node->steps[0].optional && !node->steps[0].predicate &&
		      !node->steps[node->step_count - 1].optional,
	      "the first or last step of a sequence may be missing");
	holds(c, node->runs_max == 1 || (!tied && node->runs_max),
	      "a sequence keeps more chains than it needs");
	holds(c, tied || node->runs_max > 1, "a sequence keeps too few chains");
	until = scope;
	if (node->until && !c->wrong) {
		check_step(c, node, node->until, &until, depth);
		holds(c, !node->until->predicate,
		      "what ends a sequence depends on its steps");
	}
	return scope;
}

static struct scope check_node(struct check *c, const struct plan_node *node,
			       unsigned depth)
{
	struct scope scope = { 0 };

	if (!holds(c, node, "a node is missing") ||
	    !holds(c, depth < DEPTH_MAX, "the tree is too deep"))
		return scope;
	depth++;
	switch (node->kind) {
	case PLAN_SCAN:
		scope = check_scan(c, node);
		break;
	case PLAN_FILTER:
		scope = check_node(c, node->child[0], depth);
		holds(c, node->predicate, "a filter has no condition");
		check_predicate(c, node->predicate, &scope);
		break;
	case PLAN_JOIN:
		scope = check_join(c, node, depth);
		break;
	case PLAN_COUNT:
	case PLAN_OVER:
	case PLAN_FIRST_SEEN:
		scope = check_over(c, node, depth);
		break;
	case PLAN_GROUP:
		scope = check_group(c, node, depth);
		break;
	case PLAN_SEQUENCE:
		scope = check_sequence(c, node, depth);
		break;
	case PLAN_KIND_COUNT:
		holds(c, false, "a node of no kind");
	}
	if (!c->wrong)
		check_bound(c, node);
	return scope;
}

static void check_inputs(struct check *c, unsigned index)
{
	const struct plan_rule *rule = c->rule;

	holds(c, rule->input_count && rule->input_count <= TUPLE_INPUTS_MAX,
	      "a rule has no input or too many");
	holds(c, rule->slot_count <= TUPLE_SLOTS_MAX, "too many slots");
	for (unsigned i = 0; i < rule->input_count && !c->wrong; i++) {
		const struct plan_rule *read = rule->input_rules[i];

		if (rule->input_streams[i] != PLAN_STREAM_MATCHES) {
			holds(c, !read && rule->input_streams[i] < STREAM_COUNT,
			      "an input is no stream");
			continue;
		}
		holds(c,
		      read >= c->plan->rules && read < c->plan->rules + index,
		      "a rule reads matches of one that does not come before "
		      "it");
	}
}

static void check_rule(struct check *c, unsigned index)
{
	const struct plan_rule *rule = c->rule;
	struct scope scope;

	check_inputs(c, index);
	if (c->wrong)
		return;
	scope = check_node(c, rule->root, 0);
	holds(c, c->wrong || c->scanned == (1u << rule->input_count) - 1,
	      "an input is not scanned");
	holds(c, rule->output_count, "a rule has no columns");
	for (unsigned i = 0; i < rule->output_count && !c->wrong; i++)
		check_expr(c, rule->outputs[i].expr, &scope);
	holds(c, rule->key_count <= PLAN_KEYS_MAX, "too many keys");
	for (unsigned i = 0; i < rule->key_count && !c->wrong; i++)
		check_expr(c, rule->keys[i].expr, &scope);
	holds(c, rule->emit <= PLAN_EMIT_CLOSE, "a policy of no kind");
	holds(c,
	      !rule->internal ||
		      (rule->emit == PLAN_EMIT_EVERY && !rule->suppress_ns),
	      "an internal rule holds back matches");
}

const char *plan_check(const struct plan *plan)
{
	struct check c = { .plan = plan };

	for (unsigned i = 0; i < plan->rule_count && !c.wrong; i++) {
		c.rule = &plan->rules[i];
		c.scanned = 0;
		check_rule(&c, i);
	}
	return c.wrong;
}
