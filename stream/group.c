// SPDX-License-Identifier: Apache-2.0
/*
 * Groups: per window and key the aggregates of its tuples. When the window is
 * over HAVING decides, ORDER BY sorts, LIMIT cuts, and each group goes up
 * without rows: its slots are the window's bounds, the keys, the aggregates.
 * Without ORDER BY, and on ties, groups go up as their first tuples came. A
 * NULL key is a key like others, as in SQL. TUMBLE and HOP windows begin at
 * multiples of their slide since 1970.
 */
#include "stream/group_int.h"

static struct group *group_at(struct list *at)
{
	return CONTAINER(at, struct group, list);
}

static bool has_extreme(const struct plan_aggregate *aggregate)
{
	return aggregate->op == PLAN_MIN || aggregate->op == PLAN_MAX;
}

static int64_t boot_time(const struct group_window *window, int64_t realtime)
{
	return ts_sub(realtime, window->offset);
}

/* The end of the input is past every deadline. */
static int64_t deadline_of(const struct group_window *window)
{
	int64_t end = boot_time(window, window->end);

	return end == INT64_MAX ? INT64_MAX - 1 : end;
}

static void value_drop(struct op *op, struct value *v)
{
	if (value_is_bytes(*v))
		op_free(op, (uint8_t *)(uintptr_t)v->p);
	*v = value_null();
}

/* `*to` in its own bytes; without room for them it stays as it is. */
static bool value_keep(struct op *op, struct value *to, struct value v)
{
	size_t size = values_bytes(&v, 1);
	struct value old = *to;

	if (value_is_bytes(v)) {
		uint8_t *bytes = NULL;

		if (size != SIZE_MAX)
			bytes = op_alloc(op, size);
		else
			op_over(op, 0, 1);
		if (!bytes)
			return false;
		v = value_move(v, &bytes);
	}
	*to = v;
	value_drop(op, &old);
	return true;
}

static void window_free(struct op *op, struct group_window *window)
{
	timers_disarm(&op->rule->engine->timers, &window->timer);
	list_remove(&window->list);
	op_free(op, window);
}

static void group_free(struct op *op, struct group *group)
{
	const struct plan_node *node = op->node;
	struct grouping *grouping = &op->group;
	struct group_window *window = group->window;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		if (node->aggregates[i].op == PLAN_COUNT_DISTINCT)
			distinct_release(op, &grouping->values,
					 &group->accs[i]);
		else if (has_extreme(&node->aggregates[i]))
			value_drop(op, &group->accs[i].extreme);
	}
	for (unsigned i = 0; i < node->order_count; i++)
		value_drop(op, &group->orders[i]);
	evidence_release(op, &group->evidence);
	list_remove(&group->list);
	window->group_count--;
	op_uncharge(op, group);
	keyset_remove(&grouping->keys, &op->rule->engine->pool, &group->head);
	if (!window->group_count && window != grouping->busy)
		window_free(op, window);
}

/* Of a window that is closing nothing goes but up. */
static bool group_evict(struct op *op)
{
	struct key_head *head = keyset_oldest(&op->group.keys);
	struct group *group;

	if (!head || head == op->group.pinned)
		return false;
	group = CONTAINER(head, struct group, head);
	if (group->window == op->group.closing)
		return false;
	op_over(op, group->tuples, 0);
	group_free(op, group);
	return true;
}

struct group_window *window_new(struct op *op, int64_t start, int64_t end)
{
	struct group_window *window = op_alloc(op, sizeof(*window));

	if (!window)
		return NULL;
	window->timer.op = op;
	window->start = start;
	window->end = end;
	window->offset = op->group.offset;
	list_init(&window->list);
	list_init(&window->groups);
	return window;
}

bool window_arm(struct op *op, struct group_window *window)
{
	struct timers *timers = &op->rule->engine->timers;

	timers_disarm(timers, &window->timer);
	if (!timers_arm(timers, &window->timer, deadline_of(window)))
		return true;
	op_over(op, 0, 1);
	op->group.busy = window;
	while (!list_empty(&window->groups))
		group_free(op, group_at(window->groups.next));
	op->group.busy = NULL;
	window_free(op, window);
	return false;
}

