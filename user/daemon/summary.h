/* SPDX-License-Identifier: Apache-2.0 */
/* The account at the end of a run: a table for people, or one JSON line. */
#ifndef SHRIKE_DAEMON_SUMMARY_H
#define SHRIKE_DAEMON_SUMMARY_H

#include "user/base/buf.h"
#include "user/collect/collect.h"
#include "user/collect/containers.h"
#include "user/collect/sampler.h"
#include "user/daemon/pipeline.h"
#include "user/logs/logs.h"

struct summary {
	double seconds;
	bool live;     /* `counters` mean something */
	bool no_rules; /* nothing was looked for: recording alone */
	bool wanted[STREAM_COUNT];
	struct collect_counters counters[STREAM_COUNT];
	/* By stream and CPU as its programs counted them; NULL: not told. */
	const struct event_counters *cpus;
	unsigned cpu_count;
	struct collect_hook hooks[COLLECT_HOOKS_MAX]; /* that are attached */
	unsigned hook_count;
	uint64_t late[STREAM_COUNT]; /* rows behind the watermark */
	/* Where there was no room for what predicates ask of processes. */
	uint64_t processes_full;
	uint64_t held;	   /* turns whose watermark could not move */
	uint64_t left_out; /* rules that this machine cannot run */
	struct pipeline_stats pipeline;
	struct sampler_stats sampler;
	struct containers_stats containers;
	struct logs_stats logs;
	bool has_store;
	struct store_head head;
};

void summary_print(const struct summary *summary, bool json, struct buf *out);

#endif
