// SPDX-License-Identifier: Apache-2.0
/* How the commands speak: errors with their exit codes, and output. */
#include "user/base/io.h"
#include "user/cli/cli.h"
#include "user/sink/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names of files and what a user typed may hold what a terminal acts on. */
static void line_print(const char *line)
{
	struct buf text = BUF_INIT;

	escape_text(&text, line, strlen(line));
	fprintf(stderr, "%s\n", buf_text(&text));
	buf_release(&text);
}

int report(const struct err *err)
{
	static const enum exit_code codes[] = {
		[ERR_NONE] = EXIT_INTERNAL,   [ERR_USAGE] = EXIT_USAGE,
		[ERR_MACHINE] = EXIT_MACHINE, [ERR_DAMAGED] = EXIT_INCOMPLETE,
		[ERR_INPUT] = EXIT_INPUT,     [ERR_INTERNAL] = EXIT_INTERNAL,
	};

	fputs("shrike: ", stderr);
	line_print(*err->text ? err->text : "failed without a reason");
	return codes[err->kind];
}

int usage_error(const char *command, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "shrike %s: ", command);
	line_print(line);
	return option_wrong(command);
}

int option_wrong(const char *command)
{
	fprintf(stderr, "Try 'shrike %s --help'.\n", command);
	return EXIT_USAGE;
}

int emit(int fd, struct buf *text)
{
	int rc;

	if (text->failed) {
		fprintf(stderr, "shrike: out of memory\n");
		return EXIT_INTERNAL;
	}
	rc = write_all(fd, text->bytes, text->len);
	if (rc && rc != -EPIPE)
		fprintf(stderr, "shrike: cannot write: %s\n", strerror(-rc));
	return rc ? EXIT_INPUT : EXIT_OK;
}
