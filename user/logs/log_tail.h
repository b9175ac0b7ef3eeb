/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows one log file: the lines that are written to it from now on, in their
 * order, across its rotation.
 *
 * - Renamed and made anew: the old file is read to its end, also what is still
 *   written to it for a while; then the new one from its beginning.
 * - Emptied in place (copytruncate, or someone who hides something): read from
 *   its beginning again. What was written since the last look is gone unseen;
 *   that counts as one lost line, for nobody can say how many.
 * - Not there yet, or taken away: waited for.
 *
 * A line waits for its line feed. Past LOG_LINE_MAX bytes the rest of it is
 * dropped. Told by inotify; where that does not work (network file systems)
 * looked for once a second.
 */
#ifndef SHRIKE_LOGS_LOG_TAIL_H
#define SHRIKE_LOGS_LOG_TAIL_H

#include "user/logs/log_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 8192u
/* Read in one turn at most; the rest waits in the file. */
#define LOG_TURN_BYTES ((size_t)1024 * 1024)
/* How long what writes to the old file may take to notice. */
#define LOG_OLD_FILE_NS 60000000000LL

struct log_tail;

struct log_tail_stats {
	uint64_t lines;	  /* given */
	uint64_t cut;	  /* of them, not whole */
	uint64_t lost;	  /* at least so many */
	uint64_t rotated; /* times the file was made anew */
	uint64_t emptied; /* times it was emptied in place */
	uint64_t failed;  /* reads that failed */
};

/* `line` has no line feed; valid during the call. Outcomes as log_entry_fn. */
typedef int log_line_fn(void *ctx, const char *line, size_t len, bool cut,
			struct err *err);

/*
 * From the end of the file as it is now. ERR_USAGE when its folder is not
 * there, when it is no regular file or may not be read.
 */
int log_tail_open(const char *path, struct log_tail **ret_tail,
		  struct err *err);
struct log_tail *log_tail_close(struct log_tail *tail);

/*
 * What is new, when something is; `now_ns` of any steady clock. LOG_ENOUGH when
 * `fn` said so.
 */
int log_tail_turn(struct log_tail *tail, int64_t now_ns, log_line_fn *fn,
		  void *ctx, struct err *err);

const char *log_tail_path(const struct log_tail *tail);
/* Is there a file? */
bool log_tail_present(const struct log_tail *tail);
void log_tail_stats(const struct log_tail *tail,
		    struct log_tail_stats *ret_stats);

#endif
