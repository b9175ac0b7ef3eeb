/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor's insides, private to sensor*.c. */
#ifndef SHRIKE_DAEMON_SENSOR_INT_H
#define SHRIKE_DAEMON_SENSOR_INT_H

#include "stream/reorder.h"
#include "user/collect/containers.h"
#include "user/collect/sampler.h"
#include "user/daemon/log_source.h"
#include "user/daemon/origin.h"
#include "user/daemon/own_events.h"
#include "user/daemon/sensor.h"
#include "user/daemon/term_bits.h"
#include "user/loop/loop.h"

#define RINGS_MAX 8

struct sensor {
	const struct sensor_options *options;
	const struct ruleset *ruleset; /* NULL: only record */
	struct ruleset *reloaded;      /* the same, when it is ours to free */
	struct ruleset *stale;	       /* ours, too: a reload failed midway */
	struct pipeline_origin origin;
	char host[HOST_NAME_BYTES];
	struct store *store;
	struct trace_writer *writer;
	struct collector *collector;
	struct sampler *sampler; /* NULL: nothing is sampled */
	struct log_source logs;
	struct sampler_wants sampled;
	struct containers *containers; /* NULL: nobody asks for them */
	struct term_bits *terms;       /* NULL: no predicate tests any */
	int64_t unsettled_ns;	/* its last snapshot; 0: all is settled */
	bool containers_missed; /* events were lost: to be looked for */
	struct pipeline *pipeline;
	struct reorder *reorder;
	struct loop *loop;
	struct arena arena; /* of the row that is being decoded */
	struct buf text;
	bool wanted[STREAM_COUNT];
	int watched[RINGS_MAX]; /* descriptors of rings */
	unsigned watched_count;
	struct own_events own; /* that wait for the turn's end */
	struct clock_watch clock;
	int64_t clock_set_ns; /* boot-time clock: since when it is as it is */
	int64_t offset_before_ns;    /* clock_offset_ns until then */
	bool incomplete;	     /* something was lost in this run */
	uint64_t late[STREAM_COUNT]; /* rows that could not take their turn */
	uint64_t late_told[STREAM_COUNT];
	int64_t start_ns;
	int64_t watermark;
};

/* The trace that a run records into. */
int sensor_writer_open(struct sensor *s, struct err *err);

/* Adds the summary to s->text. */
int sensor_summary(struct sensor *s, struct err *err);

/* The store, and in it the run of a rule set: at the start, after a reload. */
int sensor_store_run_begin(struct sensor *s, const struct ruleset *ruleset,
			   int64_t now_ns, struct err *err);
int sensor_store_start(struct sensor *s, struct err *err);

#endif
