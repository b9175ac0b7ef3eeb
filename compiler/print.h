/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical text of a syntax tree: reading it again gives the same tree. A
 * rule's digest covers it, so a change here changes the identity of matches.
 */
#ifndef SHRIKE_COMPILER_PRINT_H
#define SHRIKE_COMPILER_PRINT_H

#include "compiler/ast.h"
#include "user/base/buf.h"

void print_expr(struct buf *out, const struct ast_expr *expr);

/* Ends in ";\n". */
void print_rule(struct buf *out, const struct ast_rule *rule);

/* 'text' with quotes doubled. */
void print_text(struct buf *out, const char *text);

#endif
