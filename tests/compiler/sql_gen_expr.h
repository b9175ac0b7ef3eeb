/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random expressions of all types, with all operators and functions. What
 * SQLite lacks (REGEXP, ILIKE, ANY, networks, BASENAME ...) is a function that
 * sql_oracle.h gives it.
 */
#ifndef SHRIKE_TESTS_SQL_GEN_EXPR_H
#define SHRIKE_TESTS_SQL_GEN_EXPR_H

#include "sql_gen.h"

static inline void sql_int(struct sql_gen *g, unsigned depth);
static inline void sql_text(struct sql_gen *g, unsigned depth);
static inline void sql_condition(struct sql_gen *g, unsigned depth);

static inline const char *sql_literal(struct sql_gen *g)
{
	return SQL_PICK(g, "'a'", "'ab'", "'b'", "''", "'A'", "'/a/b'",
			"'it''s'", "'/a'", "'%'", "'aaaaaaaaaaaaaaa'",
			"'\303\251'");
}

static inline const char *sql_number(struct sql_gen *g)
{
	return SQL_PICK(g, "0", "1", "2", "3", "-1", "443", "5", "0x10");
}

static inline const char *sql_compare(struct sql_gen *g)
{
	return SQL_PICK(g, " = ", " <> ", " != ", " < ", "<=", " > ", " >= ");
}

static inline void sql_call_int(struct sql_gen *g)
{
	switch (sql_below(g, 5)) {
	case 0:
		sql_put(g, "length(");
		sql_text(g, 1);
		break;
	case 1:
		sql_put(g, "INSTR(");
		sql_text(g, 1);
		sql_put(g, ", ");
		sql_put(g, sql_literal(g));
		break;
	case 2:
		sql_put(g, "COALESCE(");
		sql_int(g, 0);
		sql_put(g, SQL_PICK(g, ", ", ", NULL, "));
		sql_int(g, 0);
		break;
	case 3:
		sql_put(g, "NULLIF(");
		sql_int(g, 0);
		sql_put(g, ", ");
		sql_put(g, sql_number(g));
		break;
	default:
		sql_put(g, "IFNULL(");
		sql_int(g, 0);
		sql_put(g, ", ");
		sql_int(g, 0);
	}
	sql_put(g, ")");
}

static inline void sql_case(struct sql_gen *g,
			    void (*value)(struct sql_gen *g, unsigned depth))
{
	sql_put(g, "CASE ");
	if (sql_below(g, 2)) {
		sql_column(g, sql_any(g), SQL_INT);
		sql_put(g, " WHEN ");
		sql_put(g, sql_number(g));
	} else {
		sql_put(g, "WHEN ");
		sql_condition(g, 0);
	}
	sql_put(g, " THEN ");
	value(g, 0);
	if (sql_below(g, 3)) {
		sql_put(g, " ELSE ");
		value(g, 0);
	}
	sql_put(g, " END");
}

/* None overflows: there SQLite gives a REAL, and the engine NULL. */
static inline void sql_int(struct sql_gen *g, unsigned depth)
{
	switch (sql_below(g, depth ? 12 : 4)) {
	default:
		sql_column(g, sql_any(g), SQL_INT);
		return;
	case 3:
		sql_put(g, depth == 2 ? SQL_PICK(g, "9223372036854775807",
						 "-9223372036854775808",
						 "4294967295", "7") :
					sql_number(g));
		return;
	case 4:
	case 5:
		sql_put(g, "(");
		sql_int(g, 0);
		sql_put(g, SQL_PICK(g, " + ", " - ", "- ", " - -1 + "));
		sql_int(g, 0);
		sql_put(g, ")");
		return;
	case 6:
		sql_put(g, "(");
		sql_int(g, 0);
		sql_put(g, SQL_PICK(g, " * 3", " * -2 + 1", " / 2", " % 3",
				    " / -3", " % -2"));
		sql_put(g, ")");
		return;
	case 7:
		sql_put(g, "(");
		sql_column(g, sql_any(g), SQL_INT);
		sql_put(g, SQL_PICK(g, " / ", " % "));
		/* No column that a subquery may have made a constant. */
		sql_name(g, sql_any(g), SQL_PICK(g, "pid_key", "uid"));
		sql_put(g, ")");
		return;
	case 8:
	case 9:
		sql_call_int(g);
		return;
	case 10:
		sql_case(g, sql_int);
		return;
	case 11:
		sql_put(g, "(- ");
		sql_column(g, sql_any(g), SQL_INT);
		sql_put(g, ")");
	}
}

