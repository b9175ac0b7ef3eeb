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
 * Returns the number of records through ret_count.
 */
int snapshot_read(struct bpf_program *iterator, collect_record_fn *fn,
		  void *ctx, uint64_t *ret_count, struct err *err);

#endif
