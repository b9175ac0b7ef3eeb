// SPDX-License-Identifier: Apache-2.0
/* How the commands speak: errors with their exit codes, and output. */
#include "user/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int report(const struct err *err)
{
	static const enum exit_code codes[] = {
		[ERR_NONE] = EXIT_INTERNAL,   [ERR_USAGE] = EXIT_USAGE,
		[ERR_MACHINE] = EXIT_MACHINE, [ERR_DAMAGED] = EXIT_INCOMPLETE,
		[ERR_INPUT] = EXIT_INPUT,     [ERR_INTERNAL] = EXIT_INTERNAL,
	};

	fprintf(stderr, "shrike: %s\n",
		*err->text ? err->text : "failed without a reason");
	return codes[err->kind];
}

int usage_error(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "shrike %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return option_wrong(command);
}

int option_wrong(const char *command)
{
	fprintf(stderr, "Try 'shrike %s --help'.\n", command);
	return EXIT_USAGE;
}

int emit(int fd, struct buf *text)
{
	const uint8_t *bytes = text->bytes;
	size_t len = text->len;

	if (text->failed) {
		fprintf(stderr, "shrike: out of memory\n");
		return EXIT_INTERNAL;
	}
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EPIPE)
				fprintf(stderr, "shrike: cannot write: %s\n",
					strerror(errno));
			return EXIT_INPUT;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return EXIT_OK;
}
