// SPDX-License-Identifier: Apache-2.0
/* Queries: FROM items, conditions, columns, the window. */
#include "compiler/bind_int.h"

#include "compiler/suggest.h"

#include <string.h>

static bool bind_select(struct binder *b, const struct ast_select *select,
			struct scope *scope, struct plan_output **ret_outputs);

static void unknown_stream(struct binder *b, const struct ast_item *ast)
{
	struct suggest s = suggest_for(ast->stream);

	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++) {
		const char *name = catalog_stream(i)->name;
		const char *event = strchr(name, '.');

		suggest_offer(&s, name);
		if (!s.best && event && strcmp(event + 1, ast->stream) == 0)
			s.best = name;
	}
	compilation_error(b->c, ast->span, suggest_text(b->c, &s),
			  "unknown stream '%s'", ast->stream);
}

/* Unique within the rule: the aliases of two subqueries may be the same. */
static const char *input_name(struct binder *b, const char *alias)
{
	const char *name = alias;

	for (unsigned n = 2; name; n++) {
		bool used = false;

		for (unsigned i = 0; i < b->rule->input_count; i++)
			used |= strcmp(b->rule->inputs[i].name, name) == 0;
		if (!used)
			break;
		name = compilation_text(b->c, "%s_%u", alias, n);
	}
	return name;
}

static bool bind_stream(struct binder *b, const struct ast_item *ast,
			struct scope_item *item)
{
	const struct stream *stream =
		catalog_stream_by_name(ast->stream, strlen(ast->stream));
	struct bound_rule *rule = b->rule;

	if (!stream) {
		unknown_stream(b, ast);
		return false;
	}
	if (rule->input_count > AST_JOINS_MAX) {
		compilation_error(b->c, ast->span, "split the rule",
				  "a rule has at most %d joins, those of its "
				  "subqueries included",
				  AST_JOINS_MAX);
		return false;
	}
	item->input = rule->input_count;
	item->alias = ast->alias ? ast->alias : stream->alias;
	item->stream = ast->alias ? NULL : stream->name;
	rule->inputs[item->input].stream = stream->id;
	rule->inputs[item->input].span = ast->span;
	rule->inputs[item->input].name = input_name(b, item->alias);
	if (!rule->inputs[item->input].name)
		return false;
	rule->input_count++;
	return true;
}

static bool bind_subquery(struct binder *b, const struct scope *outer,
			  const struct ast_item *ast, struct scope_item *item)
{
	struct plan_output *outputs;
	struct scope scope;

	item->derived = true;
	item->alias = ast->alias;
	if (!bind_select(b, ast->select, &scope, &outputs))
		return false;
	item->outputs = outputs;
	item->output_count = ast->select->output_count;
	if (b->rule->top != BOUND_OVER || outer->select->item_count == 1)
		return true;
	compilation_error(b->c, ast->span, "count in a rule of its own",
			  "a subquery that counts cannot be joined");
	return false;
}

static bool bind_item(struct binder *b, struct scope *scope,
		      const struct ast_item *ast)
{
	struct scope_item *item = &scope->items[scope->count];

	*item = (struct scope_item){ 0 };
	if (!(ast->stream ? bind_stream(b, ast, item) :
			    bind_subquery(b, scope, ast, item)))
		return false;
	for (unsigned i = 0; i < scope->count; i++) {
		if (!item->alias || !scope->items[i].alias ||
		    strcmp(item->alias, scope->items[i].alias) != 0)
			continue;
		compilation_error(b->c, ast->span,
				  compilation_text(b->c, "name it: %s AS %s%u",
						   ast->stream ? ast->stream :
								 "(SELECT ...)",
						   item->alias,
						   scope->count + 1),
				  "the alias '%s' is taken", item->alias);
		return false;
	}
	scope->count++;
	return true;
}

