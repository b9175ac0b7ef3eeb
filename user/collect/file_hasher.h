/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 of the files that processes run, one at a time and a piece a turn, so
 * that a large one holds nothing up. Files that did not change are not read
 * again. Whoever mounts a file system (FUSE, a network's) may let us wait for
 * ever: a thread does what may block, a turn waits for FILE_HASHER_PATIENCE_NS
 * in all, and a file is given up after FILE_HASHER_STUCK_NS.
 */
#ifndef SHRIKE_COLLECT_FILE_HASHER_H
#define SHRIKE_COLLECT_FILE_HASHER_H

#include "ledger/file_hash.h"

#include <stdbool.h>
#include <stdint.h>

/* Read in one step; a step is to be short beside a turn. */
#define FILE_HASHER_STEP_BYTES ((size_t)2 << 20)

/* What all calls of one turn wait; a piece of a local file takes a few ms. */
#define FILE_HASHER_PATIENCE_NS 50000000LL

/* Files that do not answer at once: how long each, and how many in all. */
#define FILE_HASHER_STUCK_NS 2000000000LL
#define FILE_HASHER_STUCK_MAX 8u

struct file_hasher;

enum file_hasher_result {
	FILE_HASHER_DONE,
	FILE_HASHER_MORE,   /* it goes on, or is waited for: step again */
	FILE_HASHER_FAILED, /* unreadable, stuck, too large, or it changed */
};

struct file_hasher *file_hasher_new(uint64_t file_bytes_max); /* NULL: memory */
struct file_hasher *file_hasher_free(struct file_hasher *hasher);

/* A turn begins: the calls until the next one share its patience. */
void file_hasher_turn(struct file_hasher *hasher);

/* Begin with a path as /proc/PID/exe, then step until it is not MORE. */
enum file_hasher_result file_hasher_begin(struct file_hasher *hasher,
					  const char *path,
					  uint8_t ret[FILE_HASH_BYTES]);
enum file_hasher_result file_hasher_step(struct file_hasher *hasher,
					 uint8_t ret[FILE_HASH_BYTES]);

/* Forget the file that is being read, if any. */
void file_hasher_abandon(struct file_hasher *hasher);

/* Is a file being read? */
bool file_hasher_busy(const struct file_hasher *hasher);

#endif
