// SPDX-License-Identifier: Apache-2.0
/*
 * Folding changes no value: random conditions over columns that are TRUE, FALSE
 * or NULL give the same before and after, for every assignment.
 */
#include "support/random_expr.h"

#include "compiler/build.h"
#include "compiler/fold.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMNS 3

/* Three BOOLEAN slots stand for unknown truths. */
static const struct expr *unknown(struct arena *arena, unsigned slot)
{
	struct expr *expr = build_op(arena, EXPR_SLOT, VALUE_BOOL, 0);

	assert_non_null(expr);
	expr->slot = (uint8_t)slot;
	return expr;
}

static struct value truth(int t)
{
	return t < 0 ? value_null() : value_bool(t);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A constant, or one of two BIGINT slots; each may be NULL. */
static const struct expr *integer(struct arena *arena, uint64_t *seed)
{
	int64_t i = (int64_t)(next(seed) % 5);
	struct expr *slot;

	if (i < 3)
		return build_const(arena, VALUE_INT,
				   i == 2 ? value_null() : value_int(i));
	slot = build_op(arena, EXPR_SLOT, VALUE_INT, 0);
	assert_non_null(slot);
	slot->slot = (uint8_t)(COLUMNS + i - 3);
	return slot;
}

static struct value number(int n)
{
	return n == 2 ? value_null() : value_int(n);
}

static const struct expr *random_condition(struct arena *arena, uint64_t *seed,
					   unsigned depth)
{
	unsigned kind = (unsigned)(next(seed) % (depth ? 7 : 4));
	struct expr *expr;
	unsigned n;

	switch (kind) {
	case 0:
	case 1:
		return unknown(arena, (unsigned)(next(seed) % COLUMNS));
	case 2:
		return build_const(arena, VALUE_BOOL,
				   truth((int)(next(seed) % 3) - 1));
	case 3:
		return build_two(
			arena, (enum expr_op)(EXPR_EQ + next(seed) % 6),
			VALUE_BOOL, integer(arena, seed), integer(arena, seed));
	case 4:
		return build_not(arena,
				 random_condition(arena, seed, depth - 1));
	default:
		n = 2 + (unsigned)(next(seed) % 3);
		expr = build_op(arena, kind == 5 ? EXPR_AND : EXPR_OR,
				VALUE_BOOL, n);
		for (unsigned i = 0; i < n; i++)
			expr->args[i] =
				random_condition(arena, seed, depth - 1);
		return expr;
	}
}

/* AND in AND, OR in OR, constants in either, NOT but at leaves: all gone. */
static void assert_folded(const struct expr *expr, bool truth_only)
{
	if (expr->op == EXPR_NOT)
		assert_int_equal(expr->args[0]->op, EXPR_SLOT);
	if (expr->op >= EXPR_EQ && expr->op <= EXPR_GE)
		assert_false(build_is_const(expr->args[0]));
	if (expr->op != EXPR_AND && expr->op != EXPR_OR)
		return;
	assert_true(expr->arg_count >= 2);
	for (unsigned i = 0; i < expr->arg_count; i++) {
		const struct expr *arg = expr->args[i];

		assert_int_not_equal(arg->op, expr->op);
		if (build_is_const(arg))
			assert_true(!truth_only && value_is_null(arg->value));
		assert_folded(arg, truth_only);
	}
}

static int value_truth(struct value v)
{
	return value_is_null(v) ? -1 : v.i != 0;
}

static void check_one(struct arena *arena, uint64_t *seed)
{
	const struct expr *expr = random_condition(arena, seed, 4);
	const struct expr *value, *condition;
	struct fold fold;

	fold_init(&fold, arena);
	value = fold_value(&fold, expr);
	condition = fold_condition(&fold, expr);
	assert_non_null(value);
	assert_non_null(condition);
	assert_folded(value, false);
	assert_folded(condition, true);
	fold_release(&fold);
	for (int i = 0; i < 243; i++) {
		struct value slots[8] = { 0 };
		struct tuple tuple = { .slots = slots };
		struct expr_env env = { 0 };
		int want;

		slots[0] = truth(i % 3 - 1);
		slots[1] = truth(i / 3 % 3 - 1);
		slots[2] = truth(i / 9 % 3 - 1);
		slots[3] = number(i / 27 % 3);
		slots[4] = number(i / 81);
		want = value_truth(expr_eval(expr, &tuple, &env));
		assert_int_equal(value_truth(expr_eval(value, &tuple, &env)),
				 want);
		assert_int_equal(
			value_truth(expr_eval(condition, &tuple, &env)) == 1,
			want == 1);
	}
}

static void fold__random_conditions__keep_their_truth_tables(void **state)
{
	uint64_t seed = 0x5eed2026;
	unsigned rounds = getenv("CHECK_FULL") ? 200000 : 5000;
	struct arena arena;

	(void)state;
	arena_init(&arena, COLUMNS << 20);
	for (unsigned i = 0; i < rounds; i++) {
		arena_reset(&arena);
		check_one(&arena, &seed);
	}
	arena_release(&arena);
}

static const struct {
	const char *pattern;
	uint8_t escape;
	enum expr_op op;
	const char *text;
} patterns[] = {
	{ "abc", 0, EXPR_EQ, "abc" },
	{ "", 0, EXPR_EQ, "" },
	{ "abc%", 0, EXPR_PREFIX, "abc" },
	{ "abc%%", 0, EXPR_PREFIX, "abc" },
	{ "%abc", 0, EXPR_SUFFIX, "abc" },
	{ "%%abc", 0, EXPR_SUFFIX, "abc" },
	{ "%abc%", 0, EXPR_CONTAINS, "abc" },
	{ "%", 0, EXPR_PREFIX, "" },
	{ "a%c", 0, EXPR_LIKE, "a%c" },
	{ "_abc", 0, EXPR_LIKE, "_abc" },
	{ "%a_", 0, EXPR_LIKE, "%a_" },
	{ "a#%c", '#', EXPR_EQ, "a%c" },
	{ "a#_%", '#', EXPR_PREFIX, "a_" },
	{ "##%", '#', EXPR_PREFIX, "#" },
	{ "%#%%", '#', EXPR_CONTAINS, "%" },
};

static const struct expr *like(struct arena *arena, const struct expr *arg,
			       const char *pattern, uint8_t escape)
{
	struct expr *expr = build_op(arena, EXPR_LIKE, VALUE_BOOL, 1);

	expr->args[0] = arg;
	expr->value = value_text(pattern);
	expr->escape = escape;
	return expr;
}

static void fold__like__becomes_the_simplest_test(void **state)
{
	struct arena arena;
	struct fold fold;

	(void)state;
	arena_init(&arena, 1 << 20);
	fold_init(&fold, &arena);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct expr *column =
			build_op(&arena, EXPR_COLUMN, VALUE_TEXT, 0);
		const struct expr *folded = fold_condition(
			&fold, like(&arena, column, patterns[i].pattern,
				    patterns[i].escape));
		struct value text = folded->op == EXPR_EQ ?
					    folded->args[1]->value :
					    folded->value;

		assert_int_equal(folded->op, patterns[i].op);
		assert_int_equal(text.len, strlen(patterns[i].text));
		assert_memory_equal(text.p, patterns[i].text, text.len);
	}
	fold_release(&fold);
	arena_release(&arena);
}

