// SPDX-License-Identifier: Apache-2.0
/*
 * MATCH_RECOGNIZE (
 *   [PARTITION BY column, ...] ORDER BY ts MEASURES expr AS name, ...
 *   PATTERN (A B? C{2} D*) WITHIN INTERVAL ... [UNTIL U]
 *   [DEFINE A AS condition,
 *           B AS stream [PARTITION BY column, ...] WHERE condition, ...])
 */
#include "compiler/parse_int.h"

#include "compiler/suggest.h"

#include "user/base/catalog.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FORM_RECOGNIZE                                                      \
	"as in MATCH_RECOGNIZE (PARTITION BY pid_key ORDER BY ts MEASURES " \
	"A.exe AS exe PATTERN (A B) WITHIN INTERVAL '10' SECOND DEFINE A "  \
	"AS name = 'bash') AS m"

/* {n}, ?, *, + behind a variable of PATTERN. */
static bool parse_quantifier(struct parser *p, struct ast_step *step)
{
	step->least = 1;
	step->most = 1;
	if (parse_accept(p, TOKEN_QUESTION)) {
		step->least = 0;
	} else if (parse_accept(p, TOKEN_STAR)) {
		step->least = 0;
		step->most = UINT_MAX;
	} else if (parse_accept(p, TOKEN_PLUS)) {
		step->most = UINT_MAX;
	} else if (parse_accept(p, TOKEN_LEFT_BRACE)) {
		struct token n = p->token;

		if (!parse_expect(p, TOKEN_INTEGER, "a number behind {"))
			return false;
		if (p->token.kind == TOKEN_COMMA) {
			compilation_error(p->c, p->token.span,
					  "write A{2}, A?, A* or A+",
					  "a range of repetitions is not "
					  "supported");
			return false;
		}
		if (n.integer < 1 || n.integer > AST_STEPS_MAX) {
			compilation_error(p->c, n.span, NULL,
					  "a step repeats 1 to %d times",
					  AST_STEPS_MAX);
			return false;
		}
		step->least = step->most = (unsigned)n.integer;
		return parse_expect(p, TOKEN_RIGHT_BRACE, "}");
	}
	return true;
}

static bool is_named(const struct ast_step *step, const char *name)
{
	return strcmp(step->name, name) == 0;
}

static bool parse_step(struct parser *p, struct ast_recognize *recognize)
{
	struct ast_step *grown = compilation_grow(
		p->c, recognize->steps, recognize->step_count, sizeof(*grown));
	struct ast_step step = { .span = p->token.span };

	if (!grown)
		return false;
	recognize->steps = grown;
	if (p->token.kind == TOKEN_LEFT) {
		compilation_error(p->c, p->token.span, "write two rules",
				  "a PATTERN is a list of variables without "
				  "groups and alternatives");
		return false;
	}
	if (p->token.kind == TOKEN_COMMA) {
		compilation_error(p->c, p->token.span, "as in PATTERN (A B C)",
				  "the steps of PATTERN stand without commas");
		return false;
	}
	step.name = parse_name(p, "a variable of PATTERN, or )");
	if (!step.name)
		return false;
	for (unsigned i = 0; i < recognize->step_count; i++) {
		if (!is_named(&grown[i], step.name))
			continue;
		compilation_error(p->c, step.span,
				  "give the second one another name, with the "
				  "same definition",
				  "'%s' stands twice in PATTERN", step.name);
		return false;
	}
	if (!parse_quantifier(p, &step))
		return false;
	step.span = parse_span(p, step.span);
	grown[recognize->step_count++] = step;
	return true;
}

/* 2 to 8 steps, where {n} counts as n; the first and the last must occur. */
static bool check_steps(struct parser *p, const struct ast_recognize *recognize,
			struct span span)
{
	const struct ast_step *first = recognize->steps;
	const struct ast_step *last = first + recognize->step_count - 1;
	unsigned count = 0;

