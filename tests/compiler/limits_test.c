// SPDX-License-Identifier: Apache-2.0
/* Hostile and oversized rule text: an error each, and nothing worse. */
#include "compiler/front.h"

#include <errno.h>

static void repeat(struct buf *out, const char *text, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_puts(out, text);
}

/* `message` is the error's; NULL: it compiles. */
static void expect_bytes(struct buf *text, const char *message)
{
	struct front front;

	assert_int_equal(text->failed, 0);
	front_compile_bytes(&front, (const char *)text->bytes, text->len);
	if (message) {
		assert_int_equal(front.result, COMPILE_REJECTED);
		if (!strstr(front_text(&front), message))
			print_error("%s\n", front_text(&front));
		assert_non_null(strstr(front_text(&front), message));
	} else {
		front_rule(&front);
	}
	front_release(&front);
	buf_release(text);
}

/* head, n times part, tail */
static void expect(const char *head, const char *part, unsigned n,
		   const char *tail, const char *message)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, head);
	repeat(&text, part, n);
	buf_puts(&text, tail);
	expect_bytes(&text, message);
}

#define WHERE "SELECT pid FROM process.exec WHERE "

static void limits__depth__is_bounded(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_puts(&text, WHERE);
	repeat(&text, "(", 64);
	buf_puts(&text, "uid = 1");
	repeat(&text, ")", 64);
	expect_bytes(&text, NULL);
	expect(WHERE, "(", 65, "uid", "nests at most 64 levels deep");
	expect(WHERE, "(", 60000, "", "nests at most 64 levels deep");
	expect(WHERE, "NOT ", 64, "compat", NULL);
	expect(WHERE, "NOT ", 65, "compat", "nests at most 64 levels deep");
	expect(WHERE "uid = uid", " + 1", 64, "", NULL);
	expect(WHERE "uid = uid", " + 1", 65, "",
	       "nests at most 64 levels deep");
	expect(WHERE "uid = 0", " OR uid = 1", 2000, "", NULL);
}

static void limits__subqueries__nest_three_deep(void **state)
{
	(void)state;
	expect("SELECT pid FROM ", "(SELECT pid FROM ", 3,
	       "process.exec) a) b) c", NULL);
	expect("SELECT pid FROM ", "(SELECT pid FROM ", 4,
	       "process.exec) a) b) c) d",
	       "subqueries nest at most 3 levels deep");
}

static void joins(struct buf *text, unsigned n)
{
	buf_puts(text, "SELECT a0.pid FROM process.exec a0");
	for (unsigned i = 1; i <= n; i++)
		buf_printf(text,
			   " JOIN process.exec a%u ON a%u.pid = a0.pid AND "
			   "a%u.ts = a0.ts",
			   i, i, i);
}

static void limits__joins__are_four(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	joins(&text, 4);
	expect_bytes(&text, NULL);
	joins(&text, 5);
	expect_bytes(&text, "a rule has at most 4 joins");
	/* Three in a subquery, two outside. */
	buf_puts(&text, "SELECT t.pid FROM (");
	joins(&text, 3);
	buf_puts(&text, ") t JOIN process.exec y ON y.pid = t.pid JOIN "
			"process.exec z ON z.pid = t.pid");
	expect_bytes(&text, "a rule has at most 4 joins");
}

static void limits__columns__are_fifty(void **state)
{
	(void)state;
	expect("SELECT pid", ", pid", 49, " FROM process.exec", NULL);
	expect("SELECT pid", ", pid", 50, " FROM process.exec",
	       "a query has at most 50 columns");
}

static void limits__keys__are_ten(void **state)
{
#define COUNT_BY "SELECT COUNT(*) OVER (PARTITION BY pid"
#define RANGE                                                           \
	" ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND " \
	"CURRENT ROW) AS n FROM process.exec"
	(void)state;
	expect(COUNT_BY, ", pid", 9, RANGE, NULL);
	expect(COUNT_BY, ", pid", 10, RANGE, "PARTITION BY has at most 10");
	expect("SELECT a.pid FROM process.exec a JOIN process.exec b ON "
	       "a.ts = b.ts",
	       " AND a.pid = b.pid", 11, "", "a join has at most 10 keys");
	expect("CREATE RULE r WITH (dedup_key = '", "pid,", 11,
	       "') AS SELECT pid FROM process.exec",
	       "dedup_key has at most 10 keys");
	expect("SELECT pid FROM process.exec GROUP BY pid", ", pid", 10, "",
	       "GROUP BY has at most 10 keys");
	expect("SELECT pid FROM process.exec ORDER BY pid", ", pid", 4, "",
	       "ORDER BY has at most 4 columns");
}

