// SPDX-License-Identifier: Apache-2.0
/* WITH (...): what each option may say. */
#include "compiler/bind_int.h"

#include "compiler/foreign.h"
#include "compiler/interval.h"
#include "compiler/suggest.h"

#include <string.h>
#include <strings.h>

static const char *const severities[] = {
	"emergency", "alert", "critical", "error",  "warning", "notice",
	"info",	     "debug", "low",	  "medium", "high",
};

#define SEVERITY_DEFAULT "medium"

static bool set_severity(struct binder *b, const struct ast_option *option)
{
	const char *text = option->value->text;
	struct suggest s = suggest_for(text);
	const char *suggestion;

	for (unsigned i = 0; i < ARRAY_SIZE(severities); i++) {
		if (strcmp(text, severities[i]) == 0) {
			b->rule->severity = severities[i];
			return true;
		}
		suggest_offer(&s, severities[i]);
	}
	suggestion = suggest_text(b->c, &s);
	compilation_error(b->c, option->value->span,
			  suggestion ? suggestion :
				       "emergency, alert, critical, error, "
				       "warning, notice, info, debug, high, "
				       "medium or low",
			  "unknown severity '%s'", text);
	return false;
}

static bool digits(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* T1059 or T1059.004 */
static bool is_technique(const char *id, size_t len)
{
	if ((len != 5 && len != 9) || id[0] != 'T' || !digits(id + 1, 4))
		return false;
	return len == 5 || (id[5] == '.' && digits(id + 6, 3));
}

static bool set_attack(struct binder *b, const struct ast_option *option)
{
	const char *at = option->value->text;
	struct buf ids = BUF_INIT;

	while (*at) {
		size_t len = strcspn(at, ", ");

		if (len && !is_technique(at, len)) {
			compilation_error(b->c, option->value->span,
					  "as in 'T1059' or 'T1059.004, T1105'",
					  "'%.*s' is not the id of an ATT&CK "
					  "technique",
					  (int)len, at);
			buf_release(&ids);
			return false;
		}
		if (len && ids.len)
			buf_putc(&ids, ',');
		buf_put(&ids, at, len);
		at += len + (at[len] != '\0');
	}
	b->rule->attack = compilation_take(b->c, &ids);
	return b->rule->attack;
}

static bool set_description(struct binder *b, const struct ast_option *option)
{
	b->rule->description = option->value->text;
	return true;
}

static bool set_enabled(struct binder *b, const struct ast_option *option)
{
	const struct ast_expr *value = option->value;

	if (value->op == AST_BOOL) {
		b->rule->enabled = value->number;
		return true;
	}
	if (value->op == AST_TEXT && (strcasecmp(value->text, "true") == 0 ||
				      strcasecmp(value->text, "false") == 0)) {
		b->rule->enabled = strcasecmp(value->text, "true") == 0;
		return true;
	}
	compilation_error(b->c, value->span, NULL,
			  "enabled is TRUE or FALSE, not %s",
			  bind_quote(b, value));
	return false;
}

/* For the store that keeps the matches: checked here, shown as written. */
static bool set_retention(struct binder *b, const struct ast_option *option)
{
	const char *text = option->value->text;
	size_t len = strcspn(text, " ");
	char *number = compilation_copy(b->c, text, len);
	char *unit = compilation_copy(b->c, text + len + (text[len] == ' '),
				      strlen(text + len + (text[len] == ' ')));
	int64_t ns = 0;

	if (!number || !unit)
		return false;
	for (char *c = unit; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	if (interval_unit(unit) &&
	    interval_parse(number, interval_unit(unit), &ns) == INTERVAL_OK &&
	    ns > 0)
		return true;
	compilation_error(b->c, option->value->span, "as in '30 DAY'",
			  "retention is how long matches are kept, not '%s'",
			  text);
	return false;
}

/* Only shown, by way of the canonical text. */
static bool set_nothing(struct binder *b, const struct ast_option *option)
{
	(void)b;
	(void)option;
	return true;
}

static const struct {
	const char *name;
	bool text; /* its value must be a text */
	bool (*set)(struct binder *b, const struct ast_option *option);
} known[] = {
	{ "severity", true, set_severity },
	{ "description", true, set_description },
	{ "attack", true, set_attack },
	{ "tags", true, set_nothing },
	{ "references", true, set_nothing },
	{ "version", false, set_nothing },
	{ "retention", true, set_retention },
	{ "enabled", false, set_enabled },
	{ "dedup_key", true, set_nothing },
};

#define OPTION_NAMES                                                  \
	"there are severity, description, attack, tags, references, " \
	"version, retention, enabled and dedup_key"

static bool set_option(struct binder *b, const struct ast_option *option)
{
	struct suggest s = suggest_for(option->name);
	const char *ours = foreign_option(option->name);

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		suggest_offer(&s, known[i].name);
		if (strcmp(option->name, known[i].name) != 0)
			continue;
		if (!known[i].text || option->value->op == AST_TEXT)
			return known[i].set(b, option);
		compilation_error(b->c, option->value->span,
				  compilation_text(b->c, "write %s = '...'",
						   option->name),
				  "%s is a text in quotes", option->name);
		return false;
	}
	compilation_error(
		b->c, option->name_span,
		ours ? compilation_text(b->c, "here it is called '%s'", ours) :
		s.best ? suggest_text(b->c, &s) :
			 OPTION_NAMES,
		"unknown option '%s'", option->name);
	return false;
}

const struct ast_option *bind_options(struct binder *b)
{
	const struct ast_rule *ast = b->rule->ast;
	const struct ast_option *dedup = NULL;

	b->rule->severity = SEVERITY_DEFAULT;
	b->rule->description = "";
	b->rule->attack = "";
	b->rule->enabled = true;
	for (unsigned i = 0; i < ast->option_count; i++) {
		const struct ast_option *option = &ast->options[i];
		bool twice = false;

		for (unsigned k = 0; k < i; k++)
			twice |=
				strcmp(ast->options[k].name, option->name) == 0;
		if (twice) {
			compilation_error(b->c, option->name_span, NULL,
					  "option '%s' is given twice",
					  option->name);
			continue;
		}
		if (set_option(b, option) &&
		    strcmp(option->name, "dedup_key") == 0)
			dedup = option;
	}
	return dedup;
}
