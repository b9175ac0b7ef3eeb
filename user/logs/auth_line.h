/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log message says of a log-in: who, from where, how, with what result.
 * Known are OpenSSH, Dropbear, PAM's modules, sudo, doas, pkexec, su and login
 * (of util-linux and of shadow).
 *
 * One attempt is one `failure`: where a program and the PAM module it asks both
 * tell of an attempt, the program's line counts and the module's does not.
 */
#ifndef SHRIKE_LOGS_AUTH_LINE_H
#define SHRIKE_LOGS_AUTH_LINE_H

#include "bpf/event.h"
#include "user/logs/log_text.h"

#include <stdint.h>

/* A message longer than this is not looked at. */
#define AUTH_MESSAGE_MAX 4096u

struct auth_line {
	enum auth_result result; /* bpf/event.h */
	/* Empty: not said, or not known for sure. */
	struct log_text method, service, user, target_user, tty, command;
	uint8_t address[16];
	uint8_t address_bytes; /* 0, 4 or 16 */
	uint16_t port;	       /* 0: not said */
	uint32_t repeats;      /* how many lines this one stands for, from 1 */
	bool ambiguous;	       /* something is not known for sure */
};

/* At most this many lines are taken from "message repeated N times". */
#define AUTH_REPEATS_MAX 64u

/* False: the message tells of no log-in. The texts point into it. */
bool auth_line_parse(struct log_text program, struct log_text message,
		     struct auth_line *ret_line);

#endif
