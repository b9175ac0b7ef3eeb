// SPDX-License-Identifier: Apache-2.0
/*
 * Interval join: equal keys and right.ts in [anchor.ts + lower, anchor.ts +
 * upper], closed. A pair is found when its later half arrives, by looking at
 * what was stored of the other side; each half is stored after it looked, so
 * that a pair is found exactly once, ties and a row that plays both sides
 * included.
 *
 *   INNER        each pair
 *   FIRST, SEMI  a left tuple's first pair; then it is forgotten
 *   LEFT         each pair; the left tuple alone, at its deadline, without one
 *   ANTI         the left tuple alone, at its deadline, without a pair
 *
 * A left tuple is of use until no right row with ts <= anchor.ts + upper can
 * come: its deadline, or when it was complete, if that is later. A right row is
 * of use until no tuple with anchor.ts <= right.ts - lower can complete; a tuple
 * completes at most `lag` after its anchor. NULL keys and an anchor that is
 * NULL have no partner: what is to go up alone goes up at once.
 */
#include "stream/engine_int.h"

enum { LEFT, RIGHT };

static struct join_key *find_key(struct op *op)
{
	struct engine *engine = op->rule->engine;

	return keyset_find(&op->join.keys, engine->options.seed, &engine->key);
}

static struct join_key *add_key(struct op *op)
{
	struct join_key *key =
		op_add_key(op, &op->join.keys, sizeof(struct join_key));

	if (!key)
		return NULL;
	list_init(&key->items[LEFT]);
	list_init(&key->items[RIGHT]);
	return key;
}

static void item_free(struct join_item *item)
{
	struct op *op = item->op;

	timers_disarm(&op->rule->engine->timers, &item->timer);
	for (unsigned i = 0; i < op->child[item->side]->input_count; i++)
		op_drop(op, item->rows[i]);
	op_free(op, item);
}

static void item_remove(struct join_item *item)
{
	item->key->counts[item->side]--;
	item->op->rule->stats.state_rows--;
	list_remove(&item->list);
	item_free(item);
}

static struct join_item *item_at(struct list *at)
{
	return CONTAINER(at, struct join_item, list);
}

static void key_free_if_empty(struct op *op, struct join_key *key)
{
	if (key->counts[LEFT] || key->counts[RIGHT] || key == op->join.pinned)
		return;
	op_uncharge(op, key);
	keyset_remove(&op->join.keys, &op->rule->engine->pool, &key->head);
}

static void fill(struct tuple *tuple, const struct join_item *item)
{
	const struct op *from = item->op->child[item->side];

	for (unsigned i = 0; i < from->input_count; i++)
		if (item->rows[i])
			tuple->rows[from->inputs[i]] = &item->rows[i]->row;
}

/* Does a left tuple go up without a partner? */
static bool goes_alone(const struct op *op)
{
	return op->node->join == PLAN_JOIN_LEFT ||
	       op->node->join == PLAN_JOIN_ANTI;
}

static int join_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct join_item *item = CONTAINER(timer, struct join_item, timer);
	struct join_key *key = item->key;
	int rc = 0;

	if (item->side == LEFT && goes_alone(op) && !item->paired) {
		struct tuple tuple = { .ts = timer->deadline };

		fill(&tuple, item);
		op->join.pinned = key;
		rc = op_output(op, &tuple, err);
		op->join.pinned = NULL;
	}
	item_remove(item);
	key_free_if_empty(op, key);
	return rc;
}

/* The key that was not used for longest goes, with all it holds. */
static bool join_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->join.keys);
	struct join_key *key;
	unsigned evicted;

	if (head && op->join.pinned == CONTAINER(head, struct join_key, head))
		head = keyset_next(&op->join.keys, head);
	if (!head)
		return false;
	key = CONTAINER(head, struct join_key, head);
	evicted = key->counts[LEFT] + key->counts[RIGHT];
	for (unsigned side = LEFT; side <= RIGHT; side++)
		while (!list_empty(&key->items[side]))
			item_remove(item_at(key->items[side].next));
	key_free_if_empty(op, key);
	op_over(op, evicted, 0);
	return true;
}

static struct join_item *item_new(struct op *op, unsigned side,
				  const struct tuple *tuple)
{
	const struct op *from = op->child[side];
	struct join_item *item = op_alloc(
		op, sizeof(*item) + from->input_count * sizeof(void *));

	if (!item)
		return NULL;
	item->op = op;
	item->timer.op = op;
	item->side = side;
	list_init(&item->list);
	if (op_keep_rows(op, from, tuple, item->rows))
		return item;
	op_free(op, item);
	return NULL;
}

/* Rows come nearly in ts order: looking from the end is short. */
static void item_insert(struct join_key *key, struct join_item *item)
{
	struct list *head = &key->items[item->side];
	struct list *at = head;

	while (at->prev != head && item_at(at->prev)->ts > item->ts)
		at = at->prev;
	list_insert(at, &item->list);
	item->key = key;
	key->counts[item->side]++;
	item->op->rule->stats.state_rows++;
}

