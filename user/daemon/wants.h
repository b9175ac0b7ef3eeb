/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule set wants of the machine: which streams, which columns of them,
 * what of processes is sampled, whether containers are to be known.
 */
#ifndef SHRIKE_DAEMON_WANTS_H
#define SHRIKE_DAEMON_WANTS_H

#include "user/collect/collect.h"
#include "user/collect/sampler.h"
#include "user/daemon/ruleset.h"

/* Of each `ruleset` NULL: all, for it is a recording for rules to come. */

/* `whole`: it is recorded, so every column and the calls that failed. */
void wants_columns(const struct ruleset *ruleset, bool whole,
		   struct collect_columns *ret_columns);

/*
 * The streams that the kernel and the sensor make. `chosen`: those of a
 * recording without rules.
 */
void wants_streams(const struct ruleset *ruleset, const bool *chosen,
		   bool *ret_wanted);

bool wants_containers(const struct ruleset *ruleset);

struct sampler_wants wants_samples(const struct ruleset *ruleset,
				   const bool *chosen);

#endif
