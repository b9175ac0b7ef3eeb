/* SPDX-License-Identifier: Apache-2.0 */
/* Between print.c and print_expr.c. */
#ifndef SHRIKE_COMPILER_PRINT_INT_H
#define SHRIKE_COMPILER_PRINT_INT_H

#include "compiler/print.h"

/* `gap` stands between clauses: a line break outside of parentheses. */
void print_query(struct buf *out, const struct ast_select *select,
		 const char *gap);

/* expr, expr ... */
void print_exprs(struct buf *out, struct ast_expr *const *items,
		 unsigned count);

/* "PARTITION BY expr, expr " or nothing. */
void print_partition(struct buf *out, struct ast_expr *const *keys,
		     unsigned count);

#endif