bool group_key(struct op *op, int64_t start, const struct value *keys)
{
	struct buf *key = &op->rule->engine->key;

	buf_reset(key);
	buf_put_le64(key, (uint64_t)start);
	if (values_bytes(keys, op->node->key_count) == SIZE_MAX)
		key->failed = -E2BIG;
	for (unsigned i = 0; i < op->node->key_count; i++)
		key_put(key, keys[i]);
	if (key->failed)
		op_over(op, 0, 1);
	return !key->failed;
}

struct group *group_find(struct op *op)
{
	struct engine *engine = op->rule->engine;

	return keyset_find(&op->group.keys, engine->options.seed, &engine->key);
}

/* A group's accumulators, keys, orders and its keys' bytes, in one piece. */
struct group *group_new(struct op *op, struct group_window *window,
			const struct value *keys)
{
	const struct plan_node *node = op->node;
	size_t accs = accumulators_bytes(node);
	size_t values = node->key_count + node->order_count;
	struct group *group;
	uint8_t *bytes;

	group = op_add_key(op, &op->group.keys,
			   sizeof(*group) + accs +
				   values * sizeof(struct value) +
				   values_bytes(keys, node->key_count));
	if (!group) {
		if (!window->group_count)
			window_free(op, window);
		return NULL;
	}
	accumulators_init(node, group->accs);
	group->keys = (void *)((uint8_t *)group->accs + accs);
	group->orders = group->keys + node->key_count;
	bytes = (uint8_t *)(group->keys + values);
	for (unsigned i = 0; i < node->key_count; i++)
		group->keys[i] = value_move(keys[i], &bytes);
	group->window = window;
	window->group_count++;
	list_insert(&window->groups, &group->list);
	return group;
}

static void put_value(struct op *op, struct group *group, unsigned i,
		      struct value v, int64_t ts)
{
	const struct plan_aggregate *aggregate = &op->node->aggregates[i];
	struct accumulator *acc = &group->accs[i];

	if (value_is_null(v))
		return;
	if (aggregate->op == PLAN_COUNT_DISTINCT)
		distinct_add(op, &op->group.values, aggregate, acc, v, ts);
	else if (!has_extreme(aggregate))
		aggregate_add(aggregate, acc, v);
	else if (value_is_null(acc->extreme) ||
		 aggregate_is_better(aggregate, v, acc->extreme))
		value_keep(op, &acc->extreme, v);
}

void group_put(struct op *op, struct group *group, const struct tuple *tuple,
	       const struct value *args)
{
	op->group.pinned = &group->head;
	group->tuples++;
	for (unsigned i = 0; i < op->node->aggregate_count; i++)
		put_value(op, group, i, args[i], tuple->ts);
	evidence_add(op, &group->evidence, tuple);
	op->group.pinned = NULL;
}

static struct value time_value(int64_t i)
{
	return (struct value){ .type = VALUE_TIMESTAMP, .i = i };
}

static void fill_slots(const struct op *op, const struct group *group,
		       struct value *slots)
{
	const struct plan_node *node = op->node;

	slots[0] = time_value(group->window->start);
	slots[1] = time_value(group->window->end);
	for (unsigned i = 0; i < node->key_count; i++)
		slots[2 + i] = group->keys[i];
	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];

		slots[aggregate->slot] =
			has_extreme(aggregate) ?
				group->accs[i].extreme :
				aggregate_value(aggregate, &group->accs[i]);
	}
}

/* HAVING, and what ORDER BY will ask. */
static bool is_wanted(struct op *op, struct group *group)
{
	const struct plan_node *node = op->node;
	struct expr_env *env = &op->rule->engine->env;
	struct value slots[TUPLE_SLOTS_MAX] = { 0 };
	const struct tuple tuple = {
		.slots = slots,
		.ts = boot_time(group->window, group->window->end),
	};

	fill_slots(op, group, slots);
	if (!expr_is_true(node->predicate, &tuple, env))
		return false;
	for (unsigned i = 0; i < node->order_count; i++) {
		size_t mark = expr_mark(env);
		struct value v = expr_eval(node->orders[i].expr, &tuple, env);

		value_keep(op, &group->orders[i], v);
		expr_restore(env, mark);
	}
	return true;
}

