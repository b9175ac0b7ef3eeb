// SPDX-License-Identifier: Apache-2.0
/*
 * A row may be left out before a join only if it is no row's partner, and before
 * a sequence only if it advances no chain. So a scan gets a slot
 *
 *	as the right side of a join, of whatever kind, whose anchor is an exec
 *	that comes before it: no partner, no part in the result;
 *	as the left side, alone, of a join that asks for a partner, which is an
 *	exec that came before it;
 *	as a later step of a sequence that cannot begin but with an exec;
 *
 * where the keys say that both are of one process. What the two sides' clocks
 * may differ by is added to the time to live.
 */
#include "compiler/semi_join.h"

#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"
#include "compiler/pushdown_process.h"

#include <string.h>

/* An exec opens its slot before its row gets its time. */
#define MARGIN_NS ((int64_t)1000 * 1000 * 1000)

/* --- what asks for what --------------------------------------------------- */

static bool is_key_of(const struct expr *expr, unsigned input)
{
	return expr->op == EXPR_COLUMN && expr->column == COL_pid_key &&
	       expr->input == input;
}

/* Is some key of the join the process of both inputs? */
static bool same_process(const struct plan_node *join, unsigned left,
			 unsigned right)
{
	for (unsigned i = 0; i < join->key_count; i++)
		if (is_key_of(join->left_keys[i], left) &&
		    is_key_of(join->right_keys[i], right))
			return true;
	return false;
}

static bool is_exec(const struct plan_node *scan)
{
	return scan && scan->kind == PLAN_SCAN &&
	       scan->stream == STREAM_PROCESS_EXEC;
}

static bool reads(const struct expr *expr, unsigned column)
{
	bool found = expr->op == EXPR_COLUMN && expr->column == column;

	for (unsigned i = 0; i < expr->arg_count && !found; i++)
		found = reads(expr->args[i], column);
	return found;
}

/* Rows of execs that failed are made elsewhere. */
static bool may_fail(const struct plan_node *exec)
{
	return exec->predicate && reads(exec->predicate, COL_retval);
}

/* --- slots ---------------------------------------------------------------- */

/*
 * The engine may know less of a process than the record of its exec says: what
 * could be TRUE for that reason is not asked at all.
 */
static bool is_safe(const struct expr *expr)
{
	bool safe = expr->op != EXPR_IS_NULL && expr->op != EXPR_IS_TRUE &&
		    expr->op != EXPR_CASE && expr->op != EXPR_CALL;

	for (unsigned i = 0; i < expr->arg_count && safe; i++)
		safe = is_safe(expr->args[i]);
	return safe;
}

/* The exec's slot; JOIN_SLOTS_MAX: they are all taken. */
static int find_slot(struct semi_joins *joins, const struct plan_rule *rule,
		     const struct plan_node *exec, int64_t time_to_live_ns,
		     unsigned *ret_slot, struct err *err)
{
	struct semi_join_slot slot = {
		.rule = rule->name,
		.expr = exec->predicate && is_safe(exec->predicate) ?
				exec->predicate :
				NULL,
		.time_to_live_ns = time_to_live_ns,
	};
	unsigned i = 0;

	slot.text = "every exec";
	if (slot.expr)
		slot.text = plan_expr_text(joins->arena, slot.expr, "e",
					   STREAM_PROCESS_EXEC);
	if (slot.text)
		slot.text = plan_text_line(joins->arena, slot.text);
	if (!slot.text)
		return err_nomem(err);
	while (i < joins->slot_count &&
	       (joins->slots[i].time_to_live_ns != time_to_live_ns ||
		strcmp(joins->slots[i].text, slot.text)))
		i++;
	*ret_slot = i;
	if (i == joins->slot_count && i < JOIN_SLOTS_MAX)
		joins->slots[joins->slot_count++] = slot;
	return 0;
}

static int add_scan(struct semi_joins *joins, const struct plan_rule *rule,
		    const struct plan_node *scan, const struct plan_node *exec,
		    int64_t within_ns, struct err *err)
{
	int64_t time_to_live_ns;
	unsigned slot = 0;
	int r;

	if (scan->stream == PLAN_STREAM_MATCHES || may_fail(exec) ||
	    within_ns < 0 ||
	    __builtin_add_overflow(within_ns, MARGIN_NS, &time_to_live_ns))
		return 0;
	r = find_slot(joins, rule, exec, time_to_live_ns, &slot, err);
	if (r || slot == JOIN_SLOTS_MAX)
		return r;
	if (joins->scan_count == joins->scan_size) {
		unsigned size = joins->scan_size ? 2 * joins->scan_size : 16;
		struct semi_join_scan *scans =
			arena_array(joins->arena, size, sizeof(*scans));

		if (!scans)
			return err_nomem(err);
		if (joins->scan_count)
			memcpy(scans, joins->scans,
			       joins->scan_count * sizeof(*scans));
		joins->scans = scans;
		joins->scan_size = size;
	}
	joins->scans[joins->scan_count++] =
		(struct semi_join_scan){ scan, slot };
	return 0;
}

