/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rules: joins, sliding aggregates, windows with their groups. */
#ifndef SHRIKE_TESTS_SQL_GEN_QUERY_H
#define SHRIKE_TESTS_SQL_GEN_QUERY_H

#include "sql_gen_from.h"

#define SQL_DEPTH 2 /* of subqueries under the rule's own query */
#define SQL_AGGREGATES_MAX 4
#define SQL_KEYS_MAX 2
#define SQL_JOINS_MAX 4

/* Its first partner alone: by the place in the total order. */
static inline void sql_join_first(struct sql_gen *g, unsigned input)
{
	struct sql_piece outer = sql_begin(g), item, on;
	const char *alias = g->inputs[input].alias;

	g->groups_fit = g->ordered = true;
	sql_item(g, input, 1);
	g->groups_fit = g->ordered = false;
	item = sql_end(g, outer);
	outer = sql_begin(g);
	sql_on(g, input);
	on = sql_end(g, outer);
	sql_put(g, "\nJOIN ");
	sql_put_two(g, "FIRST ", "");
	sql_piece_put(g, &item);
	sql_put(g, " ON ");
	buf_put(&g->out.rule, on.rule.bytes, on.rule.len);
	buf_printf(&g->out.sql, "%s.ord = (SELECT %s.ord FROM ", alias, alias);
	buf_put(&g->out.sql, item.sql.bytes, item.sql.len);
	buf_puts(&g->out.sql, " WHERE ");
	buf_put(&g->out.sql, on.sql.bytes, on.sql.len);
	buf_printf(&g->out.sql, " ORDER BY %s.ts, %s.ord LIMIT 1)", alias,
		   alias);
	sql_piece_release(&item);
	sql_piece_release(&on);
}

static inline void sql_join_left(struct sql_gen *g, unsigned input)
{
	sql_put(g, SQL_PICK(g, "\nLEFT JOIN ", "\nLEFT OUTER JOIN "));
	g->joins_fit = g->joins_apart = g->groups_fit = true;
	sql_item(g, input, 1);
	g->joins_fit = g->joins_apart = g->groups_fit = false;
	sql_put(g, " ON ");
	sql_on(g, input);
	g->inputs[input].nullable = true;
	g->closes = true;
}

static inline void sql_join(struct sql_gen *g, unsigned input)
{
	unsigned kind = sql_below(g, 6);

	if (kind >= 2) {
		sql_inner_join(g, input, 1);
		return;
	}
	g->joins++;
	if (kind)
		sql_join_left(g, input);
	else
		sql_join_first(g, input);
}

static inline void sql_exists(struct sql_gen *g)
{
	unsigned input = g->input_count;
	bool not = sql_below(g, 2);

	g->joins++;
	g->closes |= not ;
	sql_put(g, not ? " NOT EXISTS (SELECT 1 FROM " :
			 " EXISTS (SELECT 1 FROM ");
	sql_item(g, input, 0);
	sql_put(g, " WHERE ");
	sql_on(g, input);
	sql_put(g, ")");
	g->input_count = input;
}

static inline void sql_outputs(struct sql_gen *g)
{
	char name[32];

	for (unsigned i = g->first; i < g->input_count; i++) {
		sql_name(g, i, "ts");
		snprintf(name, sizeof(name), " AS t%u, ", i);
		sql_put(g, name);
	}
	sql_int(g, 2);
	sql_put(g, " AS n, ");
	sql_text(g, 1);
	sql_put(g, " AS shown, ");
	if (sql_below(g, 3) == 0) {
		sql_double(g);
		sql_put(g, " d, ");
	}
	sql_column(g, sql_any(g), SQL_BOOL);
	sql_put(g, " yes");
}