static bool add_condition(struct binder *b, const struct scope *scope,
			  const struct ast_expr *ast)
{
	struct bound_conditions *list =
		b->rule->top == BOUND_OVER ? &b->rule->above : &b->rule->below;
	struct bound_condition *grown;
	const struct expr *expr;

	if (!ast)
		return true;
	expr = bind_condition(b, scope, ast);
	if (!expr)
		return false;
	grown = compilation_grow(b->c, list->items, list->count,
				 sizeof(*grown));
	if (!grown)
		return false;
	list->items = grown;
	list->items[list->count++] =
		(struct bound_condition){ .expr = expr, .span = ast->span };
	return true;
}

static bool bind_partition(struct binder *b, const struct scope *scope,
			   const struct ast_over *window)
{
	struct bound_rule *count = b->rule;
	bool ok = true;

	count->key_count = window->key_count;
	for (unsigned i = 0; i < window->key_count; i++) {
		const struct ast_expr *key = window->keys[i];
		const struct expr *expr = bind_expr(b, scope, key);

		count->keys[i] = (struct plan_output){ key->text, expr };
		ok &= expr != NULL;
		if (!expr || expr->type != VALUE_LIST)
			continue;
		compilation_error(b->c, key->span, NULL,
				  "a list cannot be a key");
		ok = false;
	}
	return ok;
}

/* The window is sound; its count becomes slot 0. */
static const struct expr *bind_count(struct binder *b,
				     const struct scope *scope,
				     const struct ast_output *output)
{
	const struct ast_over *window = output->expr->over;
	struct bound_rule *count = b->rule;
	const struct expr *order;
	struct expr *slot;

	if (count->top == BOUND_OVER || b->rule->input_count != 1) {
		compilation_error(b->c, output->expr->span, "write two rules",
				  "%s",
				  count->top == BOUND_OVER ?
					  "a rule has one COUNT(*)" :
					  "COUNT(*) OVER counts one stream, "
					  "not a join");
		return NULL;
	}
	order = bind_expr(b, scope, window->order);
	if (order && (order->op != EXPR_COLUMN || order->column != COL_ts)) {
		compilation_error(b->c, window->order->span, NULL,
				  "a window is in order of ts, not of %s",
				  window->order->text);
		order = NULL;
	}
	if (window->range_ns == 0) {
		compilation_error(b->c, window->range_span, NULL,
				  "a window needs an interval above zero");
		order = NULL;
	}
	if (!bind_partition(b, scope, window) || !order)
		return NULL;
	count->aggregates =
		compilation_alloc(b->c, 1, sizeof(*count->aggregates));
	if (!count->aggregates)
		return NULL;
	count->top = BOUND_OVER;
	count->aggregate_count = 1;
	count->aggregates->op = PLAN_COUNT_ROWS;
	count->aggregates->type = VALUE_INT;
	count->aggregates->span = output->expr->span;
	count->aggregates->name = output->alias ? output->alias : "count";
	count->range_ns = window->range_ns;
	slot = build_op(b->c->arena, EXPR_SLOT, VALUE_INT, 0);
	b->c->nomem |= !slot;
	return slot;
}

static bool name_taken(const struct plan_output *outputs, unsigned count,
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
		if (!name_taken(outputs, count, name))
			return name;
		compilation_error(b->c, ast->span, NULL,
				  "two columns are named '%s'", name);
		return NULL;
	}
	if (ast->expr->op == AST_CALL)
		name = "count";
	else if (ast->expr->op == AST_NAME)
		name = ast->expr->text;
	if (name && name_taken(outputs, count, name) && ast->expr->qualifier) {
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
	if (!name || name_taken(outputs, count, name))
		name = compilation_text(b->c, "column_%u", count + 1);
	return name;
}

static bool bind_outputs(struct binder *b, const struct ast_select *select,
			 const struct scope *scope, struct plan_output *outputs)
{
	bool ok = true;

	for (unsigned i = 0; i < select->output_count; i++) {
		const struct ast_output *ast = &select->outputs[i];
		bool count = ast->expr->op == AST_CALL && ast->expr->star &&
			     ast->expr->over;

		outputs[i].expr = count ? bind_count(b, scope, ast) :
					  bind_expr(b, scope, ast->expr);
		outputs[i].name = output_name(b, ast, outputs, i);
		ok &= outputs[i].name && outputs[i].expr;
		if (!outputs[i].name)
			outputs[i].name = "";
	}
	return ok;
}

