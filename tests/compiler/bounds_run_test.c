// SPDX-License-Identifier: Apache-2.0
/*
 * What explain promises of a rule's state holds when it runs: rules of random
 * sizes on random rows never keep more bytes than their bound, nor anything for
 * longer than their horizons.
 */
#include "compiler/front.h"
#include "stream/stream_fixture.h"

#include "compiler/bounds.h"
#include "compiler/plan_walk.h"
#include "stream/engine.h"

#define SECOND INT64_C(1000000000)
#define KEYS 3
#define ROWS 6000

#define OVER(key)                                                         \
	" OVER (PARTITION BY " key " ORDER BY ts RANGE BETWEEN INTERVAL " \
	"'@' SECOND PRECEDING AND CURRENT ROW)"
#define WITHIN(b, a)                                                           \
	b ".pid_key = " a ".pid_key AND " b ".ts BETWEEN " a ".ts - INTERVAL " \
	  "'@' SECOND AND " a ".ts + INTERVAL '@' SECOND"
#define SEQUENCE                                                                \
	"SELECT m.p, m.q FROM file.open MATCH_RECOGNIZE (PARTITION BY pid_key " \
	"ORDER BY ts MEASURES A.path AS p, B.path AS q "

/* @ is a number from 1 to 20, another in each place. */
static const char *const rules[] = {
	"SELECT n, p FROM (SELECT path AS p, COUNT(*)" OVER(
		"pid_key") " AS n FROM file.open) t WHERE n > @ EMIT ON EVERY MATCH",
	"SELECT n FROM (SELECT COUNT(*)" OVER(
		"path") " AS n FROM file.open) t "
			"WHERE n > 5000 EMIT ON EVERY MATCH",
	"SELECT n FROM (SELECT COUNT(DISTINCT path)" OVER(
		"pid_key") " AS n FROM file.open) t EMIT ON EVERY MATCH",
	"SELECT n FROM (SELECT COUNT(DISTINCT path)" OVER(
		"pid_key") " AS n FROM file.open) t WHERE n > @ EMIT ON EVERY MATCH",
	"SELECT MIN(path)" OVER("pid_key") " AS a FROM file.open",
	"SELECT AVG(CAST(pid AS DOUBLE))" OVER("path") " AS a FROM file.open",
	"SELECT a.path, c.path AS q FROM file.open a JOIN network.connect b ON "
	"b.pid_key = a.pid_key AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '@' "
	"SECOND JOIN file.open c ON c.pid_key = a.pid_key AND c.ts BETWEEN "
	"a.ts - INTERVAL '20' SECOND AND a.ts AND c.pid <= b.pid",
	"SELECT path, COUNT(*) AS n, MAX(path) AS m FROM TUMBLE(TABLE "
	"file.open, DESCRIPTOR(ts), INTERVAL '@' SECOND) GROUP BY path ORDER "
	"BY m DESC LIMIT 3",
	"SELECT COUNT(DISTINCT path) AS n, SUM(CAST(pid AS DOUBLE)) AS s FROM "
	"HOP(TABLE file.open, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL "
	"'@' SECOND) GROUP BY pid_key",
	"SELECT COUNT(*) AS n, MIN(path) AS p FROM SESSION(TABLE file.open, "
	"DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '@' SECOND) GROUP BY "
	"pid_key",
	"SELECT path, COUNT(*) AS n FROM SESSION(TABLE file.open PARTITION BY "
	"path, DESCRIPTOR(ts), INTERVAL '0.9' SECOND, INTERVAL '@' SECOND) "
	"GROUP BY path",
	"SELECT a.path, b.path AS q FROM file.open a JOIN file.open b ON " WITHIN(
		"b", "a"),
	"SELECT a.path, b.dst_port FROM file.open a LEFT JOIN network.connect b "
	"ON " WITHIN("b", "a"),
	"SELECT a.path, b.dst_port, c.path AS q FROM file.open a JOIN "
	"network.connect b ON " WITHIN("b", "a") " JOIN file.open c ON " WITHIN(
		"c", "a") " AND c.pid < a.pid",
	"SELECT a.path FROM file.open a JOIN FIRST network.connect b ON " WITHIN(
		"b",
		"a") " JOIN file.open c ON " WITHIN("c",
						    "b") " WHERE NOT "
							 "EXISTS (SELECT 1 FROM process.exit x WHERE " WITHIN(
								 "x", "a") ")",
	SEQUENCE "PATTERN (A B C) WITHIN INTERVAL '@' SECOND) AS m",
	SEQUENCE "PATTERN (A B C? D{2}) WITHIN INTERVAL '@' SECOND DEFINE B AS "
		 "B.pid <> A.pid, D AS D.pid <> B.pid) AS m",
	"SELECT path FROM file.open WHERE FIRST_SEEN(path, pid_key, INTERVAL "
	"'@' SECOND)",
};

struct run {
	struct front front;
	struct engine *engine;
	uint64_t chance;
	int64_t ts;
	uint64_t most; /* bytes that the rules held at any time */
	uint64_t bound;
	int64_t horizon; /* the longest of the rule's nodes */
};

static int on_match(void *ctx, const struct match *match, struct err *err)
{
	(void)ctx;
	(void)match;
	(void)err;
	return 0;
}

