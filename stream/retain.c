// SPDX-License-Identifier: Apache-2.0
/*
 * Rows that outlive their push, and room for state.
 *
 * A retained row is one copy for all operators that keep it; the pool pays for
 * it once, each rule's statistics as if it were alone. When the pool is full, a
 * rule that holds more than its share makes its own room; one that does not
 * takes it from the rule that holds most. So a flood costs the rule it floods.
 * Never from another operator of the same rule: that one may be at work. Of
 * what a rule holds its marks go first when they are most of it: losing one
 * repeats an alert, losing state may lose one.
 */
#include "stream/context_int.h"
#include "stream/engine_int.h"
#include "stream/row_copy_int.h"

/* What reads this rule's matches may miss some: in plan order. */
static void tell_readers(const struct rule *lost)
{
	struct engine *engine = lost->engine;
	size_t first = (size_t)(lost - engine->rules) + 1;

	for (size_t i = first; i < engine->plan->rule_count; i++) {
		struct rule *rule = &engine->rules[i];

		for (unsigned k = 0; k < rule->op_count; k++) {
			const struct rule *from = rule->ops[k].reads;

			if (from && from->over_ts > rule->over_ts)
				rule->over_ts = from->over_ts;
			if (from && from->capped_ts > rule->capped_ts)
				rule->capped_ts = from->capped_ts;
		}
	}
}

void op_over(struct op *op, uint64_t evicted, uint64_t refused)
{
	struct rule *rule = op->rule;
	bool capped = op->at_quota && op->node->triggered;
	int64_t *when = capped ? &rule->capped_ts : &rule->over_ts;

	rule->stats.evicted += evicted;
	rule->stats.refused += refused;
	if (*when == rule->engine->now)
		return;
	*when = rule->engine->now;
	if (rule->reader_count)
		tell_readers(rule);
}

bool op_evict(struct op *op)
{
	return op->kind->evict && op->kind->evict(op);
}

static bool ops_evict(struct rule *rule)
{
	for (unsigned i = 0; i < rule->op_count; i++)
		if (op_evict(&rule->ops[i]))
			return true;
	return false;
}

static bool marks_are_most(const struct rule *rule)
{
	return rule->marks_bytes > rule->stats.state_bytes / 2;
}

bool room_from_others(struct rule *rule)
{
	struct engine *engine = rule->engine;
	unsigned rules = engine->plan->rule_count;
	struct rule *most = rule;

	if (rule->stats.state_bytes >= engine->pool.limit_bytes / rules)
		return false;
	for (unsigned i = 0; i < rules; i++)
		if (engine->rules[i].stats.state_bytes >
		    most->stats.state_bytes)
			most = &engine->rules[i];
	if (most == rule)
		return false;
	return (marks_are_most(most) && marks_evict(most)) || ops_evict(most) ||
	       marks_evict(most);
}

/* False: there is none, or not even all of it would do. */
static bool make_room(struct op *op, size_t size)
{
	struct rule *rule = op->rule;

	if (pool_may_hold(&rule->engine->pool, size) &&
	    (room_from_others(rule) ||
	     (marks_are_most(rule) && marks_evict(rule)) || op_evict(op) ||
	     marks_evict(rule)))
		return true;
	op_over(op, 0, 1);
	return false;
}