/* --- the plan ------------------------------------------------------------- */

static bool wants_partner(enum plan_join join)
{
	return join == PLAN_JOIN_INNER || join == PLAN_JOIN_FIRST ||
	       join == PLAN_JOIN_SEMI;
}

static int look_at_join(struct semi_joins *joins, const struct plan_rule *rule,
			const struct plan_node *join, struct err *err)
{
	const struct plan_node *left = join->child[0], *right = join->child[1];
	const struct plan_node *anchor = plan_scan_of(left, join->anchor);

	if (!anchor || !same_process(join, anchor->input, right->input))
		return 0;
	if (is_exec(anchor) && join->lower_ns >= 0)
		return add_scan(joins, rule, right, anchor, join->upper_ns,
				err);
	if (is_exec(right) && left == anchor && wants_partner(join->join) &&
	    join->upper_ns <= 0 && join->lower_ns > INT64_MIN)
		return add_scan(joins, rule, left, right, -join->lower_ns, err);
	return 0;
}

static int look_at_sequence(struct semi_joins *joins,
			    const struct plan_rule *rule,
			    const struct plan_node *node, struct err *err)
{
	const struct plan_step *first = &node->steps[0];

	if (first->optional || !is_exec(first->scan))
		return 0;
	for (unsigned i = 1; i < node->step_count; i++) {
		const struct plan_step *step = &node->steps[i];
		bool same = false;
		int r = 0;

		for (unsigned k = 0; k < node->key_count; k++)
			same |= is_key_of(first->keys[k], first->scan->input) &&
				is_key_of(step->keys[k], step->scan->input);
		if (same)
			r = add_scan(joins, rule, step->scan, first->scan,
				     node->range_ns, err);
		if (r)
			return r;
	}
	return 0;
}

static int look_at(struct semi_joins *joins, const struct plan_rule *rule,
		   const struct plan_node *node, struct err *err)
{
	int r = 0;

	if (node->kind == PLAN_JOIN)
		r = look_at_join(joins, rule, node, err);
	else if (node->kind == PLAN_SEQUENCE)
		r = look_at_sequence(joins, rule, node, err);
	for (unsigned i = 0; i < plan_child_count(node) && !r; i++)
		r = look_at(joins, rule, plan_child(node, i), err);
	return r;
}

int semi_joins_find(struct arena *arena, const struct plan *plan,
		    struct semi_joins *ret_joins, struct err *err)
{
	int r = 0;

	*ret_joins = (struct semi_joins){ .arena = arena };
	for (unsigned i = 0; i < plan->rule_count && !r; i++)
		r = look_at(ret_joins, &plan->rules[i], plan->rules[i].root,
			    err);
	return r;
}

uint64_t semi_joins_slot(const struct semi_joins *joins,
			 const struct plan_node *scan)
{
	for (unsigned i = 0; i < joins->scan_count; i++)
		if (joins->scans[i].scan == scan)
			return 1ULL << joins->scans[i].slot;
	return 0;
}

/* --- the function --------------------------------------------------------- */

int semi_joins_compile(const struct semi_joins *joins, uint64_t used,
		       struct kernel_function *ret_function,
		       const struct join_slot **ret_slots, struct err *err)
{
	static const struct bits_function what = {
		.name = "exec_keys",
		.out = "exec_keys",
		.out_bytes = sizeof(struct exec_keys),
	};
	static const struct expr always = { .op = EXPR_CONST,
					    .type = VALUE_BOOL,
					    .value = { .type = VALUE_BOOL,
						       .i = 1 } };
	static const struct expr never = { .op = EXPR_CONST,
					   .type = VALUE_BOOL,
					   .value = { .type = VALUE_BOOL } };
	unsigned count = joins->slot_count;
	struct bit_term *bits = arena_array(joins->arena, count, sizeof(*bits));
	struct join_slot *slots =
		arena_array(joins->arena, count, sizeof(*slots));
	int r;

	if (!bits || !slots)
		return err_nomem(err);
	for (unsigned i = 0; i < count; i++) {
		const struct semi_join_slot *from = &joins->slots[i];

		bits[i].expr = !(used >> i & 1) ? &never :
			       from->expr	? from->expr :
						  &always;
		bits[i].text = from->text;
	}
	r = pushdown_bits(joins->arena, &what, bits, count, ret_function, err);
	if (r)
		return r;
	for (unsigned i = 0; i < count; i++)
		slots[i] = (struct join_slot){
			.rule = joins->slots[i].rule,
			.text = joins->slots[i].text,
			.used = used >> i & 1,
			.time_to_live_ns = joins->slots[i].time_to_live_ns,
		};
	*ret_slots = slots;
	return 0;
}