/* The FROM items are written before the columns that they give: two parts. */
static inline void sql_select(struct sql_gen *g, unsigned joins)
{
	struct sql_piece outer = sql_begin(g), from;
	bool where = sql_below(g, 2);

	g->joins_fit = true;
	g->groups_fit = joins > 0;
	sql_item(g, 0, SQL_DEPTH);
	g->joins_fit = g->groups_fit = false;
	for (unsigned i = 1; i <= joins && g->joins < SQL_JOINS_MAX; i++)
		sql_join(g, i);
	from = sql_end(g, outer);
	sql_put(g, "SELECT ");
	sql_outputs(g);
	sql_put(g, "\nFROM ");
	sql_piece_put(g, &from);
	sql_piece_release(&from);
	if (where) {
		sql_put(g, "\nWHERE (");
		sql_condition(g, 2);
		sql_put(g, ")");
	}
	if (g->joins < SQL_JOINS_MAX && sql_below(g, 4) == 0) {
		sql_put(g, where ? "\n AND" : "\nWHERE");
		sql_exists(g);
	}
}

/* Under a window; refused where a row would be known too late for it. */
static inline void sql_where_exists(struct sql_gen *g)
{
	if (sql_below(g, 8)) {
		sql_where(g, 1);
		return;
	}
	sql_put(g, " WHERE");
	sql_exists(g);
}

/* --- aggregates ------------------------------------------------------------ */

struct sql_aggregate {
	const char *name; /* COUNT, or with an opening bracket */
	const char *close;
	bool distinct;
	struct sql_piece arg; /* "*" */
};

struct sql_aggregation {
	struct sql_piece keys[SQL_KEYS_MAX];
	unsigned key_count;
	struct sql_aggregate items[SQL_AGGREGATES_MAX];
	unsigned count;
	unsigned width; /* half ms */
};

static inline void sql_some_aggregate(struct sql_gen *g,
				      struct sql_aggregate *a, bool first)
{
	struct sql_piece outer = sql_begin(g);
	unsigned kind = first ? 0 : sql_below(g, 10);

	a->name = kind < 2 ? "COUNT(" :
		  kind < 4 ? "COUNT(DISTINCT " :
		  kind < 6 ? "SUM(" :
		  kind < 7 ? "AVG(" :
		  kind < 9 ? "MIN(" :
			     "max(";
	a->distinct = kind == 2 || kind == 3;
	if (kind == 0)
		sql_put(g, "*");
	else if (kind >= 4 && kind < 7 && sql_below(g, 3) == 0)
		sql_double(g);
	else if ((kind < 4 || kind > 6) && sql_below(g, 2))
		sql_text(g, 1);
	else
		sql_int(g, 1);
	a->arg = sql_end(g, outer);
}

static inline void sql_aggregation(struct sql_gen *g, struct sql_aggregation *a)
{
	memset(a, 0, sizeof(*a));
	a->key_count = sql_below(g, SQL_KEYS_MAX + 1);
	a->count = 1 + sql_below(g, SQL_AGGREGATES_MAX - 1);
	for (unsigned i = 0; i < a->key_count; i++) {
		struct sql_piece outer = sql_begin(g);

		/* One column each: keys have different names. */
		sql_column(g, sql_any(g), i ? SQL_TEXT : SQL_INT);
		a->keys[i] = sql_end(g, outer);
	}
	for (unsigned i = 0; i < a->count; i++)
		sql_some_aggregate(g, &a->items[i], i == 0);
}

static inline void sql_aggregation_release(struct sql_aggregation *a)
{
	for (unsigned i = 0; i < a->key_count; i++)
		sql_piece_release(&a->keys[i]);
	for (unsigned i = 0; i < a->count; i++)
		sql_piece_release(&a->items[i].arg);
}

/* SELECT of keys and arguments as k0 ... x0 ..., what SQLite counts. */
static inline void sql_base(struct sql_gen *g, struct sql_aggregation *a)
{
	for (unsigned i = 0; i < a->key_count; i++) {
		buf_put(&g->out.sql, a->keys[i].sql.bytes, a->keys[i].sql.len);
		buf_printf(&g->out.sql, " AS k%u, ", i);
	}
	for (unsigned i = 0; i < a->count; i++) {
		const struct buf *arg = &a->items[i].arg.sql;

		if (strcmp(buf_text(&a->items[i].arg.sql), "*") == 0)
			buf_puts(&g->out.sql, "1");
		else
			buf_put(&g->out.sql, arg->bytes, arg->len);
		buf_printf(&g->out.sql, " AS x%u, ", i);
	}
}

