// SPDX-License-Identifier: Apache-2.0
/* Lines as syslog daemons write them, and lines that only look so. */
#include "support/unit.h"

#include "user/base/check.h"
#include "user/base/text.h"
#include "user/logs/syslog_line.h"

#include <string.h>

#define HOUR_NS INT64_C(3600000000000)

/* 2026-01-02T12:00:00Z, in a zone of +01:00. */
static const struct log_clock january = { INT64_C(1767355200000000000),
					  HOUR_NS };

struct expected {
	const char *line, *time, *program, *message;
	int pid, priority, facility; /* -1: none */
};

static const struct expected forms[] = {
	{ "Jan  2 12:59:58 host sshd[42]: Accepted x", "2026-01-02T11:59:58Z",
	  "sshd", "Accepted x", 42, -1, -1 },
	{ "Dec 31 23:59:59 host sudo:    alice : TTY=x", "2025-12-31T22:59:59Z",
	  "sudo", "   alice : TTY=x", -1, -1, -1 },
	/* A clock that is ahead by less than a day. */
	{ "Jan  3 12:00:00 h a: b", "2026-01-03T11:00:00Z", "a", "b", -1, -1,
	  -1 },
	{ "Jan  3 14:00:00 h a: b", "2025-01-03T13:00:00Z", "a", "b", -1, -1,
	  -1 },
	{ "2026-01-02T12:00:00.123456+01:00 host CRON[7]: (root) CMD (x)",
	  "2026-01-02T11:00:00.123456Z", "CRON", "(root) CMD (x)", 7, -1, -1 },
	{ "2026-01-02T11:00:00Z host kernel: [  1.5] usb: y",
	  "2026-01-02T11:00:00Z", "kernel", "[  1.5] usb: y", -1, -1, -1 },
	{ "<38>Jan  2 12:00:00 host su[1]: x", "2026-01-02T11:00:00Z", "su",
	  "x", 1, 6, 4 },
	{ "<86>1 2026-01-02T11:00:00Z host sshd 42 - - message",
	  "2026-01-02T11:00:00Z", "sshd", "message", 42, 6, 10 },
	{ "<86>1 2026-01-02T11:00:00Z host sshd - ID [a b=\"]\\\"\"][c] m: n",
	  "2026-01-02T11:00:00Z", "sshd", "m: n", -1, 6, 10 },
	{ "<0>1 - - - - - - m", NULL, "", "m", -1, 0, 0 },
	{ "Jan  2 12:00:00 sshd[42]: no host", "2026-01-02T11:00:00Z", "sshd",
	  "no host", 42, -1, -1 },
	{ "Jan  2 12:00:00 host -- MARK --", "2026-01-02T11:00:00Z", "",
	  "-- MARK --", -1, -1, -1 },
	{ "Jan  2 12:00:00 host gdm-password]: x", "2026-01-02T11:00:00Z",
	  "gdm-password]", "x", -1, -1, -1 },
	{ "Jan  2 12:00:00 host a[x]: m", "2026-01-02T11:00:00Z", "a", "m", -1,
	  -1, -1 },
	{ "Jan  2 12:00:00 host a[99999999]: m", "2026-01-02T11:00:00Z", "a",
	  "m", -1, -1, -1 },
	{ "Jan  2 12:00:00 host empty:", "2026-01-02T11:00:00Z", "empty", "",
	  -1, -1, -1 },
};

static const char *const others[] = {
	"",
	" ",
	"no log line",
	"Jan 2 12:00:00",
	"Jan 32 12:00:00 host a: b",
	"Jan  2 24:00:00 host a: b",
	"Jan  2 12:60:00 host a: b",
	"Feb 30 12:00:00 host a: b",
	"2026-02-30T12:00:00Z host a: b",
	"2026-01-02T12:00:00 host a: b",
	"<192>nothing",
	"<86>1 2026-01-02T11:00:00Z host",
	"<86>1 2026-01-02T11:00:00Z host sshd 42 - [a=\"b",
	"J",
};

static void check(const struct expected *e)
{
	struct syslog_line line;
	int64_t ts = 0;

	assert_true(
		syslog_line_parse(e->line, strlen(e->line), &january, &line));
	assert_true(log_text_is(line.program, e->program));
	assert_true(log_text_is(line.message, e->message));
	assert_int_equal(line.has_pid ? (int)line.pid : -1, e->pid);
	assert_int_equal(line.has_priority ? line.priority : -1, e->priority);
	assert_int_equal(line.has_priority ? line.facility : -1, e->facility);
	assert_int_equal(line.has_ts, e->time != NULL);
	if (e->time) {
		assert_true(text_time_parse(e->time, strlen(e->time), &ts));
		assert_int_equal(line.ts, ts);
	}
}

static void line__of_each_form__is_taken_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		print_message("%s\n", forms[i].line);
		check(&forms[i]);
	}
}

static void line__of_no_form__is_all_message(void **state)
{
	struct syslog_line line;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		print_message("%s\n", others[i]);
		assert_false(syslog_line_parse(others[i], strlen(others[i]),
					       &january, &line));
		assert_true(log_text_is(line.message, others[i]));
		assert_int_equal(line.program.len, 0);
		assert_false(line.has_ts || line.has_pid || line.has_priority);
	}
}

static void line__with_nul_and_other_bytes__keeps_them(void **state)
{
	static const char bytes[] = "Jan  2 12:00:00 h a: x\0y\xff\xfe";
	struct syslog_line line;

	(void)state;
	assert_true(
		syslog_line_parse(bytes, sizeof(bytes) - 1, &january, &line));
	assert_int_equal(line.message.len, 5);
	assert_memory_equal(line.message.p, "x\0y\xff\xfe", 5);
}

/* Of every prefix, what is parsed lies in it. */
static void line__cut_anywhere__stays_inside(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
		for (size_t n = 0; n <= strlen(forms[i].line); n++) {
			char *copy = malloc(n + 1);
			struct syslog_line line;

			assert_non_null(copy);
			memcpy(copy, forms[i].line, n);
			copy[n] = 'X';
			syslog_line_parse(copy, n, &january, &line);
			assert_true(line.message.p >= copy);
			assert_ptr_equal(line.message.p + line.message.len,
					 copy + n);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line__of_each_form__is_taken_apart),
		cmocka_unit_test(line__of_no_form__is_all_message),
		cmocka_unit_test(line__with_nul_and_other_bytes__keeps_them),
		cmocka_unit_test(line__cut_anywhere__stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
