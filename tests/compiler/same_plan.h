/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts that are to give one plan; for tests of joins not written out. */
#ifndef SHRIKE_TESTS_SAME_PLAN_H
#define SHRIKE_TESTS_SAME_PLAN_H

#include "compiler/front.h"

static inline void plan_of(const char *text, struct buf *out)
{
	struct front front;

	front_compile(&front, text);
	plan_rule_print(out, front_rule(&front));
	front_release(&front);
}

/* That it is asked for only when needed is not part of what it finds. */
static inline void drop_triggered(struct buf *text)
{
	static const char mark[] = ", triggered";
	char *at = (char *)(uintptr_t)buf_text(text);

	while ((at = strstr(at, mark))) {
		memmove(at, at + strlen(mark), strlen(at + strlen(mark)) + 1);
		text->len -= strlen(mark);
	}
}

static inline void same_plan(const char *left, const char *right)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	plan_of(left, &a);
	plan_of(right, &b);
	drop_triggered(&a);
	assert_true(a.len > 0);
	if (strcmp(buf_text(&a), buf_text(&b)) != 0)
		print_error("%s\n%s\n", left, right);
	assert_string_equal(buf_text(&a), buf_text(&b));
	buf_release(&a);
	buf_release(&b);
}

#endif
