// SPDX-License-Identifier: Apache-2.0
/* Which subquery is part of the block that reads it, which is its own rule. */
#include "compiler/bind_block.h"

bool block_has_aggregate(const struct ast_expr *expr, bool over)
{
	enum plan_aggregate_op op;

	if (!expr)
		return false;
	if (bind_aggregate_op(expr, &op) && (over || !expr->over))
		return true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		if (block_has_aggregate(expr->args[i], over))
			return true;
	return false;
}

/* A term of WHERE that is more than a condition on its row. */
static bool has_term(const struct ast_expr *where, enum ast_op op)
{
	if (!where)
		return false;
	if (where->op == op && (op == AST_EXISTS || bind_seen_is(where)))
		return true;
	if (where->op != AST_AND)
		return false;
	for (unsigned i = 0; i < where->arg_count; i++)
		if (has_term(where->args[i], op))
			return true;
	return false;
}

static bool has_exists(const struct ast_select *select)
{
	return has_term(select->where, AST_EXISTS);
}

bool block_computes(const struct ast_select *select)
{
	if (select->group_count || select->having || select->order_count ||
	    select->limit >= 0 || has_term(select->where, AST_CALL))
		return true;
	for (unsigned i = 0; i < select->output_count; i++)
		if (block_has_aggregate(select->outputs[i].expr, true))
			return true;
	for (unsigned i = 0; i < select->item_count; i++)
		if (select->items[i].window)
			return true;
	return false;
}

/*
 * Conditions and columns over inputs. A query over one that computes is not
 * flat: together they are one block.
 */
static bool is_flat(const struct ast_select *select)
{
	const struct ast_item *item = &select->items[0];

	if (block_computes(select))
		return false;
	if (select->item_count > 1)
		return true;
	return !item->recognize && (!item->select || is_flat(item->select));
}

/* Inner joins of one chain say the same in any order. */
static bool is_inner(const struct ast_select *select)
{
	if (has_exists(select))
		return false;
	for (unsigned i = 0; i < select->item_count; i++) {
		const struct ast_item *item = &select->items[i];

		if (item->join != AST_JOIN_FROM && item->join != AST_JOIN_INNER)
			return false;
		if (item->select && is_flat(item->select) &&
		    !is_inner(item->select))
			return false;
	}
	return true;
}

/* `bare`: its columns are those of the input, under whatever name. */
static bool is_one(const struct ast_select *select, bool bare)
{
	for (unsigned i = 0; bare && i < select->output_count; i++)
		if (select->outputs[i].expr->op != AST_NAME)
			return false;
	return select->item_count == 1 && !has_exists(select) &&
	       (!select->items[0].select ||
		is_one(select->items[0].select, bare));
}

static bool has_window(const struct ast_select *select)
{
	for (unsigned i = 0; i < select->output_count; i++)
		if (block_has_aggregate(select->outputs[i].expr, true))
			return true;
	return select->items[0].window;
}

/*
 * Does it choose among its rows, so that a reader's WHERE comes after? The
 * conditions on what a window computed do come after.
 */
static bool chooses(const struct ast_select *select)
{
	if (select->limit >= 0)
		return true;
	if (has_window(select))
		return false;
	return has_term(select->where, AST_CALL) ||
	       (select->item_count == 1 && select->items[0].select &&
		chooses(select->items[0].select));
}

enum place block_place(const struct ast_select *reader)
{
	const struct ast_select *source = reader->items[0].select;

	if (reader->item_count > 1)
		return PLACE_JOINED;
	if (block_computes(reader) || has_exists(reader) ||
	    (reader->where && source && chooses(source)))
		return PLACE_ALONE;
	return PLACE_TOP;
}

bool block_inlines(const struct ast_select *select, enum place place)
{
	switch (place) {
	case PLACE_TOP:
		return true;
	case PLACE_ALONE:
		return is_flat(select);
	case PLACE_JOINED:
		return is_flat(select) && is_inner(select);
	case PLACE_ONE:
	case PLACE_NULLABLE:
		return is_flat(select) &&
		       is_one(select, place == PLACE_NULLABLE);
	}
	CHECK(!"a place in FROM");
	return false;
}

