/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collection: loads the kernel programs that a rule set needs, links the
 * generated predicates into them, attaches, and reads the rings.
 *
 * Order: collector_open() loads and attaches; collector_self_test() proves it;
 * collector_snapshot() lists what was there before; then collector_drain() once
 * per turn.
 */
#ifndef SHRIKE_COLLECT_COLLECT_H
#define SHRIKE_COLLECT_COLLECT_H

#include "bpf/columns.h"
#include "bpf/event.h"
#include "bpf/process_terms.h"
#include "user/base/path_set.h"
#include "user/base/buf.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct collector;

/*
 * delta of the epoch drain: W = now - this. A drain gives the records of all
 * rings in the order of their time, but for inversions far below this.
 */
#define COLLECT_MARGIN_NS 1000000LL

/* Sets of columns as in bpf/settings.h, by stream. */
struct collect_columns {
	uint64_t read[STREAM_COUNT][COLUMN_SET_WORDS];	 /* by somebody */
	uint64_t tested[STREAM_COUNT][COLUMN_SET_WORDS]; /* by a predicate */
	uint8_t failed[STREAM_COUNT]; /* calls that failed are wanted too */
};

/* What the generated predicates test of processes (bpf/process_terms.h). */
struct collect_processes {
	uint8_t tests_terms[STREAM_COUNT]; /* 1 << PROCESS_TERMS_... */
	uint64_t tests_slots[STREAM_COUNT];
	/* Without one of these an event is of no use; empty: it may be. */
	struct process_terms needs_terms[STREAM_COUNT];
	unsigned slot_count;
	int64_t slot_ns[JOIN_SLOTS_MAX]; /* how long each is alive */
};

struct collect_request {
	bool streams[STREAM_COUNT]; /* lifecycle streams are always on */
	const struct collect_columns *columns; /* NULL: all, no failed calls */
	const struct collect_processes *processes; /* NULL: nothing */
	const uint8_t *object; /* generated predicates, NULL: pass all */
	size_t object_bytes;
	const struct path_set *path_sets; /* that the object needs */
	unsigned path_set_count;
	uint32_t lifecycle_ring_bytes; /* powers of two; 0: default */
	uint32_t event_ring_bytes;
	/*
	 * Events a second of one stream that one cgroup may send, beyond those
	 * of a first second; 0: no limit. The lifecycle has none.
	 */
	uint32_t throttle;
	bool watch_self; /* tests only: do not exclude our own process */
};

/* Per stream, all CPUs together, since collector_open(). */
struct collect_counters {
	uint64_t generated; /* events the hook saw, `missed` included */
	uint64_t filtered;
	uint64_t delivered; /* read from the ring */
	uint64_t lost;	    /* no room on the ring */
	uint64_t throttled; /* its cgroup flooded the stream */
	uint64_t missed;    /* the kernel skipped the program (recursion) */
	uint64_t damaged;   /* delivered, but not a record of ours */
};

/*
 * ERR_MACHINE with what is missing (not root, no BTF, no BPF, a hook this
 * kernel does not have) when it cannot be done here.
 */
int collector_open(const struct collect_request *request,
		   struct collector **ret_collector, struct err *err);
struct collector *collector_close(struct collector *collector);

/*
 * From now on what `request` asks for: new programs take over from the old ones
 * without a gap, counters go on. When it fails the old ones go on. A ring keeps
 * its size; descriptors of new rings are new in collector_fds().
 */
int collector_reload(struct collector *collector,
		     const struct collect_request *request, struct err *err);

/* What the records of the programs at work say in head.generation. */
uint32_t collector_generation(const struct collector *collector);

/*
 * Does each hook fire? A child does something harmless for each stream, and runs
 * the program `argv` (a path first, silent, without environment); nobody sees
 * their records. ERR_MACHINE with the stream whose hook does not.
 */
int collector_self_test(struct collector *collector, const char *const argv[],
			struct err *err);

/* A wire record; valid during the call. */
typedef int collect_record_fn(void *ctx, const void *record, size_t len,
			      struct err *err);

