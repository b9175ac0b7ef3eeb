// SPDX-License-Identifier: Apache-2.0
/*
 * What the differential tests do not reach: quotas, evidence, coverage, late
 * rows, failing callbacks, contexts, damaged saved state.
 */
#include "random_plan.h"

#include "stream/process_table.h"

#include <errno.h>

#define SUBJECT STREAM_FILE_OPEN
#define OBJECT STREAM_NETWORK_CONNECT

struct fixture {
	struct arena arena;
	struct random_plan plan; /* its arena and chance, for node_make() */
	uint64_t chance;
	struct plan_rule *rule;
	struct engine *engine;
	uint64_t state_bytes;
	uint64_t seq;

	/* of the matches */
	unsigned matches;
	int fail; /* what on_match returns */
	enum match_coverage coverage;
	uint64_t lost, total;
	unsigned evidence;
	uint64_t first_evidence, last_evidence;
	int64_t start, end;
	char exe[16];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static const enum stream_id streams[] = { SUBJECT, OBJECT };
	static const char *const names[] = { "a0", "a1" };

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	f->plan.arena = &f->arena;
	f->plan.chance = &f->chance;
	f->plan.plan.rules = f->plan.rules;
	f->plan.plan.rule_count = 1;
	f->rule = &f->plan.rules[0];
	f->rule->name = "r";
	f->rule->input_names = names;
	f->rule->input_streams = streams;
	f->state_bytes = STATE_BYTES;
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
	struct value exe;

	f->matches++;
	f->coverage = match->coverage;
	f->lost = match->lost;
	f->total = match->evidence_total;
	f->evidence = match->evidence_count;
	f->first_evidence = match->evidence[0]->seq;
	f->last_evidence = match->evidence[match->evidence_count - 1]->seq;
	f->start = match->window_start;
	f->end = match->window_end;
	exe = row_get(match->evidence[0], COL_exe);
	snprintf(f->exe, sizeof(f->exe), "%.*s", (int)exe.len,
		 exe.type == VALUE_TEXT ? (const char *)exe.p : "");
	return f->fail ? err_set(err, ERR_MACHINE, f->fail, "no room") : 0;
}

static void start(struct fixture *f)
{
	const struct engine_options options = {
		.on_match = note,
		.ctx = f,
		.seed = { 1, 2 },
		.state_bytes_max = f->state_bytes,
	};

	assert_int_equal(engine_new(&f->plan.plan, &options, &f->engine, NULL),
			 0);
}

static struct plan_node *scan_of(struct fixture *f, enum stream_id stream)
{
	struct plan_node *node = node_make(&f->plan, PLAN_SCAN, NULL);

	node->input = (uint8_t)f->rule->input_count++;
	node->stream = stream;
	return node;
}

static void plan_filter(struct fixture *f)
{
	f->rule->root = scan_of(f, SUBJECT);
}

static struct plan_node *plan_join(struct fixture *f, int64_t upper)
{
	struct plan_node *join =
		node_make(&f->plan, PLAN_JOIN, scan_of(f, SUBJECT));

	join->child[1] = scan_of(f, OBJECT);
	join->upper_ns = upper;
	join->key_count = 1;
	join->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	join->right_keys = key_of(&f->plan, 1, COL_pid_key, 1);
	f->rule->root = join;
	return join;
}

/* COUNT(*) >= k within `range`, by pid_key. */
static struct plan_node *plan_count(struct fixture *f, int64_t range, int64_t k)
{
	struct plan_node *count =
		node_make(&f->plan, PLAN_COUNT, scan_of(f, SUBJECT));
	struct plan_node *filter = node_make(&f->plan, PLAN_FILTER, count);

	count->range_ns = range;
	count->key_count = 1;
	count->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	filter->predicate =
		expr_make(&f->arena, EXPR_GE, expr_slot(&f->arena, 0),
			  expr_int(&f->arena, k));
	f->rule->slot_count = 1;
	f->rule->root = filter;
	return count;
}

