// SPDX-License-Identifier: Apache-2.0
/*
 * Rules that read stream `process`: what other rules have had sampled is not
 * theirs to see, wherever the stream stands in the query.
 */
#include "compiler/front.h"
#include "stream/stream_fixture.h"

#include "stream/engine.h"

#define KEY 7
#define SECOND INT64_C(1000000000)
#define A_SECOND " BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND"
#define SEQUENCE                                                             \
	" MATCH_RECOGNIZE (PARTITION BY pid_key ORDER BY ts MEASURES A.pid " \
	"AS p PATTERN (A B) WITHIN INTERVAL '1' SECOND "

enum {
	CPU = 1,
	MEMORY = 2,
	STATUS = 4,
	HASH = 8,
};

/* What happens to the process; a process.exec lies before the first sample. */
static const struct {
	enum process_cause cause;
	unsigned changed;
} script[] = {
	{ PROCESS_PRESENT, 0 },	     { PROCESS_FORKED, 0 },
	{ PROCESS_EXECED, 0 },	     { PROCESS_SAMPLED, CPU },
	{ PROCESS_SAMPLED, STATUS }, { PROCESS_SAMPLED, CPU | STATUS },
	{ PROCESS_SAMPLED, HASH },   { PROCESS_SAMPLED, MEMORY },
};

static const struct {
	const char *text;
	unsigned matches;
	int64_t last;	  /* the first column of the last of them */
	const char *asks; /* explain says it; NULL: nothing of the kind */
} cases[] = {
	{ "SELECT pid FROM process", 3, KEY, "cause <> 'sample'" },
	{ "SELECT pid FROM process WHERE pid = 7 OR uid = 1", 3, KEY,
	  "cause <> 'sample'" },
	{ "SELECT pid, cpu_usage FROM process", 5, KEY, "cpu_changed" },
	{ "SELECT pid, memory_usage FROM process", 4, KEY, "memory_changed" },
	{ "SELECT pid FROM process WHERE status IS NULL", 5, KEY,
	  "status_changed" },
	{ "SELECT pid FROM process WHERE executable_hash IS NULL", 4, KEY,
	  "hash_changed" },
	{ "SELECT pid, status FROM process WHERE cpu_usage IS NULL", 6, KEY,
	  "status_changed" },
	{ "SELECT pid, cause FROM process", 8, KEY, NULL },
	{ "SELECT pid FROM process WHERE hash_changed", 1, KEY, NULL },
	{ "CREATE VIEW v AS SELECT pid, status AS s FROM process; SELECT pid "
	  "FROM v",
	  3, KEY, "cause <> 'sample'" },
	{ "CREATE VIEW v AS SELECT pid, status AS s FROM process; SELECT pid "
	  "FROM v WHERE s IS NULL",
	  5, KEY, "status_changed" },
	{ "SELECT q.pid FROM (SELECT pid, cpu_usage AS c FROM process) q WHERE "
	  "c IS NULL",
	  5, KEY, "cpu_changed" },
	{ "SELECT pid FROM processes.snapshots", 3, KEY, "cause <> 'sample'" },
	{ "SELECT COUNT(*) AS n FROM TUMBLE(TABLE process, DESCRIPTOR(ts), "
	  "INTERVAL '1' HOUR)",
	  1, 3, "cause <> 'sample'" },
	{ "SELECT COUNT(*) AS n FROM HOP(TABLE process, DESCRIPTOR(ts), "
	  "INTERVAL '1' HOUR, INTERVAL '1' HOUR) WHERE memory_usage IS NULL",
	  1, 4, "memory_changed" },
	{ "SELECT COUNT(*) AS n FROM SESSION(TABLE process PARTITION BY "
	  "pid_key, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '2' HOUR) "
	  "GROUP BY pid_key",
	  1, 3, "cause <> 'sample'" },
	{ "SELECT COUNT(*) AS n FROM SESSION(TABLE process PARTITION BY "
	  "status, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '2' HOUR) GROUP "
	  "BY status",
	  1, 5, "status_changed" },
	{ "SELECT n FROM (SELECT COUNT(*) OVER (PARTITION BY pid_key ORDER BY "
	  "ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS n "
	  "FROM process) t WHERE n >= 1 EMIT ON EVERY MATCH",
	  3, 3, "cause <> 'sample'" },
	{ "SELECT m.p FROM process" SEQUENCE ") AS m", 2, KEY,
	  "cause <> 'sample'" },
	{ "SELECT m.p FROM process" SEQUENCE "DEFINE B AS status IS NULL) AS "
	  "m",
	  4, KEY, "status_changed" },
	{ "SELECT m.p FROM process.exec" SEQUENCE "DEFINE B AS process WHERE "
	  "TRUE) AS m",
	  0, 0, "cause <> 'sample'" },
	{ "SELECT m.p FROM process.exec" SEQUENCE "DEFINE B AS process WHERE "
	  "cpu_usage IS NULL) AS m",
	  1, KEY, "cpu_changed" },
	{ "SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT 1 FROM "
	  "process p WHERE p.pid_key = e.pid_key AND p.ts" A_SECOND ")",
	  0, 0, "cause <> 'sample'" },
	{ "SELECT e.pid FROM process.exec e WHERE EXISTS (SELECT 1 FROM "
	  "process p WHERE p.pid_key = e.pid_key AND p.cpu_usage IS NULL AND "
	  "ts" A_SECOND ")",
	  1, KEY, "cpu_changed" },
	{ "SELECT e.pid FROM process.exec e JOIN (SELECT pid_key, ts FROM "
	  "process) q ON q.pid_key = e.pid_key AND q.ts" A_SECOND,
	  0, 0, "cause <> 'sample'" },
};

