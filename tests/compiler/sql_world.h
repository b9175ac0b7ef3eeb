/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rows of the streams of sql_gen.h, known to SQLite and to an engine
 * alike, and what each makes of a rule. A case that fails is asked again with
 * ever fewer rows, until none can be left out.
 */
#ifndef SHRIKE_TESTS_SQL_WORLD_H
#define SHRIKE_TESTS_SQL_WORLD_H

#include "front.h"
#include "sql_gen_query.h"
#include "sql_oracle.h"

#include "stream/engine.h"
#include "stream/process_table.h"

#define WORLD_ROWS 60
#define WORLD_TS_OFFSET 1000000000000

struct world {
	sqlite3 *oracle;
	struct arena arena;
	struct process_table *table;
	struct row *rows[WORLD_ROWS]; /* in total order */
	bool left_out[WORLD_ROWS];
	struct sql_gen gen;
};

static inline void world_put_value(struct buf *out, struct value v,
				   const char *quote)
{
	const char *p = v.len ? (const char *)v.p : "";
	char ip[64];

	switch ((enum value_type)v.type) {
	case VALUE_NULL:
		buf_puts(out, "NULL");
		return;
	case VALUE_TEXT:
		buf_printf(out, "%s%.*s%s", quote, (int)v.len, p, quote);
		return;
	case VALUE_IP:
		inet_ntop(v.len == 4 ? AF_INET : AF_INET6, v.p, ip, sizeof(ip));
		buf_printf(out, "%s%s%s", quote, ip, quote);
		return;
	case VALUE_DOUBLE:
		oracle_put_double(out, v.d);
		return;
	case VALUE_LIST:
		/* Elements end in NUL; each is one letter. */
		for (uint32_t i = 0; i < v.len; i += 2)
			buf_printf(out, "%s\"%c\"", i ? "," : "'[", v.p[i]);
		buf_puts(out, "]'");
		return;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_BYTES:
	case VALUE_HASH:
	case VALUE_TYPE_COUNT:
		break;
	}
	buf_printf(out, "%lld", (long long)v.i);
}

/* As SQLite shows it: enums by their spelling. */
static inline void world_put_column(struct buf *out, const struct row *row,
				    const struct sql_column *what)
{
	const struct stream *stream = catalog_stream(row->stream);
	const struct column *column =
		catalog_column(stream, what->name, strlen(what->name));
	struct value v = row_get(row, column->id);

	if (what->type == SQL_ENUM)
		buf_printf(out, "'%s'", v.i == AF_INET ? "inet" : "inet6");
	else
		world_put_value(out, v, "'");
}

static inline bool world_has(enum stream_id stream,
			     const struct sql_column *column)
{
	return column->stream == STREAM_COUNT || column->stream == stream;
}

static inline void world_open(struct world *w)
{
	struct buf sql = BUF_INIT;

	memset(w, 0, sizeof(*w));
	w->gen.chance.state = test_seed();
	w->oracle = oracle_open();
	arena_init(&w->arena, (size_t)1 << 20);
	for (unsigned s = 0; s < 2 * ARRAY_SIZE(sql_streams); s++) {
		buf_printf(&sql, "CREATE TABLE %s%s(ord",
			   catalog_stream(sql_streams[s / 2])->name,
			   s % 2 ? SQL_ALL : "");
		for (unsigned i = 0; i < ARRAY_SIZE(sql_columns); i++)
			if (world_has(sql_streams[s / 2], &sql_columns[i]))
				buf_printf(&sql, ", %s", sql_columns[i].name);
		buf_puts(&sql, ", retval);");
	}
	oracle_run(w->oracle, buf_text(&sql));
	buf_release(&sql);
}

static inline void world_close(struct world *w)
{
	sql_reset(&w->gen);
	process_table_free(w->table);
	assert_int_equal(sqlite3_close(w->oracle), SQLITE_OK);
	arena_release(&w->arena);
}

/* Does a rule see the row that does not name outcome? */
static inline bool world_is_attempt(const struct row *row)
{
	return row->stream != STREAM_NETWORK_CONNECT ||
	       row_get(row, COL_NETWORK_CONNECT_outcome).i ==
		       CONNECT_ATTEMPTED ||
	       row_get(row, COL_NETWORK_CONNECT_proto).i == IPPROTO_UDP;
}

