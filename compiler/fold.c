// SPDX-License-Identifier: Apache-2.0
#include "compiler/fold.h"

#include "compiler/build.h"

/* How an expression is used: its value is wanted, or its negation ... */
struct use {
	bool negate;
	bool truth; /* ... and only whether it is TRUE */
};

static const struct use as_value;

static const struct expr *fold_expr(struct fold *f, const struct expr *expr,
				    struct use use);

void fold_init(struct fold *fold, struct arena *arena)
{
	*fold = (struct fold){ .arena = arena, .nodes_left = FOLD_NODES_MAX };
}

static const struct expr *keep(struct fold *f, const struct expr *expr)
{
	f->nomem |= !expr;
	return expr;
}

/* A truth value: 1, 0, -1 for NULL. */
static const struct expr *truth_const(struct fold *f, int truth, struct use use)
{
	if (truth < 0 && !use.truth)
		return keep(f, build_null(f->arena));
	if (truth < 0)
		return keep(f, build_bool(f->arena, false));
	return keep(f, build_bool(f->arena, use.negate ? !truth : truth));
}

static int truth_of(struct value v)
{
	return value_is_null(v) ? -1 : v.i != 0;
}

static const struct expr *fold_const(struct fold *f, const struct expr *expr,
				     struct use use)
{
	if (expr->type == VALUE_BOOL || use.negate || use.truth)
		return truth_const(f, truth_of(expr->value), use);
	return expr;
}

static const struct expr *negated(struct fold *f, const struct expr *expr,
				  struct use use)
{
	if (!expr || !use.negate)
		return keep(f, expr);
	return keep(f, build_not(f->arena, expr));
}

/* All args are constants, there is no row to look at. */
static const struct expr *compute(struct fold *f, const struct expr *expr,
				  struct use use)
{
	static const struct tuple nothing;
	struct value v = expr_eval(expr, &nothing, &f->env);

	if (expr->type == VALUE_BOOL)
		return truth_const(f, truth_of(v), use);
	return keep(f, build_const(f->arena, expr->type, v));
}

static bool all_const(const struct expr *expr)
{
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (!build_is_const(expr->args[i]))
			return false;
	return true;
}

/* A copy whose args are folded values; NULL: see the flags. */
static struct expr *copy(struct fold *f, const struct expr *expr)
{
	struct expr *ret =
		build_op(f->arena, expr->op, expr->type, expr->arg_count);

	keep(f, ret);
	if (!ret)
		return NULL;
	ret->input = expr->input;
	ret->slot = expr->slot;
	ret->escape = expr->escape;
	ret->column = expr->column;
	ret->value = expr->value;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		ret->args[i] = fold_expr(f, expr->args[i], as_value);
		if (!ret->args[i])
			return NULL;
	}
	return ret;
}

/* Leaves that have no opposite: IN, LIKE and such, IS NULL. */
static const struct expr *fold_leaf(struct fold *f, const struct expr *expr,
				    struct use use)
{
	struct expr *ret = copy(f, expr);

	if (!ret)
		return NULL;
	if (ret->arg_count && all_const(ret))
		return compute(f, ret, use);
	return negated(f, ret, use);
}

static enum expr_op opposite(enum expr_op op)
{
	switch ((int)op) {
	case EXPR_EQ:
		return EXPR_NE;
	case EXPR_NE:
		return EXPR_EQ;
	case EXPR_LT:
		return EXPR_GE;
	case EXPR_LE:
		return EXPR_GT;
	case EXPR_GT:
		return EXPR_LE;
	default:
		return EXPR_LT;
	}
}

/* a op b is b mirror(op) a */
static enum expr_op mirror(enum expr_op op)
{
	switch ((int)op) {
	case EXPR_LT:
		return EXPR_GT;
	case EXPR_LE:
		return EXPR_GE;
	case EXPR_GT:
		return EXPR_LT;
	case EXPR_GE:
		return EXPR_LE;
	default:
		return op;
	}
}

static bool is_null_const(const struct expr *expr)
{
	return build_is_const(expr) && value_is_null(expr->value);
}

static const struct expr *
fold_comparison(struct fold *f, const struct expr *expr, struct use use)
{
	struct expr *ret = copy(f, expr);
	const struct expr *left;

	if (!ret)
		return NULL;
	left = ret->args[0];
	if (is_null_const(left) || is_null_const(ret->args[1]))
		return truth_const(f, -1, use);
	if (all_const(ret))
		return compute(f, ret, use);
	if (build_is_const(left)) {
		ret->args[0] = ret->args[1];
		ret->args[1] = left;
		ret->op = mirror(ret->op);
	}
	if (use.negate)
		ret->op = opposite(ret->op);
	return ret;
}

/* What a LIKE pattern asks for: a text, and what may stand around it. */
struct pattern {
	uint8_t *text;
	size_t len;
	bool open_start; /* begins with % */
	bool open_end;
	bool inner; /* % inside, or _ anywhere: only LIKE itself can tell */
};

static bool read_pattern(struct fold *f, const struct expr *expr,
			 struct pattern *pattern)
{
	const uint8_t *p = expr->value.p, *end = p + expr->value.len;

	*pattern = (struct pattern){ 0 };
	pattern->text = arena_alloc(f->arena, expr->value.len);
	if (!pattern->text)
		return false;
	for (; p < end; p++) {
		bool escaped =
			expr->escape && *p == expr->escape && p + 1 < end;

		if (!escaped && *p == '%') {
			pattern->open_start |= pattern->len == 0;
			pattern->open_end = true;
			continue;
		}
		pattern->inner |= (!escaped && *p == '_') ||
				  (pattern->open_end && pattern->len);
		pattern->open_end = false;
		p += escaped;
		pattern->text[pattern->len++] = *p;
	}
	return true;
}

