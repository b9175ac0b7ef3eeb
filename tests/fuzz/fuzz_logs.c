// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a line of a log file: what is taken from it lies in it, and its
 * message may be of any program whose log-ins are known.
 */
#include "user/base/check.h"
#include "user/logs/auth_line.h"
#include "user/logs/syslog_line.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_inside(struct log_text part, struct log_text whole)
{
	CHECK(!part.len ||
	      (part.p >= whole.p && part.len <= whole.len &&
	       (size_t)(part.p - whole.p) <= whole.len - part.len));
}

static void check_auth(struct log_text program, struct log_text message)
{
	struct auth_line line;

	if (!auth_line_parse(program, message, &line))
		return;
	CHECK(line.result < AUTH_RESULT_COUNT);
	CHECK(line.repeats >= 1 && line.repeats <= AUTH_REPEATS_MAX);
	CHECK(line.address_bytes == 0 || line.address_bytes == 4 ||
	      line.address_bytes == 16);
	check_inside(line.tty, message);
	check_inside(line.command, message);
	check_inside(line.target_user, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const programs[] = { "sshd",	 "dropbear", "sudo",
						"su",	 "login",    "doas",
						"pkexec" };
	const struct log_clock clock = { INT64_C(1767355200000000000),
					 INT64_C(3600000000000) };
	struct log_text whole = log_text((const char *)bytes, len);
	struct syslog_line line;

	if (!syslog_line_parse(whole.p, len, &clock, &line))
		CHECK(log_text_equal(line.message, whole));
	check_inside(line.message, whole);
	check_inside(line.program, whole);
	check_auth(line.program, line.message);
	for (unsigned i = 0; i < ARRAY_SIZE(programs); i++)
		check_auth(log_text(programs[i], strlen(programs[i])),
			   line.message);
	return 0;
}
