// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/sensor_wants.h"

#include "bpf/settings.h"
#include "user/base/catalog.h"
#include "user/daemon/term_bits.h"

#include <string.h>

/* What is recorded is recorded whole, with the calls that failed. */
static const struct collect_columns *
columns_fill(const struct sensor_options *options,
	     const struct ruleset *ruleset, struct collect_columns *columns)
{
	memset(columns->read, 0xff, sizeof(columns->read));
	memset(columns->tested, 0xff, sizeof(columns->tested));
	memset(columns->failed, 1, sizeof(columns->failed));
	if (!ruleset || options->trace_path)
		return columns;
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		const struct subscription *of =
			&ruleset->program->subscriptions[i];

		memcpy(columns->read[i], of->columns, sizeof(columns->read[i]));
		memcpy(columns->tested[i], of->predicate_columns,
		       sizeof(columns->tested[i]));
		columns->failed[i] = of->failed;
	}
	return columns;
}

void request_fill(const struct sensor_options *options,
		  const struct ruleset *ruleset, const bool *wanted,
		  struct request_parts *parts,
		  struct collect_request *ret_request)
{
	*ret_request = (struct collect_request){
		.event_ring_bytes = options->ring_bytes,
		.lifecycle_ring_bytes = options->ring_bytes,
		.columns = columns_fill(options, ruleset, &parts->columns),
		.throttle = options->throttle,
	};
	memcpy(ret_request->streams, wanted, sizeof(ret_request->streams));
	if (ruleset && !options->no_pushdown) {
		ret_request->object = ruleset->program->object;
		ret_request->object_bytes = ruleset->program->object_bytes;
		ret_request->path_sets = ruleset->program->path_sets;
		ret_request->path_set_count = ruleset->program->path_set_count;
		term_bits_request(ruleset->program, &parts->processes);
		ret_request->processes = &parts->processes;
		ret_request->path_sets = ruleset->program->path_sets;
		ret_request->path_set_count = ruleset->program->path_set_count;
	}
}

/* A recording without rules is for any that may come. */
bool containers_wanted(const struct ruleset *ruleset)
{
	return !ruleset || ruleset->program->containers;
}

static bool reads(const struct ruleset *ruleset, unsigned column)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (COLUMN_IN(ruleset->program->subscriptions[i].columns,
			      column))
			return true;
	return false;
}

void streams_wanted(const struct sensor_options *options,
		    const struct ruleset *ruleset, bool *ret_wanted)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		bool ours = i >= STREAM_SENSOR_LOSS && i <= STREAM_SENSOR_CLOCK;

		if (!STREAM_IS_COLLECTED(i) && !ours)
			continue;
		ret_wanted[i] =
			(STREAM_IS_ALWAYS(i) && catalog_hook(i)) ||
			(ruleset ? ruleset->program->subscriptions[i].wanted :
				   options->streams[i]);
	}
	ret_wanted[STREAM_CONTAINER_EVENT] |= containers_wanted(ruleset);
	/* Else a working directory would be that of the last exec. */
	if (ruleset && catalog_hook(STREAM_PROCESS_CHDIR))
		ret_wanted[STREAM_PROCESS_CHDIR] |=
			reads(ruleset, COL_cwd) ||
			reads(ruleset, COL_parent_cwd);
}

/* Without rules: everything, when the process table is to be recorded. */
struct sampler_wants sampler_wants(const struct sensor_options *options,
				   const struct ruleset *ruleset)
{
	bool all = !ruleset && options->streams[STREAM_PROCESS];

	if (!ruleset)
		return (struct sampler_wants){ all, all, all, all };
	return (struct sampler_wants){
		.cpu = ruleset->program->sampled.cpu,
		.memory = ruleset->program->sampled.memory,
		.status = ruleset->program->sampled.status,
		.hash = ruleset->program->sampled.hash,
	};
}
