// SPDX-License-Identifier: Apache-2.0
#include "compiler/lower_int.h"

#include "compiler/plan_print.h"
#include "compiler/print.h"

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

bool lower_same(const struct expr *a, const struct expr *b)
{
	if (a->op != b->op || a->type != b->type || a->input != b->input ||
	    a->slot != b->slot || a->escape != b->escape ||
	    a->prefix != b->prefix || a->fold_case != b->fold_case ||
	    a->function != b->function || a->column != b->column ||
	    a->arg_count != b->arg_count || a->value.type != b->value.type)
		return false;
	if (!value_is_null(a->value) && !value_equal(a->value, b->value))
		return false;
	for (unsigned i = 0; i < a->arg_count; i++)
		if (!lower_same(a->args[i], b->args[i]))
			return false;
	return true;
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

const struct expr *lower_value(struct lowering *l, const struct expr *expr)
{
	const struct expr *folded = fold_value(&l->fold, expr);

	if (!folded)
		fold_failed(l);
	return folded;
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

/* U AS process.exit WHERE TRUE: in a step it is how any row is written. */
static bool is_any_row(const struct lowering *l, const struct expr *expr)
{
	return l->bound->top == BOUND_SEQUENCE && build_is_bool(expr, true);
}

/* `never`: what it means when a condition is never true. */
static bool collect(struct lowering *l, const struct bound_conditions *from,
		    struct terms *terms, const char *never)
{
	for (unsigned i = 0; i < from->count; i++) {
		struct verdict verdict = { 0 };
		bool told = false;

		if (!fold_terms(l, terms, from->items[i].expr, &verdict))
			return false;
		if (verdict.never || !verdict.terms)
			told = compilation_has_warned(l->c,
						      from->items[i].span);
		/* What makes it so was told. */
		if (told)
			continue;
		if (verdict.never)
			compilation_warning(l->c, from->items[i].span, NULL,
					    "%s: this is never true", never);
		else if (!verdict.terms && !is_any_row(l, from->items[i].expr))
			compilation_warning(l->c, from->items[i].span, NULL,
					    "this condition is always true");
	}
	return true;
}

static const char never_matches[] = "the rule can never match";

static bool collect_on(struct lowering *l, unsigned input)
{
	const struct bound_input *bound = &l->bound->inputs[input];
	struct terms all = { 0 };
	const char *never = never_matches;

	if (bound->join == PLAN_JOIN_LEFT)
		never = "the join never finds a partner";
	else if (bound->join == PLAN_JOIN_ANTI)
		never = "NOT EXISTS is true of every row";
	if (!collect(l, &bound->on, &all, never))
		return false;
	for (unsigned i = 0; i < all.count; i++) {
		const struct term *term = &all.items[i];
		bool below = (bound->join == PLAN_JOIN_FIRST ||
			      bound->join == PLAN_JOIN_SEMI) &&
			     term->inputs && !(term->inputs & 1u << input);

		/*
		 * Without a partner the left row is gone: what is asked of the
		 * left row alone may be asked before.
		 */
		if (!add_term(l, below ? &l->below : &l->on[input], term->expr))
			return false;
	}
	return true;
}

static bool collect_steps(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;

	CHECK(bound->input_count == bound->step_count + bound->has_until);
	for (unsigned i = 0; i < bound->input_count; i++) {
		const char *never = never_matches;

		if (i == bound->step_count)
			never = "UNTIL never ends a sequence";
		else if (bound->steps[i].optional)
			never = "the step can be left out";
		if (!collect(l, &bound->steps[i].define, &l->on[i], never))
			return false;
	}
	return true;
}

static bool collect_all(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;

	lower_warn(l);
	if (!collect(l, &bound->below, &l->below, never_matches) ||
	    !collect(l, &bound->above, &l->above, never_matches))
		return false;
	if (bound->top == BOUND_SEQUENCE)
		return collect_steps(l);
	for (unsigned i = 1; i < bound->input_count; i++)
		if (!collect_on(l, i))
			return false;
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

struct plan_node *lower_scan(struct lowering *l, unsigned input,
			     struct terms *terms)
{
	struct plan_node *scan = lower_node(l, PLAN_SCAN, NULL, NULL);

	if (!scan)
		return NULL;
	scan->input = (uint8_t)input;
	scan->stream = l->bound->inputs[input].stream;
	scan->asks = (uint8_t)lower_asks(l->bound, input);
	return lower_place(l, terms, 1u << input, &scan->predicate) ? scan :
								      NULL;
}

struct plan_node *lower_filter(struct lowering *l, struct plan_node *child,
			       struct terms *terms, unsigned inputs)
{
	const struct expr *predicate;
	struct plan_node *filter;

	if (!lower_place(l, terms, inputs, &predicate))
		return NULL;
	if (!predicate)
		return child;
	filter = lower_node(l, PLAN_FILTER, child, NULL);
	if (filter)
		filter->predicate = predicate;
	return filter;
}

/*
 * All scans first: a condition on one input alone never waits for a join. But
 * WHERE asks what a join other than INNER chose, so there it stands over it.
 */
static struct plan_node *lower_joins(struct lowering *l)
{
	const struct bound_input *inputs = l->bound->inputs;
	struct plan_node *scans[TUPLE_INPUTS_MAX] = { 0 };
	struct plan_node *root;
	bool ok = true;

	for (unsigned i = 0; i < l->bound->input_count; i++) {
		bool inner = i == 0 || inputs[i].join == PLAN_JOIN_INNER;

		scans[i] = lower_scan(l, i, inner ? &l->below : &l->on[i]);
		if (!scans[i])
			return NULL;
	}
	root = scans[0];
	for (unsigned i = 1; i < l->bound->input_count; i++) {
		root = lower_node(l, PLAN_JOIN, root, scans[i]);
		if (!root)
			return NULL;
		ok &= lower_join(l, root, i);
		if (inputs[i].join == PLAN_JOIN_LEFT)
			l->nullable |= 1u << i;
		root = lower_filter(l, root, &l->below, (2u << i) - 1);
		if (!root)
			return NULL;
	}
	return ok ? root : NULL;
}

static struct plan_node *lower_seen(struct lowering *l, struct plan_node *child)
{
	const struct bound_rule *bound = l->bound;
	struct plan_node *node;

	if (!bound->seen_count)
		return child;
	node = lower_node(l, PLAN_FIRST_SEEN, child, NULL);
	if (!node)
		return NULL;
	node->range_ns = bound->seen_ns;
	node->key_count = (uint8_t)bound->seen_count;
	node->left_keys = compilation_alloc(l->c, bound->seen_count,
					    sizeof(*node->left_keys));
	if (!node->left_keys)
		return NULL;
	for (unsigned i = 0; i < bound->seen_count; i++) {
		node->left_keys[i] = lower_value(l, bound->seen[i]);
		if (!node->left_keys[i])
			return NULL;
	}
	return node;
}

static struct plan_node *lower_tree(struct lowering *l)
{
	struct plan_node *root;

	if (l->bound->top == BOUND_SEQUENCE) {
		root = lower_sequence(l);
	} else {
		root = lower_joins(l);
		root = root ? lower_seen(l, root) : NULL;
		if (root && l->bound->top == BOUND_OVER)
			root = lower_over(l, root);
		else if (root && l->bound->top == BOUND_GROUP)
			root = lower_group(l, root);
	}
	return root ? lower_filter(l, root, &l->above, ~0u) : NULL;
}

const struct expr **lower_block_keys(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	const struct expr **keys =
		compilation_alloc(l->c, bound->key_count, sizeof(*keys));

	for (unsigned i = 0; keys && i < bound->key_count; i++) {
		keys[i] = lower_value(l, bound->keys[i].expr);
		if (!keys[i])
			return NULL;
	}
	return keys;
}

static bool lower_outputs(struct lowering *l)
{
	struct plan_output *outputs = compilation_alloc(
		l->c, l->bound->output_count, sizeof(*outputs));

	if (!outputs)
		return false;
	for (unsigned i = 0; i < l->bound->output_count; i++) {
		outputs[i] = l->bound->outputs[i];
		outputs[i].expr = lower_value(l, outputs[i].expr);
		if (!outputs[i].expr)
			return false;
	}
	l->rule->outputs = outputs;
	l->rule->output_count = l->bound->output_count;
	return true;
}

static bool describe_inputs(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	unsigned n = bound->input_count;
	const char **names = compilation_alloc(l->c, n, sizeof(*names));
	enum stream_id *streams = compilation_alloc(l->c, n, sizeof(*streams));
	const struct plan_rule **rules =
		compilation_alloc(l->c, n, sizeof(*rules));

	if (!names || !streams || !rules)
		return false;
	for (unsigned i = 0; i < n; i++) {
		names[i] = bound->inputs[i].name;
		streams[i] = bound->inputs[i].stream;
		rules[i] = bound->inputs[i].rule;
	}
	l->rule->input_count = n;
	l->rule->input_names = names;
	l->rule->input_streams = streams;
	l->rule->input_rules = rules;
	return true;
}

static bool describe_slots(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	bool group = bound->top == BOUND_GROUP;
	const char **names;
	unsigned n = 0;

	if (!group && bound->top != BOUND_OVER)
		return true;
	names = compilation_alloc(l->c, TUPLE_SLOTS_MAX, sizeof(*names));
	if (!names)
		return false;
	if (group) {
		names[n++] = "window_start";
		names[n++] = "window_end";
	}
	CHECK(n + bound->key_count + bound->aggregate_count <= TUPLE_SLOTS_MAX);
	for (unsigned i = 0; group && i < bound->key_count; i++)
		names[n++] = bound->keys[i].name;
	for (unsigned i = 0; i < bound->aggregate_count; i++)
		names[n++] = bound->aggregates[i].name;
	l->rule->slot_count = n;
	l->rule->slot_names = names;
	return true;
}

/* An internal rule is its part of the text, so that no two are the same. */
static void print_canonical(struct buf *out, const struct bound_rule *bound)
{
	struct ast_rule block = { .name = bound->name,
				  .span = bound->ast->span,
				  .select =
					  (struct ast_select *)bound->select };

	print_rule(out, bound->internal ? &block : bound->ast);
}

static bool lower_describe(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_rule *rule = l->rule;
	struct buf canonical = BUF_INIT;

	print_canonical(&canonical, bound);
	*rule = (struct plan_rule){
		.name = bound->name,
		.internal = bound->internal,
		.severity = bound->internal ? "" : bound->severity,
		.description = bound->internal ? "" : bound->description,
		.attack = bound->internal ? "" : bound->attack,
		.canonical = compilation_take(l->c, &canonical),
	};
	if (!bound->internal) {
		rule->suppress_ns = bound->ast->suppress_ns;
		rule->suppress_on_gap = bound->ast->gap == AST_GAP_SUPPRESS;
	}
	return rule->canonical && describe_inputs(l) && describe_slots(l);
}

static bool lower_all(struct lowering *l)
{
	const struct bound_rule *bound = l->bound;
	struct plan_rule *rule = l->rule;

	/* What it reads must be whole; if it is not, that was complained of. */
	for (unsigned i = 0; i < bound->input_count; i++)
		if (bound->inputs[i].rule && !bound->inputs[i].rule->root)
			return false;
	if (!lower_describe(l) || !collect_all(l) || !lower_outputs(l))
		return false;
	rule->root = lower_tree(l);
	return rule->root && lower_keys(l) && lower_emit(l);
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
