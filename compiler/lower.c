// SPDX-License-Identifier: Apache-2.0
#include "compiler/lower_int.h"

#include "compiler/plan_print.h"
#include "compiler/print.h"

#include <string.h>

unsigned lower_inputs(const struct expr *expr)
{
	unsigned inputs = expr->op == EXPR_COLUMN ? 1u << expr->input : 0;

	for (unsigned i = 0; i < expr->arg_count; i++)
		inputs |= lower_inputs(expr->args[i]);
	return inputs;
}

bool lower_has_slot(const struct expr *expr)
{
	bool has = expr->op == EXPR_SLOT;

	for (unsigned i = 0; i < expr->arg_count; i++)
		has |= lower_has_slot(expr->args[i]);
	return has;
}

struct plan_node *lower_node(struct lowering *l, enum plan_kind kind,
			     struct plan_node *left, struct plan_node *right)
{
	struct plan_node *node = compilation_alloc(l->c, 1, sizeof(*node));

	if (node) {
		node->kind = kind;
		node->child[0] = left;
		node->child[1] = right;
	}
	return node;
}

static bool fold_failed(struct lowering *l)
{
	l->c->nomem |= l->fold.nomem;
	if (l->fold.exhausted)
		compilation_error(l->c, l->bound->ast->name_span,
				  "name fewer computed columns of subqueries",
				  "the rule's expressions have more than %d "
				  "parts",
				  FOLD_NODES_MAX);
	return false;
}

static bool add_term(struct lowering *l, struct terms *terms,
		     const struct expr *expr)
{
	struct term *grown = compilation_grow(l->c, terms->items, terms->count,
					      sizeof(*grown));

	if (!grown)
		return false;
	terms->items = grown;
	terms->items[terms->count++] =
		(struct term){ .expr = expr, .inputs = lower_inputs(expr) };
	return true;
}

struct verdict {
	unsigned terms; /* that are left */
	bool never;
};

static bool split(struct lowering *l, struct terms *terms,
		  const struct expr *expr, struct verdict *verdict)
{
	if (expr->op == EXPR_AND) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			if (!split(l, terms, expr->args[i], verdict))
				return false;
		return true;
	}
	if (build_is_bool(expr, true))
		return true;
	verdict->terms++;
	verdict->never |= build_is_bool(expr, false);
	return add_term(l, terms, expr);
}

/* Each operand is folded by itself, so that FALSE takes no join key along. */
static bool fold_terms(struct lowering *l, struct terms *terms,
		       const struct expr *expr, struct verdict *verdict)
{
	const struct expr *folded;

	if (expr->op == EXPR_AND) {
		for (unsigned i = 0; i < expr->arg_count; i++)
			if (!fold_terms(l, terms, expr->args[i], verdict))
				return false;
		return true;
	}
	folded = fold_condition(&l->fold, expr);
	if (!folded)
		return fold_failed(l);
	return split(l, terms, folded, verdict);
}

static bool collect(struct lowering *l, const struct bound_conditions *from,
		    struct terms *terms)
{
	for (unsigned i = 0; i < from->count; i++) {
		struct verdict verdict = { 0 };

		if (!fold_terms(l, terms, from->items[i].expr, &verdict))
			return false;
		if (verdict.never)
			compilation_warning(l->c, from->items[i].span, NULL,
					    "the rule can never match: this "
					    "is never true");
		else if (!verdict.terms)
			compilation_warning(l->c, from->items[i].span, NULL,
					    "this condition is always true");
	}
	return true;
}

/* Name each leaf after its text, for explain and generated code. */
static bool label(struct lowering *l, const struct expr *expr,
		  const struct expr_names *names)
{
	struct expr *own = (struct expr *)expr;
	struct buf text = BUF_INIT;

	if (expr->type != VALUE_BOOL)
		return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!label(l, expr->args[i], names))
			return false;
	if (expr->op == EXPR_AND || expr->op == EXPR_OR || expr->text)
		return true;
	expr_print(&text, expr, names);
	own->text = compilation_take(l->c, &text);
	return own->text;
}

