// SPDX-License-Identifier: Apache-2.0
/* Turns of any size are stored and shown; a state is resumed by who may. */
#include "compiler/compiler.h"
#include "store/verify.h"
#include "support/unit.h"
#include "user/daemon/pipeline.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define START (100 * SECOND)

static const char burst_rule[] =
	"CREATE RULE burst WITH (severity = 'low') AS "
	"SELECT t.pid, t.n FROM (SELECT n.pid_key, n.pid, "
	"COUNT(*) OVER (PARTITION BY n.pid_key ORDER BY n.ts RANGE BETWEEN "
	"INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS n "
	"FROM network.connect n) t WHERE t.n >= 1 EMIT ON EVERY MATCH;";

struct rig {
	char dir[64];
	struct arena arena; /* of the plan */
	struct diagnostics diagnostics;
	struct program *program;
	struct pipeline_origin origin;
	struct store *store;
	struct pipeline *pipeline;
	struct arena rows;
	FILE *out;
	enum sink_format format;
	uint64_t seq;
	uint64_t ruled_out; /* of the rows that are pushed */
	uint32_t generation;
};

static void rig_open(struct rig *r, bool replay)
{
	const struct store_options store_options = { .mode = STORE_WRITE };
	struct store_run run = { .replay = replay };
	struct pipeline_options options = { .plan = r->program->plan,
					    .generation = 1 };
	struct err err = { 0 };

	r->origin.replay = replay;
	assert_int_equal(store_open(r->dir, &store_options, &r->store, &err),
			 0);
	assert_int_equal(store_begin(r->store, &run, &err), 0);
	options.store = r->store;
	options.out = fileno(r->out);
	options.sink.format = r->format;
	assert_int_equal(pipeline_new(&options, &r->origin, &r->pipeline, &err),
			 0);
}

static void rig_close(struct rig *r)
{
	r->pipeline = pipeline_free(r->pipeline);
	r->store = store_close(r->store);
}

/* Windows, an absence that was not seen out, and what a next run must know. */
static const char open_rules[] =
	"CREATE RULE hourly AS SELECT COUNT(*) AS n FROM TUMBLE(TABLE "
	"network.connect, DESCRIPTOR(ts), INTERVAL '1' HOUR);"
	"CREATE RULE quick AS SELECT COUNT(*) AS n FROM TUMBLE(TABLE "
	"network.connect, DESCRIPTOR(ts), INTERVAL '1' SECOND);"
	"CREATE RULE alone AS SELECT n.pid FROM network.connect n WHERE NOT "
	"EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = n.pid_key AND "
	"f.ts BETWEEN n.ts AND n.ts + INTERVAL '1' HOUR);"
	"CREATE RULE sure AS SELECT n.pid FROM network.connect n WHERE NOT "
	"EXISTS (SELECT 1 FROM file.open f WHERE f.pid_key = n.pid_key AND "
	"f.ts BETWEEN n.ts AND n.ts + INTERVAL '1' HOUR) ON GAP SUPPRESS;"
	"CREATE RULE once AS SELECT n.pid FROM network.connect n SUPPRESS FOR "
	"INTERVAL '1' HOUR;"
	"CREATE RULE first AS SELECT n.pid FROM network.connect n WHERE "
	"FIRST_SEEN(n.pid, INTERVAL '1' DAY);";

static int rig_load(struct rig *r, const char *text)
{
	const struct compile_source source = { .name = "rule.sql",
					       .text = text,
					       .len = strlen(text) };
	struct err err = { 0 };

	diagnostics_init(&r->diagnostics, &r->arena, &source, 1);
	if (compile(&r->arena, &source, 1, NULL, &r->diagnostics, &r->program,
		    &err))
		return -1;
	/* Each is told from the others; the arena's own are writable. */
	for (unsigned i = 0; i < r->program->plan->rule_count; i++) {
		struct plan_rule *rule =
			(void *)(uintptr_t)&r->program->plan->rules[i];

		rule->digest[0] = (uint8_t)(i + 1);
	}
	return 0;
}

static int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		return -1;
	strcpy(r->dir, "/tmp/shrike-pipeline-XXXXXX");
	r->out = tmpfile();
	r->origin.host = "host";
	arena_init(&r->arena, COMPILE_ARENA_BYTES);
	arena_init(&r->rows, 1 << 20);
	*state = r;
	return !mkdtemp(r->dir) || !r->out || rig_load(r, burst_rule);
}

static int rig_teardown(void **state)
{
	struct rig *r = *state;
	char command[96];

	rig_close(r);
	fclose(r->out);
	arena_release(&r->rows);
	arena_release(&r->arena);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	free(r);
	return system(command);
}