/* And not retval either? */
static inline bool world_is_plain(const struct row *row)
{
	struct value retval = row_get(row, COL_retval);

	return world_is_attempt(row) &&
	       (retval.type != VALUE_INT || retval.i >= 0);
}

/* Into the table of the stream, or into that of all its rows. */
static inline void world_tell_row(struct buf *sql, const struct row *row,
				  unsigned r, const char *all)
{
	buf_printf(sql, "INSERT INTO %s%s VALUES(%u",
		   catalog_stream(row->stream)->name, all, r);
	for (unsigned i = 0; i < ARRAY_SIZE(sql_columns); i++) {
		if (!world_has(row->stream, &sql_columns[i]))
			continue;
		buf_puts(sql, ", ");
		world_put_column(sql, row, &sql_columns[i]);
	}
	buf_puts(sql, ", ");
	world_put_value(sql, row_get(row, COL_retval), "'");
	buf_puts(sql, ");");
}

/* The rows that are not left out. No rule here names outcome. */
static inline void world_tell(struct world *w)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "BEGIN;");
	for (unsigned s = 0; s < 2 * ARRAY_SIZE(sql_streams); s++)
		buf_printf(&sql, "DELETE FROM %s%s;",
			   catalog_stream(sql_streams[s / 2])->name,
			   s % 2 ? SQL_ALL : "");
	for (unsigned r = 0; r < WORLD_ROWS; r++) {
		const struct row *row = w->rows[r];

		if (w->left_out[r])
			continue;
		if (world_is_plain(row))
			world_tell_row(&sql, row, r, "");
		if (world_is_attempt(row))
			world_tell_row(&sql, row, r, SQL_ALL);
	}
	buf_puts(&sql, "COMMIT;");
	oracle_run(w->oracle, buf_text(&sql));
	buf_release(&sql);
}

static inline void world_print_rows(const struct world *w)
{
	struct buf line = BUF_INIT;

	for (unsigned r = 0; r < WORLD_ROWS; r++) {
		const struct row *row = w->rows[r];

		if (w->left_out[r])
			continue;
		buf_reset(&line);
		buf_printf(&line, "%u %s:", r,
			   catalog_stream(row->stream)->name);
		for (unsigned i = 0; i < ARRAY_SIZE(sql_columns); i++) {
			if (!world_has(row->stream, &sql_columns[i]))
				continue;
			buf_printf(&line, " %s=", sql_columns[i].name);
			world_put_column(&line, row, &sql_columns[i]);
		}
		buf_puts(&line, " retval=");
		world_put_value(&line, row_get(row, COL_retval), "");
		if (!world_is_plain(row))
			buf_puts(&line, ", to be asked for");
		print_error("%s\n", buf_text(&line));
	}
	buf_release(&line);
}

/* --- rows ------------------------------------------------------------------ */

static inline struct row *world_row(struct world *w, enum stream_id stream)
{
	unsigned slots = row_slots(catalog_stream(stream));
	struct row *row = arena_alloc(
		&w->arena, sizeof(*row) + slots * sizeof(row->values[0]));

	assert_non_null(row);
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)slots;
	return row;
}

static inline void world_put(struct row *row, unsigned column, struct value v)
{
	row->values[row_slot(column)] = v;
}

static inline struct value world_text(struct world *w)
{
	return value_text(SQL_PICK(&w->gen, "a", "ab", "b", "", "A", "/a/b",
				   "/a/", "%", "a_", "aaaaaaaaaaaaaaa",
				   "\303\251", "abab"));
}