bool lower_place(struct lowering *l, struct terms *terms, unsigned inputs,
		 const struct expr **ret_predicate)
{
	struct expr_names names = plan_rule_names(l->rule);
	struct expr *all;
	unsigned count = 0;

	*ret_predicate = NULL;
	for (unsigned i = 0; i < terms->count; i++)
		count += !terms->items[i].placed &&
			 !(terms->items[i].inputs & ~inputs);
	if (!count)
		return true;
	all = build_op(l->c->arena, EXPR_AND, VALUE_BOOL, count);
	l->c->nomem |= !all;
	if (!all)
		return false;
	count = 0;
	for (unsigned i = 0; i < terms->count; i++) {
		struct term *term = &terms->items[i];

		if (term->placed || (term->inputs & ~inputs))
			continue;
		term->placed = true;
		all->args[count++] = term->expr;
	}
	*ret_predicate = count == 1 ? all->args[0] : all;
	for (unsigned i = 0; i < count; i++)
		if (build_is_bool(all->args[i], false))
			*ret_predicate = all->args[i];
	return label(l, *ret_predicate, &names);
}

static struct plan_node *lower_scan(struct lowering *l, unsigned input)
{
	struct plan_node *scan = lower_node(l, PLAN_SCAN, NULL, NULL);

	if (!scan)
		return NULL;
	scan->input = (uint8_t)input;
	scan->stream = l->bound->inputs[input].stream;
	return lower_place(l, &l->below, 1u << input, &scan->predicate) ? scan :
									  NULL;
}

/* All scans first: a condition on one input alone never waits for a join. */
static struct plan_node *lower_inputs_of(struct lowering *l)
{
	struct plan_node *scans[TUPLE_INPUTS_MAX] = { 0 };
	struct plan_node *root;
	bool ok = true;

	for (unsigned i = 0; i < l->bound->input_count; i++) {
		scans[i] = lower_scan(l, i);
		if (!scans[i])
			return NULL;
	}
	root = scans[0];
	for (unsigned i = 1; i < l->bound->input_count; i++) {
		root = lower_node(l, PLAN_JOIN, root, scans[i]);
		if (!root)
			return NULL;
		ok &= lower_join(l, root, i);
	}
	return ok ? root : NULL;
}

static bool lower_outputs(struct lowering *l)
{
	struct plan_output *outputs = compilation_alloc(
		l->c, l->bound->output_count, sizeof(*outputs));

	if (!outputs)
		return false;
	for (unsigned i = 0; i < l->bound->output_count; i++) {
		outputs[i] = l->bound->outputs[i];
		outputs[i].expr = fold_value(&l->fold, outputs[i].expr);
		if (!outputs[i].expr)
			return fold_failed(l);
	}
	l->rule->outputs = outputs;
	l->rule->output_count = l->bound->output_count;
	return true;
}

