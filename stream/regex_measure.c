// SPDX-License-Identifier: Apache-2.0
/*
 * The compiler of regular expressions takes time that grows with the square or
 * the cube of the automaton's edges, and doubles with each nested group. Both
 * are known from the pattern's text: a sequence joins the last positions of one
 * part with the first of the next, a repeat is as many copies.
 */
#include "stream/regex_int.h"

#include "stream/regex.h"

#include <string.h>

#define GROUP_DEPTH_MAX 12
#define GROUP_WEIGHT 4
#define ALIKE_DIVISOR 512
#define SOME_ESCAPE 256			     /* \x31: not looked at */
#define SIZE_MAX_COUNTED ((uint64_t)1 << 40) /* sums of these never wrap */

struct reader {
	const char *begin, *at, *end;
	const char *problem;
	const char *where;
};

static uint64_t capped(uint64_t n)
{
	return n < SIZE_MAX_COUNTED ? n : SIZE_MAX_COUNTED;
}

/* Factors are capped: 40 bits times 20 fit. */
static uint64_t times(uint64_t a, uint64_t b)
{
	return a && b > SIZE_MAX_COUNTED / a ? SIZE_MAX_COUNTED : a * b;
}

static void complain(struct reader *r, const char *where, const char *problem)
{
	if (r->problem)
		return;
	r->problem = problem;
	r->where = where;
}

static const struct regex_size nothing = { .nullable = true,
					   .begins = -1,
					   .ends = -1 };

/* -1: of more than one. */
static struct regex_size one_character(int c)
{
	return (struct regex_size){ .positions = 1,
				    .first = 1,
				    .last = 1,
				    .literals = c >= 0,
				    .begins = c,
				    .ends = c };
}

static void append(struct regex_size *a, const struct regex_size *b)
{
	a->loops = capped(a->loops + b->loops);
	a->edges = capped(a->edges + b->edges + times(a->last, b->first));
	if (a->nullable)
		a->first = capped(a->first + b->first);
	a->last = capped(b->last + (b->nullable ? a->last : 0));
	a->literals = capped(a->literals + b->literals);
	a->alike = capped(a->alike + b->alike +
			  (a->ends >= 0 && a->ends == b->begins));
	if (!a->positions)
		a->begins = b->begins;
	if (b->positions)
		a->ends = b->ends;
	a->nullable &= b->nullable;
	a->positions = capped(a->positions + b->positions);
}

static void alternate(struct regex_size *a, const struct regex_size *b)
{
	a->positions = capped(a->positions + b->positions);
	a->loops = capped(a->loops + b->loops);
	a->edges = capped(a->edges + b->edges);
	a->first = capped(a->first + b->first);
	a->last = capped(a->last + b->last);
	a->literals = capped(a->literals + b->literals);
	a->alike = capped(a->alike + b->alike);
	a->begins = a->begins == b->begins ? a->begins : -1;
	a->ends = a->ends == b->ends ? a->ends : -1;
	a->nullable |= b->nullable;
}

/* `most` 0: without end. */
static void repeat(struct regex_size *a, unsigned least, unsigned most)
{
	uint64_t copies = most ? most : least ? least : 1;
	uint64_t joins = times(times(a->last, a->first),
			       a->positions > 1 ? GROUP_WEIGHT : 1);
	uint64_t ends = copies - (least ? least - 1 : 0);

	if (!most)
		ends = 1;
	/* Measured: copies of a group cost far more than of a character. */
	if (copies > 1 && a->positions > 1)
		a->edges = times(a->edges, GROUP_WEIGHT);
	a->positions = times(a->positions, copies);
	a->literals = times(a->literals, copies);
	if (copies > 1)
		a->alike = a->literals;
	a->loops = times(a->loops, copies) + !most;
	a->edges = times(a->edges, copies);
	/* A copy that may be empty lets each follow any before it. */
	a->edges = capped(a->edges +
			  times(joins, a->nullable ? copies * (copies - 1) / 2 :
						     copies - 1));
	/*
	 * Measured: for one character n times in a loop the library takes
	 * n^3 * 0.2 us, 78 s for (1{800})*; of a class or of two characters in
	 * turn it takes no longer than of any.
	 */
	if (!most)
		a->edges = capped(a->edges + joins +
				  times(a->alike, times(a->alike, a->alike)) /
					  ALIKE_DIVISOR);
	a->last = times(a->last, a->nullable ? copies : ends);
	if (a->nullable)
		a->first = times(a->first, copies);
	a->nullable |= !least;
}