static const struct expr *fold_like(struct fold *f, const struct expr *expr,
				    struct use use)
{
	struct expr *ret = copy(f, expr);
	struct pattern pattern;
	struct value text;

	if (!ret)
		return NULL;
	if (all_const(ret))
		return compute(f, ret, use);
	if (!read_pattern(f, ret, &pattern))
		return keep(f, NULL);
	if (pattern.inner)
		return negated(f, ret, use);
	text = value_bytes(VALUE_TEXT, pattern.text, pattern.len);
	if (!pattern.open_start && !pattern.open_end) {
		const struct expr *constant =
			build_const(f->arena, VALUE_TEXT, text);

		if (!keep(f, constant))
			return NULL;
		return keep(f,
			    build_two(f->arena, use.negate ? EXPR_NE : EXPR_EQ,
				      VALUE_BOOL, ret->args[0], constant));
	}
	ret->op = !pattern.open_start ? EXPR_PREFIX :
		  !pattern.open_end   ? EXPR_SUFFIX :
		  pattern.len	      ? EXPR_CONTAINS :
					EXPR_PREFIX;
	ret->value = text;
	ret->escape = 0;
	return negated(f, ret, use);
}

/* The args of an AND or OR, while it is made flat. */
struct chain {
	const struct expr **items;
	unsigned count;
	unsigned size;
	bool null;     /* one of them is NULL */
	bool absorbed; /* FALSE in AND, TRUE in OR */
};

static bool chain_put(struct fold *f, struct chain *chain,
		      const struct expr *item)
{
	if (chain->count == chain->size) {
		unsigned size = chain->size ? chain->size * 2 : 8;
		const struct expr **items =
			arena_array(f->arena, size, sizeof(*items));

		if (!keep(f, (const void *)items))
			return false;
		if (chain->count)
			memcpy(items, chain->items,
			       chain->count * sizeof(*items));
		chain->items = items;
		chain->size = size;
	}
	chain->items[chain->count++] = item;
	return true;
}

static bool chain_add(struct fold *f, struct chain *chain, enum expr_op op,
		      const struct expr *item)
{
	if (item->op == op) {
		for (unsigned i = 0; i < item->arg_count; i++)
			if (!chain_add(f, chain, op, item->args[i]))
				return false;
		return true;
	}
	if (is_null_const(item)) {
		chain->null = true;
		return true;
	}
	if (build_is_const(item)) {
		chain->absorbed |= build_is_bool(item, op == EXPR_OR);
		return true;
	}
	return chain_put(f, chain, item);
}

/* By De Morgan NOT goes to the leaves; that holds with NULL too. */
static const struct expr *fold_chain(struct fold *f, const struct expr *expr,
				     struct use use)
{
	enum expr_op op = expr->op;
	struct chain chain = { 0 };
	struct expr *ret;

	if (use.negate)
		op = op == EXPR_AND ? EXPR_OR : EXPR_AND;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		const struct expr *item = fold_expr(f, expr->args[i], use);

		if (!item || !chain_add(f, &chain, op, item))
			return NULL;
	}
	if (chain.absorbed)
		return keep(f, build_bool(f->arena, op == EXPR_OR));
	if (chain.null && !chain_put(f, &chain, keep(f, build_null(f->arena))))
		return NULL;
	if (chain.count == 0)
		return keep(f, build_bool(f->arena, op == EXPR_AND));
	if (chain.count == 1)
		return chain.items[0];
	ret = build_op(f->arena, op, VALUE_BOOL, 0);
	if (!keep(f, ret))
		return NULL;
	ret->args = chain.items;
	ret->arg_count = (uint16_t)chain.count;
	return ret;
}

static const struct expr *fold_expr(struct fold *f, const struct expr *expr,
				    struct use use)
{
	struct use inner = use;

	if (!f->nodes_left) {
		f->exhausted = true;
		return NULL;
	}
	f->nodes_left--;
	switch (expr->op) {
	case EXPR_CONST:
		return fold_const(f, expr, use);
	case EXPR_COLUMN:
	case EXPR_SLOT:
	case EXPR_IS_NULL:
	case EXPR_IN:
	case EXPR_PREFIX:
	case EXPR_SUFFIX:
	case EXPR_CONTAINS:
	case EXPR_ELEMENT:
	case EXPR_ANY:
	case EXPR_ALL:
	case EXPR_REGEXP:
	case EXPR_CIDR:
	case EXPR_IS_TRUE:
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_MOD:
	case EXPR_NEG:
	case EXPR_CONCAT:
	case EXPR_CASE:
	case EXPR_CAST:
	case EXPR_CALL:
		return fold_leaf(f, expr, use);
	case EXPR_NOT:
		inner.negate = !use.negate;
		return fold_expr(f, expr->args[0], inner);
	case EXPR_AND:
	case EXPR_OR:
		return fold_chain(f, expr, use);
	case EXPR_EQ:
	case EXPR_NE:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return fold_comparison(f, expr, use);
	case EXPR_LIKE:
		return fold_like(f, expr, use);
	case EXPR_OP_COUNT:
		break;
	}
	CHECK(!"an operator of expressions");
	return NULL;
}

const struct expr *fold_value(struct fold *fold, const struct expr *expr)
{
	return fold_expr(fold, expr, as_value);
}

const struct expr *fold_condition(struct fold *fold, const struct expr *expr)
{
	return fold_expr(fold, expr, (struct use){ .truth = true });
}