static void limits__lists__have_ten_thousand_elements(void **state)
{
	(void)state;
	expect(WHERE "uid IN (1", ",1", 9999, ");", NULL);
	expect(WHERE "uid IN (1", ",1", 10000, ");",
	       "IN has at most 10000 elements");
	expect("CREATE LIST l (1", ",1", 9999,
	       "); SELECT pid FROM process.exec", NULL);
	expect("CREATE LIST l (1", ",1", 10000,
	       "); SELECT pid FROM process.exec",
	       "a list has at most 10000 elements");
}

/* A CASE in the place of x of another doubles what is copied. */
static void limits__copies_of_case__are_bounded(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_puts(&text, WHERE "1 = ");
	repeat(&text, "CASE ", 30);
	buf_puts(&text, "uid");
	repeat(&text, " WHEN 1 THEN 2 WHEN 3 THEN 4 END", 30);
	expect_bytes(&text, "what stands between CASE and WHEN is too large");
}

static void limits__operators__nest_64_deep(void **state)
{
	static const struct {
		const char *head, *part;
	} chains[] = {
		{ "uid = ", "- " },	  { "TRUE = ", "LENGTH(" },
		{ "TRUE = ", "CAST(" },	  { "TRUE = ", "CASE WHEN " },
		{ "uid = uid", " * 1" },  { "uid = uid", " || '1'" },
		{ "uid = (uid", " % 2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		struct buf text = BUF_INIT;

		buf_printf(&text, "%s%s", WHERE, chains[i].head);
		repeat(&text, chains[i].part, 65);
		buf_puts(&text, " uid");
		expect_bytes(&text, "nests at most 64 levels deep");
	}
}

static void limits__rule_text__is_64_kib(void **state)
{
	struct front front;
	struct buf text = BUF_INIT;

	(void)state;
	expect(WHERE "exe = '", "x", 65000, "';", NULL);
	expect(WHERE "exe = '", "x", 66000, "';",
	       "a rule has at most 65536 bytes");
	expect(WHERE "uid IN (1", ",      1", 8000, ");", NULL);
	expect(WHERE "uid IN (1", ",      1", 8200, ");",
	       "a rule has at most 65536 bytes");
	/* Spaces between rules count for none; the next rule is read. */
	repeat(&text, " ", 70000);
	buf_puts(&text, WHERE "exe = '");
	repeat(&text, "x", 70000);
	buf_puts(&text, "';\nSELECT pdi FROM process.exec;");
	front_compile_bytes(&front, (const char *)text.bytes, text.len);
	assert_int_equal(front.result, COMPILE_REJECTED);
	assert_int_equal(front.diagnostics->error_count, 2);
	front_release(&front);
	buf_release(&text);
}

static void limits__file__is_8_mib(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	repeat(&text, "-- comment\n", COMPILE_FILE_BYTES_MAX / 11 - 10);
	while (text.len < COMPILE_FILE_BYTES_MAX - 40)
		buf_putc(&text, ' ');
	buf_puts(&text, "\nSELECT pid FROM process.exec;");
	assert_true(text.len <= COMPILE_FILE_BYTES_MAX);
	expect_bytes(&text, NULL);
	repeat(&text, " ", COMPILE_FILE_BYTES_MAX + 1);
	expect_bytes(&text, "a file has at most 8388608 bytes");
}

static void limits__errors__a_hundred_are_kept(void **state)
{
	struct front front;
	struct buf text = BUF_INIT;

	(void)state;
	repeat(&text, "SELECT pdi FROM process.exec;\n", 1000);
	front_compile_bytes(&front, (const char *)text.bytes, text.len);
	assert_int_equal(front.result, COMPILE_REJECTED);
	assert_int_equal(front.diagnostics->count, DIAGNOSTICS_MAX);
	assert_int_equal(front.diagnostics->error_count, 1000);
	assert_non_null(strstr(front_text(&front),
			       "1000 errors, 0 warnings; 900 of them not "
			       "shown\n"));
	front_release(&front);
	buf_release(&text);
}

static void limits__names__are_128_bytes(void **state)
{
	(void)state;
	expect("SELECT pid AS ", "x", 128, " FROM process.exec", NULL);
	expect("SELECT pid AS ", "x", 129, " FROM process.exec",
	       "a name has at most 128 characters");
}

static const struct {
	const char *bytes;
	size_t len;
	const char *message;
} encodings[] = {
	{ "SELECT\0 1", 9, "1:7: error: byte 0x00 at offset 6" },
	{ "\n \xff", 3, "2:2: error: byte 0xff at offset 2" },
	{ "'\xc0\x80'", 4, "byte 0xc0 at offset 1" },	  /* overlong */
	{ "'\xed\xa0\x80'", 5, "byte 0xed at offset 1" }, /* surrogate */
	{ "'\xf4\x90\x80\x80'", 6, "byte 0xf4 at offset 1" },
	{ "'\xe2\x82", 3, "byte 0xe2 at offset 1" }, /* cut short */
};

static void limits__bytes_that_are_no_text__are_placed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		struct buf text = BUF_INIT;

		buf_put(&text, encodings[i].bytes, encodings[i].len);
		expect_bytes(&text, encodings[i].message);
	}
	expect("\xef\xbb\xbf" WHERE "exe = '\xf0\x9f\xa6\x85", "", 0, "'",
	       NULL);
}