/* An event of one process, which is its own parent; every column is filled. */
static void push(struct rig *r, enum stream_id id_of_stream, int64_t ts)
{
	const struct stream *stream = catalog_stream(id_of_stream);
	unsigned n = catalog_column_count(stream), slots = row_slots(stream);
	struct err err = { 0 };
	struct row *row;

	arena_reset(&r->rows);
	row = arena_alloc(&r->rows,
			  sizeof(*row) + slots * sizeof(struct value));
	assert_non_null(row);
	row->stream = (uint16_t)id_of_stream;
	row->value_count = (uint16_t)slots;
	row->ts = ts;
	row->seq = ++r->seq;
	row->ruled_out = r->ruled_out;
	row->generation = r->generation;
	for (unsigned id = 0; id < n; id++) {
		const struct column *column = catalog_column_at(stream, id);

		if (id >= COL_CONTEXT_FIRST && id < COL_OWN_FIRST)
			continue;
		/* The attempt is what every rule sees. */
		if (strcmp(column->name, "outcome") == 0)
			row->values[row_slot(id)] = value_int(0);
		else if (column->type == VALUE_INT)
			row->values[row_slot(id)] = value_int(7);
		else if (column->type == VALUE_TEXT)
			row->values[row_slot(id)] = value_text("sh");
		else if (column->type == VALUE_LIST)
			row->values[row_slot(id)] =
				value_bytes(VALUE_LIST, "sh\0-i", 6);
	}
	if (pipeline_row(r->pipeline, row, &err))
		fail_msg("%s", err.text);
}

static unsigned lines_shown(struct rig *r)
{
	unsigned lines = 0;
	int c;

	rewind(r->out);
	while ((c = fgetc(r->out)) != EOF)
		lines += c == '\n';
	return lines;
}

/* 1,000 matches of 64 events in one turn: more than its memory holds at once. */
static void large_turn__stored_and_shown(void **state)
{
	struct rig *r = *state;
	struct pipeline_stats stats;
	struct store_head head;
	struct err err = { 0 };

	rig_open(r, false);
	push(r, STREAM_PROCESS_EXEC, START);
	for (int i = 0; i < 1064; i++)
		push(r, STREAM_NETWORK_CONNECT, START + i);
	if (pipeline_turn(r->pipeline, START + SECOND, &err))
		fail_msg("%s", err.text);
	pipeline_stats(r->pipeline, &stats);
	assert_int_equal(stats.matches, 1064);
	assert_int_equal(store_head(r->store, &head, &err), 0);
	assert_int_equal(head.matches, 1064);
	assert_true(lines_shown(r) > 1064);
}

/* Nothing goes on after a replay: its state is none of a later run's. */
static void replay__leaves_no_state(void **state)
{
	struct rig *r = *state;
	struct buf saved = BUF_INIT;
	struct err err = { 0 };
	int64_t watermark;

	rig_open(r, true);
	push(r, STREAM_NETWORK_CONNECT, START);
	assert_int_equal(pipeline_turn(r->pipeline, INT64_MAX, &err), 0);
	assert_int_equal(pipeline_save(r->pipeline, &err), 0);
	rig_close(r);
	rig_open(r, false);
	assert_int_equal(store_state(r->store, r->origin.boot_id, &saved,
				     &watermark, &err),
			 1);
	if (pipeline_resume(r->pipeline, START + SECOND, &err))
		fail_msg("%s", err.text);
	push(r, STREAM_NETWORK_CONNECT, START + 2 * SECOND);
	assert_int_equal(pipeline_turn(r->pipeline, START + 3 * SECOND, &err),
			 0);
	assert_true(lines_shown(r) > 0);
	buf_release(&saved);
}

/* Counts that a trace made up do not add up to nothing. */
static void gaps__absurd_counts__stay_in_the_ledger(void **state)
{
	struct rig *r = *state;
	struct verify_report report = { 0 };
	struct verify_options options = { 0 };
	struct err err = { 0 };

	rig_open(r, true);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipeline_gap(r->pipeline,
					      STREAM_NETWORK_CONNECT, START + i,
					      START + i + 1, UINT64_MAX / 2 + 1,
					      &err),
				 0);
	assert_int_equal(pipeline_turn(r->pipeline, INT64_MAX, &err), 0);
	assert_int_equal(pipeline_save(r->pipeline, &err), 0);
	rig_close(r);
	assert_int_equal(store_verify(r->dir, &options, &report, &err), 0);
	assert_true(report.lost == UINT64_MAX);
	assert_int_equal(report.result, VERIFY_OK);
	buf_release(&report.text);
}

/* Of the matches of a rule that were shown, those that say `part`. */
static unsigned told(struct rig *r, const char *rule, const char *part)
{
	char name[64], *line = NULL;
	unsigned count = 0;
	size_t size = 0;

	snprintf(name, sizeof(name), "\"rule\":\"%s\"", rule);
	rewind(r->out);
	while (getline(&line, &size, r->out) > 0)
		count += strstr(line, name) && strstr(line, part);
	free(line);
	return count;
}

#define GAP "\"coverage\":\"gap\""

