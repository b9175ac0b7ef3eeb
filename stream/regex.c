// SPDX-License-Identifier: Apache-2.0
#include "stream/regex.h"

#include "stream/regex_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

/*
 * Measured: of 19,000 random patterns with nested repeats those within these took
 * less than 0.1 s of processor time; see regex_measure.c on the one kind that
 * had not.
 */
#define EDGES_MAX 2500
#define LOOPS_MAX 50

#define FLAGS (HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL | HS_FLAG_ALLOWEMPTY)

struct regex {
	hs_database_t *db; /* right behind, in the arena */
	max_align_t bytes[];
};

struct regex_scratch {
	hs_scratch_t *hs;
};

/* What the library's messages are for those who know regular expressions. */
static const struct {
	const char *theirs;
	const char *ours;
} messages[] = {
	{ "Zero-width assertions",
	  "look-ahead and look-behind are not supported" },
	{ "Back-references", "back-references are not supported" },
	{ "Invalid back reference", "back-references are not supported" },
	{ "Atomic groups", "atomic groups (?>...) are not supported" },
	{ "Possessive", "possessive repeats are not supported: drop the +" },
	{ "Subpattern reference", "references to groups are not supported" },
	{ "Invalid conditional", "conditional groups are not supported" },
	{ "Embedded start anchors", "^ stands at the start of a pattern only" },
	{ "Embedded end anchors", "$ stands at the end of a pattern only" },
	{ "Embedded anchors", "^ and $ stand at the ends of a pattern only" },
	{ "Pattern can never match", "the pattern can never match" },
	{ "Bounded repeat is too large", "a repeat is too large" },
	{ "Invalid repeat",
	  "nothing here to repeat: write .* for any text, or \\ before it" },
	{ "Unmatched parentheses", "a ) without its (: write \\)" },
	{ "Missing close parenthesis", "a ( without its ): write \\(" },
	{ "Unterminated character class", "a [ without its ]: write \\[" },
	{ "Range out of order",
	  "a range in [ ] is from the lower to the higher" },
	{ "Unescaped \\ at end", "it ends in a \\" },
};

/* "... at index N ..." */
static int index_in(const char *message)
{
	const char *at = strstr(message, "index ");

	return at ? atoi(at + strlen("index ")) : -1;
}

static void say(const char *message, char *ret, size_t size, int *ret_offset)
{
	const char *stop;
	size_t len = strlen(message);

	*ret_offset = index_in(message);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (strncmp(message, messages[i].theirs,
			    strlen(messages[i].theirs)) != 0)
			continue;
		snprintf(ret, size, "%s", messages[i].ours);
		return;
	}
	stop = strstr(message, " at index");
	if (stop)
		len = (size_t)(stop - message);
	else if (len && message[len - 1] == '.')
		len--;
	snprintf(ret, size, "%.*s%s", (int)len, message,
		 stop && strstr(stop, "not supported") ? " is not supported" :
							 "");
}

static int refuse(int *ret_offset, int offset, struct err *err,
		  const char *problem)
{
	if (ret_offset)
		*ret_offset = offset;
	return err_set(err, ERR_USAGE, -EINVAL, "%s", problem);
}

/* The library would answer, but not within anyone's patience. */
static int check_size(const char *pattern, size_t len, int *ret_offset,
		      struct err *err)
{
	struct regex_size size;
	const char *problem;
	int offset;

	if (len > REGEX_PATTERN_BYTES_MAX)
		return refuse(ret_offset, REGEX_PATTERN_BYTES_MAX, err,
			      "a pattern has at most 1000 bytes");
	if (memchr(pattern, '\0', len))
		return refuse(ret_offset, -1, err,
			      "a pattern holds no NUL: write \\x00");
	problem = regex_measure(pattern, len, &size, &offset);
	if (problem)
		return refuse(ret_offset, offset, err, problem);
	if (size.edges > EDGES_MAX || size.loops > LOOPS_MAX)
		return refuse(
			ret_offset, -1, err,
			"the pattern is too large when its repeats are "
			"written out: repeat less, or write two patterns");
	return 0;
}

