// SPDX-License-Identifier: Apache-2.0
/*
 * Every function against an oracle: SQLite where it has the function, a plain
 * second implementation here where it has not. Texts are any bytes, short or
 * 64 KB. A function that is in no table fails the first test.
 */
#include "sqlite_oracle.h"
#include "stream_fixture.h"

#include <ctype.h>
#include <math.h>

#define HUGE_BYTES 65536u
/* Beyond 10^9, its longest text, SQLite gives nothing where text is left. */
#define POSITION_FAR 900000000
#define ARGS_MAX 4

static const char *own_unhex(struct buf *out, const struct value *args)
{
	char digits[3] = "";

	if (args[0].len % 2)
		return NULL;
	for (uint32_t i = 0; i < args[0].len; i += 2) {
		char *end;
		uint8_t byte;

		memcpy(digits, args[0].p + i, 2);
		if (!isxdigit((uint8_t)digits[0]) ||
		    !isxdigit((uint8_t)digits[1]))
			return NULL;
		byte = (uint8_t)strtoul(digits, &end, 16);
		buf_put(out, &byte, 1);
	}
	return buf_text(out);
}

static const char *own_basename(struct buf *out, const struct value *args)
{
	for (uint32_t i = 0; i < args[0].len; i++) {
		buf_put(out, args[0].p + i, 1);
		if (args[0].p[i] == '/')
			out->len = 0;
	}
	return buf_text(out);
}

static const char *own_dirname(struct buf *out, const struct value *args)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < args[0].len; i++)
		if (args[0].p[i] == '/')
			last = i ? i : 1;
	buf_put(out, args[0].p, last);
	return buf_text(out);
}

/* RFC 4648 by division: slow, nothing shared with ours. */
static const char *own_base64(struct buf *out, const struct value *args)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789+/";
	size_t len = args[0].len;
	unsigned held = 0, bits = 0;

	for (unsigned pads = 0; pads < 2 && len && args[0].len % 4 == 0 &&
				args[0].p[len - 1] == '=';
	     pads++)
		len--;
	if (len % 4 == 1)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const char *digit =
			args[0].p[i] ? strchr(alphabet, args[0].p[i]) : NULL;

		if (!digit)
			return NULL;
		held = held * 64 + (unsigned)(digit - alphabet);
		bits += 6;
		if (bits >= 8) {
			uint8_t byte = (uint8_t)(held / (1u << (bits - 8)));

			buf_put(out, &byte, 1);
			bits -= 8;
			held %= 1u << bits;
		}
	}
	return buf_text(out);
}

enum shape { SHAPE_TEXT, SHAPE_PART, SHAPE_POSITION, SHAPE_HEX, SHAPE_BASE64 };

/*
 * One for each function and number of args. `own`: NULL when there is no
 * answer, then the result must be NULL; else `sql`.
 */
