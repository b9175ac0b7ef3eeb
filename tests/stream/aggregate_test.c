// SPDX-License-Identifier: Apache-2.0
/*
 * Of aggregates what the oracles do not reach: overflow, edges, quotas, little
 * room, coverage, late rows, failing callbacks, the ends of time.
 */
#include "aggregate_plan.h"

#include <errno.h>

/* A rule of one node, without keys until they are set, over f->push()ed rows */
struct state {
	struct fixture f;
	struct plan_node filter, join, right;
	struct engine *engine;
	uint64_t limit;
	uint64_t seq;
	unsigned matches;
	int fail;
	struct value last[TUPLE_SLOTS_MAX]; /* no bytes behind them */
	enum match_coverage coverage;
	uint64_t total;
	unsigned evidence;
	uint64_t first_evidence;
};

static int setup_state(void **state)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_PROCESS_EXIT };
	struct state *s = calloc(1, sizeof(*s));
	struct fixture *f = &s->f;

	assert_non_null(s);
	arena_init(&f->arena, (size_t)64 << 20);
	f->scan = (struct plan_node){ .kind = PLAN_SCAN,
				      .stream = STREAM_FILE_OPEN };
	f->keys[0] = expr_column(&f->arena, 0, COL_pid_key, VALUE_INT);
	f->node = (struct plan_node){ .child = { &f->scan },
				      .key_count = 1,
				      .left_keys = f->keys,
				      .aggregates = f->aggregates,
				      .limit = -1 };
	f->rule = (struct plan_rule){ .name = "r",
				      .root = &f->node,
				      .input_count = 1,
				      .input_streams = streams,
				      .outputs = f->outputs };
	f->plan = (struct plan){ .rule_count = 1, .rules = &f->rule };
	s->limit = STATE_BYTES;
	*state = s;
	return 0;
}

static int teardown_state(void **state)
{
	struct state *s = *state;

	engine_free(s->engine);
	arena_release(&s->f.arena);
	free(s);
	return 0;
}

static int note(void *ctx, const struct match *match, struct err *err)
{
	struct state *s = ctx;

	s->matches++;
	for (unsigned i = 0; i < match->rule->output_count; i++)
		s->last[i] = match->outputs[i];
	s->coverage = match->coverage;
	s->total = match->evidence_total;
	s->evidence = match->evidence_count;
	s->first_evidence = match->evidence_count ? match->evidence[0]->seq : 0;
	return s->fail ? err_set(err, ERR_MACHINE, s->fail, "no room") : 0;
}

static void add(struct state *s, enum plan_aggregate_op op, unsigned column,
		enum value_type type)
{
	struct fixture *f = &s->f;
	unsigned i = f->node.aggregate_count++;
	struct plan_aggregate *aggregate = &f->aggregates[i];

	aggregate->op = op;
	aggregate->type = type;
	aggregate->slot = (uint8_t)(i + (f->node.kind == PLAN_GROUP ?
						 2u + f->node.key_count :
						 0));
	if (op != PLAN_COUNT_ROWS)
		aggregate->arg = expr_column(&f->arena, 0, column, type);
}

static void start(struct state *s)
{
	struct fixture *f = &s->f;
	const struct engine_options options = {
		.on_match = note,
		.ctx = s,
		.state_bytes_max = s->limit,
	};

	f->rule.slot_count =
		f->aggregates[f->node.aggregate_count - 1].slot + 1u;
	f->rule.output_count = f->rule.slot_count;
	for (unsigned i = 0; i < f->rule.slot_count; i++)
		f->outputs[i].expr = expr_slot(&f->arena, i);
	assert_int_equal(engine_new(&f->plan, &options, &s->engine, NULL), 0);
}

static int push_to(struct state *s, enum stream_id stream, int64_t ts,
		   int64_t key, struct value v)
{
	struct row *row = row_make(&s->f.arena, stream, ts, s->seq++);

	row_put(row, COL_ts,
		(struct value){ .type = VALUE_TIMESTAMP, .i = ts });
	row_put(row, COL_pid_key, value_int(key));
	row_put(row, COL_uid, v);
	return engine_push(s->engine, row, NULL);
}

