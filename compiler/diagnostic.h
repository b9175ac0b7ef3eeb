/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a rule, where, and what to write instead. All of a file's
 * errors are collected, up to a limit, then printed in the order of the text.
 */
#ifndef SHRIKE_COMPILER_DIAGNOSTIC_H
#define SHRIKE_COMPILER_DIAGNOSTIC_H

#include "user/base/arena.h"
#include "user/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define DIAGNOSTICS_MAX 100 /* kept; the rest is only counted */

enum diagnostic_level { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };

/* A range of the source text: byte offsets, end exclusive. */
struct span {
	uint32_t source; /* index of the source */
	uint32_t start;
	uint32_t end;
};

struct diagnostic {
	enum diagnostic_level level;
	struct span span;
	const char *message; /* "unknown column 'dst_prt' of network.connect" */
	const char *suggestion; /* "did you mean 'dst_port'?" or NULL */
	const char *rule;	/* name of the rule, NULL outside of one */
	bool of_view; /* of what a view has for the name that stands there */
};

struct compile_source;

struct diagnostics {
	struct arena *arena;
	const struct compile_source *sources;
	unsigned source_count;
	unsigned count;	      /* kept in `items` */
	unsigned error_count; /* all, also those not kept */
	unsigned warning_count;
	struct diagnostic items[DIAGNOSTICS_MAX];
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena,
		      const struct compile_source *sources,
		      unsigned source_count);

/*
 * What is said twice of one place, in the same words or of two rules, is kept
 * once. `suggestion` may be NULL; both texts are formatted into the arena by
 * callers.
 */
void diagnostic_add(struct diagnostics *diagnostics,
		    enum diagnostic_level level, struct span span,
		    const char *rule, const char *message,
		    const char *suggestion);

/*
 * Take back what readers of a view were told of its text: the errors of exactly
 * that range, and those in the same words of what it has for a name of theirs.
 */
void diagnostic_withdraw(struct diagnostics *diagnostics, struct span span,
			 const char *message);

/*
 * file:line:column: error: message, the line, a caret under the range, and the
 * suggestion. Bytes of the text that are not printable are escaped. The last
 * line counts what was found. `color` adds ANSI colours.
 */
void diagnostics_print(const struct diagnostics *diagnostics, bool color,
		       struct buf *out);

/* The same for editors: one JSON object on a line, see diagnostic_json.c. */
void diagnostics_json(const struct diagnostics *diagnostics, struct buf *out);

#endif
