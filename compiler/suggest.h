/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the known name nearest to a wrong one. */
#ifndef SHRIKE_COMPILER_SUGGEST_H
#define SHRIKE_COMPILER_SUGGEST_H

#include "compiler/compilation.h"

struct suggest {
	const char *wrong;
	const char *best; /* NULL: nothing is near */
	unsigned distance;
};

struct suggest suggest_for(const char *wrong);

/* Offer a candidate, which must outlive `s`; the first of equals stays. */
void suggest_offer(struct suggest *s, const char *candidate);

/* "did you mean 'x'?", or NULL. */
const char *suggest_text(struct compilation *c, const struct suggest *s);

/*
 * Insertions, deletions, replacements and swaps of neighbours that make `a`
 * into `b`; names longer than 63 bytes are as far as they are long.
 */
unsigned edit_distance(const char *a, const char *b);

#endif
