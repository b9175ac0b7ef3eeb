// SPDX-License-Identifier: Apache-2.0
/*
 * FIRST_SEEN: a tuple goes up when none with its keys came within `range`
 * before it, the closed [ts - range, ts]; of peers the first one. NULL keys
 * match nothing. What is known is each key and when it last came, which
 * outlives a restart. Keys that had to go are new again: the matches of which
 * that may be said carry coverage 'evicted'.
 */
#include "stream/engine_int.h"

static struct seen_key *key_at(struct key_head *head)
{
	return CONTAINER(head, struct seen_key, head);
}

static void key_remove(struct op *op, struct seen_key *key)
{
	timers_disarm(&op->rule->engine->timers, &key->timer);
	op_uncharge(op, key);
	op->rule->stats.state_rows--;
	keyset_remove(&op->seen.keys, &op->rule->engine->pool, &key->head);
}

static int seen_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct seen_key *key = CONTAINER(timer, struct seen_key, timer);
	int64_t last = ts_add(key->last_ts, op->node->range_ns);
	struct engine *engine = op->rule->engine;

	(void)err;
	/* The end of time is its own deadline. */
	if (last < engine->now || last == timer->deadline ||
	    timers_arm(&engine->timers, &key->timer, last))
		key_remove(op, key);
	return 0;
}

static bool seen_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->seen.keys);

	if (!head)
		return false;
	key_remove(op, key_at(head));
	op_over(op, 1, 0);
	return true;
}

/* The key in the scratch came at `ts`. */
static void remember(struct op *op, int64_t ts)
{
	struct engine *engine = op->rule->engine;
	struct seen_key *key =
		op_add_key(op, &op->seen.keys, sizeof(struct seen_key));

	if (!key)
		return;
	key->op = op;
	key->timer.op = op;
	key->last_ts = ts;
	op->rule->stats.state_rows++;
	if (timers_arm(&engine->timers, &key->timer,
		       ts_add(ts, op->node->range_ns))) {
		key_remove(op, key);
		op_over(op, 0, 1);
	}
}

static int seen_take(struct op *op, unsigned side, const struct tuple *tuple,
		     struct err *err)
{
	struct engine *engine = op->rule->engine;
	struct seen_key *key;
	bool known = false;

	(void)side;
	if (!op_key(op, op->node->left_keys, tuple))
		return 0;
	key = keyset_find(&op->seen.keys, engine->options.seed, &engine->key);
	if (key) {
		known = key->last_ts >= ts_sub(tuple->ts, op->node->range_ns);
		key->last_ts = tuple->ts;
	} else {
		remember(op, tuple->ts);
	}
	return known ? 0 : op_output(op, tuple, err);
}

void seen_restore(struct op *op, const struct buf *key, int64_t last_ts)
{
	struct engine *engine = op->rule->engine;
	struct seen_key *known =
		keyset_find(&op->seen.keys, engine->options.seed, key);

	if (known)
		return;
	buf_reset(&engine->key);
	buf_put(&engine->key, key->bytes, key->len);
	if (!engine->key.failed)
		remember(op, last_ts);
}

static void seen_init(struct op *op)
{
	keyset_init(&op->seen.keys);
}

static void seen_release(struct op *op)
{
	struct key_head *head;

	while ((head = keyset_oldest(&op->seen.keys)))
		key_remove(op, key_at(head));
	keyset_release(&op->seen.keys);
}

const struct op_kind op_seen_kind = {
	.init = seen_init,
	.release = seen_release,
	.take = seen_take,
	.fire = seen_fire,
	.evict = seen_evict,
};
