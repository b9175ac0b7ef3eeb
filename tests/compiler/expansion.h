/* SPDX-License-Identifier: Apache-2.0 */
/* Expands the last rule of a text; for the tests of expand*.c. */
#ifndef SHRIKE_TESTS_EXPANSION_H
#define SHRIKE_TESTS_EXPANSION_H

#include "support/unit.h"

#include "compiler/compiler.h"
#include "compiler/expand.h"
#include "compiler/parse.h"
#include "compiler/print.h"

#include <stdlib.h>
#include <string.h>

#define VIEWS                                                              \
	"CREATE LIST shells ('sh', 'bash');"                               \
	"CREATE VIEW roots AS SELECT pid_key AS k, exe, LENGTH(cmdline) "  \
	"AS len, ts FROM process.exec WHERE uid = 0;"                      \
	"CREATE VIEW long.roots AS SELECT k, len + 1 AS l, ts FROM roots " \
	"r WHERE r.len > 10;"                                              \
	"CREATE VIEW counted AS SELECT pid, COUNT(*) OVER (PARTITION BY "  \
	"pid ORDER BY ts RANGE BETWEEN INTERVAL '9' SECOND PRECEDING AND " \
	"CURRENT ROW) AS n FROM network.connect;"

/* Of one process within a minute, as a join that is not written out. */
#define MINUTE(a, b)                                         \
	a ".pid_key = " b ".pid_key AND " a ".ts BETWEEN " b \
	  ".ts - INTERVAL '1' MINUTE AND " b ".ts "          \
	  "+ INTERVAL '1' MINUTE"

/* The seventh of the older rules. */
#define SEVEN                                                              \
	"SELECT p.pid, p.name, n.dst_ip, f.path FROM processes.snapshots " \
	"p WHERE p.name = 'nc' AND n.dst_port = 4444 AND f.path LIKE "     \
	"'%/tmp/%'"

struct expansion {
	struct arena arena;
	struct compile_source source;
	struct diagnostics *diagnostics;
	struct compilation c;
	struct ast_program program;
	const struct ast_rule *rule; /* the last of the text; NULL: refused */
	bool changed;
	struct buf text; /* of it, or what was complained about */
};

static inline void expand_within(struct expansion *e, const char *text,
				 size_t bytes)
{
	memset(e, 0, sizeof(*e));
	arena_init(&e->arena, bytes);
	e->source = (struct compile_source){ "x.sql", text, strlen(text) };
	e->diagnostics = malloc(sizeof(*e->diagnostics));
	assert_non_null(e->diagnostics);
	diagnostics_init(e->diagnostics, &e->arena, &e->source, 1);
	e->c = (struct compilation){ .arena = &e->arena,
				     .diagnostics = e->diagnostics };
	parse_source(&e->c, &e->source, 0, &e->program);
	expand_check(&e->c, &e->program);
	for (unsigned i = 0; i < e->program.rule_count; i++)
		e->rule = expand_rule(&e->c, &e->program, e->program.rules[i],
				      &e->changed);
	if (!e->diagnostics->error_count && e->rule)
		print_select(&e->text, e->rule->select);
	else
		diagnostics_print(e->diagnostics, false, &e->text);
}

static inline void expand(struct expansion *e, const char *text)
{
	expand_within(e, text, COMPILE_ARENA_BYTES);
}

static inline void expansion_release(struct expansion *e)
{
	buf_release(&e->text);
	arena_release(&e->arena);
	free(e->diagnostics);
}

/* with words that hold `message` */
static inline void refused(const char *text, const char *message)
{
	struct expansion e;

	expand(&e, text);
	if (!strstr(buf_text(&e.text), message))
		print_error("%s\n%s\n", text, buf_text(&e.text));
	assert_int_not_equal(e.diagnostics->error_count, 0);
	assert_non_null(strstr(buf_text(&e.text), message));
	expansion_release(&e);
}

/* It stands for itself: expanding again changes nothing. */
static inline void is_settled(struct expansion *e)
{
	struct ast_rule rule = *e->rule;
	const struct ast_rule *again;
	struct buf text = BUF_INIT;
	bool changed = true;

	again = expand_rule(&e->c, &e->program, &rule, &changed);
	if (again)
		print_select(&text, again->select);
	else
		diagnostics_print(e->diagnostics, false, &text);
	if (strcmp(buf_text(&text), buf_text(&e->text)) != 0)
		print_error("%s\n", e->source.text);
	assert_string_equal(buf_text(&text), buf_text(&e->text));
	assert_false(changed);
	buf_release(&text);
}

/* The text means what is expected, and nothing is left to expand. */
static inline void expands(const char *text, const char *expected)
{
	struct expansion e;

	expand(&e, text);
	if (!e.rule || strcmp(buf_text(&e.text), expected) != 0)
		print_error("%s\n", text);
	assert_string_equal(buf_text(&e.text), expected);
	is_settled(&e);
	expansion_release(&e);
}

#endif
