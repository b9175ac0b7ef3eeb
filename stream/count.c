// SPDX-License-Identifier: Apache-2.0
/*
 * COUNT(*) OVER (PARTITION BY keys ORDER BY ts RANGE BETWEEN range PRECEDING
 * AND CURRENT ROW), exact: rows of equal ts are peers and count for each other,
 * so a tuple waits until time moves past its ts. The ts of a joined tuple is
 * that of its last row. A tuple with a NULL key counts nowhere and goes no
 * further: NULL keys match nothing.
 *
 * Per key: how many rows at which ts (runs), as far back as the range, and the
 * last tuples as evidence. With `saturate` the oldest runs go as soon as the
 * others alone exceed it; never fewer than the evidence are counted.
 */
#include "stream/engine_int.h"

static struct run *run_at(const struct count_key *key, size_t i)
{
	return &key->runs[(key->run_first + i) & (key->run_size - 1)];
}

static void run_drop_first(struct count_key *key)
{
	key->total -= run_at(key, 0)->rows;
	key->run_first = (key->run_first + 1) & (key->run_size - 1);
	key->run_count--;
}

/* Twice the room of a ring of `*size` elements, its first moved to 0. */
static void *ring_grow(struct op *op, void *ring, size_t element, size_t first,
		       size_t count, size_t *size)
{
	size_t larger = *size ? *size * 2 : 4;
	char *to = op_alloc(op, larger * element);

	if (!to)
		return NULL;
	for (size_t i = 0; i < count; i++)
		memcpy(to + i * element,
		       (char *)ring + ((first + i) & (*size - 1)) * element,
		       element);
	op_free(op, ring);
	*size = larger;
	return to;
}

/* Counts above what it returns need not be told apart. */
uint64_t count_enough(const struct plan_node *node)
{
	uint64_t saturate = node->saturate;

	if (!saturate)
		return UINT64_MAX;
	return saturate < MATCH_EVIDENCE_MAX ? MATCH_EVIDENCE_MAX :
					       saturate + 1;
}

static bool run_push(struct op *op, struct count_key *key, int64_t ts)
{
	if (key->run_count == key->run_size) {
		struct run *larger = ring_grow(
			op, key->runs, sizeof(*key->runs), key->run_first,
			key->run_count, &key->run_size);

		if (!larger)
			return false;
		key->runs = larger;
		key->run_first = 0;
	}
	key->run_count++;
	*run_at(key, key->run_count - 1) = (struct run){ .ts = ts };
	return true;
}

static void count_row(struct op *op, struct count_key *key, int64_t ts)
{
	uint64_t want = count_enough(op->node);

	if (!key->run_count || run_at(key, key->run_count - 1)->ts != ts) {
		if (key->run_count >= op->rows_per_key_max) {
			op_over(op, run_at(key, 0)->rows, 0);
			run_drop_first(key);
		}
		if (!run_push(op, key, ts))
			return;
	}
	run_at(key, key->run_count - 1)->rows++;
	key->total++;
	while (key->run_count > 1 && key->total - run_at(key, 0)->rows >= want)
		run_drop_first(key);
}

static size_t kept_bytes(const struct op *op)
{
	return sizeof(struct kept) + op->input_count * sizeof(void *);
}

static struct kept *kept_at(const struct op *op, const struct count_key *key,
			    size_t i)
{
	size_t slot = (key->kept_first + i) & (key->kept_size - 1);

	return (void *)((char *)key->kept + slot * kept_bytes(op));
}

static void kept_drop_first(struct op *op, struct count_key *key)
{
	struct kept *kept = kept_at(op, key, 0);

	for (unsigned i = 0; i < op->input_count; i++)
		op_drop(op, kept->rows[i]);
	key->kept_first = (key->kept_first + 1) & (key->kept_size - 1);
	key->kept_count--;
	op->rule->stats.state_rows--;
}

static void keep_evidence(struct op *op, struct count_key *key,
			  const struct tuple *tuple)
{
	struct kept *kept;

	if (key->kept_count == MATCH_EVIDENCE_MAX)
		kept_drop_first(op, key);
	if (key->kept_count == key->kept_size) {
		struct kept *larger = ring_grow(
			op, key->kept, kept_bytes(op), key->kept_first,
			key->kept_count, &key->kept_size);

		if (!larger)
			return;
		key->kept = larger;
		key->kept_first = 0;
	}
	kept = kept_at(op, key, key->kept_count);
	if (!op_keep_rows(op, op, tuple, kept->rows))
		return;
	kept->ts = tuple->ts;
	key->kept_count++;
	op->rule->stats.state_rows++;
}

/* A window that is empty is below any threshold. */
static void key_remove(struct op *op, struct count_key *key)
{
	if (op == op->rule->top)
		rule_fall(op->rule, &key->head);
	timers_disarm(&op->rule->engine->timers, &key->timer);
	while (key->kept_count)
		kept_drop_first(op, key);
	op_free(op, key->kept);
	op_free(op, key->runs);
	op_uncharge(op, key);
	keyset_remove(&op->count.keys, &op->rule->engine->pool, &key->head);
}

static int count_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct count_key *key = CONTAINER(timer, struct count_key, timer);
	int64_t last = ts_add(key->last_ts, op->node->range_ns);
	struct engine *engine = op->rule->engine;

	(void)err;
	if (last < engine->now ||
	    timers_arm(&engine->timers, &key->timer, last))
		key_remove(op, key);
	return 0;
}

