/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a rule says to the plain query it stands for, as a syntax tree:
 *
 *   a view, a WITH query           the subquery, or its columns where it only
 *                                  renames those of one stream
 *   x IN list                      x IN (its constants)
 *   an alias that FROM lacks       a JOIN by the catalog's hint
 *   AUTO JOIN ... WHEN             an interval join, WHEN part of ON
 *   a join with the process table  columns of the event it is joined with
 *   :t_start, :t_end               a window of one minute
 *   processes.snapshots ...        the stream of today, with its names
 *
 * What comes out names streams, subqueries and matches.<rule> only. It prints
 * as SQL (print.h), which explain shows and the language guide quotes.
 */
#ifndef SHRIKE_COMPILER_EXPAND_H
#define SHRIKE_COMPILER_EXPAND_H

#include "compiler/ast.h"
#include "compiler/compilation.h"

/* Where a rule gives none: AUTO JOIN, implicit correlation, :t_start. */
#define EXPAND_WINDOW_NS ((int64_t)60 * 1000000000)

/*
 * The rule with its query expanded, in new trees: `rule` stays as it is. NULL:
 * complained, or no memory. `*ret_changed` tells whether it differs.
 */
const struct ast_rule *expand_rule(struct compilation *c,
				   const struct ast_program *program,
				   const struct ast_rule *rule,
				   bool *ret_changed);

/* Names of views and lists: each once, none a stream's, no cycle. */
void expand_check(struct compilation *c, const struct ast_program *program);

#endif
