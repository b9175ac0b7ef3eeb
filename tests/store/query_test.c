// SPDX-License-Identifier: Apache-2.0
/*
 * SQL over the store against a plain table of SQLite with the same rows; what
 * is refused; which index answers; limits.
 */
#include "tests/store/store_fixture.h"

#include "store/query.h"

#include <sqlite3.h>
#include <time.h>

#define MATCHES 300
#define FIRST_SEQ 3

/* --- answers as text --------------------------------------------------------- */

static void put_value(struct buf *out, struct value value)
{
	switch ((enum value_type)value.type) {
	case VALUE_INT:
		buf_printf(out, "%lld", (long long)value.i);
		break;
	case VALUE_DOUBLE:
		buf_printf(out, "%.17g", value.d);
		break;
	case VALUE_TEXT:
		buf_printf(out, "'%.*s'", (int)value.len, value.p);
		break;
	case VALUE_NULL:
		buf_puts(out, "null");
		break;
	case VALUE_BOOL:
	case VALUE_BYTES:
	case VALUE_IP:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_HASH:
	case VALUE_LIST:
	case VALUE_TYPE_COUNT:
		fail_msg("a value of type %d", value.type);
	}
}

static int collect_row(void *ctx, const struct query_row *row, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	for (unsigned i = 0; i < row->count; i++) {
		buf_puts(out, i ? "|" : "");
		put_value(out, row->values[i]);
	}
	buf_putc(out, '\n');
	return 0;
}

static void query_text(struct store *store, const char *sql, struct buf *out)
{
	struct err err = { 0 };

	buf_reset(out);
	if (store_query(store, sql, NULL, collect_row, out, &err))
		fail_msg("%s: %s", sql, err.text);
}

static void assert_answer(struct store *store, const char *sql,
			  const char *answer)
{
	struct buf out = BUF_INIT;

	query_text(store, sql, &out);
	assert_string_equal(buf_text(&out), answer);
	buf_release(&out);
}

static void plain_text(sqlite3 *db, const char *sql, struct buf *out)
{
	sqlite3_stmt *stmt;
	struct value values[8];
	struct query_row row = { .values = values };

	buf_reset(out);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	row.count = (unsigned)sqlite3_column_count(stmt);
	assert_in_range(row.count, 1, ARRAY_SIZE(values));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (unsigned i = 0; i < row.count; i++) {
			int type = sqlite3_column_type(stmt, (int)i);

			if (type == SQLITE_INTEGER)
				values[i] = value_int(
					sqlite3_column_int64(stmt, (int)i));
			else if (type == SQLITE_TEXT)
				values[i] = value_text(
					(const char *)sqlite3_column_text(
						stmt, (int)i));
			else
				values[i] = value_null();
		}
		collect_row(out, &row, NULL);
	}
	sqlite3_finalize(stmt);
}

/* --- the same rows twice ------------------------------------------------------- */

struct world {
	char *dir;
	struct store *store;
	sqlite3 *plain;
	int64_t ts[MATCHES];
};

static const char *const rules[] = { "shell", "ssh_brute", "x", "Shell" };

/* From the year 1969 to 2033, several at one instant. */
static int64_t random_ts(uint64_t *seed)
{
	return (int64_t)(next_random(seed) % 40) * 50000000000000000LL -
	       25000000000000000LL;
}

static void time_text(int64_t ns, char ret[64])
{
	time_t s = ns / 1000000000 - (ns % 1000000000 < 0);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(ret, 64, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret + n, 64 - n, ".%09lldZ",
		 (long long)(ns - (int64_t)s * 1000000000));
}

static void plain_insert(struct world *world, uint64_t n, const char *rule)
{
	char ts[64], sql[512];

	time_text(world->ts[n], ts);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO matches VALUES(%d, '%016llx%016llx', '%s', '%s',"
		 " %lld, '%s')",
		 (int)n + FIRST_SEQ,
		 (unsigned long long)(n * 0x9e3779b97f4a7c15ULL),
		 (unsigned long long)n, rule, ts, (long long)world->ts[n],
		 n % 2 ? "high" : "low");
	assert_int_equal(sqlite3_exec(world->plain, sql, NULL, NULL, NULL), 0);
}

