// SPDX-License-Identifier: Apache-2.0
/*
 * Every limit of the language: the limit itself compiles, one more is one
 * error, which names the limit.
 */
#include "compiler/front.h"

#include <inttypes.h>

#define WHERE "SELECT pid FROM process.exec WHERE "
#define CONNECT "SELECT e.pid FROM process.exec e"
#define EXEC " FROM process.exec"
#define ON " n# ON n#.pid_key = e.pid_key"
#define A_SECOND " AND n#.ts BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND"
#define RANGE                                                           \
	" ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND " \
	"CURRENT ROW)"
#define TUMBLE                                                           \
	" FROM TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' " \
	"MINUTE)"
#define SEQUENCE "SELECT m.p" EXEC " MATCH_RECOGNIZE (PARTITION BY pid_key"
#define ORDER " ORDER BY ts MEASURES A.pid AS p"
#define WITHIN ") WITHIN INTERVAL '1' MINUTE) AS m"

/*
 * head, n times open, middle, n times close, tail; # is 0, 1, 2 ... That
 * compiles when n is what the limit still allows.
 */
static const struct limit {
	unsigned most;
	const char *head, *open, *middle, *close, *tail;
	const char *message;
} limits[] = {
	{ 3, "SELECT pid FROM ", "(SELECT pid FROM ", "process.exec", ") x#",
	  "", "subqueries nest at most 3 levels deep" },
	{ 3, "SELECT COUNT(*) AS n FROM ",
	  "TUMBLE(TABLE (SELECT MAX(ts) AS m FROM ",
	  "TUMBLE(TABLE process.exec, DESCRIPTOR(ts), INTERVAL '1' SECOND)",
	  "), DESCRIPTOR(ts), INTERVAL '1' SECOND)", "",
	  "subqueries nest at most 3 levels deep" },
	{ 3, "", "WITH x# AS (", "SELECT pid" EXEC, ") SELECT pid FROM x#", "",
	  "subqueries nest at most 3 levels deep" },
	{ 4, CONNECT, " JOIN network.connect" ON A_SECOND, "", "", "",
	  "a rule has at most 4 joins" },
	{ 4, CONNECT, " LEFT JOIN network.connect" ON A_SECOND, "", "", "",
	  "a rule has at most 4 joins" },
	{ 4, CONNECT, " JOIN FIRST network.connect" ON A_SECOND, "", "", "",
	  "a rule has at most 4 joins" },
	{ 4, CONNECT, " AUTO JOIN network.connect" ON, "", "", "",
	  "a rule has at most 4 joins" },
	{ 49, "SELECT pid", ", pid", EXEC, "", "",
	  "a query has at most 50 columns" },
	{ 49, "CREATE VIEW v AS SELECT pid", ", pid AS p#", EXEC, "",
	  "; SELECT pid FROM v", "a query has at most 50 columns" },
	{ 49, SEQUENCE ORDER, ", A.pid AS q#", " PATTERN (A B" WITHIN, "", "",
	  "MEASURES has at most 50 columns" },
	{ 9, "SELECT COUNT(*) AS n" TUMBLE " GROUP BY uid", ", uid + #", "", "",
	  "", "GROUP BY has at most 10 keys" },
	{ 9, "SELECT COUNT(*) OVER (PARTITION BY pid", ", pid",
	  RANGE " AS n" EXEC, "", "", "PARTITION BY has at most 10 keys" },
	{ 9, SEQUENCE, ", pid_key", ORDER " PATTERN (A B" WITHIN, "", "",
	  "PARTITION BY has at most 10 keys" },
	{ 9,
	  "SELECT COUNT(*) AS n FROM SESSION(TABLE process.exec PARTITION "
	  "BY pid",
	  ", pid",
	  ", DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' MINUTE)", "",
	  " GROUP BY pid", "PARTITION BY has at most 10 keys" },
	{ 10, CONNECT " JOIN network.connect n ON n.ts = e.ts",
	  " AND n.pid + # = e.pid", "", "", "", "a join has at most 10 keys" },
	{ 9, "CREATE RULE r WITH (dedup_key = 'pid", ",pid",
	  "') AS SELECT pid" EXEC " SUPPRESS FOR INTERVAL '1' DAY", "", "",
	  "dedup_key has at most 10 keys" },
	{ 2, WHERE "FIRST_SEEN(exe", ", uid", ", INTERVAL '1' DAY)", "", "",
	  "FIRST_SEEN takes one to 3 values" },
	{ 3, "SELECT uid, COUNT(*) AS n" TUMBLE " GROUP BY uid ORDER BY uid",
	  ", n", "", "", "", "ORDER BY has at most 4 columns" },
	{ 7, SEQUENCE ORDER " PATTERN (A", " B#", WITHIN, "", "",
	  "a sequence has at most 8 steps" },
	{ 3, SEQUENCE ORDER " PATTERN (A", " B#{2}", " C" WITHIN, "", "",
	  "a sequence has at most 8 steps" },
	{ 9999, WHERE "uid IN (0", ",#", ")", "", "",
	  "IN has at most 10000 elements" },
	{ 9999, "CREATE LIST l (0", ",#", "); " WHERE "uid IN l", "", "",
	  "a list has at most 10000 elements" },
	{ 64, WHERE, "(", "uid = 1", ")", "",
	  "an expression nests at most 64 levels deep" },
	{ 64, WHERE "uid = uid", " + gid", "", "", "",
	  "an expression nests at most 64 levels deep" },
	{ 128, "SELECT pid AS ", "x", EXEC, "", "",
	  "a name has at most 128 characters" },
	{ 126, WHERE "uid < 1.", "5", "", "", "",
	  "a number has at most 128 characters" },
	{ 1000, WHERE "exe REGEXP '", "x", "'", "", "",
	  "a pattern has at most 1000 bytes" },
	{ 1000, "", "CREATE VIEW v# AS SELECT pid" EXEC ";",
	  "SELECT pid FROM v1", "", "", "a rule set has at most 1000 views" },
	{ 1000, "", "CREATE LIST l# (#);", "SELECT pid" EXEC, "", "",
	  "a rule set has at most 1000 lists" },
	{ 15, WHERE "COALESCE(uid", ", #", ") = 0", "", "",
	  "COALESCE takes 2 to 16 arguments" },
};

