// SPDX-License-Identifier: Apache-2.0
/*
 * A query over views and what it stands for give the same rows: random views
 * over views, WITH queries and lists, inner and left joins, EXISTS, each asked
 * of SQLite as it was written and as it was expanded.
 */
#include "compiler/front.h"

#include "compiler/expand.h"
#include "compiler/parse.h"
#include "compiler/print.h"

#include <sqlite3.h>

#define VIEWS_MAX 5

struct differ {
	uint64_t seed;
	sqlite3 *db;
	unsigned view_count;
	struct buf views; /* CREATE VIEW ...; as rules say it */
	struct buf query;
};

static unsigned pick(struct differ *d, unsigned n)
{
	d->seed ^= d->seed << 13;
	d->seed ^= d->seed >> 7;
	d->seed ^= d->seed << 17;
	return (unsigned)((d->seed >> 11) % n);
}

static void run(struct differ *d, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(d->db, sql, NULL, NULL, &message) != SQLITE_OK)
		print_error("%s\n%s\n", sql, message);
	assert_null(message);
}

/* A column of source `i`: a stream's, or a view's. */
static const char *column_of(struct differ *d, unsigned source)
{
	static const char *const columns[][3] = {
		{ "pid", "uid", "ppid" },
		{ "pid", "uid", "ino" },
		{ "c0", "c1", "c2" },
	};

	return columns[source < 2 ? source : 2][pick(d, 3)];
}

static void put_source(struct buf *out, unsigned source)
{
	if (source < 2)
		buf_puts(out, source ? "file.open" : "process.exec");
	else
		buf_printf(out, "v%u", source - 2);
}

struct item {
	unsigned source;
	const char *alias; /* NULL: names are not qualified */
};

static void put_column(struct differ *d, struct buf *out,
		       const struct item *items, unsigned n)
{
	const struct item *item = &items[pick(d, n)];

	if (item->alias)
		buf_printf(out, "%s.", item->alias);
	buf_puts(out, column_of(d, item->source));
}

static void put_value(struct differ *d, struct buf *out,
		      const struct item *items, unsigned n)
{
	switch (pick(d, 7)) {
	case 0:
		buf_puts(out, "COALESCE(");
		put_column(d, out, items, n);
		buf_printf(out, ", %u)", pick(d, 4));
		return;
	case 1:
		buf_puts(out, "CASE WHEN ");
		put_column(d, out, items, n);
		buf_puts(out, " > 1 THEN 7 ELSE ");
		put_column(d, out, items, n);
		buf_puts(out, " END");
		return;
	case 2:
		put_column(d, out, items, n);
		buf_puts(out, pick(d, 2) ? " + " : " * ");
		put_column(d, out, items, n);
		return;
	case 3:
		buf_printf(out, "%u", pick(d, 4));
		return;
	default:
		put_column(d, out, items, n);
		return;
	}
}

static void put_term(struct differ *d, struct buf *out,
		     const struct item *items, unsigned n)
{
	static const char *const infixes[] = { " = ", " <> ", " < ", " >= " };

	switch (pick(d, 6)) {
	case 0:
		put_column(d, out, items, n);
		buf_puts(out, pick(d, 2) ? " IS NULL" : " IS NOT NULL");
		return;
	case 1:
		put_column(d, out, items, n);
		buf_puts(out, pick(d, 2) ? " IN few" : " NOT IN few");
		return;
	case 2:
		put_value(d, out, items, n);
		buf_puts(out, " BETWEEN 0 AND 2");
		return;
	default:
		put_value(d, out, items, n);
		buf_puts(out, infixes[pick(d, ARRAY_SIZE(infixes))]);
		put_value(d, out, items, n);
		return;
	}
}

static void put_condition(struct differ *d, struct buf *out,
			  const struct item *items, unsigned n)
{
	put_term(d, out, items, n);
	while (!pick(d, 3)) {
		buf_puts(out, pick(d, 2) ? " AND " : " OR ");
		put_term(d, out, items, n);
	}
}

/* SELECT ... AS c0, ... AS c1, ... AS c2, ts FROM source [WHERE ...] */
static void put_projection(struct differ *d, struct buf *out, unsigned sources)
{
	struct item item = { pick(d, sources), pick(d, 2) ? "x" : NULL };

	buf_puts(out, "SELECT ");
	for (unsigned i = 0; i < 3; i++) {
		put_value(d, out, &item, 1);
		buf_printf(out, " AS c%u, ", i);
	}
	buf_puts(out, "ts FROM ");
	put_source(out, item.source);
	if (item.alias)
		buf_printf(out, " AS %s", item.alias);
	if (!pick(d, 2))
		return;
	buf_puts(out, " WHERE ");
	put_condition(d, out, &item, 1);
}