/* SELECT its columns FROM the item: what the block says, for its text. */
static struct ast_select *select_of(struct binder *b,
				    const struct ast_item *ast,
				    const struct plan_output *outputs,
				    unsigned count)
{
	struct ast_select *select = compilation_alloc(b->c, 1, sizeof(*select));
	struct ast_item *item = compilation_alloc(b->c, 1, sizeof(*item));
	struct ast_output *columns =
		compilation_alloc(b->c, count, sizeof(*columns));
	struct ast_expr *names = compilation_alloc(b->c, count, sizeof(*names));

	if (!select || !item || !columns || !names)
		return NULL;
	*item = *ast;
	item->join = AST_JOIN_FROM;
	item->on = NULL;
	for (unsigned i = 0; i < count; i++) {
		names[i] = (struct ast_expr){ .op = AST_NAME,
					      .span = ast->span,
					      .text = outputs[i].name };
		columns[i] = (struct ast_output){ .expr = &names[i],
						  .span = ast->span };
	}
	*select = (struct ast_select){ .span = ast->span,
				       .outputs = columns,
				       .output_count = count,
				       .items = item,
				       .item_count = 1,
				       .limit = -1 };
	return select;
}

static bool bind_content(struct binder *b, const struct ast_item *ast)
{
	struct bound_rule *rule = b->rule;
	struct scope_item item = { 0 };
	struct scope scope;

	if (!ast->recognize) {
		rule->select = ast->select;
		rule->output_count = ast->select->output_count;
		return bind_select(b, ast->select, &scope, &rule->outputs);
	}
	if (!bind_recognize(b, ast, &item))
		return false;
	rule->output_count = item.output_count;
	rule->outputs = compilation_alloc(b->c, item.output_count,
					  sizeof(*rule->outputs));
	if (!rule->outputs)
		return false;
	for (unsigned i = 0; i < item.output_count; i++)
		rule->outputs[i] = item.outputs[i];
	rule->select = select_of(b, ast, rule->outputs, rule->output_count);
	return rule->select;
}

bool block_append(struct binder *b)
{
	struct bound_rules *rules = b->block->rules;
	struct bound_rule **grown = compilation_grow(
		b->c, rules->items, rules->count, sizeof(*grown));

	if (!grown)
		return false;
	rules->items = grown;
	rules->items[rules->count++] = b->rule;
	return true;
}

const struct bound_rule *block_internal(struct binder *b,
					const struct ast_item *ast)
{
	struct bound_rule *rule = compilation_alloc(b->c, 1, sizeof(*rule));
	struct block block = { .rules = b->block->rules,
			       .made = b->block->made,
			       .depth = b->block->depth };
	struct binder inner = { .c = b->c, .rule = rule, .block = &block };

	if (*block.made >= BIND_BLOCKS_MAX) {
		compilation_error(b->c, ast->span,
				  "make rules of the parts, and read their "
				  "matches.<rule>",
				  "a rule has at most %d parts that each keep "
				  "state of their own",
				  BIND_BLOCKS_MAX);
		return NULL;
	}
	if (!rule)
		return NULL;
	*rule = (struct bound_rule){
		.ast = b->rule->ast,
		.internal = true,
		.limit = -1,
		.severity = "",
		.description = "",
		.attack = "",
		.enabled = b->rule->enabled,
		.plan = compilation_alloc(b->c, 1, sizeof(*rule->plan)),
	};
	if (!rule->plan || !bind_content(&inner, ast))
		return NULL;
	/* After those within it: numbers are in the order of the plan. */
	rule->name = compilation_text(b->c, "%s#%u", rule->ast->name,
				      (*block.made)++);
	if (!rule->name || !block_append(&inner))
		return NULL;
	return rule;
}
