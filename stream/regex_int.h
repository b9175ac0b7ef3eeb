/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How hard a pattern is to compile, before the library sees it: its compiler
 * has no limit of its own, and a few nested repeats keep it busy for hours.
 */
#ifndef SHRIKE_STREAM_REGEX_INT_H
#define SHRIKE_STREAM_REGEX_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of a pattern's Glushkov automaton: sums saturate. */
struct regex_size {
	uint64_t positions; /* characters, repeats written out */
	uint64_t edges;	    /* pairs of them that may follow each other */
	uint64_t first;	    /* positions a match may begin with */
	uint64_t last;
	uint64_t loops;	   /* repeats without end */
	uint64_t literals; /* positions that one character alone may take */
	uint64_t alike;	   /* of these, those that may stand in a row of one */
	int begins, ends;  /* with that character; -1: with more than one */
	bool nullable;	   /* matches the empty text */
};

/*
 * Measure; NULL, or what is wrong with the pattern, and where. Syntax that is
 * not understood is counted as characters and left to the library.
 */
const char *regex_measure(const char *pattern, size_t len,
			  struct regex_size *ret_size, int *ret_offset);

#endif
