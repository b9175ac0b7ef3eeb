// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of an older generation, and the joins that are not written out, against
 * the same written out. The nine statements that nobody here wrote are read
 * where they are: OLDER_RULES names the file, by default the one beside the
 * checkout.
 */
#include "compiler/front.h"
#include "stream/stream_fixture.h"

#include "compiler/plan_walk.h"

#define MINUTE_NS INT64_C(60000000000)
#define OLDER_COUNT 9
#define WITHIN_A_MINUTE(b, a)                                \
	b ".pid_key = " a ".pid_key AND " b ".ts BETWEEN " a \
	  ".ts - INTERVAL '1' MINUTE AND " a ".ts + INTERVAL '1' MINUTE"

static bool read_older(struct buf *out)
{
	const char *path = getenv("OLDER_RULES");
	char bytes[4096];
	size_t n;
	FILE *file;

	if (!path)
		path = "../shared/data/older-rules.sql";
	file = fopen(path, "r");
	if (!file) {
		print_message("skipped: no older rules in %s\n", path);
		return false;
	}
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_put(out, bytes, n);
	fclose(file);
	assert_int_equal(out->failed, 0);
	return true;
}

/* How many of them there are; each must last for a minute. */
static unsigned count_state(const struct plan_node *node)
{
	unsigned count = 0;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		count += count_state(
			plan_child((struct plan_node *)(uintptr_t)node, i));
	if (!plan_is_stateful(node))
		return count;
	assert_int_equal(node->horizon_ns, MINUTE_NS);
	return count + 1;
}

static void older__nine_statements__last_a_minute_at_most(void **state)
{
	/* The fourth counts; the sixth and the seventh join two events. */
	static const unsigned nodes[OLDER_COUNT] = { 0, 0, 0, 1, 0, 1, 1 };
	struct buf text = BUF_INIT;
	struct front front;

	(void)state;
	if (!read_older(&text))
		skip();
	front_compile_bytes(&front, (const char *)text.bytes, text.len);
	front_rule(&front);
	assert_int_equal(front.program->plan->rule_count, OLDER_COUNT);
	for (unsigned i = 0; i < OLDER_COUNT; i++)
		assert_int_equal(
			count_state(front.program->plan->rules[i].root),
			nodes[i]);
	front_release(&front);
	buf_release(&text);
}

/* Line by line, as explain indents it. */
static void is_explained(const char *explained, const char *expanded)
{
	while (*expanded) {
		size_t len = strcspn(expanded, "\n");
		char line[512];

		snprintf(line, sizeof(line), "    %.*s\n", (int)len, expanded);
		assert_non_null(strstr(explained, line));
		expanded += len + (expanded[len] != '\0');
	}
}

static void older__nine_statements__are_explained_as_lowered(void **state)
{
	struct buf text = BUF_INIT;
	struct front front;

	(void)state;
	if (!read_older(&text))
		skip();
	front_compile_bytes(&front, (const char *)text.bytes, text.len);
	front_rule(&front);
	explain(front.program, &front.text);
	for (unsigned i = 0; i < OLDER_COUNT; i++) {
		assert_non_null(front.program->expanded[i]);
		is_explained(buf_text(&front.text), front.program->expanded[i]);
	}
	front_release(&front);
	buf_release(&text);
}

static void plan_of(const char *text, struct buf *out)
{
	struct front front;

	front_compile(&front, text);
	plan_rule_print(out, front_rule(&front));
	front_release(&front);
}

/* That it is asked for only when needed is not part of what it finds. */
static void drop_triggered(struct buf *text)
{
	static const char mark[] = ", triggered";
	char *at = (char *)(uintptr_t)buf_text(text);

	while ((at = strstr(at, mark))) {
		memmove(at, at + strlen(mark), strlen(at + strlen(mark)) + 1);
		text->len -= strlen(mark);
	}
}

static void same_plan(const char *left, const char *right)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	plan_of(left, &a);
	plan_of(right, &b);
	drop_triggered(&a);
	assert_true(a.len > 0);
	if (strcmp(buf_text(&a), buf_text(&b)) != 0)
		print_error("%s\n%s\n", left, right);
	assert_string_equal(buf_text(&a), buf_text(&b));
	buf_release(&a);
	buf_release(&b);
}

