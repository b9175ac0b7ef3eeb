// SPDX-License-Identifier: Apache-2.0
#include "compiler/print.h"

#include "compiler/interval.h"
#include "compiler/print_int.h"
#include "user/base/check.h"

#include <inttypes.h>
#include <limits.h>

static void print_outputs(struct buf *out, const struct ast_output *outputs,
			  unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		buf_puts(out, i ? ", " : "");
		print_expr(out, outputs[i].expr);
		if (outputs[i].alias)
			buf_printf(out, " AS %s", outputs[i].alias);
	}
}

static void print_source(struct buf *out, const struct ast_item *item)
{
	if (item->stream) {
		buf_puts(out, item->stream);
		return;
	}
	buf_putc(out, '(');
	print_query(out, item->select, " ");
	buf_putc(out, ')');
}

static void print_window(struct buf *out, const struct ast_item *item)
{
	static const char *const names[] = {
		[AST_TUMBLE] = "TUMBLE",
		[AST_HOP] = "HOP",
		[AST_SESSION] = "SESSION",
	};
	const struct ast_table_window *window = item->window;

	CHECK(window->kind != AST_TABLE_PLAIN);
	buf_printf(out, "%s(TABLE ", names[window->kind]);
	print_source(out, item);
	if (window->key_count) {
		buf_puts(out, " PARTITION BY ");
		print_exprs(out, window->keys, window->key_count);
	}
	buf_puts(out, ", DESCRIPTOR(");
	print_expr(out, window->time);
	buf_puts(out, "), ");
	if (window->kind != AST_TUMBLE) {
		interval_print(out, window->slide_ns);
		buf_puts(out, ", ");
	}
	interval_print(out, window->size_ns);
	buf_putc(out, ')');
}

static void print_step(struct buf *out, const struct ast_step *step)
{
	buf_puts(out, step->name);
	if (step->most == UINT_MAX)
		buf_putc(out, step->least ? '+' : '*');
	else if (!step->least)
		buf_putc(out, '?');
	else if (step->most > 1)
		buf_printf(out, "{%u}", step->most);
}

/* `first`: no definition is printed yet. */
static void print_define(struct buf *out, const struct ast_step *step,
			 bool *first)
{
	if (!step || !step->define)
		return;
	buf_printf(out, "%s%s AS ", *first ? " DEFINE " : ", ", step->name);
	if (step->stream) {
		buf_printf(out, "%s ", step->stream);
		print_partition(out, step->keys, step->key_count);
		buf_puts(out, "WHERE ");
	}
	print_expr(out, step->define);
	*first = false;
}

static void print_recognize(struct buf *out,
			    const struct ast_recognize *recognize)
{
	bool first = true;

	buf_puts(out, " MATCH_RECOGNIZE (");
	print_partition(out, recognize->keys, recognize->key_count);
	buf_puts(out, "ORDER BY ");
	print_expr(out, recognize->order);
	buf_puts(out, " MEASURES ");
	print_outputs(out, recognize->measures, recognize->measure_count);
	buf_puts(out, " PATTERN (");
	for (unsigned i = 0; i < recognize->step_count; i++) {
		buf_puts(out, i ? " " : "");
		print_step(out, &recognize->steps[i]);
	}
	buf_puts(out, ") WITHIN ");
	interval_print(out, recognize->within_ns);
	if (recognize->until)
		buf_printf(out, " UNTIL %s", recognize->until->name);
	for (unsigned i = 0; i < recognize->step_count; i++)
		print_define(out, &recognize->steps[i], &first);
	print_define(out, recognize->until, &first);
	buf_putc(out, ')');
}

static void print_item(struct buf *out, const struct ast_item *item)
{
	if (item->window)
		print_window(out, item);
	else
		print_source(out, item);
	if (item->recognize)
		print_recognize(out, item->recognize);
	if (item->as_of) {
		buf_puts(out, " FOR SYSTEM_TIME AS OF ");
		print_expr(out, item->as_of);
	}
	if (item->alias)
		buf_printf(out, " AS %s", item->alias);
	if (item->on) {
		buf_puts(out, " ON ");
		print_expr(out, item->on);
	}
	if (item->when) {
		buf_puts(out, " WHEN ");
		print_expr(out, item->when);
	}
}

