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

/* A query, each clause on its own line, without an end of line behind it. */
void print_select(struct buf *out, const struct ast_select *select);

/* Statements; each ends in ";\n". */
void print_rule(struct buf *out, const struct ast_rule *rule);
void print_view(struct buf *out, const struct ast_view *view);
void print_list(struct buf *out, const struct ast_list *list);

/* Lists, then views, then rules. */
void print_program(struct buf *out, const struct ast_program *program);

/* 'text' with quotes doubled. */
void print_text(struct buf *out, const char *text);

#endif
