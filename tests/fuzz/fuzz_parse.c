// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes through lexer, parser and printer: what can be read prints as a text
 * that reads as the same tree and prints the same.
 */
#include "compiler/parse.h"
#include "compiler/print.h"
#include "compiler/source.h"

#include "tests/support/same_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* False: something is wrong with the text. */
static bool read_text(struct arena *arena, const char *text, size_t len,
		      struct ast_program *program)
{
	struct compile_source source = { "fuzz.sql", text, len };
	struct diagnostics *diagnostics =
		arena_alloc(arena, sizeof(*diagnostics));
	struct compilation c = { .arena = arena, .diagnostics = diagnostics };
	struct buf out = BUF_INIT;

	CHECK(diagnostics);
	diagnostics_init(diagnostics, arena, &source, 1);
	*program = (struct ast_program){ 0 };
	if (source_check(&c, &source, 0))
		parse_source(&c, &source, 0, program);
	diagnostics_print(diagnostics, true, &out);
	diagnostics_json(diagnostics, &out);
	CHECK(!out.failed && !c.nomem);
	buf_release(&out);
	return !diagnostics->error_count;
}

/* The limit on a rule's text holds what is printed, too. */
static bool is_long(const struct ast_program *program)
{
	struct buf text = BUF_INIT;
	bool ret = false;

	for (unsigned i = 0; i < program->rule_count; i++) {
		buf_reset(&text);
		print_rule(&text, program->rules[i]);
		ret |= text.len > COMPILE_RULE_BYTES_MAX;
	}
	for (unsigned i = 0; i < program->view_count; i++) {
		buf_reset(&text);
		print_view(&text, program->views[i]);
		ret |= text.len > COMPILE_RULE_BYTES_MAX;
	}
	buf_release(&text);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct ast_program program, again;
	struct arena arena;

	arena_init(&arena, COMPILE_ARENA_BYTES);
	if (read_text(&arena, (const char *)bytes, len, &program) &&
	    !is_long(&program)) {
		print_program(&once, &program);
		CHECK(read_text(&arena, buf_text(&once), once.len, &again));
		CHECK(same_program(&program, &again));
		print_program(&twice, &again);
		CHECK(once.len == twice.len);
		CHECK(memcmp(buf_text(&once), buf_text(&twice), once.len) == 0);
	}
	buf_release(&once);
	buf_release(&twice);
	arena_release(&arena);
	return 0;
}
