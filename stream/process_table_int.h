/* SPDX-License-Identifier: Apache-2.0 */
/* The process table's inside, for the columns that are read off its tree. */
#ifndef SHRIKE_STREAM_PROCESS_TABLE_INT_H
#define SHRIKE_STREAM_PROCESS_TABLE_INT_H

#include "stream/context_int.h"
#include "stream/hmap_int.h"
#include "stream/list_int.h"
#include "stream/process_table.h"

/* A name is the last component of a path. */
#define NAME_BYTES_MAX 255

struct process {
	struct hmap_node node;	 /* table->map, by key */
	struct hmap_node by_pid; /* table->pids */
	struct list list;	 /* table->alive or table->ended */
	int64_t key;
	int64_t parent_key; /* as of the last event that named it; 0: unknown */
	const struct context *context; /* NULL: nothing known */
	int64_t ended_ns;
	bool ended;
	bool from_snapshot;
	bool is_kernel; /* a thread of the kernel's */
	bool shares_cwd; /* with another process: each moves both */
};

/* What the row last applied did; PROCESS_CAUSES: nothing to tell. */
enum { PROCESS_CAUSES = PROCESS_SAMPLED + 1 };

struct process_table {
	struct process_table_options options;
	struct hmap map;
	struct hmap pids;
	struct list alive;
	struct list ended;
	unsigned cause; /* enum process_cause */
	struct sample_changes changes;
	/* Lent to the row last applied: the program before its exec ... */
	const struct context *previous;
	/* ... or the one that it failed to execute. */
	const struct context *attempted;
	uint64_t ambient; /* what process_table_ask() asked for */
	uint8_t ancestors[PROCESS_ANCESTORS_MAX * (NAME_BYTES_MAX + 1)];
	struct process_table_stats stats;
};

/* NULL: not known. */
struct process *process_find(const struct process_table *table,
			     struct value key);

/* Who has the pid now, else who had it last. */
struct process *process_find_pid(const struct process_table *table,
				 int64_t pid);

/* ancestors, session_leader_exe, entry_type: those that are asked for. */
void process_table_fill_ambient(struct process_table *table, struct row *row);

#endif
