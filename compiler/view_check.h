/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views and WITH queries are put in place where a rule reads them, and of one
 * over a single stream only the columns that are read. Nobody would look at the
 * rest: a query that is wrong would pass until the day it is used.
 */
#ifndef SHRIKE_COMPILER_VIEW_CHECK_H
#define SHRIKE_COMPILER_VIEW_CHECK_H

#include "compiler/ast.h"
#include "compiler/bind.h"
#include "compiler/compilation.h"

/*
 * Complain of what cannot be bound in the views of a set whose rules are
 * `bound`. Of a set with errors only views that no rule reads are looked at:
 * those of the others have been told where they are read.
 */
void view_check(struct compilation *c, const struct ast_program *program,
		const struct bound_rules *bound);

#endif
