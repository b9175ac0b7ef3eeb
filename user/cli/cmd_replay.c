// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/daemon/replay.h"

#include <unistd.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "output", required_argument, NULL, 'o' },
	{ "fail-on-match", no_argument, NULL, OPTION_FAIL_ON_MATCH },
	{ "quiet", no_argument, NULL, 'q' },
	{ 0 },
};

struct arguments {
	struct replay_options replay;
	struct rule_paths rules;
	bool fail_on_match;
};

static int option_take(int c, struct arguments *a)
{
	switch (c) {
	case 'r':
		return option_rules("replay", &a->rules, optarg);
	case 'o':
		return option_sink("replay", optarg, &a->replay.sink);
	case 'q':
		a->replay.quiet = true;
		return EXIT_OK;
	case OPTION_STORE:
		a->replay.store_dir = optarg;
		return EXIT_OK;
	case OPTION_FAIL_ON_MATCH:
		a->fail_on_match = true;
		return EXIT_OK;
	default:
		return option_wrong("replay");
	}
}

static int replay(struct arguments *a)
{
	struct ruleset *ruleset = NULL;
	struct err err = { 0 };
	uint64_t matches = 0;
	int rc = option_ruleset(&a->rules, a->replay.quiet, &ruleset);

	if (rc)
		return rc;
	a->replay.ruleset = ruleset;
	rc = replay_run(&a->replay, &matches, &err);
	ruleset_free(ruleset);
	if (rc < 0)
		return report(&err);
	if (rc == REPLAY_INCOMPLETE)
		return EXIT_INCOMPLETE;
	return a->fail_on_match && matches ? EXIT_FINDINGS : EXIT_OK;
}

int cmd_replay(int argc, char **argv)
{
	struct arguments a = { .replay = { .out = STDOUT_FILENO,
					   .log = STDERR_FILENO } };
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:o:q", long_options, NULL)) != -1)
		rc = option_take(c, &a);
	if (rc)
		return rc;
	if (!a.rules.count)
		return usage_error("replay", "no rules: give a file or a "
					     "folder with -r");
	if (optind != argc - 1)
		return usage_error("replay", "one trace file is needed");
	a.replay.trace_path = argv[optind];
	a.replay.sink.color = option_color(STDOUT_FILENO);
	a.replay.summary_json = a.replay.sink.format == SINK_JSON;
	return replay(&a);
}
