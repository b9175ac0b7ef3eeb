// SPDX-License-Identifier: Apache-2.0
/*
 * Rows that outlive their push, and room for state.
 *
 * A retained row is one copy for all operators that keep it; the pool pays for
 * it once, each rule's statistics as if it were alone. When the pool is full, a
 * rule that holds more than its share makes its own room; one that does not
 * takes it from the rule that holds most. So a flood costs the rule it floods.
 * Never from another operator of the same rule: that one may be at work.
 */
#include "stream/engine_int.h"
#include "stream/row_copy_int.h"

void op_over(struct op *op, uint64_t evicted, uint64_t refused)
{
	op->rule->stats.evicted += evicted;
	op->rule->stats.refused += refused;
	op->rule->over_ts = op->rule->engine->now;
}

bool op_evict(struct op *op)
{
	return op->kind->evict && op->kind->evict(op);
}

static bool rule_evict(struct rule *rule)
{
	for (unsigned i = 0; i < rule->op_count; i++)
		if (op_evict(&rule->ops[i]))
			return true;
	return false;
}

static bool make_room(struct op *op)
{
	const struct engine *engine = op->rule->engine;
	unsigned rules = engine->plan->rule_count;
	struct rule *most = op->rule;

	if (op->rule->stats.state_bytes < engine->pool.limit_bytes / rules)
		for (unsigned i = 0; i < rules; i++)
			if (engine->rules[i].stats.state_bytes >
			    most->stats.state_bytes)
				most = &engine->rules[i];
	if (most != op->rule && rule_evict(most))
		return true;
	if (op_evict(op))
		return true;
	op_over(op, 0, 1);
	return false;
}

static void *alloc_evicting(struct op *op, size_t size)
{
	struct pool *pool = &op->rule->engine->pool;
	void *p;

	while (!(p = pool_alloc(pool, size)))
		if (!make_room(op))
			return NULL;
	return p;
}

void op_charge(struct op *op, const void *p)
{
	op->rule->stats.state_bytes += pool_bytes(p);
}

void op_uncharge(struct op *op, const void *p)
{
	op->rule->stats.state_bytes -= pool_bytes(p);
}

void *op_alloc(struct op *op, size_t size)
{
	void *p = alloc_evicting(op, size);

	if (p)
		op_charge(op, p);
	return p;
}

void op_free(struct op *op, void *p)
{
	if (!p)
		return;
	op_uncharge(op, p);
	pool_free(&op->rule->engine->pool, p);
}

static struct retained *retained_of(const struct row *row)
{
	return CONTAINER(row, struct retained, row);
}

static void retained_drop(struct engine *engine, struct retained *kept)
{
	if (--kept->refs)
		return;
	row_copy_release(&kept->row);
	pool_free(&engine->pool, kept);
}

static struct retained *keep_current(struct op *op)
{
	struct engine *engine = op->rule->engine;
	const struct row *row = engine->current;
	struct retained *kept;

	if (engine->current_kept)
		return engine->current_kept;
	kept = alloc_evicting(op, offsetof(struct retained, row) +
					  row_copy_bytes(row));
	if (!kept)
		return NULL;
	kept->refs = 1; /* the push's own, until engine_drop_current() */
	kept->ordinal = engine->ordinal;
	row_copy(&kept->row, row);
	engine->current_kept = kept;
	return kept;
}

struct retained *op_keep(struct op *op, const struct row *row)
{
	struct retained *kept = row == op->rule->engine->current ?
					keep_current(op) :
					retained_of(row);

	if (!kept)
		return NULL;
	kept->refs++;
	op_charge(op, kept);
	return kept;
}

void op_drop(struct op *op, struct retained *kept)
{
	if (!kept)
		return;
	op_uncharge(op, kept);
	retained_drop(op->rule->engine, kept);
}

void engine_drop_current(struct engine *engine)
{
	if (engine->current_kept)
		retained_drop(engine, engine->current_kept);
	engine->current_kept = NULL;
	engine->current = NULL;
}

uint64_t row_ordinal(const struct engine *engine, const struct row *row)
{
	return row == engine->current ? engine->ordinal :
					retained_of(row)->ordinal;
}

/* A new element under the key in the scratch, within the rule's quota. */
void *op_add_key(struct op *op, struct keyset *keys, size_t size)
{
	struct engine *engine = op->rule->engine;
	void *p;

	while (keys->map.count >= op->keys_max) {
		if (!op_evict(op)) {
			op_over(op, 0, 1);
			return NULL;
		}
	}
	while (!(p = keyset_add(keys, &engine->pool, size, engine->options.seed,
				&engine->key)))
		if (!make_room(op))
			return NULL;
	op_charge(op, p);
	return p;
}
