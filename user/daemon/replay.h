/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection over a recorded trace: the same pipeline as the sensor's, fed from
 * a file. Everything that comes out is a function of the trace and the rules.
 */
#ifndef SHRIKE_DAEMON_REPLAY_H
#define SHRIKE_DAEMON_REPLAY_H

#include "user/daemon/pipeline.h"
#include "user/daemon/ruleset.h"

struct replay_options {
	const struct ruleset *ruleset;
	const char *trace_path;
	const char *store_dir; /* must be new; NULL: nothing is stored */
	bool summary_json;
	bool quiet; /* no summary */
	int out;
	int log;
	struct sink_options sink;
};

/*
 * 0; 1 when the trace holds gaps or is damaged, after what was good has been
 * detected on (the summary says so); or a negative errno.
 */
enum replay_outcome { REPLAY_COMPLETE = 0, REPLAY_INCOMPLETE = 1 };
int replay_run(const struct replay_options *options, uint64_t *ret_matches,
	       struct err *err);

#endif
