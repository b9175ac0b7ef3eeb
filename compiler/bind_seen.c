// SPDX-License-Identifier: Apache-2.0
/* FIRST_SEEN(e, ..., INTERVAL): a term of WHERE that remembers. */
#include "compiler/bind_block.h"

#include <string.h>

#define SEEN_KEYS_MAX 3

bool bind_seen_is(const struct ast_expr *ast)
{
	return ast->op == AST_CALL && ast->text &&
	       strcmp(ast->text, "first_seen") == 0;
}

static bool check_args(struct binder *b, const struct ast_expr *ast)
{
	unsigned keys = ast->arg_count ? ast->arg_count - 1 : 0;
	const struct ast_expr *range = keys ? ast->args[keys] : NULL;

	if (!range || keys > SEEN_KEYS_MAX || range->op != AST_INTERVAL) {
		compilation_error(b->c, ast->span,
				  "as in FIRST_SEEN(exe, INTERVAL '1' DAY)",
				  "FIRST_SEEN takes one to %d values, then for "
				  "how long they are remembered",
				  SEEN_KEYS_MAX);
		return false;
	}
	if (range->number > 0)
		return true;
	compilation_error(b->c, range->span, NULL,
			  "FIRST_SEEN needs an interval above zero");
	return false;
}

bool bind_seen(struct binder *b, const struct scope *scope,
	       const struct ast_expr *ast)
{
	struct bound_rule *rule = b->rule;
	bool ok = true;

	if (rule->seen_count) {
		compilation_error(b->c, ast->span,
				  "name all values in one, or write two rules",
				  "a query has one FIRST_SEEN");
		return false;
	}
	if (!check_args(b, ast))
		return false;
	b->clause = CLAUSE_ARGUMENT;
	for (unsigned i = 0; i + 1 < ast->arg_count; i++) {
		const struct expr *key = bind_expr(b, scope, ast->args[i]);

		ok &= key && bind_key_type(b, ast->args[i]->span, key);
		if (key && bind_has_slot(key)) {
			compilation_error(b->c, ast->args[i]->span, NULL,
					  "FIRST_SEEN takes columns of the "
					  "rows, not of the window");
			ok = false;
		}
		rule->seen[i] = key;
	}
	rule->seen_count = ast->arg_count - 1;
	rule->seen_ns = ast->args[ast->arg_count - 1]->number;
	rule->seen_span = ast->span;
	return ok;
}
