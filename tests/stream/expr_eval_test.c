// SPDX-License-Identifier: Apache-2.0
/* What SQLite does not have: lists, networks, ILIKE, casts to our types. */
#include "sqlite_oracle.h"
#include "stream_fixture.h"

#include "stream/plan.h"
#include "stream/regex.h"

struct fixture {
	struct arena arena;
	struct expr_env env;
	uint64_t chance;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)16 << 20);
	assert_int_equal(expr_env_init(&f->env, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	expr_env_release(&f->env);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static struct value eval(struct fixture *f, const struct expr *expr)
{
	return expr_eval(expr, &(struct tuple){ 0 }, &f->env);
}

/* -1: NULL */
static int truth(struct fixture *f, const struct expr *expr)
{
	struct value v = eval(f, expr);

	return value_is_null(v) ? -1 : (int)v.i;
}

static struct expr *text(struct fixture *f, const char *t)
{
	return expr_const(&f->arena, value_text(t));
}

static struct expr *elements(struct fixture *f, enum expr_op op,
			     const char *list, size_t len,
			     const struct expr *body)
{
	struct value v =
		list ? value_bytes(VALUE_LIST, list, len) : value_null();

	return expr_make(&f->arena, op, expr_const(&f->arena, v), body);
}

static struct expr *element(struct fixture *f)
{
	struct expr *e = expr_make(&f->arena, EXPR_ELEMENT, NULL, NULL);

	e->type = VALUE_TEXT;
	return e;
}

static void any_and_all__of_lists__follow_kleene(void **state)
{
	struct fixture *f = *state;
	struct arena *a = &f->arena;
	struct expr *is_b = expr_make(a, EXPR_EQ, element(f), text(f, "b"));
	struct expr *is_null =
		expr_make(a, EXPR_EQ, element(f), expr_const(a, value_null()));
	struct expr *b_or_null = expr_make(a, EXPR_OR, is_b, is_null);
	struct expr *prefix = expr_text(a, EXPR_PREFIX, element(f), "b");

	assert_int_equal(truth(f, elements(f, EXPR_ANY, "a\0b", 4, is_b)), 1);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, "a\0b", 4, is_b)), 0);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, "b\0b", 4, is_b)), 1);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, "b\0bc", 5, prefix)),
			 1);
	assert_int_equal(truth(f, elements(f, EXPR_ANY, "", 0, is_b)), 0);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, "", 0, is_b)), 1);
	assert_int_equal(truth(f, elements(f, EXPR_ANY, NULL, 0, is_b)), -1);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, NULL, 0, is_b)), -1);
	assert_int_equal(truth(f, elements(f, EXPR_ANY, "a", 2, is_null)), -1);
	assert_int_equal(truth(f, elements(f, EXPR_ALL, "a", 2, is_null)), -1);
	assert_int_equal(truth(f, elements(f, EXPR_ANY, "a\0b", 4, b_or_null)),
			 1);
	assert_int_equal(truth(f, elements(f, EXPR_ANY, "b\0a", 4, b_or_null)),
			 1);
}

/* Each element's values are given back: a long list needs no more scratch. */
static void any__computes_for_each_element__in_bounded_scratch(void **state)
{
	static char list[60000];
	struct fixture *f = *state;
	struct expr *long_text = expr_make(
		&f->arena, EXPR_CONCAT, element(f),
		expr_const(&f->arena, value_bytes(VALUE_TEXT, list, 1000)));
	struct expr *same =
		expr_make(&f->arena, EXPR_EQ, long_text, text(f, "x"));

	for (size_t i = 0; i < sizeof(list); i++)
		list[i] = i % 2 ? '\0' : 'a';
	assert_int_equal(
		truth(f, elements(f, EXPR_ANY, list, sizeof(list), same)), 0);
	assert_int_equal(f->env.overflows, 0);
	assert_int_equal(expr_mark(&f->env), 0);
}

