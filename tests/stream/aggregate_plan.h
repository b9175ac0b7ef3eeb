/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rows and random aggregates, for the engine and for SQLite alike. Few
 * keys, values and ts, so that ties and NULLs are common; doubles are quarters,
 * whose sums are the same in any order.
 */
#ifndef SHRIKE_TESTS_AGGREGATE_PLAN_H
#define SHRIKE_TESTS_AGGREGATE_PLAN_H

#include "stream_fixture.h"

#include "stream/engine_int.h"

#include <sqlite3.h>

#define ROWS_MAX MATCH_EVIDENCE_MAX
#define KEYS_MAX 2
#define AGGREGATES_MAX 6
#define ORDERS_MAX 2
/* realtime - boot-time; not a multiple of any window, and below 0 in sum */
#define CLOCK_OFFSET (-23)

struct test_column {
	const char *name;
	unsigned column;
	enum value_type type;
};

static const struct test_column key_columns[] = {
	{ "k", COL_pid_key, VALUE_INT },
	{ "c", COL_comm, VALUE_TEXT },
};

static const struct test_column value_columns[] = {
	{ "x", COL_uid, VALUE_INT },
	{ "d", COL_gid, VALUE_DOUBLE },
	{ "s", COL_euid, VALUE_TEXT },
};

struct fixture {
	struct arena arena;
	sqlite3 *db;
	uint64_t chance;
	struct row *rows[ROWS_MAX]; /* in total order */
	unsigned count;
	struct plan_node scan, node;
	const struct expr *keys[KEYS_MAX];
	struct plan_aggregate aggregates[AGGREGATES_MAX];
	unsigned columns[AGGREGATES_MAX]; /* of value_columns */
	struct plan_order orders[ORDERS_MAX];
	struct plan_rule rule;
	struct plan plan;
	struct plan_output outputs[TUPLE_SLOTS_MAX];
	bool with_evidence;
	bool flag_evicted;
	struct buf got, want;
	struct engine_rule_stats stats; /* when all was over */
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
	f->chance = test_seed();
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	sqlite3_close(f->db);
	arena_release(&f->arena);
	buf_release(&f->got);
	buf_release(&f->want);
	free(f);
	return 0;
}

static inline struct value double_value(double d)
{
	return (struct value){ .type = VALUE_DOUBLE, .d = d };
}

static inline struct value random_value(struct fixture *f, enum value_type type)
{
	static const char *const texts[] = { "", "a", "ab", "b",
					     "longer than a "
					     "word" };

	if (chance(&f->chance, 5) == 0)
		return value_null();
	if (type == VALUE_TEXT)
		return value_text(texts[chance(&f->chance, 5)]);
	if (type == VALUE_DOUBLE)
		return double_value((chance(&f->chance, 24) - 12.0) / 4);
	return value_int((int64_t)chance(&f->chance, 7) - 3);
}

static inline int by_total_order(const void *a, const void *b)
{
	const struct row *const *x = a;
	const struct row *const *y = b;

	return row_compare(*x, *y);
}

static inline void random_rows(struct fixture *f)
{
	unsigned span;

	f->count = 8 + chance(&f->chance, ROWS_MAX - 8);
	span = 1 + chance(&f->chance, f->count);
	for (unsigned i = 0; i < f->count; i++) {
		struct row *row = row_make(&f->arena, STREAM_FILE_OPEN,
					   chance(&f->chance, span), i);

		row_put(row, COL_ts,
			(struct value){ .type = VALUE_TIMESTAMP,
					.i = row->ts + CLOCK_OFFSET });
		row_put(row, COL_pid_key, random_value(f, VALUE_INT));
		row_put(row, COL_comm, random_value(f, VALUE_TEXT));
		for (unsigned k = 0; k < ARRAY_SIZE(value_columns); k++)
			row_put(row, value_columns[k].column,
				random_value(f, value_columns[k].type));
		f->rows[i] = row;
	}
	qsort(f->rows, f->count, sizeof(f->rows[0]), by_total_order);
}

static inline void random_aggregate(struct fixture *f, unsigned i)
{
	struct plan_aggregate *aggregate = &f->aggregates[i];
	unsigned column = chance(&f->chance, ARRAY_SIZE(value_columns));

	*aggregate = (struct plan_aggregate){
		.op = (enum plan_aggregate_op)chance(&f->chance,
						     PLAN_AGGREGATE_OP_COUNT),
		.type = VALUE_INT,
	};
	if (aggregate->op == PLAN_SUM || aggregate->op == PLAN_AVG)
		column %= 2;
	if (aggregate->op == PLAN_COUNT_DISTINCT && chance(&f->chance, 2))
		aggregate->saturate = 1 + chance(&f->chance, 3);
	f->columns[i] = column;
	if (aggregate->op != PLAN_COUNT_ROWS)
		aggregate->arg =
			expr_column(&f->arena, 0, value_columns[column].column,
				    value_columns[column].type);
}

