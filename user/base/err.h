/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors between folders.
 *
 * A function that can fail returns 0, a negative errno (fatal, passed up
 * unchanged) or a positive outcome it documents. The text for people travels in
 * `struct err`, the last parameter: set once where the failure is understood,
 * prefixed on the way up, printed only by user/daemon and user/cli.
 */
#ifndef SHRIKE_BASE_ERR_H
#define SHRIKE_BASE_ERR_H

#include <stdarg.h>

#define ERR_TEXT_MAX 1024

/* Which side is at fault; user/cli maps it to the exit code. */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,    /* exit 2: a wrong command line, setting or rule */
	ERR_MACHINE,  /* exit 3: this machine cannot do it */
	ERR_DAMAGED,  /* exit 4: the result is incomplete */
	ERR_INPUT,    /* exit 5: a store or an input file cannot be used */
	ERR_INTERNAL, /* exit 70: a defect of ours, or no memory */
	ERR_KIND_COUNT
};

struct err {
	int code; /* negative errno, 0 while nothing failed */
	enum err_kind kind;
	char text[ERR_TEXT_MAX]; /* NUL-terminated, truncated when too long */
};

/*
 * Record a failure and return `code` (a negative errno). The first failure
 * stays: a second call changes nothing. `err` may be NULL.
 */
int err_set(struct err *err, enum err_kind kind, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Put "text: " in front of what is recorded; returns err->code. */
int err_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Out of memory: returns -ENOMEM. */
int err_nomem(struct err *err);

#endif