static struct value ip_of(struct fixture *f, const char *t)
{
	struct expr *cast = expr_make(&f->arena, EXPR_CAST, text(f, t), NULL);

	cast->type = VALUE_IP;
	return eval(f, cast);
}

static const struct {
	const char *ip, *net;
	uint8_t prefix;
	int want;
} networks[] = {
	{ "10.1.2.3", "10.0.0.0", 8, 1 },
	{ "11.1.2.3", "10.0.0.0", 8, 0 },
	{ "10.0.15.255", "10.0.0.0", 20, 1 },
	{ "10.0.16.0", "10.0.0.0", 20, 0 },
	{ "10.0.0.1", "10.0.0.1", 32, 1 },
	{ "10.0.0.2", "10.0.0.1", 32, 0 },
	{ "1.2.3.4", "0.0.0.0", 0, 1 },
	{ "::1", "0.0.0.0", 0, 0 },
	{ "1.2.3.4", "::", 0, 0 },
	{ "::ffff:10.0.0.1", "10.0.0.0", 8, 0 },
	{ "fe80::1", "fe80::", 10, 1 },
	{ "febf::1", "fe80::", 10, 1 },
	{ "fec0::1", "fe80::", 10, 0 },
	{ "::1", "::1", 128, 1 },
	{ "::2", "::1", 128, 0 },
	{ "nonsense", "::1", 128, -1 },
};

static void cidr__addresses__lie_in_networks(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct expr *cidr = expr_make(
			&f->arena, EXPR_CIDR,
			expr_const(&f->arena, ip_of(f, networks[i].ip)), NULL);

		cidr->value = ip_of(f, networks[i].net);
		cidr->prefix = networks[i].prefix;
		assert_int_equal(truth(f, cidr), networks[i].want);
	}
}

static struct value random_letters(struct fixture *f, const char *letters,
				   unsigned most)
{
	unsigned len = chance(&f->chance, most);
	char *p = arena_alloc(&f->arena, len + 1);

	for (unsigned i = 0; i < len; i++)
		p[i] = letters[chance(&f->chance, (unsigned)strlen(letters))];
	return value_bytes(VALUE_TEXT, p, len);
}

static void ilike__random_texts__as_sqlites_own_like(void **state)
{
	struct fixture *f = *state;
	unsigned total = check_full() ? 1000000 : 50000, matches = 0;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	f->chance = test_seed();
	for (unsigned i = 0; i < total; i++) {
		struct value v[2];
		struct expr *like;
		sqlite3_stmt *stmt;
		struct value got;

		arena_reset(&f->arena);
		v[0] = random_letters(f, "aAbBzZ[{@`%_", 7);
		v[1] = random_letters(f, "aAbBzZ[{@`%_%%%", 6);
		like = expr_make(&f->arena, EXPR_LIKE,
				 expr_const(&f->arena, v[0]), NULL);
		like->value = v[1];
		like->fold_case = true;
		got = eval(f, like);
		stmt = oracle_ask(db, "SELECT ?1 LIKE ?2", v, 2);
		assert_true(oracle_agrees(stmt, got, true));
		sqlite3_finalize(stmt);
		matches += got.i != 0;
	}
	assert_true(matches > total / 20 && matches < total / 2);
	sqlite3_close(db);
}

static struct expr *affix(struct fixture *f, enum expr_op op, bool fold_case,
			  struct value on, struct value want)
{
	struct expr *e =
		expr_make(&f->arena, op, expr_const(&f->arena, on), NULL);

	e->value = want;
	e->fold_case = fold_case;
	return e;
}