static const struct {
	enum function function;
	unsigned count;
	enum shape shapes[3];
	const char *sql;
	const char *(*own)(struct buf *out, const struct value *args);
} cases[] = {
	{ FUNCTION_LENGTH, 1, { SHAPE_TEXT }, "SELECT length(?1)", NULL },
	{ FUNCTION_SUBSTR,
	  2,
	  { SHAPE_TEXT, SHAPE_POSITION },
	  "SELECT substr(?1, ?2)",
	  NULL },
	{ FUNCTION_SUBSTR,
	  3,
	  { SHAPE_TEXT, SHAPE_POSITION, SHAPE_POSITION },
	  "SELECT substr(?1, ?2, ?3)",
	  NULL },
	{ FUNCTION_INSTR,
	  2,
	  { SHAPE_TEXT, SHAPE_PART },
	  "SELECT instr(?1, ?2)",
	  NULL },
	{ FUNCTION_UPPER, 1, { SHAPE_TEXT }, "SELECT upper(?1)", NULL },
	{ FUNCTION_LOWER, 1, { SHAPE_TEXT }, "SELECT lower(?1)", NULL },
	{ FUNCTION_TRIM, 1, { SHAPE_TEXT }, "SELECT trim(?1)", NULL },
	{ FUNCTION_TRIM,
	  2,
	  { SHAPE_TEXT, SHAPE_PART },
	  "SELECT trim(?1, ?2)",
	  NULL },
	/* The one place where SQLite makes something of NULL. */
	{ FUNCTION_REPLACE,
	  3,
	  { SHAPE_TEXT, SHAPE_PART, SHAPE_PART },
	  "SELECT CASE WHEN ?3 IS NOT NULL THEN replace(?1, ?2, ?3) END",
	  NULL },
	{ FUNCTION_HEX,
	  1,
	  { SHAPE_TEXT },
	  "SELECT CASE WHEN ?1 IS NOT NULL THEN hex(?1) END",
	  NULL },
	{ FUNCTION_UNHEX, 1, { SHAPE_HEX }, NULL, own_unhex },
	{ FUNCTION_COALESCE,
	  3,
	  { SHAPE_TEXT, SHAPE_PART, SHAPE_PART },
	  "SELECT coalesce(?1, ?2, ?3)",
	  NULL },
	{ FUNCTION_NULLIF,
	  2,
	  { SHAPE_PART, SHAPE_PART },
	  "SELECT nullif(?1, ?2)",
	  NULL },
	{ FUNCTION_IFNULL,
	  2,
	  { SHAPE_TEXT, SHAPE_PART },
	  "SELECT ifnull(?1, ?2)",
	  NULL },
	{ FUNCTION_BASENAME, 1, { SHAPE_TEXT }, NULL, own_basename },
	{ FUNCTION_DIRNAME, 1, { SHAPE_TEXT }, NULL, own_dirname },
	{ FUNCTION_BASE64_DECODE, 1, { SHAPE_BASE64 }, NULL, own_base64 },
};

/* Neither SQLite nor bytes: each has its own test below. */
static const enum function elsewhere[] = { FUNCTION_ANCESTOR,
					   FUNCTION_HAS_ANCESTOR,
					   FUNCTION_ENTROPY };

static void functions__all__have_an_oracle(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FUNCTION_COUNT; f++) {
		unsigned found = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
			found += cases[i].function == f;
		for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++)
			found += elsewhere[i] == f;
		if (!found)
			fail_msg("%s has no test",
				 function_info((enum function)f)->name);
	}
}

struct fixture {
	struct arena arena;
	struct expr_env env;
	sqlite3 *db;
	uint64_t chance;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)16 << 20);
	assert_int_equal(expr_env_init(&f->env, NULL), 0);
	f->db = oracle_open();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sqlite3_close(f->db);
	expr_env_release(&f->env);
	arena_release(&f->arena);
	free(f);
	return 0;
}

/* Any bytes but NUL: SQLite ends texts there, and says so. */
static struct value random_bytes(struct fixture *f, unsigned len)
{
	static const uint8_t some[] = "ab/ /\xc3\xa9\x80\xe2\x82\xac\xff zZ=";
	uint8_t *p = arena_alloc(&f->arena, len);

	for (unsigned i = 0; i < len; i++)
		p[i] = chance(&f->chance, 4) ?
			       some[chance(&f->chance, sizeof(some) - 1)] :
			       (uint8_t)(1 + chance(&f->chance, 255));
	return value_bytes(VALUE_TEXT, p, len);
}

static struct value random_letters(struct fixture *f, const char *letters)
{
	unsigned len = chance(&f->chance, 10);
	char *p = arena_alloc(&f->arena, len + 1);

	for (unsigned i = 0; i < len; i++)
		p[i] = letters[chance(&f->chance, (unsigned)strlen(letters))];
	return value_bytes(VALUE_TEXT, p, len);
}

