// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <stdio.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "quiet", no_argument, NULL, 'q' },
	{ 0 },
};

int cmd_check(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct ruleset *ruleset;
	bool quiet = false;
	unsigned n;
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:q", long_options, NULL)) != -1) {
		if (c == 'r')
			rc = option_rules("check", &rules, optarg);
		else if (c == 'q')
			quiet = true;
		else
			rc = option_wrong("check");
	}
	for (int i = optind; i < argc && !rc; i++)
		rc = option_rules("check", &rules, argv[i]);
	if (!rc && !rules.count)
		rc = usage_error("check", "no rules: name files or folders");
	if (!rc)
		rc = option_ruleset(&rules, quiet, &ruleset);
	if (rc)
		return rc;
	n = ruleset->program->plan->rule_count;
	if (!quiet)
		printf("%u rule%s in %u file%s: good\n", n, n == 1 ? "" : "s",
		       ruleset->source_count,
		       ruleset->source_count == 1 ? "" : "s");
	ruleset_free(ruleset);
	return EXIT_OK;
}
