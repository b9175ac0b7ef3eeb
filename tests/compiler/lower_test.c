// SPDX-License-Identifier: Apache-2.0
/* The plan of a rule: joins, counts, keys, what is emitted, what is collected. */
#include "compiler/front.h"

#include "compiler/plan_walk.h"

#define SECOND INT64_C(1000000000)

static const struct plan_rule *compile_where(struct front *front,
					     const char *condition)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "SELECT e.pid FROM process.exec e JOIN network.connect c ON "
		 "c.pid_key = e.pid_key AND %s;",
		 condition);
	front_compile(front, text);
	return front_rule(front);
}

static const struct {
	const char *condition;
	int64_t lower;
	int64_t upper;
} bounds[] = {
	{ "c.ts BETWEEN e.ts AND e.ts + INTERVAL '5' SECOND", 0, 5 * SECOND },
	{ "c.ts >= e.ts AND c.ts <= e.ts + INTERVAL '5' SECOND", 0,
	  5 * SECOND },
	{ "e.ts <= c.ts AND e.ts + INTERVAL '5' SECOND >= c.ts", 0,
	  5 * SECOND },
	{ "c.ts - e.ts BETWEEN INTERVAL '0' SECOND AND INTERVAL '5' SECOND", 0,
	  5 * SECOND },
	{ "e.ts - c.ts <= INTERVAL '0' SECOND AND e.ts >= c.ts - INTERVAL '5' "
	  "SECOND",
	  0, 5 * SECOND },
	{ "c.ts > e.ts AND c.ts < e.ts + INTERVAL '5' SECOND", 1,
	  5 * SECOND - 1 },
	{ "e.ts BETWEEN c.ts - INTERVAL '3' SECOND AND c.ts + INTERVAL '1' "
	  "SECOND",
	  -SECOND, 3 * SECOND },
	{ "c.ts BETWEEN e.ts - INTERVAL '0.25' SECOND AND e.ts", -SECOND / 4,
	  0 },
	{ "c.ts = e.ts + INTERVAL '1' MINUTE", 60 * SECOND, 60 * SECOND },
	{ "c.ts >= e.ts AND c.ts >= e.ts + INTERVAL '1' SECOND AND c.ts <= "
	  "e.ts + INTERVAL '9' SECOND AND c.ts <= e.ts + INTERVAL '7' SECOND",
	  SECOND, 7 * SECOND },
	{ "NOT (c.ts < e.ts OR c.ts > e.ts + INTERVAL '2' SECOND)", 0,
	  2 * SECOND },
};

static void lower__time_bound__is_read_however_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		struct front front;
		const struct plan_node *join =
			compile_where(&front, bounds[i].condition)->root;

		assert_int_equal(join->kind, PLAN_JOIN);
		assert_int_equal(join->anchor, 0);
		assert_int_equal(join->lower_ns, bounds[i].lower);
		assert_int_equal(join->upper_ns, bounds[i].upper);
		assert_null(join->predicate);
		assert_int_equal(join->key_count, 1);
		front_release(&front);
	}
}

static void lower__conditions__go_where_they_can_be_decided(void **state)
{
	struct front front;
	const struct plan_rule *rule = compile_where(
		&front, "c.ts = e.ts AND e.uid = 0 AND c.dst_port = 22 AND "
			"c.uid <> e.gid");

	(void)state;
	assert_int_equal(rule->root->kind, PLAN_JOIN);
	assert_string_equal(rule->root->predicate->text, "c.uid <> e.gid");
	assert_string_equal(rule->root->child[0]->predicate->text, "e.uid = 0");
	assert_string_equal(rule->root->child[1]->predicate->text,
			    "c.dst_port = 22");
	assert_int_equal(rule->root->child[1]->input, 1);
	front_release(&front);
}

static void lower__three_streams__anchor_on_what_is_named(void **state)
{
	struct front front;
	const struct plan_node *outer, *inner;

	(void)state;
	front_compile(&front,
		      "SELECT a.pid FROM process.exec a JOIN process.exec b ON "
		      "b.parent_key = a.pid_key AND b.ts BETWEEN a.ts AND a.ts "
		      "+ INTERVAL '1' SECOND JOIN file.open f ON f.pid_key = "
		      "b.pid_key AND f.ts BETWEEN b.ts AND b.ts + INTERVAL '2' "
		      "SECOND");
	outer = front_rule(&front)->root;
	inner = outer->child[0];
	assert_int_equal(outer->anchor, 1);
	assert_int_equal(outer->upper_ns, 2 * SECOND);
	assert_int_equal(outer->child[1]->input, 2);
	assert_int_equal(inner->kind, PLAN_JOIN);
	assert_int_equal(inner->anchor, 0);
	assert_int_equal(outer->left_keys[0]->input, 1);
	assert_int_equal(outer->right_keys[0]->input, 2);
	front_release(&front);
}