	for (const struct ast_step *step = first; step <= last; step++)
		count += step->most == UINT_MAX ? 1 : step->most;
	if (count > AST_STEPS_MAX) {
		compilation_error(p->c, span, "split the rule",
				  "a sequence has at most %d steps",
				  AST_STEPS_MAX);
		return false;
	}
	if (count < 2) {
		compilation_error(p->c, span,
				  "of one step, write a WHERE condition",
				  "a sequence has at least 2 steps");
		return false;
	}
	if (first->least && last->least)
		return true;
	compilation_error(p->c, first->least ? last->span : first->span,
			  "leave the step out",
			  "the first and the last step of a sequence cannot "
			  "be optional");
	return false;
}

/* PATTERN (...) WITHIN INTERVAL ... [UNTIL U] */
static bool parse_pattern(struct parser *p, struct ast_recognize *recognize)
{
	struct span start = p->token.span;

	p->form = FORM_RECOGNIZE;
	if (!parse_expect_word(p, "pattern") ||
	    !parse_expect(p, TOKEN_LEFT, "( behind PATTERN"))
		return false;
	do {
		if (!parse_step(p, recognize))
			return false;
	} while (!parse_accept(p, TOKEN_RIGHT));
	if (!check_steps(p, recognize, parse_span(p, start)))
		return false;
	if (!parse_is_word(p, "within")) {
		compilation_error(p->c, p->token.span,
				  "as in PATTERN (a b) WITHIN INTERVAL '1' "
				  "MINUTE",
				  "a sequence needs a bound on its time");
		return false;
	}
	parse_advance(p);
	if (!parse_interval(p, &recognize->within_ns, &recognize->within_span))
		return false;
	p->form = NULL;
	if (!parse_accept_word(p, "until"))
		return true;
	recognize->until =
		compilation_alloc(p->c, 1, sizeof(*recognize->until));
	if (!recognize->until)
		return false;
	recognize->until->least = recognize->until->most = 1;
	recognize->until->span = p->token.span;
	recognize->until->name = parse_name(p, "a variable behind UNTIL");
	return recognize->until->name;
}

static struct ast_step *find_step(struct parser *p,
				  const struct ast_recognize *recognize)
{
	struct suggest s = suggest_for(p->token.text);

	for (unsigned i = 0; i < recognize->step_count; i++) {
		if (is_named(&recognize->steps[i], p->token.text))
			return &recognize->steps[i];
		suggest_offer(&s, recognize->steps[i].name);
	}
	if (recognize->until && is_named(recognize->until, p->token.text))
		return recognize->until;
	compilation_error(p->c, p->token.span, suggest_text(p->c, &s),
			  "no variable '%s' in PATTERN", p->token.text);
	return NULL;
}

/* What was read as a condition is the name of a stream. */
static bool parse_step_stream(struct parser *p, struct ast_step *step)
{
	const struct ast_expr *name = step->define;

	step->stream = name->qualifier ?
			       compilation_text(p->c, "%s.%s", name->qualifier,
						name->text) :
			       name->text;
	step->stream_span = name->span;
	step->define = NULL;
	if (parse_accept_word(p, "partition") &&
	    !parse_keys(p, "PARTITION BY", &step->keys, &step->key_count))
		return false;
	if (!step->stream || !parse_expect_word(p, "where"))
		return false;
	step->define = parse_expr(p);
	return step->define;
}

/* process.exit, which no row has as a column. */
static bool is_stream(const struct ast_expr *name)
{
	char text[64];
	int len;

	if (!name->qualifier)
		return false;
	if (strcmp(name->qualifier, "matches") == 0)
		return true;
	len = snprintf(text, sizeof(text), "%s.%s", name->qualifier,
		       name->text);
	return len < (int)sizeof(text) &&
	       catalog_stream_by_name(text, (size_t)len);
}