static void fill_world(struct world *world)
{
	struct err err = { 0 };
	uint64_t seed = 77;
	struct arena arena;

	arena_init(&arena, 16 << 20);
	for (uint64_t n = 0; n < MATCHES; n++) {
		const char *rule = rules[next_random(&seed) % 4];
		struct store_match match;
		struct store_turn turn = { .moment = moment_at(1),
					   .matches = &match,
					   .match_count = 1 };

		world->ts[n] = random_ts(&seed);
		match = make_match(&arena, n, rule, world->ts[n]);
		assert_int_equal(store_commit(world->store, &turn, &err), 0);
		plain_insert(world, n, rule);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

static int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	void *dir = NULL;
	char path[128];

	if (!world || folder_setup(&dir))
		return -1;
	world->dir = dir;
	path_in(dir, "s", path);
	world->store = open_store(path, STORE_WRITE);
	begin_run(world->store, 1, false);
	assert_int_equal(sqlite3_open(":memory:", &world->plain), 0);
	assert_int_equal(
		sqlite3_exec(world->plain,
			     "CREATE TABLE matches(seq INTEGER, match_id TEXT,"
			     " rule TEXT, ts TEXT, ts_ns INTEGER,"
			     " severity TEXT)",
			     NULL, NULL, NULL),
		0);
	fill_world(world);
	end_run(world->store);
	store_close(world->store);
	world->store = open_store(path, STORE_READ);
	*state = world;
	return 0;
}

static int world_teardown(void **state)
{
	struct world *world = *state;
	void *dir = world->dir;

	store_close(world->store);
	sqlite3_close(world->plain);
	free(world);
	return folder_teardown(&dir);
}

/* --- random statements ---------------------------------------------------------- */

static const char *pick(uint64_t *seed, const char *const *texts, unsigned n)
{
	return texts[next_random(seed) % n];
}

#define PICK(...)                                        \
	pick(seed, (const char *const[]){ __VA_ARGS__ }, \
	     ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })))

static void put_seq_term(struct buf *out, uint64_t *seed)
{
	const char *op = PICK("=", "<", "<=", ">", ">=", "IS", "<>");
	int seq = (int)(next_random(seed) % (MATCHES + 20)) - 5;
	const char *quote = PICK("", "", "", "'");

	buf_printf(out, "seq %s %s%d%s%s", op, quote, seq,
		   PICK(".0", ".5", "", "", ""), quote);
}

static void put_time_term(struct buf *out, uint64_t *seed)
{
	const char *op = PICK("=", "<", "<=", ">", ">=");
	int64_t ns = random_ts(seed) + (int64_t)(next_random(seed) % 3) - 1;
	char text[64];

	if (next_random(seed) % 2) {
		buf_printf(out, "ts_ns %s %lld", op, (long long)ns);
		return;
	}
	time_text(ns, text);
	text[next_random(seed) % 31] = '\0';
	buf_printf(out, "ts %s '%s'", op, text);
}

static void put_term(struct buf *out, const char *collation, uint64_t *seed)
{
	uint64_t n = next_random(seed) % (MATCHES + 3);

	switch (next_random(seed) % 10) {
	case 0:
	case 1:
		put_seq_term(out, seed);
		break;
	case 2:
	case 3:
		put_time_term(out, seed);
		break;
	case 4:
		buf_printf(out, "match_id = '%016llx%016llx'",
			   (unsigned long long)(n * 0x9e3779b97f4a7c15ULL),
			   (unsigned long long)n);
		break;
	case 5:
		buf_printf(out, "seq IN (%d, %d, 7)", (int)(n % 90),
			   (int)(n % 200));
		break;
	case 6:
		buf_printf(out, "rule %s",
			   PICK("IN ('x', 'shell')", "= 5", "LIKE 's%'",
				"IS NULL"));
		break;
	case 7:
		buf_printf(out, "rule = 'shell' COLLATE %s", collation);
		break;
	default:
		buf_printf(out, "rule %s '%s'", PICK("=", "=", "=", "<", ">"),
			   pick(seed, rules, 4));
	}
}

static void make_statement(struct buf *out, uint64_t *seed)
{
	/* In OR, SQLite 3.40 loses NOCASE for its own indexed tables too. */
	bool any = next_random(seed) % 4 == 0;
	unsigned terms = 1 + (unsigned)(next_random(seed) % 3);

	buf_reset(out);
	buf_puts(out, "SELECT seq, match_id, rule, ts, ts_ns, severity "
		      "FROM matches WHERE ");
	for (unsigned i = 0; i < terms; i++) {
		if (i)
			buf_puts(out, any ? " OR " : " AND ");
		put_term(out, any ? "BINARY" : "NOCASE", seed);
	}
	buf_printf(out, " ORDER BY %s",
		   PICK("seq", "seq DESC", "ts_ns, seq", "ts, seq", "rule, seq",
			"severity, ts_ns DESC, seq"));
	if (next_random(seed) % 4 == 0)
		buf_puts(out, " LIMIT 5 OFFSET 2");
}

