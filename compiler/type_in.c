// SPDX-License-Identifier: Apache-2.0
/* x IN (constants); of addresses also networks. */
#include "compiler/type_int.h"

#include <stdlib.h>

/* What the elements became, until they are one expression. */
struct in {
	struct expr *constants;	      /* IN: args[0] is x */
	const struct expr **networks; /* conditions on x */
	unsigned constant_count, network_count;
	bool null; /* NULL is among them */
};

static int by_value(const void *a, const void *b)
{
	const struct expr *const *left = a, *const *right = b;

	return value_compare((*left)->value, (*right)->value);
}

/* Sort, drop what is there twice; returns how many are left. */
static unsigned distinct(const struct expr **items, unsigned count)
{
	unsigned kept = 0;

	qsort(items, count, sizeof(*items), by_value);
	for (unsigned i = 0; i < count; i++)
		if (!kept ||
		    value_compare(items[kept - 1]->value, items[i]->value))
			items[kept++] = items[i];
	return kept;
}

static bool add_network(struct binder *b, struct in *in, struct operand x,
			const struct ast_expr *ast)
{
	const struct expr *network = literal_network(b, ast, x.expr);

	if (!network)
		return false;
	in->networks[in->network_count++] = network;
	return true;
}

/* False: complained. */
static bool add_element(struct binder *b, const struct scope *scope,
			struct in *in, struct operand x,
			const struct ast_expr *ast)
{
	struct operand element;

	if (x.expr && x.expr->type == VALUE_IP && literal_is_network(ast))
		return add_network(b, in, x, ast);
	element = type_operand(b, scope, ast);
	if (!element.expr || !x.expr ||
	    !bind_literal(b, ast, x.expr, &element.expr))
		return false;
	if (!build_is_const(element.expr)) {
		compilation_error(b->c, ast->span, "write x = a OR x = b",
				  "IN takes constants only");
		return false;
	}
	if (!type_comparable(x.expr->type, element.expr->type)) {
		type_mismatch(b, ast->span, x, element);
		return false;
	}
	warn_equal(b, ast, x.expr);
	bind_range(b, EXPR_EQ, x.expr, ast, element.expr, false);
	if (value_is_null(element.expr->value))
		in->null = true;
	else
		in->constants->args[++in->constant_count] = element.expr;
	return true;
}

static void warn_null(struct binder *b, const struct ast_expr *ast,
		      const struct in *in)
{
	const char *x = bind_quote(b, ast->args[0]);

	if (ast->negated)
		compilation_warning(b->c, ast->span, "take NULL out",
				    "%s NOT IN (..., NULL) is never true", x);
	else if (in->constant_count || in->network_count)
		compilation_warning(b->c, ast->span,
				    compilation_text(b->c,
						     "write %s IN (...) OR "
						     "%s IS NULL",
						     x, x),
				    "nothing equals the NULL in this list");
	else
		compilation_warning(
			b->c, ast->span,
			compilation_text(b->c, "write %s IS NULL", x),
			"%s IN (NULL) is never true", x);
}

/* x IN (a, NULL) is x IN (a) OR NULL; NULL: no memory. */
static const struct expr *join(struct binder *b, struct in *in)
{
	struct arena *arena = b->c->arena;
	struct expr *list = in->constants;
	struct expr *ret;
	unsigned n = 0;

	list->arg_count =
		(uint16_t)(1 + distinct(list->args + 1, in->constant_count));
	if (list->arg_count == 2)
		list->op = EXPR_EQ;
	if (!in->network_count && !in->null)
		return list;
	if (!in->network_count && list->arg_count == 1)
		return build_null(arena);
	ret = build_op(arena, EXPR_OR, VALUE_BOOL, in->network_count + 2);
	if (!ret)
		return NULL;
	if (list->arg_count > 1)
		ret->args[n++] = list;
	for (unsigned i = 0; i < in->network_count; i++)
		ret->args[n++] = in->networks[i];
	if (in->null)
		ret->args[n++] = build_null(arena);
	ret->arg_count = (uint16_t)n;
	if (in->null && !ret->args[n - 1])
		return NULL;
	return n == 1 ? ret->args[0] : ret;
}

const struct expr *type_in(struct binder *b, const struct scope *scope,
			   const struct ast_expr *ast)
{
	struct operand x = type_operand(b, scope, ast->args[0]);
	struct in in = {
		.constants = build_op(b->c->arena, EXPR_IN, VALUE_BOOL,
				      ast->arg_count),
		.networks = compilation_alloc(b->c, ast->arg_count,
					      sizeof(*in.networks)),
	};
	bool ok = x.expr;

	if (!type_keep(b, in.constants) || !in.networks)
		return NULL;
	in.constants->args[0] = x.expr;
	for (unsigned i = 1; i < ast->arg_count; i++)
		ok &= add_element(b, scope, &in, x, ast->args[i]);
	if (!ok)
		return NULL;
	if (in.null)
		warn_null(b, ast, &in);
	return type_negate(b, ast, join(b, &in));
}