static inline void sql_call_text(struct sql_gen *g)
{
	unsigned kind = sql_below(g, 11);
	static const char *const names[] = { "UPPER",	"lower",  "TRIM",
					     "TRIM",	"SUBSTR", "substr",
					     "REPLACE", "HEX",	  "BASENAME",
					     "DIRNAME", "IFNULL" };

	sql_put(g, names[kind]);
	sql_put(g, "(");
	sql_text(g, 0);
	switch (kind) {
	case 3:
		sql_put(g, SQL_PICK(g, ", 'a'", ", '/b'", ", ''"));
		break;
	case 4:
		sql_put(g, SQL_PICK(g, ", 1", ", -2", ", 2", ", 0", ", 9"));
		break;
	case 5:
		sql_put(g, SQL_PICK(g, ", 1, 1", ", -3, 2", ", 0, 2", ", 2, 9",
				    ", 2, -1"));
		break;
	case 6:
		sql_put(g,
			SQL_PICK(g, ", 'a', 'bb'", ", '/', ''", ", '', 'x'"));
		break;
	case 10:
		sql_put(g, ", ");
		sql_text(g, 0);
		break;
	default:
		break;
	}
	sql_put(g, ")");
}

static inline void sql_text(struct sql_gen *g, unsigned depth)
{
	switch (sql_below(g, depth ? 10 : 4)) {
	default:
		sql_column(g, sql_any(g), SQL_TEXT);
		return;
	case 3:
		sql_put(g, sql_literal(g));
		return;
	case 4:
		sql_put(g, "(");
		sql_text(g, 0);
		sql_put(g, " || ");
		if (sql_below(g, 3))
			sql_text(g, 0);
		else
			sql_column(g, sql_any(g), SQL_INT);
		sql_put(g, ")");
		return;
	case 5:
	case 6:
	case 7:
		sql_call_text(g);
		return;
	case 8:
		sql_put(g, "CAST(");
		sql_int(g, 0);
		sql_put(g, " AS TEXT)");
		return;
	case 9:
		sql_case(g, sql_text);
	}
}

static inline void sql_double(struct sql_gen *g)
{
	switch (sql_below(g, 4)) {
	case 0:
		sql_put(g, "ENTROPY(");
		sql_text(g, 0);
		sql_put(g, ")");
		return;
	case 1:
		sql_put(g, "CAST(");
		sql_int(g, 0);
		sql_put(g, " AS DOUBLE)");
		return;
	default:
		sql_put(g, "(");
		sql_int(g, 0);
		sql_put(g,
			SQL_PICK(g, " * 0.5", " / 4.0", " + 1.25", " - 0.25"));
		sql_put(g, ")");
	}
}

static inline void sql_in(struct sql_gen *g)
{
	if (sql_below(g, 4) == 0) {
		/* In SQLite a table. */
		sql_put(g, SQL_PICK(g, " IN few", " NOT IN few", " IN few"));
		return;
	}
	sql_put(g, SQL_PICK(g, " IN (", " IN (", " not in ("));
	for (unsigned i = sql_below(g, 4);; i--) {
		sql_put(g, SQL_PICK(g, "1", "2", "-3", "443", "1", "0", "NULL",
				    "4294967295"));
		if (!i)
			break;
		sql_put(g, ", ");
	}
	sql_put(g, ")");
}

static inline void sql_int_term(struct sql_gen *g)
{
	unsigned kind = sql_below(g, 6);

	if (kind == 5) {
		sql_double(g);
		sql_put(g, sql_compare(g));
		if (sql_below(g, 2))
			sql_put(g, SQL_PICK(g, "0.5", "1.3", "-2.75", "1e2"));
		else
			sql_int(g, 1);
		return;
	}
	sql_int(g, 1);
	if (kind == 0) {
		sql_in(g);
	} else if (kind == 1) {
		sql_put(g, SQL_PICK(g, " BETWEEN ", " NOT BETWEEN "));
		sql_int(g, 1);
		sql_put(g, " AND ");
		sql_int(g, 1);
	} else {
		sql_put(g, sql_compare(g));
		sql_int(g, 2);
	}
}