static void random_where__both_tables__same_answer(void **state)
{
	unsigned rounds = full_counts() ? 50000 : 3000;
	struct buf sql = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT;
	struct world *world = *state;
	uint64_t seed = 1234;
	unsigned rows = 0;

	for (unsigned i = 0; i < rounds; i++) {
		make_statement(&sql, &seed);
		plain_text(world->plain, buf_text(&sql), &theirs);
		query_text(world->store, buf_text(&sql), &ours);
		if (strcmp(buf_text(&ours), buf_text(&theirs)) != 0)
			fail_msg("%s:\n%s, not\n%s", buf_text(&sql),
				 buf_text(&ours), buf_text(&theirs));
		rows += ours.len > 0;
	}
	assert_true(rows > rounds / 4);
	buf_release(&sql);
	buf_release(&ours);
	buf_release(&theirs);
}

/* --- plans ------------------------------------------------------------------------ */

struct plan_row {
	char text[256];
};

static int keep_detail(void *ctx, const struct query_row *row, struct err *err)
{
	struct plan_row *plan = ctx;

	(void)err;
	snprintf(plan->text, sizeof(plan->text), "%.*s",
		 (int)row->values[row->count - 1].len,
		 row->values[row->count - 1].p);
	return 0;
}

/* SQLite names idxNum, which is enum sql_path. */
static void assert_path(struct world *world, const char *where, int path)
{
	struct plan_row plan = { "" };
	struct err err = { 0 };
	char sql[256], want[64];

	snprintf(sql, sizeof(sql),
		 "EXPLAIN QUERY PLAN SELECT * FROM matches WHERE %s", where);
	if (store_query(world->store, sql, NULL, keep_detail, &plan, &err))
		fail_msg("%s", err.text);
	snprintf(want, sizeof(want), "VIRTUAL TABLE INDEX %d:", path);
	if (!strstr(plan.text, want))
		fail_msg("%s: %s, not %s", where, plan.text, want);
}

static void constraints__plan__use_their_index(void **state)
{
	assert_path(*state, "severity = 'high'", 0);
	assert_path(*state, "seq = 5", 1);
	assert_path(*state, "seq BETWEEN 5 AND 9", 1);
	assert_path(*state, "match_id = '00'", 2);
	assert_path(*state, "rule = 'x'", 3);
	assert_path(*state, "rule = 'x' COLLATE NOCASE", 0);
	assert_path(*state, "rule = 'x' AND seq = 9", 1);
	assert_path(*state, "rule = 'none' AND seq BETWEEN 3 AND 9", 3);
	assert_path(*state, "ts_ns > 5", 4);
	assert_path(*state, "ts >= '2020-01-01'", 4);
}

/* --- the other tables --------------------------------------------------------------- */

static void evidence__of_a_match__has_catalog_columns(void **state)
{
	struct world *world = *state;

	assert_answer(world->store,
		      "SELECT match_seq, n, stream, ts, pid, exe, comm, dst_ip "
		      "FROM evidence WHERE match_seq IN (4, 5, 6)",
		      "4|0|'process.exec'|'1970-01-01T00:00:00.000000001Z'|1|"
		      "'/bin/sh'|'sh'|null\n"
		      "5|0|'process.exec'|'1970-01-01T00:00:00.000000002Z'|2|"
		      "'/bin/sh'|'sh'|null\n"
		      "5|1|'process.exec'|'1970-01-01T00:00:00.000000003Z'|3|"
		      "'/bin/sh'|'sh'|null\n");
	assert_answer(world->store,
		      "SELECT m.seq, e.pid FROM matches m JOIN evidence e "
		      "ON e.match_id = m.match_id WHERE m.seq = 5 ORDER BY 2",
		      "5|2\n5|3\n");
	assert_answer(world->store, "SELECT count(*) FROM evidence", "300\n");
}

