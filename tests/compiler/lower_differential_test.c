// SPDX-License-Identifier: Apache-2.0
/*
 * Random blocks of up to four inputs over a few rows: what the lowered plan
 * gives, node by node, is what the block says, join by join and then WHERE, by
 * brute force. So no condition went where it means something else.
 */
#include "compiler/block.h"

#include <time.h>

#define ROWS 5
#define INPUTS_MAX 4
#define TUPLES_MAX 4096

/* A tuple: the row of each input, -1: none. */
struct indexes {
	int8_t row[INPUTS_MAX];
};

struct relation {
	unsigned count;
	struct indexes items[TUPLES_MAX];
};

struct world {
	struct block block;
	struct row *rows[INPUTS_MAX][ROWS];
	struct expr_env env;
	unsigned nullable, hidden;
};

static unsigned pick(unsigned n)
{
	return (unsigned)rand() % n;
}

static void make_rows(struct world *w, unsigned input)
{
	enum stream_id stream = w->block.bound->inputs[input].stream;
	unsigned slots = row_slots(catalog_stream(stream));

	for (unsigned i = 0; i < ROWS; i++) {
		struct row *row = block_alloc(
			&w->block, 1,
			sizeof(*row) + slots * sizeof(struct value));

		row->stream = (uint16_t)stream;
		row->value_count = (uint16_t)slots;
		row->ts = pick(6) * SECOND;
		row->values[COL_ts] =
			(struct value){ .type = VALUE_TIMESTAMP, .i = row->ts };
		row->values[COL_pid_key] = value_int(pick(3));
		row->values[COL_uid] =
			pick(6) ? value_int(pick(3)) : value_null();
		row->values[COL_gid] = value_int(pick(3));
		w->rows[input][i] = row;
	}
}

static bool is_true(struct world *w, const struct expr *expr,
		    const struct indexes *at)
{
	struct tuple tuple = { 0 };

	for (unsigned i = 0; i < INPUTS_MAX; i++)
		if (at->row[i] >= 0)
			tuple.rows[i] = w->rows[i][at->row[i]];
	return expr_is_true(expr, &tuple, &w->env);
}

static void put(struct relation *out, struct indexes at)
{
	assert_true(out->count < TUPLES_MAX);
	out->items[out->count++] = at;
}

/* --- the block ---------------------------------------------------------------
 */

static unsigned visible(const struct world *w, unsigned before)
{
	unsigned input;

	do
		input = pick(before);
	while (w->hidden >> input & 1);
	return input;
}

static const struct expr *random_leaf(struct world *w, unsigned inputs,
				      unsigned own)
{
	static const unsigned columns[] = { COL_uid, COL_gid };
	static const enum expr_op ops[] = { EXPR_EQ, EXPR_NE, EXPR_LE,
					    EXPR_GT };
	struct block *b = &w->block;
	unsigned left = pick(2) ? own : visible(w, inputs);
	const struct expr *a = block_column(b, left, columns[pick(2)]);
	struct expr *null;

	switch (pick(4)) {
	case 0:
		null = build_op(&b->arena, EXPR_IS_NULL, VALUE_BOOL, 1);
		null->args[0] = a;
		return null;
	case 1:
		return block_two(
			b, ops[pick(4)], a,
			block_column(b, visible(w, inputs), columns[pick(2)]));
	default:
		return block_two(b, ops[pick(4)], a, block_int(b, pick(3)));
	}
}

static const struct expr *random_term(struct world *w, unsigned inputs,
				      unsigned own)
{
	struct block *b = &w->block;
	const struct expr *a = random_leaf(w, inputs, own);

	switch (pick(6)) {
	case 0:
		return block_two(b, EXPR_OR, a, random_leaf(w, inputs, own));
	case 1:
		return build_not(&b->arena, a);
	case 2:
		return pick(4) ? a : build_bool(&b->arena, pick(2));
	default:
		return a;
	}
}

