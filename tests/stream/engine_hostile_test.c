// SPDX-License-Identifier: Apache-2.0
/*
 * What an attacker, or a rule written without care, would try: one rule's flood
 * that blinds another, a block larger than the pool, a moment with more rows
 * than there is room, the ends of time, a machine without memory.
 */
#include "random_plan.h"

#include "stream/context_int.h"
#include "stream/engine_int.h"
#include "stream/process_table.h"

#define SUBJECT STREAM_FILE_OPEN
#define OBJECT STREAM_NETWORK_CONNECT
#define DAY_NS ((int64_t)86400 * 1000000000)

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static unsigned long fails_at, calls; /* 0: never */

static bool fails(void)
{
	return fails_at && ++calls >= fails_at;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}
#endif

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct random_plan plan;
	struct engine *engine;
	uint64_t seq;
	uint64_t matches[TEST_RULES];
	enum match_coverage coverage;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)256 << 20);
	f->chance = test_seed();
	f->plan = (struct random_plan){ .arena = &f->arena,
					.chance = &f->chance };
	f->plan.plan.rules = f->plan.rules;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static int note(void *ctx, const struct match *match, struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	f->matches[match->rule - f->plan.rules]++;
	f->coverage = match->coverage;
	return 0;
}

static struct plan_rule *add_rule(struct fixture *f)
{
	struct plan_rule *rule = &f->plan.rules[f->plan.plan.rule_count++];

	random_start(&f->plan, rule);
	return rule;
}

static struct plan_node *scan_of(struct fixture *f, struct plan_rule *rule,
				 enum stream_id stream)
{
	struct plan_node *node = random_scan(&f->plan, rule);

	node->stream = stream;
	node->predicate = NULL;
	((enum stream_id *)(uintptr_t)rule->input_streams)[node->input] =
		stream;
	return node;
}

static const struct expr **text_key(struct fixture *f)
{
	const struct expr **keys = key_of(&f->plan, 0, COL_pid_key, 1);

	keys[0] = expr_column(&f->arena, 0, COL_comm, VALUE_TEXT);
	return keys;
}

static struct plan_node *join_rule(struct fixture *f, enum plan_join kind,
				   int64_t upper)
{
	struct plan_rule *rule = add_rule(f);
	struct plan_node *join =
		node_make(&f->plan, PLAN_JOIN, scan_of(f, rule, SUBJECT));

	join->child[1] = scan_of(f, rule, OBJECT);
	join->join = kind;
	join->upper_ns = upper;
	join->key_count = 1;
	join->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	join->right_keys = key_of(&f->plan, 1, COL_pid_key, 1);
	rule->root = join;
	return join;
}

/* COUNT(*) OVER ... >= least, by comm. */
static struct plan_node *count_rule(struct fixture *f, int64_t range,
				    uint32_t least)
{
	struct plan_rule *rule = add_rule(f);
	struct plan_node *count =
		node_make(&f->plan, PLAN_COUNT, scan_of(f, rule, SUBJECT));

	count->range_ns = range;
	count->key_count = 1;
	count->left_keys = text_key(f);
	count->saturate = least;
	rule->slot_count = 1;
	rule->root = node_make(&f->plan, PLAN_FILTER, count);
	rule->root->predicate =
		expr_make(&f->arena, EXPR_GE, expr_slot(&f->arena, 0),
			  expr_int(&f->arena, (int)least));
	rule->emit = PLAN_EMIT_FIRST;
	return count;
}

static int start_engine(struct fixture *f, uint64_t limit)
{
	const struct engine_options options = {
		.on_match = note,
		.ctx = f,
		.seed = { 1, 2 },
		.state_bytes_max = limit,
	};
	struct err err = { 0 };

	return engine_new(&f->plan.plan, &options, &f->engine, &err);
}

static struct row *row_of(struct fixture *f, enum stream_id stream, int64_t ts,
			  int64_t key)
{
	struct row *row = row_make(&f->arena, stream, ts, f->seq++);

	row_put(row, COL_pid_key, value_int(key));
	row_put(row, COL_comm, value_text("x"));
	return row;
}

static void push_row(struct fixture *f, const struct row *row)
{
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
}

static void push(struct fixture *f, enum stream_id stream, int64_t ts,
		 int64_t key)
{
	push_row(f, row_of(f, stream, ts, key));
}

