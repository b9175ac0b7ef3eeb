/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax tree: what a rule says, before any name in it is looked up. Made
 * by parse*.c, printed by print.c, read by bind.c and type.c.
 */
#ifndef SHRIKE_COMPILER_AST_H
#define SHRIKE_COMPILER_AST_H

#include "compiler/diagnostic.h"
#include "stream/plan.h"

#include <stdint.h>

#define AST_DEPTH_MAX 64  /* of parentheses, NOT and sums */
#define AST_NESTING_MAX 3 /* of subqueries */
#define AST_JOINS_MAX (TUPLE_INPUTS_MAX - 1)
#define AST_OUTPUTS_MAX 50
#define AST_KEYS_MAX PLAN_KEYS_MAX

enum ast_op {
	AST_NULL,
	AST_BOOL,     /* number: 0 or 1 */
	AST_INT,      /* number */
	AST_INTERVAL, /* number: ns, not negative */
	AST_TEXT,     /* text */
	AST_NAME,     /* [qualifier.]text */
	AST_NOT,
	AST_AND, /* two or more args */
	AST_OR,
	AST_EQ,
	AST_NE,
	AST_LT,
	AST_LE,
	AST_GT,
	AST_GE,
	AST_ADD,
	AST_SUB,
	AST_IS_NULL, /* negated: IS NOT NULL; likewise the next three */
	AST_IN,	     /* args[0] in args[1..] */
	AST_BETWEEN, /* args[0] between args[1] and args[2] */
	AST_LIKE,    /* args[0] like the text args[1], escape args[2] */
	AST_ANY,     /* args[0] = ANY(args[1]) */
	AST_COUNT,   /* COUNT(*) OVER window */
	AST_OP_COUNT
};

/* RANGE BETWEEN range_ns PRECEDING AND CURRENT ROW */
struct ast_window {
	struct ast_expr **keys; /* PARTITION BY */
	unsigned key_count;
	struct ast_expr *order;
	int64_t range_ns;
	struct span range_span;
};

struct ast_expr {
	enum ast_op op;
	bool negated;
	struct span span;
	int64_t number;
	const char *text;
	const char *qualifier; /* "c", "network.connect"; NULL: none */
	struct ast_expr **args;
	unsigned arg_count;
	struct ast_window *window; /* COUNT; NULL: without OVER */
};

struct ast_output {
	struct ast_expr *expr;
	const char *alias; /* NULL: none */
	struct span span;
};

/* A FROM item: a stream or a subquery. */
struct ast_item {
	const char *stream; /* NULL: a subquery */
	struct ast_select *select;
	const char *alias;   /* NULL: none */
	struct ast_expr *on; /* NULL for the first */
	struct span span;
};

struct ast_select {
	struct span span;
	struct ast_output *outputs;
	unsigned output_count;
	struct ast_item *items;
	unsigned item_count;
	struct ast_expr *where; /* NULL: none */
};

struct ast_option {
	const char *name;
	struct span name_span;
	struct ast_expr *value; /* TEXT, INT or BOOL */
};

enum ast_emit { AST_EMIT_DEFAULT, AST_EMIT_EVERY, AST_EMIT_FIRST };
enum ast_gap { AST_GAP_DEFAULT, AST_GAP_FLAG, AST_GAP_SUPPRESS };

struct ast_rule {
	const char *name;
	struct span span; /* of the whole statement */
	struct span name_span;
	struct ast_option *options;
	unsigned option_count;
	struct ast_select *select;
	enum ast_emit emit;
	int64_t suppress_ns; /* 0: none */
	enum ast_gap gap;
};

#endif