static int push(struct state *s, int64_t ts, int64_t key, struct value v)
{
	return push_to(s, STREAM_FILE_OPEN, ts, key, v);
}

/* Below the aggregates: file opens with exits of the process until upper_ns. */
static void join(struct state *s, enum plan_join kind, int64_t upper_ns)
{
	const struct expr **right = arena_array(&s->f.arena, 1, sizeof(*right));

	assert_non_null(right);
	right[0] = expr_column(&s->f.arena, 1, COL_pid_key, VALUE_INT);
	s->right = (struct plan_node){ .kind = PLAN_SCAN,
				       .input = 1,
				       .stream = STREAM_PROCESS_EXIT };
	s->join = (struct plan_node){
		.kind = PLAN_JOIN,
		.child = { &s->f.scan, &s->right },
		.key_count = 1,
		.left_keys = s->f.keys,
		.right_keys = right,
		.join = kind,
		.upper_ns = upper_ns,
	};
	s->f.node.child[0] = &s->join;
	s->f.rule.input_count = 2;
}

static void over(struct state *s, int64_t range_ns)
{
	s->f.node.kind = PLAN_OVER;
	s->f.node.range_ns = range_ns;
}

static void group(struct state *s, enum plan_window window, int64_t size_ns,
		  int64_t slide_ns)
{
	s->f.node.kind = PLAN_GROUP;
	s->f.node.window = window;
	s->f.node.size_ns = size_ns;
	s->f.node.slide_ns = slide_ns;
	s->f.rule.emit = PLAN_EMIT_CLOSE;
}

static void advance(struct state *s, int64_t ts)
{
	assert_int_equal(engine_advance(s->engine, ts, NULL), 0);
}

static struct engine_rule_stats stats_of(const struct state *s)
{
	struct engine_rule_stats stats;

	engine_rule_stats(s->engine, 0, &stats);
	return stats;
}

static void sum__beyond_64_bits__null_until_it_is_not(void **state)
{
	struct state *s = *state;

	over(s, 10);
	add(s, PLAN_SUM, COL_uid, VALUE_INT);
	add(s, PLAN_AVG, COL_uid, VALUE_INT);
	start(s);
	push(s, 0, 1, value_int(INT64_MAX));
	push(s, 5, 1, value_int(INT64_MAX));
	advance(s, 6);
	assert_int_equal(s->last[0].type, VALUE_NULL);
	assert_true(s->last[1].d >= 0x1p63 && s->last[1].d <= 0x1p63);
	push(s, 11, 1, value_int(-1));
	advance(s, 12);
	assert_int_equal(s->last[0].i, INT64_MAX - 1);
}

static void avg__of_intervals__is_an_interval(void **state)
{
	struct state *s = *state;
	struct value v = { .type = VALUE_INTERVAL, .i = 5 };

	over(s, 10);
	add(s, PLAN_AVG, COL_uid, VALUE_INTERVAL);
	add(s, PLAN_SUM, COL_uid, VALUE_INTERVAL);
	start(s);
	push(s, 0, 1, v);
	v.i = 8;
	push(s, 1, 1, v);
	advance(s, 2);
	assert_int_equal(s->last[0].type, VALUE_INTERVAL);
	assert_int_equal(s->last[0].i, 6);
	assert_int_equal(s->last[1].type, VALUE_INTERVAL);
	assert_int_equal(s->last[1].i, 13);
}

static void sum__not_a_number__is_null(void **state)
{
	struct state *s = *state;

	over(s, 10);
	add(s, PLAN_SUM, COL_uid, VALUE_DOUBLE);
	add(s, PLAN_COUNT_VALUES, COL_uid, VALUE_DOUBLE);
	start(s);
	push(s, 0, 1, double_value(__builtin_nan("")));
	push(s, 0, 1, value_int(3));
	advance(s, 1);
	assert_int_equal(s->last[0].type, VALUE_DOUBLE);
	assert_true(s->last[0].d >= 3 && s->last[0].d <= 3);
	assert_int_equal(s->last[1].i, 1);
}

