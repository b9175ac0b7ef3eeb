// SPDX-License-Identifier: Apache-2.0
/* Rules that read what the machine lacks: they alone do not run. */
#include "compiler/front.h"

static const char *const lacks[STREAM_COUNT] = {
	[STREAM_PROCESS_RENAME] = "tp_btf/task_rename",
};

static void front_compile_here(struct front *front, const char *text,
			       bool strict)
{
	const struct compile_options options = { .lacks = lacks,
						 .strict = strict };

	memset(front, 0, sizeof(*front));
	arena_init(&front->arena, COMPILE_ARENA_BYTES);
	front->source =
		(struct compile_source){ "rules.sql", text, strlen(text) };
	front->diagnostics = malloc(sizeof(*front->diagnostics));
	assert_non_null(front->diagnostics);
	diagnostics_init(front->diagnostics, &front->arena, &front->source, 1);
	front->result =
		compile(&front->arena, &front->source, 1, &options,
			front->diagnostics, &front->program, &front->err);
}

static void is_told(struct front *front, const char *text)
{
	if (!strstr(front_text(front), text))
		fail_msg("no '%s' in: %s", text, front_text(front));
}

#define OPENED "CREATE RULE opened AS SELECT pid FROM file.open;\n"
#define RENAMED "CREATE RULE renamed AS SELECT pid FROM process.rename;\n"

static void rule__reads_what_is_lacking__is_left_out_alone(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(&front, RENAMED OPENED, false);
	assert_int_equal(front.result, COMPILE_OK);
	assert_int_equal(front.program->left_out_count, 1);
	assert_int_equal(front.program->plan->rule_count, 1);
	assert_string_equal(front.program->plan->rules[0].name, "opened");
	assert_false(
		front.program->subscriptions[STREAM_PROCESS_RENAME].wanted);
	is_told(&front, "rules.sql:1:13: warning: does not run here: "
			"process.rename needs tp_btf/task_rename, which this "
			"kernel lacks [rule renamed]");
	is_told(&front, "shrike probe");
	front_release(&front);
}

/* Its parts keep state of their own: they are not run for nothing either. */
static void rule__of_several_parts__is_left_out_whole(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(
		&front,
		"CREATE RULE parts AS SELECT t.pid FROM "
		"(SELECT pid, COUNT(*) OVER (PARTITION BY pid ORDER BY ts "
		"RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) "
		"AS n FROM file.open) t JOIN process.rename r ON r.pid = t.pid "
		"AND r.ts BETWEEN t.ts AND t.ts + INTERVAL '1' SECOND "
		"WHERE t.n > 3;\n"
		"CREATE RULE other AS SELECT pid FROM network.connect;\n",
		false);
	assert_int_equal(front.result, COMPILE_OK);
	assert_int_equal(front.program->left_out_count, 1);
	assert_int_equal(front.program->plan->rule_count, 1);
	assert_false(front.program->subscriptions[STREAM_FILE_OPEN].wanted);
	front_release(&front);
}

static void rule__reads_one_that_is_left_out__is_left_out_too(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(
		&front,
		"CREATE RULE reader AS SELECT pid FROM matches.renamed;\n" RENAMED
			OPENED,
		false);
	assert_int_equal(front.result, COMPILE_OK);
	assert_int_equal(front.program->left_out_count, 2);
	assert_int_equal(front.program->plan->rule_count, 1);
	is_told(&front, "it reads the matches of 'renamed', which does not "
			"either [rule reader]");
	front_release(&front);
}

static void rules__none_is_left__are_refused(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(&front, RENAMED, false);
	assert_int_equal(front.result, COMPILE_LACKING);
	assert_null(front.program);
	is_told(&front, "error: no rule is left that can run here");
	front_release(&front);
}

static void rules__strictly_all__are_refused_with_the_one(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(&front, OPENED RENAMED, true);
	assert_int_equal(front.result, COMPILE_LACKING);
	is_told(&front, "error: does not run here");
	front_release(&front);
	front_compile_here(&front, OPENED, true);
	assert_int_equal(front.result, COMPILE_OK);
	assert_int_equal(front.program->left_out_count, 0);
	front_release(&front);
}

/* What is wrong is wrong on every machine; what is off is not missed. */
static void rules__wrong_or_off__are_told_of_that(void **state)
{
	struct front front;

	(void)state;
	front_compile_here(&front, RENAMED "SELECT pdi FROM file.open;", true);
	assert_int_equal(front.result, COMPILE_REJECTED);
	front_release(&front);
	front_compile_here(&front,
			   "CREATE RULE renamed WITH (enabled = FALSE) AS "
			   "SELECT pid FROM process.rename;\n" OPENED,
			   true);
	assert_int_equal(front.result, COMPILE_OK);
	assert_int_equal(front.program->left_out_count, 0);
	front_release(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rule__reads_what_is_lacking__is_left_out_alone),
		cmocka_unit_test(rule__of_several_parts__is_left_out_whole),
		cmocka_unit_test(
			rule__reads_one_that_is_left_out__is_left_out_too),
		cmocka_unit_test(rules__none_is_left__are_refused),
		cmocka_unit_test(rules__strictly_all__are_refused_with_the_one),
		cmocka_unit_test(rules__wrong_or_off__are_told_of_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