static int compare_nulls_first(struct value a, struct value b)
{
	if (value_is_null(a) || value_is_null(b))
		return value_is_null(b) - value_is_null(a);
	return value_compare(a, b);
}

static bool is_before(const struct op *op, struct list *a, struct list *b)
{
	const struct plan_node *node = op->node;

	for (unsigned i = 0; i < node->order_count; i++) {
		int order = compare_nulls_first(group_at(a)->orders[i],
						group_at(b)->orders[i]);

		if (order)
			return node->orders[i].descending ? order > 0 :
							    order < 0;
	}
	return false;
}

/* Merge sort in place: stable, and needs no room when there may be none. */
static void sort_groups(const struct op *op, struct list *head, size_t count)
{
	for (size_t width = 1; width < count; width *= 2) {
		struct list *left = head->next;

		while (left != head) {
			struct list *right = left;
			size_t lefts = 0, rights = width;

			while (lefts < width && right != head) {
				right = right->next;
				lefts++;
			}
			while (lefts && rights && right != head) {
				struct list *next = right->next;

				if (!is_before(op, right, left)) {
					left = left->next;
					lefts--;
					continue;
				}
				list_remove(right);
				list_insert(left, right);
				right = next;
				rights--;
			}
			while (rights && right != head) {
				right = right->next;
				rights--;
			}
			left = right;
		}
	}
}

static int go_up(struct op *op, struct group *group, struct err *err)
{
	const struct group_window *window = group->window;
	struct value slots[TUPLE_SLOTS_MAX] = { 0 };
	const struct tuple tuple = {
		.slots = slots,
		.ts = boot_time(window, window->end),
	};
	int rc;

	fill_slots(op, group, slots);
	op->window = (struct op_window){
		.key = &group->head,
		.start = boot_time(window, window->start),
		.end = ts_sub(tuple.ts, 1),
		.total = group->tuples,
	};
	rc = op_output(op, &tuple, err);
	op->window.key = NULL;
	return rc;
}

int window_close(struct op *op, struct group_window *window, struct err *err)
{
	struct list *head = &window->groups;
	int64_t limit = op->node->limit;
	int rc = 0;

	op->group.busy = window;
	op->group.closing = window;
	for (struct list *at = head->next, *next; at != head; at = next) {
		next = at->next;
		if (!is_wanted(op, group_at(at)))
			group_free(op, group_at(at));
	}
	sort_groups(op, head, window->group_count);
	for (int64_t n = 0; !list_empty(head); n++) {
		struct group *group = group_at(head->next);

		if (!rc && (limit < 0 || n < limit))
			rc = go_up(op, group, err);
		group_free(op, group);
	}
	op->group.busy = NULL;
	op->group.closing = NULL;
	window_free(op, window);
	return rc;
}

static int group_fire(struct op *op, struct timer *timer, struct err *err)
{
	return window_close(op, CONTAINER(timer, struct group_window, timer),
			    err);
}

/* The last window that begins at `start` or before, or the list's head. */
static struct list *last_at(struct op *op, int64_t start)
{
	struct list *head = &op->group.windows;
	struct list *at = head->prev;

	while (at != head &&
	       CONTAINER(at, struct group_window, list)->start > start)
		at = at->prev;
	return at;
}

static struct group_window *find_window(struct op *op, int64_t start)
{
	const struct plan_node *node = op->node;
	struct group_window *window;
	struct list *after = last_at(op, start);

	if (after != &op->group.windows) {
		window = CONTAINER(after, struct group_window, list);
		if (window->start == start)
			return window;
	}
	window = window_new(op, start, ts_add(start, node->size_ns));
	if (!window)
		return NULL;
	/* Others may have gone to make its room. */
	list_insert(last_at(op, start)->next, &window->list);
	return window_arm(op, window) ? window : NULL;
}