/* SUM(uid) OVER ... >= 10, on the rising edge. */
static void first__sum_over_threshold__rises_and_falls(void **state)
{
	struct state *s = *state;
	struct arena *a = &s->f.arena;

	over(s, 10);
	add(s, PLAN_SUM, COL_uid, VALUE_INT);
	s->filter = (struct plan_node){
		.kind = PLAN_FILTER,
		.child = { &s->f.node },
		.predicate =
			expr_make(a, EXPR_GE, expr_slot(a, 0), expr_int(a, 10)),
	};
	s->f.rule.root = &s->filter;
	s->f.rule.emit = PLAN_EMIT_FIRST;
	start(s);
	push(s, 0, 1, value_int(6));
	push(s, 1, 1, value_int(6));
	push(s, 2, 1, value_int(6));
	advance(s, 3);
	assert_int_equal(s->matches, 1);
	push(s, 3, 1, value_int(-9));
	push(s, 4, 1, value_int(9));
	advance(s, 5);
	assert_int_equal(s->matches, 2);
	push(s, 15, 1, value_int(10));
	advance(s, 16);
	assert_int_equal(s->matches, 3);
}

static void over__long_burst__last_rows_are_evidence(void **state)
{
	struct state *s = *state;

	over(s, 1000);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	for (unsigned i = 0; i < 100; i++)
		push(s, i, 1, value_null());
	advance(s, 100);
	assert_int_equal(s->last[0].i, 100);
	assert_int_equal(s->total, 100);
	assert_int_equal(s->evidence, MATCH_EVIDENCE_MAX);
	assert_int_equal(s->first_evidence, 100 - MATCH_EVIDENCE_MAX);
}

static void over__too_many_rows__oldest_evicted_and_flagged(void **state)
{
	struct state *s = *state;

	over(s, 1000);
	s->f.node.rows_per_key_max = 4;
	add(s, PLAN_MIN, COL_uid, VALUE_INT);
	add(s, PLAN_COUNT_DISTINCT, COL_uid, VALUE_INT);
	start(s);
	for (int i = 0; i < 4; i++)
		push(s, i, 1, value_int(i));
	advance(s, 4);
	assert_int_equal(s->coverage, COVERAGE_COMPLETE);
	push(s, 4, 1, value_int(4));
	advance(s, 5);
	assert_int_equal(s->last[0].i, 1);
	assert_int_equal(s->last[1].i, 4);
	assert_int_equal(s->coverage, COVERAGE_EVICTED);
	assert_int_equal(stats_of(s).evicted, 2);
}

static void distinct__saturated__keeps_no_more_than_it_needs(void **state)
{
	struct state *s = *state;
	uint64_t bytes;

	over(s, INT64_MAX);
	add(s, PLAN_COUNT_DISTINCT, COL_uid, VALUE_INT);
	s->f.aggregates[0].saturate = 3;
	s->f.node.rows_per_key_max = 3;
	start(s);
	for (int i = 0; i < 100; i++)
		push(s, i, 1, value_int(i));
	bytes = stats_of(s).state_bytes;
	for (int i = 100; i < 1000; i++) {
		push(s, i, 1, value_int(i));
		assert_int_equal(stats_of(s).state_bytes, bytes);
	}
	advance(s, 1000);
	assert_int_equal(s->last[0].i, 4);
	assert_int_equal(stats_of(s).evicted, 0);
	assert_int_equal(s->coverage, COVERAGE_COMPLETE);
}

/* The value last seen longest ago may be the one inserted last. */
static void distinct__seen_again__stays(void **state)
{
	struct state *s = *state;

	over(s, 10);
	add(s, PLAN_COUNT_DISTINCT, COL_uid, VALUE_INT);
	s->f.aggregates[0].saturate = 2;
	start(s);
	push(s, 0, 1, value_int(1));
	push(s, 1, 1, value_int(2));
	push(s, 2, 1, value_int(1));
	push(s, 12, 1, value_int(3));
	advance(s, 13);
	assert_int_equal(s->last[0].i, 2);
}

