/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views that are there without being created: the older names of what is
 * collected today. Each is SQL over one stream, and has the alias under which
 * rules of its time knew it.
 */
#ifndef SHRIKE_COMPILER_BUILTIN_VIEWS_H
#define SHRIKE_COMPILER_BUILTIN_VIEWS_H

#include <stdbool.h>

/*
 * A column that says what an event did. One event may be several operations:
 * `column = 'text'` asks whether it is that one.
 */
struct builtin_operation {
	const char *text;
	const char *flag; /* a BOOLEAN column of the stream */
	bool negated;	  /* it is that operation when the flag is FALSE */
};

/*
 * A name may stand for several streams: what has `only` goes in its place where
 * a rule demands that its column `kind` is that text. The first of a name has
 * none.
 */
struct builtin_view {
	const char *name;
	const char *alias;
	const char *sql;
	const char *operation; /* the view's column of operations, or NULL */
	const struct builtin_operation *operations; /* the last has no text */
	const char *kind;
	const char *only;
};

/* NULL past the last. */
const struct builtin_view *builtin_view_at(unsigned index);

/* The first of that name. */
const struct builtin_view *builtin_view_by_name(const char *name);

/* What stands for `view` where its `kind` is the text; NULL: nothing else. */
const struct builtin_view *builtin_view_only(const struct builtin_view *view,
					     const char *kind,
					     const char *text);

#endif
