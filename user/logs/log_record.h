/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire records of security.log and security.auth (bpf/event.h), from what was
 * read. Secrets in messages and commands are masked, as in the arguments of
 * processes.
 */
#ifndef SHRIKE_LOGS_LOG_RECORD_H
#define SHRIKE_LOGS_LOG_RECORD_H

#include "bpf/event.h"
#include "user/logs/auth_line.h"
#include "user/logs/log_entry.h"

/* Of each text but message and command, which have twice LOG_MESSAGE_MAX. */
#define LOG_TEXT_MAX 512u
#define LOG_MESSAGE_MAX 8192u

struct log_record {
	size_t len;
	_Alignas(8) unsigned char bytes[sizeof(struct security_auth_event) +
					8 * LOG_TEXT_MAX + 2 * LOG_MESSAGE_MAX];
};

void log_record_log(struct log_record *record, const struct log_entry *entry,
		    int64_t ts, uint64_t seq);
void log_record_auth(struct log_record *record, const struct log_entry *entry,
		     const struct auth_line *line, int64_t ts, uint64_t seq);

#endif