/* Columns of subqueries that repeat each other do not explode. */
static void limits__copied_columns__are_bounded(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_puts(&text, "SELECT pid FROM (SELECT pid, b");
	repeat(&text, " AND b", 500);
	buf_puts(&text, " AS c FROM (SELECT pid, a");
	repeat(&text, " OR a", 500);
	buf_puts(&text, " AS b FROM (SELECT pid, compat");
	repeat(&text, " AND compat", 500);
	buf_puts(&text, " AS a FROM process.exec) x) y) z WHERE c");
	expect_bytes(&text, "the rule's expressions have more than 50000");
}

/* 1,000 views, or lists, and one more. */
static void limits__names__are_bounded(void **state)
{
	static const char *const messages[] = {
		"a rule set has at most 1000 views",
		"a rule set has at most 1000 lists",
	};

	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(messages); k++) {
		for (unsigned n = 1000; n <= 1001; n++) {
			struct buf text = BUF_INIT;
			char statement[80];

			for (unsigned i = 0; i < n; i++) {
				snprintf(statement, sizeof(statement),
					 k ? "CREATE LIST l%u (1);" :
					     "CREATE VIEW v%u AS SELECT pid "
					     "FROM process.exec;",
					 i);
				buf_puts(&text, statement);
			}
			buf_puts(&text, "SELECT pid FROM process.exec;");
			expect_bytes(&text, n > 1000 ? messages[k] : NULL);
		}
	}
}

static void limits__small_arena__is_out_of_memory(void **state)
{
	static const char text[] =
		"SELECT t.pid FROM (SELECT pid, pid_key, COUNT(*) OVER "
		"(PARTITION BY pid_key ORDER BY ts RANGE BETWEEN INTERVAL '2' "
		"SECOND PRECEDING AND CURRENT ROW) AS n FROM file.open WHERE "
		"path LIKE '/etc/%') t WHERE n >= 20;";
	const struct compile_source source = { "x", text, sizeof(text) - 1 };
	struct diagnostics *diagnostics = malloc(sizeof(*diagnostics));
	bool failed = false;
	int r = -1;

	(void)state;
	/* Fails at each allocation in turn, until there is enough. */
	for (size_t limit = 16; r != COMPILE_OK; limit += 48) {
		struct err err = { 0 };
		struct program *program;
		struct arena arena;

		assert_true(limit < 1 << 20);
		arena_init(&arena, limit);
		diagnostics_init(diagnostics, &arena, &source, 1);
		r = compile(&arena, &source, 1, NULL, diagnostics, &program,
			    &err);
		assert_true(r == COMPILE_OK || r == -ENOMEM);
		failed |= r == -ENOMEM;
		arena_release(&arena);
	}
	assert_true(failed);
	free(diagnostics);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static const char *const words[] = {
	"SELECT ",
	"pid",
	"e.",
	"exe ",
	"FROM ",
	"process.exec ",
	"network.connect c ",
	"WHERE ",
	"uid = 0 ",
	"AND ",
	"OR ",
	"NOT ",
	"(",
	")",
	"IN ",
	",",
	"1",
	"'x'",
	"LIKE ",
	"'%a'",
	"BETWEEN ",
	"IS NULL ",
	"JOIN ",
	"ON ",
	"c.ts >= e.ts ",
	"c.pid = e.pid ",
	"INTERVAL '1' SECOND ",
	"COUNT(*) ",
	"OVER ",
	"ORDER BY ts ",
	"PARTITION BY ",
	"RANGE ",
	";",
	"CREATE RULE r AS ",
	"AS n ",
	"EMIT ",
	"ON FIRST MATCH ",
	"SUPPRESS FOR ",
	"WITH ",
	"= ",
	"- ",
	"+ ",
	"--",
	"/*",
	"*/",
	"ANY(args) ",
	"CASE ",
	"WHEN ",
	"THEN ",
	"END ",
	"GROUP BY ",
	"EXISTS (SELECT ",
	"LEFT JOIN ",
	"TUMBLE(TABLE ",
	"DESCRIPTOR(ts), ",
	"MATCH_RECOGNIZE (",
	"PATTERN (a b{2}",
	"DEFINE a AS ",
	"x'00' ",
	"1.5e3 ",
	":t_end ",
	"|| ",
	"* ",
	"'",
	"\n",
	"\xc3\xa9",
	".",
};

/* Words of the language in any order, with bytes flipped now and then. */
static void limits__random_text__ends_in_a_result(void **state)
{
	unsigned rounds = getenv("CHECK_FULL") ? 200000 : 4000;
	uint64_t seed = 0x5eed2026;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		struct buf text = BUF_INIT;
		struct front front;
		size_t n = next(&seed) % 40;

		if (i % 2)
			buf_puts(&text, WHERE);
		for (size_t k = 0; k < n; k++)
			buf_puts(&text, words[next(&seed) % ARRAY_SIZE(words)]);
		if (i % 5 == 0 && text.len)
			text.bytes[next(&seed) % text.len] =
				(uint8_t)next(&seed);
		front_compile_bytes(&front, (const char *)text.bytes, text.len);
		assert_in_range(front.result, COMPILE_OK, COMPILE_REJECTED);
		assert_int_equal(front.result == COMPILE_REJECTED,
				 front.diagnostics->error_count > 0);
		assert_true(*front_text(&front));
		front_release(&front);
		buf_release(&text);
	}
}

