// SPDX-License-Identifier: Apache-2.0
/*
 * Rules that read the matches of others: the same as one rule that says it all
 * at once, wherever one can; what a match carries to its readers.
 */
#include "random_plan.h"

#define OFFSET 1000000
#define SUBJECT STREAM_FILE_OPEN
#define OBJECT STREAM_NETWORK_CONNECT

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
	struct engine *engine;
	uint64_t seq;
	struct buf lines[3]; /* by rule */

	/* of the last match */
	enum match_coverage coverage;
	uint64_t lost, total;
	unsigned evidence;
	int64_t start, end;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	f->chance = test_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	for (unsigned i = 0; i < 3; i++)
		buf_release(&f->lines[i]);
	arena_release(&f->arena);
	free(f);
	return 0;
}

/* The value of output 0, when, and the evidence. */
static int note(void *ctx, const struct match *match, struct err *err)
{
	struct fixture *f = ctx;
	struct buf *out = &f->lines[match->rule - f->plan.rules];

	(void)err;
	assert_false(match->rule->internal);
	buf_printf(out, "%d @%d: ", (int)match->outputs[0].i, (int)match->ts);
	write_rows(out, match->evidence, match->evidence_count);
	buf_putc(out, '\n');
	f->coverage = match->coverage;
	f->lost = match->lost;
	f->total = match->evidence_total;
	f->evidence = match->evidence_count;
	f->start = match->window_start;
	f->end = match->window_end;
	for (unsigned i = 0; i < match->evidence_count; i++)
		assert_true(match->evidence[i]->stream < STREAM_COUNT);
	return 0;
}

static void new_plan(struct fixture *f, unsigned rules)
{
	f->engine = engine_free(f->engine);
	arena_reset(&f->arena);
	f->plan = (struct random_plan){ .arena = &f->arena,
					.chance = &f->chance };
	f->plan.plan.rules = f->plan.rules;
	f->plan.plan.rule_count = rules;
	for (unsigned i = 0; i < rules; i++) {
		random_start(&f->plan, &f->plan.rules[i]);
		if (i < 3)
			buf_reset(&f->lines[i]);
	}
}

static void start(struct fixture *f, uint64_t state_bytes)
{
	const struct engine_options options = {
		.on_match = note,
		.ctx = f,
		.seed = { 1, 2 },
		.state_bytes_max = state_bytes,
	};

	assert_int_equal(engine_new(&f->plan.plan, &options, &f->engine, NULL),
			 0);
}

static struct plan_node *count_by(struct fixture *f, struct plan_rule *rule,
				  struct plan_node *child, unsigned column,
				  int64_t range)
{
	struct plan_node *count = node_make(&f->plan, PLAN_COUNT, child);

	count->range_ns = range;
	count->key_count = 1;
	count->left_keys = key_of(&f->plan, 0, column, 1);
	rule->slot_count = 1;
	show_slot(&f->plan, rule);
	return count;
}

/* Rule 1 counts the matches of rule 0; rule 2 counts what rule 0 matches. */
static void compare(struct fixture *f)
{
	const struct plan_rule *from = &f->plan.rules[0];
	struct plan_rule *reader = &f->plan.rules[1];
	struct plan_rule *whole = &f->plan.rules[2];
	int64_t range = chance(&f->chance, 6);

	show_columns(&f->plan, &f->plan.rules[0]);
	reader->root = count_by(f, reader, reader_scan(&f->plan, reader, from),
				COL_OWN_FIRST, range);
	whole->input_count = from->input_count;
	whole->input_streams = from->input_streams;
	whole->root = count_by(f, whole, from->root, COL_pid_key, range);
	start(f, STATE_BYTES);
	for (unsigned i = 0; i < f->trace.count; i++)
		assert_int_equal(engine_push(f->engine, f->trace.rows[i], NULL),
				 0);
	assert_int_equal(engine_advance(f->engine, INT64_MAX, NULL), 0);
	assert_string_equal(buf_text(&f->lines[1]), buf_text(&f->lines[2]));
}