static void older__seventh_statement__same_plan_as_written_out(void **state)
{
	struct buf text = BUF_INIT;
	char *start, *end;

	(void)state;
	if (!read_older(&text))
		skip();
	start = strstr((char *)(uintptr_t)buf_text(&text), "-- 7 ");
	assert_non_null(start);
	end = strstr(start, "-- 8 ");
	assert_non_null(end);
	*end = '\0';
	same_plan(start,
		  "SELECT n.pid, n.name, n.dst_ip, f.path FROM "
		  "network.connect n JOIN file.open f ON " WITHIN_A_MINUTE(
			  "f",
			  "n") " WHERE n.name = 'nc' AND "
			       "n.dst_port = 4444 AND f.path LIKE '%/tmp/%'");
	buf_release(&text);
}

static const struct {
	const char *name, *alias;
	const char *condition; /* of its own columns, behind the alias */
} streams[] = {
	{ "process.exec", "e", "args_count > 2" },
	{ "process.exit", "x", "uid = 7" },
	{ "network.connect", "n", "dst_port = 4444" },
	{ "file.open", "f", "path LIKE '%/tmp/%'" },
};

/* Two different streams. */
static void choose(uint64_t *seed, unsigned *a, unsigned *b)
{
	*a = chance(seed, ARRAY_SIZE(streams));
	*b = (*a + 1 + chance(seed, ARRAY_SIZE(streams) - 1)) %
	     (unsigned)ARRAY_SIZE(streams);
}

static void auto_join__random__same_plan_as_written_out(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 5000 : 200;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		char left[1024], right[1024];
		unsigned a, b, seconds = chance(&seed, 3);
		char bound[128] = "";
		const char *when;

		choose(&seed, &a, &b);
		when = chance(&seed, 2) ? streams[a].condition : "uid = 0";
		if (seconds)
			snprintf(bound, sizeof(bound),
				 " AND b.ts BETWEEN a.ts - INTERVAL '%u' "
				 "SECOND AND a.ts",
				 seconds);
		snprintf(left, sizeof(left),
			 "SELECT a.pid, b.uid FROM %s a AUTO JOIN %s b ON "
			 "b.pid_key = a.pid_key%s WHEN a.%s WHERE b.%s",
			 streams[a].name, streams[b].name, bound, when,
			 streams[b].condition);
		snprintf(right, sizeof(right),
			 "SELECT a.pid, b.uid FROM %s a JOIN %s b ON "
			 "b.pid_key = a.pid_key%s AND a.%s WHERE b.%s",
			 streams[a].name, streams[b].name,
			 seconds ? bound :
				   " AND b.ts BETWEEN a.ts AND a.ts + INTERVAL "
				   "'1' MINUTE",
			 when, streams[b].condition);
		same_plan(left, right);
	}
}

static void implied_join__random__same_plan_as_written_out(void **state)
{
	uint64_t seed = test_seed();
	unsigned rounds = check_full() ? 5000 : 200;

	(void)state;
	for (unsigned i = 0; i < rounds; i++) {
		char left[1024], right[1024];
		const char *x, *y;
		unsigned a, b;

		choose(&seed, &a, &b);
		x = streams[a].alias;
		y = streams[b].alias;
		snprintf(left, sizeof(left),
			 "SELECT %s.pid FROM %s %s WHERE %s.%s AND %s.%s", x,
			 streams[a].name, x, x, streams[a].condition, y,
			 streams[b].condition);
		snprintf(right, sizeof(right),
			 "SELECT %s.pid FROM %s %s JOIN %s %s ON %s.pid_key = "
			 "%s.pid_key AND %s.ts BETWEEN %s.ts - INTERVAL '1' "
			 "MINUTE AND %s.ts + INTERVAL '1' MINUTE WHERE %s.%s "
			 "AND %s.%s",
			 x, streams[a].name, x, streams[b].name, y, y, x, y, x,
			 x, x, streams[a].condition, y, streams[b].condition);
		same_plan(left, right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older__nine_statements__last_a_minute_at_most),
		cmocka_unit_test(
			older__nine_statements__are_explained_as_lowered),
		cmocka_unit_test(
			older__seventh_statement__same_plan_as_written_out),
		cmocka_unit_test(auto_join__random__same_plan_as_written_out),
		cmocka_unit_test(
			implied_join__random__same_plan_as_written_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
