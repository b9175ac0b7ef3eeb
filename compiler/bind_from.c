// SPDX-License-Identifier: Apache-2.0
/* FROM: what its items offer, and how they are joined. */
#include "compiler/bind_block.h"

#include "compiler/foreign.h"
#include "compiler/order.h"
#include "compiler/suggest.h"

#include <string.h>

/* Those whose names begin as the wrong one does, else all. */
static const char *streams_like(struct binder *b, const char *wrong)
{
	const size_t domain = strcspn(wrong, ".");
	struct buf text = BUF_INIT;
	const char *only = NULL;
	unsigned count = 0;

	for (int all = 0; all < 2 && !text.len; all++)
		for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++) {
			const char *name = catalog_stream(i)->name;

			if (!all && (strcspn(name, ".") != domain ||
				     strncmp(name, wrong, domain) != 0))
				continue;
			buf_printf(&text, "%s %s", text.len ? "," : "there are",
				   name);
			only = name;
			count++;
		}
	if (count == 1) {
		buf_release(&text);
		return compilation_text(b->c, "there is %s", only);
	}
	/* Perhaps it is a rule's name. */
	if (!wrong[domain])
		buf_printf(&text, "; matches of a rule are matches.%s", wrong);
	return compilation_take(b->c, &text);
}

static void unknown_stream(struct binder *b, const char *wrong,
			   struct span span)
{
	struct suggest s = suggest_for(wrong);
	const char *ours = foreign_stream(wrong);

	if (compilation_is_damaged(b->c, wrong))
		return;
	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++) {
		const char *name = catalog_stream(i)->name;
		const char *event = strchr(name, '.');

		suggest_offer(&s, name);
		if (!s.best && event && strcmp(event + 1, wrong) == 0)
			s.best = name;
	}
	compilation_error(
		b->c, span,
		ours ? compilation_text(b->c, "here it is called '%s'", ours) :
		s.best ? suggest_text(b->c, &s) :
			 streams_like(b, wrong),
		"unknown stream '%s'", wrong);
}

/* Unique within the block: the aliases of two subqueries may be the same. */
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

/* The steps of a sequence are bounded by their own limit. */
static bool add_input(struct binder *b, const char *alias,
		      enum stream_id stream, struct span span)
{
	struct bound_rule *rule = b->rule;
	struct bound_input *input = &rule->inputs[rule->input_count];
	const char *name;

	if (rule->top != BOUND_SEQUENCE && rule->input_count > AST_JOINS_MAX) {
		if (b->block->crowded)
			return false;
		b->block->crowded = true;
		compilation_error(b->c, span, "split the rule",
				  "a rule has at most %d joins, those of its "
				  "subqueries included",
				  AST_JOINS_MAX);
		return false;
	}
	CHECK(rule->input_count < TUPLE_INPUTS_MAX);
	name = input_name(b, alias);
	if (!name)
		return false;
	*input = (struct bound_input){ .name = name,
				       .stream = stream,
				       .span = span };
	rule->input_count++;
	return true;
}

/* Is the output the moment at which its block decides on a row? */
static bool is_moment(const struct bound_rule *source, const struct expr *expr)
{
	if (expr->op != EXPR_COLUMN || expr->column != COL_ts)
		return false;
	if (source->top == BOUND_SEQUENCE)
		return expr->input == source->step_count - 1;
	return source->top != BOUND_GROUP && source->input_count == 1;
}

bool bind_matches(struct binder *b, const struct bound_rule *source,
		  const char *alias, struct span span, struct scope_item *item)
{
	unsigned input = b->rule->input_count, count = 0;
	struct plan_output *outputs = compilation_alloc(
		b->c, source->output_count + 1, sizeof(*outputs));
	bool time = false;

	if (!outputs || !add_input(b, alias, PLAN_STREAM_MATCHES, span))
		return false;
	b->rule->inputs[input].rule = source->plan;
	b->rule->inputs[input].source = source;
	for (unsigned i = 0; i < source->output_count; i++) {
		const struct plan_output *output = &source->outputs[i];
		bool ts = strcmp(output->name, "ts") == 0;
		unsigned column = ts && is_moment(source, output->expr) ?
					  (unsigned)COL_ts :
					  COL_OWN_FIRST + i;

		time |= ts;
		outputs[count].name = output->name;
		outputs[count++].expr =
			bind_column(b, input, column, output->expr->type);
	}
	if (!time) {
		outputs[count].name = "ts";
		outputs[count++].expr =
			bind_column(b, input, COL_ts, VALUE_TIMESTAMP);
	}
	item->input = input;
	item->derived = true;
	item->outputs = outputs;
	item->output_count = count;
	return !b->c->nomem;
}

static bool bind_rule_matches(struct binder *b, const char *name,
			      struct span span, const char *alias,
			      struct scope_item *item)
{
	const char *rule = order_source(name);
	const struct bound_rules *rules = b->block->rules;

