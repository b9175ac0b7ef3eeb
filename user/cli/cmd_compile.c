// SPDX-License-Identifier: Apache-2.0
/*
 * One file for each product of the compiler:
 *
 *   rules.bpf.o        the kernel predicates, an ELF object for EM_BPF
 *   plan.txt           the stream plan
 *   subscriptions.txt  what is collected
 *   tasks.pb           what each rule asks of each stream: CollectionTasks
 *   tasks.txt          the same for people
 *
 * Each is written beside its name and then renamed, so that a reader sees the
 * old one or the new one, whole.
 */
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/daemon/product.h"

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "output", required_argument, NULL, 'o' },
	{ "dump", required_argument, NULL, OPTION_DUMP },
	{ 0 },
};

static int set_option(int c, struct rule_paths *rules,
		      struct show_options *show, const char **folder)
{
	if (c == 'r')
		return option_rules("compile", rules, optarg);
	if (c == OPTION_DUMP)
		return option_dump("compile", optarg, show);
	if (c != 'o')
		return option_wrong("compile");
	*folder = optarg;
	return EXIT_OK;
}

int cmd_compile(int argc, char **argv)
{
	struct rule_paths rules = { .count = 0 };
	struct show_options show = { .quiet = false };
	const char *folder = NULL;
	struct ruleset *ruleset;
	struct err err = { 0 };
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:o:", long_options, NULL)) != -1)
		rc = set_option(c, &rules, &show, &folder);
	for (int i = optind; i < argc && !rc; i++)
		rc = option_rules("compile", &rules, argv[i]);
	if (!rc && !rules.count)
		rc = usage_error("compile", "no rules: name files or folders");
	if (!rc && !folder && !show.dump)
		rc = usage_error("compile", "no folder: -o DIR");
	if (!rc)
		rc = option_ruleset_show(&rules, &show, &ruleset);
	if (rc)
		return rc;
	if (folder && products_write(ruleset, folder, &err))
		rc = report(&err);
	ruleset_free(ruleset);
	return rc;
}
