/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process as /proc tells it, for what the kernel's list of tasks does not
 * show: a security module may hide a task from it, and its children still name
 * it as their parent.
 */
#ifndef SHRIKE_COLLECT_PROC_PROCESS_H
#define SHRIKE_COLLECT_PROC_PROCESS_H

#include "user/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Append a process.snapshot record of the process with this key and pid, as far
 * as its user may know it; head.ts and head.seq are the caller's. False: that
 * process is not there any more.
 */
bool proc_process(uint64_t pid_key, uint32_t pid, struct buf *out);

/*
 * Is there a process with this pid, not yet ended, that had started by then
 * (boot-time clock)?
 */
bool proc_was_there(uint32_t pid, uint64_t before_ns);

#endif
