/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and binds one text, no pass further; for the tests of types. */
#ifndef SHRIKE_TESTS_TYPED_H
#define SHRIKE_TESTS_TYPED_H

#include "support/unit.h"

#include "compiler/bind.h"
#include "compiler/compiler.h"
#include "compiler/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct typed {
	struct arena arena;
	struct compile_source source;
	struct diagnostics *diagnostics;
	const struct bound_rule *rule; /* NULL: complained */
	bool nomem;
};

static inline void typed_bind(struct typed *t, const char *text)
{
	struct compilation c = { .arena = &t->arena };
	struct ast_program program = { 0 };
	struct bound_rules rules = { 0 };

	memset(t, 0, sizeof(*t));
	arena_init(&t->arena, COMPILE_ARENA_BYTES);
	t->source = (struct compile_source){ "test.sql", text, strlen(text) };
	t->diagnostics = malloc(sizeof(*t->diagnostics));
	assert_non_null(t->diagnostics);
	diagnostics_init(t->diagnostics, &t->arena, &t->source, 1);
	c.diagnostics = t->diagnostics;
	parse_source(&c, &t->source, 0, &program);
	if (program.rule_count && !t->diagnostics->error_count &&
	    bind_rule(&c, &rules, program.rules[0]))
		t->rule = rules.items[rules.count - 1];
	t->nomem = c.nomem;
}

static inline void typed_release(struct typed *t)
{
	arena_release(&t->arena);
	free(t->diagnostics);
}

static inline void typed_print(struct typed *t)
{
	struct buf out = BUF_INIT;

	diagnostics_print(t->diagnostics, false, &out);
	print_error("%s\n%s", t->source.text, buf_text(&out));
	buf_release(&out);
}

/* The text that the n-th diagnostic points at. */
static inline const char *typed_at(const struct typed *t, unsigned n, char *ret,
				   size_t size)
{
	struct span span = t->diagnostics->items[n].span;

	snprintf(ret, size, "%.*s", (int)(span.end - span.start),
		 t->source.text + span.start);
	return ret;
}

#endif
