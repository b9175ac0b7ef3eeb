// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/wants.h"

#include "bpf/settings.h"
#include "user/base/catalog.h"

#include <string.h>

void wants_columns(const struct ruleset *ruleset, bool whole,
		   struct collect_columns *ret_columns)
{
	memset(ret_columns->read, 0xff, sizeof(ret_columns->read));
	memset(ret_columns->tested, 0xff, sizeof(ret_columns->tested));
	memset(ret_columns->failed, 1, sizeof(ret_columns->failed));
	if (!ruleset || whole)
		return;
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		const struct subscription *of =
			&ruleset->program->subscriptions[i];

		memcpy(ret_columns->read[i], of->columns,
		       sizeof(ret_columns->read[i]));
		memcpy(ret_columns->tested[i], of->predicate_columns,
		       sizeof(ret_columns->tested[i]));
		ret_columns->failed[i] = of->failed;
	}
}

static bool reads(const struct ruleset *ruleset, unsigned column)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (COLUMN_IN(ruleset->program->subscriptions[i].columns,
			      column))
			return true;
	return false;
}

bool wants_containers(const struct ruleset *ruleset)
{
	return !ruleset || ruleset->program->containers;
}

void wants_streams(const struct ruleset *ruleset, const bool *chosen,
		   bool *ret_wanted)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		bool ours = i >= STREAM_SENSOR_LOSS && i <= STREAM_SENSOR_CLOCK;

		if (!STREAM_IS_COLLECTED(i) && !ours)
			continue;
		ret_wanted[i] =
			(STREAM_IS_ALWAYS(i) && catalog_hook(i)) ||
			(ruleset ? ruleset->program->subscriptions[i].wanted :
				   chosen[i]);
	}
	ret_wanted[STREAM_CONTAINER_EVENT] |= wants_containers(ruleset);
	/* Else the working directory would be that of the last exec. */
	if (ruleset && catalog_hook(STREAM_PROCESS_CHDIR))
		ret_wanted[STREAM_PROCESS_CHDIR] |=
			reads(ruleset, COL_cwd) ||
			reads(ruleset, COL_parent_cwd);
}

struct sampler_wants wants_samples(const struct ruleset *ruleset,
				   const bool *chosen)
{
	bool all = !ruleset && chosen[STREAM_PROCESS];

	if (!ruleset)
		return (struct sampler_wants){ all, all, all, all };
	return (struct sampler_wants){
		.cpu = ruleset->program->sampled.cpu,
		.memory = ruleset->program->sampled.memory,
		.status = ruleset->program->sampled.status,
		.hash = ruleset->program->sampled.hash,
	};
}