#define COUNTED                                                           \
	"FROM (SELECT exe, pid_key, COUNT(*) OVER (PARTITION BY pid_key " \
	"ORDER BY ts RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND "    \
	"CURRENT ROW) AS n FROM file.open WHERE is_write) AS t "

static const struct {
	const char *text;
	uint32_t saturate;
	uint32_t rows;
	enum plan_emit emit;
} counts[] = {
	{ "SELECT exe " COUNTED "WHERE n >= 20", 20, 20, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE t.n > 20", 21, 21, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE 20 <= n", 20, 20, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE NOT n < 20", 20, 20, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE n = 20", 21, 21, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE n BETWEEN 5 AND 9", 10, 10,
	  PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE n IN (3, 7)", 8, 8, PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE n >= 20 EMIT ON EVERY MATCH", 20, 20,
	  PLAN_EMIT_EVERY },
	{ "SELECT exe, n " COUNTED "WHERE n >= 20", 0, 4096, PLAN_EMIT_FIRST },
	{ "SELECT exe, n " COUNTED "WHERE n >= 9000", 0, 9000,
	  PLAN_EMIT_FIRST },
	{ "SELECT exe " COUNTED "WHERE n > 3 + n - n", 0, 4096,
	  PLAN_EMIT_FIRST },
};

static void lower__count__keeps_what_the_threshold_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct front front;
		const struct plan_rule *rule;
		const struct plan_node *count;

		front_compile(&front, counts[i].text);
		rule = front_rule(&front);
		assert_int_equal(rule->root->kind, PLAN_FILTER);
		count = rule->root->child[0];
		assert_int_equal(count->kind, PLAN_COUNT);
		assert_int_equal(count->range_ns, 2 * SECOND);
		assert_int_equal(count->horizon_ns, 2 * SECOND);
		assert_int_equal(count->saturate, counts[i].saturate);
		assert_int_equal(count->rows_per_key_max, counts[i].rows);
		assert_int_equal(rule->emit, counts[i].emit);
		assert_int_equal(count->key_count, 1);
		assert_string_equal(rule->keys[0].name, "pid_key");
		assert_string_equal(count->child[0]->predicate->text,
				    "f.is_write");
		front_release(&front);
	}
}

static void lower__keys__default_by_kind_of_rule(void **state)
{
	struct front front;
	const struct plan_rule *rule;

	(void)state;
	front_compile(&front, "SELECT exe FROM process.exec");
	rule = front_rule(&front);
	assert_int_equal(rule->key_count, 1);
	assert_string_equal(rule->keys[0].name, "pid_key");
	assert_int_equal(rule->emit, PLAN_EMIT_EVERY);
	front_release(&front);

	rule = compile_where(&front, "c.ts = e.ts AND c.uid = e.uid");
	assert_int_equal(rule->key_count, 2);
	assert_string_equal(rule->keys[1].name, "uid");
	assert_int_equal(rule->keys[1].expr->input, 0);
	front_release(&front);

	front_compile(&front, "CREATE RULE r WITH (dedup_key = 'e.exe, p') AS "
			      "SELECT pid AS p FROM process.exec");
	rule = front_rule(&front);
	assert_int_equal(rule->key_count, 2);
	assert_int_equal(rule->keys[0].expr->column, COL_exe);
	assert_int_equal(rule->keys[1].expr->column, COL_pid);
	front_release(&front);
}

static bool collected(const struct front *front, enum stream_id stream,
		      unsigned column)
{
	return front->program->subscriptions[stream].columns[column / 64] >>
		       column % 64 &
	       1;
}