static void put_exists(struct differ *d, struct buf *out,
		       const struct item *items, unsigned n)
{
	struct item both[4];

	memcpy(both, items, n * sizeof(*items));
	both[n] = (struct item){ pick(d, d->view_count + 2), "z" };
	buf_puts(out, pick(d, 2) ? " AND EXISTS (" : " AND NOT EXISTS (");
	buf_puts(out, "SELECT 1 FROM ");
	put_source(out, both[n].source);
	buf_puts(out, " AS z WHERE ");
	put_condition(d, out, both, n + 1);
	buf_putc(out, ')');
}

static void put_query(struct differ *d)
{
	static const char *const aliases[] = { "a", "b", "c" };
	struct buf *out = &d->query;
	struct item items[3];
	unsigned n = 1 + pick(d, 3);

	for (unsigned i = 0; i < n; i++)
		items[i] =
			(struct item){ pick(d, d->view_count + 2), aliases[i] };
	if (n == 1 && pick(d, 2))
		items[0].alias = NULL;
	buf_puts(out, "SELECT ");
	for (unsigned i = 0; i < 3; i++) {
		buf_puts(out, i ? ", " : "");
		put_value(d, out, items, n);
		buf_printf(out, " AS o%u", i);
	}
	buf_puts(out, " FROM ");
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_puts(out, pick(d, 2) ? " LEFT JOIN " : " JOIN ");
		put_source(out, items[i].source);
		if (items[i].alias)
			buf_printf(out, " AS %s", items[i].alias);
		if (!i)
			continue;
		buf_puts(out, " ON ");
		put_condition(d, out, items, i + 1);
	}
	buf_puts(out, " WHERE ");
	put_term(d, out, items, n);
	if (items[0].alias && !pick(d, 3))
		put_exists(d, out, items, n);
}

/* The last view may be a WITH query instead, which sees those before it. */
static void make(struct differ *d)
{
	bool with = !pick(d, 3);
	struct buf one = BUF_INIT;

	buf_reset(&d->views);
	buf_reset(&d->query);
	d->view_count = 1 + pick(d, VIEWS_MAX);
	for (unsigned i = 0; i < d->view_count; i++) {
		bool last = with && i + 1 == d->view_count;
		struct buf *out = last ? &d->query : &d->views;

		buf_reset(&one);
		put_projection(d, &one, i + 2);
		if (last)
			buf_printf(out, "WITH v%u AS (%s) ", i, buf_text(&one));
		else
			buf_printf(out, "CREATE VIEW v%u AS %s;\n", i,
				   buf_text(&one));
	}
	put_query(d);
	buf_release(&one);
}

/* Rows as lines, sorted. */
static void ask(struct differ *d, const char *sql, struct buf *out)
{
	struct buf all = BUF_INIT;
	sqlite3_stmt *statement = NULL;

	buf_printf(&all,
		   "SELECT quote(o0) || ' ' || quote(o1) || ' ' || quote(o2) "
		   "FROM (%s) ORDER BY 1",
		   sql);
	if (sqlite3_prepare_v2(d->db, buf_text(&all), -1, &statement, NULL) !=
	    SQLITE_OK)
		print_error("%s\n%s\n", sql, sqlite3_errmsg(d->db));
	assert_non_null(statement);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		buf_puts(out, (const char *)sqlite3_column_text(statement, 0));
		buf_putc(out, '\n');
	}
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	buf_release(&all);
}

static void expand_text(const char *text, struct buf *out)
{
	struct arena arena;
	struct compile_source source = { "x.sql", text, strlen(text) };
	struct diagnostics *diagnostics = malloc(sizeof(*diagnostics));
	struct compilation c = { .arena = &arena, .diagnostics = diagnostics };
	struct ast_program program = { 0 };
	const struct ast_rule *rule;
	bool changed;

	assert_non_null(diagnostics);
	arena_init(&arena, COMPILE_ARENA_BYTES);
	diagnostics_init(diagnostics, &arena, &source, 1);
	parse_source(&c, &source, 0, &program);
	expand_check(&c, &program);
	rule = program.rule_count ?
		       expand_rule(&c, &program, program.rules[0], &changed) :
		       NULL;
	if (rule)
		print_select(out, rule->select);
	else
		diagnostics_print(diagnostics, false, out);
	if (!rule)
		print_error("%s\n%s\n", text, buf_text(out));
	assert_non_null(rule);
	arena_release(&arena);
	free(diagnostics);
}