/* PREFIX 'x' is LIKE 'x%', and so on, whatever bytes the text has. */
static void affixes__any_bytes__are_their_like(void **state)
{
	static const char letters[] = "aAb\xc3\xa9\x80\xe2\x82\xac\xff";
	struct fixture *f = *state;
	unsigned total = check_full() ? 1000000 : 50000, matches = 0;

	f->chance = test_seed();
	for (unsigned i = 0; i < total; i++) {
		enum expr_op op = EXPR_PREFIX + chance(&f->chance, 3);
		bool fold_case = chance(&f->chance, 2);
		struct value on, want;
		struct buf like = BUF_INIT;
		int got;

		arena_reset(&f->arena);
		on = random_letters(f, letters, 8);
		want = random_letters(f, letters, 3);
		if (want.len && (want.p[0] & 0xc0) == 0x80)
			continue;
		if (op != EXPR_PREFIX)
			buf_putc(&like, '%');
		buf_put(&like, want.p, want.len);
		if (op != EXPR_SUFFIX)
			buf_putc(&like, '%');
		got = truth(f, affix(f, op, fold_case, on, want));
		assert_int_equal(got, like_match(on.p, on.len, like.bytes,
						 like.len, 0, fold_case));
		matches += got == 1;
		buf_release(&like);
	}
	assert_true(matches > total / 20 && matches < total * 3 / 4);
}

static const struct {
	const char *from;
	enum value_type to;
	const char *back; /* as text again; NULL: it cannot be read */
} casts[] = {
	{ "192.0.2.1", VALUE_IP, "192.0.2.1" },
	{ "2001:DB8::0:1", VALUE_IP, "2001:db8::1" },
	{ "192.0.2", VALUE_IP, NULL },
	{ "192.0.2.1/32", VALUE_IP, NULL },
	{ "", VALUE_IP, NULL },
	{ "2026-01-31T23:59:59Z", VALUE_TIMESTAMP,
	  "2026-01-31T23:59:59.000000000Z" },
	{ "2026-02-01T01:29:59.5+01:30", VALUE_TIMESTAMP,
	  "2026-01-31T23:59:59.500000000Z" },
	{ "2026-02-30T00:00:00Z", VALUE_TIMESTAMP, NULL },
	{ "yesterday", VALUE_TIMESTAMP, NULL },
	{ "1.5", VALUE_INTERVAL, "1.5" },
	{ "-90", VALUE_INTERVAL, "-90" },
	{ "0.0000000019", VALUE_INTERVAL, "0.000000001" },
	{ "1.", VALUE_INTERVAL, NULL },
	{ ".5", VALUE_INTERVAL, NULL },
	{ "-", VALUE_INTERVAL, NULL },
	{ "9223372037", VALUE_INTERVAL, NULL },
	{ "TRUE", VALUE_BOOL, "1" },
	{ "0", VALUE_BOOL, "0" },
	{ "maybe", VALUE_BOOL, NULL },
	{ "12abc", VALUE_INT, "12" },
	{ "1e400", VALUE_DOUBLE, "Inf" },
	{ "-1e400x", VALUE_DOUBLE, "-Inf" },
	{ "0x10", VALUE_DOUBLE, "0.0" },
	{ "inf", VALUE_DOUBLE, "0.0" },
};

static struct expr *cast_to(struct fixture *f, const struct expr *e,
			    enum value_type type)
{
	struct expr *cast = expr_make(&f->arena, EXPR_CAST, e, NULL);

	cast->type = type;
	return cast;
}

static void cast__texts__to_our_types_and_back(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(casts); i++) {
		struct expr *there =
			cast_to(f, text(f, casts[i].from), casts[i].to);
		struct value v = eval(f, there);
		struct value back = eval(f, cast_to(f, there, VALUE_TEXT));

		if (!casts[i].back) {
			assert_true(value_is_null(v));
			continue;
		}
		assert_int_equal(v.type, casts[i].to);
		assert_int_equal(back.len, strlen(casts[i].back));
		assert_memory_equal(back.p, casts[i].back, back.len);
	}
}

static void cast__a_list__joins_its_elements(void **state)
{
	struct fixture *f = *state;
	struct expr *list =
		expr_const(&f->arena, value_bytes(VALUE_LIST, "a\0\0b", 5));

	assert_true(value_equal(eval(f, cast_to(f, list, VALUE_TEXT)),
				value_text("a  b")));
}