static void group__too_many_keys__least_used_evicted(void **state)
{
	struct state *s = *state;

	group(s, PLAN_TUMBLE, 100, 0);
	s->f.node.keys_max = 3;
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	for (int i = 0; i < 4; i++)
		push(s, i, i ? i : 1, value_null());
	push(s, 4, 4, value_null());
	assert_int_equal(stats_of(s).evicted, 2);
	advance(s, 101);
	assert_int_equal(s->matches, 3);
	assert_int_equal(s->last[2].i, 4);
	assert_int_equal(s->coverage, COVERAGE_EVICTED);
	push(s, 300, 1, value_null());
	advance(s, 401);
	assert_int_equal(s->matches, 4);
	assert_int_equal(s->coverage, COVERAGE_COMPLETE);
}

static void group__long_burst__last_rows_are_evidence(void **state)
{
	struct state *s = *state;

	group(s, PLAN_TUMBLE, 1000, 0);
	add(s, PLAN_MAX, COL_uid, VALUE_INT);
	start(s);
	for (int i = 0; i < 100; i++)
		push(s, i, 1, value_int(-i));
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 1);
	assert_int_equal(s->last[3].i, 0);
	assert_int_equal(s->total, 100);
	assert_int_equal(s->evidence, MATCH_EVIDENCE_MAX);
	assert_int_equal(s->first_evidence, 100 - MATCH_EVIDENCE_MAX);
}

static void group__window_is_over__goes_up_once_time_has_passed(void **state)
{
	struct state *s = *state;

	group(s, PLAN_TUMBLE, 10, 0);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	push(s, 3, 1, value_null());
	push(s, 10, 1, value_null());
	assert_int_equal(s->matches, 0);
	push(s, 11, 1, value_null());
	assert_int_equal(s->matches, 1);
	assert_int_equal(s->last[0].i, 0);
	assert_int_equal(s->last[1].i, 10);
	assert_int_equal(s->last[3].i, 1);
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 2);
	assert_int_equal(s->last[3].i, 2);
}

/*
 * Without eviction key 1 would have a session [8, 18) and not [12, 22), whose
 * evidence alone would not tell.
 */
static void session__begun_late_for_an_eviction__flagged(void **state)
{
	static const struct {
		int64_t ts, key;
	} rows[] = { { 0, 2 }, { 3, 2 },  { 6, 2 },  { 8, 1 }, { 9, 2 },
		     { 9, 3 }, { 12, 1 }, { 16, 1 }, { 20, 1 } };
	struct state *s = *state;

	group(s, PLAN_SESSION, 10, 5);
	s->f.node.keys_max = 2;
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		push(s, rows[i].ts, rows[i].key, value_null());
	assert_int_equal(stats_of(s).evicted, 1);
	advance(s, 23);
	assert_int_equal(s->matches, 3);
	assert_int_equal(s->last[0].i, 12);
	assert_int_equal(s->coverage, COVERAGE_EVICTED);
	push(s, 50, 1, value_null());
	advance(s, INT64_MAX);
	assert_int_equal(s->coverage, COVERAGE_COMPLETE);
}

static void group__gap_in_window__flagged(void **state)
{
	struct state *s = *state;

	group(s, PLAN_TUMBLE, 10, 0);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	assert_int_equal(
		engine_gap(s->engine, STREAM_FILE_OPEN, 8, 10, 7, NULL), 0);
	push(s, 3, 1, value_null());
	push(s, 11, 1, value_null());
	assert_int_equal(s->coverage, COVERAGE_GAP);
	advance(s, 30);
	assert_int_equal(s->matches, 2);
	assert_int_equal(s->coverage, COVERAGE_COMPLETE);
}

static void late_row__of_a_window_that_is_over__is_counted(void **state)
{
	struct state *s = *state;

	group(s, PLAN_HOP, 10, 5);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	push(s, 20, 1, value_null());
	push(s, 4, 1, value_null());
	assert_int_equal(stats_of(s).late, 1);
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 2);
}

static void expect_closed_at_the_ends(struct state *s, enum plan_window window)
{
	group(s, window, INT64_MAX / 4 * 2, INT64_MAX / 4);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	push(s, INT64_MIN + 1, 1, value_null());
	push(s, INT64_MAX - 1, 1, value_null());
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, window == PLAN_HOP ? 3 : 2);
	assert_int_equal(s->last[3].i, 1);
	assert_int_equal(stats_of(s).state_rows, 0);
	assert_int_equal(stats_of(s).late, 0);
}