/* Small numbers and NULL, so that much is equal. */
static void fill(struct differ *d)
{
	struct buf sql = BUF_INIT;

	for (unsigned table = 0; table < 2; table++)
		for (unsigned i = 0; i < 8; i++) {
			buf_printf(&sql, "INSERT INTO %s VALUES (%u",
				   table ? "file.open" : "process.exec", i);
			for (unsigned k = 0; k < 3; k++) {
				unsigned value = pick(d, 5);

				if (value == 4)
					buf_puts(&sql, ", NULL");
				else
					buf_printf(&sql, ", %u", value);
			}
			buf_puts(&sql, ");");
		}
	run(d, buf_text(&sql));
	buf_release(&sql);
}

static void open_oracle(struct differ *d)
{
	assert_int_equal(sqlite3_open(":memory:", &d->db), SQLITE_OK);
	run(d, "ATTACH ':memory:' AS process; ATTACH ':memory:' AS file;"
	       "CREATE TABLE process.exec (ts, pid, uid, ppid);"
	       "CREATE TABLE file.open (ts, pid, uid, ino);"
	       "CREATE TEMP TABLE few (x); INSERT INTO few VALUES (1), (3);");
}

/* Views of the rules are views of SQLite for as long as the query is asked. */
static void ask_as_written(struct differ *d, struct buf *out)
{
	struct buf sql = BUF_INIT;
	const char *at = buf_text(&d->views), *line;

	while ((line = strstr(at, "CREATE VIEW "))) {
		const char *end = strstr(line, ";\n");

		buf_puts(&sql, "CREATE TEMP VIEW ");
		line += strlen("CREATE VIEW ");
		buf_put(&sql, line, (size_t)(end + 2 - line));
		at = end;
	}
	run(d, "SAVEPOINT views");
	run(d, buf_text(&sql));
	ask(d, buf_text(&d->query), out);
	run(d, "ROLLBACK TO views; RELEASE views");
	buf_release(&sql);
}

static void random_views__as_written_and_expanded__same_rows(void **state)
{
	const uint64_t seed = 0x5eed2029;
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 4000, rows = 0;
	struct differ d = { .seed = seed };

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)seed);
	open_oracle(&d);
	for (unsigned i = 0; i < rounds; i++) {
		struct buf text = BUF_INIT, expanded = BUF_INIT;
		struct buf a = BUF_INIT, b = BUF_INIT;

		if (i % 50 == 0) {
			run(&d, "DELETE FROM process.exec; DELETE FROM "
				"file.open");
			fill(&d);
		}
		make(&d);
		buf_printf(&text, "CREATE LIST few (1, 3);\n%s%s;",
			   buf_text(&d.views), buf_text(&d.query));
		expand_text(buf_text(&text), &expanded);
		ask_as_written(&d, &a);
		ask(&d, buf_text(&expanded), &b);
		if (strcmp(buf_text(&a), buf_text(&b)) != 0)
			print_error("round %u: %s\n%s\n", i, buf_text(&text),
				    buf_text(&expanded));
		assert_string_equal(buf_text(&a), buf_text(&b));
		rows += a.len > 0;
		buf_release(&text);
		buf_release(&expanded);
		buf_release(&a);
		buf_release(&b);
	}
	print_message("%u of %u queries give rows\n", rows, rounds);
	assert_true(rows > rounds / 2);
	sqlite3_close(d.db);
	buf_release(&d.views);
	buf_release(&d.query);
}

/* --- one name for several streams --- */

/* What fs.events is, if its name could be read as all that it stands for. */
static void open_older(struct differ *d)
{
	assert_int_equal(sqlite3_open(":memory:", &d->db), SQLITE_OK);
	run(d, "ATTACH ':memory:' AS process; ATTACH ':memory:' AS file;"
	       "ATTACH ':memory:' AS fs;"
	       "CREATE TABLE process.exec (ts, pid, pid_key);"
	       "CREATE TABLE file.open (ts, pid, pid_key, parent_key, path, "
	       "old_path, is_write, created);"
	       "CREATE TABLE file.unlink (ts, pid, pid_key, parent_key, path, "
	       "old_path);"
	       "CREATE TABLE file.rename (ts, pid, pid_key, parent_key, path, "
	       "old_path);"
	       "CREATE TABLE fs.events (pid, op, path, ts, pid_key)");
}