static void reader__counts_matches__as_one_rule_would(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = check_full() ? 5000 : 200, full = 0;

	for (unsigned round = 0; round < rounds; round++) {
		struct plan_rule *rule = &f->plan.rules[0];

		new_plan(f, 3);
		trace_make(&f->arena, &f->chance, &f->trace);
		f->plan.kinds = true;
		rule->root = random_scan(&f->plan, rule);
		for (unsigned n = chance(&f->chance, 3); n; n--)
			rule->root = random_join(&f->plan, rule, rule->root);
		compare(f);
		full += f->lines[1].len > 0;
	}
	assert_true(full * 2 >= rounds);
}

static void push(struct fixture *f, enum stream_id stream, int64_t ts,
		 int64_t key)
{
	struct row *row = row_make(&f->arena, stream, ts, f->seq++);

	row_put(row, COL_pid_key, value_int(key));
	row->values[COL_ts] = value_int(ts + OFFSET);
	row->values[COL_ts].type = VALUE_TIMESTAMP;
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
}

static struct plan_node *scan_of(struct fixture *f, unsigned rule,
				 enum stream_id stream)
{
	struct plan_node *node = random_scan(&f->plan, &f->plan.rules[rule]);

	node->stream = stream;
	node->predicate = NULL;
	((enum stream_id *)(uintptr_t)f->plan.rules[rule]
		 .input_streams)[node->input] = stream;
	return node;
}

static void show_column(struct fixture *f, unsigned rule, unsigned column)
{
	show_columns(&f->plan, &f->plan.rules[rule]);
	((struct plan_output *)(uintptr_t)f->plan.rules[rule].outputs)[0].expr =
		expr_column(&f->arena, 0, column, VALUE_INT);
}

/* Each of rule 1, 2 ... reads the one before; all but the last are internal. */
static void plan_chain(struct fixture *f, unsigned rules, unsigned column)
{
	new_plan(f, rules);
	f->plan.rules[0].root = scan_of(f, 0, SUBJECT);
	show_column(f, 0, COL_pid_key);
	for (unsigned i = 1; i < rules; i++) {
		f->plan.rules[i].root = reader_scan(&f->plan, &f->plan.rules[i],
						    &f->plan.rules[i - 1]);
		show_column(f, i, i + 1 < rules ? COL_OWN_FIRST : column);
		f->plan.rules[i - 1].internal = true;
	}
}

static void chain__internal_rules__tell_readers_alone(void **state)
{
	static const struct {
		unsigned column;
		const char *want;
	} cases[] = {
		{ COL_OWN_FIRST, "7 @5: 0\n8 @6: 1\n" },
		{ COL_ts, "1000005 @5: 0\n1000006 @6: 1\n" },
		{ COL_mono_ns, "5 @5: 0\n6 @6: 1\n" },
		{ COL_seq, "1 @5: 0\n2 @6: 1\n" },
		{ COL_pid_key, "0 @5: 0\n0 @6: 1\n" },
		{ COL_exe, "0 @5: 0\n0 @6: 1\n" },
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		f->seq = 0;
		plan_chain(f, 3, cases[i].column);
		start(f, STATE_BYTES);
		push(f, SUBJECT, 5, 7);
		push(f, SUBJECT, 6, 8);
		assert_string_equal(buf_text(&f->lines[2]), cases[i].want);
	}
}

/* rules: 0 counts >= 2 within 10; 1 counts those. */
static void reader__thresholds__evidence_is_the_events(void **state)
{
	struct fixture *f = *state;
	struct plan_rule *reader = &f->plan.rules[1];
	struct plan_output *outputs;

	new_plan(f, 2);
	f->plan.rules[0].root = count_by(
		f, &f->plan.rules[0], scan_of(f, 0, SUBJECT), COL_pid_key, 100);
	outputs = (struct plan_output *)(uintptr_t)f->plan.rules[0].outputs;
	outputs[0].expr = expr_column(&f->arena, 0, COL_pid_key, VALUE_INT);
	reader->root = count_by(
		f, reader, reader_scan(&f->plan, reader, &f->plan.rules[0]),
		COL_OWN_FIRST, 5);
	start(f, STATE_BYTES);
	for (int64_t ts = 0; ts < 90; ts++)
		push(f, SUBJECT, ts, 1);
	assert_int_equal(engine_advance(f->engine, 90, NULL), 0);
	assert_int_equal(f->evidence, MATCH_EVIDENCE_MAX);
	assert_true(f->total >= 90);
	assert_int_equal(f->start, 84 - 100);
	assert_int_equal(f->end, 89);
}