static int push(struct fixture *f, enum stream_id stream, int64_t ts,
		int64_t key)
{
	struct row *row = row_make(&f->arena, stream, ts, f->seq++);

	row_put(row, COL_pid_key, value_int(key));
	return engine_push(f->engine, row, NULL);
}

static struct engine_rule_stats stats_of(const struct fixture *f)
{
	struct engine_rule_stats stats;

	engine_rule_stats(f->engine, 0, &stats);
	return stats;
}

/* A row of a stream as a table says: what of it makes it one to be asked for. */
static const struct {
	enum stream_id stream;
	unsigned column;
	struct value value;
	unsigned other; /* 0: none */
	struct value other_value;
	unsigned asks;
} rows_to_ask[] = {
	{ STREAM_FILE_OPEN, COL_retval, { 0 }, 0, { 0 }, 0 },
	{ STREAM_FILE_OPEN,
	  COL_retval,
	  { .type = VALUE_INT, .i = 3 },
	  0,
	  { 0 },
	  0 },
	{ STREAM_FILE_OPEN,
	  COL_retval,
	  { .type = VALUE_INT, .i = -1 },
	  0,
	  { 0 },
	  PLAN_ASKS_FAILED },
	{ STREAM_PROCESS_FORK,
	  COL_PROCESS_FORK_is_thread,
	  { .type = VALUE_BOOL, .i = 1 },
	  0,
	  { 0 },
	  PLAN_ASKS_THREADS },
	{ STREAM_PROCESS_FORK,
	  COL_PROCESS_FORK_is_thread,
	  { .type = VALUE_BOOL, .i = 0 },
	  0,
	  { 0 },
	  0 },
	{ STREAM_NETWORK_CONNECT,
	  COL_NETWORK_CONNECT_outcome,
	  { .type = VALUE_INT, .i = CONNECT_ATTEMPTED },
	  0,
	  { 0 },
	  0 },
	{ STREAM_NETWORK_CONNECT,
	  COL_NETWORK_CONNECT_outcome,
	  { .type = VALUE_INT, .i = CONNECT_ESTABLISHED },
	  COL_NETWORK_CONNECT_proto,
	  { .type = VALUE_INT, .i = 6 },
	  PLAN_ASKS_OUTCOMES },
	{ STREAM_NETWORK_CONNECT,
	  COL_NETWORK_CONNECT_outcome,
	  { .type = VALUE_INT, .i = CONNECT_ESTABLISHED },
	  COL_NETWORK_CONNECT_proto,
	  { .type = VALUE_INT, .i = 17 },
	  0 },
	{ STREAM_NETWORK_CONNECT,
	  COL_NETWORK_CONNECT_outcome,
	  { .type = VALUE_INT, .i = CONNECT_FAILED },
	  COL_retval,
	  { .type = VALUE_INT, .i = -111 },
	  PLAN_ASKS_OUTCOMES | PLAN_ASKS_FAILED },
};

#define EVERY_ASKS (PLAN_ASKS_FAILED | PLAN_ASKS_THREADS | PLAN_ASKS_OUTCOMES)

/* Each row before scans with each set of flags. */
static void scan__row_to_be_asked_for__is_seen_by_who_asked(void **state)
{
	struct fixture *f = *state;
	struct plan_node *scan;

	plan_filter(f);
	scan = f->rule->root;
	for (size_t i = 0; i < ARRAY_SIZE(rows_to_ask); i++) {
		struct row *row =
			row_make(&f->arena, rows_to_ask[i].stream, 1, i);
		enum stream_id streams[] = { rows_to_ask[i].stream, OBJECT };

		row_put(row, rows_to_ask[i].column, rows_to_ask[i].value);
		if (rows_to_ask[i].other)
			row_put(row, rows_to_ask[i].other,
				rows_to_ask[i].other_value);
		f->rule->input_streams = streams;
		scan->stream = rows_to_ask[i].stream;
		for (unsigned asks = 0; asks <= EVERY_ASKS; asks++) {
			scan->asks = (uint8_t)asks;
			f->matches = 0;
			start(f);
			assert_int_equal(engine_push(f->engine, row, NULL), 0);
			assert_int_equal(f->matches,
					 !(rows_to_ask[i].asks & ~asks));
			f->engine = engine_free(f->engine);
		}
	}
}