static inline const char *sql_pattern(struct sql_gen *g)
{
	return SQL_PICK(g, "'a%'", "'%b'", "'%a%'", "'_'", "'a_'", "'%'", "''",
			"'%%'", "'a'", "'/a/%'", "'%/b'", "'%a%b%'", "'_%'",
			"'A%'", "'%''%'", "'%\303\251'");
}

/* In SQLite ILIKE is a call of LIKE in lower case. */
static inline void sql_like(struct sql_gen *g)
{
	bool fold = sql_below(g, 3) == 0, not = sql_below(g, 3) == 0;
	const char *pattern = sql_pattern(g);

	sql_put_two(g, "", fold ? "lower(" : "");
	sql_text(g, 1);
	sql_put_two(g, "", fold ? ")" : "");
	sql_put(g, not ? " NOT " : " ");
	sql_put_two(g, fold ? "ILIKE " : "LIKE ", "LIKE ");
	if (!fold && sql_below(g, 4) == 0) {
		sql_put(g, SQL_PICK(g, "'\\%' ESCAPE '\\'",
				    "'a\\_%' escape '\\'", "'x%%' ESCAPE 'x'"));
		return;
	}
	sql_put_two(g, "", fold ? "lower(" : "");
	sql_put(g, pattern);
	sql_put_two(g, "", fold ? ")" : "");
}

static inline void sql_text_term(struct sql_gen *g)
{
	switch (sql_below(g, 7)) {
	case 0:
		sql_text(g, 1);
		sql_put(g, SQL_PICK(g, " IN (", " NOT IN ("));
		sql_put(g, sql_literal(g));
		sql_put(g, SQL_PICK(g, ", ", ", NULL, ", ",'zz',"));
		sql_put(g, sql_literal(g));
		sql_put(g, ")");
		return;
	case 1:
	case 2:
		sql_like(g);
		return;
	case 3:
		sql_text(g, 1);
		sql_put(g, SQL_PICK(g, " REGEXP ", " NOT REGEXP "));
		sql_put(g, SQL_PICK(g, "'a'", "'^a+$'", "'b$'", "'^(a|/).*b'",
				    "'[ab]{2}'", "'^$'", "'[^a]'"));
		return;
	case 4:
		sql_text(g, 1);
		sql_put(g, SQL_PICK(g, " BETWEEN ", " NOT BETWEEN "));
		sql_text(g, 0);
		sql_put(g, " AND ");
		sql_text(g, 0);
		return;
	default:
		sql_text(g, 1);
		sql_put(g, sql_compare(g));
		sql_text(g, 1);
	}
}

static inline void sql_bool_term(struct sql_gen *g)
{
	sql_column(g, sql_any(g), SQL_BOOL);
	sql_put(g, SQL_PICK(g, "", "", " = TRUE", " <> true", " = FALSE",
			    " IS NULL", " IN (TRUE, NULL)", " IS NOT TRUE",
			    " IS FALSE"));
}

/* ANY and ALL: what SQLite asks of the elements, as JSON. */
static inline void sql_list_term(struct sql_gen *g, unsigned input)
{
	static const struct {
		const char *rule, *of, *is;
	} terms[] = {
		{ "'a' = ANY(%s)", "EXISTS", "value = 'a'" },
		{ "ANY(%s) LIKE 'b%'", "EXISTS", "value LIKE 'b%'" },
		{ "ANY(%s) <> 'a'", "EXISTS", "value <> 'a'" },
		{ "ALL(%s) <> 'x'", "NOT EXISTS", "NOT value <> 'x'" },
		{ "ALL(%s) LIKE '_'", "NOT EXISTS", "NOT value LIKE '_'" },
		{ "'a' < ANY(%s)", "EXISTS", "'a' < value" },
		{ "ALL(%s) >= 'b'", "NOT EXISTS", "NOT value >= 'b'" },
		{ "ANY(%s) REGEXP '^b'", "EXISTS", "value LIKE 'b%'" },
	};
	unsigned i = sql_below(g, ARRAY_SIZE(terms));
	struct buf name = BUF_INIT;

	buf_printf(&name, "%s.args", g->inputs[input].alias);
	sql_wrap(&g->out.rule, terms[i].rule, &name);
	buf_printf(&g->out.sql,
		   "CASE WHEN %s IS NULL THEN NULL ELSE %s (SELECT 1 FROM "
		   "json_each(%s) WHERE %s) END",
		   buf_text(&name), terms[i].of, buf_text(&name), terms[i].is);
	buf_release(&name);
}

