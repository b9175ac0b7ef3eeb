/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in FROM: streams, and what gives rows as they do: subqueries,
 * WITH queries, views, the matches of a rule; filters, sliding aggregates,
 * joins, windows. All but a stream have pid_key, uid, ts, a, b and c. In SQLite
 * each has `ord`, too: the place of a row in the total order.
 */
#ifndef SHRIKE_TESTS_SQL_GEN_FROM_H
#define SHRIKE_TESTS_SQL_GEN_FROM_H

#include "sql_gen_expr.h"

/* A name or a query in brackets, without its alias. */
static inline void sql_source(struct sql_gen *g, unsigned input,
			      unsigned depth);
static inline void sql_inner_join(struct sql_gen *g, unsigned input,
				  unsigned depth);

static inline void sql_item(struct sql_gen *g, unsigned input, unsigned depth)
{
	struct sql_input *in = &g->inputs[input];

	CHECK(input < SQL_INPUTS_MAX);
	*in = (struct sql_input){ 0 };
	snprintf(in->alias, sizeof(in->alias), "i%u", input);
	sql_source(g, input, depth);
	sql_put(g, SQL_PICK(g, " AS ", " "));
	sql_put(g, in->alias);
	g->input_count = input + 1;
}

static inline void sql_where(struct sql_gen *g, unsigned depth)
{
	const char *begin = " WHERE ";

	for (unsigned i = g->first; i < g->input_count; i++) {
		if (!g->inputs[i].asks)
			continue;
		sql_put(g, begin);
		sql_put(g, "(");
		sql_name(g, i, "retval IS NULL OR ");
		sql_name(g, i, SQL_PICK(g, "retval < 2)", "retval <> 0)"));
		begin = " AND ";
	}
	if (sql_below(g, 2)) {
		sql_put(g, begin);
		sql_put(g, "(");
		sql_condition(g, depth);
		sql_put(g, ")");
	}
}

/* In a block of its own a join's ts is when its last row came, unnamed. */
static inline void sql_derived_ts(struct sql_gen *g, unsigned input, bool apart)
{
	if (apart && g->input_count - input > 1) {
		buf_printf(&g->out.sql, "max(%s.ts, %s.ts) AS ts, ",
			   g->inputs[input].alias, g->inputs[input + 1].alias);
		return;
	}
	sql_name(g, input, "ts");
	sql_put(g, " AS ts, ");
}

/* a, b, c of the inputs that are there, or a sliding aggregate as a. */
static inline void sql_derived_outputs(struct sql_gen *g, unsigned input,
				       bool over, bool apart)
{
	sql_name(g, input, "pid_key");
	sql_put(g, " AS pid_key, ");
	sql_name(g, input, "uid");
	sql_put(g, " uid, ");
	sql_derived_ts(g, input, apart);
	if (over) {
		sql_put(g, SQL_PICK(g, "COUNT(*)", "MAX(", "count("));
		if (g->out.rule.bytes[g->out.rule.len - 1] == '(') {
			sql_int(g, 0);
			sql_put(g, ")");
		}
		sql_put(g, " OVER (PARTITION BY ");
		sql_name(g, input, SQL_PICK(g, "pid_key", "uid"));
		sql_put(g, " ORDER BY ");
		sql_name(g, input, "ts");
		sql_put(g, " RANGE BETWEEN ");
		sql_interval(g, 1 + sql_below(g, 12));
		sql_put(g, " PRECEDING AND CURRENT ROW)");
	} else {
		sql_int(g, 1);
	}
	sql_put(g, " AS a, ");
	sql_text(g, 1);
	sql_put(g, " AS b, ");
	sql_column(g, sql_any(g), SQL_BOOL);
	sql_put(g, " c");
	buf_printf(&g->out.sql, ", %s.ord AS ord", g->inputs[input].alias);
}

