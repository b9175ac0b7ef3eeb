/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions in time linear in the text: no back-references, no look-
 * around. Over bytes; the syntax is PCRE's, '.' matches a line break too, and a
 * pattern matches anywhere unless it is anchored. The one place that knows the
 * regular-expression library (Vectorscan).
 */
#ifndef SHRIKE_STREAM_REGEX_H
#define SHRIKE_STREAM_REGEX_H

#include "user/base/arena.h"
#include "user/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define REGEX_PATTERN_BYTES_MAX 1000
#define REGEX_REPEAT_MAX 1000 /* of one {n,m} */
#define REGEX_PROGRAM_BYTES_MAX (1u << 20)

struct regex;
struct regex_scratch; /* for matching; one for each thread */

/*
 * Compile `pattern` into the arena. -EINVAL: `err` says what is wrong with it,
 * for the rule's author; *ret_offset (may be NULL) is where, -1: not known.
 */
int regex_compile(struct arena *arena, const char *pattern, size_t len,
		  const struct regex **ret_regex, int *ret_offset,
		  struct err *err);

/*
 * How long it takes to compile a pattern that can be: about 0.1 ms each at
 * worst. 0: it cannot.
 */
unsigned regex_edges(const char *pattern, size_t len);

/* Make *scratch fit for `regex` too; NULL: the first. */
int regex_scratch_fit(struct regex_scratch **scratch, const struct regex *regex,
		      struct err *err);
struct regex_scratch *regex_scratch_free(struct regex_scratch *scratch);

bool regex_match(const struct regex *regex, struct regex_scratch *scratch,
		 const void *text, size_t len);

#endif
