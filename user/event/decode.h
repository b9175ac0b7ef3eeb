/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire records (bpf/event.h) to rows. The record comes from memory that is
 * shared with the kernel: every length and offset in it is checked.
 */
#ifndef SHRIKE_EVENT_DECODE_H
#define SHRIKE_EVENT_DECODE_H

#include "user/base/arena.h"
#include "user/base/err.h"
#include "user/base/row.h"

/*
 * Decode one record of `len` bytes; the row and its bytes live in `arena`.
 * `clock_offset_ns`: realtime = boot-time clock + this. -EBADMSG when the
 * record is not one of ours; -ENOMEM when the arena is full.
 */
int event_decode(const void *record, size_t len, int64_t clock_offset_ns,
		 struct arena *arena, struct row **ret_row, struct err *err);

#endif
