// SPDX-License-Identifier: Apache-2.0
/* CASE, and the one type that several operands have. */
#include "compiler/type_int.h"

/* False: they have none. */
static bool join_types(enum value_type *type, enum value_type other)
{
	if (other == VALUE_NULL || other == *type)
		return true;
	if (*type == VALUE_NULL)
		*type = other;
	else if (type_is_number(*type) && type_is_number(other))
		*type = VALUE_DOUBLE;
	else
		return false;
	return true;
}

/* Of those before `last` the first that has another type, which there is. */
static const struct operand *other_type(const struct operand *operands,
					const struct operand *last)
{
	const struct operand *o = operands;

	while (o->expr->type == VALUE_NULL || o->expr->type == last->expr->type)
		o++;
	CHECK(o < last);
	return o;
}

static void different(struct binder *b, const struct operand *first,
		      const struct operand *other, const char *what)
{
	bool text = first->expr->type == VALUE_TEXT ||
		    other->expr->type == VALUE_TEXT;
	const struct operand *cast =
		first->expr->type == VALUE_TEXT ? other : first;
	const char *hint = NULL;

	if (text && cast->expr->type != VALUE_LIST)
		hint = compilation_text(b->c, "write CAST(%s AS TEXT)",
					bind_quote(b, cast->ast));
	compilation_error(
		b->c, other->ast->span, hint,
		"%s gives one type, but %s is %s and %s is %s", what,
		bind_quote(b, first->ast), value_type_name(first->expr->type),
		bind_quote(b, other->ast), value_type_name(other->expr->type));
}

/* The first that has a type which no text constant gave it. */
static const struct operand *typed(const struct operand *operands,
				   unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (operands[i].ast->op != AST_TEXT &&
		    operands[i].expr->type != VALUE_NULL)
			return &operands[i];
	return NULL;
}

/*
 * Columns with named values and names of theirs give texts; without a name they
 * are the numbers that they are. False: no memory.
 */
static bool spell_all(struct binder *b, struct operand *operands,
		      unsigned count, bool *ret_spelled)
{
	unsigned columns = 0, names = 0, others = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct operand *o = &operands[i];
		const struct expr *spelled =
			bind_spelled(b->c, b->rule, o->expr);

		if (!spelled)
			return false;
		columns += spelled != o->expr;
		names += o->ast->op == AST_TEXT;
		others += spelled == o->expr && o->ast->op != AST_TEXT &&
			  o->expr->type != VALUE_NULL;
	}
	*ret_spelled = columns && names && !others;
	for (unsigned i = 0; i < count && *ret_spelled; i++) {
		operands[i].expr =
			bind_spelled(b->c, b->rule, operands[i].expr);
		if (!operands[i].expr)
			return false;
	}
	return true;
}

bool type_unify(struct binder *b, struct operand *operands, unsigned count,
		const char *what, enum value_type *ret_type)
{
	enum value_type type = VALUE_NULL;
	const struct expr *beside, *literal;
	const struct operand *first = NULL;
	bool spelled;

	for (unsigned i = 0; i < count; i++)
		if (!operands[i].expr)
			return false;
	first = typed(operands, count);
	beside = first ? first->expr : NULL;
	if (!spell_all(b, operands, count, &spelled))
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct operand *o = &operands[i];

		/* Also of names that stay texts: are they names? */
		literal = o->expr;
		if (first && !bind_literal(b, o->ast, beside, &literal))
			return false;
		if (!spelled)
			o->expr = literal;
		if (join_types(&type, o->expr->type))
			continue;
		different(b, other_type(operands, o), o, what);
		return false;
	}
	for (unsigned i = 0; i < count && type == VALUE_DOUBLE; i++)
		if (operands[i].expr->type == VALUE_INT)
			operands[i].expr =
				type_cast_to(b, operands[i].ast,
					     operands[i].expr, VALUE_DOUBLE);
	*ret_type = type;
	return !b->c->nomem;
}

/* Value i of CASE is args[2i + 1], and the ELSE the last. */
static unsigned value_place(const struct ast_expr *ast, unsigned i)
{
	return 2 * i + 1 < ast->arg_count ? 2 * i + 1 : 2 * i;
}

const struct expr *type_case(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	unsigned count = (ast->arg_count + 1) / 2;
	struct operand *values =
		compilation_alloc(b->c, count, sizeof(*values));
	struct expr *expr =
		build_op(b->c->arena, EXPR_CASE, VALUE_NULL, ast->arg_count);
	enum value_type type;
	bool ok = true;

	if (!values || !type_keep(b, expr))
		return NULL;
	for (unsigned i = 0; i + 1 < ast->arg_count; i += 2) {
		expr->args[i] = bind_condition(b, scope, ast->args[i]);
		ok &= expr->args[i] != NULL;
	}
	for (unsigned i = 0; i < count; i++)
		values[i] =
			type_operand(b, scope, ast->args[value_place(ast, i)]);
	if (!type_unify(b, values, count, "CASE", &type) || !ok)
		return NULL;
	for (unsigned i = 0; i < count; i++)
		expr->args[value_place(ast, i)] = values[i].expr;
	expr->type = type;
	return expr;
}
