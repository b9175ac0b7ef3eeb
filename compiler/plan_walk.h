/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of a plan asks of its nodes, whatever their kind. */
#ifndef SHRIKE_COMPILER_PLAN_WALK_H
#define SHRIKE_COMPILER_PLAN_WALK_H

#include "stream/plan.h"

/* The nodes below: children, or the scans of steps and of UNTIL. */
unsigned plan_child_count(const struct plan_node *node);
struct plan_node *plan_child(const struct plan_node *node, unsigned i);

/* Call `visit` for each expression of the node itself. */
void plan_node_exprs(const struct plan_node *node,
		     void (*visit)(void *ctx, const struct expr *expr),
		     void *ctx);

/* The same for the whole rule: all nodes, columns and keys. */
void plan_rule_exprs(const struct plan_rule *rule,
		     void (*visit)(void *ctx, const struct expr *expr),
		     void *ctx);

/* Bit i: input i of the rule is scanned at or below the node. */
unsigned plan_inputs(const struct plan_node *node);

/* The scan of that input at or below the node; NULL: there is none. */
const struct plan_node *plan_scan_of(const struct plan_node *node,
				     unsigned input);

/* What the scan of that input asks for: enum plan_asks. */
unsigned plan_asks(const struct plan_rule *rule, unsigned input);

/* Does the node keep state? */
bool plan_is_stateful(const struct plan_node *node);
bool plan_has_state(const struct plan_node *root);

/* Is there a node of that kind at or below? */
bool plan_has(const struct plan_node *node, enum plan_kind kind);
bool plan_has_join(const struct plan_node *node, enum plan_join join);

/* "network.connect", "matches.port_scan" */
const char *plan_input_prefix(const struct plan_rule *rule, unsigned input);
const char *plan_input_stream(const struct plan_rule *rule, unsigned input);

/* Of an input, which may be a rule's matches. CHECK()s that it has it. */
const char *plan_column_name(const struct plan_rule *rule, unsigned input,
			     unsigned column);
unsigned plan_column_count(const struct plan_rule *rule, unsigned input);
enum value_type plan_column_type(const struct plan_rule *rule, unsigned input,
				 unsigned column);

#endif
