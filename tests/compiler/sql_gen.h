/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules as text, twice: as the compiler reads them and as SQLite does.
 * Both come from the same calls; where SQLite has no such construct, the call
 * writes what it stands for. Values come from small pools, so that equal ones
 * meet often.
 *
 *   sql_gen.h        columns, names and pieces of text
 *   sql_gen_expr.h   expressions and conditions
 *   sql_gen_from.h   what stands in FROM: streams, subqueries, views ...
 *   sql_gen_query.h  joins, windows, whole rules
 */
#ifndef SHRIKE_TESTS_SQL_GEN_H
#define SHRIKE_TESTS_SQL_GEN_H

#include "compiler/predicate_gen.h"

#include "user/base/buf.h"

#define SQL_INPUTS_MAX 8
#define SQL_MS 1000000
/* Behind a stream's name: SQLite's table of what a rule may ask for, too. */
#define SQL_ALL "_all"

enum sql_type {
	SQL_INT,
	SQL_TEXT,
	SQL_BOOL,
	SQL_IP,
	SQL_ENUM,
	SQL_TIME,
	SQL_LIST,
};

struct sql_column {
	const char *name;
	enum sql_type type;
	enum stream_id stream; /* STREAM_COUNT: of all */
};

/* What follows `comm` comes from the process table and may be NULL. */
static const struct sql_column sql_columns[] = {
	{ "pid_key", SQL_INT, STREAM_COUNT },
	{ "uid", SQL_INT, STREAM_COUNT },
	{ "parent_key", SQL_INT, STREAM_COUNT },
	{ "ts", SQL_TIME, STREAM_COUNT },
	{ "comm", SQL_TEXT, STREAM_COUNT },
	{ "exe", SQL_TEXT, STREAM_COUNT },
	{ "name", SQL_TEXT, STREAM_COUNT },
	{ "args", SQL_LIST, STREAM_COUNT },
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

/* A text for the compiler and one for SQLite. */
struct sql_piece {
	struct buf rule;
	struct buf sql;
};
#define SQL_PIECE_INIT             \
	{                          \
		BUF_INIT, BUF_INIT \
	}

struct sql_input {
	char alias[16];
	enum stream_id stream;
	bool asks;     /* names retval: its table is that of all rows */
	bool derived;  /* has pid_key, uid, ts, a INT, b TEXT, c BOOL */
	bool nullable; /* of a LEFT JOIN: may be left out */
};

struct sql_gen {
	struct gen chance;
	struct sql_piece out;	 /* where sql_put() puts */
	struct sql_piece before; /* views and rules that the rule reads */
	struct sql_piece with;
	struct sql_input inputs[SQL_INPUTS_MAX];
	unsigned first; /* of the inputs that can be named now */
	unsigned input_count;
	unsigned joins; /* those of subqueries included */
	unsigned names; /* given so far to rules, views and WITH queries */
	bool closes;	/* says nothing before a window is over */
	/*
	 * What a query in FROM may be there. Of a join the ts is that of one
	 * row where the query becomes part of its reader, else the last.
	 */
	bool groups_fit;
	bool joins_fit;
	bool joins_apart;
	bool may_ask; /* a stream's WHERE follows and can name retval */
	bool unbound; /* no condition bounds the time between two inputs */
	bool ordered; /* its rows differ in `ord`: no joins, even in rules */
};

static inline void sql_put(struct sql_gen *g, const char *text)
{
	buf_puts(&g->out.rule, text);
	buf_puts(&g->out.sql, text);
}

/* Each its own. */
static inline void sql_put_two(struct sql_gen *g, const char *rule,
			       const char *sql)
{
	buf_puts(&g->out.rule, rule);
	buf_puts(&g->out.sql, sql);
}

static inline void sql_piece_put(struct sql_gen *g, struct sql_piece *piece)
{
	buf_put(&g->out.rule, piece->rule.bytes, piece->rule.len);
	buf_put(&g->out.sql, piece->sql.bytes, piece->sql.len);
}

static inline void sql_piece_release(struct sql_piece *piece)
{
	buf_release(&piece->rule);
	buf_release(&piece->sql);
}

/* What is put from here to sql_end() is a piece of its own. */
static inline struct sql_piece sql_begin(struct sql_gen *g)
{
	struct sql_piece outer = g->out;

	g->out = (struct sql_piece)SQL_PIECE_INIT;
	return outer;
}

static inline struct sql_piece sql_end(struct sql_gen *g,
				       struct sql_piece outer)
{
	struct sql_piece piece = g->out;

	g->out = outer;
	return piece;
}

/* `text` holds one %s for what the piece says. */
static inline void sql_wrap(struct buf *out, const char *text,
			    struct buf *inner)
{
	const char *at = strstr(text, "%s");

	CHECK(at);
	buf_put(out, text, (size_t)(at - text));
	buf_put(out, inner->bytes, inner->len);
	buf_puts(out, at + 2);
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

static inline void sql_rule_interval(struct buf *out, unsigned half_ms)
{
	if (half_ms % 2)
		buf_printf(out, "INTERVAL '%u.5' MILLISECOND", half_ms / 2);
	else
		buf_printf(out, "interval '%u' Milliseconds", half_ms / 2);
}

static inline void sql_interval(struct sql_gen *g, unsigned half_ms)
{
	sql_rule_interval(&g->out.rule, half_ms);
	buf_printf(&g->out.sql, "%u", half_ms * (SQL_MS / 2));
}

static inline void sql_name(struct sql_gen *g, unsigned input,
			    const char *column)
{
	sql_put(g, g->inputs[input].alias);
	sql_put(g, ".");
	sql_put(g, column);
}

static inline unsigned sql_any(struct sql_gen *g)
{
	return g->first + sql_below(g, g->input_count - g->first);
}

/* The name of one of its columns; it has one of INT, TEXT, BOOL and TIME. */
static inline const char *
sql_column_of(struct sql_gen *g, const struct sql_input *in, enum sql_type type)
{
	const struct sql_column *column;

	if (in->derived)
		return type == SQL_INT	? SQL_PICK(g, "pid_key", "a", "uid") :
		       type == SQL_TEXT ? "b" :
		       type == SQL_TIME ? "ts" :
					  "c";
	do
		column = &sql_columns[sql_below(g, ARRAY_SIZE(sql_columns))];
	while (column->type != type || (column->stream != STREAM_COUNT &&
					column->stream != in->stream));
	return column->name;
}

static inline void sql_column(struct sql_gen *g, unsigned input,
			      enum sql_type type)
{
	sql_name(g, input, sql_column_of(g, &g->inputs[input], type));
}

#endif
