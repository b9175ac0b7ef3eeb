// SPDX-License-Identifier: Apache-2.0
/*
 * A sequence: rows of its steps in their order, by key, the last at most
 * `range` after the first, closed; other rows may lie between. Of equal ts the
 * row that came first is before. NULL keys match nothing.
 *
 * A chain is the rows of a beginning, held by key at the last step it reached.
 * A row meets UNTIL first, then the steps from last to first (which is the order
 * of the scans), so that it never advances a chain twice. It advances a chain
 * of the step before, or of an earlier one when those between are optional.
 *
 *   runs_max 1  keys alone tie the steps, as in EQL: the row moves the chain
 *               that began last, and a step holds the chain that began last. A
 *               chain that began earlier could do nothing that this one cannot.
 *   more        other conditions tie them, too: the row advances a copy of each
 *               chain that its predicate allows, for another row may fit
 *               better. A step holds the runs_max that began last; what goes for
 *               that is counted.
 *
 * A row of the last step completes one chain, the one that began last (of copies
 * the longest, then the one whose rows came last, then whose steps are the
 * later), and consumes it and all chains that share a step's row with it: each
 * last row gives one match at most.
 */
#include "stream/engine_int.h"

static struct chain *chain_at(struct list *at)
{
	return CONTAINER(at, struct chain, list);
}

static struct sequence_key *key_at(struct key_head *head)
{
	return CONTAINER(head, struct sequence_key, head);
}

/* Keys wait for eviction where their furthest chain is, by last use. */
static void key_place(struct op *op, struct sequence_key *key)
{
	key->progress = 0;
	for (unsigned i = 1; i < op->node->step_count; i++)
		if (key->counts[i])
			key->progress = i;
	list_remove(&key->list);
	list_insert(&op->sequence.progress[key->progress], &key->list);
}

static void chain_free(struct chain *chain)
{
	struct op *op = chain->op;

	timers_disarm(&op->rule->engine->timers, &chain->timer);
	for (unsigned i = 0; i < op->node->step_count; i++)
		op_drop(op, chain->rows[i]);
	op_free(op, chain);
}

static void chain_remove(struct chain *chain)
{
	chain->key->counts[chain->step]--;
	chain->op->rule->stats.state_rows--;
	list_remove(&chain->list);
	chain_free(chain);
}

static void key_free_if_empty(struct op *op, struct sequence_key *key)
{
	for (unsigned i = 0; i < op->node->step_count; i++)
		if (key->counts[i])
			return;
	if (key == op->sequence.pinned)
		return;
	list_remove(&key->list);
	op_uncharge(op, key);
	keyset_remove(&op->sequence.keys, &op->rule->engine->pool, &key->head);
}

static struct sequence_key *key_find(struct op *op)
{
	struct engine *engine = op->rule->engine;

	return keyset_find(&op->sequence.keys, engine->options.seed,
			   &engine->key);
}

static struct sequence_key *key_add(struct op *op)
{
	struct sequence_key *key =
		op_add_key(op, &op->sequence.keys, sizeof(struct sequence_key));

	if (!key)
		return NULL;
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		list_init(&key->chains[i]);
	list_init(&key->list);
	list_insert(&op->sequence.progress[0], &key->list);
	return key;
}

static unsigned key_clear(struct op *op, struct sequence_key *key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < op->node->step_count; i++) {
		n += key->counts[i];
		while (!list_empty(&key->chains[i]))
			chain_remove(chain_at(key->chains[i].next));
	}
	key_free_if_empty(op, key);
	return n;
}

/* The key with least progress goes, of those the one not used for longest. */
static bool sequence_evict(struct op *op)
{
	for (unsigned i = 0; i < op->node->step_count; i++) {
		struct list *head = &op->sequence.progress[i];
		struct list *at = head->next;
		struct sequence_key *key =
			CONTAINER(at, struct sequence_key, list);

		if (at != head && key == op->sequence.pinned) {
			at = at->next;
			key = CONTAINER(at, struct sequence_key, list);
		}
		if (at == head)
			continue;
		op_over(op, key_clear(op, key), 0);
		return true;
	}
	return false;
}

static int sequence_fire(struct op *op, struct timer *timer, struct err *err)
{
	struct chain *chain = CONTAINER(timer, struct chain, timer);
	struct sequence_key *key = chain->key;

	(void)err;
	chain_remove(chain);
	key_place(op, key);
	key_free_if_empty(op, key);
	return 0;
}

static unsigned runs_max(const struct op *op)
{
	return op->node->runs_max ? op->node->runs_max : 1;
}

