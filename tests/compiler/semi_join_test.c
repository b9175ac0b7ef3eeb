// SPDX-License-Identifier: Apache-2.0
/*
 * Semi-joins: which scans have a slot, and that a rule finds the same in random
 * worlds with and without the rows that come after no exec of their process.
 */
#include "compiler/front.h"
#include "compiler/predicate_gen.h"
#include "compiler/semi_join.h"
#include "stream/stream_fixture.h"
#include "support/ebpf_interp.h"

#include "stream/engine.h"

#define SECOND INT64_C(1000000000)
#define MARGIN SECOND /* what a slot lives longer than its rule asks */
#define ROWS 80
#define MATCHES_MAX 4096
#define WITHIN " AND f.ts BETWEEN e.ts AND e.ts + INTERVAL '2' SECOND"
#define SELECT "SELECT e.mono_ns AS a, f.mono_ns AS b FROM process.exec e "
#define SEQUENCE(keys, pattern, define)                                         \
	"SELECT m.a, m.b FROM process.exec MATCH_RECOGNIZE (PARTITION BY " keys \
	" ORDER BY ts MEASURES A.mono_ns AS a, B.mono_ns AS b "                 \
	"PATTERN (" pattern ") WITHIN INTERVAL '2' SECOND DEFINE " define       \
	") AS m"

static const struct {
	const char *text;
	unsigned slots; /* scans that have one */
} cases[] = {
	{ SELECT "JOIN file.open f ON f.pid_key = e.pid_key" WITHIN
		 " WHERE e.uid = 1 AND f.is_write",
	  1 },
	{ SELECT "JOIN FIRST file.open f ON f.pid_key = e.pid_key" WITHIN, 1 },
	{ SELECT "LEFT JOIN file.open f ON f.pid_key = e.pid_key" WITHIN
		 " WHERE e.uid = 1",
	  1 },
	{ "SELECT e.mono_ns AS a, e.uid AS b FROM process.exec e WHERE EXISTS "
	  "(SELECT 1 FROM file.open f WHERE f.pid_key = e.pid_key" WITHIN ")",
	  1 },
	{ "SELECT e.mono_ns AS a, e.uid AS b FROM process.exec e WHERE NOT "
	  "EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = "
	  "e.pid_key" WITHIN ")",
	  1 },
	{ "SELECT e.mono_ns AS a, f.mono_ns AS b FROM file.open f JOIN "
	  "process.exec e ON f.pid_key = e.pid_key" WITHIN " WHERE e.uid = 1",
	  1 },
	{ "SELECT f.mono_ns AS a, f.uid AS b FROM file.open f WHERE EXISTS "
	  "(SELECT 1 FROM process.exec e WHERE f.pid_key = e.pid_key" WITHIN
	  " AND e.uid = 1)",
	  1 },
	{ SELECT "JOIN file.open f ON f.pid_key = e.pid_key" WITHIN
		 " JOIN network.connect n ON n.pid_key = e.pid_key AND n.ts "
		 "BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND",
	  2 },
	{ SEQUENCE("pid_key", "A B", "A AS uid = 1, B AS file.open WHERE TRUE"),
	  1 },
	/* The exec may come after it, or be another process's. */
	{ SELECT "JOIN file.open f ON f.pid_key = e.pid_key AND f.ts BETWEEN "
		 "e.ts - INTERVAL '1' SECOND AND e.ts + INTERVAL '1' SECOND",
	  0 },
	{ SELECT "JOIN file.open f ON f.uid = e.uid" WITHIN, 0 },
	{ SELECT "JOIN file.open f ON f.parent_key = e.pid_key" WITHIN, 0 },
	/* Rows without an exec are wanted too. */
	{ "SELECT f.mono_ns AS a, f.uid AS b FROM file.open f WHERE NOT EXISTS "
	  "(SELECT 1 FROM process.exec e WHERE f.pid_key = e.pid_key" WITHIN
	  ")",
	  0 },
	{ "SELECT f.mono_ns AS a, e.mono_ns AS b FROM file.open f LEFT JOIN "
	  "process.exec e ON f.pid_key = e.pid_key" WITHIN,
	  0 },
	{ SEQUENCE("uid", "A B", "A AS uid = 1, B AS file.open WHERE TRUE"),
	  0 },
	/* An exec that failed opens nothing. */
	{ SELECT "JOIN file.open f ON f.pid_key = e.pid_key" WITHIN
		 " WHERE e.retval < 0",
	  0 },
};

/* --- a world -------------------------------------------------------------- */

static struct row *some_row(struct gen *g, struct arena *arena, unsigned i)
{
	static const enum stream_id streams[] = { STREAM_PROCESS_EXEC,
						  STREAM_FILE_OPEN,
						  STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT };
	enum stream_id stream = streams[gen_below(g, ARRAY_SIZE(streams))];
	int64_t ts = (int64_t)(i + 1) * SECOND / 4 + gen_below(g, 3);
	struct row *row = row_make(arena, stream, ts, i);

	row_put(row, COL_mono_ns, value_int(ts));
	row_put(row, COL_pid_key, value_int(1 + gen_below(g, 4)));
	row_put(row, COL_parent_key, value_int(1 + gen_below(g, 4)));
	row_put(row, COL_uid, value_int(gen_below(g, 2)));
	if (stream == STREAM_FILE_OPEN)
		row_put(row, COL_FILE_OPEN_is_write,
			value_bool(gen_chance(g, 50)));
	return row;
}

struct world {
	struct row *rows[ROWS];
	struct semi_joins joins;
	struct expr_env *env;
};

