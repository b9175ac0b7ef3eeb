/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where matches are shown. Its reader may be slow, stuck or gone; matches are
 * stored before they come here, so none of that may keep a run from ending in
 * good order.
 */
#ifndef SHRIKE_DAEMON_OUTPUT_H
#define SHRIKE_DAEMON_OUTPUT_H

#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct output {
	int fd;
	bool owned;	/* fd is ours to close */
	bool reloads;	/* SIGHUP does not ask the process to end */
	bool ended;	/* nothing is written any more */
	struct err err; /* why, when it failed */
};

/* `fd` stays the caller's; negative: nothing is ever shown. */
void output_open(struct output *output, int fd, bool reloads);
void output_close(struct output *output);

/*
 * Waits for a slow reader, but not once the process was asked to end (SIGINT,
 * SIGTERM, or SIGHUP that does not reload, is pending): then, and when the reader is gone, the output
 * ends. Never fails: `ended` and `err` tell.
 */
void output_write(struct output *output, const void *bytes, size_t len);

#endif
