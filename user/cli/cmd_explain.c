// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <unistd.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "dump", required_argument, NULL, OPTION_DUMP },
	{ 0 },
};

static int set_option(int c, struct rule_paths *rules,
		      struct show_options *show)
{
	if (c == 'r')
		return option_rules("explain", rules, optarg);
	if (c == OPTION_DUMP)
		return option_dump("explain", optarg, show);
	return option_wrong("explain");
}

int cmd_explain(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct show_options show = { .quiet = false };
	struct buf text = BUF_INIT;
	struct ruleset *ruleset;
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:", long_options, NULL)) != -1)
		rc = set_option(c, &rules, &show);
	for (int i = optind; i < argc && !rc; i++)
		rc = option_rules("explain", &rules, argv[i]);
	if (!rc && !rules.count)
		rc = usage_error("explain", "no rules: name files or folders");
	if (!rc)
		rc = option_ruleset_show(&rules, &show, &ruleset);
	if (rc)
		return rc;
	if (!show.dump)
		explain(ruleset->program, &text);
	rc = emit(STDOUT_FILENO, &text);
	buf_release(&text);
	ruleset_free(ruleset);
	return rc;
}