/* Keep one half for partners that come until `last`. */
static void store(struct op *op, struct join_key *key, unsigned side,
		  const struct tuple *tuple, int64_t ts, int64_t last,
		  bool paired)
{
	struct join_item *item;

	if (!key)
		key = add_key(op);
	if (!key)
		return;
	op->join.pinned = key;
	if (key->counts[side] >= op->rows_per_key_max) {
		item_remove(item_at(key->items[side].next));
		op_over(op, 1, 0);
	}
	item = item_new(op, side, tuple);
	if (item) {
		item->ts = ts;
		item->done_ts = tuple->ts;
		item->paired = paired;
		item_insert(key, item);
		if (timers_arm(&op->rule->engine->timers, &item->timer, last)) {
			item_remove(item);
			op_over(op, 0, 1);
		}
	}
	op->join.pinned = NULL;
	key_free_if_empty(op, key);
}

/* The pair of `tuple` and `item`; false: the residual does not hold. */
static bool pair(const struct op *op, const struct tuple *tuple,
		 const struct join_item *item, struct tuple *ret_pair)
{
	*ret_pair = *tuple;
	fill(ret_pair, item);
	if (item->done_ts > ret_pair->ts)
		ret_pair->ts = item->done_ts;
	return expr_is_true(op->node->predicate, ret_pair,
			    &op->rule->engine->env);
}

/* Pair a left tuple with the right rows stored within [low, high]. */
static int probe_right(struct op *op, struct join_key *key,
		       const struct tuple *tuple, int64_t low, int64_t high,
		       bool *ret_paired, struct err *err)
{
	enum plan_join kind = op->node->join;
	struct list *head = &key->items[RIGHT];
	bool one = kind != PLAN_JOIN_INNER && kind != PLAN_JOIN_LEFT;
	int rc = 0;

	for (struct list *at = head->next; at != head && !rc; at = at->next) {
		const struct join_item *item = item_at(at);
		struct tuple joined;

		if (item->ts < low)
			continue;
		if (item->ts > high || (one && *ret_paired))
			break;
		if (!pair(op, tuple, item, &joined))
			continue;
		*ret_paired = true;
		if (kind != PLAN_JOIN_ANTI)
			rc = op_output(op, &joined, err);
	}
	return rc;
}

/* Pair a right row with the left tuples stored within [low, high]. */
static int probe_left(struct op *op, struct join_key *key,
		      const struct tuple *tuple, int64_t low, int64_t high,
		      struct err *err)
{
	enum plan_join kind = op->node->join;
	struct list *head = &key->items[LEFT], *next;
	int rc = 0;

	for (struct list *at = head->next; at != head && !rc; at = next) {
		struct join_item *item = item_at(at);
		struct tuple joined;

		next = at->next;
		if (item->ts < low)
			continue;
		if (item->ts > high)
			break;
		if (!pair(op, tuple, item, &joined))
			continue;
		item->paired = true;
		if (kind != PLAN_JOIN_ANTI)
			rc = op_output(op, &joined, err);
		if (kind != PLAN_JOIN_INNER && kind != PLAN_JOIN_LEFT)
			item_remove(item);
	}
	return rc;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int join_left(struct op *op, const struct tuple *tuple, struct err *err)
{
	const struct plan_node *node = op->node;
	const struct row *anchor = tuple->rows[node->anchor];
	bool one =
		node->join == PLAN_JOIN_FIRST || node->join == PLAN_JOIN_SEMI;
	bool paired = false;
	struct join_key *key;
	int64_t low, high;
	int rc = 0;

	if (!anchor || !op_key(op, node->left_keys, tuple))
		return goes_alone(op) ? op_output(op, tuple, err) : 0;
	low = ts_add(anchor->ts, node->lower_ns);
	high = ts_add(anchor->ts, node->upper_ns);
	key = find_key(op);
	op->join.pinned = key;
	if (key)
		rc = probe_right(op, key, tuple, low, high, &paired, err);
	op->join.pinned = NULL;
	if (rc || (paired && (one || node->join == PLAN_JOIN_ANTI)))
		return rc;
	if (high < tuple->ts && (paired || !goes_alone(op)))
		return 0;
	store(op, key, LEFT, tuple, anchor->ts, later(high, tuple->ts), paired);
	return 0;
}

static int join_right(struct op *op, const struct tuple *tuple, struct err *err)
{
	const struct plan_node *node = op->node;
	int64_t ts = tuple->rows[op->child[1]->inputs[0]]->ts;
	int64_t low = ts_sub(ts, node->upper_ns);
	int64_t high = ts_sub(ts, node->lower_ns);
	int64_t last = ts_add(high, op->join.lag);
	struct join_key *key;
	int rc = 0;

	if (!op_key(op, node->right_keys, tuple))
		return 0;
	key = find_key(op);
	op->join.pinned = key;
	if (key)
		rc = probe_left(op, key, tuple, low, high, err);
	op->join.pinned = NULL;
	if (rc)
		return rc;
	if (last >= tuple->ts)
		store(op, key, RIGHT, tuple, ts, last, false);
	else if (key)
		key_free_if_empty(op, key);
	return 0;
}

static int join_take(struct op *op, unsigned side, const struct tuple *tuple,
		     struct err *err)
{
	return side == LEFT ? join_left(op, tuple, err) :
			      join_right(op, tuple, err);
}

static void join_init(struct op *op)
{
	keyset_init(&op->join.keys);
}

static void join_release(struct op *op)
{
	while (join_evict(op))
		;
	keyset_release(&op->join.keys);
}

const struct op_kind op_join_kind = {
	.init = join_init,
	.release = join_release,
	.take = join_take,
	.fire = join_fire,
	.evict = join_evict,
};
