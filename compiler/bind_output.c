// SPDX-License-Identifier: Apache-2.0
/* The columns that a query makes, and what dedup_key names among them. */
#include "compiler/bind_block.h"

#include <string.h>

bool bind_name_taken(const struct plan_output *outputs, unsigned count,
		     const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(outputs[i].name, name) == 0)
			return true;
	return false;
}

/* AS name; else the column's name, made unique; else by its place. */
static const char *output_name(struct binder *b, const struct ast_output *ast,
			       const struct plan_output *outputs,
			       unsigned count)
{
	const char *name = ast->alias;

	if (name) {
		if (!bind_name_taken(outputs, count, name))
			return name;
		compilation_error(b->c, ast->span, NULL,
				  "two columns are named '%s'", name);
		return NULL;
	}
	if (ast->expr->op == AST_CALL || ast->expr->op == AST_NAME)
		name = ast->expr->text;
	if (name && bind_name_taken(outputs, count, name) &&
	    ast->expr->qualifier) {
		char *c;

		c = compilation_copy(b->c, ast->expr->qualifier,
				     strlen(ast->expr->qualifier));
		if (!c)
			return NULL;
		for (char *dot = c; *dot; dot++)
			if (*dot == '.')
				*dot = '_';
		name = compilation_text(b->c, "%s_%s", c, name);
	}
	for (unsigned n = count + 1;
	     !b->c->nomem && (!name || bind_name_taken(outputs, count, name));
	     n++)
		name = compilation_text(b->c, "column_%u", n);
	return name;
}

bool bind_outputs(struct binder *b, const struct ast_output *asts,
		  unsigned count, const struct scope *scope, enum clause clause,
		  struct plan_output *outputs)
{
	bool ok = true;

	for (unsigned i = 0; i < count; i++) {
		const struct ast_output *ast = &asts[i];
		const struct expr *expr;

		b->clause = clause;
		b->block->output = ast;
		expr = bind_expr(b, scope, ast->expr);
		b->block->output = NULL;
		if (expr && b->block->grouped)
			expr = bind_grouped(b, ast->span, expr);
		outputs[i].expr = expr;
		outputs[i].name = output_name(b, ast, outputs, i);
		ok &= outputs[i].name && expr;
		if (!outputs[i].name)
			outputs[i].name = "";
	}
	return ok;
}

/* One name of dedup_key: an output's, else [alias.]column. */
static bool bind_dedup_name(struct binder *b, const struct scope *scope,
			    const struct ast_option *option, bool grouped,
			    const char *name)
{
	struct bound_rule *rule = b->rule;
	struct ast_expr ast = { .op = AST_NAME,
				.span = option->value->span,
				.text = name };
	const char *dot = strrchr(name, '.');
	struct plan_output *key = &rule->dedup[rule->dedup_count];

	if (rule->dedup_count >= PLAN_KEYS_MAX) {
		compilation_error(b->c, ast.span, NULL,
				  "dedup_key has at most %d keys",
				  PLAN_KEYS_MAX);
		return false;
	}
	key->name = name;
	key->expr = NULL;
	for (unsigned i = 0; i < rule->output_count && !key->expr; i++) {
		if (strcmp(rule->outputs[i].name, name) != 0)
			continue;
		key->expr = rule->outputs[i].expr;
		if (!key->expr)
			return false;
	}
	if (!key->expr && dot) {
		ast.text = dot + 1;
		ast.qualifier =
			compilation_copy(b->c, name, (size_t)(dot - name));
	}
	if (!key->expr) {
		b->clause = CLAUSE_KEY;
		key->expr = bind_name(b, scope, &ast);
		if (key->expr && grouped)
			key->expr = bind_grouped(b, ast.span, key->expr);
	}
	if (key->expr && !bind_key_type(b, ast.span, key->expr))
		key->expr = NULL;
	rule->dedup_count += key->expr != NULL;
	return key->expr;
}

bool bind_dedup(struct binder *b, const struct scope *scope,
		const struct ast_option *option, bool grouped)
{
	const char *at = option->value->text;

	while (*at) {
		size_t len = strcspn(at, ", ");
		const char *name = len ? compilation_copy(b->c, at, len) : NULL;

		if (name && !bind_dedup_name(b, scope, option, grouped, name))
			return false;
		at += len + (at[len] != '\0');
	}
	if (b->rule->dedup_count)
		return true;
	compilation_error(b->c, option->value->span, "as in 'pid_key, exe'",
			  "dedup_key names no column");
	return false;
}