/* The groups of windows; they come when a window is over, by that ts. */
static inline void sql_derived_groups(struct sql_gen *g, unsigned input,
				      unsigned depth)
{
	struct sql_piece outer = sql_begin(g), from;
	unsigned size = 2 + sql_below(g, 12);
	char alias[16];

	g->joins_fit = g->joins_apart = !g->ordered;
	g->may_ask = false;
	sql_source(g, input, depth);
	g->joins_fit = g->joins_apart = false;
	from = sql_end(g, outer);
	snprintf(alias, sizeof(alias), "%s", g->inputs[input].alias);
	buf_printf(&g->out.rule,
		   "SELECT pid_key, MAX(uid) AS uid, COUNT(*) AS a, MIN(%s) AS "
		   "b, COUNT(*) > 1 AS c FROM TUMBLE(TABLE ",
		   g->inputs[input].derived ? "b" : "comm");
	buf_put(&g->out.rule, from.rule.bytes, from.rule.len);
	buf_puts(&g->out.rule, ", DESCRIPTOR(ts), ");
	buf_printf(&g->out.sql,
		   "SELECT pid_key, max(uid) AS uid, ts - ts %% %u + %u AS ts, "
		   "count(*) AS a, min(%s) AS b, count(*) > 1 AS c, min(ord) "
		   "AS ord FROM ",
		   size * (SQL_MS / 2), size * (SQL_MS / 2),
		   g->inputs[input].derived ? "b" : "comm");
	buf_put(&g->out.sql, from.sql.bytes, from.sql.len);
	sql_rule_interval(&g->out.rule, size);
	buf_printf(&g->out.rule, ") AS %s GROUP BY pid_key, window_end", alias);
	buf_printf(&g->out.sql, " AS %s GROUP BY pid_key, 3", alias);
	sql_piece_release(&from);
}

static inline void sql_derived_rows(struct sql_gen *g, unsigned input,
				    unsigned depth)
{
	bool fit = g->joins_fit, apart = g->joins_apart;
	bool over = sql_below(g, 8) == 0;
	struct sql_piece outer = sql_begin(g), from;

	g->joins_fit &= !over;
	g->groups_fit = false;
	g->may_ask = true;
	sql_item(g, input, depth ? depth - 1 : 0);
	g->may_ask = true;
	if (g->joins_fit && sql_below(g, 5) == 0 && g->joins < 3 &&
	    input + 1 < SQL_INPUTS_MAX)
		sql_inner_join(g, input + 1, 0);
	g->may_ask = false;
	from = sql_end(g, outer);
	g->joins_fit = fit;
	sql_put(g, "SELECT ");
	sql_derived_outputs(g, input, over, apart);
	sql_put(g, " FROM ");
	sql_piece_put(g, &from);
	sql_piece_release(&from);
	sql_where(g, 1);
}

static inline void sql_derived(struct sql_gen *g, unsigned input,
			       unsigned depth)
{
	unsigned first = g->first, count = g->input_count;
	bool groups_fit = g->groups_fit;

	snprintf(g->inputs[input].alias, sizeof(g->inputs[0].alias), "i%u",
		 input);
	g->first = input;
	g->groups_fit = false;
	if (groups_fit && sql_below(g, 3) == 0)
		sql_derived_groups(g, input, depth ? depth - 1 : 0);
	else
		sql_derived_rows(g, input, depth);
	g->groups_fit = groups_fit;
	g->first = first;
	g->input_count = count;
	g->inputs[input].derived = true;
	g->inputs[input].asks = false;
	snprintf(g->inputs[input].alias, sizeof(g->inputs[0].alias), "i%u",
		 input);
}

/* The query under a name of its own: a view, a rule or a WITH query. */
static inline void sql_named(struct sql_gen *g, unsigned input, unsigned depth)
{
	struct sql_piece outer = sql_begin(g), query;
	unsigned kind = sql_below(g, 3), n = g->names++, joins = g->joins;
	bool groups_fit = g->groups_fit, apart = g->joins_apart;
	bool joins_fit = g->joins_fit;
	char rule[32], sql[32];

	if (kind == 1) {
		g->groups_fit = g->joins_apart = true;
		g->joins_fit = !g->ordered;
	}
	sql_derived(g, input, depth - 1);
	g->groups_fit = groups_fit;
	g->joins_apart = apart;
	g->joins_fit = joins_fit;
	query = sql_end(g, outer);
	if (kind == 1)
		g->joins = joins;
	snprintf(rule, sizeof(rule), "%s%u",
		 kind == 0 ? "v" :
		 kind == 1 ? "matches.q" :
			     "w",
		 n);
	snprintf(sql, sizeof(sql), "n%u", n);
	sql_put_two(g, rule, sql);
	if (kind == 2) {
		buf_printf(&g->with.rule, "%s%s AS (",
			   g->with.rule.len ? ", " : "", rule);
		buf_put(&g->with.rule, query.rule.bytes, query.rule.len);
		buf_puts(&g->with.rule, ")");
	} else {
		buf_printf(&g->before.rule, "CREATE %s %s AS ",
			   kind ? "RULE" : "VIEW",
			   kind ? rule + strlen("matches.") : rule);
		buf_put(&g->before.rule, query.rule.bytes, query.rule.len);
		buf_puts(&g->before.rule,
			 kind ? " EMIT ON WINDOW CLOSE;\n" : ";\n");
	}
	buf_printf(&g->before.sql, "CREATE TEMP VIEW %s AS ", sql);
	buf_put(&g->before.sql, query.sql.bytes, query.sql.len);
	buf_puts(&g->before.sql, ";\n");
	sql_piece_release(&query);
}