static void lower__subscriptions__are_what_is_read(void **state)
{
	const struct subscription *connect;
	struct front front;

	(void)state;
	compile_where(&front, "c.ts = e.ts AND c.dst_port = 22");
	connect = &front.program->subscriptions[STREAM_NETWORK_CONNECT];
	assert_true(connect->wanted);
	assert_true(connect->has_predicate);
	assert_false(connect->accept_all);
	assert_true(collected(&front, STREAM_NETWORK_CONNECT, COL_ts));
	assert_true(collected(&front, STREAM_NETWORK_CONNECT, COL_pid_key));
	assert_true(collected(&front, STREAM_NETWORK_CONNECT,
			      COL_NETWORK_CONNECT_dst_port));
	assert_false(collected(&front, STREAM_NETWORK_CONNECT,
			       COL_NETWORK_CONNECT_dst_ip));
	assert_true(collected(&front, STREAM_PROCESS_EXEC, COL_pid));
	assert_false(collected(&front, STREAM_PROCESS_EXEC, COL_uid));
	assert_true(
		front.program->subscriptions[STREAM_PROCESS_EXEC].accept_all);
	assert_false(front.program->subscriptions[STREAM_FILE_OPEN].wanted);
	assert_non_null(front.program->object);
	front_release(&front);

	front_compile(&front, "CREATE RULE one AS SELECT path FROM file.open "
			      "WHERE is_write; CREATE RULE all_of_them AS "
			      "SELECT path FROM file.open;");
	front_rule(&front);
	connect = &front.program->subscriptions[STREAM_FILE_OPEN];
	assert_true(connect->accept_all);
	assert_false(connect->has_predicate);
	assert_string_equal(connect->accept_all_rule, "all_of_them");
	front_release(&front);
}

static unsigned asks_of(const char *text, unsigned input)
{
	struct front front;
	unsigned asks;

	front_compile(&front, text);
	assert_int_equal(front.result, COMPILE_OK);
	asks = plan_asks(front_rule(&front), input);
	front_release(&front);
	return asks;
}

static const struct {
	const char *text;
	unsigned first, second;
} asked[] = {
	{ "SELECT pid FROM file.open;", 0, 0 },
	{ "SELECT retval FROM file.open;", PLAN_ASKS_FAILED, 0 },
	{ "SELECT pid FROM file.open WHERE retval = -13;", PLAN_ASKS_FAILED,
	  0 },
	{ "SELECT pid FROM file.open WHERE retval IS NULL OR TRUE;",
	  PLAN_ASKS_FAILED, 0 },
	{ "SELECT retval, COUNT(*) FROM TUMBLE(TABLE file.open, "
	  "DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY window_end, retval;",
	  PLAN_ASKS_FAILED, 0 },
	{ "SELECT pid FROM file.open WHERE FIRST_SEEN(retval, INTERVAL '1' "
	  "HOUR);",
	  PLAN_ASKS_FAILED, 0 },
	{ "SELECT f.pid FROM file.open f JOIN network.connect n ON n.pid_key = "
	  "f.pid_key AND n.retval < 0 AND n.ts BETWEEN f.ts AND f.ts + "
	  "INTERVAL '1' SECOND;",
	  0, PLAN_ASKS_FAILED },
	{ "SELECT f.pid FROM file.open f WHERE NOT EXISTS (SELECT 1 FROM "
	  "network.connect n WHERE n.pid_key = f.pid_key AND n.outcome = "
	  "'failed' AND n.ts BETWEEN f.ts AND f.ts + INTERVAL '1' SECOND);",
	  0, PLAN_ASKS_OUTCOMES | PLAN_ASKS_FAILED },
	{ "SELECT pid FROM (SELECT pid, retval AS r FROM file.open) AS q;", 0,
	  0 },
	{ "SELECT pid FROM (SELECT pid, retval AS r FROM file.open) AS q WHERE "
	  "r < 0;",
	  PLAN_ASKS_FAILED, 0 },
	{ "SELECT child_pid FROM process.fork;", 0, 0 },
	{ "SELECT child_pid FROM process.fork WHERE NOT is_thread;",
	  PLAN_ASKS_THREADS, 0 },
	{ "SELECT pid, outcome FROM network.connect WHERE retval < 0;",
	  PLAN_ASKS_OUTCOMES | PLAN_ASKS_FAILED, 0 },
	{ "SELECT m.p FROM file.open MATCH_RECOGNIZE (PARTITION BY pid_key "
	  "ORDER BY ts MEASURES A.pid AS p PATTERN (A B) WITHIN INTERVAL '1' "
	  "SECOND DEFINE B AS B.retval < 0) AS m;",
	  0, PLAN_ASKS_FAILED },
};