/* limits of a number that stands in the text as # */
static const struct {
	uint64_t most;
	const char *text;
	const char *message;
} numbers[] = {
	{ 100,
	  "SELECT COUNT(*) AS n FROM HOP(TABLE process.exec, DESCRIPTOR(ts), "
	  "INTERVAL '1' SECOND, INTERVAL '#' SECOND)",
	  "a row lies in at most 100 windows of a HOP" },
	{ 64, "SELECT ANCESTOR(pid_key, #) AS a" EXEC,
	  "the number of an ancestor is a constant from 1 to 64" },
	{ 3650, WHERE "FIRST_SEEN(exe, INTERVAL '#' DAY)",
	  "an interval is at most 3650 days" },
	{ 30,
	  "SELECT COUNT(*) AS n FROM TUMBLE(TABLE process.exec, "
	  "DESCRIPTOR(ts), INTERVAL '#' DAY)",
	  "the size of a window is at most 30 days" },
	{ 30,
	  CONNECT " JOIN network.connect n ON n.pid_key = e.pid_key AND n.ts "
		  "BETWEEN e.ts AND e.ts + INTERVAL '#' DAY",
	  "the time bound of a join is at most 30 days" },
	{ 30,
	  CONNECT " JOIN network.connect n ON n.pid_key = e.pid_key AND n.ts "
		  "BETWEEN e.ts - INTERVAL '#' DAY AND e.ts",
	  "the time bound of a join is at most 30 days" },
	{ 30,
	  "SELECT COUNT(*) OVER (PARTITION BY pid ORDER BY ts RANGE BETWEEN "
	  "INTERVAL '#' DAY PRECEDING AND CURRENT ROW) AS n" EXEC,
	  "the range of OVER is at most 30 days" },
	{ 30, SEQUENCE ORDER " PATTERN (A B) WITHIN INTERVAL '#' DAY) AS m",
	  "WITHIN is at most 30 days" },
	{ INT64_MAX, WHERE "pid_key = #",
	  "a number is at most 9223372036854775807" },
	{ 1000, WHERE "exe REGEXP 'x{#}'", "repeat" },
	{ 8, SEQUENCE ORDER " PATTERN (A{#}" WITHIN,
	  "a step repeats 1 to 8 times" },
};

