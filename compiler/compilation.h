/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every pass shares: where memory comes from and where complaints go.
 * Memory errors are sticky: a pass that is handed NULL returns NULL, and
 * compile() asks once at the end.
 */
#ifndef SHRIKE_COMPILER_COMPILATION_H
#define SHRIKE_COMPILER_COMPILATION_H

#include "compiler/diagnostic.h"
#include "user/base/arena.h"
#include "user/base/buf.h"

struct compilation {
	struct arena *arena;
	struct diagnostics *diagnostics;
	const char *rule;	    /* being compiled; NULL outside of one */
	unsigned pattern_edges;	    /* of its regular expressions: regex.h */
	uint64_t all_pattern_edges; /* of those of the rules before it */
	bool nomem;
	bool no_warnings; /* of a rule that is refused anyway */
	bool of_view;	  /* see diagnostic.h */
	/* Of statements whose text is wrong: who reads them is told nothing. */
	const char **damaged;
	unsigned damaged_count;
};

void compilation_add_damaged(struct compilation *c, const char *name);
bool compilation_is_damaged(const struct compilation *c, const char *name);

/* Zeroed; NULL sets `nomem`. */
void *compilation_alloc(struct compilation *c, size_t n, size_t size);
char *compilation_copy(struct compilation *c, const char *text, size_t len);
const char *compilation_text(struct compilation *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The buffer's text in the arena; releases the buffer. NULL on a failure of
 * either, which sets `nomem`.
 */
const char *compilation_take(struct compilation *c, struct buf *buf);

/*
 * Room for one more element in an array that is only ever grown one by one:
 * it is moved whenever `count` is a power of two. NULL when there is no memory.
 */
void *compilation_grow(struct compilation *c, void *items, unsigned count,
		       size_t size);

/* Further complaints are only counted: no suggestion need be made for them. */
bool compilation_is_full(const struct compilation *c);

/* Has exactly that range been warned of? */
bool compilation_has_warned(const struct compilation *c, struct span span);

/* `suggestion` may be NULL. */
void compilation_error(struct compilation *c, struct span span,
		       const char *suggestion, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void compilation_warning(struct compilation *c, struct span span,
			 const char *suggestion, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
