// SPDX-License-Identifier: Apache-2.0
/*
 * A path that is such a text, or ends so, has a last component that follows from
 * the text: most files can be told apart by it alone, so cheaply that it is
 * asked before the path is made.
 */
#include "compiler/pushdown_int.h"

#include <string.h>

/* More texts of one IN are not told apart so. */
#define NAMES_MAX 64

static const struct cond *name_field(struct cond_set *set,
				     const struct column *column, size_t offset,
				     uint8_t size, uint64_t value)
{
	struct field field = {
		.offset = (uint16_t)(catalog_path_name(set->stream->id,
						       column->id) +
				     offset),
		.size = size,
	};

	return cond_compare(set, IR_EQ, operand_field(set, field),
			    operand_const(set, (int64_t)value));
}

/* The path ends with the text, which has a '/': the component behind it. */
static const struct cond *name_of(struct cond_set *set,
				  const struct column *column,
				  const uint8_t *text, uint32_t len)
{
	const uint8_t *slash = len ? memrchr(text, '/', len) : NULL;
	const struct cond *is_unknown, *is_it;
	uint64_t start = 0;
	uint32_t name_len;

	if (!slash)
		return cond_const(true);
	name_len = (uint32_t)(text + len - (slash + 1));
	if (!name_len)
		return cond_const(true);
	for (uint32_t i = 0; i < name_len && i < sizeof(start); i++)
		start |= (uint64_t)slash[1 + i] << 8 * i;
	is_unknown = name_field(set, column, offsetof(struct path_name, len),
				sizeof(__u32), 0);
	is_it = cond_join2(
		set, COND_AND,
		name_field(set, column, offsetof(struct path_name, start),
			   sizeof(__u64), start),
		name_field(set, column, offsetof(struct path_name, len),
			   sizeof(__u32), name_len));
	return cond_join2(set, COND_OR, is_it, is_unknown);
}

static const struct cond *names_in(struct cond_set *set,
				   const struct column *column,
				   const struct expr *expr)
{
	const struct cond *any = cond_const(false);

	if (expr->arg_count > NAMES_MAX)
		return cond_const(true);
	for (unsigned i = 1; i < expr->arg_count; i++) {
		const struct expr *arg = expr->args[i];

		if (arg->op != EXPR_CONST)
			return cond_const(true);
		if (arg->value.type != VALUE_TEXT)
			continue; /* it equals none */
		any = cond_join2(
			set, COND_OR, any,
			name_of(set, column, arg->value.p, arg->value.len));
	}
	return any;
}

/* The text behind the last wildcard. */
static const struct cond *name_like(struct cond_set *set,
				    const struct column *column,
				    const struct expr *expr)
{
	const uint8_t *pattern = expr->value.p;
	uint32_t len = expr->value.len, from = len;

	if (expr->escape)
		return cond_const(true);
	while (from > 0 && pattern[from - 1] != '%' && pattern[from - 1] != '_')
		from--;
	return name_of(set, column, pattern + from, len - from);
}

const struct cond *name_cond(struct cond_set *set, const struct expr *expr)
{
	const struct column *column =
		expr->arg_count ? column_of(set, expr->args[0]) : NULL;
	const struct expr *other = expr->arg_count > 1 ? expr->args[1] : NULL;

	/* A constant on the left is not looked at. */
	if (!column || !catalog_path_name(set->stream->id, column->id) ||
	    expr->fold_case)
		return cond_const(true);
	if (expr->op == EXPR_IN)
		return names_in(set, column, expr);
	if (expr->op == EXPR_EQ && other && other->op == EXPR_CONST &&
	    other->value.type == VALUE_TEXT)
		return name_of(set, column, other->value.p, other->value.len);
	if (expr->op == EXPR_SUFFIX && expr->value.type == VALUE_TEXT)
		return name_of(set, column, expr->value.p, expr->value.len);
	if (expr->op == EXPR_LIKE && expr->value.type == VALUE_TEXT)
		return name_like(set, column, expr);
	return cond_const(true);
}
