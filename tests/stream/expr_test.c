// SPDX-License-Identifier: Apache-2.0
/*
 * Expressions against SQLite: random trees over random rows, printed by
 * expr_print() and evaluated by both.
 */
#include "stream_fixture.h"

#include <sqlite3.h>

#define DEPTH_MAX 4

struct fixture {
	struct arena arena;
	sqlite3 *db;
	uint64_t chance;
};

static const enum stream_id streams[] = { STREAM_FILE_OPEN };
static const char *const inputs[] = { "f" };
static const char *const slots[] = { "n" };
static const struct expr_names names = { inputs, streams, slots, NULL };

static const unsigned int_columns[] = { COL_uid, COL_gid };
static const unsigned text_columns[] = { COL_comm, COL_FILE_OPEN_path };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(f->db,
				      "PRAGMA case_sensitive_like=ON;"
				      "CREATE TABLE f(uid, gid, comm, path)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sqlite3_close(f->db);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static const char *random_text(struct fixture *f)
{
	static const char *const alphabet[] = {
		"a", "A",  "b", "%", "_",	 "\\",
		"'", "ab", "a", "b", "\xc3\xa9", "\xe2\x82\xac"
	};
	struct buf text = BUF_INIT;
	unsigned n = chance(&f->chance, 5);
	const char *ret;

	while (n--)
		buf_puts(&text,
			 alphabet[chance(&f->chance, ARRAY_SIZE(alphabet))]);
	ret = arena_copy(&f->arena, text.bytes, text.len);
	buf_release(&text);
	return ret;
}

static struct value random_int(struct fixture *f)
{
	if (chance(&f->chance, 5) == 0)
		return value_null();
	return value_int((int64_t)chance(&f->chance, 7) - 3);
}

static struct expr *int_tree(struct fixture *f, unsigned depth)
{
	struct arena *a = &f->arena;

	switch (depth ? chance(&f->chance, 5) : chance(&f->chance, 3)) {
	case 0:
		return expr_const(a, random_int(f));
	case 1:
	case 2:
		return expr_column(a, 0, int_columns[chance(&f->chance, 2)],
				   VALUE_INT);
	case 3:
		return expr_make(a, EXPR_ADD, int_tree(f, depth - 1),
				 int_tree(f, depth - 1));
	default:
		return expr_make(a, EXPR_SUB, int_tree(f, depth - 1),
				 int_tree(f, depth - 1));
	}
}

static struct expr *text_leaf(struct fixture *f)
{
	if (chance(&f->chance, 6) == 0)
		return expr_const(&f->arena, value_text(random_text(f)));
	return expr_column(&f->arena, 0, text_columns[chance(&f->chance, 2)],
			   VALUE_TEXT);
}

static struct expr *compare_tree(struct fixture *f, unsigned depth)
{
	enum expr_op op = EXPR_EQ + chance(&f->chance, 6);

	if (chance(&f->chance, 2))
		return expr_make(&f->arena, op, text_leaf(f), text_leaf(f));
	return expr_make(&f->arena, op, int_tree(f, depth), int_tree(f, depth));
}

static struct expr *in_tree(struct fixture *f)
{
	unsigned n = 1 + chance(&f->chance, 4);
	struct expr *in = expr_make(&f->arena, EXPR_IN, int_tree(f, 1), NULL);
	int64_t next = -4;

	in->args = arena_array(&f->arena, n + 1, sizeof(*in->args));
	in->args[0] = int_tree(f, 1);
	in->arg_count = (uint16_t)(n + 1);
	for (unsigned i = 1; i <= n; i++) {
		next += 1 + chance(&f->chance, 2);
		in->args[i] = expr_int(&f->arena, next);
	}
	return in;
}

static struct expr *like_tree(struct fixture *f)
{
	enum expr_op op = EXPR_PREFIX + chance(&f->chance, 4);
	struct expr *like =
		expr_text(&f->arena, op, text_leaf(f), random_text(f));

	if (op == EXPR_LIKE && chance(&f->chance, 2))
		like->escape = (uint8_t) "\\%_ab"[chance(&f->chance, 5)];
	return like;
}

static struct expr *bool_tree(struct fixture *f, unsigned depth)
{
	struct arena *a = &f->arena;

	switch (depth ? chance(&f->chance, 8) : 3 + chance(&f->chance, 5)) {
	case 0:
		return expr_make(a, EXPR_AND, bool_tree(f, depth - 1),
				 bool_tree(f, depth - 1));
	case 1:
		return expr_make(a, EXPR_OR, bool_tree(f, depth - 1),
				 bool_tree(f, depth - 1));
	case 2:
		return expr_make(a, EXPR_NOT, bool_tree(f, depth - 1), NULL);
	case 3:
		return expr_make(a, EXPR_IS_NULL,
				 depth ? bool_tree(f, depth - 1) : text_leaf(f),
				 NULL);
	case 4:
		return in_tree(f);
	case 5:
	case 6:
		return like_tree(f);
	default:
		return compare_tree(f, depth ? depth - 1 : 0);
	}
}

static void bind_value(sqlite3_stmt *stmt, int i, struct value v)
{
	if (v.type == VALUE_INT)
		sqlite3_bind_int64(stmt, i, v.i);
	else if (v.type == VALUE_TEXT)
		sqlite3_bind_text(stmt, i, (const char *)v.p, (int)v.len,
				  SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(stmt, i);
}

static struct row *random_row(struct fixture *f)
{
	struct row *row = row_make(&f->arena, STREAM_FILE_OPEN, 0, 0);
	sqlite3_stmt *stmt;

	for (unsigned i = 0; i < 2; i++) {
		row_put(row, int_columns[i], random_int(f));
		if (chance(&f->chance, 5))
			row_put(row, text_columns[i],
				value_text(random_text(f)));
	}
	assert_int_equal(sqlite3_exec(f->db, "DELETE FROM f", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(f->db,
					    "INSERT INTO f VALUES(?,?,?,?)", -1,
					    &stmt, NULL),
			 SQLITE_OK);
	for (unsigned i = 0; i < 2; i++) {
		bind_value(stmt, 1 + (int)i, row_get(row, int_columns[i]));
		bind_value(stmt, 3 + (int)i, row_get(row, text_columns[i]));
	}
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
	return row;
}

/* One letter: what both make of it. */
static char sqlite_says(struct fixture *f, const char *sql)
{
	sqlite3_stmt *stmt;
	char ret;

	if (sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(f->db), sql);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	if (sqlite3_column_type(stmt, 0) == SQLITE_NULL)
		ret = 'n';
	else
		ret = sqlite3_column_int(stmt, 0) ? 't' : 'f';
	sqlite3_finalize(stmt);
	return ret;
}

static char we_say(const struct expr *expr, const struct row *row)
{
	struct tuple tuple = { .rows = { row } };
	struct expr_env env = { 0 };
	struct value v = expr_eval(expr, &tuple, &env);

	if (value_is_null(v))
		return 'n';
	assert_int_equal(v.type, VALUE_BOOL);
	return v.i ? 't' : 'f';
}

static void expr__random_trees__agree_with_sqlite(void **state)
{
	struct fixture *f = *state;
	unsigned total = check_full() ? 1000000 : 20000;
	unsigned seen['t' + 1] = { 0 };
	struct buf sql = BUF_INIT;
	struct row *row = NULL;

	f->chance = test_seed();
	for (unsigned i = 0; i < total; i++) {
		struct expr *expr;
		char want, got;

		if (i % 20 == 0) {
			arena_reset(&f->arena);
			row = random_row(f);
		}
		expr = bool_tree(f, chance(&f->chance, DEPTH_MAX));
		buf_reset(&sql);
		buf_puts(&sql, "SELECT ");
		expr_print(&sql, expr, &names);
		buf_puts(&sql, " FROM f");
		want = sqlite_says(f, buf_text(&sql));
		got = we_say(expr, row);
		if (want != got)
			fail_msg("evaluation %u: sqlite %c, we %c: %s", i, want,
				 got, buf_text(&sql));
		seen[(unsigned char)want]++;
	}
	buf_release(&sql);
	assert_true(seen['t'] > total / 20);
	assert_true(seen['f'] > total / 20);
	assert_true(seen['n'] > total / 20);
}

static void sum__over_the_edge__is_null(void **state)
{
	struct fixture *f = *state;
	struct arena *a = &f->arena;
	struct tuple tuple = { 0 };
	struct expr_env env = { 0 };
	struct expr *max = expr_int(a, INT64_MAX), *one = expr_int(a, 1);
	struct expr *sum = expr_make(a, EXPR_ADD, max, one);
	struct expr *difference =
		expr_make(a, EXPR_SUB, expr_int(a, INT64_MIN), one);

	assert_true(value_is_null(expr_eval(sum, &tuple, &env)));
	assert_true(value_is_null(expr_eval(difference, &tuple, &env)));
	sum = expr_make(a, EXPR_ADD, max, expr_int(a, -1));
	assert_int_equal(expr_eval(sum, &tuple, &env).i, INT64_MAX - 1);
}

static bool any_is(struct fixture *f, const char *needle, const char *list,
		   size_t len)
{
	struct expr element = { .op = EXPR_ELEMENT, .type = VALUE_TEXT };
	struct expr *any = expr_make(
		&f->arena, EXPR_ANY,
		expr_const(&f->arena, value_bytes(VALUE_LIST, list, len)),
		expr_make(&f->arena, EXPR_EQ, &element,
			  expr_const(&f->arena, value_text(needle))));
	struct tuple tuple = { 0 };
	struct expr_env env = { 0 };

	return expr_is_true(any, &tuple, &env);
}

static void any__compares_whole_elements(void **state)
{
	struct fixture *f = *state;
	static const char list[] = "curl\0-s\0\0http";

	assert_true(any_is(f, "curl", list, sizeof(list)));
	assert_true(any_is(f, "-s", list, sizeof(list)));
	assert_true(any_is(f, "", list, sizeof(list)));
	assert_true(any_is(f, "http", list, sizeof(list)));
	assert_true(any_is(f, "http", list, sizeof(list) - 1));
	assert_false(any_is(f, "cur", list, sizeof(list)));
	assert_false(any_is(f, "curls", list, sizeof(list)));
	assert_false(any_is(f, "", "a", 2));
	assert_false(any_is(f, "a", "", 0));
}

static void like__many_wildcards__ends_soon(void **state)
{
	uint8_t text[4096], pattern[201];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 2 ? 'a' : '%';
	pattern[199] = 'b';
	assert_false(like_match(text, sizeof(text), pattern, 200, 0, false));
	pattern[199] = 'a';
	assert_true(like_match(text, sizeof(text), pattern, 200, 0, false));
}

static const char *printed(struct buf *out, const struct expr *expr)
{
	buf_reset(out);
	expr_print(out, expr, &names);
	return buf_text(out);
}

static void print__constants__by_their_type(void **state)
{
	static const uint8_t ip4[] = { 10, 0, 0, 1 };
	static const uint8_t ip6[16] = { 0xfe, 0x80, [15] = 1 };
	struct fixture *f = *state;
	struct arena *a = &f->arena;
	struct buf out = BUF_INIT;
	struct value v = { .type = VALUE_INTERVAL, .i = 1500000000 };
	struct expr *column = expr_column(a, 0, COL_uid, VALUE_INT);

	assert_string_equal(printed(&out, expr_const(a, v)),
			    "INTERVAL '1.5' SECOND");
	v = (struct value){ .type = VALUE_INTERVAL, .i = -1 };
	assert_string_equal(printed(&out, expr_const(a, v)),
			    "INTERVAL '-0.000000001' SECOND");
	v = (struct value){ .type = VALUE_TIMESTAMP, .i = 1000000000 };
	assert_string_equal(printed(&out, expr_const(a, v)),
			    "CAST('1970-01-01T00:00:01Z' AS TIMESTAMP)");
	v = value_bytes(VALUE_IP, ip4, sizeof(ip4));
	assert_string_equal(printed(&out, expr_const(a, v)), "'10.0.0.1'");
	v = value_bytes(VALUE_IP, ip6, sizeof(ip6));
	assert_string_equal(printed(&out, expr_const(a, v)), "'fe80::1'");
	assert_string_equal(printed(&out, expr_const(a, value_bool(true))),
			    "TRUE");
	assert_string_equal(printed(&out, expr_make(a, EXPR_NOT,
						    expr_make(a, EXPR_IS_NULL,
							      column, NULL),
						    NULL)),
			    "f.uid IS NOT NULL");
	buf_release(&out);
}

static void print__enum_column__by_its_literal(void **state)
{
	static const enum stream_id connect[] = { STREAM_NETWORK_CONNECT };
	const struct expr_names n = { inputs, connect, slots, NULL };
	struct fixture *f = *state;
	struct arena *a = &f->arena;
	struct buf out = BUF_INIT;
	struct expr *family =
		expr_column(a, 0, COL_NETWORK_CONNECT_family, VALUE_INT);

	expr_print(&out, expr_make(a, EXPR_EQ, family, expr_int(a, 10)), &n);
	assert_string_equal(buf_text(&out), "f.family = 'inet6'");
	buf_reset(&out);
	expr_print(&out, expr_make(a, EXPR_EQ, family, expr_int(a, 3)), &n);
	assert_string_equal(buf_text(&out), "f.family = 3");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			expr__random_trees__agree_with_sqlite, setup, teardown),
		cmocka_unit_test_setup_teardown(sum__over_the_edge__is_null,
						setup, teardown),
		cmocka_unit_test_setup_teardown(any__compares_whole_elements,
						setup, teardown),
		cmocka_unit_test(like__many_wildcards__ends_soon),
		cmocka_unit_test_setup_teardown(print__constants__by_their_type,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			print__enum_column__by_its_literal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