	for (unsigned i = 0; i < rules->source_count; i++) {
		const struct bound_rule *source = rules->sources[i];

		if (strcmp(source->name, rule) != 0)
			continue;
		if (b->rule->enabled && !source->enabled) {
			compilation_error(b->c, span,
					  "enable it, or disable this rule too",
					  "rule '%s' is not enabled: it has no "
					  "matches to read",
					  rule);
			return false;
		}
		item->alias = alias ? alias : rule;
		item->stream = alias ? NULL : name;
		return bind_matches(b, source, item->alias, span, item);
	}
	return false;
}

bool bind_stream(struct binder *b, const char *name, struct span span,
		 const char *alias, struct scope_item *item)
{
	const struct stream *stream;

	if (order_source(name))
		return bind_rule_matches(b, name, span, alias, item);
	stream = catalog_stream_by_name(name, strlen(name));
	if (!stream) {
		unknown_stream(b, name, span);
		return false;
	}
	item->input = b->rule->input_count;
	item->alias = alias ? alias : stream->alias;
	item->stream = alias ? NULL : stream->name;
	return add_input(b, item->alias, stream->id, span);
}

void bind_unknown(const struct ast_item *ast, struct scope_item *item)
{
	*item = (struct scope_item){
		.alias = ast->alias,
		.stream = ast->alias ? NULL : ast->stream,
		.derived = true,
		.unknown = true,
	};
}

/* As of the matches that it would have, were it a block of its own. */
static const struct expr *moment(struct binder *b)
{
	const struct bound_rule *rule = b->rule;

	/* window_end */
	if (rule->top == BOUND_GROUP)
		return bind_slot(b, 1, VALUE_TIMESTAMP);
	return bind_column(b,
			   rule->top == BOUND_SEQUENCE ? rule->step_count - 1 :
							 rule->time_input,
			   COL_ts, VALUE_TIMESTAMP);
}

bool bind_moment(struct binder *b, struct scope_item *item)
{
	unsigned count = item->output_count;
	struct plan_output *outputs;

	if (bind_name_taken(item->outputs, count, "ts"))
		return true;
	outputs = compilation_alloc(b->c, count + 1, sizeof(*outputs));
	if (!outputs)
		return false;
	memcpy(outputs, item->outputs, count * sizeof(*outputs));
	outputs[count].name = "ts";
	outputs[count].expr = moment(b);
	item->outputs = outputs;
	item->output_count = count + 1;
	return outputs[count].expr;
}

static bool bind_inlined(struct binder *b, const struct ast_item *ast,
			 struct scope_item *item)
{
	struct plan_output *outputs;
	struct scope scope;
	bool plain = b->rule->top == BOUND_PLAIN;
	bool ok = bind_select(b, ast->select, &scope, &outputs);

	if (!outputs) {
		bind_unknown(ast, item);
		return false;
	}
	item->derived = true;
	item->alias = ast->alias;
	item->outputs = outputs;
	item->output_count = ast->select->output_count;
	/* One that is flat has the columns that it names. */
	if (ok && plain && b->rule->top != BOUND_PLAIN)
		ok = bind_moment(b, item);
	return ok;
}

bool bind_source(struct binder *b, const struct ast_item *ast, enum place place,
		 struct scope_item *item)
{
	const struct bound_rule *source;
	bool ok;

	if (!ast->stream && block_inlines(ast->select, place))
		return bind_inlined(b, ast, item);
	if (ast->stream) {
		ok = bind_stream(b, ast->stream, ast->span, ast->alias, item);
	} else {
		source = block_internal(b, ast);
		item->alias = ast->alias;
		ok = source &&
		     bind_matches(b, source, ast->alias ? ast->alias : "t",
				  ast->span, item);
	}
	if (!ok)
		bind_unknown(ast, item);
	return ok;
}

static bool bind_sequence(struct binder *b, const struct ast_item *ast,
			  enum place place, struct scope_item *item)
{
	const struct bound_rule *source;

	if (place == PLACE_TOP)
		return bind_recognize(b, ast, item);
	source = block_internal(b, ast);
	item->alias = ast->alias;
	if (source && bind_matches(b, source, ast->alias ? ast->alias : "m",
				   ast->span, item))
		return true;
	bind_unknown(ast, item);
	return false;
}

/* Which of the two it names nobody can tell: neither is known then. */
static bool check_alias(struct binder *b, struct scope *scope,
			const struct ast_item *ast,
			const struct scope_item *item)
{
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
		scope->items[i].unknown = true;
		return false;
	}
	return true;
}

/* With those that were complained of: what follows can still be looked at. */
static bool add_item(struct binder *b, struct scope *scope,
		     const struct ast_item *ast, struct scope_item *item)
{
	bool ok = check_alias(b, scope, ast, item);

	CHECK(scope->count < TUPLE_INPUTS_MAX);
	if (!ok)
		*item = (struct scope_item){ .derived = true, .unknown = true };
	scope->items[scope->count++] = *item;
	return ok;
}