/* What the kernel has ruled out is not even asked. */
static void scan__ruled_out__is_not_asked(void **state)
{
	struct fixture *f = *state;
	struct engine_rule_stats stats;
	struct row *row = row_make(&f->arena, SUBJECT, 1, 1);

	plan_filter(f);
	f->rule->root->hint = 1ULL << 63;
	start(f);
	row->ruled_out = ~f->rule->root->hint;
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
	assert_int_equal(f->matches, 1);
	row->ruled_out = f->rule->root->hint;
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
	assert_int_equal(f->matches, 1);
	engine_rule_stats(f->engine, 0, &stats);
	assert_int_equal(stats.scanned, 1);

	/* It has no bit. */
	f->engine = engine_free(f->engine);
	f->rule->root->hint = 0;
	start(f);
	row->ruled_out = ~0ULL;
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
	assert_int_equal(f->matches, 2);
}

static void join__horizon_passed__state_is_gone(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 10);
	start(f);
	for (int64_t ts = 0; ts < 50; ts++)
		push(f, SUBJECT, ts, ts);
	assert_int_equal(stats_of(f).state_rows, 11);
	assert_int_equal(engine_advance(f->engine, 60, NULL), 0);
	assert_int_equal(stats_of(f).state_rows, 0);
	assert_int_equal(stats_of(f).state_bytes, 0);
	assert_int_equal(stats_of(f).evicted, 0);
	assert_int_equal(f->matches, 0);
}

static void join__too_many_rows_per_key__oldest_evicted(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 100)->rows_per_key_max = 4;
	start(f);
	for (int64_t ts = 0; ts < 5; ts++)
		push(f, SUBJECT, ts, 1);
	assert_int_equal(stats_of(f).evicted, 1);
	push(f, OBJECT, 5, 1);
	assert_int_equal(f->matches, 4);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	assert_int_equal(f->start, 4);
}

static void join__too_many_keys__least_used_evicted(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 100)->keys_max = 3;
	start(f);
	for (int64_t key = 1; key <= 3; key++)
		push(f, SUBJECT, key, key);
	push(f, OBJECT, 4, 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
	push(f, SUBJECT, 5, 4); /* 2 has to go: 1 was used since */
	push(f, OBJECT, 6, 1);
	push(f, OBJECT, 6, 3);
	assert_int_equal(f->matches, 3);
	assert_int_equal(stats_of(f).evicted, 1);
	push(f, OBJECT, 6, 2);
	assert_int_equal(f->matches, 3);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
}

static void join__state_full__stays_within_bytes(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 1000000);
	f->state_bytes = 100000;
	start(f);
	for (int64_t ts = 0; ts < 2000; ts++) {
		assert_int_equal(push(f, SUBJECT, ts, ts), 0);
		assert_true(stats_of(f).state_bytes <= f->state_bytes);
	}
	assert_true(stats_of(f).state_rows > 10);
	assert_int_equal(stats_of(f).evicted + stats_of(f).state_rows, 2000);
	push(f, OBJECT, 2000, 1999);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
}

/* What was lost is said of the matches it could have been part of. */
static void join__state_was_lost_long_ago__complete_again(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 10)->keys_max = 2;
	start(f);
	for (int64_t key = 1; key <= 3; key++)
		push(f, SUBJECT, 5, key);
	push(f, OBJECT, 15, 3);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	push(f, SUBJECT, 26, 4);
	push(f, OBJECT, 27, 4);
	assert_int_equal(f->matches, 2);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void count__state_was_lost__flagged_while_in_window(void **state)
{
	struct fixture *f = *state;

	f->rule->emit = PLAN_EMIT_EVERY;
	plan_count(f, 10, 1)->keys_max = 1;
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 6, 2);
	push(f, SUBJECT, 16, 2);
	engine_advance(f->engine, 17, NULL);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	push(f, SUBJECT, 17, 2);
	engine_advance(f->engine, 18, NULL);
	assert_int_equal(f->matches, 4);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

