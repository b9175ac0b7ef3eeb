/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles one text and keeps what comes out; for the tests of the front end. */
#ifndef SHRIKE_TESTS_FRONT_H
#define SHRIKE_TESTS_FRONT_H

#include "support/unit.h"

#include "compiler/compiler.h"
#include "compiler/plan_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct front {
	struct arena arena;
	struct compile_source source;
	struct diagnostics *diagnostics;
	struct program *program;
	struct err err;
	int result;
	struct buf text; /* what front_text() and front_printed() return */
};

static inline void front_compile_named(struct front *front, const char *name,
				       const char *text, size_t len)
{
	memset(front, 0, sizeof(*front));
	arena_init(&front->arena, COMPILE_ARENA_BYTES);
	front->source = (struct compile_source){ name, text, len };
	front->diagnostics = malloc(sizeof(*front->diagnostics));
	assert_non_null(front->diagnostics);
	diagnostics_init(front->diagnostics, &front->arena, &front->source, 1);
	front->result =
		compile(&front->arena, &front->source, 1, NULL,
			front->diagnostics, &front->program, &front->err);
}

static inline void front_compile_bytes(struct front *front, const char *text,
				       size_t len)
{
	front_compile_named(front, "rules/test.sql", text, len);
}

static inline void front_compile(struct front *front, const char *text)
{
	front_compile_bytes(front, text, strlen(text));
}

static inline void front_release(struct front *front)
{
	buf_release(&front->text);
	arena_release(&front->arena);
	free(front->diagnostics);
}

/* The printed diagnostics. */
static inline const char *front_text(struct front *front)
{
	buf_reset(&front->text);
	diagnostics_print(front->diagnostics, false, &front->text);
	return buf_text(&front->text);
}

/* It compiles, without any complaint but warnings. */
static inline const struct plan_rule *front_rule(struct front *front)
{
	if (front->result != COMPILE_OK)
		print_error("%s%s\n", front_text(front), front->err.text);
	assert_int_equal(front->result, COMPILE_OK);
	return &front->program->plan->rules[0];
}

#endif