static void random_join(struct world *w, unsigned i)
{
	static const enum stream_id streams[] = { STREAM_PROCESS_FORK,
						  STREAM_FILE_OPEN };
	struct block *b = &w->block;
	enum plan_join join = (enum plan_join)pick(PLAN_JOIN_COUNT);
	struct bound_conditions *on;
	unsigned anchor, other = visible(w, i);
	int64_t lower = (int64_t)pick(4) - 2;

	do
		anchor = visible(w, i);
	while (w->nullable >> anchor & 1);
	block_input(b, (const char *[]){ "a", "b", "c", "d" }[i],
		    streams[pick(2)], join);
	on = join == PLAN_JOIN_INNER ? &b->bound->below :
				       &b->bound->inputs[i].on;
	block_key(b, on, other, i, COL_pid_key);
	block_within(b, on, anchor, i, lower * SECOND,
		     (lower + pick(4)) * SECOND);
	if (join == PLAN_JOIN_SEMI || join == PLAN_JOIN_ANTI) {
		for (unsigned k = pick(3); k > 0; k--)
			block_add(b, on, random_term(w, i, i));
		w->hidden |= 1u << i;
		return;
	}
	for (unsigned k = pick(3); k > 0; k--)
		block_add(b, on, random_term(w, i + 1, i));
	if (join == PLAN_JOIN_LEFT)
		w->nullable |= 1u << i;
}

static void random_block(struct world *w)
{
	struct block *b = &w->block;
	unsigned n = 2 + pick(INPUTS_MAX - 1);

	memset(w, 0, sizeof(*w));
	block_init(b);
	block_rule(b, "r", false);
	block_input(b, "a", STREAM_PROCESS_EXEC, PLAN_JOIN_INNER);
	for (unsigned i = 1; i < n; i++)
		random_join(w, i);
	for (unsigned k = pick(4); k > 0; k--)
		block_add(b, &b->bound->below,
			  random_term(w, n, visible(w, n)));
	for (unsigned i = 0; i < n; i++)
		make_rows(w, i);
}

/* --- the oracle --------------------------------------------------------------
 */

static bool all_true(struct world *w, const struct bound_conditions *conditions,
		     const struct indexes *at)
{
	for (unsigned i = 0; i < conditions->count; i++)
		if (!is_true(w, conditions->items[i].expr, at))
			return false;
	return true;
}

/* What a join gives for one left tuple, from what its partners are. */
static void join_one(struct world *w, enum plan_join join, unsigned right,
		     struct indexes at, const bool partner[ROWS],
		     struct relation *out)
{
	int first = -1;

	for (int i = 0; i < ROWS; i++) {
		if (!partner[i])
			continue;
		if (first < 0 ||
		    w->rows[right][i]->ts < w->rows[right][first]->ts)
			first = i;
		at.row[right] = (int8_t)i;
		if (join == PLAN_JOIN_INNER || join == PLAN_JOIN_LEFT)
			put(out, at);
	}
	at.row[right] = (int8_t)(join == PLAN_JOIN_FIRST ? first : -1);
	if (join == PLAN_JOIN_FIRST || join == PLAN_JOIN_SEMI) {
		if (first >= 0)
			put(out, at);
	} else if (join != PLAN_JOIN_INNER && first < 0) {
		put(out, at);
	}
}

static void by_block(struct world *w, struct relation *out)
{
	const struct bound_rule *bound = w->block.bound;
	struct relation *left = calloc(1, sizeof(*left));

	assert_non_null(left);
	out->count = 0;
	for (int i = 0; i < ROWS; i++)
		put(out, (struct indexes){ { (int8_t)i, -1, -1, -1 } });
	for (unsigned input = 1; input < bound->input_count; input++) {
		*left = *out;
		out->count = 0;
		for (unsigned k = 0; k < left->count; k++) {
			struct indexes at = left->items[k];
			bool partner[ROWS];

			for (int i = 0; i < ROWS; i++) {
				at.row[input] = (int8_t)i;
				partner[i] = all_true(
					w, &bound->inputs[input].on, &at);
			}
			join_one(w, bound->inputs[input].join, input,
				 left->items[k], partner, out);
		}
	}
	*left = *out;
	out->count = 0;
	for (unsigned k = 0; k < left->count; k++)
		if (all_true(w, &bound->below, &left->items[k]))
			put(out, left->items[k]);
	free(left);
}