/* One rule's flood must not push out what another one holds. */
static void state_full__by_one_rule__other_keeps_its_own(void **state)
{
	static const enum stream_id streams[] = { SUBJECT, OBJECT };
	static const enum stream_id other[] = { STREAM_PROCESS_EXIT, OBJECT };
	struct fixture *f = *state;
	struct plan_rule *quiet = &f->plan.rules[1];
	struct engine_rule_stats stats;

	plan_join(f, 1000000);
	*quiet = *f->rule;
	f->rule->input_count = 0;
	f->rule->input_streams = streams;
	plan_join(f, 1000000);
	quiet->root->child[0]->stream = STREAM_PROCESS_EXIT;
	quiet->input_streams = other;
	f->plan.plan.rule_count = 2;
	f->state_bytes = 200000;
	start(f);
	for (int64_t ts = 0; ts < 1000; ts++) {
		push(f, SUBJECT, ts, ts);
		if (ts >= 900 && ts < 910)
			push(f, STREAM_PROCESS_EXIT, ts, -ts);
	}
	engine_rule_stats(f->engine, 1, &stats);
	assert_int_equal(stats.state_rows, 10);
	assert_int_equal(stats.evicted + stats.refused, 0);
	assert_true(stats_of(f).evicted > 0);
	push(f, OBJECT, 1000, -900);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void join__no_room_at_all__refuses_and_goes_on(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 10);
	f->state_bytes = 64;
	start(f);
	assert_int_equal(push(f, SUBJECT, 1, 1), 0);
	assert_int_equal(push(f, OBJECT, 2, 1), 0);
	assert_int_equal(f->matches, 0);
	assert_true(stats_of(f).refused > 0);
	assert_int_equal(stats_of(f).state_bytes, 0);
}

static void count__peers__decided_when_time_moves(void **state)
{
	struct fixture *f = *state;

	plan_count(f, 10, 3);
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 5, 1);
	assert_int_equal(f->matches, 0);
	assert_int_equal(engine_advance(f->engine, 5, NULL), 0);
	assert_int_equal(f->matches, 0);
	assert_int_equal(engine_advance(f->engine, 6, NULL), 0);
	assert_int_equal(f->matches, 3);
	assert_int_equal(f->total, 3);
	assert_int_equal(f->evidence, 3);
	assert_int_equal(f->start, -5);
	assert_int_equal(f->end, 5);
}

static void count__long_burst__last_rows_are_evidence(void **state)
{
	struct fixture *f = *state;

	plan_count(f, 1000, 100);
	start(f);
	for (int64_t ts = 0; ts < 100; ts++)
		push(f, SUBJECT, ts, 1);
	engine_advance(f->engine, INT64_MAX, NULL);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->total, 100);
	assert_int_equal(f->evidence, MATCH_EVIDENCE_MAX);
	assert_int_equal(f->first_evidence, 100 - MATCH_EVIDENCE_MAX);
	assert_int_equal(f->last_evidence, 99);
	assert_int_equal(stats_of(f).state_bytes, 0);
}

/* The next burst is a new one, and nothing is kept of the first. */
static void count__window_emptied__threshold_is_down(void **state)
{
	struct fixture *f = *state;

	f->rule->emit = PLAN_EMIT_FIRST;
	plan_count(f, 10, 1);
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 15, 1);
	engine_advance(f->engine, 26, NULL);
	assert_int_equal(f->matches, 1);
	assert_int_equal(stats_of(f).state_bytes, 0);
	push(f, SUBJECT, 27, 1);
	engine_advance(f->engine, 28, NULL);
	assert_int_equal(f->matches, 2);
}