static void lower__column_named__asks_for_the_rows_it_tells_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		print_message("%s\n", asked[i].text);
		assert_int_equal(asks_of(asked[i].text, 0), asked[i].first);
		if (strstr(asked[i].text, "JOIN ") ||
		    strstr(asked[i].text, "EXISTS") ||
		    strstr(asked[i].text, "RECOGNIZE"))
			assert_int_equal(asks_of(asked[i].text, 1),
					 asked[i].second);
	}
}

static void
lower__one_rule_of_two_asks__failed_calls_are_collected(void **state)
{
	struct front front;
	struct buf text = BUF_INIT;

	(void)state;
	front_compile(&front,
		      "CREATE RULE a AS SELECT pid FROM file.open;"
		      "CREATE RULE b AS SELECT pid FROM file.open WHERE "
		      "retval = -13;"
		      "CREATE RULE c AS SELECT pid FROM network.connect;");
	assert_int_equal(front.result, COMPILE_OK);
	assert_true(front.program->subscriptions[STREAM_FILE_OPEN].failed);
	assert_false(
		front.program->subscriptions[STREAM_NETWORK_CONNECT].failed);
	explain(front.program, &text);
	assert_non_null(strstr(buf_text(&text), "failed calls too"));
	buf_release(&text);
	front_release(&front);
}

static void lower__subquery_without_count__is_put_in_place(void **state)
{
	struct front front;
	const struct plan_rule *rule;

	(void)state;
	front_compile(&front,
		      "SELECT t.what FROM (SELECT exe AS what, uid + 1 AS u "
		      "FROM process.exec WHERE gid = 0) t WHERE t.u = 5");
	rule = front_rule(&front);
	assert_int_equal(rule->root->kind, PLAN_SCAN);
	assert_int_equal(rule->outputs[0].expr->column, COL_exe);
	assert_string_equal(rule->outputs[0].name, "what");
	assert_int_equal(rule->root->predicate->op, EXPR_AND);
	assert_string_equal(rule->root->predicate->args[1]->text,
			    "e.uid + 1 = 5");
	front_release(&front);
}

static void lower__bare_select__is_named_after_file_and_number(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front, "CREATE RULE a AS SELECT pid FROM process.exec; "
			      "SELECT pid FROM process.exec");
	front_rule(&front);
	assert_string_equal(front.program->plan->rules[1].name, "test_2");
	front_release(&front);
}

static void lower__disabled_rule__is_checked_and_left_out(void **state)
{
	struct front front;

	(void)state;
	front_compile(&front,
		      "CREATE RULE a WITH (enabled = FALSE) AS SELECT pid FROM "
		      "file.open; CREATE RULE b AS SELECT pid FROM "
		      "process.exec");
	front_rule(&front);
	assert_int_equal(front.program->plan->rule_count, 1);
	assert_string_equal(front.program->plan->rules[0].name, "b");
	assert_false(front.program->subscriptions[STREAM_FILE_OPEN].wanted);
	front_release(&front);
}

static void explain__streams__show_their_instructions(void **state)
{
	struct buf out = BUF_INIT;
	struct front front;

	(void)state;
	compile_where(&front, "c.ts = e.ts AND c.dst_port = 22");
	explain(front.program, &out);
	assert_non_null(strstr(buf_text(&out),
			       "stream network.connect, kernel predicate "
			       "predicate_network_connect: "));
	assert_non_null(strstr(buf_text(&out), "; c.dst_port = 22\n"));
	assert_non_null(strstr(buf_text(&out),
			       "stream process.exec, every event: it feeds the "
			       "process table\n"));
	buf_release(&out);
	front_release(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower__time_bound__is_read_however_written),
		cmocka_unit_test(
			lower__conditions__go_where_they_can_be_decided),
		cmocka_unit_test(lower__three_streams__anchor_on_what_is_named),
		cmocka_unit_test(lower__count__keeps_what_the_threshold_needs),
		cmocka_unit_test(lower__keys__default_by_kind_of_rule),
		cmocka_unit_test(lower__subscriptions__are_what_is_read),
		cmocka_unit_test(
			lower__column_named__asks_for_the_rows_it_tells_apart),
		cmocka_unit_test(
			lower__one_rule_of_two_asks__failed_calls_are_collected),
		cmocka_unit_test(
			lower__subquery_without_count__is_put_in_place),
		cmocka_unit_test(
			lower__bare_select__is_named_after_file_and_number),
		cmocka_unit_test(lower__disabled_rule__is_checked_and_left_out),
		cmocka_unit_test(explain__streams__show_their_instructions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
