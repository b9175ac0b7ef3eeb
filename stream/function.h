/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allow-list of scalar functions. NULL in gives NULL out except for
 * COALESCE, IFNULL and NULLIF. Where SQLite has the function, results are
 * SQLite's, but for these:
 *
 *   - texts are any bytes: a NUL ends none (LENGTH, SUBSTR, TRIM);
 *   - HEX(NULL) and REPLACE(x, '', NULL) are NULL, by the rule above;
 *   - positions and counts are 64 bits wide;
 *   - TRIM takes at most FUNCTION_TRIM_BYTES_MAX bytes of characters, and is
 *     NULL with more: its time is their product with the text.
 *
 * A character is a lead byte of UTF-8 with all continuation bytes behind it, or
 * any other byte, as SQLite reads texts. A number or a time where a text is
 * wanted is its text, as CAST gives it.
 */
#ifndef SHRIKE_STREAM_FUNCTION_H
#define SHRIKE_STREAM_FUNCTION_H

#include "user/base/value.h"

/* FUNCTION(ID, "name", least args, most args, result type, "signature", "doc")
 * result NULL: the common type of its args. */
#define FUNCTIONS(FUNCTION)                                                    \
	FUNCTION(LENGTH, "length", 1, 1, INT, "LENGTH(text)",                  \
		 "characters of a text, bytes of a BYTES")                     \
	FUNCTION(SUBSTR, "substr", 2, 3, TEXT, "SUBSTR(text, from [, count])", \
		 "characters from the from-th, from the end when negative")    \
	FUNCTION(INSTR, "instr", 2, 2, INT, "INSTR(text, part)",               \
		 "where part begins, 1 the first, 0 when it is not there")     \
	FUNCTION(UPPER, "upper", 1, 1, TEXT, "UPPER(text)",                    \
		 "ASCII letters in upper case")                                \
	FUNCTION(LOWER, "lower", 1, 1, TEXT, "LOWER(text)",                    \
		 "ASCII letters in lower case")                                \
	FUNCTION(TRIM, "trim", 1, 2, TEXT, "TRIM(text [, characters])",        \
		 "without spaces, or those characters, at both ends")          \
	FUNCTION(REPLACE, "replace", 3, 3, TEXT, "REPLACE(text, from, to)",    \
		 "each from made to")                                          \
	FUNCTION(HEX, "hex", 1, 1, TEXT, "HEX(text)",                          \
		 "its bytes as hexadecimal digits, upper case")                \
	FUNCTION(UNHEX, "unhex", 1, 1, BYTES, "UNHEX(text)",                   \
		 "the bytes; NULL when it is not hexadecimal")                 \
	FUNCTION(COALESCE, "coalesce", 2, 16, NULL, "COALESCE(a, b, ...)",     \
		 "the first that is not NULL")                                 \
	FUNCTION(NULLIF, "nullif", 2, 2, NULL, "NULLIF(a, b)",                 \
		 "NULL when a = b, else a")                                    \
	FUNCTION(IFNULL, "ifnull", 2, 2, NULL, "IFNULL(a, b)",                 \
		 "b when a is NULL, else a")                                   \
	FUNCTION(BASENAME, "basename", 1, 1, TEXT, "BASENAME(path)",           \
		 "what follows the last /")                                    \
	FUNCTION(DIRNAME, "dirname", 1, 1, TEXT, "DIRNAME(path)",              \
		 "what precedes the last /; / of a path below the root")       \
	FUNCTION(ANCESTOR, "ancestor", 2, 2, TEXT, "ANCESTOR(pid_key, n)",     \
		 "exe of the n-th ancestor, 1 the parent")                     \
	FUNCTION(HAS_ANCESTOR, "has_ancestor", 2, 2, BOOL,                     \
		 "HAS_ANCESTOR(pid_key, exe)",                                 \
		 "is an ancestor's exe that; without a /: its name")           \
	FUNCTION(ENTROPY, "entropy", 1, 1, DOUBLE, "ENTROPY(text)",            \
		 "Shannon entropy of its bytes, bits a byte, 0 to 8")          \
	FUNCTION(BASE64_DECODE, "base64_decode", 1, 1, TEXT,                   \
		 "BASE64_DECODE(text)",                                        \
		 "the bytes as text; NULL when it is not base64")

enum function {
#define FUNCTION_ID(id, name, least, most, type, signature, doc) FUNCTION_##id,
	FUNCTIONS(FUNCTION_ID)
#undef FUNCTION_ID
		FUNCTION_COUNT
};

#define FUNCTION_ARGS_MAX 16
#define FUNCTION_TRIM_BYTES_MAX 256
#define FUNCTION_ANCESTORS_MAX 64 /* further up nobody looks */

struct function_info {
	const char *name; /* lower case, as rules are read */
	unsigned least_args, most_args;
	enum value_type type;  /* VALUE_NULL: the common type of its args */
	const char *signature; /* for messages and the language guide */
	const char *doc;
};

/* CHECK()s that it is below FUNCTION_COUNT. */
const struct function_info *function_info(enum function function);

#endif
