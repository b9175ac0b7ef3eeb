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
		size_t size = key->run_size ? key->run_size * 2 : 4;
		struct run *larger = op_alloc(op, size * sizeof(*larger));

		if (!larger)
			return false;
		for (size_t i = 0; i < key->run_count; i++)
			larger[i] = *run_at(key, i);
		op_free(op, key->runs);
		key->runs = larger;
		key->run_first = 0;
		key->run_size = size;
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

/* A window that is empty is below any threshold. */
static void key_remove(struct op *op, struct count_key *key)
{
	if (op == op->rule->top)
		rule_fall(op->rule, &key->head);
	timers_disarm(&op->rule->engine->timers, &key->timer);
	evidence_release(op, &key->evidence);
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
	/* The end of time is its own deadline. */
	if (last < engine->now || last == timer->deadline ||
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
	evidence_add(op, &key->evidence, tuple);
	peer_wait(op, &op->count.peers, &key->head, &key->pending, tuple);
	key->pending--;
	return 0;
}

static void leave_window(struct op *op, struct count_key *key, int64_t start)
{
	while (key->run_count && run_at(key, 0)->ts < start)
		run_drop_first(key);
	evidence_leave(op, &key->evidence, start);
}

/* All peers are there: give each waiting tuple its count, in their order. */
static int count_decide(struct op *op, struct err *err)
{
	struct value slots[TUPLE_SLOTS_MAX];
	struct peer *peer;
	int rc = 0;

	if (list_empty(&op->count.peers))
		return 0;
	memset(slots, 0, sizeof(slots));
	while (!rc && (peer = peer_first(&op->count.peers))) {
		struct count_key *key =
			CONTAINER(peer->key, struct count_key, head);

		op->window = (struct op_window){
			.key = peer->key,
			.start = ts_sub(peer->tuple.ts, op->node->range_ns),
			.end = peer->tuple.ts,
		};
		leave_window(op, key, op->window.start);
		op->window.total = key->total;
		slots[op->node->slot] = value_int((int64_t)key->total);
		peer->tuple.slots = slots;
		rc = op_output(op, &peer->tuple, err);
		op->window.key = NULL;
		peer_free(op, peer);
	}
	return rc;
}

static void count_release(struct op *op)
{
	struct key_head *head;
	struct peer *peer;

	while ((peer = peer_first(&op->count.peers)))
		peer_free(op, peer);
	while ((head = keyset_oldest(&op->count.keys)))
		key_remove(op, CONTAINER(head, struct count_key, head));
	keyset_release(&op->count.keys);
}

static unsigned count_gather(const struct op *op, const struct row **rows)
{
	const struct count_key *key =
		CONTAINER(op->window.key, struct count_key, head);

	return evidence_gather(op, &key->evidence, rows);
}

static void count_init(struct op *op)
{
	keyset_init(&op->count.keys);
	list_init(&op->count.peers);
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