/* A rule of one node over one scan; its outputs are its slots. */
static inline void random_rule(struct fixture *f, enum plan_kind kind,
			       unsigned keys, unsigned first_slot)
{
	static const enum stream_id streams[] = { STREAM_FILE_OPEN };
	unsigned count = 1 + chance(&f->chance, AGGREGATES_MAX);

	arena_reset(&f->arena);
	random_rows(f);
	f->scan = (struct plan_node){ .kind = PLAN_SCAN,
				      .stream = STREAM_FILE_OPEN };
	f->node = (struct plan_node){
		.kind = kind,
		.child = { &f->scan },
		.key_count = (uint8_t)keys,
		.left_keys = f->keys,
		.aggregate_count = count,
		.aggregates = f->aggregates,
		.limit = -1,
	};
	for (unsigned i = 0; i < KEYS_MAX; i++)
		f->keys[i] = expr_column(&f->arena, 0, key_columns[i].column,
					 key_columns[i].type);
	for (unsigned i = 0; i < count; i++) {
		random_aggregate(f, i);
		f->aggregates[i].slot = (uint8_t)(first_slot + i);
	}
	f->rule = (struct plan_rule){
		.name = "r",
		.root = &f->node,
		.input_count = 1,
		.input_streams = streams,
		.slot_count = first_slot + count,
		.outputs = f->outputs,
		.output_count = first_slot + count,
		.emit = kind == PLAN_GROUP ? PLAN_EMIT_CLOSE : PLAN_EMIT_EVERY,
	};
	for (unsigned i = 0; i < f->rule.slot_count; i++)
		f->outputs[i].expr = expr_slot(&f->arena, i);
	f->plan = (struct plan){ .rule_count = 1, .rules = &f->rule };
	buf_reset(&f->got);
	buf_reset(&f->want);
}

static inline void put_value(struct buf *out, struct value v)
{
	if (value_is_null(v))
		buf_puts(out, "|-");
	else if (v.type == VALUE_DOUBLE)
		buf_printf(out, "|%.17g", v.d);
	else if (v.type == VALUE_TEXT)
		buf_printf(out, "|%.*s", (int)v.len, v.p);
	else
		buf_printf(out, "|%lld", (long long)v.i);
}

/* The row that was counted, when there is one, its slots, its evidence. */
static inline int write_match(void *ctx, const struct match *match,
			      struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	if (f->flag_evicted && match->coverage == COVERAGE_EVICTED)
		buf_putc(&f->got, '!');
	if (match->rows[0]) {
		buf_printf(&f->got, "|%d", (int)match->rows[0]->seq);
	} else {
		assert_int_equal(match->ts, match->outputs[1].i - CLOCK_OFFSET);
		assert_int_equal(match->window_start,
				 match->outputs[0].i - CLOCK_OFFSET);
		assert_int_equal(match->window_end, match->ts - 1);
	}
	for (unsigned i = 0; i < match->rule->output_count; i++)
		put_value(&f->got, match->outputs[i]);
	if (f->with_evidence) {
		buf_printf(&f->got, "|%d|", (int)match->evidence_total);
		for (unsigned i = 0; i < match->evidence_count; i++)
			buf_printf(&f->got, "%s%d", i ? "," : "",
				   (int)match->evidence[i]->seq);
	}
	buf_putc(&f->got, '\n');
	return 0;
}

static inline struct engine *engine_make(struct fixture *f, uint64_t limit)
{
	const struct engine_options options = {
		.on_match = write_match,
		.ctx = f,
		.seed = { chance_next(&f->chance), 1 },
		.state_bytes_max = limit,
	};
	struct engine *engine;
	struct err err = { 0 };

	if (engine_new(&f->plan, &options, &engine, &err))
		fail_msg("%s", err.text);
	return engine;
}

/* Cut into turns anywhere, under any seed. */
static inline void run_rows(struct fixture *f, uint64_t limit)
{
	struct engine *engine = engine_make(f, limit);

	for (unsigned i = 0; i < f->count; i++) {
		int64_t cut = f->rows[i]->ts - chance(&f->chance, 4);

		if (chance(&f->chance, 3) == 0)
			assert_int_equal(engine_advance(engine, cut, NULL), 0);
		assert_int_equal(engine_push(engine, f->rows[i], NULL), 0);
		assert_true(engine->pool.used_bytes <= limit);
	}
	assert_int_equal(engine_advance(engine, INT64_MAX, NULL), 0);
	engine_rule_stats(engine, 0, &f->stats);
	assert_int_equal(f->stats.state_rows, 0);
	assert_int_equal(f->stats.state_bytes, 0);
	engine_free(engine);
}

#define STATE_BYTES ((uint64_t)64 << 20)

static inline void execute(struct fixture *f, const char *sql)
{
	if (sqlite3_exec(f->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), sql);
}

static inline void put_literal(struct buf *sql, struct value v)
{
	if (value_is_null(v))
		buf_puts(sql, ",NULL");
	else if (v.type == VALUE_DOUBLE)
		buf_printf(sql, ",%.2f", v.d);
	else if (v.type == VALUE_TEXT)
		buf_printf(sql, ",'%.*s'", (int)v.len, v.p);
	else
		buf_printf(sql, ",%lld", (long long)v.i);
}

