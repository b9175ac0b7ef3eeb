/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules as text, twice: as the compiler reads them and as SQLite does.
 * Both texts come from the same calls; only intervals, the words around the
 * query and the spelling of its end differ. Values come from small pools, so
 * that equal ones meet often.
 */
#ifndef SHRIKE_TESTS_SQL_GEN_H
#define SHRIKE_TESTS_SQL_GEN_H

#include "compiler/predicate_gen.h"

#include "user/base/buf.h"

#define SQL_INPUTS_MAX 3
#define SQL_MS 1000000

enum sql_type { SQL_INT, SQL_TEXT, SQL_BOOL, SQL_IP, SQL_ENUM, SQL_TIME };

struct sql_column {
	const char *name;
	enum sql_type type;
	enum stream_id stream; /* STREAM_COUNT: of all */
};

/* The first two are never NULL, as keys of joins and partitions. */
static const struct sql_column sql_columns[] = {
	{ "pid_key", SQL_INT, STREAM_COUNT },
	{ "uid", SQL_INT, STREAM_COUNT },
	{ "parent_key", SQL_INT, STREAM_COUNT },
	{ "ts", SQL_TIME, STREAM_COUNT },
	{ "comm", SQL_TEXT, STREAM_COUNT },
	{ "exe", SQL_TEXT, STREAM_COUNT },
	{ "name", SQL_TEXT, STREAM_COUNT },
	{ "args_count", SQL_INT, STREAM_COUNT },
	{ "exe_memfd", SQL_BOOL, STREAM_COUNT },
	{ "parent_exe", SQL_TEXT, STREAM_COUNT },
	{ "code", SQL_INT, STREAM_PROCESS_EXIT },
	{ "family", SQL_ENUM, STREAM_NETWORK_CONNECT },
	{ "dst_ip", SQL_IP, STREAM_NETWORK_CONNECT },
	{ "dst_port", SQL_INT, STREAM_NETWORK_CONNECT },
	{ "path", SQL_TEXT, STREAM_FILE_OPEN },
	{ "flags", SQL_INT, STREAM_FILE_OPEN },
	{ "is_write", SQL_BOOL, STREAM_FILE_OPEN },
};

static const enum stream_id sql_streams[] = { STREAM_PROCESS_EXIT,
					      STREAM_NETWORK_CONNECT,
					      STREAM_FILE_OPEN };

struct sql_input {
	char alias[16];
	enum stream_id stream;
	bool derived; /* a subquery: has sum and the first two columns */
};

struct sql_gen {
	struct gen chance;
	struct buf rule;
	struct buf sql;
	struct sql_input inputs[SQL_INPUTS_MAX];
	unsigned first; /* of the inputs that can be named now */
	unsigned input_count;
};

static inline void sql_put(struct sql_gen *g, const char *text)
{
	buf_puts(&g->rule, text);
	buf_puts(&g->sql, text);
}

static inline unsigned sql_below(struct sql_gen *g, unsigned n)
{
	return gen_below(&g->chance, n);
}

static inline const char *sql_pick(struct sql_gen *g, const char *const *texts,
				   unsigned count)
{
	return texts[sql_below(g, count)];
}
#define SQL_PICK(g, ...)                                        \
	sql_pick(g, (const char *const[]){ __VA_ARGS__ },       \
		 sizeof((const char *const[]){ __VA_ARGS__ }) / \
			 sizeof(const char *))

static inline void sql_interval(struct sql_gen *g, unsigned half_ms)
{
	if (half_ms % 2)
		buf_printf(&g->rule, "INTERVAL '%u.5' MILLISECOND",
			   half_ms / 2);
	else
		buf_printf(&g->rule, "interval '%u' Milliseconds", half_ms / 2);
	buf_printf(&g->sql, "%u", half_ms * (SQL_MS / 2));
}

static inline void sql_name(struct sql_gen *g, unsigned input,
			    const char *column)
{
	sql_put(g, g->inputs[input].alias);
	sql_put(g, ".");
	sql_put(g, column);
}

