/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler's sources say, read as text: the formats of its messages,
 * the names of its enums. Good enough for C as clang-format leaves it.
 */
#ifndef SHRIKE_TESTS_GOLDEN_SOURCE_H
#define SHRIKE_TESTS_GOLDEN_SOURCE_H

#include "support/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, ended by a NUL; the caller frees it. */
static inline char *source_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t len;

	if (!file)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	len = (size_t)ftell(file);
	rewind(file);
	text = calloc(1, len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, len, file), len);
	fclose(file);
	return text;
}

/* Past a text or character in quotes that begins at `at`. */
static inline char *source_skip_quoted(char *at)
{
	const char quote = *at++;

	while (*at && *at != quote)
		at += at[0] == '\\' && at[1] ? 2 : 1;
	return *at ? at + 1 : at;
}

/* Blanks comments, but not their newlines. */
static inline void source_blank_comments(char *text)
{
	for (char *at = text; *at;) {
		if (*at == '"' || *at == '\'') {
			at = source_skip_quoted(at);
			continue;
		}
		if (at[0] == '/' && at[1] == '*') {
			while (*at && !(at[0] == '*' && at[1] == '/')) {
				*at = *at == '\n' ? '\n' : ' ';
				at++;
			}
			if (*at) {
				*at++ = ' ';
				*at++ = ' ';
			}
			continue;
		}
		at++;
	}
}

/*
 * Is `text` what printf() could make of `format`? A conversion stands for any
 * text, also for none.
 */
static inline bool format_matches(const char *format, const char *text)
{
	while (*format) {
		if (format[0] == '%' && format[1] != '%') {
			format += 1 + strspn(format + 1, "0123456789.*+-#lzjh");
			format += *format != '\0';
			for (;; text++) {
				if (format_matches(format, text))
					return true;
				if (!*text)
					return false;
			}
		}
		format += format[0] == '%';
		if (*format++ != *text++)
			return false;
	}
	return !*text;
}

typedef void source_message_fn(void *ctx, const char *path, unsigned line,
			       const char *format);

/* One run of adjacent string literals, unescaped; PRIu64 and such are "d". */
static inline char *source_literals(char *at, const char *end, char *out,
				    size_t size)
{
	size_t len = 0;

	while (at < end) {
		if (isspace((unsigned char)*at)) {
			at++;
		} else if (strncmp(at, "PRI", 3) == 0) {
			assert_true(len + 1 < size);
			out[len++] = 'd';
			while (isalnum((unsigned char)*at))
				at++;
		} else if (*at == '"') {
			char *past = source_skip_quoted(at);

			for (at++; at < past - 1; at++) {
				at += *at == '\\';
				assert_true(len + 1 < size);
				out[len++] = *at;
			}
			at = past;
		} else {
			break;
		}
	}
	out[len] = '\0';
	return at;
}

/* Each run of literals in an argument is a format of its own. */
static inline void source_formats(char *at, const char *end, const char *path,
				  unsigned line, source_message_fn *message,
				  void *ctx)
{
	char format[512];

	while (at < end) {
		const char *before = at - 1;
		size_t macro = 0;

		if (*at != '"') {
			at++;
			continue;
		}
		while (isspace((unsigned char)*before))
			before--;
		/* NAME " takes ..." */
		if (isupper((unsigned char)*before))
			macro = (size_t)snprintf(format, sizeof(format), "%%s");
		at = source_literals(at, end, format + macro,
				     sizeof(format) - macro);
		message(ctx, path, line, format);
	}
}

/* The n-th argument of the call whose '(' is at `at`, and where it ends. */
static inline char *source_argument(char *at, unsigned n, char **ret_end)
{
	unsigned depth = 0;
	char *from = NULL;

	while (*at) {
		if (*at == '"' || *at == '\'') {
			at = source_skip_quoted(at);
			continue;
		}
		if (strchr("([{", *at) && depth++ == 0 && n == 0)
			from = at + 1;
		if (strchr(")]}", *at) && --depth == 0)
			break;
		if (*at == ',' && depth == 1) {
			if (from)
				break;
			if (--n == 0)
				from = at + 1;
		}
		at++;
	}
	*ret_end = at;
	return from;
}

/*
 * Calls `message` for each format that a call in the file complains or warns
 * with, and for each "X is not supported".
 */
static inline void source_messages(const char *path, source_message_fn *message,
				   void *ctx)
{
	static const char *const calls[] = { "compilation_error(",
					     "compilation_warning(",
					     "expand_error(", "refuse(" };
	char *text = source_read(path), *end, *from;
	unsigned line = 1;

	source_blank_comments(text);
	for (char *at = text; *at; at++) {
		line += *at == '\n';
		for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
			size_t len = strlen(calls[i]);

			if (strncmp(at, calls[i], len) != 0 ||
			    (at > text &&
			     (isalnum((unsigned char)at[-1]) || at[-1] == '_')))
				continue;
			from = source_argument(at + len - 1, 3, &end);
			if (from)
				source_formats(from, end, path, line, message,
					       ctx);
		}
		if (*at == '"' && at[1] != '%') {
			char format[512];

			end = source_literals(at, at + strlen(at), format,
					      sizeof(format));
			if (strstr(format, " is not supported") &&
			    !strchr(format, ':'))
				message(ctx, path, line, format);
		}
		if (*at == '"' || *at == '\'')
			at = source_skip_quoted(at) - 1;
	}
	free(text);
}

/* The name of an enum's value i: its values are 0, 1, 2 ... */
static inline void source_enum_value(const char *header, const char *name,
				     unsigned i, char *out, size_t size)
{
	char *text = source_read(header), *at;
	char head[64];

	snprintf(head, sizeof(head), "enum %s {", name);
	source_blank_comments(text);
	at = strstr(text, head);
	snprintf(out, size, "value %u of enum %s", i, name);
	for (at = at ? at + strlen(head) : NULL; at && i--;)
		at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
	if (at) {
		at += strspn(at, " \t\n");
		snprintf(out, size, "%.*s", (int)strcspn(at, " \t\n,=}"), at);
	}
	free(text);
}

#endif
