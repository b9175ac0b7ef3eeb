// SPDX-License-Identifier: Apache-2.0
/*
 * libbpf's messages. Its callback takes no context, so the place to write to is
 * a pointer of this thread, set only while one of our calls into libbpf runs:
 * the one writable variable with static storage in this folder.
 */
#include "user/collect/libbpf_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

static _Thread_local struct libbpf_log *log_sink;

static void line_keep(char *dst, const char *line, size_t len)
{
	if (len >= LIBBPF_LOG_LINE_MAX)
		len = LIBBPF_LOG_LINE_MAX - 1;
	memcpy(dst, line, len);
	dst[len] = '\0';
}

/* Verifier lines that carry no reason: instructions, sources, statistics. */
static bool line_is_noise(const char *line, size_t len)
{
	static const char *const prefixes[] = {
		"processed ",	     "-- ",	    ";",
		"verification time", "stack depth", "libbpf: "
	};

	if (len == 0 || (line[0] >= '0' && line[0] <= '9'))
		return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (len >= strlen(prefixes[i]) &&
		    memcmp(line, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void verifier_keep(struct libbpf_log *log, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!line_is_noise(text, len))
			line_keep(log->verifier, text, len);
		text += len + (text[len] == '\n');
	}
}

static void message_keep(struct libbpf_log *log, const char *text)
{
	const char *begin = strstr(text, "-- BEGIN PROG LOAD LOG --");

	if (begin)
		verifier_keep(log, begin);
	if (!log->first[0]) {
		if (strncmp(text, "libbpf: ", 8) == 0)
			text += 8;
		line_keep(log->first, text, strcspn(text, "\n"));
	}
}

static int log_print(enum libbpf_print_level level, const char *fmt,
		     va_list args) __attribute__((format(printf, 2, 0)));

static int log_print(enum libbpf_print_level level, const char *fmt,
		     va_list args)
{
	char *text;

	if (level != LIBBPF_WARN || !log_sink)
		return 0;
	if (vasprintf(&text, fmt, args) < 0)
		return 0;
	message_keep(log_sink, text);
	free(text);
	return 0;
}

void libbpf_log_begin(struct libbpf_log *log)
{
	memset(log, 0, sizeof(*log));
	log_sink = log;
	libbpf_set_print(log_print);
}

void libbpf_log_end(void)
{
	log_sink = NULL;
}

int libbpf_log_err(const struct libbpf_log *log, int code, const char *what,
		   struct err *err)
{
	const char *line = log->verifier[0] ? log->verifier : log->first;

	if (code == -EPERM || code == -EACCES)
		if (!log->verifier[0])
			return err_set(
				err, ERR_MACHINE, code,
				"%s: not permitted; run as root, or with "
				"CAP_BPF, CAP_PERFMON and "
				"CAP_SYS_RESOURCE",
				what);
	if (!line[0])
		return err_set(err, ERR_MACHINE, code, "%s: %s", what,
			       strerror(-code));
	return err_set(err, ERR_MACHINE, code, "%s: %s (%s)", what,
		       strerror(-code), line);
}
