/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the store: a folder of their own, matches to commit,
 * repeatable random numbers, the database behind the store's back.
 */
#ifndef SHRIKE_TESTS_STORE_FIXTURE_H
#define SHRIKE_TESTS_STORE_FIXTURE_H

#include "support/unit.h"

#include "store/store.h"
#include "store/store_txn.h"
#include "store/verify.h"
#include "user/event/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURE __attribute__((unused)) static

FIXTURE uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dULL;
}

FIXTURE bool full_counts(void)
{
	return getenv("CHECK_FULL") != NULL;
}

FIXTURE void run_command(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
FIXTURE void run_command(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_int_equal(system(text), 0);
}

/* Each test has an empty folder; its store is at <folder>/s. */
FIXTURE int folder_setup(void **state)
{
	char *dir = strdup("/tmp/shrike-store-XXXXXX");

	*state = dir ? mkdtemp(dir) : NULL;
	return *state ? 0 : -1;
}

FIXTURE int folder_teardown(void **state)
{
	umount2(*state, MNT_DETACH); /* of a test that failed in between */
	run_command("rm -rf %s", (char *)*state);
	free(*state);
	return 0;
}

FIXTURE const char *path_in(const char *dir, const char *name, char ret[128])
{
	snprintf(ret, 128, "%s/%s", dir, name);
	return ret;
}

FIXTURE struct store *open_store(const char *dir, enum store_mode mode)
{
	const struct store_options options = { .mode = mode };
	struct err err = { 0 };
	struct store *store = NULL;

	if (store_open(dir, &options, &store, &err))
		fail_msg("%s", err.text);
	return store;
}

FIXTURE struct store_moment moment_at(int64_t ns)
{
	struct store_moment moment = { .wall_ns = ns, .boot_ns = ns };

	memset(moment.boot_id, 7, sizeof(moment.boot_id));
	return moment;
}

FIXTURE void begin_run(struct store *store, uint8_t ruleset, bool replay)
{
	struct store_run run = { .moment = moment_at(1), .replay = replay };
	struct err err = { 0 };

	memset(run.ruleset_digest, ruleset, sizeof(run.ruleset_digest));
	memset(run.seed, 3, sizeof(run.seed));
	if (store_begin(store, &run, &err))
		fail_msg("%s", err.text);
}

FIXTURE void end_run(struct store *store)
{
	const struct store_moment moment = moment_at(2);
	struct err err = { 0 };

	if (store_end(store, &moment, &err))
		fail_msg("%s", err.text);
}

/* One evidence row: an exec with its process context. */
FIXTURE struct row *make_row(struct arena *arena, uint64_t n)
{
	const struct stream *stream = catalog_stream(STREAM_PROCESS_EXEC);
	unsigned slots = row_slots(stream);
	struct context *context = arena_alloc(arena, sizeof(*context));
	struct row *row =
		arena_alloc(arena, sizeof(*row) + slots * sizeof(struct value));

	assert_non_null(row);
	assert_non_null(context);
	row->stream = STREAM_PROCESS_EXEC;
	row->value_count = (uint16_t)slots;
	row->ts = (int64_t)n;
	row->seq = n;
	row->values[COL_ts] =
		(struct value){ .type = VALUE_TIMESTAMP, .i = (int64_t)n };
	row->values[COL_mono_ns] = value_int((int64_t)n);
	row->values[COL_seq] = value_int((int64_t)n);
	row->values[COL_cpu] = value_int(0);
	row->values[COL_pid] = value_int((int64_t)(n % 1000));
	row->values[COL_pid_key] = value_int((int64_t)n + 5);
	row->values[COL_comm] = value_text("sh");
	context->size_bytes = sizeof(*context);
	context->refs = 1;
	context->values[COL_exe - COL_CONTEXT_FIRST] = value_text("/bin/sh");
	row->self = context;
	return row;
}

/* Match number `n` of `rule`; everything in it follows from the two. */
FIXTURE struct store_match make_match(struct arena *arena, uint64_t n,
				      const char *rule, int64_t ts_ns)
{
	const struct match_field field = { .name = "n",
					   .value = value_int((int64_t)n) };
	const struct row *rows[2] = { make_row(arena, n),
				      make_row(arena, n + 1) };
	struct match_doc doc = {
		.ts_ns = ts_ns,
		.host = "host",
		.rule = rule,
		.severity = n % 2 ? "high" : "low",
		.description = "a test",
		.attack = "T1059",
		.window_start_ns = ts_ns,
		.window_end_ns = ts_ns + 1,
		.coverage = "complete",
		.field_count = 1,
		.fields = &field,
		.event_count = (unsigned)(n % 3),
		.events = rows,
		.event_total = n % 3,
	};
	struct store_match match = { .ts_ns = ts_ns, .coverage = "complete" };
	struct buf payload = BUF_INIT;
	struct err err = { 0 };

	put_be64(doc.id, n * 0x9e3779b97f4a7c15ULL);
	put_be64(doc.id + 8, n);
	memcpy(match.id, doc.id, 16);
	memset(match.salt, (int)(n & 0xff), sizeof(match.salt));
	match.rule = arena_printf(arena, "%s", rule);
	match.severity = doc.severity;
	if (match_encode(&doc, &payload, &err))
		fail_msg("%s", err.text);
	match.payload = arena_copy(arena, payload.bytes, payload.len);
	match.payload_bytes = payload.len;
	buf_release(&payload);
	assert_non_null(match.payload);
	return match;
}

FIXTURE void commit_one(struct store *store, uint64_t n, const char *rule)
{
	struct arena arena;
	struct store_match match;
	struct store_turn turn = { .moment = moment_at((int64_t)n),
				   .matches = &match,
				   .match_count = 1 };
	struct err err = { 0 };

	arena_init(&arena, 1 << 20);
	match = make_match(&arena, n, rule, (int64_t)n * 1000);
	if (store_commit(store, &turn, &err))
		fail_msg("%s", err.text);
	arena_release(&arena);
}

/* A finished run of `n` matches by two rules. */
FIXTURE void make_store(const char *dir, unsigned n)
{
	struct store *store = open_store(dir, STORE_WRITE);

	begin_run(store, 1, false);
	for (unsigned i = 0; i < n; i++)
		commit_one(store, i, i % 2 ? "odd" : "even");
	end_run(store);
	store_close(store);
}

FIXTURE struct verify_report verify_with(const char *dir,
					 const struct verify_options *options)
{
	struct verify_report report = { 0 };
	struct err err = { 0 };

	if (store_verify(dir, options, &report, &err))
		fail_msg("%s", err.text);
	return report;
}

FIXTURE void assert_verified(const char *dir)
{
	const struct verify_options options = { 0 };
	struct verify_report report = verify_with(dir, &options);

	if (report.result != VERIFY_OK)
		fail_msg("result %d: %s", (int)report.result,
			 buf_text(&report.text));
	buf_release(&report.text);
}

#endif
