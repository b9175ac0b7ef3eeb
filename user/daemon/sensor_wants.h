/* SPDX-License-Identifier: Apache-2.0 */
/* What a sensor must collect: from its options and its rules (NULL: none). */
#ifndef SHRIKE_DAEMON_SENSOR_WANTS_H
#define SHRIKE_DAEMON_SENSOR_WANTS_H

#include "user/collect/sampler.h"
#include "user/daemon/sensor.h"

/* Sets those that are wanted in STREAM_COUNT flags that were false. */
void streams_wanted(const struct sensor_options *options,
		    const struct ruleset *ruleset, bool *ret_wanted);

/* What a request refers to. */
struct request_parts {
	struct collect_columns columns;
	struct collect_processes processes;
};

/* `parts` is filled and belongs to the request as long as that is used. */
void request_fill(const struct sensor_options *options,
		  const struct ruleset *ruleset, const bool *wanted,
		  struct request_parts *parts,
		  struct collect_request *ret_request);

bool containers_wanted(const struct ruleset *ruleset);

struct sampler_wants sampler_wants(const struct sensor_options *options,
				   const struct ruleset *ruleset);

#endif
