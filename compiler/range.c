// SPDX-License-Identifier: Apache-2.0
/* Comparisons that a column decides alone: the rule means something else. */
#include "compiler/bind_int.h"

#include "compiler/comparison.h"

/* False: it may be any number. */
static bool is_unsigned(const struct column *column, int64_t *ret_most)
{
	if (column->type != VALUE_INT ||
	    (column->wire != WIRE_U8 && column->wire != WIRE_U16 &&
	     column->wire != WIRE_U32))
		return false;
	*ret_most = (int64_t)((1ULL << 8 * column->size) - 1);
	return true;
}

/* The last of a short name's bytes is a NUL. */
static bool is_too_long(const struct column *column, size_t len)
{
	return column->wire == WIRE_CHARS && len >= column->size;
}

static void warn_long(struct binder *b, const struct ast_expr *ast,
		      const struct column *column)
{
	const char *name = NULL;

	if (column->id == COL_comm)
		name = "name is the program's whole file name";
	compilation_warning(b->c, ast->span, name,
			    "%s has at most %u bytes, it is never this",
			    column->name, column->size - 1u);
}

/*
 * A number from 0 to `most` against a constant: is the answer the same for all?
 * Where it is for both ends there is no other in between, unless the constant
 * lies there.
 */
static bool is_decided(enum expr_op op, struct value constant, int64_t most,
		       bool *ret_always)
{
	int least = value_compare(value_int(0), constant);
	int greatest = value_compare(value_int(most), constant);

	*ret_always = comparison_holds(op, least);
	return comparison_holds(op, least) == comparison_holds(op, greatest) &&
	       !(least < 0 && greatest > 0);
}

static void check_number(struct binder *b, enum expr_op op,
			 const struct column *column,
			 const struct ast_expr *ast, struct value v, bool edges)
{
	int64_t most;
	bool always, outside;

	if (!is_unsigned(column, &most) || !is_decided(op, v, most, &always))
		return;
	outside = value_compare(v, value_int(0)) < 0 ||
		  value_compare(v, value_int(most)) > 0;
	if (!outside && !edges)
		return;
	if (op == EXPR_EQ || op == EXPR_NE)
		compilation_warning(
			b->c, ast->span, NULL, "%s is from 0 to %lld, never %s",
			column->name, (long long)most, bind_quote(b, ast));
	else
		compilation_warning(b->c, ast->span, NULL,
				    "%s is from 0 to %lld, this is %s",
				    column->name, (long long)most,
				    always ? "always true" : "never true");
}

/* Of what COUNT gives. */
static void check_count(struct binder *b, enum expr_op op, const struct expr *x,
			const struct ast_expr *ast, struct value v)
{
	const struct bound_aggregate *aggregate = bind_aggregate_of(b->rule, x);
	bool always;

	if (!aggregate || (aggregate->op != PLAN_COUNT_ROWS &&
			   aggregate->op != PLAN_COUNT_VALUES &&
			   aggregate->op != PLAN_COUNT_DISTINCT))
		return;
	if (is_decided(op, v, INT64_MAX, &always))
		compilation_warning(b->c, ast->span, NULL,
				    "a count is never below 0, this is %s",
				    always ? "always true" : "never true");
}

void bind_range(struct binder *b, enum expr_op op, const struct expr *x,
		const struct ast_expr *ast, const struct expr *constant,
		bool edges)
{
	enum stream_id stream;
	const struct column *column = bind_origin(b->rule, x, &stream);
	const struct value *v = &constant->value;

	if (constant->op != EXPR_CONST)
		return;
	if (v->type == VALUE_INT || v->type == VALUE_DOUBLE)
		check_count(b, op, x, ast, *v);
	if (!column)
		return;
	if (v->type == VALUE_TEXT && is_too_long(column, v->len) &&
	    (op == EXPR_EQ || op == EXPR_NE))
		warn_long(b, ast, column);
	if (v->type == VALUE_INT || v->type == VALUE_DOUBLE)
		check_number(b, op, column, ast, *v, edges);
}

void bind_range_like(struct binder *b, const struct expr *like,
		     const struct ast_expr *ast)
{
	enum stream_id stream;
	const struct column *column =
		bind_origin(b->rule, like->args[0], &stream);
	const struct value *pattern = &like->value;
	size_t least = 0;

	for (uint32_t i = 0; i < pattern->len; i++) {
		bool escape = like->escape && pattern->p[i] == like->escape;

		least += escape || pattern->p[i] != '%';
		i += escape;
	}
	if (column && is_too_long(column, least))
		warn_long(b, ast, column);
}

void bind_range_same(struct binder *b, struct span span, enum expr_op op,
		     const struct ast_expr *ast, const struct expr *l,
		     const struct expr *r)
{
	if (l->op != EXPR_COLUMN || r->op != EXPR_COLUMN ||
	    l->input != r->input || l->column != r->column)
		return;
	if (comparison_holds(op, 0))
		compilation_warning(b->c, span,
				    compilation_text(b->c,
						     "write %s IS NOT NULL",
						     bind_quote(b, ast)),
				    "a column always equals itself, unless it "
				    "is NULL");
	else
		compilation_warning(b->c, span, NULL,
				    "a column never differs from itself: this "
				    "is never true");
}
