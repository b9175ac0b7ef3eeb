// SPDX-License-Identifier: Apache-2.0
/* docs/language.md has each function as the evaluator has it. */
#include "support/unit.h"

#include "stream/function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_guide(void)
{
	FILE *file = fopen("docs/language.md", "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void guide__each_function__as_it_is(void **state)
{
	char *guide = read_guide();

	(void)state;
	for (unsigned i = 0; i < FUNCTION_COUNT; i++) {
		const struct function_info *info = function_info(i);
		char line[256];

		snprintf(line, sizeof(line), "| `%s` | %s |\n", info->signature,
			 info->doc);
		if (!strstr(guide, line))
			fail_msg("docs/language.md lacks: %s", line);
	}
	free(guide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guide__each_function__as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