static inline void sql_call(struct buf *out, const struct sql_aggregate *a)
{
	buf_puts(out, a->name);
	buf_put(out, a->arg.rule.bytes, a->arg.rule.len);
	buf_puts(out, ")");
}

/* --- OVER ------------------------------------------------------------------ */

static inline void sql_over_window(struct buf *out,
				   const struct sql_aggregation *a,
				   const char *ts)
{
	buf_puts(out, " OVER (");
	for (unsigned i = 0; i < a->key_count; i++) {
		buf_puts(out, i ? ", " : "PARTITION BY ");
		buf_put(out, a->keys[i].rule.bytes, a->keys[i].rule.len);
	}
	buf_printf(out, " ORDER BY %s RANGE BETWEEN ", ts);
	sql_rule_interval(out, a->width);
	buf_puts(out, " PRECEDING AND CURRENT ROW)");
}

/* SQLite has no COUNT(DISTINCT) OVER: it asks each row's window anew. */
static inline void sql_over_for_sqlite(struct buf *out,
				       const struct sql_aggregation *a,
				       unsigned i)
{
	unsigned ns = a->width * (SQL_MS / 2);

	if (!a->items[i].distinct) {
		buf_printf(out, "%sx%u) OVER (", a->items[i].name, i);
		for (unsigned k = 0; k < a->key_count; k++)
			buf_printf(out, "%sk%u", k ? ", " : "PARTITION BY ", k);
		buf_printf(out,
			   " ORDER BY ts RANGE BETWEEN %u PRECEDING AND "
			   "CURRENT ROW)",
			   ns);
		return;
	}
	buf_printf(out,
		   "(SELECT count(DISTINCT z.x%u) FROM base z WHERE z.ts "
		   "BETWEEN base.ts - %u AND base.ts",
		   i, ns);
	for (unsigned k = 0; k < a->key_count; k++)
		buf_printf(out, " AND z.k%u = base.k%u", k, k);
	buf_puts(out, ")");
}

static inline const char *sql_threshold(struct sql_gen *g)
{
	return SQL_PICK(g, "t.n0 >= 3", "t.n0 > 2 AND t.n0 < 6", "t.n0 = 4",
			"NOT t.n0 <> 2", "2 <= t.n0", "t.n0 IN (1, 3, 5)",
			"t.n0 < 3", "t.n0 BETWEEN 2 AND 4",
			"NOT (t.n0 >= 2 AND t.uid = 1)", "t.uid = 1",
			"t.n0 - 1 > 1", "t.n0 > t.uid", "t.n0 NOT IN (2, 9)",
			"t.n0 <> 3", "t.n0 = 2 OR t.n0 >= 6",
			"t.n0 * 2 > 4 OR t.b = 'a'", "t.n0 >= 0");
}

/* The inner query, in brackets; its columns are ts, uid, b, n0, n1 ... */
static inline void sql_over_inner(struct sql_gen *g, struct sql_piece *from,
				  struct sql_aggregation *a,
				  struct sql_piece *where, unsigned last)
{
	const char *alias = g->inputs[last].alias;
	char ts[32], uid[96];

	snprintf(ts, sizeof(ts), "%s.ts", alias);
	snprintf(uid, sizeof(uid), "%s AS ts, %s.uid AS uid, ", ts, alias);
	sql_put_two(g, "(SELECT ", "(WITH base AS (SELECT ");
	sql_base(g, a);
	sql_put(g, uid);
	sql_column(g, last, SQL_TEXT);
	sql_put(g, " AS b");
	for (unsigned i = 0; i < a->count; i++) {
		buf_puts(&g->out.rule, ", ");
		sql_call(&g->out.rule, &a->items[i]);
		sql_over_window(&g->out.rule, a, ts);
		buf_printf(&g->out.rule, " AS n%u", i);
	}
	sql_put(g, " FROM ");
	sql_piece_put(g, from);
	sql_piece_put(g, where);
	buf_puts(&g->out.sql, ") SELECT ts, uid, b");
	for (unsigned i = 0; i < a->count; i++) {
		buf_puts(&g->out.sql, ", ");
		sql_over_for_sqlite(&g->out.sql, a, i);
		buf_printf(&g->out.sql, " AS n%u", i);
	}
	buf_puts(&g->out.sql, " FROM base WHERE TRUE");
	for (unsigned k = 0; k < a->key_count; k++)
		buf_printf(&g->out.sql, " AND k%u IS NOT NULL", k);
	sql_put(g, ")");
}

