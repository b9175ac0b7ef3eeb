// SPDX-License-Identifier: Apache-2.0
/*
 * Interval join: equal keys and right.ts in [anchor.ts + lower, anchor.ts +
 * upper], closed. A pair is found when its later half arrives, by looking at
 * what was stored of the other side; each half is stored after it looked, so
 * that a pair is found exactly once, ties and a row that plays both sides
 * included.
 *
 * A left tuple is of use until no right row with ts <= anchor.ts + upper can
 * come. A right row is of use until no tuple with anchor.ts <= right.ts - lower
 * can complete; a tuple completes at most `lag` after its anchor.
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
	for (unsigned i = 0; i < item->row_count; i++)
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

static int join_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct join_item *item = CONTAINER(timer, struct join_item, timer);
	struct join_key *key = item->key;

	(void)err;
	item_remove(item);
	key_free_if_empty(op, key);
	return 0;
}

/* The key that was not used for longest goes, with all it holds. */
static bool join_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->join.keys);
	struct join_key *key;
	unsigned evicted;

	if (!head)
		return false;
	key = CONTAINER(head, struct join_key, head);
	if (key == op->join.pinned)
		return false;
	evicted = key->counts[LEFT] + key->counts[RIGHT];
	for (unsigned side = LEFT; side <= RIGHT; side++)
		while (!list_empty(&key->items[side]))
			item_remove(item_at(key->items[side].next));
	key_free_if_empty(op, key);
	op_over(op, evicted, 0);
	return true;
}

static struct join_item *item_new(struct op *op, const struct tuple *tuple,
				  const uint8_t *inputs, unsigned input_count)
{
	struct join_item *item =
		op_alloc(op, sizeof(*item) + input_count * sizeof(void *));

	if (!item)
		return NULL;
	item->op = op;
	item->timer.op = op;
	list_init(&item->list);
	for (unsigned i = 0; i < input_count; i++) {
		item->rows[i] = op_keep(op, tuple->rows[inputs[i]]);
		item->row_count = i + 1;
		if (!item->rows[i]) {
			item_free(item);
			return NULL;
		}
	}
	return item;
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
		  const struct tuple *tuple, int64_t ts, int64_t last)
{
	const struct op *from = op->child[side];
	struct join_item *item;

	if (last < op->rule->engine->now)
		return;
	if (!key)
		key = add_key(op);
	if (!key)
		return;
	op->join.pinned = key;
	if (key->counts[side] >= op->rows_per_key_max) {
		item_remove(item_at(key->items[side].next));
		op_over(op, 1, 0);
	}
	item = item_new(op, tuple, from->inputs, from->input_count);
	if (item) {
		item->side = side;
		item->ts = ts;
		item->done_ts = tuple->ts;
		item_insert(key, item);
		if (timers_arm(&op->rule->engine->timers, &item->timer, last)) {
			item_remove(item);
			op_over(op, 0, 1);
		}
	}
	op->join.pinned = NULL;
	key_free_if_empty(op, key);
}

/* Pair `tuple` with what the other side stored within [low, high]. */
static int probe(struct op *op, struct join_key *key, unsigned other,
		 const struct tuple *tuple, int64_t low, int64_t high,
		 struct err *err)
{
	const struct op *from = op->child[other];
	struct list *head = &key->items[other];

	for (struct list *at = head->next; at != head; at = at->next) {
		const struct join_item *item = item_at(at);
		struct tuple joined = *tuple;
		int rc;

		if (item->ts < low)
			continue;
		if (item->ts > high)
			break;
		for (unsigned i = 0; i < item->row_count; i++)
			joined.rows[from->inputs[i]] = &item->rows[i]->row;
		if (item->done_ts > joined.ts)
			joined.ts = item->done_ts;
		if (!expr_is_true(op->node->predicate, &joined,
				  &op->rule->engine->env))
			continue;
		rc = op_output(op, &joined, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int join_left(struct op *op, const struct tuple *tuple, struct err *err)
{
	const struct plan_node *node = op->node;
	int64_t ts = tuple->rows[node->anchor]->ts;
	int64_t low = ts_add(ts, node->lower_ns);
	int64_t high = ts_add(ts, node->upper_ns);
	struct join_key *key;
	int rc = 0;

	if (!op_key(op, node->left_keys, tuple))
		return 0;
	key = find_key(op);
	if (key)
		rc = probe(op, key, RIGHT, tuple, low, high, err);
	if (rc)
		return rc;
	store(op, key, LEFT, tuple, ts, high);
	return 0;
}

static int join_right(struct op *op, const struct tuple *tuple, struct err *err)
{
	const struct plan_node *node = op->node;
	int64_t ts = tuple->rows[op->child[1]->inputs[0]]->ts;
	int64_t low = ts_sub(ts, node->upper_ns);
	int64_t high = ts_sub(ts, node->lower_ns);
	struct join_key *key;
	int rc = 0;

	if (!op_key(op, node->right_keys, tuple))
		return 0;
	key = find_key(op);
	if (key)
		rc = probe(op, key, LEFT, tuple, low, high, err);
	if (rc)
		return rc;
	store(op, key, RIGHT, tuple, ts, ts_add(high, op->join.lag));
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