static struct value random_arg(struct fixture *f, enum shape shape)
{
	if (chance(&f->chance, 12) == 0)
		return value_null();
	switch (shape) {
	case SHAPE_TEXT:
		return random_bytes(f, chance(&f->chance, 500) == 0 ?
					       HUGE_BYTES :
					       chance(&f->chance, 14));
	case SHAPE_PART:
		return random_bytes(f, chance(&f->chance, 3));
	case SHAPE_POSITION:
		if (chance(&f->chance, 20) == 0)
			return value_int(chance(&f->chance, 2) ? POSITION_FAR :
								 -POSITION_FAR);
		return value_int((int)chance(&f->chance, 20) - 10);
	case SHAPE_HEX:
		return random_letters(f, chance(&f->chance, 4) ?
						 "0123456789abcdefABCDEF" :
						 "09afAFgG ");
	case SHAPE_BASE64:
		return random_letters(f, chance(&f->chance, 2) ? "AQgwZaz9+/" :
								 "AQ+/==-");
	}
	return value_null();
}

static struct value call(struct fixture *f, enum function function,
			 const struct value *args, unsigned count)
{
	struct expr *expr = expr_make(&f->arena, EXPR_CALL, NULL, NULL);

	expr->function = function;
	expr->type = VALUE_TEXT;
	expr->arg_count = (uint16_t)count;
	expr->args = arena_array(&f->arena, ARGS_MAX, sizeof(*expr->args));
	for (unsigned i = 0; i < count; i++)
		expr->args[i] = expr_const(&f->arena, args[i]);
	return expr_eval(expr, &(struct tuple){ 0 }, &f->env);
}

static bool own_agrees(const char *(*own)(struct buf *out,
					  const struct value *args),
		       const struct value *args, struct value got)
{
	struct buf out = BUF_INIT;
	const char *want = value_is_null(args[0]) ? NULL : own(&out, args);
	bool same = want ? value_is_bytes(got) && got.len == out.len &&
				    (!got.len ||
				     memcmp(got.p, want, got.len) == 0) :
			   value_is_null(got);

	buf_release(&out);
	return same;
}

static void functions__random_args__agree_with_their_oracle(void **state)
{
	unsigned total = check_full() ? 1000000 : 50000;
	unsigned nulls[ARRAY_SIZE(cases)] = { 0 };
	unsigned tried[ARRAY_SIZE(cases)] = { 0 };
	struct fixture *f = *state;
	unsigned null = 0;

	f->chance = test_seed();
	for (unsigned i = 0; i < total; i++) {
		unsigned k = chance(&f->chance, ARRAY_SIZE(cases));
		struct value args[ARGS_MAX], got;
		bool agrees;

		arena_reset(&f->arena);
		f->env.used = 0;
		for (unsigned a = 0; a < cases[k].count; a++)
			args[a] = random_arg(f, cases[k].shapes[a]);
		got = call(f, cases[k].function, args, cases[k].count);
		if (cases[k].sql) {
			sqlite3_stmt *stmt = oracle_ask(f->db, cases[k].sql,
							args, cases[k].count);

			agrees = oracle_agrees(stmt, got, true);
			sqlite3_finalize(stmt);
		} else {
			agrees = own_agrees(cases[k].own, args, got);
		}
		if (!agrees)
			fail_msg("evaluation %u: %s of %u args", i,
				 function_info(cases[k].function)->name,
				 cases[k].count);
		tried[k]++;
		nulls[k] += value_is_null(got);
	}
	assert_int_equal(f->env.overflows, 0);
	for (unsigned k = 0; k < ARRAY_SIZE(cases); k++) {
		assert_true(nulls[k] < tried[k]);
		null += nulls[k];
	}
	print_message("%u evaluations, %u NULL\n", total, null);
	assert_true(null > total / 50);
}

