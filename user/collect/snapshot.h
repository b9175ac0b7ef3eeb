/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that are there now, from the kernel's own list of tasks, and
 * their parents.
 */
#ifndef SHRIKE_COLLECT_SNAPSHOT_H
#define SHRIKE_COLLECT_SNAPSHOT_H

#include "user/collect/collect.h"

struct bpf_program;

/*
 * Run the task iterator once; `fn` gets each record, its seq counted from 1.
 * Returns the number of records, and of the processes that /proc lists and no
 * record is of.
 */
int snapshot_read(struct bpf_program *iterator, collect_record_fn *fn,
		  void *ctx, uint64_t *ret_count, uint64_t *ret_missing,
		  struct err *err);

#endif