/* Rows come in order, so the place is mostly the end; copies go behind. */
static void chain_insert(struct op *op, struct chain *chain)
{
	struct sequence_key *key = chain->key;
	struct list *head = &key->chains[chain->step], *at = head;

	while (at->prev != head && chain_at(at->prev)->begun > chain->begun)
		at = at->prev;
	list_insert(at, &chain->list);
	op->rule->stats.state_rows++;
	if (++key->counts[chain->step] <= runs_max(op))
		return;
	chain_remove(chain_at(head->next));
	if (runs_max(op) > 1)
		op_over(op, 1, 0);
}

static struct chain *chain_new(struct op *op, struct sequence_key *key)
{
	unsigned steps = op->node->step_count;
	struct chain *chain =
		op_alloc(op, sizeof(*chain) + steps * sizeof(void *));

	if (!chain)
		return NULL;
	chain->op = op;
	chain->timer.op = op;
	chain->key = key;
	list_init(&chain->list);
	return chain;
}

/* The row becomes the chain's next; false: refused. */
static bool chain_append(struct chain *chain, unsigned step,
			 const struct tuple *tuple)
{
	chain->rows[step] = op_keep(chain->op, tuple->rows[step]);
	if (!chain->rows[step])
		return false;
	chain->step = step;
	chain->row_count++;
	return true;
}

static bool chain_arm(struct chain *chain)
{
	struct op *op = chain->op;

	if (!timers_arm(&op->rule->engine->timers, &chain->timer,
			ts_add(chain->first_ts, op->node->range_ns)))
		return true;
	op_over(op, 0, 1);
	return false;
}

static void begin(struct op *op, struct sequence_key *key,
		  const struct tuple *tuple)
{
	const struct row *row = tuple->rows[0];
	struct chain *chain = chain_new(op, key);

	if (!chain)
		return;
	chain->begun = row_ordinal(op->rule->engine, row);
	chain->first_ts = row->ts;
	if (chain_append(chain, 0, tuple) && chain_arm(chain))
		chain_insert(op, chain);
	else
		chain_free(chain);
}

/* A copy of `chain` with the row as its next. */
static void branch(const struct chain *chain, unsigned step,
		   const struct tuple *tuple)
{
	struct op *op = chain->op;
	struct chain *copy = chain_new(op, chain->key);

	if (!copy)
		return;
	copy->begun = chain->begun;
	copy->first_ts = chain->first_ts;
	copy->row_count = chain->row_count;
	for (unsigned i = 0; i <= chain->step; i++)
		if (chain->rows[i])
			copy->rows[i] = op_keep(op, &chain->rows[i]->row);
	if (chain_append(copy, step, tuple) && chain_arm(copy))
		chain_insert(op, copy);
	else
		chain_free(copy);
}

static void move(struct chain *chain, unsigned step, const struct tuple *tuple)
{
	chain->key->counts[chain->step]--;
	chain->op->rule->stats.state_rows--;
	list_remove(&chain->list);
	if (chain_append(chain, step, tuple))
		chain_insert(chain->op, chain);
	else
		chain_free(chain);
}

static void fill(const struct chain *chain, struct tuple *tuple)
{
	for (unsigned i = 0; i <= chain->step; i++)
		if (chain->rows[i])
			tuple->rows[i] = &chain->rows[i]->row;
}

/* May the row of `tuple` come next in the chain? */
static bool fits(const struct chain *chain, const struct plan_step *step,
		 const struct tuple *tuple)
{
	struct tuple joined = *tuple;

	if (ts_sub(tuple->ts, chain->op->node->range_ns) > chain->first_ts)
		return false;
	fill(chain, &joined);
	return expr_is_true(step->predicate, &joined,
			    &chain->op->rule->engine->env);
}

/* The step of the row before that of step `*at`; false: there is none. */
static bool row_before(const struct chain *chain, unsigned *at)
{
	while (*at > 0)
		if (chain->rows[--*at])
			return true;
	return false;
}

/* Of two chains of as many rows: those of `a`, from the last on, are later. */
static bool is_later(const struct chain *a, const struct chain *b)
{
	const struct engine *engine = a->op->rule->engine;
	unsigned i = a->step + 1, k = b->step + 1;

	while (row_before(a, &i) && row_before(b, &k)) {
		uint64_t of_a = row_ordinal(engine, &a->rows[i]->row);
		uint64_t of_b = row_ordinal(engine, &b->rows[k]->row);

		if (of_a != of_b)
			return of_a > of_b;
		if (i != k)
			return i > k;
	}
	return false;
}

/* Of two chains that fit, the one to take. */
static bool is_better(const struct chain *a, const struct chain *b)
{
	if (!b || a->begun != b->begun)
		return !b || a->begun > b->begun;
	if (a->row_count != b->row_count)
		return a->row_count > b->row_count;
	return is_later(a, b);
}

