/* SPDX-License-Identifier: Apache-2.0 */
/* One message, from a file or from the journal. */
#ifndef SHRIKE_LOGS_LOG_ENTRY_H
#define SHRIKE_LOGS_LOG_ENTRY_H

#include "bpf/event.h"
#include "user/base/err.h"
#include "user/logs/log_text.h"

#include <stdint.h>

struct log_entry {
	enum log_origin origin;
	/* What the message's writer says. */
	struct log_text program; /* empty: none */
	struct log_text message;
	bool has_ts, has_pid, has_priority, has_facility;
	bool cut;   /* the message is not whole */
	int64_t ts; /* ns of the realtime clock */
	uint32_t pid;
	uint8_t priority; /* 0 to 7 */
	uint8_t facility;
	/* What the journal knows of the writer: the kernel told it. */
	bool sender_has_pid, sender_has_uid, sender_has_gid;
	bool sender_has_loginuid;
	uint32_t sender_pid, sender_uid, sender_gid, sender_loginuid;
	struct log_text sender_comm, sender_exe; /* empty: not known */
};

/*
 * Takes what a source gives: 0; LOG_ENOUGH: it is taken, the rest waits for the
 * next turn; or a negative errno.
 */
#define LOG_ENOUGH 1

/* The texts are valid during the call. */
typedef int log_entry_fn(void *ctx, const struct log_entry *entry,
			 struct err *err);

#endif