static inline void sql_over(struct sql_gen *g)
{
	struct sql_piece outer = sql_begin(g), from, where;
	struct sql_aggregation a;
	unsigned last = 0;
	char name[32];

	sql_item(g, 0, SQL_DEPTH - 1);
	if (sql_below(g, 4) == 0) {
		sql_inner_join(g, 1, 1);
		last = sql_below(g, 3) > 0;
	}
	from = sql_end(g, outer);
	sql_aggregation(g, &a);
	a.width = 1 + sql_below(g, 14);
	outer = sql_begin(g);
	sql_where_exists(g);
	where = sql_end(g, outer);
	sql_put(g, "SELECT t.ts AS o0, t.uid AS o1, t.b AS o2");
	for (unsigned i = 0; i < a.count; i++) {
		/* A count that is not shown may be forgotten above its most. */
		if (i == 0 && sql_below(g, 2))
			continue;
		snprintf(name, sizeof(name), ", t.n%u", i);
		sql_put(g, name);
	}
	sql_put(g, " FROM ");
	sql_over_inner(g, &from, &a, &where, last);
	sql_put(g, " AS t WHERE ");
	sql_put(g, sql_threshold(g));
	sql_piece_release(&from);
	sql_piece_release(&where);
	sql_aggregation_release(&a);
}

/* --- FIRST_SEEN ------------------------------------------------------------ */

/* The rows that satisfy the rest, of which those go that came before. */
static inline void sql_seen(struct sql_gen *g)
{
	struct sql_piece outer = sql_begin(g), from, where, outputs;
	unsigned range = 1 + sql_below(g, 20), keys = 1 + sql_below(g, 2);
	struct sql_aggregation a = { .key_count = keys };

	g->inputs[0] = (struct sql_input){ .alias = "i0" };
	g->ordered = true;
	sql_source(g, 0, SQL_DEPTH - 1);
	g->ordered = false;
	g->input_count = 1;
	from = sql_end(g, outer);
	for (unsigned i = 0; i < keys; i++) {
		outer = sql_begin(g);
		if (sql_below(g, 2))
			sql_text(g, 1);
		else
			sql_int(g, 1);
		a.keys[i] = sql_end(g, outer);
	}
	outer = sql_begin(g);
	sql_put(g, "WHERE (");
	sql_condition(g, 1);
	sql_put(g, ")");
	where = sql_end(g, outer);
	outer = sql_begin(g);
	sql_outputs(g);
	outputs = sql_end(g, outer);

	buf_printf(&g->out.rule, "SELECT %s FROM %s AS i0 %s AND FIRST_SEEN(",
		   buf_text(&outputs.rule), buf_text(&from.rule),
		   buf_text(&where.rule));
	buf_printf(&g->out.sql, "WITH base AS (SELECT *, ");
	for (unsigned i = 0; i < keys; i++) {
		buf_printf(&g->out.rule, "%s, ", buf_text(&a.keys[i].rule));
		buf_printf(&g->out.sql, "%s AS k%u%s", buf_text(&a.keys[i].sql),
			   i, i + 1 < keys ? ", " : "");
	}
	sql_rule_interval(&g->out.rule, range);
	buf_puts(&g->out.rule, ")");
	buf_printf(&g->out.sql,
		   " FROM %s AS i0 %s) SELECT %s FROM base AS i0 WHERE TRUE",
		   buf_text(&from.sql), buf_text(&where.sql),
		   buf_text(&outputs.sql));
	for (unsigned i = 0; i < keys; i++)
		buf_printf(&g->out.sql, " AND k%u IS NOT NULL", i);
	buf_printf(
		&g->out.sql,
		" AND NOT EXISTS (SELECT 1 FROM base z WHERE (z.ts, z.ord) < "
		"(i0.ts, i0.ord) AND z.ts >= i0.ts - %u",
		range * (SQL_MS / 2));
	for (unsigned i = 0; i < keys; i++)
		buf_printf(&g->out.sql, " AND z.k%u = i0.k%u", i, i);
	buf_puts(&g->out.sql, ")");
	sql_piece_release(&from);
	sql_piece_release(&where);
	sql_piece_release(&outputs);
	sql_aggregation_release(&a);
}

