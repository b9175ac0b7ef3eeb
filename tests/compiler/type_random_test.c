// SPDX-License-Identifier: Apache-2.0
/*
 * Random expressions: what is well typed binds and has its type, what is not is
 * complained of, and whatever binds evaluates to a value of the type that it
 * was given, on any row.
 */
#include "compiler/typed.h"

#include "stream/regex.h"

#define SEED 0x7e57edULL
#define DEPTH 5
#define ROWS 4

struct gen {
	uint64_t seed;
	struct buf out;
	unsigned chaos; /* one operand in so many is of any type; 0: none */
};

static unsigned below(struct gen *g, unsigned n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (unsigned)(g->seed >> 11) % n;
}

static const char *const leaves[VALUE_TYPE_COUNT][8] = {
	[VALUE_BOOL] = { "compat", "exe_memfd", "TRUE", "FALSE", "NULL" },
	[VALUE_INT] = { "pid", "dst_port", "src_port", "memory_usage", "7", "0",
			"NULL" },
	[VALUE_DOUBLE] = { "cpu_usage", "1.5", "1e3", "0.0", "NULL" },
	[VALUE_TEXT] = { "exe", "comm", "cmdline", "'abc'", "''", "'it''s'",
			 "NULL" },
	[VALUE_BYTES] = { "x'00ff'", "UNHEX(exe)", "CAST(exe AS bytes)" },
	[VALUE_IP] = { "dst_ip", "src_ip", "CAST('::1' AS ip)", "NULL" },
	[VALUE_TIMESTAMP] = { "ts", "start_ts", "NULL" },
	[VALUE_INTERVAL] = { "INTERVAL '5' SECOND", "(ts - start_ts)" },
	[VALUE_LIST] = { "args", "parent_args" },
	[VALUE_HASH] = { "executable_hash" },
};

/*
 * The expressions that give a type: a capital stands for an operand of that
 * type, see operand_type(). No operator has constants alone, which could
 * overflow.
 */
static const char *const shapes[VALUE_TYPE_COUNT][32] = {
	[VALUE_BOOL] = { "(B AND B)",
			 "(B OR B)",
			 "(NOT B)",
			 "(N = N)",
			 "(X <> X)",
			 "(X < X)",
			 "(T >= T)",
			 "(Z = Z)",
			 "(I = I)",
			 "(V < V)",
			 "(H = H)",
			 "(Y <> Y)",
			 "(X IS NULL)",
			 "(B IS NOT TRUE)",
			 "(B IS FALSE)",
			 "(N BETWEEN N AND D)",
			 "(N NOT IN (1, 2.5, NULL))",
			 "(X IN ('a', 'b', LOWER('C')))",
			 "(I IN ('10.0.0.0/8', '::1'))",
			 "(I <> '192.168.0.0/16')",
			 "(X LIKE 'a%_')",
			 "(X NOT ILIKE '%A!%' ESCAPE '!')",
			 "(X REGEXP 'a|b[0-9]+')",
			 "(X = ANY(L))",
			 "(ANY(L) NOT LIKE '-%')",
			 "(ALL(L) REGEXP 'x$')",
			 "CIDR_MATCH(src_ip, '::/0')",
			 "HAS_ANCESTOR(N, X)",
			 "(T > '2026-01-01T00:00:00Z')",
			 "CASE WHEN B THEN B ELSE B END",
			 "CAST(N AS bool)" },
	[VALUE_INT] = { "(pid + N)", "(pid - N)", "(pid * N)", "(pid / N)",
			"(pid % N)", "(-(pid + N))", "LENGTH(X)", "LENGTH(Y)",
			"INSTR(X, X)", "CAST(X AS bigint)",
			"CAST(D AS integer)", "CAST(B AS int)",
			"CAST(T AS bigint)", "CAST(V AS bigint)",
			"CASE WHEN B THEN N WHEN B THEN N END",
			"COALESCE(N, N, N)", "NULLIF(N, N)", "IFNULL(N, N)" },
	[VALUE_DOUBLE] = { "(cpu_usage + N)", "(cpu_usage * D)",
			   "(cpu_usage / N)", "(pid - cpu_usage)",
			   "(cpu_usage % D)", "(-(cpu_usage))", "ENTROPY(X)",
			   "CAST(X AS double)", "CAST(N AS double)",
			   "CASE WHEN B THEN N ELSE cpu_usage END",
			   "COALESCE(N, cpu_usage)", "NULLIF(cpu_usage, N)" },
	[VALUE_TEXT] = { "(X || N || D || X)",
			 "UPPER(X)",
			 "LOWER(X)",
			 "SUBSTR(X, N)",
			 "SUBSTR(X, N, N)",
			 "TRIM(X)",
			 "TRIM(X, X)",
			 "REPLACE(exe, X, X)",
			 "HEX(X)",
			 "HEX(Y)",
			 "BASENAME(X)",
			 "DIRNAME(X)",
			 "ANCESTOR(N, 3)",
			 "BASE64_DECODE(exe)",
			 "CAST(N AS text)",
			 "CAST(D AS text)",
			 "CAST(T AS text)",
			 "CAST(I AS text)",
			 "CAST(L AS text)",
			 "CAST(H AS text)",
			 "CAST(V AS text)",
			 "CAST(B AS text)",
			 "CASE WHEN B THEN X ELSE X END",
			 "COALESCE(X, X)",
			 "NULLIF(X, X)" },
	[VALUE_BYTES] = { "UNHEX(exe || X)", "CAST(H AS bytes)",
			  "COALESCE(Y, Y)" },
	[VALUE_IP] = { "COALESCE(dst_ip, '10.0.0.1')", "IFNULL(I, I)",
		       "CAST(exe || X AS ip)",
		       "CASE WHEN B THEN src_ip ELSE '::' END" },
	[VALUE_TIMESTAMP] = { "(ts + V)", "(V + ts)", "(ts - V)",
			      "CAST(exe || X AS timestamp)",
			      "CAST(N AS timestamp)", "COALESCE(T, T)",
			      "COALESCE(ts, '2026-01-31')" },
	[VALUE_INTERVAL] = { "(ts - (start_ts + V))", "(V + V)", "(V - V)",
			     "(V * pid)", "(pid * V)", "(-(V))",
			     "CAST(pid AS interval)", "COALESCE(V, V)" },
	[VALUE_LIST] = { "CASE WHEN B THEN L ELSE L END", "COALESCE(L, L)" },
	[VALUE_HASH] = { "COALESCE(H, H)", "CAST(exe || X AS hash256)" },
};

