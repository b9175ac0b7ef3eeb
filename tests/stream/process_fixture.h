/* SPDX-License-Identifier: Apache-2.0 */
/* Programs by number, as rows of an exec or a snapshot tell of them. */
#ifndef SHRIKE_TESTS_STREAM_PROCESS_FIXTURE_H
#define SHRIKE_TESTS_STREAM_PROCESS_FIXTURE_H

#include "stream_fixture.h"

static inline void text_of(int program, char *exe, char *args,
			   size_t *ret_args_len)
{
	int n = sprintf(exe, "/usr/bin/p%d", program);

	assert_true(n > 0);
	*ret_args_len = (size_t)sprintf(args, "p%d%c-x%c", program, 0, 0);
}

static inline void put_program(struct row *row, unsigned first, int program)
{
	static char exe[32], args[32];
	size_t len;

	text_of(program, exe, args, &len);
	row_put(row, first, value_text(exe));
	row_put(row, first + 1, value_bytes(VALUE_LIST, args, len));
	row_put(row, first + 2, value_int(row->ts));
	row_put(row, first + 3,
		value_int(program % 2 ? EVENT_FLAG_EXE_MEMFD : 0));
	row_put(row, first + 5, value_bytes(VALUE_LIST, args, len));
	row_put(row, first + 6, value_int(1000 + program));
	row_put(row, first + 7, value_int(8 << 20 | program));
}

#endif