/* Every moment of a large count is a run; the other rule keeps its row. */
static void count__of_very_many_moments__fires_and_evicts_nobody(void **state)
{
	enum { LEAST = 200000 };
	struct fixture *f = *state;
	struct row *row;

	count_rule(f, LEAST * 2, LEAST);
	join_rule(f, PLAN_JOIN_INNER, LEAST * 2);
	assert_int_equal(start_engine(f, PLAN_STATE_BYTES_MAX), 0);
	push(f, SUBJECT, 1, 7);
	row = row_of(f, SUBJECT, 2, 8);
	row_put(row, COL_pid_key, value_null());
	for (; row->ts < LEAST; row->ts++)
		push_row(f, row);
	assert_int_equal(f->matches[0], 0);
	push(f, SUBJECT, LEAST, 9);
	push(f, OBJECT, LEAST + 1, 7);
	assert_int_equal(f->matches[0], 1);
	assert_int_equal(f->matches[1], 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

/* What could never fit is refused; nobody's state goes for it. */
static void key__larger_than_the_pool__evicts_nobody(void **state)
{
	static uint8_t text[200000];
	struct fixture *f = *state;
	struct engine_rule_stats stats;
	struct row *row;

	count_rule(f, 1000, 5);
	join_rule(f, PLAN_JOIN_INNER, 1000);
	suppress(&f->plan, &f->plan.rules[1], 10, true);
	assert_int_equal(start_engine(f, 100000), 0);
	push(f, SUBJECT, 1, 7);
	row = row_of(f, SUBJECT, 2, 8);
	row_put(row, COL_pid_key, value_null());
	row_put(row, COL_comm, value_bytes(VALUE_TEXT, text, sizeof(text)));
	for (; row->ts < 20; row->ts++)
		push_row(f, row);
	push(f, OBJECT, 20, 7);
	assert_int_equal(f->matches[1], 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
	engine_rule_stats(f->engine, 0, &stats);
	assert_int_equal(stats.evicted, 0);
	assert_true(stats.refused >= 18);
}

/* A rule that mutes by what an attacker chooses has its own mutes to lose. */
static void mutes__flood_of_long_keys__others_keep_their_room(void **state)
{
	static uint8_t text[4096];
	struct fixture *f = *state;
	struct plan_rule *muted = add_rule(f);
	struct plan_output *key;
	unsigned seen = 0;

	muted->root = scan_of(f, muted, SUBJECT);
	suppress(&f->plan, muted, 1000000, true);
	key = (struct plan_output *)(uintptr_t)muted->keys;
	key->expr = text_key(f)[0];
	join_rule(f, PLAN_JOIN_INNER, 8);
	assert_int_equal(start_engine(f, 200000), 0);
	for (int64_t i = 0; i < 500; i++) {
		struct row *row = row_of(f, SUBJECT, 2 * i, i);

		memcpy(text, &i, sizeof(i));
		row_put(row, COL_comm,
			value_bytes(VALUE_TEXT, text, sizeof(text)));
		push_row(f, row);
		seen += f->matches[0] == (uint64_t)i + 1;
		push(f, OBJECT, 2 * i + 1, i);
		assert_int_equal(f->matches[1], i + 1);
	}
	assert_int_equal(seen, 500);
	assert_true(f->engine->rules[0].stats.evicted > 400);
	assert_int_equal(f->engine->rules[1].stats.evicted, 0);
	assert_int_equal(f->engine->rules[1].stats.refused, 0);
}

static const struct context *program(int64_t i)
{
	static uint8_t args[8000];
	struct program program = {
		.exe = value_text("/bin/true"),
		.args = value_bytes(VALUE_LIST, args, sizeof(args)),
	};
	const struct context *context;

	memset(args, 'a', sizeof(args));
	memcpy(args, &i, sizeof(i));
	context = context_of_program(&program);
	assert_non_null(context);
	return context;
}

/*
 * Programs with long arguments: what rows hold of them is state, even when the
 * process table forgot them. Rows of one program share it.
 */
static void contexts__held_by_rows__are_state(void **state)
{
	enum { ROWS = 500, LIMIT = 1 << 20 };
	struct fixture *f = *state;
	struct pool *pool;

	join_rule(f, PLAN_JOIN_LEFT, 100 * ROWS);
	for (unsigned shared = 0; shared < 2; shared++) {
		const struct context *parent = program(-1), *self = NULL;
		struct engine_rule_stats stats;

		f->engine = engine_free(f->engine);
		assert_int_equal(start_engine(f, LIMIT), 0);
		pool = &f->engine->pool;
		for (int64_t i = 0; i < ROWS; i++) {
			struct row *row = row_of(f, SUBJECT, i, i);

			if (!self)
				self = program(i);
			row->self = self;
			row->parent = parent;
			push_row(f, row);
			assert_true(pool->used_bytes <= LIMIT);
			if (shared)
				continue;
			context_drop(self);
			self = NULL;
		}
		context_drop(self);
		context_drop(parent);
		engine_rule_stats(f->engine, 0, &stats);
		if (shared)
			assert_int_equal(stats.state_rows, ROWS);
		else
			assert_true(stats.evicted &&
				    stats.state_rows * 16000 <= LIMIT);
		assert_int_equal(engine_advance(f->engine, INT64_MAX, NULL), 0);
		assert_int_equal(pool->used_bytes, 0);
	}
}

/* All at one ts: no peer may go, so the last are refused, and it is told. */
static void moment__more_rows_than_room__is_bounded_and_told(void **state)
{
	enum { ROWS = 5000, LIMIT = 100000 };
	struct fixture *f = *state;
	struct row *row = row_of(f, SUBJECT, 5, 1);

	count_rule(f, 10, 3)->saturate = 0;
	assert_int_equal(start_engine(f, LIMIT), 0);
	for (unsigned i = 0; i < ROWS; i++, row->seq++) {
		push_row(f, row);
		assert_true(f->engine->pool.used_bytes <= LIMIT);
	}
	assert_int_equal(engine_advance(f->engine, INT64_MAX, NULL), 0);
	assert_int_equal(f->matches[0], 1);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	assert_int_equal(f->engine->pool.used_bytes, 0);
}

/* Rows at the last moments there are, and after the end of time was told. */
static void time__at_its_ends__decides_and_ends(void **state)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -5,	     0,
					 5,	    INT64_MAX - 1, INT64_MAX };
	struct fixture *f = *state;

	join_rule(f, PLAN_JOIN_LEFT, 3650 * DAY_NS);
	join_rule(f, PLAN_JOIN_ANTI, 1)->lower_ns = -3650 * DAY_NS;
	count_rule(f, 30 * DAY_NS, 1);
	f->plan.rules[3] = f->plan.rules[2];
	f->plan.plan.rule_count = 4;
	f->plan.rules[3].root = random_seen(
		&f->plan, f->plan.rules[2].root->child[0]->child[0]);
	f->plan.rules[3].root->key_count = 1;
	f->plan.rules[3].root->range_ns = 3650 * DAY_NS;
	f->plan.rules[3].emit = PLAN_EMIT_EVERY;
	suppress(&f->plan, &f->plan.rules[3], 3650 * DAY_NS, true);
	assert_int_equal(start_engine(f, STATE_BYTES), 0);
	assert_int_equal(engine_gap(f->engine, SUBJECT, INT64_MIN, INT64_MAX,
				    UINT64_MAX, NULL),
			 0);
	for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
		push(f, SUBJECT, times[i], 1);
		push(f, OBJECT, times[i], 2);
	}
	assert_int_equal(f->coverage, COVERAGE_GAP);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(engine_advance(f->engine, INT64_MAX, NULL), 0);
	assert_true(f->matches[0] >= 5 && f->matches[1] >= 5);
	assert_true(f->matches[2] && f->matches[3]);
	push(f, SUBJECT, 7, 1);
	assert_true(f->engine->rules[0].stats.late);
}

