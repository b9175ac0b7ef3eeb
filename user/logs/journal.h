/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the systemd journal, from its end on: the messages and what journald
 * learned from the kernel about who sent each.
 *
 * What journald itself dropped ("Suppressed 42 messages from ...") counts as
 * lost here.
 */
#ifndef SHRIKE_LOGS_JOURNAL_H
#define SHRIKE_LOGS_JOURNAL_H

#include "user/logs/log_entry.h"

/* Entries of one turn at most; the rest waits in the journal. */
#define JOURNAL_TURN_ENTRIES 2048u
/* A longer message is cut. */
#define JOURNAL_MESSAGE_MAX 8192u

struct journal;

struct journal_stats {
	uint64_t entries; /* given */
	uint64_t cut;	  /* of them, not whole */
	uint64_t lost;	  /* at least so many */
	uint64_t failed;  /* times the journal could not be read */
};

/* This machine's journal has no file. */
#define JOURNAL_ABSENT 1

/*
 * The journal files of `folder`, or of this machine when it is NULL: then
 * JOURNAL_ABSENT is an outcome.
 */
int journal_open(const char *folder, struct journal **ret_journal,
		 struct err *err);
struct journal *journal_close(struct journal *journal);

/* What is new; `now_ns` of any steady clock. LOG_ENOUGH when `fn` said so. */
int journal_turn(struct journal *journal, int64_t now_ns, log_entry_fn *fn,
		 void *ctx, struct err *err);

void journal_stats(const struct journal *journal,
		   struct journal_stats *ret_stats);

#endif