/* Far more rows than the threshold needs to tell: the state stays small. */
static void count__saturated__same_edges_in_less_room(void **state)
{
	struct fixture *f = *state;
	uint64_t exact, saturated;
	unsigned edges;

	f->rule->emit = PLAN_EMIT_FIRST;
	plan_count(f, 5000, 5);
	start(f);
	for (int64_t ts = 0; ts < 5000; ts++)
		push(f, SUBJECT, ts, 1);
	exact = stats_of(f).state_bytes;
	edges = f->matches;
	engine_free(f->engine);
	f->matches = 0;
	f->rule->root->child[0]->saturate = 5;
	start(f);
	for (int64_t ts = 0; ts < 5000; ts++)
		push(f, SUBJECT, ts, 1);
	saturated = stats_of(f).state_bytes;
	assert_int_equal(edges, 1);
	assert_int_equal(f->matches, 1);
	assert_true(saturated + 50000 < exact);
}

static void gap__in_window__flags_or_suppresses(void **state)
{
	struct fixture *f = *state;

	plan_join(f, 10);
	start(f);
	assert_int_equal(engine_gap(f->engine, OBJECT, 5, 7, 9, NULL), 0);
	assert_int_equal(
		engine_gap(f->engine, STREAM_PROCESS_EXIT, 0, 99, 1, NULL), 0);
	assert_int_equal(engine_gap(f->engine, OBJECT, 7, 7, 1, NULL), -EINVAL);
	push(f, SUBJECT, 1, 1);
	push(f, OBJECT, 4, 1);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
	push(f, OBJECT, 8, 1);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	assert_int_equal(f->lost, 9);
	assert_int_equal(f->matches, 2);
	f->rule->suppress_on_gap = true;
	push(f, OBJECT, 9, 1);
	assert_int_equal(f->matches, 2);
	assert_int_equal(stats_of(f).suppressed, 1);
}

static void late_row__meets_stateless_rules_only(void **state)
{
	struct fixture *f = *state;
	struct plan_rule *filter = &f->plan.rules[1];

	plan_join(f, 10);
	*filter = *f->rule;
	filter->input_count = 1;
	filter->root = f->rule->root->child[0];
	f->plan.plan.rule_count = 2;
	start(f);
	push(f, OBJECT, 9, 1);
	assert_int_equal(engine_advance(f->engine, 20, NULL), 0);
	assert_int_equal(push(f, SUBJECT, 10, 1), 0);
	assert_int_equal(f->matches, 1);
	assert_int_equal(stats_of(f).late, 1);
	assert_int_equal(stats_of(f).state_rows, 0);
}

static void on_match__fails__push_returns_it(void **state)
{
	struct fixture *f = *state;

	plan_filter(f);
	f->fail = -ENOSPC;
	start(f);
	assert_int_equal(push(f, SUBJECT, 1, 1), -ENOSPC);
	f->fail = 0;
	assert_int_equal(push(f, SUBJECT, 2, 1), 0);
	assert_int_equal(f->matches, 2);
}

static void context__of_the_event__kept_in_evidence(void **state)
{
	const struct process_table_options options = { .processes_max = 10,
						       .strings_bytes_max =
							       1 << 16 };
	struct fixture *f = *state;
	struct process_table *table;
	struct row *row;

	plan_join(f, 10);
	start(f);
	assert_int_equal(process_table_new(&options, &table, NULL), 0);
	row = row_make(&f->arena, STREAM_PROCESS_EXEC, 1, 0);
	row_put(row, COL_pid_key, value_int(1));
	row_put(row, COL_PROCESS_EXEC_exec_exe, value_text("/first"));
	process_table_apply(table, row);
	row = row_make(&f->arena, SUBJECT, 2, 0);
	row_put(row, COL_pid_key, value_int(1));
	process_table_apply(table, row);
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
	row = row_make(&f->arena, STREAM_PROCESS_EXEC, 3, 0);
	row_put(row, COL_pid_key, value_int(1));
	row_put(row, COL_PROCESS_EXEC_exec_exe, value_text("/second"));
	process_table_apply(table, row);
	process_table_free(table);
	push(f, OBJECT, 4, 1);
	assert_int_equal(f->matches, 1);
	assert_string_equal(f->exe, "/first");
}

static void first__filter__is_every(void **state)
{
	struct fixture *f = *state;

	plan_filter(f);
	f->rule->emit = PLAN_EMIT_FIRST;
	start(f);
	for (int64_t ts = 0; ts < 5; ts++)
		push(f, SUBJECT, ts, 1);
	assert_int_equal(f->matches, 5);
	assert_int_equal(stats_of(f).state_bytes, 0);
}