static const struct {
	enum function function;
	unsigned count;
	const char *args[3]; /* '0' stands for NUL */
	const char *want;    /* NULL: a number in `number` */
	int64_t number;
} with_nul[] = {
	{ FUNCTION_LENGTH, 1, { "a0b" }, NULL, 3 },
	{ FUNCTION_SUBSTR, 3, { "a0bc", "2", "2" }, "0b", 0 },
	{ FUNCTION_SUBSTR, 2, { "a0bc", "-1" }, "c", 0 },
	{ FUNCTION_INSTR, 2, { "a0b", "0b" }, NULL, 2 },
	{ FUNCTION_UPPER, 1, { "a0b" }, "A0B", 0 },
	{ FUNCTION_TRIM, 2, { "0a0", "0" }, "a", 0 },
	{ FUNCTION_REPLACE, 3, { "a0b0", "0", "x" }, "axbx", 0 },
	{ FUNCTION_BASENAME, 1, { "0/a0" }, "a0", 0 },
};

static struct value nul_text(struct fixture *f, const char *text)
{
	size_t len = strlen(text);
	char *p = arena_copy(&f->arena, text, len);

	for (size_t i = 0; i < len; i++)
		if (p[i] == '0')
			p[i] = '\0';
	return value_bytes(VALUE_TEXT, p, len);
}

static void functions__a_nul__ends_no_text(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(with_nul); i++) {
		struct value args[3], got, want;

		for (unsigned a = 0; a < with_nul[i].count; a++) {
			args[a] = nul_text(f, with_nul[i].args[a]);
			if (with_nul[i].function == FUNCTION_SUBSTR && a)
				args[a] = value_int(atoi(with_nul[i].args[a]));
		}
		got = call(f, with_nul[i].function, args, with_nul[i].count);
		want = with_nul[i].want ? nul_text(f, with_nul[i].want) :
					  value_int(with_nul[i].number);
		assert_true(value_equal(got, want));
	}
}

static void entropy__known_texts__in_bits_a_byte(void **state)
{
	struct fixture *f = *state;
	uint8_t all[256];
	struct value v = value_text("aaaa");

	assert_true(call(f, FUNCTION_ENTROPY, &v, 1).d == 0);
	v = value_text("");
	assert_true(call(f, FUNCTION_ENTROPY, &v, 1).d == 0);
	v = value_text("abab");
	assert_true(call(f, FUNCTION_ENTROPY, &v, 1).d == 1);
	v = value_text("aab");
	assert_true(fabs(call(f, FUNCTION_ENTROPY, &v, 1).d -
			 0.9182958340544896) < 1e-15);
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	v = value_bytes(VALUE_TEXT, all, sizeof(all));
	assert_true(call(f, FUNCTION_ENTROPY, &v, 1).d == 8);
	v = value_null();
	assert_true(value_is_null(call(f, FUNCTION_ENTROPY, &v, 1)));
}

/* 1 /bin/a <- 2 /bin/b <- ... the n-th ancestor of 9 is 9 - n. */
struct family {
	struct context members[100];
	char paths[100][16];
	unsigned asked_most;
};

static const struct context *family_ancestor(void *ctx, int64_t pid_key,
					     unsigned n)
{
	struct family *family = ctx;

	if (n > family->asked_most)
		family->asked_most = n;
	return pid_key - n >= 1 ? &family->members[pid_key - n] : NULL;
}

static void family_init(struct family *family, struct expr_env *env)
{
	memset(family, 0, sizeof(*family));
	for (unsigned i = 1; i < 100; i++) {
		struct value *values = family->members[i].values;

		snprintf(family->paths[i], sizeof(family->paths[i]), "/bin/p%u",
			 i);
		values[COL_exe - COL_CONTEXT_FIRST] =
			value_text(family->paths[i]);
		values[COL_name - COL_CONTEXT_FIRST] =
			value_text(family->paths[i] + 5);
	}
	env->ancestor = family_ancestor;
	env->ancestor_ctx = family;
}