/* t(place, id, ts, rt, k, c, x, d, s): place in total order, rt realtime. */
static inline void load_rows(struct fixture *f)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "BEGIN; DROP TABLE IF EXISTS t; CREATE TABLE t(place, "
		       "id, ts, rt, k, c, x, d, s);");
	for (unsigned i = 0; i < f->count; i++) {
		const struct row *row = f->rows[i];

		buf_printf(&sql, "INSERT INTO t VALUES(%u,%d,%d,%d", i,
			   (int)row->seq, (int)row->ts,
			   (int)row->ts + CLOCK_OFFSET);
		for (unsigned k = 0; k < KEYS_MAX; k++)
			put_literal(&sql, row_get(row, key_columns[k].column));
		for (unsigned k = 0; k < ARRAY_SIZE(value_columns); k++)
			put_literal(&sql,
				    row_get(row, value_columns[k].column));
		buf_puts(&sql, ");");
	}
	buf_puts(&sql, "COMMIT;");
	execute(f, buf_text(&sql));
	buf_release(&sql);
}

/* `COUNT(DISTINCT a.x)` */
static inline void put_call(struct buf *sql, const struct fixture *f,
			    unsigned i, const char *table)
{
	static const char *const calls[] = {
		[PLAN_COUNT_ROWS] = "COUNT(*)",
		[PLAN_COUNT_VALUES] = "COUNT(",
		[PLAN_COUNT_DISTINCT] = "COUNT(DISTINCT ",
		[PLAN_SUM] = "SUM(",
		[PLAN_AVG] = "AVG(",
		[PLAN_MIN] = "MIN(",
		[PLAN_MAX] = "MAX(",
	};

	buf_puts(sql, calls[f->aggregates[i].op]);
	if (f->aggregates[i].op != PLAN_COUNT_ROWS)
		buf_printf(sql, "%s%s)", table,
			   value_columns[f->columns[i]].name);
}

static inline void ask(struct fixture *f, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), sql);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *text =
				(const char *)sqlite3_column_text(stmt, i);

			if (!text)
				buf_puts(&f->want, "|-");
			else if (sqlite3_column_type(stmt, i) == SQLITE_FLOAT)
				buf_printf(&f->want, "|%.17g",
					   sqlite3_column_double(stmt, i));
			else
				buf_printf(&f->want, "|%s", text);
		}
		buf_putc(&f->want, '\n');
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), sql);
}

/* A rule's HAVING, ORDER BY and LIMIT, over slots that are not texts. */
static inline void random_having(struct fixture *f)
{
	unsigned i = chance(&f->chance, f->node.aggregate_count);
	struct arena *a = &f->arena;

	if (f->columns[i] < 2 && chance(&f->chance, 2))
		f->node.predicate = expr_make(
			a, EXPR_GE, expr_slot(a, f->aggregates[i].slot),
			expr_int(a, (int)chance(&f->chance, 4) - 1));
	f->node.order_count = chance(&f->chance, ORDERS_MAX + 1);
	f->node.orders = f->orders;
	for (unsigned k = 0; k < ORDERS_MAX; k++)
		f->orders[k] = (struct plan_order){
			.expr = expr_slot(
				a,
				2 + chance(&f->chance, f->rule.slot_count - 2)),
			.descending = chance(&f->chance, 2),
		};
	if (chance(&f->chance, 2))
		f->node.limit = chance(&f->chance, 4);
}

/* `, a0 ...`: the columns that put_aggregates() names. */
static inline void put_slots(struct buf *sql, const struct fixture *f)
{
	for (unsigned i = 2; i < f->rule.slot_count; i++)
		buf_printf(sql, ", slot%u", i);
}

static inline void put_aggregates(struct buf *sql, const struct fixture *f)
{
	for (unsigned i = 0; i < f->node.key_count; i++)
		buf_printf(sql, ", %s AS slot%u", key_columns[i].name, 2 + i);
	for (unsigned i = 0; i < f->node.aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &f->aggregates[i];

		if (aggregate->saturate)
			buf_printf(sql, ", min(%u, ", aggregate->saturate + 1);
		else
			buf_puts(sql, ", (");
		put_call(sql, f, i, "");
		buf_printf(sql, ") AS slot%u", aggregate->slot);
	}
}

static inline void put_having(struct buf *sql, const struct fixture *f)
{
	const struct expr *having = f->node.predicate;

	if (having)
		buf_printf(sql, " HAVING slot%u >= %d", having->args[0]->slot,
			   (int)having->args[1]->value.i);
}

/* Never of copies of the buffers: to end a text may move it. */
static inline void compare(struct fixture *f, const char *sql)
{
	const char *got = buf_text(&f->got), *want = buf_text(&f->want);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n-- engine --\n%s-- sqlite --\n%s", sql, got,
			 want);
}

static inline unsigned plans(void)
{
	return check_full() ? 2000 : 300;
}

#endif