/* Only connections have these. */
static inline void sql_address_term(struct sql_gen *g, unsigned input)
{
	static const char *const nets[] = { "10.0.0.0/8", "10.0.0.2/32", "::/0",
					    "2001:db8::/32" };
	const char *net = nets[sql_below(g, ARRAY_SIZE(nets))];
	const char *ip = g->inputs[input].alias;

	switch (sql_below(g, 4)) {
	case 0:
		sql_name(g, input, "dst_ip");
		sql_put(g, SQL_PICK(g, " = '10.0.0.1'", " <> '10.0.0.1'",
				    " IN ('10.0.0.1', '2001:db8::1')",
				    " NOT IN ('10.0.0.2', NULL)",
				    " = '2001:db8::1'"));
		return;
	case 1:
		sql_name(g, input, "family");
		sql_put(g, SQL_PICK(g, " = 'inet'", " <> 'inet6'",
				    " NOT IN ('inet')"));
		return;
	case 2:
		buf_printf(&g->out.rule, "%s.dst_ip = '%s'", ip, net);
		break;
	default:
		buf_printf(&g->out.rule, "CIDR_MATCH(%s.dst_ip, '%s')", ip,
			   net);
	}
	buf_printf(&g->out.sql, "in_network(%s.dst_ip, '%s')", ip, net);
}

static inline void sql_time_term(struct sql_gen *g)
{
	unsigned a = sql_any(g), b = sql_any(g);

	sql_name(g, a, "ts");
	if (sql_below(g, 2)) {
		sql_put(g, " - ");
		sql_name(g, b, "ts");
		sql_put(g, g->unbound ? " <> " : sql_compare(g));
		sql_interval(g, sql_below(g, 4));
		return;
	}
	sql_put(g, SQL_PICK(g, " + ", " - "));
	sql_interval(g, sql_below(g, 4));
	sql_put(g, g->unbound ? " <> " : SQL_PICK(g, " <= ", " > ", " <> "));
	sql_name(g, b, "ts");
}

static inline void sql_term(struct sql_gen *g)
{
	unsigned input = sql_any(g);
	const struct sql_input *in = &g->inputs[input];

	switch (sql_below(g, 11)) {
	case 0:
	case 1:
	case 2:
		sql_int_term(g);
		return;
	case 3:
	case 4:
	case 5:
		sql_text_term(g);
		return;
	case 6:
		sql_bool_term(g);
		return;
	case 7:
		if (!in->derived && in->stream == STREAM_NETWORK_CONNECT)
			sql_address_term(g, input);
		else
			sql_text_term(g);
		return;
	case 8:
		if (in->derived)
			sql_bool_term(g);
		else
			sql_list_term(g, input);
		return;
	case 9:
		sql_time_term(g);
		return;
	default:
		if (sql_below(g, 2))
			sql_int(g, 1);
		else
			sql_text(g, 1);
		sql_put(g, SQL_PICK(g, " IS NULL", " is not null"));
	}
}

static inline void sql_condition(struct sql_gen *g, unsigned depth)
{
	unsigned kind = depth ? sql_below(g, 11) : 9;

	if (kind < 6) {
		sql_condition(g, depth - 1);
		sql_put(g, kind < 2 ? " AND " : "\n or ");
		sql_condition(g, depth - 1);
	} else if (kind == 6) {
		sql_put(g, "NOT ");
		sql_term(g);
	} else if (kind == 7) {
		sql_put(g, SQL_PICK(g, "not (", "("));
		sql_condition(g, depth - 1);
		sql_put(g, ")");
	} else if (kind == 8) {
		sql_put(g, "(");
		sql_condition(g, depth - 1);
		sql_put(g,
			SQL_PICK(g, ") IS TRUE", ") IS NOT TRUE", ") IS FALSE",
				 ") IS NOT FALSE", ") IS NULL"));
	} else if (sql_below(g, 40) == 0) {
		sql_put(g, SQL_PICK(g, "TRUE", "FALSE", "NULL", "1 = 1",
				    "NULL <> 2", "1 IN (2, NULL)"));
	} else {
		sql_term(g);
	}
}

#endif
