// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"

#include <stdio.h>
#include <string.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "dump", required_argument, NULL, OPTION_DUMP },
	{ 0 },
};

static int set_format(const char *format, struct show_options *show)
{
	show->json = strcmp(format, "json") == 0;
	if (show->json || strcmp(format, "text") == 0)
		return EXIT_OK;
	return usage_error("check", "unknown format '%s': text or json",
			   format);
}

static int set_option(int c, struct rule_paths *rules,
		      struct show_options *show)
{
	switch (c) {
	case 'r':
		return option_rules("check", rules, optarg);
	case 'q':
		show->quiet = true;
		return EXIT_OK;
	case OPTION_FORMAT:
		return set_format(optarg, show);
	case OPTION_DUMP:
		return option_dump("check", optarg, show);
	default:
		return option_wrong("check");
	}
}

int cmd_check(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct show_options show = { .quiet = false };
	struct ruleset *ruleset;
	unsigned n;
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:q", long_options, NULL)) != -1)
		rc = set_option(c, &rules, &show);
	for (int i = optind; i < argc && !rc; i++)
		rc = option_rules("check", &rules, argv[i]);
	if (!rc && !rules.count)
		rc = usage_error("check", "no rules: name files or folders");
	if (!rc && show.json && show.dump)
		rc = usage_error("check", "--format json or --dump, not both");
	if (!rc)
		rc = option_ruleset_show(&rules, &show, &ruleset);
	if (rc)
		return rc;
	n = ruleset->program->plan->rule_count;
	if (!show.quiet && !show.json && !show.dump)
		printf("%u rule%s in %u file%s: good\n", n, n == 1 ? "" : "s",
		       ruleset->source_count,
		       ruleset->source_count == 1 ? "" : "s");
	ruleset_free(ruleset);
	return EXIT_OK;
}
