// SPDX-License-Identifier: Apache-2.0
/*
 * What is said because something is not there (NOT EXISTS, LEFT, FIRST_SEEN):
 * when, over which window, and with which coverage; AUTO JOIN's cap; what is
 * seen after a restart.
 */
#include "random_plan.h"

#include <errno.h>

#define SUBJECT STREAM_FILE_OPEN
#define OBJECT STREAM_NETWORK_CONNECT

struct fixture {
	struct arena arena;
	struct random_plan plan;
	uint64_t chance;
	struct plan_rule *rule;
	struct engine *engine;
	uint64_t seq;

	unsigned matches;
	int64_t ts, start, end; /* of the last match */
	enum match_coverage coverage;
	uint64_t lost;
	bool paired;
	unsigned evidence;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	f->plan.arena = &f->arena;
	f->plan.chance = &f->chance;
	f->plan.plan.rules = f->plan.rules;
	f->plan.plan.rule_count = 1;
	f->rule = &f->plan.rules[0];
	random_start(&f->plan, f->rule);
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
	f->matches++;
	f->ts = match->ts;
	f->start = match->window_start;
	f->end = match->window_end;
	f->coverage = match->coverage;
	f->lost = match->lost;
	f->paired = match->rule->input_count > 1 && match->rows[1];
	f->evidence = match->evidence_count;
	return 0;
}

static struct plan_node *scan_of(struct fixture *f, enum stream_id stream)
{
	struct plan_node *node = random_scan(&f->plan, f->rule);

	node->stream = stream;
	node->predicate = NULL;
	((enum stream_id *)(uintptr_t)f->rule->input_streams)[node->input] =
		stream;
	return node;
}

static struct plan_node *plan_join(struct fixture *f, enum plan_join kind,
				   int64_t lower, int64_t upper)
{
	struct plan_node *join =
		node_make(&f->plan, PLAN_JOIN, scan_of(f, SUBJECT));

	join->child[1] = scan_of(f, OBJECT);
	join->join = kind;
	join->lower_ns = lower;
	join->upper_ns = upper;
	join->key_count = 1;
	join->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	join->right_keys = key_of(&f->plan, 1, COL_pid_key, 1);
	f->rule->root = join;
	return join;
}

static struct plan_node *plan_seen(struct fixture *f, int64_t range)
{
	struct plan_node *seen =
		node_make(&f->plan, PLAN_FIRST_SEEN, scan_of(f, SUBJECT));

	seen->range_ns = range;
	seen->key_count = 1;
	seen->left_keys = key_of(&f->plan, 0, COL_pid_key, 1);
	f->rule->root = seen;
	return seen;
}

static void start(struct fixture *f)
{
	engine_free(f->engine);
	f->engine = engine_make(&f->plan.plan, note, f, 1);
}

static void push(struct fixture *f, enum stream_id stream, int64_t ts,
		 int64_t key)
{
	struct row *row = row_make(&f->arena, stream, ts, f->seq++);

	if (key)
		row_put(row, COL_pid_key, value_int(key));
	assert_int_equal(engine_push(f->engine, row, NULL), 0);
}

static void advance(struct fixture *f, int64_t ts)
{
	assert_int_equal(engine_advance(f->engine, ts, NULL), 0);
}

static struct engine_rule_stats stats_of(const struct fixture *f)
{
	struct engine_rule_stats stats;

	engine_rule_stats(f->engine, 0, &stats);
	return stats;
}

static void anti__no_partner__match_at_deadline(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, -2, 10);
	start(f);
	push(f, SUBJECT, 5, 1);
	advance(f, 15);
	assert_int_equal(f->matches, 0);
	advance(f, 16);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->ts, 15);
	assert_int_equal(f->start, 3);
	assert_int_equal(f->end, 15);
	assert_false(f->paired);
	assert_int_equal(f->evidence, 1);
	assert_int_equal(stats_of(f).state_rows, 0);
}

/* Upper 0: a partner with the same ts counts, whichever comes first. */
static void anti__looks_back__peers_count(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, -10, 0);
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, OBJECT, 5, 1);
	push(f, SUBJECT, 15, 1);
	push(f, SUBJECT, 16, 1);
	advance(f, 16);
	assert_int_equal(f->matches, 0);
	advance(f, 17);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->ts, 16);
	assert_int_equal(f->start, 6);
}

static void anti__null_key__match_at_once(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, 0, 10);
	start(f);
	push(f, SUBJECT, 5, 0);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->ts, 5);
}

static void left__partner__pair_at_once_and_no_more(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_LEFT, 0, 10);
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, OBJECT, 7, 1);
	assert_int_equal(f->matches, 1);
	assert_true(f->paired);
	advance(f, 100);
	assert_int_equal(f->matches, 1);
}

static void semi__partner__is_evidence(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_SEMI, -10, 10);
	start(f);
	push(f, OBJECT, 4, 1);
	push(f, OBJECT, 5, 1);
	push(f, SUBJECT, 5, 1);
	push(f, OBJECT, 7, 1);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->evidence, 2);
	assert_int_equal(f->start, 4);
}

/* A gap where the partner was looked for; none outside of that. */
static void anti__gap__only_where_it_looked(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, 0, 10);
	start(f);
	assert_int_equal(engine_gap(f->engine, OBJECT, 15, 16, 4, NULL), 0);
	assert_int_equal(engine_gap(f->engine, OBJECT, 26, 27, 8, NULL), 0);
	push(f, SUBJECT, 5, 1);
	advance(f, 16);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	assert_int_equal(f->lost, 4);
	push(f, SUBJECT, 16, 1);
	advance(f, 27);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	push(f, SUBJECT, 27, 1);
	advance(f, 40);
	assert_int_equal(f->matches, 3);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