/* The simple tests agree with LIKE itself, on texts made of the same letters. */
static void fold__like__keeps_its_value(void **state)
{
	static const char letters[] = "ab%_#";
	uint64_t seed = 7;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned round = 0; round < 20000; round++) {
		char pattern[8] = "", text[8] = "";
		struct value slots[8] = { 0 };
		struct tuple tuple = { .slots = slots };
		struct expr_env env = { 0 };
		struct fold fold;
		const struct expr *expr;
		struct expr *slot;
		size_t n = next(&seed) % 6, m = next(&seed) % 6;

		arena_reset(&arena);
		fold_init(&fold, &arena);
		for (size_t i = 0; i < n; i++)
			pattern[i] = letters[next(&seed) % 5];
		for (size_t i = 0; i < m; i++)
			text[i] = letters[next(&seed) % 5];
		if (n && pattern[n - 1] == '#')
			continue;
		slot = build_op(&arena, EXPR_SLOT, VALUE_TEXT, 0);
		slots[0] = value_text(text);
		expr = like(&arena, slot, pattern, '#');
		assert_int_equal(expr_is_true(expr, &tuple, &env),
				 expr_is_true(fold_condition(&fold, expr),
					      &tuple, &env));
		fold_release(&fold);
	}
	arena_release(&arena);
}

