// SPDX-License-Identifier: Apache-2.0
/* TUMBLE, HOP, SESSION: the source's columns, window_start and window_end. */
#include "compiler/bind_block.h"

#include <string.h>

static const char *const names[] = {
	[AST_TUMBLE] = "TUMBLE",
	[AST_HOP] = "HOP",
	[AST_SESSION] = "SESSION",
};

static bool check_hop(struct binder *b, const struct ast_table_window *window)
{
	const char *suggestion = NULL;

	if (window->size_ns % window->slide_ns) {
		compilation_error(b->c, window->size_span, suggestion,
				  "the size of a HOP is a multiple of its "
				  "slide");
		return false;
	}
	if (window->size_ns / window->slide_ns > PLAN_HOPS_MAX) {
		compilation_error(b->c, window->slide_span,
				  "slide further, or count over a sliding "
				  "window: COUNT(*) OVER (...)",
				  "a row lies in at most %d windows of a HOP",
				  PLAN_HOPS_MAX);
		return false;
	}
	return true;
}

static bool check_sizes(struct binder *b, const struct ast_table_window *window)
{
	bool two = window->kind != AST_TUMBLE;

	if (window->size_ns <= 0 || (two && window->slide_ns <= 0)) {
		compilation_error(b->c,
				  window->size_ns <= 0 ? window->size_span :
							 window->slide_span,
				  NULL,
				  "a window needs an interval above zero");
		return false;
	}
	if (window->kind == AST_HOP)
		return check_hop(b, window);
	if (window->kind == AST_SESSION && window->slide_ns > window->size_ns) {
		compilation_error(b->c, window->slide_span, NULL,
				  "the gap of a SESSION is longer than its "
				  "maximum");
		return false;
	}
	return true;
}

/* The columns of the stream as expressions, beside the window's own two. */
static bool offer(struct binder *b, struct scope_item *item)
{
	const struct stream *stream = NULL;
	unsigned most = item->output_count + 2, count = 2;
	struct plan_output *outputs;

	if (!item->derived) {
		stream = catalog_stream(b->rule->inputs[item->input].stream);
		most = catalog_column_count(stream) + 2;
	}
	outputs = compilation_alloc(b->c, most, sizeof(*outputs));
	if (!outputs)
		return false;
	outputs[0].name = "window_start";
	outputs[0].expr = bind_slot(b, 0, VALUE_TIMESTAMP);
	outputs[1].name = "window_end";
	outputs[1].expr = bind_slot(b, 1, VALUE_TIMESTAMP);
	for (unsigned i = 0; i < item->output_count; i++)
		if (!bind_name_taken(outputs, 2, item->outputs[i].name))
			outputs[count++] = item->outputs[i];
	for (unsigned i = 0; stream && i < most - 2; i++) {
		const struct column *column = catalog_column_at(stream, i);

		if (column->hidden)
			continue;
		outputs[count].name = column->name;
		outputs[count++].expr =
			bind_column(b, item->input, column->id, column->type);
	}
	item->derived = true;
	item->outputs = outputs;
	item->output_count = count;
	return !b->c->nomem;
}

bool bind_window(struct binder *b, const struct ast_item *ast,
		 struct scope_item *item)
{
	const struct ast_table_window *window = ast->window;
	struct bound_rule *rule = b->rule;
	struct scope scope = { 0 };
	bool ok = bind_source(b, ast, PLACE_ONE, item);

	scope.items[scope.count++] = *item;
	b->clause = CLAUSE_ORDER;
	ok &= bind_time(b, &scope, window->time, names[window->kind]);
	ok &= check_sizes(b, window);
	if (!item->unknown)
		ok &= offer(b, item);
	rule->window = window->kind == AST_TUMBLE ? PLAN_TUMBLE :
		       window->kind == AST_HOP	  ? PLAN_HOP :
						    PLAN_SESSION;
	rule->size_ns = window->size_ns;
	rule->slide_ns = window->slide_ns;
	b->block->session = window->keys;
	b->block->session_count = window->key_count;
	return ok;
}
