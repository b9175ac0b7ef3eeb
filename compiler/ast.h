/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax tree: what a rule says, before any name in it is looked up. Made
 * by parse*.c, printed by print*.c, rewritten by expand*.c, read by bind*.c and
 * type*.c.
 */
#ifndef SHRIKE_COMPILER_AST_H
#define SHRIKE_COMPILER_AST_H

#include "compiler/diagnostic.h"
#include "stream/plan.h"

#include <stdint.h>

#define AST_DEPTH_MAX 64  /* of parentheses, operators and calls */
#define AST_NESTING_MAX 3 /* of subqueries */
#define AST_JOINS_MAX 4
#define AST_OUTPUTS_MAX 50
#define AST_KEYS_MAX PLAN_KEYS_MAX
#define AST_STEPS_MAX PLAN_STEPS_MAX
#define AST_ORDERS_MAX PLAN_ORDERS_MAX
#define AST_LIST_MAX 10000 /* elements of IN (...) and of CREATE LIST */

enum ast_op {
	AST_NULL,
	AST_BOOL,     /* number: 0 or 1 */
	AST_INT,      /* number */
	AST_DOUBLE,   /* real, finite */
	AST_INTERVAL, /* number: ns, not negative */
	AST_TEXT,     /* text */
	AST_NAME,     /* [qualifier.]text */
	AST_PARAM,    /* text: "t_start", "t_end" */
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
	AST_MUL,
	AST_DIV,
	AST_MOD,
	AST_CONCAT,   /* || */
	AST_NEG,      /* -args[0]; of a literal the parser negates it */
	AST_IS_NULL,  /* negated: IS NOT NULL; likewise down to REGEXP */
	AST_IS_TRUE,  /* IS [NOT] TRUE */
	AST_IS_FALSE, /* IS [NOT] FALSE */
	AST_IN,	      /* args[0] in args[1..] */
	AST_IN_LIST,  /* args[0] in the list named `text` (CREATE LIST); "":
			 there is none, which was complained of */
	AST_BETWEEN,  /* args[0] between args[1] and args[2] */
	AST_LIKE,     /* args[0] like args[1], escape args[2] */
	AST_ILIKE,    /* the same, ASCII letters alike */
	AST_REGEXP,   /* args[0] regexp args[1] */
	AST_ANY,      /* ANY(args[0]): an operand of a comparison or pattern */
	AST_ALL,      /* ALL(args[0]): likewise */
	AST_CASE,     /* args: [WHEN, THEN]..., then ELSE if the count is odd */
	AST_CAST, /* CAST(args[0] AS text), text a type's name in lower case */
	AST_CALL, /* text(args...); text in lower case; see star, distinct */
	AST_EXISTS, /* [NOT] EXISTS (select) */
	AST_OP_COUNT
};

/* OVER (PARTITION BY keys ORDER BY order RANGE BETWEEN range PRECEDING AND
 * CURRENT ROW) */
struct ast_over {
	struct ast_expr **keys;
	unsigned key_count;
	struct ast_expr *order;
	int64_t range_ns;
	struct span range_span;
};

struct ast_expr {
	enum ast_op op;
	bool negated;
	bool star;     /* CALL: COUNT(*) */
	bool distinct; /* CALL: COUNT(DISTINCT x) */
	bool of_view;  /* put by expand where a column of a view is named */
	uint8_t depth; /* of the tree, by parse_push() */
	struct span span;
	int64_t number;
	double real;
	const char *text;
	struct span text_span; /* IN_LIST: of `text` */
	const char *qualifier; /* "c", "network.connect"; NULL: none */
	struct ast_expr **args;
	unsigned arg_count;
	struct ast_over *over;	   /* CALL; NULL: without OVER */
	struct ast_select *select; /* EXISTS */
};

struct ast_output {
	struct ast_expr *expr;
	const char *alias; /* NULL: none */
	struct span span;
};

enum ast_table { AST_TABLE_PLAIN, AST_TUMBLE, AST_HOP, AST_SESSION };

/*
 * TUMBLE(TABLE source, DESCRIPTOR(time), size)
 * HOP(TABLE source, DESCRIPTOR(time), slide, size)
 * SESSION(TABLE source [PARTITION BY keys], DESCRIPTOR(time), gap, maximum)
 */
struct ast_table_window {
	enum ast_table kind;
	struct ast_expr *time;
	struct ast_expr **keys; /* SESSION */
	unsigned key_count;
	int64_t size_ns;  /* TUMBLE, HOP; SESSION: the maximum */
	int64_t slide_ns; /* HOP; SESSION: the gap */
	struct span size_span, slide_span;
};

