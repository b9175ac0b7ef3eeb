// SPDX-License-Identifier: Apache-2.0
/* Constants that a column never is: the rule means something else. */
#include "compiler/bind_int.h"

static const struct column *column_of(const struct binder *b,
				      const struct expr *x)
{
	if (x->op != EXPR_COLUMN)
		return NULL;
	return catalog_column_at(
		catalog_stream(b->rule->inputs[x->input].stream), x->column);
}

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

void bind_range(struct binder *b, const struct expr *x,
		const struct ast_expr *ast, const struct expr *constant)
{
	const struct column *column = column_of(b, x);
	const struct value *v = &constant->value;
	int64_t most;

	if (!column || constant->op != EXPR_CONST)
		return;
	if (v->type == VALUE_TEXT && is_too_long(column, v->len))
		warn_long(b, ast, column);
	if (v->type == VALUE_INT && is_unsigned(column, &most) &&
	    (v->i < 0 || v->i > most))
		compilation_warning(
			b->c, ast->span, NULL, "%s is from 0 to %lld, never %s",
			column->name, (long long)most, bind_quote(b, ast));
}

void bind_range_like(struct binder *b, const struct expr *like,
		     const struct ast_expr *ast)
{
	const struct column *column = column_of(b, like->args[0]);
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