static inline struct value world_ip(struct world *w, unsigned version)
{
	static const uint8_t v4[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	static const uint8_t v6[2][16] = {
		{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		{ [15] = 1 },
	};
	unsigned i = sql_below(&w->gen, 2);

	return version == 4 ? value_bytes(VALUE_IP, v4[i], 4) :
			      value_bytes(VALUE_IP, v6[i], 16);
}

static inline struct value world_int(struct world *w)
{
	static const int64_t numbers[] = { 0,	1,  2, 3,	   443,
					   443, 16, 5, 4294967295, 7 };

	return value_int(numbers[sql_below(&w->gen, ARRAY_SIZE(numbers))]);
}

/* What the record of a stream holds is never NULL, but for a path. */
static inline void world_put_own(struct world *w, struct row *row)
{
	bool v6 = sql_below(&w->gen, 3) == 0;

	switch (row->stream) {
	case STREAM_PROCESS_EXIT:
		world_put(row, COL_PROCESS_EXIT_code, world_int(w));
		break;
	case STREAM_NETWORK_CONNECT:
		world_put(row, COL_NETWORK_CONNECT_proto,
			  value_int(sql_below(&w->gen, 8) ? IPPROTO_TCP :
							    IPPROTO_UDP));
		world_put(row, COL_NETWORK_CONNECT_outcome,
			  value_int(sql_below(&w->gen, 8) ? CONNECT_ATTEMPTED :
							    CONNECT_FAILED));
		world_put(row, COL_NETWORK_CONNECT_family,
			  value_int(v6 ? AF_INET6 : AF_INET));
		world_put(row, COL_NETWORK_CONNECT_dst_ip,
			  world_ip(w, v6 ? 6 : 4));
		world_put(row, COL_NETWORK_CONNECT_dst_port, world_int(w));
		break;
	default:
		if (sql_below(&w->gen, 4))
			world_put(row, COL_FILE_OPEN_path, world_text(w));
		world_put(row, COL_FILE_OPEN_flags, world_int(w));
		world_put(row, COL_FILE_OPEN_is_write,
			  value_bool(sql_below(&w->gen, 2)));
	}
}

static inline int world_by_total_order(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return row_compare(*x, *y);
}

static inline void world_make_rows(struct world *w)
{
	for (unsigned i = 0; i < WORLD_ROWS; i++) {
		struct row *row =
			world_row(w, sql_streams[sql_below(&w->gen, 3)]);
		struct value ts;

		row->seq = i;
		row->ts = (int64_t)sql_below(&w->gen, 40) * (SQL_MS / 2);
		ts = value_int(row->ts + WORLD_TS_OFFSET);
		ts.type = VALUE_TIMESTAMP;
		world_put(row, COL_ts, ts);
		world_put(row, COL_comm, world_text(w));
		world_put(row, COL_pid_key,
			  value_int(1 + sql_below(&w->gen, 4)));
		world_put(row, COL_parent_key,
			  value_int(sql_below(&w->gen, 4)));
		world_put(row, COL_uid, value_int(sql_below(&w->gen, 4)));
		if (sql_below(&w->gen, 2))
			world_put(
				row, COL_retval,
				value_int((int64_t)sql_below(&w->gen, 5) - 1));
		world_put_own(w, row);
		w->rows[i] = row;
	}
	qsort(w->rows, WORLD_ROWS, sizeof(w->rows[0]), world_by_total_order);
}

/* Of the processes 1 to 3; nothing is known of 4. */
static inline void world_make_processes(struct world *w)
{
	const struct process_table_options options = {
		.processes_max = 16,
		.strings_bytes_max = 1 << 20,
		.linger_ns = INT64_MAX,
	};
	struct err err;

	assert_int_equal(process_table_new(&options, &w->table, &err), 0);
	for (unsigned key = 1; key <= 3; key++) {
		struct row *row = world_row(w, STREAM_PROCESS_SNAPSHOT);

		world_put(row, COL_pid_key, value_int(key));
		world_put(row, COL_PROCESS_SNAPSHOT_exec_exe, world_text(w));
		if (key != 2)
			world_put(row, COL_PROCESS_SNAPSHOT_exec_args,
				  value_bytes(VALUE_LIST, "a\0b", 4));
		world_put(row, COL_PROCESS_SNAPSHOT_exec_flags,
			  value_int(key == 3 ? EVENT_FLAG_EXE_MEMFD : 0));
		process_table_apply(w->table, row);
	}
}

/* A new world; contexts of its rows stay as they are told here. */
static inline void world_make(struct world *w)
{
	arena_release(&w->arena);
	arena_init(&w->arena, (size_t)1 << 20);
	process_table_free(w->table);
	world_make_processes(w);
	world_make_rows(w);
	for (unsigned i = 0; i < WORLD_ROWS; i++)
		process_table_apply(w->table, w->rows[i]);
	memset(w->left_out, 0, sizeof(w->left_out));
	world_tell(w);
}

/* --- the engine ------------------------------------------------------------ */

struct world_taker {
	const char *rule;
	struct lines *lines;
};

static inline int world_take(void *ctx, const struct match *match,
			     struct err *err)
{
	struct world_taker *taker = ctx;
	struct buf line = BUF_INIT;

	(void)err;
	if (strcmp(match->rule->name, taker->rule) != 0)
		return 0;
	for (unsigned i = 0; i < match->rule->output_count; i++) {
		world_put_value(&line, match->outputs[i], "");
		buf_putc(&line, '|');
	}
	lines_add(taker->lines, buf_text(&line));
	buf_release(&line);
	return 0;
}

/* What a rule means is tested here; what its quota cuts off is not. */
static inline void world_lift_quota(struct plan_node *node)
{
	if (!node)
		return;
	node->rows_per_key_max = WORLD_ROWS * WORLD_ROWS;
	if (node->runs_max > 1)
		node->runs_max = WORLD_ROWS * WORLD_ROWS;
	world_lift_quota(node->child[0]);
	world_lift_quota(node->child[1]);
}

/* The matches of the rule of that name. */
static inline void world_engine(struct world *w, const struct plan *plan,
				const char *rule, struct lines *lines)
{
	struct world_taker taker = { .rule = rule, .lines = lines };
	const struct engine_options options = {
		.on_match = world_take,
		.ctx = &taker,
		.state_bytes_max = 256 << 20,
	};
	struct engine_rule_stats stats;
	struct engine *engine;
	struct err err;

	for (unsigned i = 0; i < plan->rule_count; i++)
		world_lift_quota(plan->rules[i].root);
	assert_int_equal(engine_new(plan, &options, &engine, &err), 0);
	for (unsigned i = 0; i < WORLD_ROWS; i++)
		if (!w->left_out[i])
			assert_int_equal(engine_push(engine, w->rows[i], &err),
					 0);
	assert_int_equal(engine_advance(engine, INT64_MAX, &err), 0);
	for (unsigned i = 0; i < plan->rule_count; i++) {
		engine_rule_stats(engine, i, &stats);
		assert_int_equal(stats.evicted + stats.refused, 0);
	}
	engine_free(engine);
	lines_sort(lines);
}

/*
 * It must compile, warnings aside, with the list that SQLite has as a table.
 * NULL: a window would be out of order, or a count is compared with more than
 * is counted.
 */
static inline const struct plan *world_compile(struct front *front,
					       const char *text)
{
	struct buf all = BUF_INIT;
	const char *said;

	buf_printf(&all, "%s\nCREATE LIST few (1, 3, 443);\n", text);
	front_compile(front, buf_text(&all));
	if (front->result == COMPILE_OK) {
		/* The source lives as long as what was made of it. */
		front->text = all;
		return front->program->plan;
	}
	said = front_text(front);
	if (!strstr(said, "the window is in order of") &&
	    !strstr(said, "a count is compared with at most")) {
		print_error("%s\n%s\n", said, text);
		fail_msg("it does not compile");
	}
	buf_release(&all);
	return NULL;
}

/* --- what fails ------------------------------------------------------------ */

typedef bool world_agrees_fn(struct world *w, void *ctx);

/* Leaves out all rows without which it still fails. */
static inline void world_shrink(struct world *w, world_agrees_fn *agrees,
				void *ctx)
{
	for (bool again = true; again;) {
		again = false;
		for (unsigned i = 0; i < WORLD_ROWS; i++) {
			if (w->left_out[i])
				continue;
			w->left_out[i] = true;
			world_tell(w);
			if (agrees(w, ctx))
				w->left_out[i] = false;
			else
				again = true;
		}
	}
	world_tell(w);
}

/*
 * `count` cases in random worlds; `one` says whether its case matched. What never
 * matches would agree with anything: more than half of them have to.
 */
static inline void world_try(unsigned count, const char *what,
			     bool (*one)(struct world *w, unsigned i))
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned matched = 0;

	assert_non_null(w);
	world_open(w);
	for (unsigned i = 0; i < count; i++) {
		if (i % 10 == 0)
			world_make(w);
		matched += one(w, i);
	}
	print_message("%u of %u %s\n", matched, count, what);
	assert_true(matched > count / 2);
	world_close(w);
	free(w);
}

#endif
