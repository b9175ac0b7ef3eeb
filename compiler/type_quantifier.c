// SPDX-License-Identifier: Apache-2.0
/* ANY(list) and ALL(list): something is asked of each element. */
#include "compiler/type_int.h"

bool type_is_quantifier(const struct ast_expr *ast)
{
	return ast->op == AST_ANY || ast->op == AST_ALL;
}

const struct expr *type_quantifier_list(struct binder *b,
					const struct scope *scope,
					const struct ast_expr *ast)
{
	const struct ast_expr *arg = ast->args[0];
	const struct expr *list = bind_expr(b, scope, arg);

	if (!list || list->type == VALUE_LIST)
		return list;
	compilation_error(b->c, arg->span,
			  compilation_text(b->c, "as in %s(args)",
					   ast->op == AST_ANY ? "ANY" : "ALL"),
			  "%s takes a list, but %s is %s",
			  ast->op == AST_ANY ? "ANY" : "ALL",
			  bind_quote(b, arg), value_type_name(list->type));
	return NULL;
}

/* Lists hold texts. */
struct operand type_element(struct binder *b, const struct ast_expr *ast)
{
	struct expr *element =
		build_op(b->c->arena, EXPR_ELEMENT, VALUE_TEXT, 0);

	return (struct operand){ ast, type_keep(b, element) };
}

const struct expr *type_quantify(struct binder *b, const struct ast_expr *ast,
				 const struct expr *list,
				 const struct expr *body)
{
	enum expr_op op = ast->op == AST_ANY ? EXPR_ANY : EXPR_ALL;

	if (!list || !body)
		return NULL;
	return type_keep(b, build_two(b->c->arena, op, VALUE_BOOL, list, body));
}
