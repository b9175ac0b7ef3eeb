// SPDX-License-Identifier: Apache-2.0
/* What a run writes to: its trace and its store. */
#include "user/daemon/sensor_int.h"

#include <string.h>

int sensor_writer_open(struct sensor *s, struct err *err)
{
	const struct ruleset *ruleset = s->ruleset;
	struct trace_info info = { .clock_offset_ns = s->origin.clock_offset_ns,
				   .start_ns = s->start_ns,
				   /* or the run does not start */
				   .snapshot_complete = true };
	int rc = origin_random(info.run_id, sizeof(info.run_id), err);

	if (rc)
		return rc;
	memcpy(info.boot_id, s->origin.boot_id, sizeof(info.boot_id));
	memcpy(info.host, s->host, sizeof(s->host));
	memcpy(info.streams, s->wanted, sizeof(info.streams));
	info.streams[STREAM_PROCESS_SAMPLE] = s->sampler;
	info.streams[STREAM_CONTAINER_INFO] = s->containers;
	for (unsigned i = 0; ruleset && i < STREAM_COUNT; i++)
		info.filtered[i] =
			!s->options->no_pushdown &&
			ruleset->program->subscriptions[i].has_predicate;
	if (ruleset)
		memcpy(info.rules_digest, ruleset->program->plan->digest,
		       sizeof(info.rules_digest));
	return trace_create(s->options->trace_path, &info, &s->writer, err);
}

/* The ledger's entries of a run with these rules, or of what follows one. */
int sensor_store_run_begin(struct sensor *s, const struct ruleset *ruleset,
			   int64_t now_ns, struct err *err)
{
	struct store_run run = { 0 };
	int rc;

	memcpy(run.ruleset_digest, ruleset->program->plan->digest,
	       sizeof(run.ruleset_digest));
	memcpy(run.object_digest, ruleset->object_digest,
	       sizeof(run.object_digest));
	memcpy(run.moment.boot_id, s->origin.boot_id,
	       sizeof(run.moment.boot_id));
	run.moment.boot_ns = now_ns;
	run.moment.wall_ns = now_ns + s->origin.clock_offset_ns;
	rc = origin_random(run.seed, sizeof(run.seed), err);
	return rc ? rc : store_begin(s->store, &run, err);
}

int sensor_store_start(struct sensor *s, struct err *err)
{
	const struct store_options options = { .mode = STORE_WRITE };
	int rc = store_open(s->options->store_dir, &options, &s->store, err);

	return rc ? rc :
		    sensor_store_run_begin(s, s->ruleset, s->start_ns, err);
}