unsigned regex_edges(const char *pattern, size_t len)
{
	struct regex_size size;
	int offset;

	if (len > REGEX_PATTERN_BYTES_MAX ||
	    regex_measure(pattern, len, &size, &offset) ||
	    size.edges > EDGES_MAX)
		return 0;
	return (unsigned)size.edges;
}

/* Serialized, because that is the form that can be put anywhere. */
static int store(struct arena *arena, hs_database_t *db,
		 const struct regex **ret_regex, struct err *err)
{
	struct regex *regex;
	char *serial = NULL;
	size_t len = 0, size = 0;
	int rc = 0;

	if (hs_serialize_database(db, &serial, &len) != HS_SUCCESS ||
	    hs_serialized_database_size(serial, len, &size) != HS_SUCCESS) {
		free(serial);
		return err_nomem(err);
	}
	if (size > REGEX_PROGRAM_BYTES_MAX) {
		free(serial);
		return err_set(err, ERR_USAGE, -EINVAL,
			       "the pattern compiles to more than 1 MiB");
	}
	regex = arena_alloc(arena, sizeof(*regex) + size);
	if (regex) {
		regex->db = (hs_database_t *)regex->bytes;
		CHECK(hs_deserialize_database_at(serial, len, regex->db) ==
		      HS_SUCCESS);
		*ret_regex = regex;
	} else {
		rc = err_nomem(err);
	}
	free(serial);
	return rc;
}

int regex_compile(struct arena *arena, const char *pattern, size_t len,
		  const struct regex **ret_regex, int *ret_offset,
		  struct err *err)
{
	char text[REGEX_PATTERN_BYTES_MAX + 1];
	hs_compile_error_t *error = NULL;
	hs_database_t *db = NULL;
	int rc = check_size(pattern, len, ret_offset, err);

	if (rc)
		return rc;
	if (len)
		memcpy(text, pattern, len);
	text[len] = '\0';
	if (hs_compile(text, FLAGS, HS_MODE_BLOCK, NULL, &db, &error) !=
	    HS_SUCCESS) {
		char said[200];
		int offset;

		/* Without an expression to blame it is memory. */
		if (!error || error->expression < 0) {
			hs_free_compile_error(error);
			return err_nomem(err);
		}
		say(error->message, said, sizeof(said), &offset);
		hs_free_compile_error(error);
		return refuse(ret_offset, offset, err, said);
	}
	rc = store(arena, db, ret_regex, err);
	hs_free_database(db);
	if (rc == -EINVAL && ret_offset)
		*ret_offset = -1;
	return rc;
}

int regex_scratch_fit(struct regex_scratch **scratch, const struct regex *regex,
		      struct err *err)
{
	if (!*scratch)
		*scratch = calloc(1, sizeof(**scratch));
	if (!*scratch ||
	    hs_alloc_scratch(regex->db, &(*scratch)->hs) != HS_SUCCESS)
		return err_nomem(err);
	return 0;
}

struct regex_scratch *regex_scratch_free(struct regex_scratch *scratch)
{
	if (scratch)
		hs_free_scratch(scratch->hs);
	free(scratch);
	return NULL;
}

/* A non-zero return ends the scan: one match is enough. */
static int found(unsigned id, unsigned long long from, unsigned long long to,
		 unsigned flags, void *ctx)
{
	bool *match = ctx;

	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*match = true;
	return 1;
}

bool regex_match(const struct regex *regex, struct regex_scratch *scratch,
		 const void *text, size_t len)
{
	bool match = false;
	hs_error_t rc;

	CHECK(scratch && len <= UINT32_MAX);
	rc = hs_scan(regex->db, len ? text : "", (unsigned)len, 0, scratch->hs,
		     found, &match);
	CHECK(rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED);
	return match;
}
