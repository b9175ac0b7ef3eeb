/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of expand. One query goes through them in this order:
 *
 *   expand_check.c  names of the set
 *   expand.c        the rule; each query's clauses, in the order below
 *   expand_view.c   what a name in FROM stands for; views over one stream
 *   expand_name.c   names of views' columns, lists, operations
 *   expand_sequence.c  the variables of MATCH_RECOGNIZE
 *   expand_join.c   joins that FROM lacks; AUTO JOIN
 *   expand_state.c  joins with the process table
 *   expand_param.c  :t_start and :t_end
 *   expand_map.c    trees to trees: what all of them copy with
 *
 * A function that fails has complained, or there is no memory: `failed` or
 * c->nomem is set, and what it returns is not to be looked into.
 */
#ifndef SHRIKE_COMPILER_EXPAND_INT_H
#define SHRIKE_COMPILER_EXPAND_INT_H

#include "compiler/builtin_views.h"
#include "compiler/expand.h"

#include "user/base/catalog.h"

#define EXPAND_NODES_MAX 100000 /* made for one rule */
#define EXPAND_DEPTH_MAX 256	/* of a tree: four times what is written */
#define EXPAND_VIEWS_MAX 16	/* views that read views that ... */
#define EXPAND_SOURCES_MAX 16	/* of a FROM, before the process table goes */
#define EXPAND_BUILTINS_MAX 8
#define EXPAND_NAMES_MAX 1000 /* views of a set, and lists */

/* The table of processes, also a stream of its changes. */
#define EXPAND_STATE "process"

/* WITH queries in sight, the nearest first. */
struct expand_with {
	const struct ast_cte *cte;
	const struct expand_with *outer; /* what the query itself may read */
};

/* A view or WITH query. */
struct expand_view {
	const char *name;
	const struct ast_select *select;
	const struct expand_with *with;	    /* in sight of it */
	const struct builtin_view *builtin; /* NULL: of the rules' text */
};

/* A view whose columns are expressions over one stream. */
struct expand_flat {
	const char *stream;
	const struct builtin_view *builtin; /* it, or what it is made of */
	struct ast_output *columns;	    /* names in them: not qualified */
	unsigned column_count;
	struct ast_expr *where; /* NULL: none */
	const char *operation;	/* the builtin's column; NULL: not in it */
};

/* An item of FROM. */
struct expand_source {
	const struct ast_item *item;
	const char *alias;  /* NULL: none */
	const char *name;   /* of the stream or view; NULL: a subquery */
	const char *prefix; /* the alias it has if it is given none; or NULL */
	const char *qualifier; /* of its names in what comes out; or NULL */
	const struct expand_flat *flat;	  /* NULL: not such a view */
	const struct ast_select *derived; /* a view that is now a subquery */
	const struct ast_expr *demand;	  /* the term that chose its stream */
	bool prefix_used;
	bool nullable; /* of a LEFT JOIN */
	bool bare;     /* its names come out without a qualifier */
};

struct expand_scope {
	const struct ast_select *select;
	struct expand_scope *outer;	/* EXISTS: of the query around */
	const struct expand_with *with; /* in sight of it */
	struct expand_source sources[EXPAND_SOURCES_MAX];
	unsigned count;
	bool any_flat;
	bool outputs_named; /* in GROUP BY, HAVING, ORDER BY */
	bool own; /* names without a qualifier are not looked up around it */
};

struct expander {
	struct compilation *c;
	const struct ast_program *program;
	const struct ast_select *builtins[EXPAND_BUILTINS_MAX]; /* parsed */
	const struct ast_select *reading[EXPAND_VIEWS_MAX];	/* we are in */
	unsigned reading_count;
	unsigned nesting; /* of queries that come out */
	unsigned nodes;
	unsigned depth;
	const struct span *span; /* of all that is made; NULL: as it was */
	bool failed;
	bool changed;
	/* What was complained of without giving up, to find other mistakes. */
	bool lost_name;	      /* the name that was just looked up */
	const char *lost[16]; /* aliases */
	unsigned lost_count;
};

static inline bool expand_ok(const struct expander *x)
{
	return !x->failed && !x->c->nomem;
}

