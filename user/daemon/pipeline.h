/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: ordered rows in; matches stored, then shown. The same for a
 * live sensor and for a replay, so that both see the same.
 *
 * A turn is what lies between two watermarks. Its matches, the engine's state
 * and the ledger entries go to the store in one transaction; only after that
 * does anybody see them.
 */
#ifndef SHRIKE_DAEMON_PIPELINE_H
#define SHRIKE_DAEMON_PIPELINE_H

#include "store/store.h"
#include "stream/engine.h"
#include "user/sink/sink.h"
#include "user/trace/trace.h"

/* Where and when the events come from. */
struct pipeline_origin {
	const char *host;
	uint8_t boot_id[16];
	int64_t clock_offset_ns;  /* realtime, until a row tells another */
	bool replay;		  /* nothing may depend on the wall clock */
	uint8_t trace_digest[32]; /* replay: salts derive from it */
};

struct pipeline_options {
	const struct plan *plan; /* NULL: only record */
	uint32_t generation; /* of the kernel programs that are made for it */
	struct store *store; /* NULL: matches are shown, not stored */
	struct trace_writer *writer; /* NULL: not recorded */
	int out;		     /* descriptor for matches, -1: none */
	bool reloads; /* SIGHUP reads rules, else it ends the run */
	struct sink_options sink;
	uint64_t seed[2]; /* of hash tables; never changes a result */
};

struct pipeline_stats {
	uint64_t rows;
	uint64_t scanned; /* conditions of rules that were asked of a row */
	uint64_t matches; /* stored or shown, each once */
	uint64_t suppressed;
	uint64_t late; /* to a stateful operator */
	uint64_t evicted;
	uint64_t forgotten;	       /* live processes, for want of room */
	uint64_t containers_forgotten; /* cgroups of containers, likewise */
	uint64_t commits;
};

struct pipeline;

int pipeline_new(const struct pipeline_options *options,
		 const struct pipeline_origin *origin,
		 struct pipeline **ret_pipeline, struct err *err);
struct pipeline *pipeline_free(struct pipeline *pipeline);

/* Take up the state that an earlier run of this boot left in the store. */
int pipeline_resume(struct pipeline *pipeline, int64_t now_ns, struct err *err);

/*
 * Another plan from the last turn on, which outlives the pipeline. What is muted
 * and which thresholds are up is taken up by the rules that both plans have;
 * windows start anew, with a gap before `now_ns`: what came earlier, the new
 * plan has not seen.
 */
int pipeline_reload(struct pipeline *pipeline, const struct plan *plan,
		    uint32_t generation, int64_t now_ns, struct err *err);

/* A row, in total order. */
int pipeline_row(struct pipeline *pipeline, struct row *row, struct err *err);

/* Events of a stream were lost in [from, to); before that turn's end. */
int pipeline_gap(struct pipeline *pipeline, enum stream_id stream, int64_t from,
		 int64_t to, uint64_t count, struct err *err);

/* No row with ts < watermark comes any more: decide, commit, show. */
int pipeline_turn(struct pipeline *pipeline, int64_t watermark,
		  struct err *err);

/*
 * Why matches can no longer be shown, 0 while they can. They are stored all the
 * same: it is for the caller to end the run.
 */
int pipeline_output(const struct pipeline *pipeline, struct err *err);

/*
 * The end of a live run: windows that are open close, absences are decided, and
 * all of them say that there is a gap from here on. Then the state is saved as
 * it was before. No more rows or turns.
 */
int pipeline_end(struct pipeline *pipeline, struct err *err);

/* Save the state even when nothing matched, as at the end of a run. */
int pipeline_save(struct pipeline *pipeline, struct err *err);

/* The moment of the pipeline's last turn, for the store's entries. */
void pipeline_moment(const struct pipeline *pipeline,
		     struct store_moment *ret_moment);

/* What is known of a process as of the last row; NULL: it is not. */
const struct context *pipeline_process(const struct pipeline *pipeline,
				       uint64_t pid_key);

void pipeline_stats(const struct pipeline *pipeline,
		    struct pipeline_stats *ret_stats);

#endif
