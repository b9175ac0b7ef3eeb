// SPDX-License-Identifier: Apache-2.0
/*
 * Every operator and function that SQLite has, in random trees: printed by
 * expr_print(), evaluated by both over the same values. So the printer's
 * parentheses are held to SQLite's precedences too.
 */
#include "support/random_expr.h"

#include "sqlite_oracle.h"
#include "stream_fixture.h"

#define VALUES_PER_TREE 4

static const char *const slots[] = { "?1", "?2", "?3", "?4",
				     "?5", "?6", "?7", "?8" };
static const struct expr_names names = { .slots = slots };

/* Positions of SUBSTR have 32 bits there, and no text is that long. */
static bool is_far(const struct expr *expr, unsigned arg, struct value v)
{
	return expr->op == EXPR_CALL && expr->function == FUNCTION_SUBSTR &&
	       arg > 0 && v.type == VALUE_INT &&
	       (v.i > 900000000 || v.i < -900000000);
}

/* An integer that overflows is NULL here and REAL there: such trees differ. */
static bool overflows(const struct expr *expr, const struct tuple *tuple,
		      struct expr_env *env)
{
	bool null_arg = false, known = expr->type == VALUE_INT &&
				       expr->op >= EXPR_ADD &&
				       expr->op <= EXPR_NEG;

	for (unsigned i = 0; i < expr->arg_count; i++) {
		struct value v = expr_eval(expr->args[i], tuple, env);

		null_arg |= value_is_null(v) ||
			    (i == 1 && v.i == 0 &&
			     (expr->op == EXPR_DIV || expr->op == EXPR_MOD));
		env->used = 0;
		if (is_far(expr, i, v) || overflows(expr->args[i], tuple, env))
			return true;
	}
	return known && !null_arg && value_is_null(expr_eval(expr, tuple, env));
}

struct tally {
	unsigned done, null, skipped;
	bool ops[EXPR_OP_COUNT];
	bool functions[FUNCTION_COUNT];
};

static void tally_tree(struct tally *t, const struct expr *expr)
{
	t->ops[expr->op] = true;
	if (expr->op == EXPR_CALL)
		t->functions[expr->function] = true;
	for (unsigned i = 0; i < expr->arg_count; i++)
		tally_tree(t, expr->args[i]);
}

static void check_tree(sqlite3 *db, struct random_expr *r, struct expr_env *env,
		       const struct expr *expr, struct tally *tally)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "SELECT ");
	expr_print(&sql, expr, &names);
	for (unsigned i = 0; i < VALUES_PER_TREE; i++) {
		struct value values[SLOT_COUNT];
		struct tuple tuple = { .slots = values };
		sqlite3_stmt *stmt;
		struct value v;

		re_slots(r, values);
		if (overflows(expr, &tuple, env)) {
			tally->skipped++;
			continue;
		}
		env->used = 0;
		v = expr_eval(expr, &tuple, env);
		stmt = oracle_ask(db, buf_text(&sql), values, SLOT_PLAIN_COUNT);
		if (!oracle_agrees(stmt, v, true))
			fail_msg("%s: sqlite '%s', we type %u: %lld '%.*s'",
				 buf_text(&sql),
				 (const char *)sqlite3_column_text(stmt, 0),
				 v.type, (long long)v.i,
				 value_is_bytes(v) ? (int)v.len : 0,
				 value_is_bytes(v) ? (const char *)v.p : "");
		sqlite3_finalize(stmt);
		tally->done++;
		tally->null += value_is_null(v);
	}
	buf_release(&sql);
}

/* Those SQLite lacks have tests of their own, see function_test.c. */
static void assert_all_seen(const struct tally *t)
{
	static const enum expr_op elsewhere[] = { EXPR_COLUMN, EXPR_ELEMENT,
						  EXPR_REGEXP, EXPR_CIDR,
						  EXPR_ANY,    EXPR_ALL };

	for (unsigned op = 0; op < EXPR_OP_COUNT; op++) {
		bool other = false;

		for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++)
			other |= op == elsewhere[i];
		if (!other && !t->ops[op])
			fail_msg("operator %u was never tried", op);
	}
	assert_true(t->functions[FUNCTION_COALESCE]);
	assert_true(t->functions[FUNCTION_IFNULL]);
	assert_true(t->functions[FUNCTION_NULLIF]);
}