static void print_ctes(struct buf *out, const struct ast_select *select,
		       const char *gap)
{
	for (unsigned i = 0; i < select->cte_count; i++) {
		buf_printf(out, "%s%s AS (", i ? ", " : "WITH ",
			   select->ctes[i].name);
		print_query(out, select->ctes[i].select, " ");
		buf_putc(out, ')');
	}
	if (select->cte_count)
		buf_puts(out, gap);
}

static void print_orders(struct buf *out, const struct ast_select *select)
{
	for (unsigned i = 0; i < select->order_count; i++) {
		buf_puts(out, i ? ", " : "");
		print_expr(out, select->orders[i].expr);
		buf_puts(out, select->orders[i].descending ? " DESC" : "");
	}
}

static void print_groups(struct buf *out, const struct ast_select *select,
			 const char *gap)
{
	if (select->group_count) {
		buf_printf(out, "%sGROUP BY ", gap);
		print_exprs(out, select->groups, select->group_count);
	}
	if (select->having) {
		buf_printf(out, "%sHAVING ", gap);
		print_expr(out, select->having);
	}
	if (select->order_count) {
		buf_printf(out, "%sORDER BY ", gap);
		print_orders(out, select);
	}
	if (select->limit >= 0)
		buf_printf(out, "%sLIMIT %" PRId64, gap, select->limit);
}

void print_query(struct buf *out, const struct ast_select *select,
		 const char *gap)
{
	static const char *const joins[] = {
		[AST_JOIN_FROM] = "FROM",	 [AST_JOIN_INNER] = "JOIN",
		[AST_JOIN_FIRST] = "JOIN FIRST", [AST_JOIN_LEFT] = "LEFT JOIN",
		[AST_JOIN_AUTO] = "AUTO JOIN",
	};

	print_ctes(out, select, gap);
	buf_puts(out, "SELECT ");
	print_outputs(out, select->outputs, select->output_count);
	for (unsigned i = 0; i < select->item_count; i++) {
		buf_printf(out, "%s%s ", gap, joins[select->items[i].join]);
		print_item(out, &select->items[i]);
	}
	if (select->where) {
		buf_printf(out, "%sWHERE ", gap);
		print_expr(out, select->where);
	}
	print_groups(out, select, gap);
}

void print_select(struct buf *out, const struct ast_select *select)
{
	print_query(out, select, "\n");
}

static void print_options(struct buf *out, const struct ast_rule *rule)
{
	buf_puts(out, "\nWITH (");
	for (unsigned i = 0; i < rule->option_count; i++) {
		buf_printf(out, "%s%s = ", i ? ", " : "",
			   rule->options[i].name);
		print_expr(out, rule->options[i].value);
	}
	buf_putc(out, ')');
}

void print_rule(struct buf *out, const struct ast_rule *rule)
{
	static const char *const emits[] = {
		[AST_EMIT_DEFAULT] = "",
		[AST_EMIT_EVERY] = "\nEMIT ON EVERY MATCH",
		[AST_EMIT_FIRST] = "\nEMIT ON FIRST MATCH",
		[AST_EMIT_CLOSE] = "\nEMIT ON WINDOW CLOSE",
	};

	buf_printf(out, "CREATE RULE %s", rule->name);
	if (rule->option_count)
		print_options(out, rule);
	buf_puts(out, " AS\n");
	print_query(out, rule->select, "\n");
	buf_puts(out, emits[rule->emit]);
	if (rule->suppress_ns) {
		buf_puts(out, "\nSUPPRESS FOR ");
		interval_print(out, rule->suppress_ns);
	}
	if (rule->gap != AST_GAP_DEFAULT)
		buf_printf(out, "\nON GAP %s",
			   rule->gap == AST_GAP_FLAG ? "FLAG" : "SUPPRESS");
	buf_puts(out, ";\n");
}

void print_view(struct buf *out, const struct ast_view *view)
{
	buf_printf(out, "CREATE VIEW %s AS\n", view->name);
	print_query(out, view->select, "\n");
	buf_puts(out, ";\n");
}

void print_list(struct buf *out, const struct ast_list *list)
{
	buf_printf(out, "CREATE LIST %s (", list->name);
	print_exprs(out, list->items, list->item_count);
	buf_puts(out, ");\n");
}

void print_program(struct buf *out, const struct ast_program *program)
{
	for (unsigned i = 0; i < program->list_count; i++)
		print_list(out, program->lists[i]);
	for (unsigned i = 0; i < program->view_count; i++)
		print_view(out, program->views[i]);
	for (unsigned i = 0; i < program->rule_count; i++)
		print_rule(out, program->rules[i]);
}