static void tumble__at_the_ends_of_time__closes(void **state)
{
	expect_closed_at_the_ends(*state, PLAN_TUMBLE);
}

static void hop__at_the_ends_of_time__closes(void **state)
{
	expect_closed_at_the_ends(*state, PLAN_HOP);
}

static void session__at_the_ends_of_time__closes(void **state)
{
	expect_closed_at_the_ends(*state, PLAN_SESSION);
}

/* What has no partner counts when that is known, be it at the last moment. */
static void group__over_absences__each_in_its_window(void **state)
{
	struct state *s = *state;

	join(s, PLAN_JOIN_ANTI, 7);
	group(s, PLAN_TUMBLE, 10, 0);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	start(s);
	push(s, 1, 1, value_null());
	push(s, 2, 1, value_null());
	push(s, 2, 2, value_null());
	push(s, 3, 1, value_null());
	push_to(s, STREAM_PROCESS_EXIT, 3, 2, value_null());
	advance(s, 11);
	assert_int_equal(s->matches, 1);
	assert_int_equal(s->last[0].i, 0);
	assert_int_equal(s->last[3].i, 2);
	assert_int_equal(s->evidence, 2);
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 2);
	assert_int_equal(s->last[0].i, 10);
	assert_int_equal(s->last[3].i, 1);
	assert_int_equal(stats_of(s).late, 0);
}

static void over__rows_without_partner__count_as_null(void **state)
{
	struct state *s = *state;

	join(s, PLAN_JOIN_LEFT, 5);
	over(s, 100);
	add(s, PLAN_COUNT_ROWS, 0, VALUE_INT);
	add(s, PLAN_SUM, COL_uid, VALUE_INT);
	s->f.aggregates[1].arg =
		expr_column(&s->f.arena, 1, COL_uid, VALUE_INT);
	start(s);
	push(s, 1, 1, value_null());
	push_to(s, STREAM_PROCESS_EXIT, 2, 1, value_int(4));
	push(s, 10, 1, value_null());
	push(s, 10, 1, value_null());
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 3);
	assert_int_equal(s->last[0].i, 3);
	assert_int_equal(s->last[1].i, 4);
	assert_int_equal(s->evidence, 4);
	assert_int_equal(stats_of(s).state_bytes, 0);
}

/* The rest of a window whose match was not taken is let go. */
static void on_match__fails__window_is_gone(void **state)
{
	struct state *s = *state;

	group(s, PLAN_TUMBLE, 10, 0);
	add(s, PLAN_COUNT_DISTINCT, COL_uid, VALUE_INT);
	start(s);
	for (int i = 0; i < 3; i++)
		push(s, 1, i, value_int(i));
	s->fail = -EIO;
	assert_int_equal(push(s, 11, 1, value_null()), -EIO);
	assert_int_equal(s->matches, 1);
	assert_int_equal(stats_of(s).state_bytes, 0);
	s->fail = 0;
	advance(s, INT64_MAX);
	assert_int_equal(s->matches, 1);
}

static void text__longer_than_is_kept__is_refused(void **state)
{
	struct state *s = *state;
	uint8_t *long_text = malloc(AGGREGATE_BYTES_MAX + 1);
	struct value v =
		value_bytes(VALUE_TEXT, long_text, AGGREGATE_BYTES_MAX + 1);

	assert_non_null(long_text);
	memset(long_text, 'b', v.len);
	group(s, PLAN_TUMBLE, 10, 0);
	add(s, PLAN_MAX, COL_uid, VALUE_TEXT);
	add(s, PLAN_COUNT_DISTINCT, COL_uid, VALUE_TEXT);
	start(s);
	push(s, 1, 1, value_text("a"));
	push(s, 2, 1, v);
	assert_int_equal(stats_of(s).refused, 2);
	v.len--;
	push(s, 3, 1, v);
	assert_int_equal(stats_of(s).refused, 2);
	advance(s, 11);
	assert_int_equal(s->last[3].len, AGGREGATE_BYTES_MAX);
	assert_int_equal(s->last[4].i, 2);
	assert_int_equal(s->coverage, COVERAGE_EVICTED);
	free(long_text);
}