static void expr__random_trees_of_all_types__agree_with_sqlite(void **state)
{
	static const enum value_type types[] = { VALUE_BOOL, VALUE_INT,
						 VALUE_DOUBLE, VALUE_TEXT };
	unsigned total = (check_full() ? 1000000 : 50000) / VALUES_PER_TREE;
	struct random_expr r = { .seed = test_seed() | 1, .sqlite = true };
	sqlite3 *db = oracle_open();
	struct tally tally = { 0 };
	struct arena arena;
	struct expr_env env;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	r.arena = &arena;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	for (unsigned i = 0; i < total; i++) {
		const struct expr *expr;

		arena_reset(&arena);
		expr = re_expr(&r, types[i % 4], 1 + re_chance(&r, 4));
		tally_tree(&tally, expr);
		check_tree(db, &r, &env, expr, &tally);
	}
	print_message("%u evaluations, %u NULL, %u left out\n", tally.done,
		      tally.null, tally.skipped);
	assert_all_seen(&tally);
	assert_int_equal(env.overflows, 0);
	assert_true(tally.skipped < tally.done / 10);
	assert_true(tally.null > tally.done / 50);
	assert_true(tally.null < tally.done / 2);
	expr_env_release(&env);
	arena_release(&arena);
	sqlite3_close(db);
}

static struct value number(struct random_expr *r)
{
	static const int64_t edges[] = { INT64_MIN,
					 INT64_MIN + 1,
					 -1,
					 0,
					 1,
					 2,
					 INT64_MAX - 1,
					 INT64_MAX,
					 (INT64_C(1) << 53) + 1,
					 3037000500 };
	static const double reals[] = { 0.0,
					-0.0,
					0.5,
					1e308,
					-1e308,
					5e-324,
					INFINITY,
					9223372036854775808.0,
					-9223372036854775808.0,
					0.1 };
	uint64_t bits = ((uint64_t)re_chance(r, UINT32_MAX) << 32) ^
			re_chance(r, UINT32_MAX);
	struct value v = { .type = VALUE_DOUBLE };

	switch (re_chance(r, 5)) {
	case 0:
		return value_int(edges[re_chance(r, 10)]);
	case 1:
		return value_int((int64_t)bits >> re_chance(r, 64));
	case 2:
		v.d = reals[re_chance(r, 10)];
		return v;
	case 3:
		memcpy(&v.d, &bits, sizeof(v.d));
		return isnan(v.d) ? value_int(0) : v;
	default:
		return value_int((int)re_chance(r, 20) - 10);
	}
}

/* One operator over numbers of all sizes, which trees would overflow. */
static void expr__numbers_of_any_size__agree_with_sqlite(void **state)
{
	static const char *const sql[EXPR_OP_COUNT] = {
		[EXPR_ADD] = "SELECT ?1 + ?2", [EXPR_SUB] = "SELECT ?1 - ?2",
		[EXPR_MUL] = "SELECT ?1 * ?2", [EXPR_DIV] = "SELECT ?1 / ?2",
		[EXPR_MOD] = "SELECT ?1 % ?2", [EXPR_NEG] = "SELECT - ?1",
		[EXPR_EQ] = "SELECT ?1 = ?2",  [EXPR_NE] = "SELECT ?1 <> ?2",
		[EXPR_LT] = "SELECT ?1 < ?2",  [EXPR_LE] = "SELECT ?1 <= ?2",
		[EXPR_GT] = "SELECT ?1 > ?2",  [EXPR_GE] = "SELECT ?1 >= ?2",
	};
	unsigned total = check_full() ? 1000000 : 50000, overflown = 0;
	struct random_expr r = { .seed = test_seed() | 1 };
	sqlite3 *db = oracle_open();
	struct expr_env env = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < total; i++) {
		struct value v[2] = { number(&r), number(&r) }, got;
		enum expr_op op = (enum expr_op)re_chance(&r, EXPR_OP_COUNT);
		struct expr *expr;
		sqlite3_stmt *stmt;
		bool integers = v[0].type == VALUE_INT &&
				(v[1].type == VALUE_INT || op == EXPR_NEG);

		if (!sql[op])
			continue;
		arena_reset(&arena);
		expr = expr_make(&arena, op, expr_const(&arena, v[0]),
				 expr_const(&arena, v[1]));
		got = expr_eval(expr, &(struct tuple){ 0 }, &env);
		stmt = oracle_ask(db, sql[op], v, op == EXPR_NEG ? 1 : 2);
		if (integers && value_is_null(got) &&
		    sqlite3_column_type(stmt, 0) == SQLITE_FLOAT)
			overflown++;
		else if (!oracle_agrees(stmt, got, true))
			fail_msg("%s of %lld %a and %lld %a: sqlite %s",
				 sql[op], (long long)v[0].i, v[0].d,
				 (long long)v[1].i, v[1].d,
				 (const char *)sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
	}
	assert_true(overflown > total / 1000);
	arena_release(&arena);
	sqlite3_close(db);
}