static void ancestor__of_a_chain__by_its_distance(void **state)
{
	struct fixture *f = *state;
	struct family *family = calloc(1, sizeof(*family));
	struct value args[2] = { value_int(9), value_int(1) };
	struct value exe;

	assert_non_null(family);
	assert_true(value_is_null(call(f, FUNCTION_ANCESTOR, args, 2)));
	family_init(family, &f->env);
	exe = call(f, FUNCTION_ANCESTOR, args, 2);
	assert_true(value_equal(exe, value_text("/bin/p8")));
	args[1] = value_int(8);
	exe = call(f, FUNCTION_ANCESTOR, args, 2);
	assert_true(value_equal(exe, value_text("/bin/p1")));
	for (int n = -1; n <= 100; n++)
		if (n < 1 || n > 8) {
			args[1] = value_int(n);
			exe = call(f, FUNCTION_ANCESTOR, args, 2);
			assert_true(value_is_null(exe));
		}
	args[1] = value_int(INT64_MAX);
	assert_true(value_is_null(call(f, FUNCTION_ANCESTOR, args, 2)));
	assert_true(family->asked_most <= FUNCTION_ANCESTORS_MAX);
	free(family);
}

static int has(struct fixture *f, int64_t pid_key, const char *exe)
{
	struct value args[2] = { value_int(pid_key), value_text(exe) };
	struct value v = call(f, FUNCTION_HAS_ANCESTOR, args, 2);

	return value_is_null(v) ? -1 : (int)v.i;
}

static void has_ancestor__by_path_or_name__within_its_reach(void **state)
{
	struct fixture *f = *state;
	struct family *family = calloc(1, sizeof(*family));

	assert_non_null(family);
	assert_int_equal(has(f, 9, "/bin/p3"), -1);
	family_init(family, &f->env);
	assert_int_equal(has(f, 9, "/bin/p8"), 1);
	assert_int_equal(has(f, 9, "p8"), 1);
	assert_int_equal(has(f, 9, "p1"), 1);
	assert_int_equal(has(f, 9, "p9"), 0);
	assert_int_equal(has(f, 9, "bin/p8"), 0);
	assert_int_equal(has(f, 9, ""), 0);
	assert_int_equal(has(f, 1, "p1"), -1);
	/* Further up nobody looks. */
	assert_int_equal(has(f, 99, "p35"), 1);
	assert_int_equal(has(f, 99, "p34"), 0);
	assert_int_equal(family->asked_most, FUNCTION_ANCESTORS_MAX);
	free(family);
}

/* Each REPLACE makes it 16 times as long: the sixth does not fit. */
static void scratch__a_text_that_does_not_fit__is_null_and_counted(void **state)
{
	struct fixture *f = *state;
	struct value args[3] = { value_text("a"), value_text("a"),
				 value_text("aaaaaaaaaaaaaaaa") };
	unsigned rounds = 0;

	while (!value_is_null(args[0]) && rounds++ < 10)
		args[0] = call(f, FUNCTION_REPLACE, args, 3);
	assert_int_equal(rounds, 5);
	assert_int_equal(f->env.overflows, 1);
	assert_true(expr_mark(&f->env) <= EXPR_SCRATCH_BYTES);
}

static void trim__too_many_characters__is_null(void **state)
{
	struct fixture *f = *state;
	char set[FUNCTION_TRIM_BYTES_MAX + 2];
	struct value args[2] = { value_text(" x "), value_null() };

	memset(set, ' ', sizeof(set));
	args[1] = value_bytes(VALUE_TEXT, set, FUNCTION_TRIM_BYTES_MAX);
	assert_true(
		value_equal(call(f, FUNCTION_TRIM, args, 2), value_text("x")));
	args[1].len++;
	assert_true(value_is_null(call(f, FUNCTION_TRIM, args, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions__all__have_an_oracle),
		cmocka_unit_test_setup_teardown(
			functions__random_args__agree_with_their_oracle, setup,
			teardown),
		cmocka_unit_test_setup_teardown(functions__a_nul__ends_no_text,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			entropy__known_texts__in_bits_a_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(
			ancestor__of_a_chain__by_its_distance, setup, teardown),
		cmocka_unit_test_setup_teardown(
			has_ancestor__by_path_or_name__within_its_reach, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			scratch__a_text_that_does_not_fit__is_null_and_counted,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			trim__too_many_characters__is_null, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