static void fold__too_many_parts__are_refused(void **state)
{
	const struct expr *expr;
	struct arena arena;
	struct fold fold;

	(void)state;
	arena_init(&arena, 64 << 20);
	expr = unknown(&arena, 0);
	/* Shared operands: 40 nodes, 2^40 when copied. */
	for (unsigned i = 0; i < 40; i++)
		expr = build_two(&arena, i % 2 ? EXPR_AND : EXPR_OR, VALUE_BOOL,
				 expr, expr);
	fold_init(&fold, &arena);
	assert_null(fold_condition(&fold, expr));
	assert_true(fold.exhausted);
	assert_false(fold.nomem);
	arena_release(&arena);
}

static void fold__no_memory__is_told(void **state)
{
	struct arena arena, small;
	const struct expr *expr;
	struct fold fold;

	(void)state;
	arena_init(&arena, 1 << 20);
	arena_init(&small, 64);
	expr = build_two(&arena, EXPR_AND, VALUE_BOOL, unknown(&arena, 0),
			 unknown(&arena, 1));
	fold_init(&fold, &small);
	assert_null(fold_condition(&fold, expr));
	assert_true(fold.nomem);
	arena_release(&arena);
	arena_release(&small);
}

static bool same_value(struct value a, struct value b)
{
	if (value_is_null(a) || value_is_null(b))
		return value_is_null(a) && value_is_null(b);
	return a.type == b.type && value_compare(a, b) == 0;
}

struct checked {
	const struct expr *expr, *value, *condition;
};

static void assert_same(const struct checked *c, struct random_expr *r,
			struct expr_env *env, uint64_t seed)
{
	static const char *const names[SLOT_COUNT] = { "b0", "b1", "i0", "i1",
						       "d0", "d1", "t0", "t1",
						       "l",  "ip", "ts", "iv" };
	const struct expr_names n = { .slots = names };
	struct value slots[SLOT_COUNT];
	struct tuple tuple = { .slots = slots };
	struct value want, got;
	struct buf text = BUF_INIT;
	bool truth;

	re_slots(r, slots);
	want = expr_eval(c->expr, &tuple, env);
	got = expr_eval(c->value, &tuple, env);
	truth = c->condition && expr_is_true(c->condition, &tuple, env) !=
					expr_is_true(c->expr, &tuple, env);
	if (truth || !same_value(want, got)) {
		expr_print(&text, c->expr, &n);
		buf_puts(&text, "\n as ");
		expr_print(&text, truth ? c->condition : c->value, &n);
		fail_msg("seed %#llx: %s", (unsigned long long)seed,
			 buf_text(&text));
	}
	env->used = 0;
}

static void fold__any_expression__keeps_its_value(void **state)
{
	static const enum value_type types[] = { VALUE_BOOL, VALUE_BOOL,
						 VALUE_INT,  VALUE_DOUBLE,
						 VALUE_TEXT, VALUE_TIMESTAMP };
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 5000;
	struct random_expr r = { .seed = 0x5eed20261 };
	unsigned shorter = 0;
	struct arena arena;
	struct expr_env env;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	r.arena = &arena;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	for (unsigned i = 0; i < rounds; i++) {
		enum value_type type = types[re_chance(&r, 6)];
		uint64_t seed = r.seed;
		struct checked c = { 0 };
		struct fold fold;

		arena_reset(&arena);
		c.expr = re_expr(&r, type, 1 + re_chance(&r, 4));
		fold_init(&fold, &arena);
		c.value = fold_value(&fold, c.expr);
		assert_non_null(c.value);
		if (type == VALUE_BOOL) {
			c.condition = fold_condition(&fold, c.expr);
			assert_non_null(c.condition);
		}
		assert_int_equal(expr_env_fit(&env, c.expr, NULL), 0);
		shorter += c.value->op != c.expr->op;
		for (unsigned k = 0; k < 40; k++)
			assert_same(&c, &r, &env, seed);
		fold_release(&fold);
	}
	assert_true(shorter > rounds / 50);
	expr_env_release(&env);
	arena_release(&arena);
}

