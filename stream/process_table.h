/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process table: which program each process runs, as of the time of the
 * event at hand. Built from lifecycle rows in total order, so that it is the
 * same live and in a replay. Bounded: over `processes_max` the oldest ended
 * process goes first, then the one that no event named for longest; both
 * counted.
 */
#ifndef SHRIKE_STREAM_PROCESS_TABLE_H
#define SHRIKE_STREAM_PROCESS_TABLE_H

#include "user/base/err.h"
#include "user/base/row.h"

struct process_table;

struct process_table_options {
	unsigned processes_max;
	uint64_t strings_bytes_max; /* of all contexts together */
	int64_t linger_ns;	    /* an ended process is kept this long */
	int64_t clock_offset_ns;    /* realtime, until a row tells another */
	uint64_t seed[2]; /* of the hash: pids come from an attacker */
};

struct process_table_stats {
	uint64_t live;	    /* now */
	uint64_t held;	    /* now, ended ones included */
	uint64_t evicted;   /* ever, for want of room */
	uint64_t forgotten; /* of them, those that had not ended */
	uint64_t unknown;   /* lookups that found nothing, ever */
	uint64_t bytes;	    /* now */
};

int process_table_new(const struct process_table_options *options,
		      struct process_table **ret_table, struct err *err);
struct process_table *process_table_free(struct process_table *table);

/* `ancestors` are at most so many. */
#define PROCESS_ANCESTORS_MAX 16

/* PROCESS_AMBIENT() of each column of the process tree that is to be filled. */
#define PROCESS_AMBIENT(column) (1ULL << ((column)-COL_AMBIENT_FIRST))
#define PROCESS_AMBIENT_ALL                        \
	(PROCESS_AMBIENT(COL_ancestors) |          \
	 PROCESS_AMBIENT(COL_session_leader_exe) | \
	 PROCESS_AMBIENT(COL_entry_type))

/* From now on; at first none is. */
void process_table_ask(struct process_table *table, uint64_t ambient);

/*
 * Take a row in total order: a lifecycle or snapshot row changes the table
 * (fork and exec before their own evaluation; exit only marks, so that the exit
 * event still sees its process). Then sets row->self and row->parent, borrowed:
 * valid until the next call; context_hold() keeps one longer. A snapshot row
 * loses to any live record of the same identity. A sample row changes what was
 * sampled of a process that is known.
 *
 * An exec that failed changes nothing: its row->self is what it tried to run. An
 * exec's prev_exe, and what process_table_ask() named, become values of the row,
 * with texts that are valid as long.
 */
void process_table_apply(struct process_table *table, struct row *row);

/*
 * Did the row last applied make a process appear, or change a sampled column?
 * Then fills `ret_row`, a row of stream `process` with room for its values, as
 * of that moment; its texts are borrowed from the row and the table.
 */
bool process_table_appeared(struct process_table *table,
			    const struct row *applied, struct row *ret_row);

/*
 * The context of the process's n-th ancestor (1: parent) as far as the table
 * knows; NULL: unknown. Borrowed until the next call that changes the table.
 */
const struct context *process_table_ancestor(const struct process_table *table,
					     int64_t pid_key, unsigned n);

/* Ended processes older than the linger time at `now_ns` may go. */
void process_table_expire(struct process_table *table, int64_t now_ns);

void process_table_stats(const struct process_table *table,
			 struct process_table_stats *ret_stats);

const struct context *context_hold(const struct context *context);
void context_drop(const struct context *context);

#endif
