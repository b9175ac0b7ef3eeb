/* SPDX-License-Identifier: Apache-2.0 */
/* Between bind*.c, name.c, spell.c, type*.c, literal.c, range.c and option.c. */
#ifndef SHRIKE_COMPILER_BIND_INT_H
#define SHRIKE_COMPILER_BIND_INT_H

#include "compiler/bind.h"
#include "compiler/build.h"

/*
 * Of an expression, with the columns of subqueries that it names: literals, CASE
 * and lists add some levels to what the text has.
 */
#define BIND_HEIGHT_MAX (AST_DEPTH_MAX * 8)

/*
 * What a FROM item offers: a stream's columns, the outputs of a subquery that is
 * part of this block, the matches of a rule, or the row of a sequence's step.
 */
struct scope_item {
	const char *alias;  /* NULL: none */
	const char *stream; /* its full name names it too; NULL: it does not */
	unsigned input;	    /* of the rule; not of a subquery */
	bool derived;	    /* a column is the expression of an output */
	/* Of `derived`; one without an expression was complained of. */
	const struct plan_output *outputs;
	unsigned output_count;
	bool unknown; /* complained of: any name may be its column */
};

struct scope {
	const struct ast_select *select; /* NULL: of no query (DEFINE) */
	struct scope_item items[TUPLE_INPUTS_MAX];
	unsigned count;
	/* DEFINE: of the step; a name without an alias is its column. */
	const struct scope_item *own;
	/* EXISTS: of the query around; names that are not here are there. */
	const struct scope *outer;
};

/* What is being bound: says what may stand there. */
enum clause {
	CLAUSE_WHERE,
	CLAUSE_ON,
	CLAUSE_OUTPUT, /* of SELECT */
	CLAUSE_GROUP,
	CLAUSE_HAVING,
	CLAUSE_ORDER,
	CLAUSE_KEY, /* of PARTITION BY, of dedup_key */
	CLAUSE_DEFINE,
	CLAUSE_MEASURE,
	CLAUSE_EXISTS,	 /* WHERE of its subquery */
	CLAUSE_ARGUMENT, /* of an aggregate, of FIRST_SEEN */
	CLAUSE_COUNT
};

struct block; /* bind_block.h */

struct binder {
	struct compilation *c;
	struct bound_rule *rule;
	struct block *block;
	enum clause clause;
};

/*
 * A typed expression; NULL: complained. FIRST_SEEN and EXISTS are refused: they
 * are terms of WHERE, which its binder takes before.
 */
const struct expr *bind_expr(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
/* The same, and it must be a BOOLEAN. */
const struct expr *bind_condition(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast);

/* type_call.c: false: `ast` is no call of an aggregate. */
bool bind_aggregate_op(const struct ast_expr *ast,
		       enum plan_aggregate_op *ret_op);

/*
 * bind_aggregate.c: an aggregate where it may stand (OUTPUT, HAVING, ORDER), with as many
 * arguments as it takes: the slot that holds it. NULL: complained.
 */
const struct expr *bind_aggregate(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast);

/* name.c */
const struct expr *bind_name(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);

/* spell.c: the aggregate whose slot it is, or NULL. */
const struct bound_aggregate *bind_aggregate_of(const struct bound_rule *rule,
						const struct expr *x);

/*
 * spell.c: the catalog's column that an expression is, or that all operands are
 * which it chooses from; also through the matches of a rule, where it is a text
 * if its values have names, and a group's key. NULL: it is none.
 */
const struct column *bind_origin(const struct bound_rule *rule,
				 const struct expr *x,
				 enum stream_id *ret_stream);

/*
 * literal.c: a text beside an expression that is no text ('10.0.0.1', 'tcp') as
 * a constant of that expression's type. *literal stays when it needs no change;
 * false: complained.
 */
bool bind_literal(struct binder *b, const struct ast_expr *ast,
		  const struct expr *beside, const struct expr **literal);

/*
 * range.c: warn when the column `x` never, or always, compares so with the
 * constant that `ast` became, or never is like the pattern `ast`. `edges`: also
 * where the constant is the least or the greatest that there is. Anything else
 * is left alone.
 */
void bind_range(struct binder *b, enum expr_op op, const struct expr *x,
		const struct ast_expr *ast, const struct expr *constant,
		bool edges);
void bind_range_like(struct binder *b, const struct expr *like,
		     const struct ast_expr *ast);
/* The same of a comparison of a column with itself. */
void bind_range_same(struct binder *b, struct span span, enum expr_op op,
		     const struct ast_expr *ast, const struct expr *l,
		     const struct expr *r);

/* option.c: severity, attack ...; dedup_key is returned, NULL: none. */
const struct ast_option *bind_options(struct binder *b);

/* What a text of the rule says, canonically, for a message. */
const char *bind_quote(struct binder *b, const struct ast_expr *ast);

#endif
