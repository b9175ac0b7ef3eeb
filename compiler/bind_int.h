/* SPDX-License-Identifier: Apache-2.0 */
/* Between bind.c, name.c, type.c, literal.c, range.c and option.c. */
#ifndef SHRIKE_COMPILER_BIND_INT_H
#define SHRIKE_COMPILER_BIND_INT_H

#include "compiler/bind.h"
#include "compiler/build.h"

/* What a FROM item offers: a stream's columns, or a subquery's outputs. */
struct scope_item {
	const char *alias;
	const char *stream; /* its full name names it too; NULL: it does not */
	unsigned input;	    /* of the rule, when it is a stream */
	bool derived;	    /* a subquery */
	const struct plan_output *outputs;
	unsigned output_count;
};

struct scope {
	const struct ast_select *select;
	struct scope_item items[TUPLE_INPUTS_MAX];
	unsigned count;
};

struct binder {
	struct compilation *c;
	struct bound_rule *rule;
};

/*
 * A typed expression; NULL: complained. A COUNT is refused: bind.c takes those
 * that stand where they may.
 */
const struct expr *bind_expr(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);
/* The same, and it must be a BOOLEAN. */
const struct expr *bind_condition(struct binder *b, const struct scope *scope,
				  const struct ast_expr *ast);
/* name.c */
const struct expr *bind_name(struct binder *b, const struct scope *scope,
			     const struct ast_expr *ast);

/*
 * literal.c: a text beside an expression that is no text ('10.0.0.1', 'tcp') as
 * a constant of that expression's type. *literal stays when it needs no change;
 * false: complained.
 */
bool bind_literal(struct binder *b, const struct ast_expr *ast,
		  const struct expr *beside, const struct expr **literal);

/*
 * range.c: warn when the column `x` never is the constant that `ast` became,
 * or never is like the pattern `ast`. Anything else is left alone.
 */
void bind_range(struct binder *b, const struct expr *x,
		const struct ast_expr *ast, const struct expr *constant);
void bind_range_like(struct binder *b, const struct expr *like,
		     const struct ast_expr *ast);

/* option.c: severity, attack ...; dedup_key is returned, NULL: none. */
const struct ast_option *bind_options(struct binder *b);

/* What a text of the rule says, canonically, for a message. */
const char *bind_quote(struct binder *b, const struct ast_expr *ast);

#endif
