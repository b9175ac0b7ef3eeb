/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live sensor: kernel programs loaded and attached, rings read in turns,
 * rows through the pipeline, until a signal or the end of the time asked for.
 */
#ifndef SHRIKE_DAEMON_SENSOR_H
#define SHRIKE_DAEMON_SENSOR_H

#include "user/collect/collect.h"
#include "user/daemon/pipeline.h"
#include "user/daemon/ruleset.h"
#include "user/logs/logs.h"

/* More than one CPU can make: who gets there uses several to flood us. */
#define SENSOR_THROTTLE_DEFAULT 1000000

struct sensor_options {
	const struct ruleset *ruleset; /* NULL: only record */
	/*
	 * Compile the rules again, on SIGHUP: 0 and a rule set that becomes the
	 * sensor's, or non-zero, having said why. NULL: SIGHUP ends the run.
	 */
	int (*recompile)(void *ctx, struct ruleset **ret_ruleset);
	void *recompile_ctx;
	bool streams[STREAM_COUNT]; /* what to record without rules */
	const char *store_dir;	    /* NULL: none */
	const char *trace_path;	    /* NULL: not recorded */
	const char *host_root;	    /* before the runtimes' folders; NULL: "" */
	int64_t run_ns;		    /* 0: until a signal */
	struct logs_options logs;   /* what to read; wants are filled in */
	uint32_t ring_bytes;	    /* 0: default */
	uint32_t throttle;	    /* as in collect_request */
	bool no_pushdown; /* collect every row of a stream the rules read */
	bool dry_run;	  /* load and attach, then end */
	bool quiet;	  /* no lines but errors and the summary */
	bool summary_json;
	int out; /* matches */
	int log; /* what is attached, `ready`, the summary */
	struct sink_options sink;
};

/*
 * Run until told to stop. 0; 1 when the result is incomplete (events were
 * lost); or a negative errno.
 */
enum sensor_outcome { SENSOR_COMPLETE = 0, SENSOR_INCOMPLETE = 1 };
int sensor_run(const struct sensor_options *options, struct err *err);

#endif