static inline void sql_source(struct sql_gen *g, unsigned input, unsigned depth)
{
	struct sql_input *in = &g->inputs[input];
	unsigned kind = sql_below(g, 10);

	if (depth && kind < 2) {
		sql_put(g, "(");
		sql_derived(g, input, depth - 1);
		sql_put(g, ")");
	} else if (depth && kind < 5) {
		sql_named(g, input, depth);
	} else {
		in->derived = false;
		in->stream = sql_streams[sql_below(g, ARRAY_SIZE(sql_streams))];
		sql_put(g, catalog_stream(in->stream)->name);
		in->asks = g->may_ask && sql_below(g, 3) == 0;
		if (in->asks)
			buf_puts(&g->out.sql, SQL_ALL);
	}
}

/* right.ts - left.ts <op> interval, in one of the ways to write it. */
static inline void sql_bound(struct sql_gen *g, unsigned right, unsigned left,
			     bool lower)
{
	bool minus = lower && sql_below(g, 2);
	bool swap = sql_below(g, 2), difference = sql_below(g, 3) == 0;
	bool strict = sql_below(g, 2);
	unsigned width = lower ? sql_below(g, 9) : 3 + sql_below(g, 9);

	sql_put(g, " AND ");
	if (swap && !difference) {
		/* left.ts >= right.ts - width */
		sql_name(g, left, "ts");
		sql_put(g, lower  ? strict ? " < " : " <= " :
			   strict ? " > " :
				    " >= ");
		sql_name(g, right, "ts");
		sql_put(g, minus ? " + " : " - ");
		sql_interval(g, !lower || minus ? width : width / 3);
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
	sql_interval(g, !lower || minus ? width : width / 3);
}

/* Keys and time of two inputs. */
static inline void sql_tie(struct sql_gen *g, unsigned input, unsigned left)
{
	const struct sql_input *a = &g->inputs[left], *b = &g->inputs[input];

	if (sql_below(g, 5) == 0 && !a->derived && !b->derived) {
		/* Often NULL */
		sql_name(g, left, sql_column_of(g, a, SQL_TEXT));
		sql_put(g, " = ");
		sql_name(g, input, sql_column_of(g, b, SQL_TEXT));
	} else {
		sql_name(g, left, SQL_PICK(g, "pid_key", "uid"));
		sql_put(g, " = ");
		sql_name(g, input, SQL_PICK(g, "pid_key", "uid"));
	}
	if (sql_below(g, 6) == 0) {
		sql_put(g, " AND ");
		sql_name(g, left, sql_column_of(g, a, SQL_INT));
		sql_put(g, " = ");
		sql_name(g, input, sql_column_of(g, b, SQL_INT));
	}
	if (sql_below(g, 2)) {
		bool past = sql_below(g, 3) == 0;

		sql_put(g, " AND ");
		sql_name(g, input, "ts");
		sql_put(g, " BETWEEN ");
		sql_name(g, left, "ts");
		sql_put(g, past ? " - " : SQL_PICK(g, " - ", " + "));
		sql_interval(g, past ? 3 + sql_below(g, 9) : sql_below(g, 4));
		sql_put(g, " AND ");
		sql_name(g, left, "ts");
		sql_put(g, past ? " - " : " + ");
		sql_interval(g, past ? sql_below(g, 3) : 3 + sql_below(g, 9));
		return;
	}
	sql_bound(g, input, left, true);
	sql_bound(g, input, left, false);
}

/* An input of the query's own that is always there. */
static inline unsigned sql_sure(struct sql_gen *g, unsigned count)
{
	unsigned input;

	do
		input = g->first + sql_below(g, count - g->first);
	while (g->inputs[input].nullable);
	return input;
}

static inline void sql_on(struct sql_gen *g, unsigned input)
{
	unsigned left = sql_sure(g, input);

	sql_tie(g, input, left);
	if (sql_below(g, 4) == 0) {
		sql_put(g, " AND (");
		sql_condition(g, 1);
		sql_put(g, ")");
	}
}

static inline void sql_inner_join(struct sql_gen *g, unsigned input,
				  unsigned depth)
{
	g->joins++;
	sql_put(g, SQL_PICK(g, "\nJOIN ", "\ninner join "));
	g->joins_fit = true;
	g->groups_fit = true;
	g->joins_apart = false;
	sql_item(g, input, depth);
	g->joins_fit = g->groups_fit = false;
	sql_put(g, " ON ");
	sql_on(g, input);
}

#endif
