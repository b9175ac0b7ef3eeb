/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of log messages. A part of a message that an enemy chooses (a user
 * name, a folder, a command) can look like the parts around it, so that the
 * message fits its template in more than one way: what differs between those
 * ways is not known then, and never guessed.
 *
 * A template is literal text with captures:
 *
 *   %u user	%t target user		free text, may be empty
 *   %c command				free text, not empty
 *   %*					free text, may be empty, not kept
 *   %U user	%T target user		a word: no space in it
 *   %m method	%s service	%w not kept	words
 *   %a address	an IP address
 *   %h host	a word, may be empty; an address only when it is one
 *   %y tty	a word, may be empty
 *   %p port	1 to 65535
 *   %N times	%n not kept		numbers below 2^32
 */
#ifndef SHRIKE_LOGS_AUTH_PATTERN_H
#define SHRIKE_LOGS_AUTH_PATTERN_H

#include "user/logs/log_text.h"

enum auth_capture {
	AUTH_USER,
	AUTH_TARGET,
	AUTH_COMMAND,
	AUTH_METHOD,
	AUTH_SERVICE,
	AUTH_ADDRESS,
	AUTH_TTY,
	AUTH_PORT,
	AUTH_TIMES,
	AUTH_CAPTURE_COUNT
};

struct auth_match {
	struct log_text captures[AUTH_CAPTURE_COUNT]; /* empty: not there */
	bool ambiguous; /* a capture is empty because it is not known */
};

/* Characters looked at before a message is called ambiguous altogether. */
#define AUTH_PATTERN_STEPS 50000u

/* Does all of `message` fit? The captures point into it. */
bool auth_pattern_match(const char *pattern, struct log_text message,
			struct auth_match *ret_match);

/* 4 or 16 bytes of the address; 0: it is none. A zone ("%eth0") is dropped. */
size_t auth_address(struct log_text text, unsigned char ret_bytes[16]);

#endif
