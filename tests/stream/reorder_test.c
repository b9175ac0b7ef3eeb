// SPDX-License-Identifier: Apache-2.0
#include "stream_fixture.h"

#include "stream/reorder.h"

#include <errno.h>

#define ROWS 500

struct collected {
	unsigned count;
	struct {
		int64_t ts;
		unsigned stream, cpu;
		uint64_t seq;
		char comm[16];
	} rows[ROWS];
	int fail_at; /* the row whose callback fails, -1: none */
};

static int collect(void *ctx, struct row *row, struct err *err)
{
	struct collected *c = ctx;
	struct value comm = row_get(row, COL_comm);

	(void)err;
	assert_true(c->count < ROWS);
	c->rows[c->count].ts = row->ts;
	c->rows[c->count].stream = row->stream;
	c->rows[c->count].cpu = row->cpu;
	c->rows[c->count].seq = row->seq;
	snprintf(c->rows[c->count].comm, 16, "%.*s", (int)comm.len,
		 (const char *)comm.p);
	return (int)c->count++ == c->fail_at ? -EIO : 0;
}

static void advance__random_rows__leave_in_total_order(void **state)
{
	struct collected got = { .fail_at = -1 };
	uint64_t seed = test_seed();
	struct reorder *reorder;
	struct arena arena;
	int64_t watermark = 0;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	assert_int_equal(reorder_new(1 << 24, &reorder, NULL), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		struct row *row = row_make(&arena, chance(&seed, 5),
					   watermark + chance(&seed, 30), i);
		char comm[16];

		snprintf(comm, sizeof(comm), "c%u", i);
		row_put(row, COL_comm, value_text(comm));
		row->cpu = chance(&seed, 2);
		assert_int_equal(reorder_push(reorder, row, NULL),
				 REORDER_HELD);
		memset(comm, 'x', sizeof(comm)); /* it was copied */
		if (chance(&seed, 10) == 0) {
			watermark += chance(&seed, 20);
			assert_int_equal(reorder_advance(reorder, watermark,
							 collect, &got, NULL),
					 0);
			assert_true(!got.count ||
				    got.rows[got.count - 1].ts < watermark);
		}
	}
	assert_int_equal(
		reorder_advance(reorder, INT64_MAX, collect, &got, NULL), 0);
	assert_int_equal(got.count, ROWS);
	for (unsigned i = 0; i < ROWS; i++) {
		char comm[16];

		snprintf(comm, sizeof(comm), "c%u", (unsigned)got.rows[i].seq);
		assert_string_equal(got.rows[i].comm, comm);
		if (i == 0 || got.rows[i].ts != got.rows[i - 1].ts) {
			assert_true(i == 0 ||
				    got.rows[i].ts > got.rows[i - 1].ts);
			continue;
		}
		assert_true(got.rows[i].stream >= got.rows[i - 1].stream);
		if (got.rows[i].stream != got.rows[i - 1].stream)
			continue;
		assert_true(got.rows[i].cpu >= got.rows[i - 1].cpu);
		if (got.rows[i].cpu == got.rows[i - 1].cpu)
			assert_true(got.rows[i].seq > got.rows[i - 1].seq);
	}
	reorder_free(reorder);
	arena_release(&arena);
}

static void push__behind_the_watermark__is_late(void **state)
{
	struct collected got = { .fail_at = -1 };
	struct reorder *reorder;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(reorder_new(1 << 20, &reorder, NULL), 0);
	assert_int_equal(reorder_advance(reorder, 10, collect, &got, NULL), 0);
	assert_int_equal(reorder_push(reorder,
				      row_make(&arena, STREAM_FILE_OPEN, 9, 0),
				      NULL),
			 REORDER_LATE);
	assert_int_equal(reorder_push(reorder,
				      row_make(&arena, STREAM_FILE_OPEN, 10, 1),
				      NULL),
			 REORDER_HELD);
	assert_int_equal(reorder_advance(reorder, 10, collect, &got, NULL), 0);
	assert_int_equal(got.count, 0);
	assert_int_equal(reorder_advance(reorder, 9, collect, &got, NULL),
			 -EINVAL);
	assert_int_equal(reorder_advance(reorder, 11, collect, &got, NULL), 0);
	assert_int_equal(got.count, 1);
	reorder_free(reorder);
	arena_release(&arena);
}

static void push__full__refuses_until_rows_leave(void **state)
{
	struct collected got = { .fail_at = -1 };
	struct reorder *reorder;
	struct arena arena;
	int rc = 0;
	int64_t ts;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(reorder_new(8192, &reorder, NULL), 0);
	for (ts = 0; ts < 1000; ts++) {
		rc = reorder_push(reorder,
				  row_make(&arena, STREAM_FILE_OPEN, ts, 0),
				  NULL);
		if (rc)
			break;
	}
	assert_int_equal(rc, -ENOBUFS);
	assert_true(ts > 2);
	assert_true(reorder_held_bytes(reorder) <= 8192);
	assert_int_equal(reorder_advance(reorder, 1, collect, &got, NULL), 0);
	assert_int_equal(reorder_push(reorder,
				      row_make(&arena, STREAM_FILE_OPEN, ts, 0),
				      NULL),
			 REORDER_HELD);
	reorder_free(reorder);
	arena_release(&arena);
}

static void advance__callback_fails__rest_stays(void **state)
{
	struct collected got = { .fail_at = 1 };
	struct reorder *reorder;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(reorder_new(1 << 20, &reorder, NULL), 0);
	for (int64_t ts = 0; ts < 4; ts++)
		assert_int_equal(
			reorder_push(reorder,
				     row_make(&arena, STREAM_FILE_OPEN, ts, 0),
				     NULL),
			REORDER_HELD);
	assert_int_equal(reorder_advance(reorder, 9, collect, &got, NULL),
			 -EIO);
	assert_int_equal(got.count, 2);
	assert_int_equal(reorder_advance(reorder, 9, collect, &got, NULL), 0);
	assert_int_equal(got.count, 4);
	assert_int_equal(got.rows[3].ts, 3);
	assert_int_equal(reorder_held_bytes(reorder), 0);
	reorder_free(reorder);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advance__random_rows__leave_in_total_order),
		cmocka_unit_test(push__behind_the_watermark__is_late),
		cmocka_unit_test(push__full__refuses_until_rows_leave),
		cmocka_unit_test(advance__callback_fails__rest_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