static bool key_known(const struct plan_output *keys, unsigned count,
		      const struct expr *expr)
{
	for (unsigned i = 0; i < count; i++)
		if (keys[i].expr->op == EXPR_COLUMN &&
		    expr->op == EXPR_COLUMN &&
		    keys[i].expr->input == expr->input &&
		    keys[i].expr->column == expr->column)
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
	name = catalog_column_at(
		       catalog_stream(l->rule->input_streams[expr->input]),
		       expr->column)
		       ->name;
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
	if (!node || node->kind != PLAN_JOIN)
		return true;
	if (!join_keys(l, node->child[0], keys, count))
		return false;
	for (unsigned i = 0; i < node->key_count; i++) {
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

static bool pid_key(struct lowering *l, struct plan_output *keys,
		    unsigned *count)
{
	struct expr *expr = build_op(l->c->arena, EXPR_COLUMN, VALUE_INT, 0);

	l->c->nomem |= !expr;
	if (!expr)
		return false;
	expr->column = COL_pid_key;
	keys[0] = (struct plan_output){ "pid_key", expr };
	*count = 1;
	return true;
}

/* dedup_key, else PARTITION BY, else the joins' keys, else the process. */
static bool lower_keys(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_output *keys =
		compilation_alloc(l->c, PLAN_KEYS_MAX, sizeof(*keys));
	unsigned count = 0;
	bool ok = keys;

	if (ok && bound->dedup_count) {
		count = bound->dedup_count;
		memcpy(keys, bound->dedup, count * sizeof(*keys));
	} else if (ok && bound->top == BOUND_OVER) {
		count = bound->key_count;
		memcpy(keys, bound->keys, count * sizeof(*keys));
	} else if (ok && bound->input_count > 1) {
		ok = join_keys(l, l->rule->root, keys, &count);
	} else if (ok) {
		ok = pid_key(l, keys, &count);
	}
	for (unsigned i = 0; ok && i < count; i++) {
		keys[i].expr = fold_value(&l->fold, keys[i].expr);
		if (!keys[i].expr)
			return fold_failed(l);
	}
	l->rule->keys = keys;
	l->rule->key_count = count;
	return ok;
}

/* The default is FIRST for a threshold, EVERY for all others. */
static enum plan_emit lower_emit(const struct lowering *l)
{
	const struct plan_node *root = l->rule->root;
	bool threshold =
		root->kind == PLAN_FILTER && lower_has_slot(root->predicate);

	if (l->bound->ast->emit == AST_EMIT_EVERY)
		return PLAN_EMIT_EVERY;
	if (l->bound->ast->emit == AST_EMIT_DEFAULT)
		return threshold ? PLAN_EMIT_FIRST : PLAN_EMIT_EVERY;
	/* Of a filter the first match of a row is its only one. */
	return threshold || root->kind == PLAN_JOIN ? PLAN_EMIT_FIRST :
						      PLAN_EMIT_EVERY;
}

static bool describe_inputs(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	unsigned n = bound->input_count;
	const char **names = compilation_alloc(l->c, n, sizeof(*names));
	enum stream_id *streams = compilation_alloc(l->c, n, sizeof(*streams));
	const struct plan_rule **rules =
		compilation_alloc(l->c, n, sizeof(*rules));
	const char **slots =
		compilation_alloc(l->c, bound->aggregate_count, sizeof(*slots));

	if (!names || !streams || !rules || !slots)
		return false;
	for (unsigned i = 0; i < n; i++) {
		names[i] = bound->inputs[i].name;
		streams[i] = bound->inputs[i].stream;
		rules[i] = bound->inputs[i].rule;
	}
	for (unsigned i = 0; i < bound->aggregate_count; i++)
		slots[i] = bound->aggregates[i].name;
	l->rule->input_count = n;
	l->rule->input_names = names;
	l->rule->input_streams = streams;
	l->rule->input_rules = rules;
	l->rule->slot_count = bound->aggregate_count;
	l->rule->slot_names = slots;
	return true;
}

static bool lower_describe(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_rule *rule = l->rule;
	struct buf canonical = BUF_INIT;

	print_rule(&canonical, bound->ast);
	*rule = (struct plan_rule){
		.name = bound->name,
		.internal = bound->internal,
		.severity = bound->severity,
		.description = bound->description,
		.attack = bound->attack,
		.canonical = compilation_take(l->c, &canonical),
		.suppress_ns = bound->ast->suppress_ns,
		.suppress_on_gap = bound->ast->gap == AST_GAP_SUPPRESS,
	};
	return rule->canonical && describe_inputs(l);
}

static bool lower_all(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_rule *rule = l->rule;

	if (!lower_describe(l) || !collect(l, &bound->below, &l->below) ||
	    !collect(l, &bound->above, &l->above) || !lower_outputs(l))
		return false;
	rule->root = lower_inputs_of(l);
	if (rule->root && bound->top == BOUND_OVER)
		rule->root = lower_count(l, rule->root);
	if (!rule->root || !lower_keys(l))
		return false;
	rule->emit = lower_emit(l);
	return true;
}

bool lower_rule(struct compilation *c, const struct bound_rule *bound)
{
	struct lowering l = { .c = c, .bound = bound, .rule = bound->plan };
	bool ok;

	fold_init(&l.fold, c->arena);
	ok = lower_all(&l);
	fold_release(&l.fold);
	return ok;
}
