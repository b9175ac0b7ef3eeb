/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a log file into what it claims: when, which program, which pid.
 * Nothing in it can be trusted, whoever may log wrote it.
 *
 *   Nov 21 17:42:24 host sshd[42]: message		RFC 3164, local time
 *   2026-11-21T17:42:24.5+01:00 host sshd[42]: message
 *   <86>1 2026-11-21T17:42:24Z host sshd 42 - - message	RFC 5424
 *
 * with <facility * 8 + priority> in front of any.
 */
#ifndef SHRIKE_LOGS_SYSLOG_LINE_H
#define SHRIKE_LOGS_SYSLOG_LINE_H

#include "user/logs/log_text.h"

#include <stdint.h>

/* What the old form does not say: the year and the zone. */
struct log_clock {
	int64_t now_ns;	       /* realtime */
	int64_t utc_offset_ns; /* local time = UTC + this */
};

struct syslog_line {
	struct log_text program; /* empty: it names none */
	struct log_text message;
	bool has_ts, has_pid, has_priority;
	int64_t ts; /* ns of the realtime clock */
	uint32_t pid;
	uint8_t priority; /* 0 (emergency) to 7 (debug) */
	uint8_t facility; /* 0 to 23 */
};

/*
 * `line` without its line feed. False: it has none of these forms; `message` is
 * all of it then.
 */
bool syslog_line_parse(const char *line, size_t len,
		       const struct log_clock *clock,
		       struct syslog_line *ret_line);

#endif