/* --- windows --------------------------------------------------------------- */

struct sql_group {
	struct sql_piece source; /* without its alias */
	struct sql_piece where;
	struct sql_aggregation a;
	unsigned kind;	/* TUMBLE, HOP, SESSION */
	unsigned size;	/* SESSION: maximum */
	unsigned slide; /* SESSION: gap */
};

static inline void sql_group_from(struct sql_gen *g, struct sql_group *w)
{
	struct buf *out = &g->out.rule;

	buf_puts(out, w->kind == 0 ? "TUMBLE(TABLE " :
		      w->kind == 1 ? "HOP(TABLE " :
				     "SESSION(TABLE ");
	buf_put(out, w->source.rule.bytes, w->source.rule.len);
	for (unsigned k = 0; w->kind == 2 && k < w->a.key_count; k++) {
		/* Without its alias, which is not known there. */
		const char *name = strchr(buf_text(&w->a.keys[k].rule), '.');

		buf_printf(out, "%s%s", k ? ", " : " PARTITION BY ", name + 1);
	}
	buf_puts(out, ", DESCRIPTOR(ts), ");
	if (w->kind) {
		sql_rule_interval(out, w->slide);
		buf_puts(out, ", ");
	}
	sql_rule_interval(out, w->size);
	buf_printf(out, ") AS %s", g->inputs[0].alias);
}

/* w: base with the window of each row; a row of HOP has several. */
static inline void sql_group_windows(struct sql_gen *g, struct sql_group *w)
{
	struct buf *out = &g->out.sql;
	unsigned slide = (w->kind ? w->slide : w->size) * (SQL_MS / 2);
	unsigned size = w->size * (SQL_MS / 2);

	if (w->kind < 2) {
		buf_printf(out,
			   "w AS (SELECT base.*, ts - ts %% %u - n * %u AS ws, "
			   "ts - ts %% %u - n * %u + %u AS we FROM base JOIN "
			   "numbers WHERE n < %u), ",
			   slide, slide, slide, slide, size, size / slide);
		return;
	}
	buf_puts(out, "p AS (SELECT base.*, row_number() OVER (");
	for (unsigned k = 0; k < w->a.key_count; k++)
		buf_printf(out, "%sk%u", k ? ", " : "PARTITION BY ", k);
	buf_printf(out,
		   " ORDER BY ts, ord) AS at FROM base), "
		   "s AS (SELECT p.*, ts AS ws FROM p WHERE at = 1 UNION ALL "
		   "SELECT p.*, CASE WHEN p.ts >= s.ts + %u OR p.ts >= s.ws + "
		   "%u THEN p.ts ELSE s.ws END FROM s JOIN p ON p.at = s.at + "
		   "1",
		   slide, size);
	for (unsigned k = 0; k < w->a.key_count; k++)
		buf_printf(out, " AND p.k%u IS s.k%u", k, k);
	buf_printf(out,
		   "), w AS (SELECT s.*, min(ws + %u, %u + max(ts) OVER "
		   "(PARTITION BY ",
		   size, slide);
	for (unsigned k = 0; k < w->a.key_count; k++)
		buf_printf(out, "k%u, ", k);
	buf_puts(out, "ws)) AS we FROM s), ");
}

static inline const char *sql_having(struct sql_gen *g)
{
	return SQL_PICK(g, "", "", " HAVING COUNT(*) > 1",
			" HAVING COUNT(*) % 2 = 1 OR COUNT(*) > 4",
			" HAVING NOT COUNT(*) < 2",
			" HAVING COUNT(*) BETWEEN 1 AND 5");
}