static struct expr *slot_is(struct random_expr *r, int64_t i)
{
	struct expr *slot = re_node(r, EXPR_SLOT, VALUE_INT, 0);

	return (struct expr *)build_two(r->arena, EXPR_EQ, VALUE_BOOL, slot,
					re_const(r, VALUE_INT, value_int(i)));
}

/* CASE s WHEN 1 THEN 'create' WHEN 2 THEN 'open' WHEN 3 THEN 'unlink' END */
static struct expr *operation(struct random_expr *r)
{
	static const char *const names[] = { "create", "open", "unlink" };
	struct expr *e = re_node(r, EXPR_CASE, VALUE_TEXT, 6);

	for (unsigned i = 0; i < 3; i++) {
		e->args[2 * i] = slot_is(r, i + 1);
		e->args[2 * i + 1] =
			re_const(r, VALUE_TEXT, value_text(names[i]));
	}
	return e;
}

static void fold__case_of_names__becomes_its_condition(void **state)
{
	struct arena arena;
	struct random_expr r = { .arena = &arena };
	const struct expr *folded;
	struct fold fold;

	(void)state;
	arena_init(&arena, 1 << 20);
	fold_init(&fold, &arena);
	folded = fold_condition(
		&fold, build_two(&arena, EXPR_EQ, VALUE_BOOL, operation(&r),
				 re_const(&r, VALUE_TEXT, value_text("open"))));
	assert_int_equal(folded->op, EXPR_EQ);
	assert_int_equal(folded->args[0]->op, EXPR_SLOT);
	assert_int_equal(folded->args[1]->value.i, 2);
	folded = fold_condition(
		&fold, build_two(&arena, EXPR_NE, VALUE_BOOL, operation(&r),
				 re_const(&r, VALUE_TEXT, value_text("open"))));
	assert_int_equal(folded->op, EXPR_OR);
	assert_int_equal(folded->arg_count, 2);
	folded = fold_condition(
		&fold, build_two(&arena, EXPR_EQ, VALUE_BOOL, operation(&r),
				 re_const(&r, VALUE_TEXT, value_text("x"))));
	assert_true(build_is_bool(folded, false));
	fold_release(&fold);
	arena_release(&arena);
}

static void fold__constants_without_a_value__are_told(void **state)
{
	struct arena arena;
	struct random_expr r = { .arena = &arena };
	struct expr *one, *zero, *most;
	struct fold fold;

	(void)state;
	arena_init(&arena, 1 << 20);
	fold_init(&fold, &arena);
	one = re_const(&r, VALUE_INT, value_int(1));
	zero = re_const(&r, VALUE_INT, value_int(0));
	most = re_const(&r, VALUE_INT, value_int(INT64_MAX));
	fold_value(&fold, build_two(&arena, EXPR_ADD, VALUE_INT, one, zero));
	assert_null(fold.problem);
	fold_value(&fold, build_two(&arena, EXPR_DIV, VALUE_INT, one, zero));
	assert_string_equal(fold.problem, "divides by zero");
	fold_release(&fold);
	fold_init(&fold, &arena);
	fold_value(&fold, build_two(&arena, EXPR_ADD, VALUE_INT, most, one));
	assert_string_equal(fold.problem, "does not fit 64 bits");
	fold_release(&fold);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			fold__random_conditions__keep_their_truth_tables),
		cmocka_unit_test(fold__any_expression__keeps_its_value),
		cmocka_unit_test(fold__case_of_names__becomes_its_condition),
		cmocka_unit_test(fold__constants_without_a_value__are_told),
		cmocka_unit_test(fold__like__becomes_the_simplest_test),
		cmocka_unit_test(fold__like__keeps_its_value),
		cmocka_unit_test(fold__too_many_parts__are_refused),
		cmocka_unit_test(fold__no_memory__is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
