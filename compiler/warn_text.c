// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that mean less here than in the language they come from: wildcards of
 * other patterns, paths of other systems, a \ without ESCAPE. And texts that a
 * column never has: a name where there are paths, a path where there are names.
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

static void warn_name(struct binder *b, const struct ast_expr *ast,
		      const char *column, const char *path)
{
	if (strchr(ast->text, '/'))
		compilation_warning(
			b->c, ast->span,
			compilation_text(b->c, "%s is the whole path", path),
			"%s is the last part of a path, without any /", column);
}

/* What has no file has an empty path, and `memfd:x` no folder. */
static void warn_no_path(struct binder *b, const struct ast_expr *ast,
			 const char *column, const char *name)
{
	const char *way_out = "begin it with / or %";

	if (strchr(ast->text, ':') ||
	    !(is_letter(ast->text[0]) || ast->text[0] == '.' ||
	      ast->text[0] == '~'))
		return;
	if (name)
		way_out = compilation_text(b->c, "%s is the last part of it",
					   name);
	compilation_warning(b->c, ast->span, way_out,
			    "%s is a whole path, it begins with /", column);
}

/* A text that `x` is never equal to, and never like. */
static void warn_never(struct binder *b, const struct ast_expr *ast,
		       const struct expr *x)
{
	if (x->op != EXPR_COLUMN)
		return;
	if (x->column == COL_name)
		warn_name(b, ast, "name", "exe");
	else if (x->column == COL_parent_name)
		warn_name(b, ast, "parent_name", "parent_exe");
	else if (x->column == COL_exe)
		warn_no_path(b, ast, "exe", "name");
	else if (x->column == COL_parent_exe)
		warn_no_path(b, ast, "parent_exe", "parent_name");
	else if (x->column == COL_FILE_OPEN_path &&
		 b->rule->inputs[x->input].stream == STREAM_FILE_OPEN)
		warn_no_path(b, ast, "path", NULL);
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
		warn_never(b, ast, x);
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
	else if (like->arg_count < 3)
		warn_never(b, ast, x);
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
