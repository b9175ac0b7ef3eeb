/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files that make a block of a query: bind.c, bind_from.c,
 * bind_block.c, bind_aggregate.c, bind_window.c, bind_recognize.c,
 * bind_exists.c, bind_seen.c and bind_output.c.
 */
#ifndef SHRIKE_COMPILER_BIND_BLOCK_H
#define SHRIKE_COMPILER_BIND_BLOCK_H

#include "compiler/bind_int.h"

/* What binding a block needs beside what it makes. */
struct block {
	struct bound_rules *rules;
	unsigned *made; /* blocks of the rule so far, its own included */
	unsigned depth; /* of the queries being bound */
	bool grouped;	/* aggregates without OVER may stand here */
	bool crowded;	/* complained of: too many inputs */
	bool no_window; /* complained of: groups without one */
	bool lost_keys; /* some of GROUP BY were complained of */
	const struct ast_output *output; /* being bound; NULL: none */
	struct ast_expr *const *session; /* PARTITION BY of SESSION */
	unsigned session_count;
	/* Where WHERE of a subquery goes; NULL: to the block's own. */
	struct bound_conditions *where;
};

/* Where a subquery stands decides what may become part of the block. */
enum place {
	PLACE_TOP,	/* all that a query of conditions and columns reads */
	PLACE_ALONE,	/* all that another query reads */
	PLACE_JOINED,	/* beside others */
	PLACE_ONE,	/* one input: EXISTS, JOIN FIRST, a window, a step */
	PLACE_NULLABLE, /* of LEFT: one input whose columns are NULL with it */
};

/* bind.c: the query as part of this block. */
bool bind_select(struct binder *b, const struct ast_select *select,
		 struct scope *scope, struct plan_output **ret_outputs);
/* The terms of a WHERE. */
bool bind_where(struct binder *b, const struct scope *scope,
		const struct ast_expr *where);
/* A condition, appended. */
bool bind_term(struct binder *b, const struct scope *scope, enum clause clause,
	       struct bound_conditions *list, const struct ast_expr *ast);
/* Where the terms of the query being bound go. */
struct bound_conditions *bind_target(struct binder *b);

/* bind_block.c: does it compute more than conditions and columns? */
bool block_computes(const struct ast_select *select);
bool block_has_aggregate(const struct ast_expr *expr, bool over);
/* Where the sources of a query stand. */
enum place block_place(const struct ast_select *reader);
/* Is it part of the block that reads it there? */
bool block_inlines(const struct ast_select *select, enum place place);
/* Its rule behind those that are bound. */
bool block_append(struct binder *b);
/* Bind the item as a rule of its own; NULL: complained. */
const struct bound_rule *block_internal(struct binder *b,
					const struct ast_item *ast);

/* bind_from.c: what FROM offers, then what its joins ask. */
bool bind_items(struct binder *b, struct scope *scope);
bool bind_joins(struct binder *b, const struct scope *scope);
/*
 * A stream, matches.<rule> or subquery by itself. When it is complained of the
 * item offers what is known of it, so that other mistakes are still found.
 */
bool bind_source(struct binder *b, const struct ast_item *ast, enum place place,
		 struct scope_item *item);
void bind_unknown(const struct ast_item *ast, struct scope_item *item);
/* By name: a stream, or the matches of a rule. */
bool bind_stream(struct binder *b, const char *name, struct span span,
		 const char *alias, struct scope_item *item);
/* The matches of a block as a new input. */
bool bind_matches(struct binder *b, const struct bound_rule *source,
		  const char *alias, struct span span, struct scope_item *item);
/*
 * Has it a time to be joined by? What a query computed and named ts is not when
 * its rows are. Complains when not.
 */
bool bind_joinable(struct binder *b, struct span span,
		   const struct scope_item *item);
/*
 * The column ts of a query that became part of this block: when its rows are
 * decided, unless it has one of that name.
 */
bool bind_moment(struct binder *b, struct scope_item *item);
/* Is it the time of an input's rows? Complains when not. */
bool bind_time(struct binder *b, const struct scope *scope,
	       const struct ast_expr *ast, const char *what,
	       unsigned *ret_input);

/* bind_window.c: TUMBLE, HOP, SESSION. */
bool bind_window(struct binder *b, const struct ast_item *ast,
		 struct scope_item *item);

/* bind_recognize.c: its measures and keys become the item's columns. */
bool bind_recognize(struct binder *b, const struct ast_item *ast,
		    struct scope_item *item);

/* bind_exists.c, bind_seen.c: terms of WHERE. */
bool bind_exists(struct binder *b, const struct scope *scope,
		 const struct ast_expr *ast);
bool bind_seen_is(const struct ast_expr *ast);
bool bind_seen(struct binder *b, const struct scope *scope,
	       const struct ast_expr *ast);

/* bind_aggregate.c */
bool bind_groups(struct binder *b, const struct scope *scope,
		 const struct ast_select *select);
bool bind_having(struct binder *b, const struct scope *scope,
		 const struct ast_select *select,
		 const struct plan_output *outputs);
/* Of a grouped query: keys and aggregates only. NULL: complained. */
const struct expr *bind_grouped(struct binder *b, struct span span,
				const struct expr *expr);
/* Keys of PARTITION BY and the like: no lists; false: complained. */
bool bind_key_type(struct binder *b, struct span span, const struct expr *expr);
const char *bind_key_name(struct binder *b, const struct ast_expr *ast);
bool bind_has_slot(const struct expr *expr);
struct expr *bind_slot(struct binder *b, unsigned slot, enum value_type type);
struct expr *bind_column(struct binder *b, unsigned input, unsigned column,
			 enum value_type type);

/* bind_output.c */
bool bind_outputs(struct binder *b, const struct ast_output *asts,
		  unsigned count, const struct scope *scope, enum clause clause,
		  struct plan_output *outputs);
bool bind_dedup(struct binder *b, const struct scope *scope,
		const struct ast_option *option, bool grouped);
bool bind_name_taken(const struct plan_output *outputs, unsigned count,
		     const char *name);

#endif