static const char *const inputs[] = { "m" };
static const enum stream_id streams[] = { PLAN_STREAM_MATCHES };
static const char *const slots[] = { "n", "ip", "args" };

static void assert_prints(const struct expr *expr, const char *want)
{
	static const struct plan_output outputs[] = { { "host", NULL },
						      { "total", NULL } };
	static const struct plan_rule rule = { .outputs = outputs,
					       .output_count = 2 };
	static const struct plan_rule *const rules[] = { &rule };
	const struct expr_names names = { inputs, streams, slots, rules };
	struct buf out = BUF_INIT;

	expr_print(&out, expr, &names);
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
}

static void print__what_sqlite_lacks__can_be_read_again(void **state)
{
	struct fixture *f = *state;
	struct arena *a = &f->arena;
	struct expr *args = expr_slot(a, 2), *n = expr_slot(a, 0);
	struct expr *like = expr_text(a, EXPR_PREFIX, element(f), "-p");
	struct expr *e;

	assert_prints(expr_column(a, 0, COL_OWN_FIRST + 1, VALUE_INT),
		      "m.total");
	assert_prints(expr_column(a, 0, COL_ts, VALUE_TIMESTAMP), "m.ts");
	assert_prints(expr_make(a, EXPR_ANY, args, like),
		      "ANY(args) LIKE '-p%'");
	like->fold_case = true;
	assert_prints(expr_make(a, EXPR_ALL, args,
				expr_make(a, EXPR_NOT, like, NULL)),
		      "ALL(args) NOT ILIKE '-p%'");
	e = expr_make(a, EXPR_NE, element(f), text(f, "x"));
	assert_prints(expr_make(a, EXPR_ALL, args, e), "ALL(args) <> 'x'");
	e = expr_make(a, EXPR_CIDR, expr_slot(a, 1), NULL);
	e->value = ip_of(f, "10.0.0.0");
	e->prefix = 8;
	assert_prints(e, "ip = '10.0.0.0/8'");
	assert_prints(expr_make(a, EXPR_NOT, e, NULL), "NOT ip = '10.0.0.0/8'");
	e = expr_text(a, EXPR_REGEXP, expr_slot(a, 1), "it's");
	assert_prints(e, "ip REGEXP 'it''s'");
	assert_prints(expr_make(a, EXPR_NEG, expr_int(a, -5), NULL), "-(-5)");
	assert_prints(expr_make(a, EXPR_NEG, n, NULL), "-n");
	assert_prints(cast_to(f, n, VALUE_DOUBLE), "CAST(n AS DOUBLE)");
	e = expr_make(a, EXPR_IS_TRUE, expr_make(a, EXPR_EQ, n, n), NULL);
	assert_prints(expr_make(a, EXPR_NOT, e, NULL), "(n = n) IS NOT TRUE");
}

static void print__doubles__shortest_and_no_integers(void **state)
{
	static const struct {
		double d;
		const char *want;
	} doubles[] = {
		{ 5, "5.0" },
		{ 0.1, "0.1" },
		{ -2.5, "-2.5" },
		{ 1e300, "1e+300" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ INFINITY, "9e999" },
		{ -INFINITY, "-9e999" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(doubles); i++) {
		struct value v = { .type = VALUE_DOUBLE, .d = doubles[i].d };

		assert_prints(expr_const(&f->arena, v), doubles[i].want);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(any_and_all__of_lists__follow_kleene),
		TEST(any__computes_for_each_element__in_bounded_scratch),
		TEST(cidr__addresses__lie_in_networks),
		TEST(ilike__random_texts__as_sqlites_own_like),
		TEST(affixes__any_bytes__are_their_like),
		TEST(cast__texts__to_our_types_and_back),
		TEST(cast__a_list__joins_its_elements),
		TEST(print__what_sqlite_lacks__can_be_read_again),
		TEST(print__doubles__shortest_and_no_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