static void join__over_a_count__is_refused(void **state)
{
	const struct engine_options options = { .on_match = note };
	struct fixture *f = *state;
	struct plan_node *join;
	struct err err = { 0 };

	plan_count(f, 10, 2);
	join = node_make(&f->plan, PLAN_JOIN, f->rule->root);
	join->child[1] = scan_of(f, OBJECT);
	f->rule->root = join;
	assert_int_equal(engine_new(&f->plan.plan, &options, &f->engine, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "join over an aggregate"));
}

/* Each byte changed, each length cut: told, and nothing taken. */
static void restore__damaged__takes_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf saved = BUF_INIT, empty = BUF_INIT, again = BUF_INIT;

	plan_filter(f);
	suppress(&f->plan, f->rule, 100, true);
	start(f);
	assert_int_equal(engine_save(f->engine, &empty, NULL), 0);
	push(f, SUBJECT, 1, 1);
	push(f, SUBJECT, 1, 2);
	assert_int_equal(engine_save(f->engine, &saved, NULL), 0);
	engine_free(f->engine);
	start(f);
	for (size_t i = 0; i < saved.len; i++) {
		assert_int_equal(
			engine_restore(f->engine, saved.bytes, i, NULL),
			-EBADMSG);
		saved.bytes[i] ^= 0x10;
		assert_int_equal(
			engine_restore(f->engine, saved.bytes, saved.len, NULL),
			-EBADMSG);
		saved.bytes[i] ^= 0x10;
	}
	assert_int_equal(engine_save(f->engine, &again, NULL), 0);
	assert_int_equal(again.len, empty.len);
	assert_int_equal(
		engine_restore(f->engine, saved.bytes, saved.len, NULL), 0);
	f->matches = 0;
	push(f, SUBJECT, 2, 1);
	push(f, SUBJECT, 2, 3);
	assert_int_equal(f->matches, 1);
	assert_int_equal(stats_of(f).suppressed, 1);
	buf_release(&saved);
	buf_release(&empty);
	buf_release(&again);
}

/* The key's window ends with the very ts at which it is decided. */
static void count__range_of_one_moment__peers_are_evidence(void **state)
{
	struct fixture *f = *state;

	plan_count(f, 0, 3);
	start(f);
	for (unsigned i = 0; i < 3; i++)
		push(f, SUBJECT, 5, 1);
	assert_int_equal(engine_advance(f->engine, 6, NULL), 0);
	assert_int_equal(f->matches, 3);
	assert_int_equal(f->total, 3);
	assert_int_equal(f->evidence, 3);
	assert_int_equal(stats_of(f).state_rows, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(join__state_was_lost_long_ago__complete_again),
		TEST(count__state_was_lost__flagged_while_in_window),
		TEST(count__window_emptied__threshold_is_down),
		TEST(scan__row_to_be_asked_for__is_seen_by_who_asked),
		TEST(scan__ruled_out__is_not_asked),
		TEST(join__horizon_passed__state_is_gone),
		TEST(join__too_many_rows_per_key__oldest_evicted),
		TEST(join__too_many_keys__least_used_evicted),
		TEST(join__state_full__stays_within_bytes),
		TEST(state_full__by_one_rule__other_keeps_its_own),
		TEST(join__no_room_at_all__refuses_and_goes_on),
		TEST(count__peers__decided_when_time_moves),
		TEST(count__range_of_one_moment__peers_are_evidence),
		TEST(count__long_burst__last_rows_are_evidence),
		TEST(count__saturated__same_edges_in_less_room),
		TEST(gap__in_window__flags_or_suppresses),
		TEST(late_row__meets_stateless_rules_only),
		TEST(on_match__fails__push_returns_it),
		TEST(context__of_the_event__kept_in_evidence),
		TEST(first__filter__is_every),
		TEST(join__over_a_count__is_refused),
		TEST(restore__damaged__takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
