/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite with the streams of sql_gen.h as tables and with the functions that it
 * lacks, written the obvious way. Streams are tables of attached databases, so
 * that their names are the rules' names. Results are sorted lines.
 */
#ifndef SHRIKE_TESTS_SQL_ORACLE_H
#define SHRIKE_TESTS_SQL_ORACLE_H

#include "support/unit.h"

#include "user/base/buf.h"

#include <arpa/inet.h>
#include <math.h>
#include <regex.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	char **items;
	unsigned count;
};

static inline void lines_add(struct lines *lines, const char *text)
{
	lines->items = reallocarray(lines->items, lines->count + 1,
				    sizeof(*lines->items));
	assert_non_null(lines->items);
	lines->items[lines->count] = strdup(text);
	assert_non_null(lines->items[lines->count++]);
}

static inline void lines_clear(struct lines *lines)
{
	while (lines->count)
		free(lines->items[--lines->count]);
	free(lines->items);
	lines->items = NULL;
}

static inline int lines_by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static inline void lines_sort(struct lines *lines)
{
	if (lines->count)
		qsort(lines->items, lines->count, sizeof(char *),
		      lines_by_text);
}

static inline bool lines_equal(const struct lines *a, const struct lines *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static inline void lines_print(const char *title, const struct lines *lines)
{
	print_error("%s: %u rows\n", title, lines->count);
	for (unsigned i = 0; i < lines->count && i < 20; i++)
		print_error("  %s\n", lines->items[i]);
}

/* --- functions ------------------------------------------------------------- */

static inline const char *oracle_text(sqlite3_value *v)
{
	return (const char *)sqlite3_value_text(v);
}

static inline void oracle_regexp(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[1]);
	regex_t regex;

	(void)n;
	if (!text)
		return;
	if (regcomp(&regex, oracle_text(v[0]), REG_EXTENDED | REG_NOSUB))
		sqlite3_result_error(c, "pattern", -1);
	sqlite3_result_int(c, regexec(&regex, text, 0, NULL, 0) == 0);
	regfree(&regex);
}

/* SQLite's gives '' of NULL. */
static inline void oracle_hex(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[0]);
	struct buf out = BUF_INIT;

	(void)n;
	if (!text)
		return;
	for (; *text; text++)
		buf_printf(&out, "%02X", (unsigned char)*text);
	sqlite3_result_text(c, buf_text(&out), -1, SQLITE_TRANSIENT);
	buf_release(&out);
}

static inline void oracle_basename(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[0]);
	const char *slash = text ? strrchr(text, '/') : NULL;

	(void)n;
	if (text)
		sqlite3_result_text(c, slash ? slash + 1 : text, -1,
				    SQLITE_TRANSIENT);
}

static inline void oracle_dirname(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[0]);
	const char *slash = text ? strrchr(text, '/') : NULL;

	(void)n;
	if (text)
		sqlite3_result_text(c, text,
				    !slash	  ? 0 :
				    slash == text ? 1 :
						    (int)(slash - text),
				    SQLITE_TRANSIENT);
}

static inline void oracle_entropy(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[0]);
	double len = text ? (double)strlen(text) : 0, bits = 0;

	(void)n;
	if (!text)
		return;
	for (int byte = 1; byte < 256; byte++) {
		unsigned count = 0;

		for (const char *at = text; *at; at++)
			count += (unsigned char)*at == byte;
		if (count)
			bits -= count / len * log2(count / len);
	}
	sqlite3_result_double(c, bits);
}

static inline int oracle_address(const char *text, size_t len, uint8_t ip[16])
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	if (inet_pton(AF_INET, copy, ip) == 1)
		return 4;
	assert_int_equal(inet_pton(AF_INET6, copy, ip), 1);
	return 16;
}

static inline void oracle_network(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = oracle_text(v[0]), *net = oracle_text(v[1]);
	const char *slash = strchr(net, '/');
	uint8_t a[16], b[16];
	int same = 1, len;

	(void)n;
	if (!text)
		return;
	len = oracle_address(text, strlen(text), a);
	if (oracle_address(net, (size_t)(slash - net), b) != len) {
		sqlite3_result_int(c, 0);
		return;
	}
	for (int bit = 0; bit < atoi(slash + 1); bit++)
		same &= ((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8) & 1) == 0;
	sqlite3_result_int(c, same);
}

/* --- tables ---------------------------------------------------------------- */

static inline void oracle_run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
}

static inline sqlite3 *oracle_open(void)
{
	static const struct {
		const char *name;
		int args;
		void (*call)(sqlite3_context *c, int n, sqlite3_value **v);
	} functions[] = {
		{ "regexp", 2, oracle_regexp },
		{ "hex", 1, oracle_hex },
		{ "basename", 1, oracle_basename },
		{ "dirname", 1, oracle_dirname },
		{ "entropy", 1, oracle_entropy },
		{ "in_network", 2, oracle_network },
	};
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
		assert_int_equal(sqlite3_create_function(
					 db, functions[i].name,
					 functions[i].args,
					 SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					 NULL, functions[i].call, NULL, NULL),
				 SQLITE_OK);
	oracle_run(db, "PRAGMA case_sensitive_like = ON;"
		       "ATTACH ':memory:' AS process;"
		       "ATTACH ':memory:' AS network;"
		       "ATTACH ':memory:' AS file;"
		       "CREATE TABLE few (x); INSERT INTO few VALUES (1), (3), "
		       "(443);"
		       "CREATE TABLE numbers (n INTEGER PRIMARY KEY);"
		       "INSERT INTO numbers VALUES (0), (1), (2), (3), (4), "
		       "(5), (6), (7), (8), (9);");
	return db;
}

/* SQLite's sliding sums keep what rounding left of rows that are gone. */
static inline void oracle_put_double(struct buf *out, double d)
{
	buf_printf(out, "%.10g", fabs(d) < 1e-9 ? 0 : d);
}

static inline void oracle_put(struct buf *line, sqlite3_stmt *stmt, int i)
{
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_NULL:
		buf_puts(line, "NULL|");
		return;
	case SQLITE_FLOAT:
		oracle_put_double(line, sqlite3_column_double(stmt, i));
		buf_putc(line, '|');
		return;
	default:
		buf_printf(line, "%s|",
			   (const char *)sqlite3_column_text(stmt, i));
	}
}

/* `before`: views, there only while it is asked. */
static inline void oracle_ask(sqlite3 *db, const char *before, const char *sql,
			      struct lines *lines)
{
	struct buf line = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	oracle_run(db, "SAVEPOINT views");
	oracle_run(db, before);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s\n%s", sqlite3_errmsg(db), before, sql);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		buf_reset(&line);
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			oracle_put(&line, stmt, i);
		lines_add(lines, buf_text(&line));
	}
	if (rc != SQLITE_DONE)
		fail_msg("%s: %s\n%s", sqlite3_errmsg(db), before, sql);
	sqlite3_finalize(stmt);
	oracle_run(db, "ROLLBACK TO views; RELEASE views");
	buf_release(&line);
	lines_sort(lines);
}

#endif