/* A column of a type; every input has one of INT, TEXT, BOOL and TIME. */
static inline void sql_column(struct sql_gen *g, unsigned input,
			      enum sql_type type)
{
	const struct sql_column *column;
	const struct sql_input *in = &g->inputs[input];

	if (in->derived) {
		sql_name(g, input,
			 type == SQL_INT  ? SQL_PICK(g, "pid_key", "a", "uid") :
			 type == SQL_TEXT ? "b" :
			 type == SQL_TIME ? "ts" :
					    "c");
		return;
	}
	do
		column = &sql_columns[sql_below(g, ARRAY_SIZE(sql_columns))];
	while (column->type != type || (column->stream != STREAM_COUNT &&
					column->stream != in->stream));
	sql_name(g, input, column->name);
}

static inline void sql_int(struct sql_gen *g, unsigned input, unsigned depth)
{
	unsigned kind = sql_below(g, depth ? 7 : 4);
	char number[32];

	if (kind < 2) {
		sql_column(g, input, SQL_INT);
	} else if (kind < 4) {
		snprintf(number, sizeof(number), "%s",
			 SQL_PICK(g, "0", "1", "2", "3", "-1", "443", "0x10",
				  "4294967295", "9223372036854775807",
				  "-9223372036854775808"));
		if (depth < 2 && strlen(number) > 10)
			strcpy(number, "5");
		sql_put(g, number);
	} else {
		sql_put(g, "(");
		sql_int(g, input, 0);
		sql_put(g, SQL_PICK(g, " + ", " - ", "- ", " - -1 + "));
		sql_int(g, input, 0);
		sql_put(g, ")");
	}
}

static inline const char *sql_text(struct sql_gen *g)
{
	return SQL_PICK(g, "'a'", "'ab'", "'b'", "''", "'A'", "'/a/b'",
			"'it''s'", "'/a'", "'%'", "'aaaaaaaaaaaaaaa'",
			"'\303\251'");
}

static inline const char *sql_pattern(struct sql_gen *g)
{
	return SQL_PICK(g, "'a%'", "'%b'", "'%a%'", "'_'", "'a_'", "'%'", "''",
			"'%%'", "'a'", "'/a/%'", "'%/b'", "'\\%' ESCAPE '\\'",
			"'a\\_%' escape '\\'", "'%a%b%'", "'_%'",
			"'x%%' "
			"ESCAPE 'x'",
			"'A%'", "'%''%'");
}

static inline const char *sql_compare(struct sql_gen *g)
{
	return SQL_PICK(g, " = ", " <> ", " != ", " < ", "<=", " > ", " >= ");
}

static inline unsigned sql_any(struct sql_gen *g)
{
	return g->first + sql_below(g, g->input_count - g->first);
}

static inline void sql_int_term(struct sql_gen *g, unsigned input)
{
	sql_int(g, input, 2);
	switch (sql_below(g, 4)) {
	case 0:
		sql_put(g, SQL_PICK(g, " IN (", " not in ("));
		for (unsigned i = sql_below(g, 4);; i--) {
			sql_put(g, SQL_PICK(g, "1", "2", "-3", "443", "1",
					    "NULL", "4294967295"));
			if (!i)
				break;
			sql_put(g, ", ");
		}
		sql_put(g, ")");
		break;
	case 1:
		sql_put(g, SQL_PICK(g, " BETWEEN ", " NOT BETWEEN "));
		sql_int(g, input, 1);
		sql_put(g, " AND ");
		sql_int(g, input, 1);
		break;
	default:
		sql_put(g, sql_compare(g));
		sql_int(g, sql_any(g), 2);
	}
}