/* A left row that comes last meets two partners; what it makes is read. */
static void first_match__with_readers__told_once(void **state)
{
	struct fixture *f = *state;
	struct plan_rule *rule = &f->plan.rules[0];
	struct plan_node *join;

	plan_chain(f, 2, COL_OWN_FIRST);
	join = node_make(&f->plan, PLAN_JOIN, rule->root);
	join->child[1] = scan_of(f, 0, OBJECT);
	join->lower_ns = -10;
	join->key_count = 1;
	join->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	join->right_keys = key_of(&f->plan, 1, COL_pid_key, 1);
	rule->root = join;
	rule->emit = PLAN_EMIT_FIRST;
	start(f, STATE_BYTES);
	push(f, OBJECT, 1, 7);
	push(f, OBJECT, 2, 7);
	push(f, SUBJECT, 3, 7);
	assert_string_equal(buf_text(&f->lines[1]), "7 @3: 0,2\n");
}

/* Rule 0 is muted or not, rule 1 is told of what is not. */
static void reader__muted_matches__are_not_read(void **state)
{
	struct fixture *f = *state;

	plan_chain(f, 2, COL_OWN_FIRST);
	suppress(&f->plan, &f->plan.rules[0], 3, true);
	start(f, STATE_BYTES);
	for (int64_t ts = 0; ts < 7; ts++)
		push(f, SUBJECT, ts, 1);
	assert_string_equal(buf_text(&f->lines[1]),
			    "1 @0: 0\n1 @3: 3\n1 @6: 6\n");
}

/* Rule 1: an OBJECT with no match of rule 0 within 10 after it. */
static void plan_absence(struct fixture *f)
{
	struct plan_node *join;

	new_plan(f, 2);
	f->plan.rules[0].root = count_by(
		f, &f->plan.rules[0], scan_of(f, 0, SUBJECT), COL_pid_key, 100);
	show_column(f, 0, COL_pid_key);
	join = node_make(&f->plan, PLAN_JOIN, scan_of(f, 1, OBJECT));
	join->child[1] =
		reader_scan(&f->plan, &f->plan.rules[1], &f->plan.rules[0]);
	join->join = PLAN_JOIN_ANTI;
	join->upper_ns = 10;
	join->key_count = 1;
	join->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	join->right_keys = first_output(&f->plan, 1);
	f->plan.rules[1].root = join;
	show_column(f, 1, COL_pid_key);
}