/* The oldest it looked for is upper - lower before it is told. */
static void anti__gap_at_its_oldest__remembered_until_told(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, -10, 10);
	start(f);
	assert_int_equal(engine_gap(f->engine, OBJECT, 1, 2, 4, NULL), 0);
	push(f, SUBJECT, 11, 1);
	for (int64_t ts = 12; ts <= 22; ts++)
		advance(f, ts);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->start, 1);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	push(f, SUBJECT, 22, 1);
	advance(f, 40);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

/* The partner had to go: its absence is not certain. */
static void anti__partner_evicted__is_told(void **state)
{
	struct fixture *f = *state;

	plan_join(f, PLAN_JOIN_ANTI, -10, 0)->keys_max = 2;
	start(f);
	for (int64_t key = 1; key < 5; key++)
		push(f, OBJECT, key, key);
	push(f, SUBJECT, 6, 1);
	advance(f, 7);
	assert_int_equal(f->matches, 1);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	advance(f, 30);
	push(f, SUBJECT, 40, 1);
	advance(f, 41);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void auto_join__too_many_triggers__is_capped(void **state)
{
	struct fixture *f = *state;
	struct plan_node *join = plan_join(f, PLAN_JOIN_INNER, 0, 10);

	join->keys_max = 2;
	join->triggered = true;
	start(f);
	for (int64_t key = 1; key < 5; key++)
		push(f, SUBJECT, key, key);
	push(f, OBJECT, 6, 4);
	assert_int_equal(f->coverage, COVERAGE_CAPPED);
	assert_true(stats_of(f).evicted > 0);
	push(f, SUBJECT, 50, 1);
	push(f, OBJECT, 51, 1);
	assert_int_equal(f->matches, 2);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void first_seen__range__is_closed(void **state)
{
	struct fixture *f = *state;

	plan_seen(f, 10);
	start(f);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 5, 1);
	push(f, SUBJECT, 15, 1);
	push(f, SUBJECT, 15, 0);
	assert_int_equal(f->matches, 1);
	push(f, SUBJECT, 26, 1);
	assert_int_equal(f->matches, 2);
	assert_int_equal(f->start, 16);
	assert_int_equal(f->end, 26);
}

static void first_seen__gap_in_its_range__is_told(void **state)
{
	struct fixture *f = *state;

	plan_seen(f, 10);
	start(f);
	assert_int_equal(engine_gap(f->engine, SUBJECT, 3, 4, 2, NULL), 0);
	push(f, SUBJECT, 13, 1);
	assert_int_equal(f->coverage, COVERAGE_GAP);
	push(f, SUBJECT, 14, 2);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void first_seen__too_many_keys__oldest_goes_and_is_told(void **state)
{
	struct fixture *f = *state;

	plan_seen(f, 10)->keys_max = 2;
	start(f);
	push(f, SUBJECT, 1, 1);
	push(f, SUBJECT, 2, 2);
	push(f, SUBJECT, 3, 1);
	push(f, SUBJECT, 4, 3);
	push(f, SUBJECT, 5, 1);
	assert_int_equal(f->matches, 3);
	assert_int_equal(stats_of(f).evicted, 1);
	push(f, SUBJECT, 6, 2);
	assert_int_equal(f->matches, 4);
	assert_int_equal(f->coverage, COVERAGE_EVICTED);
	push(f, SUBJECT, 30, 2);
	assert_int_equal(f->coverage, COVERAGE_COMPLETE);
}

static void first_seen__restart__goes_on(void **state)
{
	struct fixture *f = *state;
	struct buf saved = BUF_INIT;

	plan_seen(f, 10);
	start(f);
	push(f, SUBJECT, 1, 1);
	push(f, SUBJECT, 5, 2);
	assert_int_equal(engine_save(f->engine, &saved, NULL), 0);
	start(f);
	assert_int_equal(
		engine_restore(f->engine, saved.bytes, saved.len, NULL), 0);
	push(f, SUBJECT, 12, 2);
	assert_int_equal(f->matches, 2);
	push(f, SUBJECT, 12, 1);
	assert_int_equal(f->matches, 3);
	saved.bytes[saved.len - 1] ^= 1;
	assert_int_equal(engine_restore(f->engine, saved.bytes, saved.len,
					&(struct err){ 0 }),
			 -EBADMSG);
	f->rule->root->digest[0] ^= 1; /* another rule's */
	saved.bytes[saved.len - 1] ^= 1;
	start(f);
	assert_int_equal(
		engine_restore(f->engine, saved.bytes, saved.len, NULL), 0);
	assert_int_equal(stats_of(f).state_rows, 0);
	buf_release(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(anti__no_partner__match_at_deadline),
		TEST(anti__looks_back__peers_count),
		TEST(anti__null_key__match_at_once),
		TEST(left__partner__pair_at_once_and_no_more),
		TEST(semi__partner__is_evidence),
		TEST(anti__gap__only_where_it_looked),
		TEST(anti__gap_at_its_oldest__remembered_until_told),
		TEST(anti__partner_evicted__is_told),
		TEST(auto_join__too_many_triggers__is_capped),
		TEST(first_seen__range__is_closed),
		TEST(first_seen__gap_in_its_range__is_told),
		TEST(first_seen__too_many_keys__oldest_goes_and_is_told),
		TEST(first_seen__restart__goes_on),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