/* Names for the outputs of the rule; SQLite's side has them as k0, n0 ... */
static inline void sql_group_outputs(struct sql_gen *g, struct sql_group *w)
{
	struct buf *rule = &g->out.rule, *sql = &g->out.sql;

	if (sql_below(g, 2))
		sql_put_two(g, "window_start, ", "ws, ");
	sql_put_two(g, "window_end", "we");
	for (unsigned k = 0; k < w->a.key_count; k++) {
		buf_puts(rule, ", ");
		buf_put(rule, w->a.keys[k].rule.bytes, w->a.keys[k].rule.len);
		buf_printf(rule, " AS o%u", k);
		buf_printf(sql, ", k%u", k);
	}
	for (unsigned i = 0; i < w->a.count; i++) {
		buf_puts(rule, ", ");
		sql_call(rule, &w->a.items[i]);
		buf_printf(rule, " AS n%u", i);
		buf_printf(sql, ", n%u", i);
	}
	if (sql_below(g, 3) == 0)
		sql_put_two(g, ", COUNT(*) * 2 + 1 AS more", ", n0 * 2 + 1");
}

/* ORDER BY and LIMIT are of each window; the keys leave no peers. */
static inline void sql_group_limit(struct sql_gen *g, struct sql_group *w,
				   struct buf *order)
{
	unsigned limit = 1 + sql_below(g, 3), i = sql_below(g, w->a.count);
	bool descending = sql_below(g, 2);

	if (w->kind == 2 || sql_below(g, 2))
		return;
	buf_printf(order, "n%u %s", i, descending ? "DESC" : "ASC");
	buf_puts(&g->out.rule, " ORDER BY ");
	if (sql_below(g, 2))
		buf_printf(&g->out.rule, "n%u", i);
	else
		sql_call(&g->out.rule, &w->a.items[i]);
	buf_puts(&g->out.rule, descending ? " DESC" : "");
	for (unsigned k = 0; k < w->a.key_count; k++) {
		descending = sql_below(g, 2);
		buf_printf(order, ", k%u%s", k, descending ? " DESC" : "");
		buf_puts(&g->out.rule, ", ");
		buf_put(&g->out.rule, w->a.keys[k].rule.bytes,
			w->a.keys[k].rule.len);
		buf_puts(&g->out.rule, descending ? " DESC" : "");
	}
	buf_printf(&g->out.rule, " LIMIT %u", limit);
	buf_printf(&g->out.sql, " WHERE at <= %u", limit);
}

/* WITH base, its windows, its groups with their places in their window. */
static inline struct buf sql_group_tables(struct sql_gen *g,
					  struct sql_group *w,
					  const char *having, struct buf *order)
{
	struct sql_piece outer = sql_begin(g), ret;
	struct buf *sql = &g->out.sql;

	buf_puts(sql, "(WITH RECURSIVE base AS (SELECT ");
	sql_base(g, &w->a);
	buf_printf(sql, "%s.ts AS ts, %s.ord AS ord FROM ", g->inputs[0].alias,
		   g->inputs[0].alias);
	buf_put(sql, w->source.sql.bytes, w->source.sql.len);
	buf_printf(sql, " AS %s", g->inputs[0].alias);
	buf_put(sql, w->where.sql.bytes, w->where.sql.len);
	buf_puts(sql, "), ");
	sql_group_windows(g, w);
	buf_puts(sql, "g AS (SELECT ws, we");
	for (unsigned k = 0; k < w->a.key_count; k++)
		buf_printf(sql, ", k%u", k);
	for (unsigned i = 0; i < w->a.count; i++)
		buf_printf(sql, ", %sx%u) AS n%u", w->a.items[i].name, i, i);
	buf_puts(sql, " FROM w GROUP BY ws, we");
	for (unsigned k = 0; k < w->a.key_count; k++)
		buf_printf(sql, ", k%u", k);
	buf_printf(sql,
		   "%s) SELECT *, row_number() OVER (PARTITION BY ws, we %s%s) "
		   "AS at FROM g)",
		   having, order->len ? "ORDER BY " : "", buf_text(order));
	ret = sql_end(g, outer);
	buf_release(&ret.rule);
	return ret.sql;
}