/* Every process that is there now, as process.snapshot records. */
int collector_snapshot(struct collector *collector, collect_record_fn *fn,
		       void *ctx, struct err *err);

/*
 * What is known of processes, while a predicate tests terms. After a snapshot's
 * record each process that it lists is told with the bits it has, head.terms or
 * more of them; what the kernel knows already is not changed.
 */
void collector_terms_add(struct collector *collector, const void *record,
			 const struct process_terms *terms);

/*
 * Clear the bits that `keep` has not, of the process that did the exec whose
 * record had this ts (0: none since the snapshot). Nothing, when it has done
 * another.
 */
void collector_terms_clear(struct collector *collector, uint64_t pid_key,
			   uint64_t exec_ns, const struct process_terms *keep);

/*
 * Clear, of each process that has done no exec since the snapshot, the bits that
 * the set which `fn` returns for it has not.
 */
typedef struct process_terms collect_keep_fn(void *ctx, uint64_t pid_key);
void collector_terms_settle(struct collector *collector, collect_keep_fn *fn,
			    void *ctx);

/* A child knows no more than it inherited: what was cleared since, of it too. */
void collector_terms_inherit(struct collector *collector, uint64_t pid_key,
			     uint64_t child_key);

/* Where there was no room for what is to be known: events passed. */
uint64_t collector_processes_full(struct collector *collector);

/* Descriptors that become readable when a ring fills; returns their number. */
unsigned collector_fds(const struct collector *collector, int *ret_fds,
		       unsigned max);

/*
 * Epoch drain: reads the rings, merged by time, up to the producer position
 * each had at `now_ns` (boot-time clock, taken by the caller just before) and
 * returns the watermark: no record with ts < *ret_watermark comes later. When a
 * record stays busy over the cap the watermark does not move and `held` is
 * counted.
 */
int collector_drain(struct collector *collector, int64_t now_ns,
		    collect_record_fn *fn, void *ctx, int64_t *ret_watermark,
		    struct err *err);

/*
 * Detach every program: nothing is generated any more, the rings keep what they
 * hold, counters are final. For the last drain of a run.
 */
void collector_detach(struct collector *collector);

/* One that is right at the time of the call: counters of a live system move. */
int collector_counters(struct collector *collector, enum stream_id stream,
		       struct collect_counters *ret_counters, struct err *err);
/*
 * The same of one CPU below collector_cpu_count(), as its kernel programs count
 * it, and of a hook what it skipped; as of the last collector_counters().
 */
unsigned collector_cpu_count(const struct collector *collector);
const struct event_counters *
collector_cpu_counters(const struct collector *collector, enum stream_id stream,
		       unsigned cpu);
#define COLLECT_HOOKS_MAX 32
struct collect_hook {
	const char *name; /* "sys_exit"; those that are attached */
	uint64_t missed;
};
unsigned collector_hooks(const struct collector *collector,
			 struct collect_hook ret_hooks[COLLECT_HOOKS_MAX]);

/* Events of a stream that were lost, for one reason, since the last look. */
struct collect_loss {
	enum stream_id stream;
	enum loss_reason reason;
	uint64_t count;
	/* Boot-time clock; none was lost outside [from, to). */
	int64_t from_ns;
	int64_t to_ns;
};

/* A cgroup begins, or ends, to be held back. */
struct collect_throttle {
	enum stream_id stream;
	uint64_t cgroup_id;
	bool begins;
	uint64_t dropped; /* at the end: how many */
};

struct collect_look {
	int (*on_loss)(void *ctx, const struct collect_loss *loss,
		       struct err *err);
	int (*on_throttle)(void *ctx, const struct collect_throttle *throttle,
			   struct err *err);
	void *ctx;
};

/*
 * What was lost since the last look, or since collector_open(). To be told after
 * a drain and before its watermark is used.
 */
int collector_look(struct collector *collector, const struct collect_look *look,
		   struct err *err);

uint64_t collector_held(const struct collector *collector);

/* One line per attached hook: its stream, the hook; for `run` to print. */
void collector_describe(const struct collector *collector, struct buf *out);

/* ns of the boot-time clock. */
int64_t collect_now_ns(void);

#endif
