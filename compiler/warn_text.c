// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that mean less here than in the language they come from: wildcards of
 * other patterns, paths of other systems or where none is, a \ without ESCAPE.
 */
#include "compiler/type_int.h"

#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* C:\Windows, \usr\bin */
static bool is_foreign_path(const char *text)
{
	return (is_letter(text[0]) && text[1] == ':' && text[2] == '\\') ||
	       (text[0] == '\\' && is_letter(text[1]) &&
		strchr(text + 1, '\\'));
}

static bool is_at_an_end(const char *text, char wildcard)
{
	size_t len = strlen(text);

	return len > 1 && (text[0] == wildcard || text[len - 1] == wildcard);
}

/* The pattern with % for each *. */
static const char *with_percent(struct binder *b, const struct ast_expr *ast)
{
	char *text = compilation_copy(b->c, ast->text, strlen(ast->text));

	for (char *c = text; c && *c; c++)
		if (*c == '*')
			*c = '%';
	return text ? compilation_text(b->c, "write LIKE '%s'", text) : NULL;
}

static void warn_path(struct binder *b, const struct ast_expr *ast)
{
	compilation_warning(b->c, ast->span, "as in '/usr/bin/bash'",
			    "no path of Linux begins so");
}

/* Columns that hold a whole path, and what holds its last part alone. */
static const struct {
	const char *whole;
	const char *last;
} paths[] = { { "exe", "name" },
	      { "parent_exe", "parent_name" },
	      { "path", NULL } };

static bool is_alnum(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* A whole path begins with /, its last part has none: else it never matches. */
static void warn_place(struct binder *b, const struct ast_expr *ast,
		       const struct expr *x, bool like)
{
	enum stream_id stream;
	const struct column *column = bind_origin(b->rule, x, &stream);
	const char *name = column ? column->name : "";
	const bool slash = strchr(ast->text, '/');
	const bool relative =
		like ? is_alnum(ast->text[0]) : *ast->text && !slash;

	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *last = paths[i].last;

		if (strcmp(paths[i].whole, name) == 0 && relative)
			compilation_warning(
				b->c, ast->span,
				last && !slash ?
					compilation_text(
						b->c,
						"compare %s, its last part",
						last) :
					"write LIKE '%/...'",
				"%s is a whole path, which begins with /",
				name);
		if (last && strcmp(last, name) == 0 && slash)
			compilation_warning(
				b->c, ast->span,
				compilation_text(b->c,
						 "compare %s, the whole path",
						 paths[i].whole),
				"%s is the last part of a path: it has no /",
				name);
	}
}

void warn_equal(struct binder *b, const struct ast_expr *ast,
		const struct expr *x)
{
	if (ast->op != AST_TEXT || x->op != EXPR_COLUMN)
		return;
	if (is_at_an_end(ast->text, '%') || is_at_an_end(ast->text, '*'))
		compilation_warning(b->c, ast->span, with_percent(b, ast),
				    "= and IN take a wildcard as the character "
				    "itself");
	else if (is_foreign_path(ast->text))
		warn_path(b, ast);
	else
		warn_place(b, ast, x, false);
}

static bool is_all_percent(const char *text)
{
	return *text && strspn(text, "%") == strlen(text);
}

/* A \ before a wildcard, and no ESCAPE. */
static bool means_escape(const struct ast_expr *like, const char *text)
{
	return like->arg_count < 3 &&
	       (strstr(text, "\\_") || strstr(text, "\\%"));
}

void warn_like(struct binder *b, const struct ast_expr *like,
	       const struct expr *x)
{
	const struct ast_expr *ast = like->args[1];

	if (ast->op != AST_TEXT)
		return;
	if (is_all_percent(ast->text))
		compilation_warning(
			b->c, like->span,
			compilation_text(b->c, "write %s IS NOT NULL",
					 bind_quote(b, like->args[0])),
			"every text is like this");
	else if (is_foreign_path(ast->text))
		warn_path(b, ast);
	else if (is_at_an_end(ast->text, '*') && !strchr(ast->text, '%'))
		compilation_warning(b->c, ast->span, with_percent(b, ast),
				    "LIKE takes * as the character itself");
	else if (means_escape(like, ast->text))
		compilation_warning(b->c, ast->span, "add ESCAPE '\\'",
				    "without ESCAPE a \\ is a character like "
				    "others");
	else
		warn_place(b, ast, x, true);
}

/* /pattern/i: the length of its flags; 0: it is none. */
static size_t flags_of(const char *text)
{
	const char *slash = strrchr(text, '/');
	size_t n = slash ? strlen(slash + 1) : 0;

	return text[0] == '/' && slash != text && n &&
			       strspn(slash + 1, "gimsx") == n ?
		       n :
		       0;
}

void warn_regexp(struct binder *b, const struct ast_expr *regexp)
{
	const struct ast_expr *ast = regexp->args[1];
	size_t n;

	if (ast->op != AST_TEXT)
		return;
	n = flags_of(ast->text);
	if (n)
		compilation_warning(
			b->c, ast->span,
			compilation_text(b->c, "write '%s%.*s'",
					 strchr(strrchr(ast->text, '/'), 'i') ?
						 "(?i)" :
						 "",
					 (int)(strlen(ast->text) - n - 2),
					 ast->text + 1),
			"the / and the letters behind it are part of the "
			"pattern");
	else if (strcmp(ast->text, ".*") == 0 || !*ast->text)
		compilation_warning(
			b->c, regexp->span,
			compilation_text(b->c, "write %s IS NOT NULL",
					 bind_quote(b, regexp->args[0])),
			"every text matches this");
}