/* --- the plan ----------------------------------------------------------------
 */

static struct value eval(struct world *w, const struct expr *expr,
			 const struct indexes *at)
{
	struct tuple tuple = { 0 };

	for (unsigned i = 0; i < INPUTS_MAX; i++)
		if (at->row[i] >= 0)
			tuple.rows[i] = w->rows[i][at->row[i]];
	return expr_eval(expr, &tuple, &w->env);
}

static bool are_partners(struct world *w, const struct plan_node *join,
			 const struct indexes *at)
{
	unsigned right = join->child[1]->input;
	int64_t apart;

	assert_true(at->row[join->anchor] >= 0);
	apart = w->rows[right][at->row[right]]->ts -
		w->rows[join->anchor][at->row[join->anchor]]->ts;
	for (unsigned i = 0; i < join->key_count; i++)
		if (!value_equal(eval(w, join->left_keys[i], at),
				 eval(w, join->right_keys[i], at)))
			return false;
	return apart >= join->lower_ns && apart <= join->upper_ns &&
	       is_true(w, join->child[1]->predicate, at) &&
	       is_true(w, join->predicate, at);
}

static void by_plan(struct world *w, const struct plan_node *node,
		    struct relation *out)
{
	struct relation *left;

	out->count = 0;
	if (node->kind == PLAN_SCAN) {
		for (int i = 0; i < ROWS; i++) {
			struct indexes at = { { -1, -1, -1, -1 } };

			at.row[node->input] = (int8_t)i;
			if (is_true(w, node->predicate, &at))
				put(out, at);
		}
		return;
	}
	left = calloc(1, sizeof(*left));
	assert_non_null(left);
	by_plan(w, node->child[0], left);
	for (unsigned k = 0; k < left->count; k++) {
		struct indexes at = left->items[k];
		bool partner[ROWS];

		if (node->kind == PLAN_FILTER) {
			if (is_true(w, node->predicate, &at))
				put(out, at);
			continue;
		}
		assert_int_equal(node->kind, PLAN_JOIN);
		for (int i = 0; i < ROWS; i++) {
			at.row[node->child[1]->input] = (int8_t)i;
			partner[i] = are_partners(w, node, &at);
		}
		join_one(w, node->join, node->child[1]->input, left->items[k],
			 partner, out);
	}
	free(left);
}

static int by_indexes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct indexes));
}

static void sort(struct relation *relation)
{
	qsort(relation->items, relation->count, sizeof(relation->items[0]),
	      by_indexes);
}

static bool same(const struct relation *a, const struct relation *b)
{
	return a->count == b->count &&
	       memcmp(a->items, b->items, a->count * sizeof(a->items[0])) == 0;
}

static void lower__random_joins__give_what_the_block_says(void **state)
{
	unsigned seed = (unsigned)test_seed();
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 5000, some = 0;
	struct relation *want = calloc(1, sizeof(*want));
	struct relation *got = calloc(1, sizeof(*got));
	struct world *w = calloc(1, sizeof(*w));
	struct err err;

	(void)state;
	assert_true(want && got && w);
	srand(seed);
	for (unsigned i = 0; i < rounds; i++) {
		random_block(w);
		assert_int_equal(expr_env_init(&w->env, &err), 0);
		assert_true(block_lower(&w->block));
		by_block(w, want);
		by_plan(w, w->block.rules[0].root, got);
		sort(want);
		sort(got);
		if (!same(want, got))
			print_error("round %u: %u tuples, not %u\n%s", i,
				    got->count, want->count,
				    block_plan(&w->block));
		assert_true(same(want, got));
		some += want->count > 0;
		expr_env_release(&w->env);
		block_release(&w->block);
	}
	/* It is no use to compare nothing with nothing. */
	assert_true(some > rounds / 5);
	free(want);
	free(got);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower__random_joins__give_what_the_block_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