/* False: that window has gone up already. */
static bool put_in_window(struct op *op, int64_t start,
			  const struct tuple *tuple,
			  const struct group_values *values)
{
	const struct group_window would = {
		.end = ts_add(start, op->node->size_ns),
		.offset = op->group.offset,
	};
	struct group_window *window;
	struct group *group;

	if (deadline_of(&would) < op->rule->engine->now)
		return false;
	if (!group_key(op, start, values->keys))
		return true;
	group = group_find(op);
	if (!group) {
		window = find_window(op, start);
		if (!window)
			return true;
		op->group.busy = window;
		group = group_new(op, window, values->keys);
		op->group.busy = NULL;
	}
	if (group)
		group_put(op, group, tuple, values->args);
	return true;
}

/* The multiple of `step` at or before `t`. */
static int64_t align(int64_t t, int64_t step)
{
	int64_t past = t % step;

	return ts_sub(t, past < 0 ? past + step : past);
}

static bool put_in_windows(struct op *op, int64_t realtime,
			   const struct tuple *tuple,
			   const struct group_values *values)
{
	const struct plan_node *node = op->node;
	int64_t slide =
		node->window == PLAN_HOP ? node->slide_ns : node->size_ns;
	int64_t last = align(realtime, slide);
	bool in_time = true;

	for (int64_t k = (node->size_ns - 1) / slide; k >= 0; k--) {
		int64_t start = ts_sub(last, k * slide);

		/* All that begin before time does are one. */
		if (k && start == INT64_MIN)
			continue;
		if (ts_add(start, node->size_ns) > realtime)
			in_time &= put_in_window(op, start, tuple, values);
	}
	return in_time;
}

static void learn_offset(struct op *op, const struct tuple *tuple)
{
	for (unsigned i = 0; i < op->input_count; i++) {
		const struct row *row = tuple->rows[op->inputs[i]];
		struct value ts = row ? row_get(row, COL_ts) : value_null();

		if (ts.type != VALUE_TIMESTAMP)
			continue;
		op->group.offset = ts_sub(ts.i, row->ts);
		return;
	}
}

static int group_take(struct op *op, unsigned side, const struct tuple *tuple,
		      struct err *err)
{
	const struct plan_node *node = op->node;
	struct expr_env *env = &op->rule->engine->env;
	size_t mark = expr_mark(env);
	struct group_values values;
	int64_t realtime;
	int rc = 0;

	(void)side;
	learn_offset(op, tuple);
	realtime = ts_add(tuple->ts, op->group.offset);
	for (unsigned i = 0; i < node->key_count; i++)
		values.keys[i] = expr_eval(node->left_keys[i], tuple, env);
	aggregate_eval(op, tuple, values.args);
	if (node->window == PLAN_SESSION)
		rc = session_take(op, tuple, realtime, &values, err);
	else if (!put_in_windows(op, realtime, tuple, &values))
		op->rule->stats.late++;
	expr_restore(env, mark);
	return rc;
}

static void group_release(struct op *op)
{
	struct key_head *head;

	while ((head = keyset_oldest(&op->group.keys)))
		group_free(op, CONTAINER(head, struct group, head));
	CHECK(list_empty(&op->group.windows));
	keyset_release(&op->group.keys);
	hmap_release(&op->group.values);
}

static unsigned group_gather(const struct op *op, const struct row **rows)
{
	const struct group *group =
		CONTAINER(op->window.key, struct group, head);

	return evidence_gather(op, &group->evidence, rows);
}

static void group_init(struct op *op)
{
	const struct plan_node *node = op->node;

	CHECK(node->key_count <= PLAN_KEYS_MAX);
	CHECK(node->aggregate_count <= PLAN_AGGREGATES_MAX);
	CHECK(node->order_count <= PLAN_ORDERS_MAX);
	CHECK(node->size_ns > 0);
	CHECK(node->window == PLAN_TUMBLE || node->slide_ns > 0);
	CHECK(node->window != PLAN_HOP ||
	      node->size_ns / node->slide_ns <= PLAN_HOPS_MAX);
	keyset_init(&op->group.keys);
	list_init(&op->group.windows);
	for (unsigned i = 0; i < node->aggregate_count; i++)
		CHECK(node->aggregates[i].slot < TUPLE_SLOTS_MAX);
}

const struct op_kind op_group_kind = {
	.init = group_init,
	.release = group_release,
	.take = group_take,
	.fire = group_fire,
	.evict = group_evict,
	.gather = group_gather,
};
