// SPDX-License-Identifier: Apache-2.0
/*
 * Expressions on a process as expressions on the record of its exec:
 *
 *	exe		the record's path
 *	name = 'x'	exe = 'x' or exe ends with '/x'; name <> 'x', IN alike
 *	name LIKE '%x'	exe ends with 'x', where x holds no '/'
 *	exe_memfd ...	bits of the record's flags
 *
 * What else there is stays, and user space decides it. NULL stays NULL.
 */
#include "compiler/pushdown_process.h"

#include <string.h>

static const struct stream *exec_stream(void)
{
	return catalog_stream(STREAM_PROCESS_EXEC);
}

static struct expr *node(struct arena *arena, enum expr_op op, unsigned args)
{
	struct expr *e = arena_alloc(arena, sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct expr){ .op = op,
			    .type = VALUE_BOOL,
			    .arg_count = (uint16_t)args };
	if (args)
		e->args = arena_array(arena, args, sizeof(const struct expr *));
	return args && !e->args ? NULL : e;
}

static const struct expr *record_column(struct arena *arena, const char *name)
{
	const struct column *column =
		catalog_column(exec_stream(), name, strlen(name));
	struct expr *e;

	CHECK(column);
	e = node(arena, EXPR_COLUMN, 0);
	if (e) {
		e->type = column->type;
		e->column = column->id;
	}
	return e;
}

static const struct expr *number(struct arena *arena, int64_t i)
{
	struct expr *e = node(arena, EXPR_CONST, 0);

	if (e) {
		e->type = VALUE_INT;
		e->value = value_int(i);
	}
	return e;
}

static const struct expr *two(struct arena *arena, enum expr_op op,
			      enum value_type type, const struct expr *a,
			      const struct expr *b)
{
	struct expr *e = a && b ? node(arena, op, 2) : NULL;

	if (!e)
		return NULL;
	e->type = type;
	e->args[0] = a;
	e->args[1] = b;
	return e;
}

/* flags / bit % 2 <> 0 */
static const struct expr *flag(struct arena *arena, uint32_t bit)
{
	const struct expr *e = record_column(arena, "exec_flags");

	e = two(arena, EXPR_DIV, VALUE_INT, e, number(arena, bit));
	e = two(arena, EXPR_MOD, VALUE_INT, e, number(arena, 2));
	return two(arena, EXPR_NE, VALUE_BOOL, e, number(arena, 0));
}

static const struct expr *exec_column(struct arena *arena,
				      const struct expr *expr)
{
	switch (expr->column) {
	case COL_exe:
		return record_column(arena, "exec_exe");
	case COL_exe_memfd:
		return flag(arena, EVENT_FLAG_EXE_MEMFD);
	case COL_exe_deleted:
		return flag(arena, EVENT_FLAG_EXE_DELETED);
	default:
		return expr;
	}
}

static bool is_name(const struct expr *expr)
{
	return expr->op == EXPR_COLUMN && expr->column == COL_name;
}

static bool has_slash(struct value text)
{
	return text.len && memchr(text.p, '/', text.len);
}

static bool is_plain_text(const struct expr *expr)
{
	return expr->op == EXPR_CONST && expr->value.type == VALUE_TEXT &&
	       !has_slash(expr->value);
}

static const struct expr *ends_with(struct arena *arena, struct value text,
				    bool fold_case)
{
	struct expr *e = node(arena, EXPR_SUFFIX, 1);

	if (!e)
		return NULL;
	e->value = text;
	e->fold_case = fold_case;
	e->args[0] = record_column(arena, "exec_exe");
	return e->args[0] ? e : NULL;
}

/* exe = text OR exe LIKE '%/text' */
static const struct expr *name_is(struct arena *arena, const struct expr *text)
{
	uint32_t len = text->value.len;
	char *with_slash = arena_alloc(arena, (size_t)len + 1);

	if (!with_slash)
		return NULL;
	with_slash[0] = '/';
	if (len)
		memcpy(with_slash + 1, text->value.p, len);
	return two(arena, EXPR_OR, VALUE_BOOL,
		   two(arena, EXPR_EQ, VALUE_BOOL,
		       record_column(arena, "exec_exe"), text),
		   ends_with(arena,
			     value_bytes(VALUE_TEXT, with_slash, len + 1),
			     false));
}

static const struct expr *name_in(struct arena *arena, const struct expr *expr)
{
	struct expr *any;

	for (unsigned i = 1; i < expr->arg_count; i++)
		if (!is_plain_text(expr->args[i]))
			return expr;
	if (expr->arg_count == 2)
		return name_is(arena, expr->args[1]);
	any = node(arena, EXPR_OR, expr->arg_count - 1u);
	for (unsigned i = 1; any && i < expr->arg_count; i++) {
		any->args[i - 1] = name_is(arena, expr->args[i]);
		if (!any->args[i - 1])
			return NULL;
	}
	return any;
}

/* A test of `name`; itself where the record does not say. */
static const struct expr *name_test(struct arena *arena,
				    const struct expr *expr)
{
	const struct expr *e;
	struct expr * not ;

	switch ((int)expr->op) {
	case EXPR_IN:
		return name_in(arena, expr);
	case EXPR_SUFFIX:
		if (has_slash(expr->value))
			return expr;
		return ends_with(arena, expr->value, expr->fold_case);
	case EXPR_EQ:
	case EXPR_NE:
		break;
	default:
		return expr;
	}
	if (!is_plain_text(expr->args[1]))
		return expr;
	e = name_is(arena, expr->args[1]);
	if (!e || expr->op == EXPR_EQ)
		return e;
	not = node(arena, EXPR_NOT, 1);
	if (not )
		not ->args[0] = e;
	return not ;
}

const struct expr *exec_expr(struct arena *arena, const struct expr *expr)
{
	const struct expr **args;
	struct expr *copy;

	if (expr->op == EXPR_COLUMN)
		return exec_column(arena, expr);
	if (!expr->arg_count)
		return expr;
	if (is_name(expr->args[0]))
		return name_test(arena, expr);
	copy = node(arena, expr->op, expr->arg_count);
	if (!copy)
		return NULL;
	args = copy->args;
	*copy = *expr;
	copy->args = args;
	for (unsigned i = 0; i < expr->arg_count; i++) {
		args[i] = exec_expr(arena, expr->args[i]);
		if (!args[i])
			return NULL;
	}
	return copy;
}