static bool clauses_supported(struct binder *b, const struct ast_select *select)
{
	bool ok = !select->cte_count && !select->group_count &&
		  !select->having && !select->order_count && select->limit < 0;

	for (unsigned i = 0; i < select->item_count; i++) {
		const struct ast_item *item = &select->items[i];

		ok &= !item->window && !item->recognize && !item->as_of &&
		      item->join <= AST_JOIN_INNER;
	}
	if (!ok)
		compilation_error(b->c, select->span, NULL,
				  "a clause of this query is not supported "
				  "yet");
	return ok;
}

static bool bind_select(struct binder *b, const struct ast_select *select,
			struct scope *scope, struct plan_output **ret_outputs)
{
	struct plan_output *outputs =
		compilation_alloc(b->c, select->output_count, sizeof(*outputs));
	bool ok = true;

	*scope = (struct scope){ .select = select };
	if (!outputs || !clauses_supported(b, select))
		return false;
	for (unsigned i = 0; i < select->item_count; i++)
		ok &= bind_item(b, scope, &select->items[i]);
	/* Without its FROM items nothing else can be told. */
	if (!ok)
		return false;
	for (unsigned i = 0; i < select->item_count; i++)
		ok &= add_condition(b, scope, select->items[i].on);
	ok &= add_condition(b, scope, select->where);
	ok &= bind_outputs(b, select, scope, outputs);
	*ret_outputs = outputs;
	return ok;
}

/* One name of dedup_key: an output's, else [alias.]column. */
static bool bind_dedup_name(struct binder *b, const struct scope *scope,
			    const struct ast_option *option, const char *name)
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
	for (unsigned i = 0; i < rule->output_count && !key->expr; i++)
		if (strcmp(rule->outputs[i].name, name) == 0)
			key->expr = rule->outputs[i].expr;
	if (!key->expr && dot) {
		ast.text = dot + 1;
		ast.qualifier =
			compilation_copy(b->c, name, (size_t)(dot - name));
	}
	if (!key->expr)
		key->expr = bind_name(b, scope, &ast);
	rule->dedup_count += key->expr != NULL;
	return key->expr;
}

static bool bind_dedup(struct binder *b, const struct scope *scope,
		       const struct ast_option *option)
{
	const char *at = option->value->text;

	while (*at) {
		size_t len = strcspn(at, ", ");
		const char *name = len ? compilation_copy(b->c, at, len) : NULL;

		if (name && !bind_dedup_name(b, scope, option, name))
			return false;
		at += len + (at[len] != '\0');
	}
	if (b->rule->dedup_count)
		return true;
	compilation_error(b->c, option->value->span, "as in 'pid_key, exe'",
			  "dedup_key names no column");
	return false;
}

static bool add_block(struct compilation *c, struct bound_rules *rules,
		      struct bound_rule *rule)
{
	struct bound_rule **grown =
		compilation_grow(c, rules->items, rules->count, sizeof(rule));

	if (!grown)
		return false;
	rules->items = grown;
	rules->items[rules->count++] = rule;
	return true;
}

bool bind_rule(struct compilation *c, struct bound_rules *rules,
	       const struct ast_rule *ast)
{
	struct bound_rule *rule = compilation_alloc(c, 1, sizeof(*rule));
	struct binder b = { .c = c, .rule = rule };
	unsigned errors = c->diagnostics->error_count;
	const struct ast_option *dedup;
	struct scope scope;

	if (!rule)
		return false;
	rule->ast = ast;
	rule->name = ast->name;
	rule->select = ast->select;
	rule->limit = -1;
	rule->plan = compilation_alloc(c, 1, sizeof(*rule->plan));
	dedup = bind_options(&b);
	if (!rule->plan ||
	    !bind_select(&b, ast->select, &scope, &rule->outputs))
		return false;
	rule->output_count = ast->select->output_count;
	if (dedup)
		bind_dedup(&b, &scope, dedup);
	return !c->nomem && c->diagnostics->error_count == errors &&
	       add_block(c, rules, rule);
}