/* Keys with waiting tuples are the last used: the oldest tells. */
static bool count_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->count.keys);
	struct count_key *key;

	if (!head)
		return false;
	key = CONTAINER(head, struct count_key, head);
	if (key->pending)
		return false;
	op_over(op, key->total, 0);
	key_remove(op, key);
	return true;
}

static struct count_key *find_or_add(struct op *op, int64_t ts)
{
	struct engine *engine = op->rule->engine;
	struct count_key *key = keyset_find(&op->count.keys,
					    engine->options.seed, &engine->key);

	if (key)
		return key;
	key = op_add_key(op, &op->count.keys, sizeof(*key));
	if (!key)
		return NULL;
	key->op = op;
	key->timer.op = op;
	if (timers_arm(&engine->timers, &key->timer,
		       ts_add(ts, op->node->range_ns))) {
		key_remove(op, key);
		op_over(op, 0, 1);
		return NULL;
	}
	return key;
}

static void pending_free(struct op *op, struct count_pending *pending)
{
	for (unsigned i = 0; i < op->input_count; i++) {
		const struct row *row = pending->tuple.rows[op->inputs[i]];

		if (row)
			op_drop(op, retained_of(row));
	}
	pending->key->pending--;
	op->rule->engine->waiting--;
	list_remove(&pending->list);
	op_free(op, pending);
}

static void wait_for_peers(struct op *op, struct count_key *key,
			   const struct tuple *tuple)
{
	struct count_pending *pending = op_alloc(op, sizeof(*pending));
	struct retained *rows[TUPLE_INPUTS_MAX];

	if (!pending)
		return;
	pending->key = key;
	pending->tuple = *tuple;
	memset(pending->tuple.rows, 0, sizeof(pending->tuple.rows));
	list_insert(&op->count.pending, &pending->list);
	key->pending++;
	op->rule->engine->waiting++;
	if (!op_keep_rows(op, op, tuple, rows)) {
		pending_free(op, pending);
		return;
	}
	for (unsigned i = 0; i < op->input_count; i++)
		if (rows[i])
			pending->tuple.rows[op->inputs[i]] = &rows[i]->row;
}

static int count_take(struct op *op, unsigned side, const struct tuple *tuple,
		      struct err *err)
{
	int64_t ts = tuple->ts;
	struct count_key *key;

	(void)side;
	(void)err;
	if (!op_key(op, op->node->left_keys, tuple))
		return 0;
	key = find_or_add(op, ts);
	if (!key)
		return 0;
	key->last_ts = ts;
	key->pending++; /* not to be evicted meanwhile */
	count_row(op, key, ts);
	keep_evidence(op, key, tuple);
	wait_for_peers(op, key, tuple);
	key->pending--;
	return 0;
}

static void leave_window(struct op *op, struct count_key *key, int64_t start)
{
	while (key->run_count && run_at(key, 0)->ts < start)
		run_drop_first(key);
	while (key->kept_count && kept_at(op, key, 0)->ts < start)
		kept_drop_first(op, key);
}

/* All peers are there: give each waiting tuple its count, in their order. */
static int count_decide(struct op *op, struct err *err)
{
	struct list *waiting = &op->count.pending;

	while (!list_empty(waiting)) {
		struct count_pending *pending =
			CONTAINER(waiting->next, struct count_pending, list);
		struct count_key *key = pending->key;
		int64_t ts = pending->tuple.ts;
		struct value slots[TUPLE_SLOTS_MAX];
		int rc;

		leave_window(op, key, ts_sub(ts, op->node->range_ns));
		slots[op->node->slot] = value_int((int64_t)key->total);
		pending->tuple.slots = slots;
		op->count.deciding = key;
		op->window = (struct op_window){
			.key = &key->head,
			.start = ts_sub(ts, op->node->range_ns),
			.end = ts,
			.total = key->total,
		};
		rc = op_output(op, &pending->tuple, err);
		op->count.deciding = NULL;
		pending_free(op, pending);
		if (rc)
			return rc;
	}
	return 0;
}

static void count_release(struct op *op)
{
	struct key_head *head;

	while (!list_empty(&op->count.pending))
		pending_free(op, CONTAINER(op->count.pending.next,
					   struct count_pending, list));
	while ((head = keyset_oldest(&op->count.keys)))
		key_remove(op, CONTAINER(head, struct count_key, head));
	keyset_release(&op->count.keys);
}

static unsigned count_gather(const struct op *op, const struct row **rows)
{
	const struct count_key *key = op->count.deciding;
	unsigned n = 0;

	for (size_t i = 0; i < key->kept_count; i++) {
		const struct kept *kept = kept_at(op, key, i);

		for (unsigned k = 0; k < op->input_count; k++)
			if (kept->rows[k])
				rows[n++] = &kept->rows[k]->row;
	}
	return n;
}

static void count_init(struct op *op)
{
	keyset_init(&op->count.keys);
	list_init(&op->count.pending);
}

const struct op_kind op_count_kind = {
	.init = count_init,
	.release = count_release,
	.take = count_take,
	.decide = count_decide,
	.fire = count_fire,
	.evict = count_evict,
	.gather = count_gather,
};
