// SPDX-License-Identifier: Apache-2.0
/* LIKE and REGEXP that ask for no more than a text at some place. */
#include "compiler/fold_int.h"

#include <ctype.h>
#include <string.h>

/* What a LIKE pattern asks for: a text, and what may stand around it. */
struct pattern {
	uint8_t *text;
	size_t len;
	bool open_start; /* begins with % */
	bool open_end;
	bool inner; /* % inside, or _ anywhere: only LIKE itself can tell */
};

static bool read_pattern(struct fold *f, const struct expr *expr,
			 struct pattern *pattern)
{
	const uint8_t *p = expr->value.p, *end = p + expr->value.len;

	*pattern = (struct pattern){ 0 };
	pattern->text = arena_alloc(f->arena, expr->value.len);
	if (!pattern->text)
		return false;
	for (; p < end; p++) {
		bool escaped =
			expr->escape && *p == expr->escape && p + 1 < end;

		if (!escaped && *p == '%') {
			pattern->open_start |= pattern->len == 0;
			pattern->open_end = true;
			continue;
		}
		pattern->inner |= (!escaped && *p == '_') ||
				  (pattern->open_end && pattern->len);
		pattern->open_end = false;
		p += escaped;
		pattern->text[pattern->len++] = *p;
	}
	/* % goes by characters: it never stops before such a byte. */
	pattern->inner |= pattern->open_start && pattern->len &&
			  (pattern->text[0] & 0xc0) == 0x80;
	return true;
}

static bool has_letter(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x80 && isalpha(text[i]))
			return true;
	return false;
}

static const struct expr *equal(struct fold *f, const struct expr *like,
				struct value text, struct use use)
{
	const struct expr *constant = build_const(f->arena, VALUE_TEXT, text);

	if (!fold_keep(f, constant))
		return NULL;
	return fold_keep(f, build_two(f->arena, use.negate ? EXPR_NE : EXPR_EQ,
				      VALUE_BOOL, like->args[0], constant));
}

static const struct expr *fold_like(struct fold *f, struct expr *expr,
				    struct use use)
{
	struct pattern pattern;
	struct value text;
	bool whole;

	if (!read_pattern(f, expr, &pattern))
		return fold_keep(f, NULL);
	expr->fold_case &= has_letter(pattern.text, pattern.len);
	whole = !pattern.open_start && !pattern.open_end;
	if (pattern.inner || (whole && expr->fold_case))
		return fold_negated(f, expr, use);
	text = value_bytes(VALUE_TEXT, pattern.text, pattern.len);
	if (whole)
		return equal(f, expr, text, use);
	expr->op = !pattern.open_start ? EXPR_PREFIX :
		   !pattern.open_end   ? EXPR_SUFFIX :
		   pattern.len	       ? EXPR_CONTAINS :
					 EXPR_PREFIX;
	expr->value = text;
	expr->escape = 0;
	return fold_negated(f, expr, use);
}

/* A pattern of plain characters, perhaps with ^ in front. */
static const struct expr *fold_regexp(struct fold *f, struct expr *expr,
				      struct use use)
{
	const uint8_t *p = expr->value.p, *end = p + expr->value.len;
	bool anchored = p < end && *p == '^';
	uint8_t *text = arena_alloc(f->arena, expr->value.len);
	size_t len = 0;

	if (!text)
		return fold_keep(f, NULL);
	for (p += anchored; p < end; p++) {
		bool escaped = *p == '\\';

		p += escaped;
		if (p == end || (escaped && (*p >= 0x80 || !ispunct(*p))) ||
		    (!escaped && (!*p || strchr(".^$*+?()[]{}|", *p))))
			return fold_negated(f, expr, use);
		text[len++] = *p;
	}
	expr->op = anchored || !len ? EXPR_PREFIX : EXPR_CONTAINS;
	expr->value = value_bytes(VALUE_TEXT, text, len);
	expr->regex = NULL;
	return fold_negated(f, expr, use);
}

const struct expr *fold_pattern(struct fold *f, struct expr *expr,
				struct use use)
{
	return expr->op == EXPR_LIKE ? fold_like(f, expr, use) :
				       fold_regexp(f, expr, use);
}
