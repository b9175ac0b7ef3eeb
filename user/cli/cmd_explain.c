// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <unistd.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ 0 },
};

int cmd_explain(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct buf text = BUF_INIT;
	struct ruleset *ruleset;
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:", long_options, NULL)) != -1)
		rc = c == 'r' ? option_rules("explain", &rules, optarg) :
				option_wrong("explain");
	for (int i = optind; i < argc && !rc; i++)
		rc = option_rules("explain", &rules, argv[i]);
	if (!rc && !rules.count)
		rc = usage_error("explain", "no rules: name files or folders");
	if (!rc)
		rc = option_ruleset(&rules, false, &ruleset);
	if (rc)
		return rc;
	explain(ruleset->program, &text);
	rc = emit(STDOUT_FILENO, &text);
	buf_release(&text);
	ruleset_free(ruleset);
	return rc;
}
