// SPDX-License-Identifier: Apache-2.0
/*
 * Aggregates OVER (PARTITION BY keys ORDER BY ts RANGE BETWEEN range PRECEDING
 * AND CURRENT ROW), exact: rows of equal ts are peers and count for each other,
 * so a tuple waits until time moves past its ts. A tuple with a NULL key counts
 * nowhere and goes no further: NULL keys match nothing.
 *
 * Per key: its tuples as far back as the range, each with the values that must
 * be taken away again when it leaves. Of those, MIN and MAX list the ones that
 * nothing later is better than or equal to: the first is the answer. What was
 * seen of COUNT(DISTINCT) is apart (distinct.c). Every tuple costs amortised
 * constant time per aggregate, whatever the range.
 */
#include "stream/engine_int.h"

/* Of one aggregate that has something to take away. */
struct over_cell {
	struct value value;
	struct list best; /* MIN, MAX; in the list when it may be the answer */
};

struct over_row {
	struct list list;
	int64_t ts;
	struct over_cell cells[]; /* then the values' bytes */
};

struct over_key {
	struct key_head head;
	struct timer timer;
	int64_t last_ts;
	unsigned pending;
	struct list rows; /* by ts */
	uint64_t row_count;
	struct evidence evidence;
	struct accumulator accs[];
};

static bool has_cell(const struct plan_aggregate *aggregate)
{
	return aggregate->arg && aggregate->op != PLAN_COUNT_DISTINCT;
}

static bool has_best(const struct plan_aggregate *aggregate)
{
	return aggregate->op == PLAN_MIN || aggregate->op == PLAN_MAX;
}

static struct over_cell *cell_of(struct list *best)
{
	return CONTAINER(best, struct over_cell, best);
}

static void row_remove(struct op *op, struct over_key *key,
		       struct over_row *row)
{
	const struct plan_node *node = op->node;
	struct over_cell *cell = row->cells;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];

		if (aggregate->op == PLAN_COUNT_ROWS)
			key->accs[i].count--;
		if (!has_cell(aggregate))
			continue;
		if (has_best(aggregate))
			list_remove(&cell->best);
		else if (!value_is_null(cell->value))
			aggregate_subtract(aggregate, &key->accs[i],
					   cell->value);
		cell++;
	}
	list_remove(&row->list);
	op_free(op, row);
	key->row_count--;
	op->rule->stats.state_rows--;
}

static struct over_row *first_row(struct over_key *key)
{
	return CONTAINER(key->rows.next, struct over_row, list);
}

/* What is not better than a later value can never be the answer again. */
static void note_best(const struct plan_aggregate *aggregate, struct list *best,
		      struct over_cell *cell)
{
	while (!list_empty(best) &&
	       !aggregate_is_better(aggregate, cell_of(best->prev)->value,
				    cell->value))
		list_remove(best->prev);
	list_insert(best, &cell->best);
}

static void row_fill(struct op *op, struct over_key *key, struct over_row *row,
		     unsigned cells, const struct value *values)
{
	const struct plan_node *node = op->node;
	uint8_t *bytes = (uint8_t *)(row->cells + cells);
	struct over_cell *cell = row->cells;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];

		if (aggregate->op == PLAN_COUNT_ROWS)
			key->accs[i].count++;
		if (!has_cell(aggregate))
			continue;
		list_init(&cell->best);
		if (value_is_null(values[i])) {
			cell++;
			continue;
		}
		if (has_best(aggregate)) {
			cell->value = value_move(values[i], &bytes);
			note_best(aggregate, &key->accs[i].best, cell);
		} else {
			cell->value = values[i];
			aggregate_add(aggregate, &key->accs[i], values[i]);
		}
		cell++;
	}
}