#ifndef __SANITIZE_ADDRESS__
/* The n-th and all later allocations fail: nothing breaks, and it is told. */
static void memory__none_from_any_point_on__goes_on(void **state)
{
	struct fixture *f = *state;
	struct row *rows[120];
	unsigned built = 0, points = 400;

	random_plan_make_all(&f->plan, &f->arena, &f->chance);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		rows[i] = row_of(f, test_streams[i % 3], i / 2, i % 5);
		row_put(rows[i], COL_uid, value_int(i % 3));
	}
	for (unsigned n = 1; n <= points; n++) {
		int rc;

		calls = 0;
		fails_at = n;
		rc = start_engine(f, STATE_BYTES);
		for (unsigned i = 0; !rc && i < ARRAY_SIZE(rows); i++)
			rc = engine_push(f->engine, rows[i], NULL);
		if (f->engine && !rc)
			rc = engine_advance(f->engine, INT64_MAX, NULL);
		fails_at = 0;
		if (!f->engine) {
			assert_int_equal(rc, -ENOMEM);
			continue;
		}
		assert_int_equal(rc, 0);
		built++;
		for (unsigned i = 0; i < TEST_RULES; i++)
			assert_int_equal(f->engine->rules[i].stats.state_rows,
					 0);
		assert_int_equal(f->engine->pool.used_bytes, 0);
		f->engine = engine_free(f->engine);
	}
	assert_true(built > 100 && built < points);
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(count__of_very_many_moments__fires_and_evicts_nobody),
		TEST(key__larger_than_the_pool__evicts_nobody),
		TEST(mutes__flood_of_long_keys__others_keep_their_room),
		TEST(contexts__held_by_rows__are_state),
		TEST(moment__more_rows_than_room__is_bounded_and_told),
		TEST(time__at_its_ends__decides_and_ends),
#ifndef __SANITIZE_ADDRESS__
		TEST(memory__none_from_any_point_on__goes_on),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