/* Complain about the rule; once this was called it is not bound. */
void expand_error(struct expander *x, struct span span, const char *suggestion,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* expand_join.c: was the alias complained of already? */
bool expand_is_lost(const struct expander *x, const char *qualifier);

/* expand.c */
struct ast_select *expand_select(struct expander *x,
				 const struct ast_select *select,
				 struct expand_scope *outer,
				 const struct expand_with *with);
/* expand_rule() of a query that stands where `with` is in sight. */
const struct ast_rule *expand_within(struct compilation *c,
				     const struct ast_program *program,
				     const struct ast_rule *rule,
				     const struct expand_with *with,
				     bool *ret_changed);

/* --- expand_map.c --- */

/*
 * `expr` puts another tree in the place of one and returns true, or returns
 * false and has the operands mapped. `select` makes what stands in EXISTS;
 * NULL: mapped clause by clause.
 */
struct expand_map {
	struct expander *x;
	bool (*expr)(struct expand_map *m, const struct ast_expr *expr,
		     struct ast_expr **ret);
	struct ast_select *(*select)(struct expand_map *m,
				     const struct ast_select *select);
	void *data;
	/* Mapped clause by clause: the queries around, the nearest last. */
	const struct ast_select *inside[AST_NESTING_MAX + 1];
	unsigned inside_count;
};

/* NULL for NULL. */
struct ast_expr *expand_map_expr(struct expand_map *m,
				 const struct ast_expr *expr);
struct ast_expr **expand_map_list(struct expand_map *m,
				  struct ast_expr *const *list, unsigned n);
/* Outputs keep their names, also where `m` renames a column. */
void expand_map_outputs(struct expand_map *m, struct ast_output **outputs,
			unsigned n);
/* What follows the items: WHERE to ORDER BY, in place. */
void expand_map_clauses(struct expand_map *m, struct ast_select *select);
struct ast_table_window *
expand_map_window(struct expand_map *m, const struct ast_table_window *window);

struct ast_expr *expand_new(struct expander *x, enum ast_op op,
			    struct span span, unsigned arg_count);
struct ast_expr *expand_column(struct expander *x, struct span span,
			       const char *qualifier, const char *name);
/* What is left of an ON whose every term went: the binder asks for a key. */
struct ast_expr *expand_true(struct expander *x, struct span span);
struct ast_expr *expand_infix(struct expander *x, enum ast_op op,
			      struct ast_expr *left, struct ast_expr *right);
/* Both, the terms of an AND side by side; either may be NULL. */
struct ast_expr *expand_and(struct expander *x, struct ast_expr *left,
			    struct ast_expr *right);
/* The same of many, each of which may be NULL. */
struct ast_expr *expand_all(struct expander *x, struct ast_expr *const *terms,
			    unsigned count);
/* The terms of a condition, which stands for an AND of one. */
unsigned expand_term_count(const struct ast_expr *condition);
struct ast_expr *expand_term(struct ast_expr *condition, unsigned i);

/* column BETWEEN anchor.ts - before AND anchor.ts + after */
struct ast_expr *expand_time_bound(struct expander *x, struct span span,
				   const char *qualifier, const char *anchor,
				   int64_t before_ns, int64_t after_ns);
/* Does a term compare this one's ts with another's? */
bool expand_has_time_bound(struct ast_expr *condition, const char *qualifier);
/* Does the tree, outside of EXISTS, say qualifier.something? */
bool expand_mentions(const struct ast_expr *expr, const char *qualifier);

/* The name an output has for those who read it; NULL: none. */
const char *expand_output_name(const struct ast_output *output);
/* What qualifies an item's columns; NULL: nothing can. */
const char *expand_item_qualifier(const struct ast_item *item);

/* --- expand_view.c --- */

/* False: it is no view. */
bool expand_find_view(struct expander *x, const char *name,
		      const struct expand_with *with, struct expand_view *ret);
/* NULL: it is more than that. */
const struct expand_flat *expand_flatten(struct expander *x,
					 const struct expand_view *view,
					 struct span span);
/*
 * What an item of `reader`'s FROM reads; its new form goes to *ret, still
 * without ON.
 */
void expand_source(struct expander *x, const struct ast_item *item,
		   const struct ast_select *reader,
		   const struct expand_with *with, struct expand_source *source,
		   struct ast_item *ret);
/* Into a view that is read where we are; false: too deep, or a circle. */
bool expand_enter(struct expander *x, const struct expand_view *view,
		  struct span span);
void expand_leave(struct expander *x);

/* --- expand_name.c --- */

/* A map that puts the scope's names into what they stand for. */
struct expand_map expand_names(struct expander *x, struct expand_scope *scope);
/* What is left of a WHERE; NULL: nothing, when it but chose a stream. */
const struct ast_expr *expand_demands(const struct expand_scope *scope,
				      const struct ast_expr *where);
/* In the scope or those around it; NULL: nowhere. */
struct expand_source *expand_find_source(struct expand_scope *nearest,
					 const char *qualifier);
/* The condition of a view put in place; NULL: none. */
struct ast_expr *expand_flat_where(struct expander *x,
				   const struct expand_source *source);
bool expand_is_list(const struct expander *x, const char *name);

/* --- expand_sequence.c --- */

/* Can a view be put in place of its name where it is read by a sequence? */
bool expand_may_be_sequence(const struct ast_recognize *sequence,
			    const struct expand_flat *flat);
struct ast_recognize *expand_sequence(struct expander *x,
				      const struct expand_scope *scope,
				      const struct expand_source *from,
				      const struct ast_recognize *old);

/* --- expand_join.c --- */

/* Items that the text names but FROM lacks; to `scope` and `items`. */
void expand_implicit(struct expander *x, struct expand_scope *scope,
		     struct ast_item *items);
/* AUTO JOIN: INNER from now on. */
void expand_auto(struct expander *x, struct ast_select *select);

/* expand_state.c */
void expand_state(struct expander *x, struct ast_select *select);

/* The catalog's stream that an item scans; NULL: it is another thing. */
const struct stream *expand_item_stream(const struct ast_item *item);

/* expand_param.c */
void expand_params(struct expander *x, struct ast_select *select);

#endif