struct seen {
	unsigned matches;
	int64_t last;
};

static int on_match(void *ctx, const struct match *match, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	seen->matches++;
	seen->last = match->outputs[0].i;
	return 0;
}

static void push(struct engine *engine, struct row *row)
{
	struct err err;

	row_put(row, COL_pid_key, value_int(KEY));
	row_put(row, COL_pid, value_int(KEY));
	assert_int_equal(engine_push(engine, row, &err), 0);
	assert_int_equal(engine_advance(engine, row->ts, &err), 0);
}

static void play(struct arena *arena, struct engine *engine)
{
	int64_t ts = SECOND;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(script); i++) {
		unsigned changed = script[i].changed;
		struct row *row;

		if (changed && !script[i - 1].changed)
			push(engine,
			     row_make(arena, STREAM_PROCESS_EXEC, ts++, 2 * i));
		row = row_make(arena, STREAM_PROCESS, ts++, 2 * i + 1);
		row_put(row, COL_PROCESS_cause, value_int(script[i].cause));
		row_put(row, COL_PROCESS_cpu_changed,
			value_bool(changed & CPU));
		row_put(row, COL_PROCESS_memory_changed,
			value_bool(changed & MEMORY));
		row_put(row, COL_PROCESS_status_changed,
			value_bool(changed & STATUS));
		row_put(row, COL_PROCESS_hash_changed,
			value_bool(changed & HASH));
		push(engine, row);
	}
	assert_int_equal(engine_advance(engine, INT64_MAX, &err), 0);
}

static void process__scan__sees_what_the_rule_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { 0 };
		struct engine_options options = { .on_match = on_match,
						  .ctx = &seen,
						  .state_bytes_max = 1 << 26 };
		struct engine *engine;
		struct front front;

		front_compile(&front, cases[i].text);
		front_rule(&front);
		assert_int_equal(engine_new(front.program->plan, &options,
					    &engine, &front.err),
				 0);
		play(&front.arena, engine);
		if (seen.matches != cases[i].matches ||
		    seen.last != cases[i].last)
			print_error("%s\n%u %lld\n", cases[i].text,
				    seen.matches, (long long)seen.last);
		assert_int_equal(seen.matches, cases[i].matches);
		assert_int_equal(seen.last, cases[i].last);
		engine_free(engine);
		front_release(&front);
	}
}

static void process__scan__is_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct front front;
		const char *text;

		front_compile(&front, cases[i].text);
		front_rule(&front);
		explain(front.program, &front.text);
		text = buf_text(&front.text);
		if (cases[i].asks ? !strstr(text, cases[i].asks) :
				    !!strstr(text, "'sample'"))
			print_error("%s\n%s\n", cases[i].text, text);
		if (cases[i].asks)
			assert_non_null(strstr(text, cases[i].asks));
		else
			assert_null(strstr(text, "'sample'"));
		front_release(&front);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process__scan__sees_what_the_rule_reads),
		cmocka_unit_test(process__scan__is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
