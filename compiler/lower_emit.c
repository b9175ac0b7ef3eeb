// SPDX-License-Identifier: Apache-2.0
/*
 * When a rule speaks. What can become false again until its window is over
 * (no partner so far, the count of a window that is open) is told on close; a
 * threshold when it rises; all else at once.
 */
#include "compiler/lower_int.h"

#include "compiler/plan_walk.h"

static bool is_threshold(const struct plan_node *root)
{
	return root->kind == PLAN_FILTER && lower_has_slot(root->predicate);
}

/*
 * What of the rule is certain only when a window is over; NULL: nothing. Rows
 * that a threshold counts are certain when they reach it.
 */
static const char *waits_for_close(const struct plan_node *root)
{
	if (is_threshold(root))
		return NULL;
	if (plan_has(root, PLAN_GROUP))
		return "the result of a window";
	if (plan_has_join(root, PLAN_JOIN_ANTI))
		return "NOT EXISTS";
	if (plan_has_join(root, PLAN_JOIN_LEFT))
		return "a row that a LEFT JOIN finds no partner for";
	return NULL;
}

/* LEFT tells each pair at once and loses nothing: EVERY is no contradiction. */
static bool is_legal(const struct plan_node *root, enum ast_emit emit)
{
	if (!waits_for_close(root) || emit == AST_EMIT_DEFAULT ||
	    emit == AST_EMIT_CLOSE)
		return true;
	return emit == AST_EMIT_EVERY && !plan_has(root, PLAN_GROUP) &&
	       !plan_has_join(root, PLAN_JOIN_ANTI);
}

/*
 * Of a filter, a sequence or a join that gives each left row once, the first
 * match is the only one.
 */
static enum plan_emit first(const struct plan_node *root)
{
	return is_threshold(root) || plan_has_join(root, PLAN_JOIN_INNER) ?
		       PLAN_EMIT_FIRST :
		       PLAN_EMIT_EVERY;
}

bool lower_emit(struct lowering *l)
{
	const struct ast_rule *ast = l->bound->ast;
	const struct plan_node *root = l->rule->root;
	enum ast_emit emit = ast->emit;

	if (l->bound->internal) {
		l->rule->emit = PLAN_EMIT_EVERY;
		return true;
	}
	if (!is_legal(root, emit)) {
		compilation_error(l->c, ast->emit_span,
				  "write EMIT ON WINDOW CLOSE, which is the "
				  "default here",
				  "%s can become false again until the window "
				  "closes: it cannot be told on %s match",
				  waits_for_close(root),
				  emit == AST_EMIT_FIRST ? "the first" :
							   "every");
		return false;
	}
	if (emit == AST_EMIT_DEFAULT && is_threshold(root))
		emit = AST_EMIT_FIRST;
	if (emit == AST_EMIT_CLOSE ||
	    (emit == AST_EMIT_DEFAULT && waits_for_close(root)))
		l->rule->emit = PLAN_EMIT_CLOSE;
	else
		l->rule->emit =
			emit == AST_EMIT_FIRST ? first(root) : PLAN_EMIT_EVERY;
	return true;
}
