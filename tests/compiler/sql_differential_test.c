// SPDX-License-Identifier: Apache-2.0
/*
 * From SQL text to matches: random rules, printed as SQL, compiled and run by
 * the engine over random rows, must give the rows that SQLite gives for the
 * same text over the same rows. Three things are spelled anew for SQLite:
 * CREATE RULE and EMIT are left out, intervals become numbers, and TRUE is 1.
 */
#include "front.h"
#include "sql_gen.h"

#include "stream/engine.h"
#include "stream/process_table.h"

#include <arpa/inet.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 100
#define TS_OFFSET 1000000000000

struct lines {
	char **items;
	unsigned count;
};

struct fixture {
	sqlite3 *oracle;
	struct arena arena;
	struct process_table *table;
	struct row *rows[ROWS];
	struct sql_gen gen;
	struct lines want;
	struct lines got;
};

static void oracle_run(struct fixture *f, const char *sql,
		       int (*row)(void *ctx, int count, char **texts,
				  char **names))
{
	if (sqlite3_exec(f->oracle, sql, row, f, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->oracle), sql);
}

static void lines_add(struct lines *lines, const char *text)
{
	lines->items = reallocarray(lines->items, lines->count + 1,
				    sizeof(*lines->items));
	assert_non_null(lines->items);
	lines->items[lines->count] = strdup(text);
	assert_non_null(lines->items[lines->count++]);
}

static void lines_clear(struct lines *lines)
{
	while (lines->count)
		free(lines->items[--lines->count]);
	free(lines->items);
	lines->items = NULL;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void put_value(struct buf *out, struct value v, const char *quote)
{
	char ip[64];

	switch ((enum value_type)v.type) {
	case VALUE_NULL:
		buf_puts(out, "NULL");
		return;
	case VALUE_TEXT:
		buf_printf(out, "%s%.*s%s", quote, (int)v.len,
			   v.len ? (const char *)v.p : "", quote);
		return;
	case VALUE_IP:
		inet_ntop(v.len == 4 ? AF_INET : AF_INET6, v.p, ip, sizeof(ip));
		buf_printf(out, "%s%s%s", quote, ip, quote);
		return;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_BYTES:
	case VALUE_HASH:
	case VALUE_LIST:
	case VALUE_TYPE_COUNT:
		break;
	}
	buf_printf(out, "%lld", (long long)v.i);
}

/* As SQLite shows it: enums by their spelling. */
static void put_column(struct buf *out, const struct row *row,
		       const struct sql_column *what)
{
	const struct stream *stream = catalog_stream(row->stream);
	const struct column *column =
		catalog_column(stream, what->name, strlen(what->name));
	struct value v = row_get(row, column->id);

	if (what->type == SQL_ENUM)
		buf_printf(out, "'%s'", v.i == AF_INET ? "inet" : "inet6");
	else
		put_value(out, v, "'");
}

static bool has_column(const struct row *row, const struct sql_column *column)
{
	return column->stream == STREAM_COUNT || column->stream == row->stream;
}

static void create_tables(struct fixture *f)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "PRAGMA case_sensitive_like = ON;"
		       "ATTACH ':memory:' AS process;"
		       "ATTACH ':memory:' AS network;"
		       "ATTACH ':memory:' AS file;");
	for (unsigned s = 0; s < ARRAY_SIZE(sql_streams); s++) {
		struct row row = { .stream = (uint16_t)sql_streams[s] };

		buf_printf(&sql, "CREATE TABLE %s(",
			   catalog_stream(sql_streams[s])->name);
		for (unsigned i = 0; i < ARRAY_SIZE(sql_columns); i++)
			if (has_column(&row, &sql_columns[i]))
				buf_printf(&sql, "%s%s", i ? ", " : "",
					   sql_columns[i].name);
		buf_puts(&sql, ");");
	}
	oracle_run(f, buf_text(&sql), NULL);
	buf_release(&sql);
}

static void tell_rows(struct fixture *f)
{
	struct buf sql = BUF_INIT;

	for (unsigned s = 0; s < ARRAY_SIZE(sql_streams); s++)
		buf_printf(&sql, "DELETE FROM %s;",
			   catalog_stream(sql_streams[s])->name);
	for (unsigned r = 0; r < ROWS; r++) {
		const struct row *row = f->rows[r];

		process_table_apply(f->table, f->rows[r]);
		buf_printf(&sql, "INSERT INTO %s VALUES(",
			   catalog_stream(row->stream)->name);
		for (unsigned i = 0; i < ARRAY_SIZE(sql_columns); i++) {
			if (!has_column(row, &sql_columns[i]))
				continue;
			if (i)
				buf_puts(&sql, ", ");
			put_column(&sql, row, &sql_columns[i]);
		}
		buf_puts(&sql, ");");
	}
	oracle_run(f, buf_text(&sql), NULL);
	buf_release(&sql);
}