void *op_alloc_uncharged(struct op *op, size_t size)
{
	struct pool *pool = &op->rule->engine->pool;
	void *p;

	while (!(p = pool_alloc(pool, size)))
		if (!make_room(op, size))
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
	void *p = op_alloc_uncharged(op, size);

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

/* Its contexts stay as long as it does, whoever else forgets them. */
static uint64_t keep_contexts(struct engine *engine, struct retained *kept)
{
	const struct context *self = kept->row.self;
	const struct context *parent = kept->row.parent;
	uint64_t bytes = context_keep(self, engine);

	bytes += context_keep(parent, engine);
	kept->keeps_self = self && self->keeper == engine;
	kept->keeps_parent = parent && parent->keeper == engine;
	return bytes;
}

static uint64_t unkeep_contexts(struct engine *engine,
				const struct retained *kept)
{
	uint64_t bytes = 0;

	if (kept->keeps_self)
		bytes += context_unkeep(kept->row.self, engine);
	if (kept->keeps_parent)
		bytes += context_unkeep(kept->row.parent, engine);
	return bytes;
}

/* Pay for the contexts of a new row; false: there is no room for them. */
static bool pay_contexts(struct op *op, struct retained *kept)
{
	struct engine *engine = op->rule->engine;

	kept->context_bytes = keep_contexts(engine, kept);
	while (!pool_charge(&engine->pool, kept->context_bytes)) {
		if (make_room(op, kept->context_bytes))
			continue;
		/* Who shared them may have gone meanwhile. */
		pool_uncharge(&engine->pool, unkeep_contexts(engine, kept) -
						     kept->context_bytes);
		return false;
	}
	return true;
}

void retained_drop(struct engine *engine, struct retained *kept)
{
	struct basis *basis = kept->basis;

	if (--kept->refs)
		return;
	pool_uncharge(&engine->pool, unkeep_contexts(engine, kept));
	for (unsigned i = 0; basis && i < basis->count; i++)
		retained_drop(engine, basis->rows[i]);
	row_copy_release(&kept->row);
	pool_free(&engine->pool, kept);
}

/* What is behind a match is held by whoever holds the match. */
static uint64_t retained_bytes(const struct retained *kept)
{
	return pool_bytes(kept) + kept->context_bytes +
	       (kept->basis ? kept->basis->bytes : 0);
}

static struct retained *keep_current(struct op *op)
{
	struct engine *engine = op->rule->engine;
	const struct row *row = engine->current;
	struct retained *kept;

	if (engine->current_kept)
		return engine->current_kept;
	kept = op_alloc_uncharged(op, offsetof(struct retained, row) +
					      row_copy_bytes(row));
	if (!kept)
		return NULL;
	kept->refs = 1; /* the push's own, until engine_drop_current() */
	kept->ordinal = engine->current_ordinal;
	row_copy(&kept->row, row);
	if (!pay_contexts(op, kept)) {
		row_copy_release(&kept->row);
		pool_free(&engine->pool, kept);
		return NULL;
	}
	engine->current_kept = kept;
	return kept;
}

struct retained *row_retain(struct op *op, const struct row *row)
{
	struct retained *kept = row == op->rule->engine->current ?
					keep_current(op) :
					retained_of(row);

	if (kept)
		kept->refs++;
	return kept;
}

struct retained *op_keep(struct op *op, const struct row *row)
{
	struct retained *kept = row_retain(op, row);

	if (kept)
		op->rule->stats.state_bytes += retained_bytes(kept);
	return kept;
}

bool op_keep_rows(struct op *op, const struct op *from,
		  const struct tuple *tuple, struct retained **ret_rows)
{
	for (unsigned i = 0; i < from->input_count; i++) {
		const struct row *row = tuple->rows[from->inputs[i]];

		ret_rows[i] = row ? op_keep(op, row) : NULL;
		if (ret_rows[i] || !row)
			continue;
		while (i--)
			op_drop(op, ret_rows[i]);
		return false;
	}
	return true;
}

void op_drop(struct op *op, struct retained *kept)
{
	if (!kept)
		return;
	op->rule->stats.state_bytes -= retained_bytes(kept);
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
	return row == engine->current ? engine->current_ordinal :
					retained_of(row)->ordinal;
}

/* A new element under the key in the scratch, within the rule's quota. */
void *op_add_key(struct op *op, struct keyset *keys, size_t size)
{
	struct engine *engine = op->rule->engine;
	void *p;

	op->at_quota = true;
	while (keys->map.count >= op->keys_max && op_evict(op))
		;
	if (keys->map.count >= op->keys_max)
		op_over(op, 0, 1);
	op->at_quota = false;
	if (keys->map.count >= op->keys_max)
		return NULL;
	while (!(p = keyset_add(keys, &engine->pool, size, engine->options.seed,
				&engine->key)))
		if (!make_room(op, size + engine->key.len))
			return NULL;
	op_charge(op, p);
	return p;
}