/* The partners' conditions stay with them: without one the row is there. */
static bool bind_partner(struct binder *b, struct scope *scope,
			 const struct ast_item *ast, struct scope_item *item)
{
	bool left = ast->join == AST_JOIN_LEFT;
	struct bound_conditions *outer = b->block->where;
	struct bound_conditions on = { 0 };
	unsigned input = b->rule->input_count;
	enum place place = left ? PLACE_NULLABLE : PLACE_ONE;
	bool ok;

	b->block->where = &on;
	ok = ast->recognize ? bind_sequence(b, ast, place, item) :
			      bind_source(b, ast, place, item);
	b->block->where = outer;
	CHECK(!ok || b->rule->input_count == input + 1);
	ok &= add_item(b, scope, ast, item);
	ok &= bind_term(b, scope, CLAUSE_ON, &on, ast->on);
	if (!ok)
		return false;
	b->rule->inputs[input].join = left ? PLAN_JOIN_LEFT : PLAN_JOIN_FIRST;
	b->rule->inputs[input].on = on;
	return true;
}

static bool check_item(struct binder *b, const struct scope *scope,
		       const struct ast_item *ast)
{
	if (ast->as_of) {
		compilation_error(b->c, ast->as_of->span,
				  "give the join a time bound instead",
				  "FOR SYSTEM_TIME AS OF reads the table of "
				  "processes; '%s' is a stream",
				  ast->stream ? ast->stream : "a subquery");
		return false;
	}
	if (ast->window && scope->select->item_count > 1) {
		compilation_error(b->c, ast->span,
				  "group in a subquery and join that: (SELECT "
				  "... FROM TUMBLE(...) GROUP BY ...) AS t",
				  "a window stands alone in FROM");
		return false;
	}
	return true;
}

static bool bind_item(struct binder *b, struct scope *scope,
		      const struct ast_item *ast, enum place place)
{
	bool ok = check_item(b, scope, ast);
	struct scope_item item = { 0 };
	unsigned first = b->rule->input_count;

	if (!ok) {
		bind_unknown(ast, &item);
		scope->items[scope->count++] = item;
		return false;
	}
	if (ast->join == AST_JOIN_LEFT || ast->join == AST_JOIN_FIRST) {
		ok = bind_partner(b, scope, ast, &item);
	} else {
		ok = ast->recognize ? bind_sequence(b, ast, place, &item) :
		     ast->window    ? bind_window(b, ast, &item) :
				      bind_source(b, ast, place, &item);
		ok &= add_item(b, scope, ast, &item);
	}
	for (unsigned i = first; ok && i < b->rule->input_count; i++)
		b->rule->inputs[i].triggered = ast->triggered;
	return ok;
}

bool bind_joinable(struct binder *b, struct span span,
		   const struct scope_item *item)
{
	for (unsigned i = 0; item->derived && i < item->output_count; i++) {
		const struct expr *expr = item->outputs[i].expr;

		if (!expr || strcmp(item->outputs[i].name, "ts") != 0 ||
		    expr->op != EXPR_COLUMN || expr->column == COL_ts ||
		    b->rule->inputs[expr->input].stream != PLAN_STREAM_MATCHES)
			continue;
		compilation_error(b->c, span,
				  "give that column another name, as in AS "
				  "first_ts: then ts is the time of its rows",
				  "the column ts of '%s' is not when its rows "
				  "are known, so it cannot be joined by time",
				  item->alias ? item->alias : "the subquery");
		return false;
	}
	return true;
}

bool bind_items(struct binder *b, struct scope *scope)
{
	const struct ast_select *select = scope->select;
	enum place place = block_place(select);
	bool ok = true;

	for (unsigned i = 0; i < select->item_count; i++)
		ok &= bind_item(b, scope, &select->items[i], place);
	return ok;
}

bool bind_joins(struct binder *b, const struct scope *scope)
{
	const struct ast_select *select = scope->select;
	bool ok = true;

	for (unsigned i = 0; i < select->item_count; i++) {
		const struct ast_item *ast = &select->items[i];

		if (select->item_count > 1)
			ok &= bind_joinable(b, ast->span, &scope->items[i]);
		if (ast->on && ast->join != AST_JOIN_LEFT &&
		    ast->join != AST_JOIN_FIRST)
			ok &= bind_term(b, scope, CLAUSE_ON, bind_target(b),
					ast->on);
	}
	return ok;
}

bool bind_time(struct binder *b, const struct scope *scope,
	       const struct ast_expr *ast, const char *what,
	       unsigned *ret_input)
{
	const struct expr *expr = bind_expr(b, scope, ast);

	if (!expr)
		return false;
	if (expr->op == EXPR_COLUMN && expr->column == COL_ts) {
		*ret_input = expr->input;
		return true;
	}
	if (expr->op == EXPR_COLUMN && ast->op == AST_NAME &&
	    strcmp(ast->text, "ts") == 0)
		compilation_error(b->c, ast->span,
				  "give that column of the subquery another "
				  "name: then ts is the time of its rows",
				  "%s is in order of time, but this ts is not "
				  "when the rows are known",
				  what);
	else
		compilation_error(b->c, ast->span, NULL,
				  "%s is in order of ts, not of %s", what,
				  bind_quote(b, ast));
	return false;
}