static inline void sql_text_term(struct sql_gen *g, unsigned input)
{
	sql_column(g, input, SQL_TEXT);
	switch (sql_below(g, 5)) {
	case 0:
		sql_put(g, SQL_PICK(g, " IN (", " NOT IN ("));
		sql_put(g, sql_text(g));
		sql_put(g, SQL_PICK(g, ", ", ", NULL, ", ",'zz',"));
		sql_put(g, sql_text(g));
		sql_put(g, ")");
		break;
	case 1:
	case 2:
		sql_put(g, SQL_PICK(g, " LIKE ", " NOT LIKE "));
		sql_put(g, sql_pattern(g));
		break;
	case 3:
		sql_put(g, sql_compare(g));
		sql_column(g, sql_any(g), SQL_TEXT);
		break;
	default:
		sql_put(g, sql_compare(g));
		sql_put(g, sql_text(g));
	}
}

static inline void sql_bool_term(struct sql_gen *g, unsigned input)
{
	sql_column(g, input, SQL_BOOL);
	sql_put(g, SQL_PICK(g, "", " = TRUE", " <> true", " = FALSE",
			    " IS NULL", " IN (TRUE, NULL)"));
}

/* Only connections have these. */
static inline void sql_address_term(struct sql_gen *g, unsigned input)
{
	if (g->inputs[input].derived ||
	    g->inputs[input].stream != STREAM_NETWORK_CONNECT) {
		sql_text_term(g, input);
	} else if (sql_below(g, 2)) {
		sql_name(g, input, "dst_ip");
		sql_put(g, SQL_PICK(g, " = '10.0.0.1'", " <> '10.0.0.1'",
				    " IN ('10.0.0.1', '2001:db8::1')",
				    " NOT IN ('10.0.0.2', NULL)",
				    " = '2001:db8::1'"));
	} else {
		sql_name(g, input, "family");
		sql_put(g, SQL_PICK(g, " = 'inet'", " <> 'inet6'",
				    " NOT IN ('inet')"));
	}
}

static inline void sql_term(struct sql_gen *g, unsigned input)
{
	switch (sql_below(g, 8)) {
	case 0:
	case 1:
	case 2:
		sql_int_term(g, input);
		return;
	case 3:
	case 4:
		sql_text_term(g, input);
		return;
	case 5:
		sql_bool_term(g, input);
		return;
	case 6:
		sql_address_term(g, input);
		return;
	default:
		sql_column(g, input, sql_below(g, 2) ? SQL_INT : SQL_TEXT);
		sql_put(g, SQL_PICK(g, " IS NULL", " is not null"));
	}
}

static inline void sql_condition(struct sql_gen *g, unsigned input,
				 unsigned depth)
{
	unsigned kind = depth ? sql_below(g, 8) : 7;

	if (kind < 4) {
		sql_condition(g, input, depth - 1);
		sql_put(g, kind < 2 ? " AND " : "\n or ");
		sql_condition(g, input, depth - 1);
	} else if (kind == 4) {
		sql_put(g, "NOT ");
		sql_term(g, input);
	} else if (kind == 5) {
		sql_put(g, "not (");
		sql_condition(g, input, depth - 1);
		sql_put(g, ")");
	} else if (kind == 6) {
		sql_put(g, "(");
		sql_condition(g, input, depth - 1);
		sql_put(g, ")");
	} else if (sql_below(g, 40) == 0) {
		sql_put(g, SQL_PICK(g, "TRUE", "FALSE", "NULL", "1 = 1",
				    "NULL <> 2", "1 IN (2, NULL)"));
	} else {
		sql_term(g, input);
	}
}

static inline void sql_from_stream(struct sql_gen *g, unsigned input)
{
	sql_put(g, catalog_stream(g->inputs[input].stream)->name);
	sql_put(g, SQL_PICK(g, " AS ", " "));
	sql_put(g, g->inputs[input].alias);
}