/* The step from which a chain may go on to `step`; they go down to `from`. */
static unsigned earliest_before(const struct op *op, unsigned step)
{
	unsigned from = step - 1;

	while (from > 0 && op->node->steps[from].optional)
		from--;
	return from;
}

static struct chain *best_before(struct op *op, struct sequence_key *key,
				 unsigned step, const struct tuple *tuple)
{
	struct chain *best = NULL;

	for (unsigned i = earliest_before(op, step); i < step; i++) {
		struct list *head = &key->chains[i];

		for (struct list *at = head->next; at != head; at = at->next) {
			struct chain *chain = chain_at(at);

			if (is_better(chain, best) &&
			    fits(chain, &op->node->steps[step], tuple))
				best = chain;
		}
	}
	return best;
}

static void branch_all(struct op *op, struct sequence_key *key, unsigned step,
		       const struct tuple *tuple)
{
	for (unsigned i = earliest_before(op, step); i < step; i++) {
		struct list *head = &key->chains[i];

		for (struct list *at = head->next; at != head; at = at->next)
			if (fits(chain_at(at), &op->node->steps[step], tuple))
				branch(chain_at(at), step, tuple);
	}
}

static bool shares_row(const struct chain *a, const struct chain *b)
{
	for (unsigned i = 0; i <= a->step && i <= b->step; i++)
		if (a->rows[i] && a->rows[i] == b->rows[i])
			return true;
	return false;
}

/* `chain` is complete: it goes, and what shares a row with it. */
static void consume(struct op *op, struct sequence_key *key,
		    struct chain *chain)
{
	for (unsigned i = 0; i < op->node->step_count; i++) {
		struct list *head = &key->chains[i], *next;

		for (struct list *at = head->next; at != head; at = next) {
			next = at->next;
			if (chain_at(at) != chain &&
			    shares_row(chain_at(at), chain))
				chain_remove(chain_at(at));
		}
	}
	chain_remove(chain);
}

static int complete(struct op *op, struct sequence_key *key,
		    struct chain *chain, const struct tuple *tuple,
		    struct err *err)
{
	struct tuple whole = *tuple;
	int rc;

	fill(chain, &whole);
	rc = op_output(op, &whole, err);
	consume(op, key, chain);
	return rc;
}

static int advance(struct op *op, struct sequence_key *key, unsigned step,
		   const struct tuple *tuple, struct err *err)
{
	bool last = step + 1 == op->node->step_count;
	struct chain *chain;

	if (!last && runs_max(op) > 1) {
		branch_all(op, key, step, tuple);
		return 0;
	}
	chain = best_before(op, key, step, tuple);
	if (!chain)
		return 0;
	if (last)
		return complete(op, key, chain, tuple, err);
	move(chain, step, tuple);
	return 0;
}

/* UNTIL: the chains for which it holds go. */
static void stop(struct op *op, struct sequence_key *key,
		 const struct tuple *tuple)
{
	for (unsigned i = 0; i < op->node->step_count; i++) {
		struct list *head = &key->chains[i], *next;

		for (struct list *at = head->next; at != head; at = next) {
			next = at->next;
			if (fits(chain_at(at), op->node->until, tuple))
				chain_remove(chain_at(at));
		}
	}
}

static int sequence_take(struct op *op, unsigned side,
			 const struct tuple *tuple, struct err *err)
{
	const struct plan_node *node = op->node;
	bool until = side == node->step_count;
	const struct plan_step *step = until ? node->until : &node->steps[side];
	struct sequence_key *key;
	int rc = 0;

	if (!op_key(op, step->keys, tuple))
		return 0;
	if (side == 0 &&
	    !expr_is_true(step->predicate, tuple, &op->rule->engine->env))
		return 0;
	key = key_find(op);
	if (!key && side == 0)
		key = key_add(op);
	if (!key)
		return 0;
	op->sequence.pinned = key;
	if (until)
		stop(op, key, tuple);
	else if (side == 0)
		begin(op, key, tuple);
	else
		rc = advance(op, key, side, tuple, err);
	op->sequence.pinned = NULL;
	key_place(op, key);
	key_free_if_empty(op, key);
	return rc;
}

static void sequence_init(struct op *op)
{
	keyset_init(&op->sequence.keys);
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		list_init(&op->sequence.progress[i]);
}

static void sequence_release(struct op *op)
{
	struct key_head *head;

	while ((head = keyset_oldest(&op->sequence.keys)))
		key_clear(op, key_at(head));
	keyset_release(&op->sequence.keys);
}

const struct op_kind op_sequence_kind = {
	.init = sequence_init,
	.release = sequence_release,
	.take = sequence_take,
	.fire = sequence_fire,
	.evict = sequence_evict,
};
