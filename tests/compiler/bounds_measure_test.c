// SPDX-License-Identifier: Apache-2.0
/* What explain says a key may take is at least what the engine takes for it. */
#include "compiler/front.h"

#include "compiler/bounds.h"
#include "compiler/plan_walk.h"
#include "stream/engine.h"

#define OVER(what)                                           \
	"SELECT pid FROM (SELECT pid, " what                 \
	" OVER (PARTITION BY pid_key ORDER BY ts RANGE "     \
	"BETWEEN INTERVAL '9' SECOND PRECEDING AND CURRENT " \
	"ROW) AS n FROM file.open WHERE path <> 'x') AS t "

static const char *const rules[] = {
	OVER("COUNT(*)") "WHERE n >= 3",
	OVER("COUNT(*)") "WHERE n >= 100",
	OVER("COUNT(DISTINCT path)") "WHERE n >= 3",
	OVER("MAX(path)") "WHERE n > 'y'",
	OVER("SUM(pid)") "WHERE n > 30",
	"SELECT a.path, b.path FROM file.open a JOIN file.open b ON "
	"b.pid_key = a.pid_key AND b.ts BETWEEN a.ts AND a.ts + "
	"INTERVAL '9' SECOND",
	"SELECT pid, MIN(path) FROM TUMBLE(TABLE file.open, DESCRIPTOR(ts), "
	"INTERVAL '9' SECOND) GROUP BY pid",
	"SELECT path FROM file.open WHERE FIRST_SEEN(path, INTERVAL '9' "
	"SECOND)",
	"SELECT m.p FROM file.open MATCH_RECOGNIZE (PARTITION BY pid_key "
	"ORDER BY ts MEASURES A.path AS p PATTERN (A B C) WITHIN INTERVAL "
	"'9' SECOND DEFINE B AS B.path <> A.path, C AS path = 'c') AS m",
};

static int ignore(void *ctx, const struct match *match, struct err *err)
{
	(void)ctx;
	(void)match;
	(void)err;
	return 0;
}

static uint64_t a_key(const struct plan_rule *rule,
		      const struct plan_node *node)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		bytes += a_key(rule, plan_child(node, i));
	if (plan_is_stateful(node))
		bytes += bounds_bytes(rule, node) / node->keys_max;
	return bytes;
}

/* One key, moment after moment, its paths as long as paths are. */
static uint64_t most_bytes(struct engine *engine, struct row *row)
{
	static char path[4096];
	uint64_t most = 0;

	memset(path, 'p', sizeof(path));
	row->values[row_slot(COL_pid)] = value_int(7);
	row->values[row_slot(COL_pid_key)] = value_int(7);
	for (int64_t i = 1; i <= 400; i++) {
		struct engine_rule_stats stats;

		row->ts = i;
		row->seq = (uint64_t)i;
		memcpy(path, &i, sizeof(i));
		row->values[row_slot(COL_FILE_OPEN_path)] =
			value_bytes(VALUE_TEXT, path, sizeof(path));
		assert_int_equal(engine_push(engine, row, NULL), 0);
		engine_rule_stats(engine, 0, &stats);
		if (stats.state_bytes > most)
			most = stats.state_bytes;
	}
	return most;
}

static void bounds__one_key__holds_no_more(void **state)
{
	const struct stream *stream = catalog_stream(STREAM_FILE_OPEN);
	const struct engine_options options = {
		.on_match = ignore,
		.state_bytes_max = (uint64_t)1 << 30,
	};
	struct row *row = calloc(
		1, sizeof(*row) + row_slots(stream) * sizeof(struct value));

	(void)state;
	assert_non_null(row);
	row->stream = STREAM_FILE_OPEN;
	row->value_count = (uint16_t)row_slots(stream);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct engine *engine;
		struct front front;
		const struct plan_rule *rule;
		uint64_t bound, most;

		front_compile(&front, rules[i]);
		rule = front_rule(&front);
		bound = a_key(rule, rule->root);
		assert_int_equal(engine_new(front.program->plan, &options,
					    &engine, NULL),
				 0);
		most = most_bytes(engine, row);
		engine_free(engine);
		if (rule->root->kind == PLAN_FIRST_SEEN)
			bound *= 400; /* each path is a key */
		if (most > bound)
			fail_msg("%s: %llu bytes, not %llu\n", rules[i],
				 (unsigned long long)most,
				 (unsigned long long)bound);
		front_release(&front);
	}
	free(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds__one_key__holds_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