static struct row *make_row(struct fixture *f, enum stream_id stream)
{
	unsigned slots = row_slots(catalog_stream(stream));
	struct row *row = arena_alloc(
		&f->arena, sizeof(*row) + slots * sizeof(row->values[0]));

	assert_non_null(row);
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)slots;
	return row;
}

static void put(struct row *row, unsigned column, struct value v)
{
	row->values[row_slot(column)] = v;
}

static struct value some_text(struct fixture *f)
{
	return value_text(SQL_PICK(&f->gen, "a", "ab", "b", "", "A", "/a/b",
				   "/a/", "%", "a_", "aaaaaaaaaaaaaaa",
				   "\303\251", "abab"));
}

static struct value some_ip(struct fixture *f, unsigned version)
{
	static const uint8_t v4[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	static const uint8_t v6[2][16] = {
		{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		{ [15] = 1 },
	};
	unsigned i = sql_below(&f->gen, 2);

	return version == 4 ? value_bytes(VALUE_IP, v4[i], 4) :
			      value_bytes(VALUE_IP, v6[i], 16);
}

static int64_t some_int(struct fixture *f)
{
	static const int64_t numbers[] = { 0,	1,  2, 3,	   443,
					   443, 16, 5, 4294967295, 7 };

	return numbers[sql_below(&f->gen, ARRAY_SIZE(numbers))];
}

/* What the record of a stream holds is never NULL, but for a path. */
static void put_own(struct fixture *f, struct row *row)
{
	bool v6 = sql_below(&f->gen, 3) == 0;

	switch (row->stream) {
	case STREAM_PROCESS_EXIT:
		put(row, COL_PROCESS_EXIT_code, value_int(some_int(f)));
		break;
	case STREAM_NETWORK_CONNECT:
		put(row, COL_NETWORK_CONNECT_family,
		    value_int(v6 ? AF_INET6 : AF_INET));
		put(row, COL_NETWORK_CONNECT_dst_ip, some_ip(f, v6 ? 6 : 4));
		put(row, COL_NETWORK_CONNECT_dst_port, value_int(some_int(f)));
		break;
	default:
		if (sql_below(&f->gen, 4))
			put(row, COL_FILE_OPEN_path, some_text(f));
		put(row, COL_FILE_OPEN_flags, value_int(some_int(f)));
		put(row, COL_FILE_OPEN_is_write,
		    value_bool(sql_below(&f->gen, 2)));
	}
}

static int by_total_order(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return row_compare(*x, *y);
}

static void make_rows(struct fixture *f)
{
	/* Most are of one stream, so that counts grow. */
	static const unsigned pick[8] = { 0, 1, 2, 2, 2, 2, 2, 2 };

	for (unsigned i = 0; i < ROWS; i++) {
		struct row *row =
			make_row(f, sql_streams[pick[sql_below(&f->gen, 8)]]);
		struct value ts;

		row->seq = i;
		row->ts = (int64_t)sql_below(&f->gen, 40) * (SQL_MS / 2);
		ts = value_int(row->ts + TS_OFFSET);
		ts.type = VALUE_TIMESTAMP;
		put(row, COL_ts, ts);
		put(row, COL_comm, some_text(f));
		put(row, COL_pid_key, value_int(1 + sql_below(&f->gen, 4)));
		put(row, COL_parent_key, value_int(sql_below(&f->gen, 4)));
		put(row, COL_uid, value_int(sql_below(&f->gen, 4)));
		put_own(f, row);
		f->rows[i] = row;
	}
	qsort(f->rows, ROWS, sizeof(f->rows[0]), by_total_order);
}

/* Of the processes 1 to 3; nothing is known of 4. */
static void make_processes(struct fixture *f)
{
	const struct process_table_options options = {
		.processes_max = 16,
		.strings_bytes_max = 1 << 20,
		.linger_ns = INT64_MAX,
	};
	struct err err;

	assert_int_equal(process_table_new(&options, &f->table, &err), 0);
	for (unsigned key = 1; key <= 3; key++) {
		struct row *row = make_row(f, STREAM_PROCESS_SNAPSHOT);

		put(row, COL_pid_key, value_int(key));
		put(row, COL_PROCESS_SNAPSHOT_exec_exe, some_text(f));
		if (key != 2)
			put(row, COL_PROCESS_SNAPSHOT_exec_args,
			    value_bytes(VALUE_LIST, "a\0b", 4));
		put(row, COL_PROCESS_SNAPSHOT_exec_flags,
		    value_int(key == 3 ? EVENT_FLAG_EXE_MEMFD : 0));
		process_table_apply(f->table, row);
	}
}

static int take_oracle_row(void *ctx, int count, char **texts, char **names)
{
	struct fixture *f = ctx;
	struct buf line = BUF_INIT;

	(void)names;
	for (int i = 0; i < count; i++)
		buf_printf(&line, "%s|", texts[i] ? texts[i] : "NULL");
	lines_add(&f->want, buf_text(&line));
	buf_release(&line);
	return 0;
}

static int take_match(void *ctx, const struct match *match, struct err *err)
{
	struct fixture *f = ctx;
	struct buf line = BUF_INIT;

	(void)err;
	for (unsigned i = 0; i < match->rule->output_count; i++) {
		put_value(&line, match->outputs[i], "");
		buf_putc(&line, '|');
	}
	lines_add(&f->got, buf_text(&line));
	buf_release(&line);
	return 0;
}

/* What a rule means is tested here; what its quota cuts off is not. */
static void lift_quota(struct plan_node *node)
{
	if (!node)
		return;
	node->rows_per_key_max = ROWS * ROWS;
	lift_quota(node->child[0]);
	lift_quota(node->child[1]);
}

static void run_engine(struct fixture *f, const struct plan *plan)
{
	const struct engine_options options = {
		.on_match = take_match,
		.ctx = f,
		.state_bytes_max = 64 << 20,
	};
	struct engine_rule_stats stats;
	struct engine *engine;
	struct err err;

	lift_quota(plan->rules[0].root);
	assert_int_equal(engine_new(plan, &options, &engine, &err), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		process_table_apply(f->table, f->rows[i]);
		assert_int_equal(engine_push(engine, f->rows[i], &err), 0);
	}
	assert_int_equal(engine_advance(engine, INT64_MAX, &err), 0);
	engine_rule_stats(engine, 0, &stats);
	assert_int_equal(stats.evicted + stats.refused, 0);
	engine_free(engine);
}

static void lines_sort(struct lines *lines)
{
	if (lines->count)
		qsort(lines->items, lines->count, sizeof(char *), by_text);
}

static void compare(struct fixture *f)
{
	lines_sort(&f->want);
	lines_sort(&f->got);
	for (unsigned i = 0; i < f->want.count || i < f->got.count; i++) {
		const char *want = i < f->want.count ? f->want.items[i] : "-";
		const char *got = i < f->got.count ? f->got.items[i] : "-";

		if (strcmp(want, got) != 0)
			fail_msg("SQLite %s (of %u), the engine %s (of %u), "
				 "for\n%s",
				 want, f->want.count, got, f->got.count,
				 buf_text(&f->gen.rule));
	}
}

/* Returns how many rows matched. */
static unsigned one_rule(struct fixture *f)
{
	struct front front;
	unsigned count;

	sql_generate(&f->gen);
	front_compile(&front, buf_text(&f->gen.rule));
	if (front.result != COMPILE_OK)
		fail_msg("%s\n%s", front_text(&front), buf_text(&f->gen.rule));
	oracle_run(f, buf_text(&f->gen.sql), take_oracle_row);
	run_engine(f, front.program->plan);
	compare(f);
	count = f->got.count;
	lines_clear(&f->want);
	lines_clear(&f->got);
	front_release(&front);
	return count;
}

static void sql_text__random_rules__match_what_sqlite_selects(void **state)
{
	const unsigned rules = gen_full() ? 20000 : 3000;
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned matched = 0;

	(void)state;
	assert_non_null(f);
	f->gen.chance.state = gen_seed("sql_differential_test");
	arena_init(&f->arena, (size_t)256 << 20);
	assert_int_equal(sqlite3_open(":memory:", &f->oracle), SQLITE_OK);
	create_tables(f);
	for (unsigned i = 0; i < rules; i++) {
		if (i % 20 == 0) {
			arena_release(&f->arena);
			arena_init(&f->arena, (size_t)1 << 20);
			process_table_free(f->table);
			make_processes(f);
			make_rows(f);
			tell_rows(f);
		}
		matched += one_rule(f) != 0;
	}
	/* Rules that never match would agree with anything. */
	assert_true(matched > rules / 4);
	process_table_free(f->table);
	assert_int_equal(sqlite3_close(f->oracle), SQLITE_OK);
	buf_release(&f->gen.rule);
	buf_release(&f->gen.sql);
	arena_release(&f->arena);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sql_text__random_rules__match_what_sqlite_selects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