/* A step of PATTERN (A B{2} C? D+) and what DEFINE says of its variable. */
struct ast_step {
	const char *name;
	struct span span;
	unsigned least, most; /* A: 1 1, A?: 0 1, A{3}: 3 3, A+: 1 UINT_MAX */
	const char *stream;   /* DEFINE A AS stream WHERE ...; NULL: FROM's */
	struct span stream_span;
	struct ast_expr **keys; /* its own PARTITION BY; else none */
	unsigned key_count;
	struct ast_expr *define; /* NULL: any row */
};

/*
 * source MATCH_RECOGNIZE (
 *   PARTITION BY keys ORDER BY ts MEASURES expr AS name, ...
 *   PATTERN (A B C) WITHIN INTERVAL ... [UNTIL U]
 *   DEFINE A AS condition, B AS stream [PARTITION BY keys] WHERE condition)
 */
struct ast_recognize {
	struct span span;
	struct ast_expr **keys;
	unsigned key_count;
	struct ast_expr *order;
	struct ast_output *measures;
	unsigned measure_count;
	struct ast_step *steps; /* in the order of PATTERN */
	unsigned step_count;
	struct ast_step *until; /* NULL: none */
	int64_t within_ns;
	struct span within_span;
};

enum ast_join {
	AST_JOIN_FROM, /* the first item */
	AST_JOIN_INNER,
	AST_JOIN_FIRST,
	AST_JOIN_LEFT,
	AST_JOIN_AUTO, /* gone after expand */
};

/* A FROM item: a stream, a view or a subquery, perhaps in a window. */
struct ast_item {
	enum ast_join join;
	const char *stream;		 /* NULL: a subquery */
	struct ast_select *select;	 /* the subquery */
	struct ast_table_window *window; /* NULL: none */
	struct ast_recognize *recognize; /* NULL: none */
	struct ast_expr *as_of;		 /* FOR SYSTEM_TIME AS OF; NULL: none */
	const char *alias;		 /* NULL: none */
	struct ast_expr *on;		 /* NULL for the first */
	struct ast_expr *when;		 /* AUTO JOIN ... WHEN; NULL: none */
	bool triggered; /* set by expand: was an AUTO JOIN, has a budget */
	struct span span;
};

struct ast_order {
	struct ast_expr *expr;
	bool descending;
};

/* WITH name AS (select) */
struct ast_cte {
	const char *name;
	struct span name_span;
	struct ast_select *select;
};

struct ast_select {
	struct span span;
	struct ast_cte *ctes;
	unsigned cte_count;
	struct ast_output *outputs;
	unsigned output_count;
	struct ast_item *items;
	unsigned item_count;
	struct ast_expr *where; /* NULL: none */
	struct ast_expr **groups;
	unsigned group_count;
	struct ast_expr *having; /* NULL: none */
	struct ast_order *orders;
	unsigned order_count;
	int64_t limit; /* -1: none */
	struct span limit_span;
};

struct ast_option {
	const char *name;
	struct span name_span;
	struct ast_expr *value; /* TEXT, INT or BOOL */
};

enum ast_emit {
	AST_EMIT_DEFAULT,
	AST_EMIT_EVERY,
	AST_EMIT_FIRST,
	AST_EMIT_CLOSE
};
enum ast_gap { AST_GAP_DEFAULT, AST_GAP_FLAG, AST_GAP_SUPPRESS };

struct ast_rule {
	const char *name;
	bool bare;	  /* a SELECT: named after its file and number */
	struct span span; /* of the whole statement */
	struct span name_span;
	struct ast_option *options;
	unsigned option_count;
	struct ast_select *select;
	enum ast_emit emit;
	struct span emit_span;
	int64_t suppress_ns; /* 0: none */
	enum ast_gap gap;
};

/* CREATE VIEW name AS select; a name may have a dot. */
struct ast_view {
	const char *name;
	struct span span, name_span;
	struct ast_select *select;
};

/* CREATE LIST name (constant, ...) */
struct ast_list {
	const char *name;
	struct span span, name_span;
	struct ast_expr **items;
	unsigned item_count;
};

/* All statements of all sources, each kind in the order of the text. */
struct ast_program {
	struct ast_rule **rules;
	unsigned rule_count;
	struct ast_view **views;
	unsigned view_count;
	struct ast_list **lists;
	unsigned list_count;
};

#endif
