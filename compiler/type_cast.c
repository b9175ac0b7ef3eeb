// SPDX-License-Identifier: Apache-2.0
/* CAST(x AS type): the names of types, and which become which. */
#include "compiler/type_int.h"

#include "compiler/suggest.h"

#include <string.h>

/* The first name of a type is the one that messages give. */
static const struct {
	const char *name;
	enum value_type type;
} type_names[] = {
	{ "bool", VALUE_BOOL },		{ "boolean", VALUE_BOOL },
	{ "bigint", VALUE_INT },	{ "int", VALUE_INT },
	{ "integer", VALUE_INT },	{ "smallint", VALUE_INT },
	{ "tinyint", VALUE_INT },	{ "double", VALUE_DOUBLE },
	{ "float", VALUE_DOUBLE },	{ "real", VALUE_DOUBLE },
	{ "text", VALUE_TEXT },		{ "varchar", VALUE_TEXT },
	{ "char", VALUE_TEXT },		{ "string", VALUE_TEXT },
	{ "bytes", VALUE_BYTES },	{ "blob", VALUE_BYTES },
	{ "varbinary", VALUE_BYTES },	{ "ip", VALUE_IP },
	{ "inet", VALUE_IP },		{ "timestamp", VALUE_TIMESTAMP },
	{ "interval", VALUE_INTERVAL }, { "hash256", VALUE_HASH },
};

#define TO(type) (1u << VALUE_##type)

/* What a value of a type may become, beside itself. */
static const unsigned casts[VALUE_TYPE_COUNT] = {
	[VALUE_BOOL] = TO(INT) | TO(DOUBLE) | TO(TEXT),
	[VALUE_INT] =
		TO(BOOL) | TO(DOUBLE) | TO(TEXT) | TO(TIMESTAMP) | TO(INTERVAL),
	[VALUE_DOUBLE] = TO(BOOL) | TO(INT) | TO(TEXT),
	[VALUE_TEXT] = TO(BOOL) | TO(INT) | TO(DOUBLE) | TO(BYTES) | TO(IP) |
		       TO(TIMESTAMP) | TO(INTERVAL) | TO(HASH),
	[VALUE_LIST] = TO(TEXT),
	[VALUE_BYTES] = TO(TEXT),
	[VALUE_IP] = TO(TEXT),
	[VALUE_HASH] = TO(TEXT) | TO(BYTES),
	[VALUE_TIMESTAMP] = TO(INT) | TO(TEXT),
	[VALUE_INTERVAL] = TO(INT) | TO(TEXT),
};

/* False: complained. */
static bool find_type(struct binder *b, const struct ast_expr *ast,
		      enum value_type *ret_type)
{
	struct suggest s = suggest_for(ast->text);
	const char *suggestion;

	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
		suggest_offer(&s, type_names[i].name);
		if (strcmp(type_names[i].name, ast->text) != 0)
			continue;
		*ret_type = type_names[i].type;
		return true;
	}
	suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, ast->span,
			  suggestion ?
				  suggestion :
				  "one of bool, bigint, double, text, "
				  "bytes, ip, timestamp, interval and hash256",
			  "there is no type '%s'", ast->text);
	return false;
}

const struct expr *type_cast_to(struct binder *b, const struct ast_expr *ast,
				const struct expr *expr, enum value_type type)
{
	struct expr *cast;

	if (expr->type == type)
		return expr;
	if (build_is_const(expr) && expr->value.type == VALUE_INT &&
	    type == VALUE_DOUBLE)
		return type_keep(
			b, build_const(b->c->arena, type,
				       (struct value){
					       .type = VALUE_DOUBLE,
					       .d = (double)expr->value.i }));
	if (type == VALUE_TEXT) {
		const struct expr *spelled = bind_spelled(b->c, b->rule, expr);

		if (spelled != expr)
			return spelled;
	}
	cast = build_op(b->c->arena, EXPR_CAST, type, 1);
	if (!type_keep(b, cast))
		return NULL;
	cast->args[0] = expr;
	return type_compute(b, ast, cast);
}

const struct expr *type_cast(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast)
{
	const struct expr *x = bind_expr(b, scope, ast->args[0]);
	enum value_type type;

	if (!find_type(b, ast, &type) || !x)
		return NULL;
	if (x->type == type || x->type == VALUE_NULL ||
	    casts[x->type] & 1u << type)
		return type_cast_to(b, ast, x, type);
	compilation_error(b->c, ast->span, NULL, "%s (%s) does not become %s",
			  bind_quote(b, ast->args[0]), value_type_name(x->type),
			  value_type_name(type));
	return NULL;
}
