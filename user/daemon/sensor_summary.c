// SPDX-License-Identifier: Apache-2.0
/* What a run counted, when it is over. */
#include "user/daemon/sensor_int.h"
#include "user/daemon/summary.h"

#include <stdlib.h>
#include <string.h>

/* Per stream, hook and CPU. `cpus` has room for all of them. */
static int summary_counters(struct sensor *s, struct summary *sum,
			    struct event_counters *cpus, struct err *err)
{
	int rc = 0;

	sum->cpus = cpus;
	sum->cpu_count = collector_cpu_count(s->collector);
	for (unsigned i = 0; i < STREAM_KERNEL_COUNT && !rc; i++) {
		if (!s->wanted[i])
			continue;
		rc = collector_counters(s->collector, i, &sum->counters[i],
					err);
		memcpy(cpus + (size_t)i * sum->cpu_count,
		       collector_cpu_counters(s->collector, i, 0),
		       sum->cpu_count * sizeof(*cpus));
	}
	sum->hook_count = collector_hooks(s->collector, sum->hooks);
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		if (STREAM_IS_SECURITY(i))
			log_source_counters(&s->logs, i, &sum->counters[i]);
		sum->late[i] = s->wanted[i] ? s->late[i] : 0;
	}
	sum->held = collector_held(s->collector);
	sum->processes_full = collector_processes_full(s->collector);
	return rc;
}

static int summary_tell(struct sensor *s, struct event_counters *cpus,
			struct err *err)
{
	struct summary sum = { .live = true, .no_rules = !s->ruleset };
	int rc = summary_counters(s, &sum, cpus, err);

	sum.seconds = (double)(collect_now_ns() - s->start_ns) / 1e9;
	memcpy(sum.wanted, s->wanted, sizeof(sum.wanted));
	log_source_stats(&s->logs, &sum.logs);
	if (s->ruleset)
		sum.left_out = s->ruleset->program->left_out_count;
	pipeline_stats(s->pipeline, &sum.pipeline);
	if (s->sampler)
		sampler_stats(s->sampler, &sum.sampler);
	if (s->containers)
		containers_stats(s->containers, &sum.containers);
	sum.has_store = s->store != NULL;
	if (!rc && s->store)
		rc = store_head(s->store, &sum.head, err);
	if (rc)
		return rc;
	summary_print(&sum, s->options->summary_json, &s->text);
	return 0;
}

int sensor_summary(struct sensor *s, struct err *err)
{
	struct event_counters *cpus = calloc(
		(size_t)STREAM_KERNEL_COUNT * collector_cpu_count(s->collector),
		sizeof(*cpus));
	int rc = cpus ? summary_tell(s, cpus, err) : err_nomem(err);

	free(cpus);
	return rc;
}