static void end__open_windows__close_and_say_what_they_miss(void **state)
{
	struct rig *r = *state;
	struct err err = { 0 };

	assert_int_equal(rig_load(r, open_rules), 0);
	r->format = SINK_JSON;
	rig_open(r, false);
	push(r, STREAM_NETWORK_CONNECT, START);
	assert_int_equal(pipeline_turn(r->pipeline, START + 2 * SECOND, &err),
			 0);
	assert_int_equal(told(r, "hourly", ""), 0);
	assert_int_equal(told(r, "quick", ""), 1);
	assert_int_equal(pipeline_end(r->pipeline, &err), 0);
	assert_int_equal(told(r, "hourly", GAP), 1);
	assert_int_equal(told(r, "quick", ""), 1);
	assert_int_equal(told(r, "quick", GAP), 0);
	assert_int_equal(told(r, "alone", GAP), 1);
	assert_int_equal(told(r, "sure", ""), 0);
	rig_close(r);
	/* What was muted and seen before is still known to the next run. */
	rig_open(r, false);
	assert_int_equal(pipeline_resume(r->pipeline, START + 3 * SECOND, &err),
			 0);
	push(r, STREAM_NETWORK_CONNECT, START + 4 * SECOND);
	assert_int_equal(pipeline_end(r->pipeline, &err), 0);
	assert_int_equal(told(r, "hourly", GAP), 2);
	assert_int_equal(told(r, "once", ""), 1);
	assert_int_equal(told(r, "first", ""), 1);
}

static uint64_t asked(struct rig *r)
{
	struct pipeline_stats stats;

	pipeline_stats(r->pipeline, &stats);
	return stats.scanned;
}

/* A hint is of the rules of its generation, and of no others. */
static void hint__of_other_rules__is_none(void **state)
{
	static const char rules[] =
		"CREATE RULE seven AS SELECT n.pid FROM network.connect n "
		"WHERE n.dst_port = 7;"
		"CREATE RULE eight AS SELECT n.pid FROM network.connect n "
		"WHERE n.dst_port = 8;";
	struct rig *r = *state;
	uint64_t hint;
	struct err err = { 0 };

	assert_int_equal(rig_load(r, rules), 0);
	hint = r->program->plan->rules[0].root->hint;
	assert_true(hint);
	assert_true(hint != r->program->plan->rules[1].root->hint);
	rig_open(r, false);
	push(r, STREAM_NETWORK_CONNECT, START);
	assert_int_equal(asked(r), 2);
	r->ruled_out = hint;
	push(r, STREAM_NETWORK_CONNECT, START + 1);
	assert_int_equal(asked(r), 4);
	r->generation = 1;
	push(r, STREAM_NETWORK_CONNECT, START + 2);
	assert_int_equal(asked(r), 5);
	assert_int_equal(pipeline_reload(r->pipeline, r->program->plan, 2,
					 START + 3, &err),
			 0);
	push(r, STREAM_NETWORK_CONNECT, START + 4);
	assert_int_equal(asked(r), 7);
	r->generation = 2;
	push(r, STREAM_NETWORK_CONNECT, START + 5);
	assert_int_equal(asked(r), 8);
	r->ruled_out = 0;
	r->generation = 0;
}

/* The run's own columns, and what the process tree tells. */
static void ambient__columns_that_rules_read__are_filled(void **state)
{
	struct rig *r = *state;
	struct err err = { 0 };

	assert_int_equal(
		rig_load(r, "CREATE RULE origin AS SELECT n.host, n.boot_id "
			    "FROM network.connect n WHERE n.host = 'host';"
			    "CREATE RULE tree AS SELECT n.pid FROM "
			    "network.connect n WHERE 'sh' = ANY(n.ancestors) "
			    "AND n.session_leader_exe = 'sh' AND n.entry_type "
			    "= 'terminal';"
			    "CREATE RULE before AS SELECT e.prev_exe FROM "
			    "process.exec e;"),
		0);
	memcpy(r->origin.boot_id, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	r->format = SINK_JSON;
	rig_open(r, false);
	push(r, STREAM_PROCESS_EXEC, START);
	push(r, STREAM_PROCESS_EXEC, START + 1);
	push(r, STREAM_NETWORK_CONNECT, START + 2);
	assert_int_equal(pipeline_end(r->pipeline, &err), 0);
	assert_int_equal(
		told(r, "origin", "01234567-89ab-cdef-0000-000000000000"), 1);
	assert_int_equal(told(r, "origin", "\"host\":\"host\""), 1);
	assert_int_equal(told(r, "tree", ""), 1);
	assert_int_equal(told(r, "before", "\"prev_exe\":\"sh\""), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_turn__stored_and_shown,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(replay__leaves_no_state,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(
			gaps__absurd_counts__stay_in_the_ledger, rig_setup,
			rig_teardown),
		cmocka_unit_test_setup_teardown(
			end__open_windows__close_and_say_what_they_miss,
			rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(
			ambient__columns_that_rules_read__are_filled, rig_setup,
			rig_teardown),
		cmocka_unit_test_setup_teardown(hint__of_other_rules__is_none,
						rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