/* Each line of a match that says its evidence is complete is in `want`. */
static unsigned expect_complete_lines(const struct fixture *f, char *got,
				      const char *want)
{
	unsigned flagged = 0;

	for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
		char text[1024];

		if (*line == '!') {
			flagged++;
			continue;
		}
		snprintf(text, sizeof(text), "\n%s\n", line);
		if (strstr(want, text))
			continue;
		fail_msg("kind %d window %d: complete, but not there with "
			 "room: %s\n%s",
			 f->node.kind, f->node.window, line, want);
	}
	return flagged;
}

/* A session is not cut: where one ends would tell on all that follow. */
static void random_windows(struct fixture *f)
{
	bool sliding = chance(&f->chance, 2);
	unsigned keys = chance(&f->chance, KEYS_MAX + 1);

	random_rule(f, sliding ? PLAN_OVER : PLAN_GROUP, keys,
		    sliding ? 0 : 2 + keys);
	if (!sliding)
		random_having(f);
	f->node.window = (enum plan_window)chance(&f->chance, 3);
	f->node.size_ns = f->node.window == PLAN_SESSION ?
				  ROWS_MAX :
				  1 + chance(&f->chance, 30);
	f->node.slide_ns = 1 + chance(&f->chance, 6);
	f->node.range_ns = chance(&f->chance, 12);
}

/* Whatever the room: nothing leaks, and what is complete is as with room. */
static void plans__in_any_room__stay_within_and_say_so(void **state)
{
	struct fixture *f = *state;
	unsigned short_of = 0, enough = 0, flagged = 0;

	f->flag_evicted = true;
	for (unsigned i = 0; i < plans(); i++) {
		struct buf want = BUF_INIT;

		random_windows(f);
		run_rows(f, STATE_BYTES);
		buf_putc(&want, '\n');
		buf_puts(&want, buf_text(&f->got));
		buf_reset(&f->got);
		if (chance(&f->chance, 2))
			f->node.keys_max = chance(&f->chance, 8);
		if (chance(&f->chance, 2))
			f->node.rows_per_key_max = chance(&f->chance, 8);
		run_rows(f, 512u << chance(&f->chance, 14));
		if (f->stats.evicted || f->stats.refused) {
			short_of++;
			(void)buf_text(&f->got);
			flagged += expect_complete_lines(
				f, (char *)f->got.bytes, buf_text(&want));
		} else {
			assert_string_equal(buf_text(&f->got),
					    buf_text(&want) + 1);
			enough++;
		}
		buf_release(&want);
	}
	print_message("%u plans were short of room, %u not; %u matches say "
		      "so\n",
		      short_of, enough, flagged);
	assert_true(short_of > plans() / 5 && enough > plans() / 5);
	assert_true(flagged > plans());
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_state, teardown_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sum__beyond_64_bits__null_until_it_is_not),
		TEST(avg__of_intervals__is_an_interval),
		TEST(sum__not_a_number__is_null),
		TEST(first__sum_over_threshold__rises_and_falls),
		TEST(over__long_burst__last_rows_are_evidence),
		TEST(over__too_many_rows__oldest_evicted_and_flagged),
		TEST(distinct__saturated__keeps_no_more_than_it_needs),
		TEST(distinct__seen_again__stays),
		TEST(group__too_many_keys__least_used_evicted),
		TEST(group__long_burst__last_rows_are_evidence),
		TEST(group__window_is_over__goes_up_once_time_has_passed),
		TEST(session__begun_late_for_an_eviction__flagged),
		TEST(group__gap_in_window__flagged),
		TEST(late_row__of_a_window_that_is_over__is_counted),
		TEST(tumble__at_the_ends_of_time__closes),
		TEST(hop__at_the_ends_of_time__closes),
		TEST(session__at_the_ends_of_time__closes),
		TEST(group__over_absences__each_in_its_window),
		TEST(over__rows_without_partner__count_as_null),
		TEST(on_match__fails__window_is_gone),
		TEST(text__longer_than_is_kept__is_refused),
		cmocka_unit_test_setup_teardown(
			plans__in_any_room__stay_within_and_say_so, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
