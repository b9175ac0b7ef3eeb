// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of an older generation, nine statements that nobody here wrote. They are
 * read where they are: OLDER_RULES names the file, by default the one beside the
 * checkout.
 */
#include "compiler/same_plan.h"

#include "compiler/plan_walk.h"

#include <stdio.h>
#include <unistd.h>

#define MINUTE_NS INT64_C(60000000000)
#define OLDER_COUNT 9
#define WITHIN_A_MINUTE(b, a)                                \
	b ".pid_key = " a ".pid_key AND " b ".ts BETWEEN " a \
	  ".ts - INTERVAL '1' MINUTE AND " a ".ts + INTERVAL '1' MINUTE"

static const char *older_path(void)
{
	const char *path = getenv("OLDER_RULES");

	return path ? path : "../shared/data/older-rules.sql";
}

static void read_older(struct buf *out)
{
	FILE *file = fopen(older_path(), "r");
	char bytes[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_put(out, bytes, n);
	fclose(file);
	assert_int_equal(out->failed, 0);
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
	read_older(&text);
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
	read_older(&text);
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

static void older__seventh_statement__same_plan_as_written_out(void **state)
{
	struct buf text = BUF_INIT;
	char *start, *end;

	(void)state;
	read_older(&text);
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

/* Without the statements nothing here can be looked at. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older__nine_statements__last_a_minute_at_most),
		cmocka_unit_test(
			older__nine_statements__are_explained_as_lowered),
		cmocka_unit_test(
			older__seventh_statement__same_plan_as_written_out),
	};

	if (access(older_path(), R_OK)) {
		printf("skip: outside data: no rules in %s\n", older_path());
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
