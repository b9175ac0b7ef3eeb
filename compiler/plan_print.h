/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream plan as text: canonical, so that a node's digest may cover it, and
 * readable, for golden tests and explain.
 */
#ifndef SHRIKE_COMPILER_PLAN_PRINT_H
#define SHRIKE_COMPILER_PLAN_PRINT_H

#include "stream/plan.h"
#include "user/base/buf.h"

void plan_print(struct buf *out, const struct plan *plan);

/* ", failed calls too", of enum plan_asks; nothing when nothing is asked. */
void plan_asks_print(struct buf *out, unsigned asks);
void plan_rule_print(struct buf *out, const struct plan_rule *rule);

/*
 * The subtree at `node`: what it computes and its bound. Names are those of the
 * rule's inputs.
 */
void plan_node_print(struct buf *out, const struct plan_rule *rule,
		     const struct plan_node *node, unsigned indent);

/* The same with other names of inputs and slots. */
void plan_node_print_as(struct buf *out, const struct plan_rule *rule,
			const struct expr_names *names,
			const struct plan_node *node, unsigned indent);

/*
 * The canonical SQL of an expression that reads one stream, in the arena; NULL:
 * no memory.
 */
const char *plan_expr_text(struct arena *arena, const struct expr *expr,
			   const char *alias, enum stream_id stream);

/* A copy on one line; NULL: no memory. */
const char *plan_text_line(struct arena *arena, const char *text);

struct expr_names plan_rule_names(const struct plan_rule *rule);

#endif
