// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/daemon/sensor.h"

#include <unistd.h>

static const struct option long_options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "no-store", no_argument, NULL, OPTION_NO_STORE },
	{ "output", required_argument, NULL, 'o' },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "record", required_argument, NULL, OPTION_RECORD },
	{ "ring", required_argument, NULL, OPTION_RING },
	{ "log-file", required_argument, NULL, OPTION_LOG_FILE },
	{ "log-journal", required_argument, NULL, OPTION_LOG_JOURNAL },
	{ "throttle", required_argument, NULL, OPTION_THROTTLE },
	{ "no-pushdown", no_argument, NULL, OPTION_NO_PUSHDOWN },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "host-root", required_argument, NULL, OPTION_HOST_ROOT },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "quiet", no_argument, NULL, 'q' },
	{ 0 },
};

/* The same files and folders, as they are now. */
struct rule_source {
	struct rule_paths paths;
	bool quiet;
	bool strict;
};

static int option_take(int c, struct rule_source *source,
		       struct sensor_options *o)
{
	switch (c) {
	case 'r':
		return option_rules("run", &source->paths, optarg);
	case 'o':
		return option_sink("run", optarg, &o->sink);
	case 'q':
		o->quiet = true;
		source->quiet = true;
		return EXIT_OK;
	case OPTION_STRICT:
		source->strict = true;
		return EXIT_OK;
	case OPTION_STORE:
		o->store_dir = optarg;
		return EXIT_OK;
	case OPTION_NO_STORE:
		o->store_dir = NULL;
		return EXIT_OK;
	case OPTION_HOST_ROOT:
		o->host_root = optarg;
		return EXIT_OK;
	case OPTION_FOR:
		return option_duration("run", optarg, &o->run_ns);
	case OPTION_RECORD:
		o->trace_path = optarg;
		return EXIT_OK;
	case OPTION_THROTTLE:
		return option_rate("run", optarg, &o->throttle);
	case OPTION_RING:
		return option_bytes("run", optarg, &o->ring_bytes);
	case OPTION_LOG_FILE:
	case OPTION_LOG_JOURNAL:
		return option_logs("run", c, optarg, &o->logs);
	case OPTION_NO_PUSHDOWN:
		o->no_pushdown = true;
		return EXIT_OK;
	case OPTION_DRY_RUN:
		o->dry_run = true;
		return EXIT_OK;
	default:
		return option_wrong("run");
	}
}

static int recompile(void *ctx, struct ruleset **ret_ruleset)
{
	const struct rule_source *source = ctx;

	return option_ruleset_here(&source->paths, source->quiet,
				   source->strict, ret_ruleset);
}

int cmd_run(int argc, char **argv)
{
	struct sensor_options options = { .store_dir = option_default_store(),
					  .throttle = SENSOR_THROTTLE_DEFAULT,
					  .out = STDOUT_FILENO,
					  .log = STDERR_FILENO };
	struct rule_source source = { .quiet = false };
	struct ruleset *ruleset = NULL;
	struct err err = { 0 };
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "r:o:q", long_options, NULL)) != -1)
		rc = option_take(c, &source, &options);
	if (rc)
		return rc;
	if (optind < argc)
		return usage_error("run", "'%s' is no option; rules follow -r",
				   argv[optind]);
	if (!source.paths.count)
		return usage_error("run", "no rules: give a file or a folder "
					  "with -r");
	rc = recompile(&source, &ruleset);
	if (rc)
		return rc;
	options.ruleset = ruleset;
	options.recompile = recompile;
	options.recompile_ctx = &source;
	options.sink.color = option_color(STDOUT_FILENO);
	options.summary_json = options.sink.format == SINK_JSON;
	rc = sensor_run(&options, &err);
	ruleset_free(ruleset);
	if (rc < 0)
		return report(&err);
	return rc == SENSOR_INCOMPLETE ? EXIT_INCOMPLETE : EXIT_OK;
}