/* Its columns have other names outside; the inner query sees only itself. */
static inline void sql_from_subquery(struct sql_gen *g, unsigned input)
{
	unsigned first = g->first;

	g->first = input;
	sql_put(g, "(SELECT pid_key, uid, ts, ");
	sql_int(g, input, 1);
	sql_put(g, " AS a, ");
	sql_column(g, input, SQL_TEXT);
	sql_put(g, " AS b, ");
	sql_column(g, input, SQL_BOOL);
	sql_put(g, " c FROM ");
	sql_from_stream(g, input);
	if (sql_below(g, 2)) {
		sql_put(g, " WHERE ");
		sql_condition(g, input, 1);
	}
	sql_put(g, ") AS ");
	sql_put(g, g->inputs[input].alias);
	g->inputs[input].derived = true;
	g->first = first;
}

static inline void sql_from(struct sql_gen *g, unsigned input)
{
	struct sql_input *in = &g->inputs[input];

	in->stream = sql_streams[sql_below(g, ARRAY_SIZE(sql_streams))];
	in->derived = false;
	snprintf(in->alias, sizeof(in->alias), "i%u", input);
	g->input_count = input + 1;
	if (sql_below(g, 4))
		sql_from_stream(g, input);
	else
		sql_from_subquery(g, input);
}

/* right.ts - left.ts <op> interval, in one of the ways to write it. */
static inline void sql_bound(struct sql_gen *g, unsigned right, unsigned left,
			     bool lower)
{
	bool minus = lower && sql_below(g, 2);
	bool swap = sql_below(g, 2), difference = sql_below(g, 3) == 0;
	bool strict = sql_below(g, 2);
	unsigned width = sql_below(g, 9);

	sql_put(g, " AND ");
	if (swap && !difference) {
		/* left.ts >= right.ts - width */
		sql_name(g, left, "ts");
		sql_put(g, lower  ? strict ? " < " : " <= " :
			   strict ? " > " :
				    " >= ");
		sql_name(g, right, "ts");
		sql_put(g, minus ? " + " : " - ");
		sql_interval(g, width);
		return;
	}
	sql_name(g, right, "ts");
	if (difference && !minus) {
		sql_put(g, " - ");
		sql_name(g, left, "ts");
	}
	sql_put(g, lower ? strict ? " > " : " >= " : strict ? " < " : " <= ");
	if (!difference || minus) {
		sql_name(g, left, "ts");
		sql_put(g, minus ? " - " : " + ");
	}
	sql_interval(g, width);
}

static inline void sql_join(struct sql_gen *g, unsigned input)
{
	const char *key = SQL_PICK(g, "pid_key", "uid");
	unsigned left = sql_below(g, input);

	sql_put(g, SQL_PICK(g, "\nJOIN ", "\ninner join "));
	sql_from(g, input);
	sql_put(g, " ON ");
	sql_name(g, left, key);
	sql_put(g, " = ");
	sql_name(g, input, key);
	if (sql_below(g, 3) == 0) {
		sql_put(g, " AND ");
		sql_name(g, input, "ts");
		sql_put(g, " BETWEEN ");
		sql_name(g, left, "ts");
		sql_put(g, SQL_PICK(g, " - ", " + "));
		sql_interval(g, sql_below(g, 4));
		sql_put(g, " AND ");
		sql_name(g, left, "ts");
		sql_put(g, " + ");
		sql_interval(g, sql_below(g, 9));
	} else {
		sql_bound(g, input, left, true);
		sql_bound(g, input, left, false);
	}
	if (sql_below(g, 3) == 0) {
		sql_put(g, " AND ");
		sql_name(g, sql_below(g, input), "pid_key");
		sql_put(g, " = ");
		sql_name(g, input, "uid");
	}
	if (sql_below(g, 3) == 0) {
		sql_put(g, " AND (");
		sql_condition(g, sql_any(g), 1);
		sql_put(g, ")");
	}
}

static inline void sql_where(struct sql_gen *g)
{
	if (!sql_below(g, 4))
		return;
	sql_put(g, "\nWHERE ");
	sql_condition(g, sql_any(g), 3);
}

