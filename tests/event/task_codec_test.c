// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/event/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = { "ts", "path", "pid_key" };

static const struct task_doc tasks[] = {
	{ "r/e",
	  "r",
	  { 1, 2, 255 },
	  "file.open",
	  3,
	  columns,
	  "e.uid = 0",
	  0,
	  0 },
	{ "r/c",
	  "r",
	  { 1, 2, 255 },
	  "network.connect",
	  0,
	  columns,
	  "",
	  64,
	  60000000000 },
};

static void same(const struct task_doc *a, const struct task_doc *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->rule, b->rule);
	assert_memory_equal(a->rule_digest, b->rule_digest, 32);
	assert_string_equal(a->stream, b->stream);
	assert_int_equal(a->column_count, b->column_count);
	for (unsigned i = 0; i < a->column_count; i++)
		assert_string_equal(a->columns[i], b->columns[i]);
	assert_string_equal(a->predicate, b->predicate);
	assert_int_equal(a->rate_limit, b->rate_limit);
	assert_int_equal(a->time_to_live_ns, b->time_to_live_ns);
}

static void tasks__encoded__read_back(void **state)
{
	struct buf bytes = BUF_INIT, again = BUF_INIT;
	const struct task_doc *got;
	struct err err = { 0 };
	struct arena arena;
	unsigned count;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_int_equal(tasks_encode(tasks, 2, &bytes, &err), 0);
	assert_int_equal(tasks_decode(bytes.bytes, bytes.len, &arena, &got,
				      &count, &err),
			 0);
	assert_int_equal(count, 2);
	same(&tasks[0], &got[0]);
	same(&tasks[1], &got[1]);
	assert_int_equal(tasks_encode(got, 2, &again, &err), 0);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.bytes, bytes.bytes, bytes.len);
	buf_release(&bytes);
	buf_release(&again);
	arena_release(&arena);
}

/* Each prefix and each flipped bit: an error or tasks, and nothing worse. */
static void tasks__damaged_bytes__end_in_a_result(void **state)
{
	struct buf bytes = BUF_INIT;
	unsigned refused = 0;

	(void)state;
	assert_int_equal(tasks_encode(tasks, 2, &bytes, NULL), 0);
	for (size_t i = 0; i < bytes.len * 9; i++) {
		const struct task_doc *got;
		size_t at = i / 9, len = i % 9 == 8 ? at : bytes.len;
		struct err err = { 0 };
		struct arena arena;
		unsigned count;
		int ret;

		arena_init(&arena, (size_t)1 << 20);
		if (i % 9 < 8)
			bytes.bytes[at] ^= (uint8_t)(1 << i % 9);
		ret = tasks_decode(bytes.bytes, len, &arena, &got, &count,
				   &err);
		assert_true(ret == 0 || ret == -EBADMSG);
		refused += ret != 0;
		if (i % 9 < 8)
			bytes.bytes[at] ^= (uint8_t)(1 << i % 9);
		arena_release(&arena);
	}
	assert_true(refused > bytes.len);
	buf_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks__encoded__read_back),
		cmocka_unit_test(tasks__damaged_bytes__end_in_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