static void put(struct buf *out, const char *part, uint64_t number)
{
	for (; *part; part++)
		if (*part == '#')
			buf_printf(out, "%" PRIu64, number);
		else
			buf_putc(out, *part);
}

static void write_limit(struct buf *out, const struct limit *l, unsigned n)
{
	buf_reset(out);
	put(out, l->head, 0);
	for (unsigned i = 0; i < n; i++)
		put(out, l->open, i);
	put(out, l->middle, 0);
	/* The innermost is closed first. */
	for (unsigned i = n; i > 0; i--)
		put(out, l->close, i - 1);
	put(out, l->tail, 0);
	assert_int_equal(out->failed, 0);
}

/* `message` is its only error; NULL: it compiles. */
static void expect(const struct buf *text, const char *message)
{
	struct front front;
	bool ok;

	front_compile_bytes(&front, (const char *)text->bytes, text->len);
	ok = message ? front.result == COMPILE_REJECTED &&
			       front.diagnostics->error_count == 1 &&
			       strstr(front_text(&front), message) :
		       front.result == COMPILE_OK;
	if (!ok)
		print_error("%.300s\n%.2000s%s\nexpected: %s\n",
			    (const char *)text->bytes, front_text(&front),
			    front.err.text, message ? message : "none");
	assert_true(ok);
	front_release(&front);
}

static void limit__limit__compiles_and_one_more_is_an_error(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		write_limit(&text, &limits[i], limits[i].most);
		expect(&text, NULL);
		write_limit(&text, &limits[i], limits[i].most + 1);
		expect(&text, limits[i].message);
	}
	buf_release(&text);
}

static void limit__number__compiles_and_one_more_is_an_error(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		buf_reset(&text);
		put(&text, numbers[i].text, numbers[i].most);
		expect(&text, NULL);
		buf_reset(&text);
		put(&text, numbers[i].text, numbers[i].most + 1);
		expect(&text, numbers[i].message);
	}
	buf_release(&text);
}

/* From the first word of the rule to its last, the semicolon is not of it. */
static void limit__rule__is_64_kib_of_text(void **state)
{
	static const char head[] = WHERE "exe = '";
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		buf_reset(&text);
		buf_puts(&text, "-- what precedes a rule is not of it\n");
		buf_puts(&text, head);
		for (size_t i = sizeof(head); i < COMPILE_RULE_BYTES_MAX + over;
		     i++)
			buf_putc(&text, 'x');
		buf_puts(&text, "';");
		expect(&text,
		       over ? "a rule has at most 65536 bytes of text" : NULL);
	}
	buf_release(&text);
}

/* `count` rules, each a reader of the one before it. */
static void write_chain(struct buf *text, unsigned count)
{
	buf_reset(text);
	buf_puts(text, "CREATE RULE r0 AS SELECT pid" EXEC ";\n");
	for (unsigned i = 1; i <= count; i++)
		buf_printf(text,
			   "CREATE RULE r%u AS SELECT pid FROM matches.r%u;\n",
			   i, i - 1);
}

static void limit__chain_of_rules__is_32(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	write_chain(&text, 32);
	expect(&text, NULL);
	write_chain(&text, 33);
	expect(&text, "more than 32 rules read one another's matches");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			limit__limit__compiles_and_one_more_is_an_error),
		cmocka_unit_test(
			limit__number__compiles_and_one_more_is_an_error),
		cmocka_unit_test(limit__rule__is_64_kib_of_text),
		cmocka_unit_test(limit__chain_of_rules__is_32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