static void matches__fields__are_json(void **state)
{
	struct world *world = *state;

	assert_answer(world->store,
		      "SELECT fields, host, attack, pid_key, events,"
		      " json_extract(fields, '$.n') FROM matches WHERE seq = 5",
		      "'{\"n\":2}'|'host'|'T1059'|8|2|2\n");
}

static void ledger__entries__in_order(void **state)
{
	struct world *world = *state;
	struct store_head head;
	struct err err = { 0 };
	char want[80] = "'";

	assert_answer(world->store,
		      "SELECT seq, type, rule IS NULL FROM ledger "
		      "WHERE seq < 3 OR seq > 302",
		      "0|'genesis'|1\n1|'open'|1\n2|'ruleset'|1\n"
		      "303|'close'|1\n");
	assert_answer(world->store,
		      "SELECT count(*) FROM ledger l JOIN matches m "
		      "ON l.seq = m.seq AND l.match_id = m.match_id "
		      "AND l.rule = m.rule",
		      "300\n");
	assert_int_equal(store_head(world->store, &head, &err), 0);
	for (int i = 0; i < 32; i++)
		sprintf(want + 1 + 2 * i, "%02x", head.chain[i]);
	strcat(want, "'\n");
	assert_answer(world->store, "SELECT chain FROM ledger WHERE seq = 303",
		      want);
}

/* --- refusals and limits ------------------------------------------------------------- */

static void other_statements__refused(void **state)
{
	static const char *const statements[] = {
		"CREATE TABLE t(a)",
		"INSERT INTO matches(seq) VALUES(1)",
		"DELETE FROM ledger",
		"UPDATE matches SET seq = 1",
		"ATTACH '/tmp/x' AS x",
		"PRAGMA journal_mode",
		"BEGIN",
		"VACUUM INTO '/tmp/x'",
		"DROP TABLE matches",
		"SELECT load_extension('x')",
		"SELECT 1; SELECT 2",
		"SELECT nothing FROM matches",
		"SELEKT",
		"",
		" -- only a comment",
	};
	struct world *world = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(statements); i++) {
		struct buf out = BUF_INIT;
		struct err err = { 0 };
		int rc = store_query(world->store, statements[i], NULL,
				     collect_row, &out, &err);

		if (rc >= 0 || err.kind != ERR_USAGE || !err.text[0])
			fail_msg("\"%s\": %d %s", statements[i], rc, err.text);
		buf_release(&out);
	}
	assert_answer(world->store, "SELECT 1; -- one", "1\n");
}

static void row_limit__partial_only_when_cut(void **state)
{
	struct query_limits limits = { .rows_max = 3 };
	struct world *world = *state;
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	assert_int_equal(store_query(world->store,
				     "SELECT seq FROM matches LIMIT 3", &limits,
				     collect_row, &out, &err),
			 QUERY_DONE);
	buf_reset(&out);
	assert_int_equal(store_query(world->store, "SELECT seq FROM matches",
				     &limits, collect_row, &out, &err),
			 QUERY_PARTIAL);
	assert_string_equal(buf_text(&out), "3\n4\n5\n");
	buf_release(&out);
}

static void deadline__endless_statement__partial(void **state)
{
	const struct query_limits limits = { .deadline_ms = 50 };
	struct world *world = *state;
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	assert_int_equal(
		store_query(world->store,
			    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
			    "SELECT x + 1 FROM c) SELECT count(*) FROM c",
			    &limits, collect_row, &out, &err),
		QUERY_PARTIAL);
	assert_int_equal(out.len, 0);
}

static int stop_here(void *ctx, const struct query_row *row, struct err *err)
{
	(void)row;
	++*(int *)ctx;
	return err_set(err, ERR_INPUT, -EPIPE, "no more");
}

static void callback__fails__ends_the_statement(void **state)
{
	struct world *world = *state;
	struct err err = { 0 };
	int calls = 0;

	assert_int_equal(store_query(world->store, "SELECT * FROM matches",
				     NULL, stop_here, &calls, &err),
			 -EPIPE);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_where__both_tables__same_answer),
		cmocka_unit_test(constraints__plan__use_their_index),
		cmocka_unit_test(evidence__of_a_match__has_catalog_columns),
		cmocka_unit_test(matches__fields__are_json),
		cmocka_unit_test(ledger__entries__in_order),
		cmocka_unit_test(other_statements__refused),
		cmocka_unit_test(row_limit__partial_only_when_cut),
		cmocka_unit_test(deadline__endless_statement__partial),
		cmocka_unit_test(callback__fails__ends_the_statement),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