static struct value any_number_text(struct random_expr *r, struct arena *arena)
{
	static const char letters[] = "0123456789012345+-.eE x\t";
	unsigned len = re_chance(r, 26);
	char *text = arena_alloc(arena, len + 1);

	for (unsigned i = 0; i < len; i++)
		text[i] = letters[re_chance(r, sizeof(letters) - 1)];
	return value_bytes(VALUE_TEXT, text, len);
}

static void cast__numbers_and_texts__agree_with_sqlite(void **state)
{
	static const struct {
		enum value_type type;
		const char *sql;
		bool exact;
	} casts[] = {
		{ VALUE_INT, "SELECT CAST(?1 AS BIGINT)", true },
		{ VALUE_DOUBLE, "SELECT CAST(?1 AS DOUBLE)", false },
		{ VALUE_TEXT, "SELECT CAST(?1 AS TEXT)", true },
		{ VALUE_BYTES, "SELECT CAST(?1 AS BLOB)", true },
	};
	unsigned total = check_full() ? 1000000 : 50000;
	struct random_expr r = { .seed = test_seed() | 1 };
	sqlite3 *db = oracle_open();
	struct expr_env env;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(expr_env_init(&env, NULL), 0);
	for (unsigned i = 0; i < total; i++) {
		unsigned k = re_chance(&r, ARRAY_SIZE(casts));
		struct expr *cast;
		struct value v, got;
		sqlite3_stmt *stmt;

		arena_reset(&arena);
		env.used = 0;
		v = re_chance(&r, 2) ? any_number_text(&r, &arena) : number(&r);
		/* Random bits have digits that SQLite's own printing rounds. */
		if (v.type == VALUE_DOUBLE && casts[k].type == VALUE_TEXT)
			v = re_double(&r);
		if (v.type != VALUE_TEXT && casts[k].type == VALUE_BYTES)
			continue;
		cast = expr_make(&arena, EXPR_CAST, expr_const(&arena, v),
				 NULL);
		cast->type = casts[k].type;
		got = expr_eval(cast, &(struct tuple){ 0 }, &env);
		stmt = oracle_ask(db, casts[k].sql, &v, 1);
		if (!oracle_agrees(stmt, got, casts[k].exact))
			fail_msg("%s of '%.*s' %a: sqlite %s, we %lld %a",
				 casts[k].sql,
				 v.type == VALUE_TEXT ? (int)v.len : 0,
				 v.type == VALUE_TEXT ? (const char *)v.p : "",
				 v.d,
				 (const char *)sqlite3_column_text(stmt, 0),
				 (long long)got.i, got.d);
		sqlite3_finalize(stmt);
	}
	expr_env_release(&env);
	arena_release(&arena);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			expr__random_trees_of_all_types__agree_with_sqlite),
		cmocka_unit_test(expr__numbers_of_any_size__agree_with_sqlite),
		cmocka_unit_test(cast__numbers_and_texts__agree_with_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