/* A few keys, so that a run comes near the bound. */
static void limit_keys(struct run *run, const struct plan_rule *rule,
		       const struct plan_node *node)
{
	if (!node)
		return;
	for (unsigned i = 0; i < plan_child_count(node); i++)
		limit_keys(run, rule,
			   plan_child((struct plan_node *)(uintptr_t)node, i));
	if (!plan_is_stateful(node))
		return;
	((struct plan_node *)(uintptr_t)node)->keys_max = KEYS;
	run->bound += bounds_bytes(rule, node);
	if (run->horizon < (int64_t)node->horizon_ns)
		run->horizon = (int64_t)node->horizon_ns;
}

static void write_rule(struct run *run, const char *text, struct buf *out)
{
	for (; *text; text++)
		if (*text == '@')
			buf_printf(out, "%u", 1 + chance(&run->chance, 20));
		else
			buf_putc(out, *text);
}

static struct value random_value(struct run *run, struct arena *arena,
				 const struct column *column)
{
	/* Now and then more keys than there is room for. */
	unsigned few = chance(&run->chance,
			      chance(&run->chance, 100) ? KEYS : KEYS + 2);
	uint8_t *bytes;

	if (column->type == VALUE_INT)
		return value_int(few);
	if (column->type != VALUE_TEXT ||
	    (column->wire != WIRE_PATH && column->wire != WIRE_BLOB))
		return value_null();
	bytes = arena_alloc(arena, 4096);
	assert_non_null(bytes);
	memset(bytes, 'a' + (int)few, 4096);
	bytes[0] = (uint8_t)chance(&run->chance, 256);
	return value_bytes(VALUE_TEXT, bytes,
			   chance(&run->chance, 4) ? 4096 : few);
}

static void note(struct run *run)
{
	const struct plan *plan = run->front.program->plan;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < plan->rule_count; i++) {
		struct engine_rule_stats stats;

		engine_rule_stats(run->engine, i, &stats);
		bytes += stats.state_bytes;
	}
	if (bytes > run->most)
		run->most = bytes;
}

static void push_row(struct run *run, struct arena *arena, uint64_t seq)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN,
						  STREAM_NETWORK_CONNECT,
						  STREAM_PROCESS_EXIT };
	enum stream_id id = streams[chance(&run->chance, 3)];
	const struct subscription *wanted =
		&run->front.program->subscriptions[id];
	const struct stream *stream = catalog_stream(id);
	struct row *row;
	struct err err;

	arena_reset(arena);
	/* Rarely of one moment: those that wait for peers are no state. */
	run->ts += 1 + chance(&run->chance, 10000000);
	row = row_make(arena, id, run->ts, seq);
	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		const struct column *column = catalog_column_at(stream, i);

		if (column->wire == WIRE_NONE ||
		    !(wanted->columns[i / 64] >> i % 64 & 1))
			continue;
		row_put(row, column->id, random_value(run, arena, column));
	}
	assert_int_equal(engine_push(run->engine, row, &err), 0);
	note(run);
	assert_int_equal(engine_advance(run->engine, run->ts, &err), 0);
	note(run);
}

static void run_rule(struct run *run, const char *template)
{
	const struct engine_options options = { .on_match = on_match,
						.state_bytes_max = 1 << 30 };
	struct buf text = BUF_INIT;
	const struct plan *plan;
	struct arena arena;

	write_rule(run, template, &text);
	front_compile_bytes(&run->front, (const char *)text.bytes, text.len);
	front_rule(&run->front);
	plan = run->front.program->plan;
	for (unsigned i = 0; i < plan->rule_count; i++)
		limit_keys(run, &plan->rules[i], plan->rules[i].root);
	assert_true(run->horizon > 0);
	arena_init(&arena, 1 << 20);
	assert_int_equal(
		engine_new(plan, &options, &run->engine, &run->front.err), 0);
	run->ts = SECOND;
	for (unsigned i = 0; i < ROWS; i++)
		push_row(run, &arena, i);
	if (run->most > run->bound)
		print_error("%s\n%llu bytes of %llu\n", buf_text(&text),
			    (unsigned long long)run->most,
			    (unsigned long long)run->bound);
	assert_true(run->most <= run->bound);
	arena_release(&arena);
	buf_release(&text);
}

/* All that was kept is gone when the last row is that old. */
static void outlive(struct run *run)
{
	struct err err;

	run->most = 0;
	assert_int_equal(
		engine_advance(run->engine, run->ts + run->horizon + 1, &err),
		0);
	note(run);
	assert_int_equal(run->most, 0);
	engine_free(run->engine);
	front_release(&run->front);
}

static void bounds__random_rules__keep_what_is_promised(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 30 : 1;
	double fullest = 0;

	(void)state;
	for (unsigned n = 0; n < rounds; n++)
		for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
			struct run run = { .chance = chance_next(&seed) };
			double share;

			run_rule(&run, rules[i]);
			assert_true(run.most > 0);
			share = (double)run.most / (double)run.bound;
			fullest = share > fullest ? share : fullest;
			outlive(&run);
		}
	/* A bound that nothing comes near would promise nothing. */
	print_message("the fullest held %.0f %% of its bound\n", fullest * 100);
	assert_true(fullest > 0.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds__random_rules__keep_what_is_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