/* Rules that compile, with some of their bytes cut out or written twice. */
static void limits__damaged_rules__end_in_a_result(void **state)
{
	static const char *const rules[] = {
		"SELECT t.pid FROM (SELECT pid, exe, COUNT(*) OVER (PARTITION "
		"BY pid ORDER BY ts RANGE BETWEEN INTERVAL '2' SECOND PRECEDING "
		"AND CURRENT ROW) AS n FROM file.open WHERE path LIKE '/e_c/%') "
		"t WHERE n >= 20 AND exe <> 'x' EMIT ON FIRST MATCH;",
		"CREATE RULE r WITH (severity = 'low', attack = 'T1059') AS "
		"SELECT e.pid, c.dst_ip AS ip FROM process.exec e JOIN "
		"network.connect c ON c.pid = e.pid AND c.ts BETWEEN e.ts AND "
		"e.ts + INTERVAL '5' SECOND WHERE c.dst_ip IN ('1.2.3.4', '::') "
		"OR NOT c.dst_port = 22 AND 'a' = ANY(e.args) SUPPRESS FOR "
		"INTERVAL '1' DAY ON GAP FLAG;",
	};
	unsigned rounds = getenv("CHECK_FULL") ? 100000 : 4000;
	unsigned compiled = 0;
	uint64_t seed = 0x5eed2027;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		const char *rule = rules[i % 2];
		size_t len = strlen(rule);
		struct buf text = BUF_INIT;
		struct front front;
		size_t from, to;

		from = next(&seed) % len;
		to = from + next(&seed) % (i % 3 ? 4 : 60);
		if (to > len)
			to = len;
		buf_put(&text, rule, i % 4 ? from : to);
		buf_puts(&text, rule + (i % 4 ? to : from));
		front_compile_bytes(&front, (const char *)text.bytes, text.len);
		assert_in_range(front.result, COMPILE_OK, COMPILE_REJECTED);
		assert_int_equal(front.result == COMPILE_REJECTED,
				 front.diagnostics->error_count > 0);
		compiled += front.result == COMPILE_OK;
		front_release(&front);
		buf_release(&text);
	}
	/* It gets beyond the parser often enough. */
	assert_true(compiled > rounds / 20);
	assert_true(compiled < rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits__depth__is_bounded),
		cmocka_unit_test(limits__subqueries__nest_three_deep),
		cmocka_unit_test(limits__joins__are_four),
		cmocka_unit_test(limits__columns__are_fifty),
		cmocka_unit_test(limits__keys__are_ten),
		cmocka_unit_test(limits__lists__have_ten_thousand_elements),
		cmocka_unit_test(limits__copies_of_case__are_bounded),
		cmocka_unit_test(limits__operators__nest_64_deep),
		cmocka_unit_test(limits__rule_text__is_64_kib),
		cmocka_unit_test(limits__file__is_8_mib),
		cmocka_unit_test(limits__errors__a_hundred_are_kept),
		cmocka_unit_test(limits__names__are_128_bytes),
		cmocka_unit_test(limits__bytes_that_are_no_text__are_placed),
		cmocka_unit_test(limits__copied_columns__are_bounded),
		cmocka_unit_test(limits__names__are_bounded),
		cmocka_unit_test(limits__small_arena__is_out_of_memory),
		cmocka_unit_test(limits__random_text__ends_in_a_result),
		cmocka_unit_test(limits__damaged_rules__end_in_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
