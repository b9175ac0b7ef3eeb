/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semi-joins: scans whose rows are of use only after an exec of their own
 * process. In: a plan. Out: for each such scan the slot that the exec opens.
 *
 *	process.exec e JOIN file.open f ON f.pid_key = e.pid_key AND f.ts
 *	BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND
 *
 * and sequences that begin with an exec. A slot is what the exec must satisfy,
 * and for how long it matters.
 */
#ifndef SHRIKE_COMPILER_SEMI_JOIN_H
#define SHRIKE_COMPILER_SEMI_JOIN_H

#include "compiler/process_term.h"
#include "compiler/pushdown.h"
#include "stream/plan.h"

struct semi_join_slot {
	const char *rule;
	const struct expr *expr; /* on process.exec; NULL: every row */
	const char *text;	 /* its SQL: equal ones are one slot */
	int64_t time_to_live_ns;
};

struct semi_join_scan {
	const struct plan_node *scan;
	unsigned slot;
};

struct semi_joins {
	struct arena *arena;
	struct semi_join_slot slots[JOIN_SLOTS_MAX];
	unsigned slot_count;
	struct semi_join_scan *scans;
	unsigned scan_count;
	unsigned scan_size;
};

int semi_joins_find(struct arena *arena, const struct plan *plan,
		    struct semi_joins *ret_joins, struct err *err);

/* The scan's slot as a bit; 0: it has none. */
uint64_t semi_joins_slot(const struct semi_joins *joins,
			 const struct plan_node *scan);

/* The function exec_keys(), of those slots that are `used`. */
int semi_joins_compile(const struct semi_joins *joins, uint64_t used,
		       struct kernel_function *ret_function,
		       const struct join_slot **ret_slots, struct err *err);

#endif
