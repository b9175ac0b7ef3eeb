// SPDX-License-Identifier: Apache-2.0
#include "user/cli/cli.h"
#include "user/cli/options.h"
#include "user/daemon/sensor.h"

#include <string.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "rules", required_argument, NULL, 'r' },
	{ "streams", required_argument, NULL, OPTION_STREAMS },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "ring", required_argument, NULL, OPTION_RING },
	{ "log-file", required_argument, NULL, OPTION_LOG_FILE },
	{ "log-journal", required_argument, NULL, OPTION_LOG_JOURNAL },
	{ "throttle", required_argument, NULL, OPTION_THROTTLE },
	{ "host-root", required_argument, NULL, OPTION_HOST_ROOT },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "quiet", no_argument, NULL, 'q' },
	{ 0 },
};

/* A comma-separated list of stream names, at least one. */
static int streams_take(const char *list, bool ret_streams[STREAM_COUNT])
{
	do {
		size_t len = strcspn(list, ",");
		const struct stream *stream = catalog_stream_by_name(list, len);

		if (!stream)
			return usage_error("record",
					   "there is no stream '%.*s'; "
					   "'shrike streams' lists them",
					   (int)len, list);
		ret_streams[stream->id] = true;
		list += len + (list[len] == ',');
	} while (*list);
	return EXIT_OK;
}

/* What is told about the rules and the streams. */
struct choice {
	struct rule_paths rules;
	bool streams; /* some are named */
	bool strict;
};

static int option_take(int c, struct choice *choice, struct sensor_options *o)
{
	switch (c) {
	case 'o':
		o->trace_path = optarg;
		return EXIT_OK;
	case 'r':
		return option_rules("record", &choice->rules, optarg);
	case 'q':
		o->quiet = true;
		return EXIT_OK;
	case OPTION_STREAMS:
		choice->streams = true;
		return streams_take(optarg, o->streams);
	case OPTION_STRICT:
		choice->strict = true;
		return EXIT_OK;
	case OPTION_HOST_ROOT:
		o->host_root = optarg;
		return EXIT_OK;
	case OPTION_FOR:
		return option_duration("record", optarg, &o->run_ns);
	case OPTION_THROTTLE:
		return option_rate("record", optarg, &o->throttle);
	case OPTION_RING:
		return option_bytes("record", optarg, &o->ring_bytes);
	case OPTION_LOG_FILE:
	case OPTION_LOG_JOURNAL:
		return option_logs("record", c, optarg, &o->logs);
	default:
		return option_wrong("record");
	}
}

int cmd_record(int argc, char **argv)
{
	struct sensor_options options = { .throttle = SENSOR_THROTTLE_DEFAULT,
					  .out = -1,
					  .log = STDERR_FILENO };
	struct choice choice = { .streams = false };
	struct ruleset *ruleset = NULL;
	struct err err = { 0 };
	int c, rc = EXIT_OK;

	while (!rc &&
	       (c = getopt_long(argc, argv, "o:r:q", long_options, NULL)) != -1)
		rc = option_take(c, &choice, &options);
	if (rc)
		return rc;
	if (optind < argc)
		return usage_error("record",
				   "'%s' is no option; the trace follows -o",
				   argv[optind]);
	if (!options.trace_path)
		return usage_error("record", "no file to write: give -o TRACE");
	if (choice.streams && choice.rules.count)
		return usage_error("record", "either rules or --streams");
	for (unsigned i = 0; !choice.streams && i < STREAM_VISIBLE_COUNT; i++)
		options.streams[i] =
			i >= STREAM_KERNEL_COUNT || catalog_hook(i);
	if (choice.rules.count)
		rc = option_ruleset_here(&choice.rules, options.quiet,
					 choice.strict, &ruleset);
	if (rc)
		return rc;
	options.ruleset = ruleset;
	rc = sensor_run(&options, &err);
	ruleset_free(ruleset);
	if (rc < 0)
		return report(&err);
	return rc == SENSOR_INCOMPLETE ? EXIT_INCOMPLETE : EXIT_OK;
}