static void row_add(struct op *op, struct over_key *key, int64_t ts,
		    const struct value *values)
{
	const struct plan_node *node = op->node;
	size_t size = sizeof(struct over_row);
	struct over_row *row;
	unsigned cells = 0;
	size_t bytes = 0;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		cells += has_cell(&node->aggregates[i]);
		if (has_best(&node->aggregates[i]) && value_is_bytes(values[i]))
			bytes += values[i].len;
	}
	if (bytes > AGGREGATE_BYTES_MAX) {
		op_over(op, 0, 1);
		return;
	}
	if (key->row_count >= op->rows_per_key_max) {
		op_over(op, 1, 0);
		row_remove(op, key, first_row(key));
	}
	row = op_alloc(op, size + cells * sizeof(row->cells[0]) + bytes);
	if (!row)
		return;
	row->ts = ts;
	list_insert(&key->rows, &row->list);
	key->row_count++;
	op->rule->stats.state_rows++;
	row_fill(op, key, row, cells, values);
}

/* A window that is empty is below any threshold. */
static void key_remove(struct op *op, struct over_key *key)
{
	const struct plan_node *node = op->node;

	if (op == op->rule->top)
		rule_fall(op->rule, &key->head);
	timers_disarm(&op->rule->engine->timers, &key->timer);
	while (key->row_count)
		row_remove(op, key, first_row(key));
	for (unsigned i = 0; i < node->aggregate_count; i++)
		if (node->aggregates[i].op == PLAN_COUNT_DISTINCT)
			distinct_release(op, &op->over.values, &key->accs[i]);
	evidence_release(op, &key->evidence);
	op_uncharge(op, key);
	keyset_remove(&op->over.keys, &op->rule->engine->pool, &key->head);
}

static int arm(struct op *op, struct over_key *key)
{
	return timers_arm(&op->rule->engine->timers, &key->timer,
			  ts_add(key->last_ts, op->node->range_ns));
}

static int over_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct over_key *key = CONTAINER(timer, struct over_key, timer);
	int64_t last = ts_add(key->last_ts, op->node->range_ns);

	(void)err;
	/* The end of time is its own deadline. */
	if (last < op->rule->engine->now || last == timer->deadline ||
	    arm(op, key))
		key_remove(op, key);
	return 0;
}

/* Keys with waiting tuples are the last used: the oldest tells. */
static bool over_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->over.keys);
	struct over_key *key;

	if (!head)
		return false;
	key = CONTAINER(head, struct over_key, head);
	if (key->pending)
		return false;
	op_over(op, op->over.has_rows ? key->row_count : key->evidence.count,
		0);
	key_remove(op, key);
	return true;
}

static struct over_key *find_or_add(struct op *op, int64_t ts)
{
	struct engine *engine = op->rule->engine;
	struct over_key *key =
		keyset_find(&op->over.keys, engine->options.seed, &engine->key);

	if (key) {
		key->last_ts = ts;
		return key;
	}
	key = op_add_key(op, &op->over.keys,
			 sizeof(*key) + accumulators_bytes(op->node));
	if (!key)
		return NULL;
	key->timer.op = op;
	key->last_ts = ts;
	list_init(&key->rows);
	accumulators_init(op->node, key->accs);
	if (arm(op, key)) {
		key_remove(op, key);
		op_over(op, 0, 1);
		return NULL;
	}
	return key;
}

static void key_add(struct op *op, struct over_key *key,
		    const struct tuple *tuple)
{
	const struct plan_node *node = op->node;
	struct expr_env *env = &op->rule->engine->env;
	struct value values[PLAN_AGGREGATES_MAX];
	size_t mark = expr_mark(env);

	aggregate_eval(op, tuple, values);
	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];

		if (aggregate->op == PLAN_COUNT_DISTINCT &&
		    !value_is_null(values[i]))
			distinct_add(op, &op->over.values, aggregate,
				     &key->accs[i], values[i], tuple->ts);
	}
	if (op->over.has_rows)
		row_add(op, key, tuple->ts, values);
	expr_restore(env, mark);
}

static int over_take(struct op *op, unsigned side, const struct tuple *tuple,
		     struct err *err)
{
	struct over_key *key;