static enum value_type operand_type(char c)
{
	static const char letters[VALUE_TYPE_COUNT] = {
		[VALUE_BOOL] = 'B',	 [VALUE_INT] = 'N',
		[VALUE_DOUBLE] = 'D',	 [VALUE_TEXT] = 'X',
		[VALUE_BYTES] = 'Y',	 [VALUE_IP] = 'I',
		[VALUE_TIMESTAMP] = 'T', [VALUE_INTERVAL] = 'V',
		[VALUE_LIST] = 'L',	 [VALUE_HASH] = 'H',
	};

	if (c == 'Z')
		return VALUE_TIMESTAMP;
	for (unsigned i = 1; i < VALUE_TYPE_COUNT; i++)
		if (letters[i] == c)
			return (enum value_type)i;
	return VALUE_NULL;
}

static unsigned count_of(const char *const *texts, unsigned most)
{
	unsigned n = 0;

	while (n < most && texts[n])
		n++;
	return n;
}

static void generate(struct gen *g, enum value_type type, unsigned depth);

/* An operand's letter stands alone, behind no letter and before none. */
static bool is_operand(const char *shape, const char *at)
{
	const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmno"
			      "pqrstuvwxyz0123456789'!";

	return operand_type(*at) != VALUE_NULL &&
	       (at == shape || !strchr(letters, at[-1])) &&
	       (!at[1] || !strchr(letters, at[1]));
}

static void generate(struct gen *g, enum value_type type, unsigned depth)
{
	const char *shape;

	if (g->chaos && below(g, g->chaos) == 0)
		type = (enum value_type)(1 + below(g, VALUE_TYPE_COUNT - 1));
	if (depth == 0 || below(g, 4) == 0) {
		buf_puts(&g->out,
			 leaves[type][below(g, count_of(leaves[type], 8))]);
		return;
	}
	shape = shapes[type][below(g, count_of(shapes[type], 32))];
	for (const char *at = shape; *at; at++)
		if (is_operand(shape, at))
			generate(g, operand_type(*at), depth - 1);
		else
			buf_putc(&g->out, *at);
}

static struct value random_value(struct gen *g, enum value_type type,
				 struct arena *arena)
{
	static const size_t lengths[VALUE_TYPE_COUNT] = {
		[VALUE_IP] = 4,
		[VALUE_HASH] = VALUE_HASH_BYTES,
	};
	struct value v = { .type = (uint8_t)type };
	size_t len = lengths[type] ? lengths[type] : below(g, 12);
	char *bytes;

	if (below(g, 6) == 0)
		return value_null();
	if (type == VALUE_BOOL)
		return value_bool(below(g, 2));
	if (type == VALUE_DOUBLE) {
		v.d = (double)below(g, 1000) / 8 - 20;
		return v;
	}
	if (!value_is_bytes(v)) {
		v.i = (int64_t)(g->seed >> below(g, 64));
		return v;
	}
	bytes = arena_alloc(arena, len + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = "ab/-9%\0\xc3"[below(g, 8)];
	if (type == VALUE_LIST && len)
		bytes[len - 1] = '\0';
	return value_bytes(type, bytes, len);
}

static struct context *random_context(struct gen *g, struct arena *arena)
{
	const struct stream *stream = catalog_stream(STREAM_NETWORK_CONNECT);
	struct context *context = arena_alloc(arena, sizeof(*context));