/* The FROM items are written before the columns that they give: two parts. */
static inline void sql_select(struct sql_gen *g, unsigned inputs)
{
	struct buf rule = g->rule, sql = g->sql;
	struct buf from[2];

	g->rule = g->sql = (struct buf)BUF_INIT;
	sql_from(g, 0);
	for (unsigned i = 1; i < inputs; i++)
		sql_join(g, i);
	from[0] = g->rule;
	from[1] = g->sql;
	g->rule = rule;
	g->sql = sql;
	sql_put(g, "SELECT ");
	for (unsigned i = 0; i < inputs; i++) {
		sql_name(g, i, "ts");
		sql_put(g, ", ");
	}
	sql_int(g, sql_any(g), 2);
	sql_put(g, ", ");
	sql_column(g, sql_any(g), SQL_TEXT);
	sql_put(g, " AS shown, ");
	sql_column(g, sql_any(g), SQL_BOOL);
	sql_put(g, "\nFROM ");
	buf_put(&g->rule, from[0].bytes, from[0].len);
	buf_put(&g->sql, from[1].bytes, from[1].len);
	buf_release(&from[0]);
	buf_release(&from[1]);
	sql_where(g);
}

static inline void sql_count(struct sql_gen *g)
{
	bool many = sql_below(g, 4) == 0;
	const char *key =
		many ? NULL : SQL_PICK(g, "pid_key", "uid", "comm", NULL);

	g->inputs[0] = (struct sql_input){ .alias = "i0" };
	g->inputs[0].stream = sql_streams[sql_below(g, 3)];
	g->input_count = 1;
	sql_put(g, "SELECT t.ts, t.uid, ");
	if (sql_below(g, 2))
		sql_put(g, "t.n, ");
	sql_put(g, "t.comm FROM (SELECT i0.ts, i0.uid, i0.comm, COUNT(*) OVER "
		   "(");
	if (key) {
		sql_put(g, "PARTITION BY i0.");
		sql_put(g, key);
		sql_put(g, sql_below(g, 2) ? ", i0.parent_key" : "");
	}
	sql_put(g, " ORDER BY i0.ts RANGE BETWEEN ");
	sql_interval(g, many ? 80 : 1 + sql_below(g, 12));
	sql_put(g, " PRECEDING AND CURRENT ROW) AS n FROM ");
	sql_from_stream(g, 0);
	if (!many && sql_below(g, 2)) {
		sql_put(g, " WHERE ");
		sql_condition(g, 0, 2);
	}
	sql_put(g, ") AS t WHERE ");
	/* Above 64 a count may be forgotten, see count_enough(). */
	if (many)
		sql_put(g, SQL_PICK(g, "t.n = 66", "t.n <> 70", "t.n > 67",
				    "t.n IN (1, 68)", "t.n < 69",
				    "t.n BETWEEN 66 AND 68", "t.n - 1 > 68",
				    "t.n >= 66 OR t.n < 2"));
	else
		sql_put(g, SQL_PICK(g, "t.n >= 3", "t.n > 2 AND t.n < 6",
				    "t.n = 4", "NOT t.n <> 2", "2 <= t.n",
				    "t.n IN (1, 3, 5)", "t.n < 3",
				    "t.n BETWEEN 2 AND 4",
				    "NOT (t.n >= 2 AND t.uid = 1)", "t.uid = 1",
				    "t.n - 1 > 1", "t.n > t.uid", "t.n <= 0",
				    "t.n NOT IN (2, 9)", "t.n <> 3",
				    "t.n = 2 OR t.n >= 6"));
}

/* Whole statements. */
static inline void sql_generate(struct sql_gen *g)
{
	g->first = 0;
	g->input_count = 0;
	buf_reset(&g->rule);
	buf_reset(&g->sql);
	buf_puts(&g->rule, "CREATE RULE r WITH (severity = 'low') AS\n");
	if (sql_below(g, 4) == 0)
		sql_count(g);
	else
		sql_select(g, 1 + sql_below(g, SQL_INPUTS_MAX));
	buf_puts(&g->rule, "\nEMIT ON EVERY MATCH;");
}

#endif