	(void)side;
	(void)err;
	if (!op_key(op, op->node->left_keys, tuple))
		return 0;
	key = find_or_add(op, tuple->ts);
	if (!key)
		return 0;
	key->pending++; /* not to be evicted meanwhile */
	key_add(op, key, tuple);
	evidence_add(op, &key->evidence, tuple);
	peer_wait(op, &op->over.peers, &key->head, &key->pending, tuple);
	key->pending--;
	return 0;
}

static void leave_window(struct op *op, struct over_key *key, int64_t start)
{
	const struct plan_node *node = op->node;

	while (key->row_count && first_row(key)->ts < start)
		row_remove(op, key, first_row(key));
	for (unsigned i = 0; i < node->aggregate_count; i++)
		if (node->aggregates[i].op == PLAN_COUNT_DISTINCT)
			distinct_leave(op, &op->over.values, &key->accs[i],
				       start);
	evidence_leave(op, &key->evidence, start);
}

static struct value over_value(const struct plan_aggregate *aggregate,
			       const struct accumulator *acc)
{
	if (!has_best(aggregate))
		return aggregate_value(aggregate, acc);
	return list_empty(&acc->best) ? value_null() :
					cell_of(acc->best.next)->value;
}

static int go_up(struct op *op, struct peer *peer, struct err *err)
{
	const struct plan_node *node = op->node;
	struct over_key *key = CONTAINER(peer->key, struct over_key, head);
	struct value slots[TUPLE_SLOTS_MAX] = { 0 };
	int64_t ts = peer->tuple.ts;
	int rc;

	op->window = (struct op_window){
		.key = &key->head,
		.start = ts_sub(ts, node->range_ns),
		.end = ts,
	};
	leave_window(op, key, op->window.start);
	for (unsigned i = 0; i < node->aggregate_count; i++)
		slots[node->aggregates[i].slot] =
			over_value(&node->aggregates[i], &key->accs[i]);
	op->window.total =
		op->over.has_rows ? key->row_count : key->evidence.count;
	peer->tuple.slots = slots;
	rc = op_output(op, &peer->tuple, err);
	op->window.key = NULL;
	return rc;
}

/* All peers are there: each waiting tuple goes up, in their order. */
static int over_decide(struct op *op, struct err *err)
{
	struct peer *peer;
	int rc = 0;

	while (!rc && (peer = peer_first(&op->over.peers))) {
		rc = go_up(op, peer, err);
		peer_free(op, peer);
	}
	return rc;
}

static void over_release(struct op *op)
{
	struct key_head *head;
	struct peer *peer;

	while ((peer = peer_first(&op->over.peers)))
		peer_free(op, peer);
	while ((head = keyset_oldest(&op->over.keys)))
		key_remove(op, CONTAINER(head, struct over_key, head));
	keyset_release(&op->over.keys);
	hmap_release(&op->over.values);
}

static unsigned over_gather(const struct op *op, const struct row **rows)
{
	const struct over_key *key =
		CONTAINER(op->window.key, struct over_key, head);

	return evidence_gather(op, &key->evidence, rows);
}

static void over_init(struct op *op)
{
	const struct plan_node *node = op->node;

	CHECK(node->aggregate_count <= PLAN_AGGREGATES_MAX);
	keyset_init(&op->over.keys);
	list_init(&op->over.peers);
	for (unsigned i = 0; i < node->aggregate_count; i++) {
		CHECK(node->aggregates[i].slot < TUPLE_SLOTS_MAX);
		CHECK(node->aggregates[i].arg ||
		      node->aggregates[i].op == PLAN_COUNT_ROWS);
		if (node->aggregates[i].op != PLAN_COUNT_DISTINCT)
			op->over.has_rows = true;
	}
}

const struct op_kind op_over_kind = {
	.init = over_init,
	.release = over_release,
	.take = over_take,
	.decide = over_decide,
	.fire = over_fire,
	.evict = over_evict,
	.gather = over_gather,
};