static bool read_count(const char **at, const char *end, unsigned *ret)
{
	const char *p = *at;
	unsigned n = 0;

	while (p < end && *p >= '0' && *p <= '9') {
		n = n * 10 + (unsigned)(*p++ - '0');
		if (n > REGEX_REPEAT_MAX)
			n = REGEX_REPEAT_MAX + 1;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = n;
	return true;
}

/* {n} {n,} {n,m}; anything else is a brace. */
static bool read_braces(struct reader *r, unsigned *least, unsigned *most)
{
	const char *p = r->at + 1;

	if (!read_count(&p, r->end, least))
		return false;
	*most = *least;
	if (p < r->end && *p == ',') {
		p++;
		*most = 0;
		read_count(&p, r->end, most);
	}
	if (p == r->end || *p != '}')
		return false;
	if (*least > REGEX_REPEAT_MAX || *most > REGEX_REPEAT_MAX)
		complain(r, r->at, "a repeat of more than 1000 times");
	r->at = p + 1;
	return true;
}

static void read_quantifier(struct reader *r, struct regex_size *size)
{
	unsigned least = 0, most = 0;
	char c;

	if (r->at == r->end)
		return;
	c = *r->at;
	if (c == '*' || c == '+' || c == '?') {
		r->at++;
		least = c == '+';
		most = c == '?';
	} else if (c != '{' || !read_braces(r, &least, &most)) {
		return;
	}
	if (r->at < r->end && *r->at == '?')
		r->at++;
	/* x{0} asks for nothing, but its part is compiled before it goes. */
	if (!r->problem)
		repeat(size, least, c == '{' && !least && !most ? 1 : most);
}

/* The character that a class, its text, holds; -1: it holds several. */
static int only_of(const char *text, size_t len)
{
	if (!len || *text == '^')
		return -1;
	if (*text == '\\')
		return len <= strlen("\\x31") && !strchr("dDwWsS", text[1]) ?
			       SOME_ESCAPE :
			       -1;
	for (size_t i = 1; i < len; i++)
		if (text[i] != text[0])
			return -1;
	return (unsigned char)*text;
}

/* Behind the [. */
static struct regex_size read_class(struct reader *r)
{
	const char *begin = r->at;
	struct regex_size size;

	if (r->at < r->end && *r->at == '^')
		r->at++;
	if (r->at < r->end && *r->at == ']')
		r->at++;
	while (r->at < r->end && *r->at != ']') {
		const char *named = NULL;

		if (*r->at == '\\' && r->at + 1 < r->end)
			r->at++;
		else if (*r->at == '[' && r->at + 1 < r->end && r->at[1] == ':')
			named = memmem(r->at, (size_t)(r->end - r->at), ":]",
				       2);
		r->at = named ? named + 2 : r->at + 1;
	}
	size = one_character(only_of(begin, (size_t)(r->at - begin)));
	if (r->at < r->end)
		r->at++;
	return size;
}

/* After the backslash. */
static struct regex_size read_escape(struct reader *r)
{
	struct regex_size size = one_character(SOME_ESCAPE);
	const char *close;

	if (r->at == r->end)
		return size;
	if (strchr("dDwWsS", *r->at))
		size = one_character(-1);
	if (*r->at == 'Q') {
		complain(r, r->at - 1,
			 "\\Q is not supported: put \\ before each special "
			 "character");
		return size;
	}
	if (strchr("xpPog", *r->at) && r->at + 1 < r->end && r->at[1] == '{') {
		close = memchr(r->at, '}', (size_t)(r->end - r->at));
		r->at = close ? close : r->at;
	}
	r->at++;
	return size;
}

/* After "(?": false when it is no group but a comment or an option. */
static bool read_group_kind(struct reader *r)
{
	const char *open = r->at - 2;

	if (r->at < r->end && *r->at == '#') {
		while (r->at < r->end && *r->at != ')')
			r->at++;
		r->at += r->at < r->end;
		return false;
	}
	if (r->at < r->end && strchr("=!>|", *r->at)) {
		r->at++;
		return true;
	}
	if (r->at < r->end && strchr("<P'", *r->at)) {
		while (r->at < r->end && !strchr(">')=!", *r->at))
			r->at++;
		if (r->at < r->end && *r->at != ')')
			r->at++;
		return true;
	}
	for (; r->at < r->end && *r->at != ')' && *r->at != ':'; r->at++)
		if (*r->at == 'x')
			complain(r, open,
				 "the option x is not supported: write the "
				 "pattern without spaces and comments");
	if (r->at == r->end)
		return false;
	return *r->at++ == ':';
}

static struct regex_size read_alternatives(struct reader *r, unsigned depth);

static struct regex_size read_group(struct reader *r, unsigned depth)
{
	const char *open = r->at - 1;
	struct regex_size size;

	if (depth == GROUP_DEPTH_MAX) {
		complain(r, open, "groups nest more than 12 deep");
		return nothing;
	}
	if (r->at < r->end && *r->at == '*') {
		complain(r, open, "(* is not supported");
		return nothing;
	}
	if (r->at < r->end && *r->at == '?') {
		r->at++;
		if (!read_group_kind(r))
			return nothing;
	}
	size = read_alternatives(r, depth + 1);
	if (r->at < r->end)
		r->at++;
	return size;
}

static struct regex_size read_atom(struct reader *r, unsigned depth)
{
	switch (*r->at++) {
	case '(':
		return read_group(r, depth);
	case '[':
		return read_class(r);
	case '\\':
		return read_escape(r);
	case '^':
	case '$':
		return nothing;
	case '.':
		return one_character(-1);
	default:
		return one_character((unsigned char)r->at[-1]);
	}
}

static struct regex_size read_sequence(struct reader *r, unsigned depth)
{
	struct regex_size size = nothing;

	while (!r->problem && r->at < r->end && *r->at != '|' &&
	       (*r->at != ')' || !depth)) {
		struct regex_size atom = read_atom(r, depth);

		read_quantifier(r, &atom);
		append(&size, &atom);
	}
	return size;
}

static struct regex_size read_alternatives(struct reader *r, unsigned depth)
{
	struct regex_size size = read_sequence(r, depth);

	while (!r->problem && r->at < r->end && *r->at == '|') {
		struct regex_size other;

		r->at++;
		other = read_sequence(r, depth);
		alternate(&size, &other);
	}
	return size;
}

const char *regex_measure(const char *pattern, size_t len,
			  struct regex_size *ret_size, int *ret_offset)
{
	struct reader r = { .begin = pattern,
			    .at = pattern,
			    .end = pattern + len };
	struct regex_size size = read_alternatives(&r, 0);

	*ret_offset = r.problem ? (int)(r.where - r.begin) : -1;
	if (!r.problem)
		*ret_size = size;
	return r.problem;
}