static void absence__decided_at_its_deadline__of_matches_too(void **state)
{
	struct fixture *f = *state;

	plan_absence(f);
	start(f, STATE_BYTES);
	push(f, OBJECT, 5, 1);
	push(f, OBJECT, 6, 2);
	push(f, SUBJECT, 15, 1);
	push(f, SUBJECT, 17, 2);
	assert_string_equal(buf_text(&f->lines[1]), "2 @16: 1\n");
	assert_int_equal(f->start, 6);
	assert_int_equal(f->end, 16);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

/* What rule 0 missed, rule 1 may miss. */
static void absence__gap_where_matches_come_from__is_told(void **state)
{
	struct fixture *f = *state;

	plan_absence(f);
	start(f, STATE_BYTES);
	push(f, OBJECT, 5, 1);
	assert_int_equal(engine_gap(f->engine, SUBJECT, 8, 9, 3, NULL), 0);
	assert_int_equal(engine_advance(f->engine, 100, NULL), 0);
	assert_string_equal(buf_text(&f->lines[1]), "1 @15: 0\n");
	assert_int_equal(f->coverage, COVERAGE_GAP);
	assert_int_equal(f->lost, 3);
}

static void absence__eviction_where_matches_come_from__is_told(void **state)
{
	struct fixture *f = *state;

	plan_absence(f);
	f->plan.rules[0].root->keys_max = 2;
	start(f, STATE_BYTES);
	push(f, OBJECT, 5, 1);
	for (int64_t key = 10; key < 13; key++)
		push(f, SUBJECT, 6, key);
	assert_int_equal(engine_advance(f->engine, 100, NULL), 0);
	assert_string_equal(buf_text(&f->lines[1]), "1 @15: 0\n");
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
}

/* A match that is complete has a reader's match that is; and one is not. */
static void reader__coverage_of_what_it_read__is_its_own(void **state)
{
	struct fixture *f = *state;

	plan_chain(f, 2, COL_OWN_FIRST);
	start(f, STATE_BYTES);
	assert_int_equal(engine_gap(f->engine, SUBJECT, 3, 4, 9, NULL), 0);
	push(f, SUBJECT, 3, 1);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	assert_int_equal(f->lost, 9);
	push(f, SUBJECT, 4, 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
	assert_int_equal(f->lost, 0);
}

/* A late row is read by rules without state only, through others as well. */
static void reader__late_row__only_without_state(void **state)
{
	struct fixture *f = *state;
	struct engine_rule_stats stats;

	plan_chain(f, 3, COL_OWN_FIRST);
	f->plan.rules[2].root = count_by(
		f, &f->plan.rules[2], f->plan.rules[2].root, COL_OWN_FIRST, 5);
	f->plan.rules[1].internal = false;
	start(f, STATE_BYTES);
	assert_int_equal(engine_advance(f->engine, 10, NULL), 0);
	push(f, SUBJECT, 9, 4);
	assert_string_equal(buf_text(&f->lines[1]), "4 @9: 0\n");
	engine_rule_stats(f->engine, 2, &stats);
	assert_int_equal(stats.late, 1);
}

/* Every operator in too little memory: bounded, counted, and all given back. */
static void memory__too_little__stays_within_it(void **state)
{
	struct fixture *f = *state;
	unsigned rounds = check_full() ? 400 : 20, over = 0;

	for (unsigned round = 0; round < rounds; round++) {
		struct transcript t = { .plan = &f->plan.plan };
		struct engine_options options = {
			.on_match = transcript_match,
			.ctx = &t,
			.seed = { 1, round },
			.state_bytes_max = 4000 + chance(&f->chance, 20000),
		};

		f->engine = engine_free(f->engine);
		arena_reset(&f->arena);
		random_plan_make_all(&f->plan, &f->arena, &f->chance);
		assert_int_equal(
			engine_new(&f->plan.plan, &options, &f->engine, NULL),
			0);
		for (int64_t base = 0; base < 300; base += 50) {
			trace_make(&f->arena, &f->chance, &f->trace);
			for (unsigned i = 0; i < f->trace.count; i++) {
				struct row *row = f->trace.rows[i];

				row->ts += base;
				if (row->ts < base + 50)
					assert_int_equal(engine_push(f->engine,
								     row, NULL),
							 0);
			}
		}
		for (unsigned i = 0; i < TEST_RULES; i++) {
			struct engine_rule_stats stats;

			engine_rule_stats(f->engine, i, &stats);
			over += stats.evicted + stats.refused > 0;
		}
		engine_finish(f->engine, TEST_RULES);
		f->engine = NULL;
		transcript_release(&t);
	}
	assert_true(over > rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(reader__counts_matches__as_one_rule_would),
		TEST(chain__internal_rules__tell_readers_alone),
		TEST(reader__thresholds__evidence_is_the_events),
		TEST(first_match__with_readers__told_once),
		TEST(reader__muted_matches__are_not_read),
		TEST(absence__decided_at_its_deadline__of_matches_too),
		TEST(absence__gap_where_matches_come_from__is_told),
		TEST(absence__eviction_where_matches_come_from__is_told),
		TEST(reader__coverage_of_what_it_read__is_its_own),
		TEST(reader__late_row__only_without_state),
		TEST(memory__too_little__stays_within_it),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