/* Behind a name alone: a condition, or the stream that WHERE goes with? */
static bool lacks_where(const struct parser *p, const struct ast_expr *define)
{
	return define->op == AST_NAME && !parse_is_word(p, "where") &&
	       !parse_is_word(p, "partition") &&
	       (p->token.kind == TOKEN_WORD || is_stream(define));
}

static bool parse_define(struct parser *p, struct ast_recognize *recognize)
{
	struct ast_step *step;

	if (!parse_at_name(p)) {
		parse_expected(p, "a variable of PATTERN");
		return false;
	}
	step = find_step(p, recognize);
	if (!step)
		return false;
	if (step->define) {
		compilation_error(p->c, p->token.span, "join the two with AND",
				  "'%s' is defined twice", step->name);
		return false;
	}
	parse_advance(p);
	if (!parse_expect_word(p, "as"))
		return false;
	step->define = parse_expr(p);
	if (!step->define)
		return false;
	if (lacks_where(p, step->define)) {
		parse_expected_form(p, "WHERE",
				    "as in DEFINE B AS network.connect WHERE "
				    "dst_port = 4444");
		return false;
	}
	return step->define->op != AST_NAME ||
	       !(parse_is_word(p, "where") || parse_is_word(p, "partition")) ||
	       parse_step_stream(p, step);
}

static bool check_until(struct parser *p, const struct ast_recognize *recognize)
{
	const struct ast_step *until = recognize->until;

	if (!until)
		return true;
	for (unsigned i = 0; i < recognize->step_count; i++) {
		if (!is_named(&recognize->steps[i], until->name))
			continue;
		compilation_error(p->c, until->span, "name another variable",
				  "'%s' is a step of PATTERN, so it cannot end "
				  "the sequence",
				  until->name);
		return false;
	}
	if (until->define)
		return true;
	compilation_error(p->c, until->span,
			  compilation_text(p->c,
					   "as in DEFINE %s AS process.exit "
					   "WHERE TRUE",
					   until->name),
			  "UNTIL needs a definition of '%s'", until->name);
	return false;
}

/* What SQL says between MEASURES and PATTERN. */
static bool check_rows(struct parser *p)
{
	if (!parse_is_word(p, "one") && !parse_is_word(p, "all") &&
	    !parse_is_word(p, "after"))
		return true;
	compilation_error(p->c, p->token.span,
			  "leave it out: a match is one row, and of several "
			  "beginnings the latest counts",
			  "%s is not supported",
			  parse_is_word(p, "after") ? "AFTER MATCH" :
						      "ROWS PER MATCH");
	return false;
}

static bool parse_head(struct parser *p, struct ast_recognize *recognize)
{
	p->form = FORM_RECOGNIZE;
	if (parse_accept_word(p, "partition") &&
	    !parse_keys(p, "PARTITION BY", &recognize->keys,
			&recognize->key_count))
		return false;
	if (!parse_expect_word(p, "order") || !parse_expect_word(p, "by"))
		return false;
	recognize->order = parse_column(p);
	if (!recognize->order || !parse_expect_word(p, "measures"))
		return false;
	p->form = NULL;
	return parse_outputs(p, &recognize->measures, &recognize->measure_count,
			     true) &&
	       check_rows(p);
}

struct ast_recognize *parse_recognize(struct parser *p)
{
	struct ast_recognize *recognize =
		compilation_alloc(p->c, 1, sizeof(*recognize));

	if (!recognize)
		return NULL;
	recognize->span = p->last;
	if (!parse_expect(p, TOKEN_LEFT, "( behind MATCH_RECOGNIZE") ||
	    !parse_head(p, recognize) || !parse_pattern(p, recognize))
		return NULL;
	if (parse_accept_word(p, "define")) {
		do {
			if (!parse_define(p, recognize))
				return NULL;
		} while (parse_accept(p, TOKEN_COMMA));
	}
	if (!check_until(p, recognize) || !parse_expect(p, TOKEN_RIGHT, ")"))
		return NULL;
	recognize->span = parse_span(p, recognize->span);
	return recognize;
}
