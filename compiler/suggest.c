// SPDX-License-Identifier: Apache-2.0
#include "compiler/suggest.h"

#include <string.h>

#define NAME_MAX_BYTES 63

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance, three rows of its matrix at a time. */
unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][NAME_MAX_BYTES + 1];
	unsigned *before = rows[0], *previous = rows[1], *row = rows[2];
	size_t m = strlen(a), n = strlen(b);

	if (m > NAME_MAX_BYTES || n > NAME_MAX_BYTES)
		return (unsigned)(m > n ? m : n);
	for (unsigned j = 0; j <= n; j++)
		previous[j] = j;
	for (unsigned i = 1; i <= m; i++) {
		unsigned *oldest = before;

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			row[j] =
				least(least(previous[j], row[j - 1]) + 1,
				      previous[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = previous;
		previous = row;
		row = oldest;
	}
	return previous[n];
}

struct suggest suggest_for(const char *wrong)
{
	/* A third of the name may be wrong, but one character always. */
	unsigned most = (unsigned)strlen(wrong) / 3;

	return (struct suggest){ .wrong = wrong,
				 .distance = (most ? most : 1) + 1 };
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	unsigned distance = edit_distance(s->wrong, candidate);

	/* Something of the wrong name must be left. */
	if (distance >= s->distance || distance >= strlen(candidate))
		return;
	s->distance = distance;
	s->best = candidate;
}

const char *suggest_text(struct compilation *c, const struct suggest *s)
{
	return s->best ? compilation_text(c, "did you mean '%s'?", s->best) :
			 NULL;
}