/* Is there an exec that opened the slot for the row's process in time? */
static bool is_alive(const struct world *w, const struct semi_join_slot *slot,
		     unsigned at)
{
	int64_t within = slot->time_to_live_ns - MARGIN;
	const struct row *row = w->rows[at];

	for (unsigned i = 0; i <= at; i++) {
		const struct row *exec = w->rows[i];
		const struct tuple tuple = { .rows = { exec, exec, exec } };

		if (exec->stream == STREAM_PROCESS_EXEC &&
		    row_get(exec, COL_pid_key).i ==
			    row_get(row, COL_pid_key).i &&
		    row->ts - exec->ts <= within &&
		    expr_is_true(slot->expr, &tuple, w->env))
			return true;
	}
	return false;
}

/* Has every scan of the row's stream a slot, and none is alive? */
static bool is_dropped(const struct world *w, const struct plan_rule *rule,
		       unsigned at)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < w->joins.scan_count; i++) {
		const struct semi_join_scan *scan = &w->joins.scans[i];

		if (scan->scan->stream != w->rows[at]->stream)
			continue;
		asked |= 1u << scan->scan->input;
		if (is_alive(w, &w->joins.slots[scan->slot], at))
			return false;
	}
	for (unsigned i = 0; i < rule->input_count; i++)
		if (rule->input_streams[i] == w->rows[at]->stream &&
		    !(asked >> i & 1))
			return false;
	return asked;
}

struct seen {
	int64_t values[MATCHES_MAX][2];
	unsigned count;
};

static int on_match(void *ctx, const struct match *match, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	assert_true(seen->count < MATCHES_MAX);
	for (unsigned i = 0; i < 2; i++)
		seen->values[seen->count][i] =
			value_is_null(match->outputs[i]) ? -1 :
							   match->outputs[i].i;
	seen->count++;
	return 0;
}

/* Returns how many rows were left out. */
static unsigned play(const struct front *front, const struct world *w,
		     bool filter, struct seen *seen)
{
	const struct plan *plan = front->program->plan;
	const struct plan_rule *rule = &plan->rules[plan->rule_count - 1];
	struct engine_options options = { .on_match = on_match,
					  .ctx = seen,
					  .state_bytes_max = 1 << 26 };
	struct engine *engine;
	unsigned dropped = 0;
	struct err err;

	seen->count = 0;
	assert_int_equal(engine_new(plan, &options, &engine, &err), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		if (filter && is_dropped(w, rule, i)) {
			dropped++;
			continue;
		}
		assert_int_equal(engine_push(engine, w->rows[i], &err), 0);
		assert_int_equal(engine_advance(engine, w->rows[i]->ts, &err),
				 0);
	}
	assert_int_equal(engine_advance(engine, INT64_MAX, &err), 0);
	engine_free(engine);
	return dropped;
}

static void check_case(size_t i, struct gen *g, struct expr_env *env,
		       unsigned rounds)
{
	static struct seen all, filtered;
	unsigned matches = 0, dropped = 0;
	struct world w = { .env = env };
	struct front front;

	front_compile(&front, cases[i].text);
	front_rule(&front);
	assert_int_equal(semi_joins_find(&front.arena, front.program->plan,
					 &w.joins, &front.err),
			 0);
	if (w.joins.scan_count != cases[i].slots)
		print_error("%s\n", cases[i].text);
	assert_int_equal(w.joins.scan_count, cases[i].slots);
	assert_int_equal(front.program->join_slot_count > 0,
			 cases[i].slots > 0);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned k = 0; k < ROWS; k++)
			w.rows[k] = some_row(g, &front.arena, k);
		play(&front, &w, false, &all);
		dropped += play(&front, &w, true, &filtered);
		assert_int_equal(all.count, filtered.count);
		assert_memory_equal(all.values, filtered.values,
				    all.count * sizeof(all.values[0]));
		matches += all.count;
	}
	printf("%zu: %u matches, %u rows left out\n", i, matches, dropped);
	assert_true(cases[i].slots == 0 || matches > 0);
	assert_int_equal(dropped > 0, cases[i].slots > 0);
	front_release(&front);
}

static void rules__random_worlds__find_the_same_without_rows(void **state)
{
	struct gen g = { .state = test_seed() };
	struct expr_env env;

	(void)state;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(i, &g, &env, gen_full() ? 500 : 20);
	expr_env_release(&env);
}

/* exec_keys() says what the slots' conditions say. */
static void exec_keys__sets_the_slots_whose_condition_holds(void **state)
{
	struct process_exec_event event = { 0 };
	const struct kernel_function *f = NULL;
	const struct subscription *s;
	struct exec_keys keys;
	struct front front;
	uint64_t result;
	unsigned at;

	(void)state;
	front_compile(&front, cases[0].text);
	front_rule(&front);
	for (unsigned i = 0; i < front.program->function_count; i++)
		if (strcmp(front.program->functions[i].name, "exec_keys") == 0)
			f = &front.program->functions[i];
	assert_non_null(f);
	s = front.program->subscriptions;
	assert_int_equal(s[STREAM_FILE_OPEN].tests_slots, 1);
	assert_true(s[STREAM_PROCESS_EXEC].predicate_columns[COL_uid / 64] >>
			    COL_uid % 64 &
		    1);
	for (unsigned uid = 0; uid < 3; uid++) {
		event.head.uid = uid;
		assert_null(ebpf_interp_out(f->insns, f->insn_count, &event,
					    sizeof(event), &keys, sizeof(keys),
					    &result, &at));
		assert_int_equal(result, 0);
		assert_int_equal(keys.slots, uid == 1);
	}
	front_release(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rules__random_worlds__find_the_same_without_rows),
		cmocka_unit_test(
			exec_keys__sets_the_slots_whose_condition_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