static inline void sql_group_write(struct sql_gen *g, struct sql_group *w)
{
	const char *having = sql_having(g);
	struct buf order = BUF_INIT, tables, limit;
	struct sql_piece outer;

	sql_put(g, "SELECT ");
	sql_group_outputs(g, w);
	sql_put(g, "\nFROM ");
	sql_group_from(g, w);
	buf_put(&g->out.rule, w->where.rule.bytes, w->where.rule.len);
	if (w->a.key_count || sql_below(g, 2)) {
		buf_puts(&g->out.rule, "\nGROUP BY ");
		if (!w->a.key_count || sql_below(g, 2))
			buf_printf(&g->out.rule, "window_end%s",
				   w->a.key_count ? ", " : "");
		for (unsigned k = 0; k < w->a.key_count; k++) {
			buf_puts(&g->out.rule, k ? ", " : "");
			buf_put(&g->out.rule, w->a.keys[k].rule.bytes,
				w->a.keys[k].rule.len);
		}
	}
	buf_puts(&g->out.rule, having);
	outer = sql_begin(g);
	sql_group_limit(g, w, &order);
	buf_put(&outer.rule, g->out.rule.bytes, g->out.rule.len);
	limit = g->out.sql;
	buf_release(&g->out.rule);
	g->out = outer;
	tables = sql_group_tables(g, w, having, &order);
	buf_put(&g->out.sql, tables.bytes, tables.len);
	buf_put(&g->out.sql, limit.bytes, limit.len);
	buf_release(&tables);
	buf_release(&limit);
	buf_release(&order);
}

static inline void sql_group(struct sql_gen *g)
{
	struct sql_group w = { .kind = sql_below(g, 3) };
	struct sql_piece outer = sql_begin(g);

	g->inputs[0] = (struct sql_input){ .alias = "i0" };
	g->joins_fit = g->joins_apart = g->groups_fit = true;
	sql_source(g, 0, SQL_DEPTH - 1);
	g->joins_fit = g->joins_apart = g->groups_fit = false;
	g->input_count = 1;
	w.source = sql_end(g, outer);
	sql_aggregation(g, &w.a);
	outer = sql_begin(g);
	sql_where_exists(g);
	w.where = sql_end(g, outer);
	w.slide = 1 + sql_below(g, 6);
	w.size = w.kind == 1 ? w.slide * (1 + sql_below(g, 5)) :
			       w.slide + sql_below(g, 12);
	sql_group_write(g, &w);
	sql_piece_release(&w.source);
	sql_piece_release(&w.where);
	sql_aggregation_release(&w.a);
	g->closes = true;
}

/* --- rules ----------------------------------------------------------------- */

static inline void sql_reset(struct sql_gen *g)
{
	sql_piece_release(&g->out);
	sql_piece_release(&g->before);
	sql_piece_release(&g->with);
	*g = (struct sql_gen){ .chance = g->chance, .names = g->names };
}

/* Each rule's name is new, so that many can stand in one set. */
static inline void sql_generate(struct sql_gen *g, char name[static 16])
{
	struct sql_piece outer, query;
	unsigned kind;

	sql_reset(g);
	snprintf(name, 16, "r%u", g->names++);
	outer = sql_begin(g);
	kind = sql_below(g, 9);
	if (kind < 2)
		sql_over(g);
	else if (kind < 4)
		sql_group(g);
	else if (kind == 4)
		sql_seen(g);
	else
		sql_select(g, sql_below(g, 3));
	query = sql_end(g, outer);
	sql_piece_put(g, &g->before);
	buf_printf(&g->out.rule, "CREATE RULE %s WITH (severity = 'low') AS\n",
		   name);
	if (g->with.rule.len)
		buf_printf(&g->out.rule, "WITH %s\n", buf_text(&g->with.rule));
	g->out.sql.len = 0;
	sql_piece_put(g, &query);
	buf_puts(&g->out.rule, g->closes || sql_below(g, 2) ?
				       "\nEMIT ON WINDOW CLOSE;\n" :
				       "\nEMIT ON EVERY MATCH;\n");
	sql_piece_release(&query);
}

#endif
