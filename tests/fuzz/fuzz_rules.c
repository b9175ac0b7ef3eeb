// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as the text of rules, through the whole compiler: it ends in
 * diagnostics that print, or in a program that is explained and that an engine
 * takes up.
 */
#include "compiler/compiler.h"
#include "compiler/plan_print.h"
#include "stream/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int on_match(void *ctx, const struct match *match, struct err *err)
{
	(void)ctx;
	(void)match;
	(void)err;
	return 0;
}

static void use(const struct program *program, struct buf *out)
{
	const struct engine_options options = { .on_match = on_match,
						.state_bytes_max = 1 << 20 };
	struct engine *engine = NULL;

	explain(program, out);
	plan_print(out, program->plan);
	CHECK(!out->failed);
	if (engine_new(program->plan, &options, &engine, NULL) == 0)
		CHECK(engine_advance(engine, INT64_MAX, NULL) == 0);
	engine_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct compile_source source = { "fuzz.sql", (const char *)bytes, len };
	struct diagnostics *diagnostics;
	struct buf out = BUF_INIT;
	struct program *program;
	struct arena arena;
	int rc;

	arena_init(&arena, COMPILE_ARENA_BYTES);
	diagnostics = arena_alloc(&arena, sizeof(*diagnostics));
	CHECK(diagnostics);
	diagnostics_init(diagnostics, &arena, &source, 1);
	rc = compile(&arena, &source, 1, NULL, diagnostics, &program, NULL);
	diagnostics_print(diagnostics, false, &out);
	CHECK(rc != COMPILE_REJECTED || diagnostics->error_count);
	if (rc == COMPILE_OK)
		use(program, &out);
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