static void fill_older(struct differ *d)
{
	struct buf sql = BUF_INIT;

	run(d, "DELETE FROM process.exec; DELETE FROM file.open;"
	       "DELETE FROM file.unlink; DELETE FROM file.rename;"
	       "DELETE FROM fs.events");
	for (unsigned i = 0; i < 8; i++) {
		static const char *const tables[] = { "unlink", "rename" };

		buf_printf(&sql,
			   "INSERT INTO process.exec VALUES (%u, %u, %u);", i,
			   pick(d, 4), pick(d, 4));
		buf_printf(&sql,
			   "INSERT INTO file.%s VALUES (%u, %u, %u, 0, %s, 9);",
			   tables[pick(d, 2)], i, pick(d, 4), pick(d, 4),
			   pick(d, 4) ? "1" : "NULL");
		buf_printf(&sql,
			   "INSERT INTO file.open VALUES (%u, %u, %u, 0, 1, 9, "
			   "%u, %u);",
			   i, pick(d, 4), pick(d, 4), pick(d, 2), pick(d, 2));
	}
	buf_puts(&sql,
		 "INSERT INTO fs.events "
		 "SELECT pid, CASE WHEN created THEN 'create' WHEN is_write "
		 "THEN 'write' ELSE 'read' END, path, ts, pid_key "
		 "FROM file.open UNION ALL "
		 "SELECT pid, 'delete', path, ts, pid_key FROM file.unlink "
		 "UNION ALL "
		 "SELECT pid, 'rename', path, ts, pid_key FROM file.rename");
	run(d, buf_text(&sql));
	buf_release(&sql);
}

/* That it is one operation, among what else may be asked. */
static void put_demand(struct differ *d, struct buf *out)
{
	static const char *const demands[] = { "f.op = 'delete'",
					       "'rename' = f.op",
					       "f.op IN ('delete')" };
	static const char *const others[] = {
		"f.path = 1",
		"f.path IS NULL",
		"(f.pid > 1 OR f.path = 1)",
		"f.op <> 'write'",
		"f.op = 'rename'",
		"NOT f.op IN ('create', 'rename')",
	};
	bool before = pick(d, 2);

	if (before)
		buf_printf(out, "%s AND ", others[pick(d, 6)]);
	buf_puts(out, demands[pick(d, 3)]);
	if (!before && pick(d, 2))
		buf_printf(out, " AND %s", others[pick(d, 6)]);
}

static void make_older(struct differ *d)
{
	static const char *const queries[][2] = {
		{ "SELECT f.pid AS o0, f.path AS o1, f.op AS o2 "
		  "FROM fs.events f WHERE ",
		  "" },
		{ "SELECT e.ts AS o0, f.path AS o1, f.op AS o2 FROM "
		  "process.exec e JOIN fs.events f ON f.pid_key = e.pid_key "
		  "WHERE ",
		  "" },
		{ "SELECT e.ts AS o0, f.path AS o1, f.op AS o2 FROM "
		  "process.exec e LEFT JOIN fs.events f ON f.pid_key = "
		  "e.pid_key WHERE ",
		  "" },
		{ "SELECT e.ts AS o0, f.path AS o1, f.op AS o2 FROM "
		  "process.exec e LEFT JOIN fs.events f ON f.pid_key = "
		  "e.pid_key AND ",
		  "" },
		{ "SELECT e.ts AS o0, e.pid AS o1, 1 AS o2 FROM process.exec e "
		  "WHERE NOT EXISTS (SELECT 1 FROM fs.events f WHERE "
		  "f.pid_key = e.pid_key AND ",
		  ")" },
		{ "SELECT f.op AS o0, COUNT(*) AS o1, 1 AS o2 FROM fs.events f "
		  "WHERE ",
		  " GROUP BY f.op" },
	};
	const char *const *query = queries[pick(d, ARRAY_SIZE(queries))];

	buf_reset(&d->query);
	buf_puts(&d->query, query[0]);
	put_demand(d, &d->query);
	buf_puts(&d->query, query[1]);
}

static void older_name__demanded_operation__same_rows_as_of_all(void **state)
{
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 4000, rows = 0;
	struct differ d = { .seed = 0x5eed202a };

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)d.seed);
	open_older(&d);
	for (unsigned i = 0; i < rounds; i++) {
		struct buf expanded = BUF_INIT, a = BUF_INIT, b = BUF_INIT;

		if (i % 50 == 0)
			fill_older(&d);
		make_older(&d);
		ask(&d, buf_text(&d.query), &a);
		expand_text(buf_text(&d.query), &expanded);
		ask(&d, buf_text(&expanded), &b);
		if (strcmp(buf_text(&a), buf_text(&b)) != 0)
			print_error("round %u: %s\n%s\n", i, buf_text(&d.query),
				    buf_text(&expanded));
		assert_string_equal(buf_text(&a), buf_text(&b));
		assert_null(strstr(buf_text(&expanded), "fs.events"));
		rows += a.len > 0;
		buf_release(&expanded);
		buf_release(&a);
		buf_release(&b);
	}
	print_message("%u of %u queries give rows\n", rows, rounds);
	assert_true(rows > rounds / 3);
	sqlite3_close(d.db);
	buf_release(&d.query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			random_views__as_written_and_expanded__same_rows),
		cmocka_unit_test(
			older_name__demanded_operation__same_rows_as_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
