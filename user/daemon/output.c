// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOW_READER_NS 5000000L

/*
 * A pipe or a terminal is opened anew: O_NONBLOCK belongs to the open file, and
 * the one we were given is shared with others. A file never blocks for long.
 */
static int open_anew(int fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

void output_open(struct output *output, int fd, bool reloads)
{
	int anew = fd < 0 ? -1 : open_anew(fd);

	*output = (struct output){ .fd = anew < 0 ? fd : anew,
				   .owned = anew >= 0,
				   .reloads = reloads,
				   .ended = fd < 0 };
}

void output_close(struct output *output)
{
	if (output->owned)
		close(output->fd);
	*output = (struct output){ .fd = -1, .ended = true };
}

static bool asked_to_end(const struct output *output)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 ||
		sigismember(&pending, SIGTERM) == 1 ||
		(!output->reloads && sigismember(&pending, SIGHUP) == 1));
}

void output_write(struct output *output, const void *bytes, size_t len)
{
	const struct timespec pause = { .tv_nsec = SLOW_READER_NS };
	const uint8_t *at = bytes;

	while (len && !output->ended) {
		ssize_t n = write(output->fd, at, len);

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			output->ended = asked_to_end(output);
			if (!output->ended)
				nanosleep(&pause, NULL);
		} else if (errno != EINTR) {
			err_set(&output->err, ERR_INPUT, -errno,
				"cannot write matches: %s", strerror(errno));
			output->ended = true;
		}
	}
}