	assert_non_null(context);
	for (unsigned i = 0; i < CONTEXT_COUNT; i++)
		context->values[i] = random_value(
			g,
			catalog_column_at(stream, COL_CONTEXT_FIRST + i)->type,
			arena);
	return context;
}

static struct row *random_row(struct gen *g, struct arena *arena)
{
	const struct stream *stream = catalog_stream(STREAM_NETWORK_CONNECT);
	unsigned slots = row_slots(stream);
	struct row *row = arena_alloc(
		arena, sizeof(*row) + slots * sizeof(row->values[0]));

	assert_non_null(row);
	row->value_count = (uint16_t)slots;
	for (unsigned i = 0; i < catalog_column_count(stream); i++)
		if (i < COL_CONTEXT_FIRST || i >= COL_OWN_FIRST)
			row->values[row_slot(i)] = random_value(
				g, catalog_column_at(stream, i)->type, arena);
	row->self = below(g, 8) ? random_context(g, arena) : NULL;
	row->parent = below(g, 8) ? random_context(g, arena) : NULL;
	return row;
}

static void assert_values(struct gen *g, struct typed *t, struct expr_env *env)
{
	const struct expr *expr = t->rule->outputs[0].expr;
	struct err err = { 0 };

	assert_int_equal(expr_env_fit(env, expr, &err), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		struct tuple tuple = { .rows = { random_row(g, &t->arena) } };
		size_t mark = expr_mark(env);
		struct value v = expr_eval(expr, &tuple, env);

		if (!value_is_null(v) && v.type != expr->type)
			print_error("%s\nis %s, its value %s\n", t->source.text,
				    value_type_name(expr->type),
				    value_type_name((enum value_type)v.type));
		assert_true(value_is_null(v) || v.type == expr->type);
		expr_restore(env, mark);
	}
}

static unsigned rounds(void)
{
	return getenv("CHECK_FULL") ? 100000 : 4000;
}

/* Bind one random expression; NULL: it was complained of. */
static const struct expr *bind_one(struct gen *g, struct typed *t,
				   enum value_type type)
{
	buf_reset(&g->out);
	buf_puts(&g->out, "SELECT ");
	generate(g, type, 1 + below(g, DEPTH));
	buf_puts(&g->out, " AS x FROM network.connect;");
	typed_bind(t, buf_text(&g->out));
	assert_false(t->nomem);
	assert_int_equal(t->rule != NULL, t->diagnostics->error_count == 0);
	return t->rule ? t->rule->outputs[0].expr : NULL;
}

static void type__well_typed__binds_to_its_type(void **state)
{
	struct gen g = { .seed = SEED, .out = BUF_INIT };
	struct err err = { 0 };
	struct expr_env env;

	(void)state;
	print_message("seed %#llx\n", SEED);
	assert_int_equal(expr_env_init(&env, &err), 0);
	for (unsigned i = 0; i < rounds(); i++) {
		enum value_type type =
			(enum value_type)(1 + below(&g, VALUE_TYPE_COUNT - 1));
		struct typed t;
		const struct expr *expr = bind_one(&g, &t, type);

		if (!expr)
			typed_print(&t);
		assert_non_null(expr);
		if (expr->type != VALUE_NULL && expr->type != type)
			print_error("%s is %s\n", t.source.text,
				    value_type_name(expr->type));
		assert_true(expr->type == VALUE_NULL || expr->type == type);
		assert_values(&g, &t, &env);
		typed_release(&t);
	}
	expr_env_release(&env);
	buf_release(&g.out);
}

static void type__any_operands__bind_or_are_complained_of(void **state)
{
	struct gen g = { .seed = SEED + 1, .out = BUF_INIT, .chaos = 8 };
	unsigned bound = 0, refused = 0;
	struct err err = { 0 };
	struct expr_env env;

	(void)state;
	print_message("seed %#llx\n", SEED + 1);
	assert_int_equal(expr_env_init(&env, &err), 0);
	for (unsigned i = 0; i < rounds(); i++) {
		struct typed t;

		if (bind_one(&g, &t, VALUE_BOOL)) {
			assert_values(&g, &t, &env);
			bound++;
		} else {
			assert_true(t.diagnostics->items[0].message[0] != 0);
			refused++;
		}
		typed_release(&t);
	}
	assert_true(bound > 100 && refused > 100);
	expr_env_release(&env);
	buf_release(&g.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type__well_typed__binds_to_its_type),
		cmocka_unit_test(type__any_operands__bind_or_are_complained_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
