// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "event/random_row.h"
#include "user/event/codec.h"

#include <errno.h>
#include <stdlib.h>

static unsigned rounds(unsigned n)
{
	return getenv("CHECK_FULL") ? n * 50 : n;
}

/* A copy without room behind it, so that a read too far is noticed. */
static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static void random_rows__there_and_back(void **state)
{
	struct rng rng = { 1 };
	struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 24);
	for (unsigned i = 0; i < rounds(6000); i++) {
		bool contexts = rng_below(&rng, 2);
		const struct row *row;
		struct row *back;

		arena_reset(&arena);
		buf_reset(&bytes);
		buf_reset(&again);
		row = random_row(&rng, i % STREAM_COUNT, contexts, &arena);
		assert_int_equal(row_encode(row, contexts, &bytes, NULL), 0);
		assert_int_equal(row_decode(bytes.bytes, bytes.len, NULL,
					    &arena, &back, NULL),
				 0);
		assert_true(rows_same(row, back));
		assert_int_equal(row_encode(back, contexts, &again, NULL), 0);
		assert_int_equal(again.len, bytes.len);
		assert_memory_equal(again.bytes, bytes.bytes, bytes.len);
	}
	buf_release(&bytes);
	buf_release(&again);
	arena_release(&arena);
}

static void contexts__not_asked_for__not_written(void **state)
{
	struct rng rng = { 2 };
	struct buf bytes = BUF_INIT;
	struct arena arena;
	struct row *row, *back;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = random_row(&rng, STREAM_FILE_OPEN, false, &arena);
	row->self = random_context(&rng, &arena);
	row->parent = random_context(&rng, &arena);
	assert_int_equal(row_encode(row, false, &bytes, NULL), 0);
	assert_int_equal(
		row_decode(bytes.bytes, bytes.len, NULL, &arena, &back, NULL),
		0);
	assert_null(back->self);
	assert_null(back->parent);
	row->self = row->parent = NULL;
	assert_true(rows_same(row, back));
	buf_release(&bytes);
	arena_release(&arena);
}

/* What decodes in spite of the damage is a row like any other. */
static void damaged_bytes__row_or_error(void **state)
{
	struct rng rng = { 3 };
	struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct arena arena;
	unsigned rows = 0, errors = 0;

	(void)state;
	arena_init(&arena, 1 << 24);
	for (unsigned i = 0; i < rounds(20000); i++) {
		struct row *row;
		uint8_t *copy;
		size_t len;
		int ret;

		arena_reset(&arena);
		buf_reset(&bytes);
		buf_reset(&again);
		row = random_row(&rng, i % STREAM_COUNT, true, &arena);
		assert_int_equal(row_encode(row, true, &bytes, NULL), 0);
		copy = exact_copy(bytes.bytes, bytes.len);
		for (unsigned k = 0; k <= i % 3; k++)
			copy[rng_below(&rng, bytes.len)] ^=
				(uint8_t)(1 + rng_below(&rng, 255));
		len = i % 5 ? bytes.len : rng_below(&rng, bytes.len);
		ret = row_decode(copy, len, NULL, &arena, &row, NULL);
		if (ret) {
			assert_int_equal(ret, -EBADMSG);
			errors++;
		} else {
			assert_int_equal(row_encode(row, true, &again, NULL),
					 0);
			rows++;
		}
		free(copy);
	}
	assert_true(rows > 1000 && errors > 1000);
	buf_release(&bytes);
	buf_release(&again);
	arena_release(&arena);
}

static void invalid_row__not_written(void **state)
{
	struct rng rng = { 4 };
	struct buf bytes = BUF_INIT;
	struct arena arena;
	struct row *row;
	struct value *ip;
	uint8_t *big;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = random_row(&rng, STREAM_NETWORK_CONNECT, false, &arena);
	ip = &row->values[row_slot(COL_NETWORK_CONNECT_dst_ip)];
	*ip = value_bytes(VALUE_IP, "12345", 5);
	assert_int_equal(row_encode(row, false, &bytes, NULL), -EINVAL);
	*ip = value_text("1234");
	assert_int_equal(row_encode(row, false, &bytes, NULL), -EINVAL);
	*ip = value_null();
	big = arena_alloc(&arena, ROW_BYTES_MAX + 1);
	row->values[COL_comm] = value_bytes(VALUE_TEXT, big, ROW_BYTES_MAX + 1);
	assert_int_equal(row_encode(row, false, &bytes, NULL), -E2BIG);
	assert_int_equal(bytes.len, 0);
	buf_release(&bytes);
	arena_release(&arena);
}

/* Hand-made messages: field number, wire type, content. */
static void malformed_messages__refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int ret;
	} cases[] = {
#define CASE(text, ret) { text, sizeof(text) - 1, ret }
		/* stream 2 (exit), values {columns: pid, numbers: 7} */
		CASE("\x08\x02\x2a\x06\x0a\x01\x04\x12\x01\x07", 0),
		/* no values */
		CASE("\x08\x02", -EBADMSG),
		/* no such stream */
		CASE("\x08\x70\x2a\x00", -EBADMSG),
		/* a column without a value, a value without a column */
		CASE("\x08\x02\x2a\x03\x0a\x01\x04", -EBADMSG),
		CASE("\x08\x02\x2a\x03\x12\x01\x07", -EBADMSG),
		CASE("\x08\x02\x2a\x03\x1a\x01\x07", -EBADMSG),
		/* a text for a number */
		CASE("\x08\x02\x2a\x06\x0a\x01\x04\x1a\x01\x07", -EBADMSG),
		/* twice the same column; not in order; unknown */
		CASE("\x08\x02\x2a\x08\x0a\x02\x04\x04\x12\x02\x07\x07",
		     -EBADMSG),
		CASE("\x08\x02\x2a\x08\x0a\x02\x05\x04\x12\x02\x07\x07",
		     -EBADMSG),
		CASE("\x08\x02\x2a\x06\x0a\x01\x7f\x12\x01\x07", -EBADMSG),
		/* compat, a boolean, is 2 */
		CASE("\x08\x02\x2a\x06\x0a\x01\x18\x12\x01\x02", -EBADMSG),
		/* args_count, a context column, among the row's own */
		CASE("\x08\x02\x2a\x06\x0a\x01\x2d\x12\x01\x02", -EBADMSG),
		/* and in its place: process {args_count: 2} */
		CASE("\x08\x02\x2a\x00\x32\x06\x0a\x01\x2d\x12\x01\x02", 0),
		/* pid in a context */
		CASE("\x08\x02\x2a\x00\x32\x06\x0a\x01\x04\x12\x01\x02",
		     -EBADMSG),
		/* args, a list, without its NUL; and with it */
		CASE("\x08\x02\x2a\x00\x32\x06\x0a\x01\x2c\x1a\x01\x61",
		     -EBADMSG),
		CASE("\x08\x02\x2a\x00\x32\x07\x0a\x01\x2c\x1a\x02\x61\x00", 0),
#undef CASE
	};
	struct arena arena;
	struct row *row;

	(void)state;
	assert_int_equal(COL_pid, 4);
	assert_int_equal(COL_compat, 0x18);
	assert_int_equal(COL_args, 0x2c);
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = row_decode(cases[i].bytes, cases[i].len, NULL, &arena,
				     &row, NULL);

		if (ret != cases[i].ret)
			fail_msg("case %zu: %d", i, ret);
	}
	arena_release(&arena);
}

static void arena__full__no_memory(void **state)
{
	struct rng rng = { 5 };
	struct buf bytes = BUF_INIT;
	struct arena arena, small;
	struct row *row;
	size_t limit = 0;
	int ret;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = random_row(&rng, STREAM_PROCESS_EXEC, false, &arena);
	row->self = random_context(&rng, &arena);
	assert_int_equal(row_encode(row, true, &bytes, NULL), 0);
	do {
		arena_init(&small, limit);
		ret = row_decode(bytes.bytes, bytes.len, NULL, &small, &row,
				 NULL);
		arena_release(&small);
		assert_true(ret == 0 || ret == -ENOMEM);
		limit += 64;
	} while (ret);
	assert_true(limit > 512);
	buf_release(&bytes);
	arena_release(&arena);
}

/* A schema as another version would write it: a name of the same length. */
static void rename_in(struct buf *schema, const char *stream, const char *from,
		      const char *to)
{
	uint8_t *at =
		memmem(schema->bytes, schema->len, stream, strlen(stream));

	assert_non_null(at);
	at = memmem(at, schema->len - (size_t)(at - schema->bytes), from,
		    strlen(from));
	assert_non_null(at);
	memcpy(at, to, strlen(to));
}

static int read_schema(struct buf *schema, struct arena *arena,
		       const struct row_schema **ret_schema, struct err *err)
{
	return row_schema_decode(schema->bytes, schema->len, arena, ret_schema,
				 err);
}

static void foreign_schema__columns_by_name(void **state)
{
	struct rng rng = { 6 };
	struct buf schema_bytes = BUF_INIT, bytes = BUF_INIT;
	const struct row_schema *schema;
	const struct stream *stream;
	struct arena arena;
	struct row *row, *back;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(row_schema_encode(&schema_bytes, NULL), 0);
	/* There src_port and dst_port have changed places, cookie is new. */
	rename_in(&schema_bytes, "network.connect", "src_port", "xxx_port");
	rename_in(&schema_bytes, "network.connect", "dst_port", "src_port");
	rename_in(&schema_bytes, "network.connect", "xxx_port", "dst_port");
	rename_in(&schema_bytes, "network.connect", "cookie", "biscui");
	rename_in(&schema_bytes, "file.open", "file.open", "file.oPEN");
	assert_int_equal(read_schema(&schema_bytes, &arena, &schema, NULL), 0);
	row = random_row(&rng, STREAM_NETWORK_CONNECT, false, &arena);
	row->values[row_slot(COL_NETWORK_CONNECT_src_port)] = value_int(1);
	row->values[row_slot(COL_NETWORK_CONNECT_dst_port)] = value_int(2);
	row->values[row_slot(COL_NETWORK_CONNECT_cookie)] = value_int(3);
	assert_int_equal(row_encode(row, false, &bytes, NULL), 0);
	assert_int_equal(
		row_decode(bytes.bytes, bytes.len, schema, &arena, &back, NULL),
		0);
	assert_int_equal(row_get(back, COL_NETWORK_CONNECT_src_port).i, 2);
	assert_int_equal(row_get(back, COL_NETWORK_CONNECT_dst_port).i, 1);
	assert_true(value_is_null(row_get(back, COL_NETWORK_CONNECT_cookie)));
	assert_true(values_same(row_get(back, COL_NETWORK_CONNECT_dst_ip),
				row_get(row, COL_NETWORK_CONNECT_dst_ip)));

	row = random_row(&rng, STREAM_FILE_OPEN, false, &arena);
	buf_reset(&bytes);
	assert_int_equal(row_encode(row, false, &bytes, NULL), 0);
	assert_int_equal(
		row_decode(bytes.bytes, bytes.len, schema, &arena, &back, NULL),
		-ENOTSUP);
	assert_int_equal(
		row_schema_stream(schema, STREAM_FILE_OPEN, &stream, NULL),
		-ENOTSUP);
	assert_int_equal(row_schema_stream(schema, 60, &stream, NULL),
			 -EBADMSG);
	assert_int_equal(row_schema_stream(schema, STREAM_PROCESS_SNAPSHOT,
					   &stream, NULL),
			 0);
	assert_int_equal(stream->id, STREAM_PROCESS_SNAPSHOT);
	buf_release(&bytes);
	buf_release(&schema_bytes);
	arena_release(&arena);
}

static void foreign_schema__other_type__not_supported(void **state)
{
	struct buf bytes = BUF_INIT;
	const struct row_schema *schema = NULL;
	struct err err = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(row_schema_encode(&bytes, NULL), 0);
	/* behind its name: the tag of its type, BIGINT becomes TEXT */
	rename_in(&bytes, "network.connect", "dst_port\x10\x02",
		  "dst_port\x10\x04");
	assert_int_equal(read_schema(&bytes, &arena, &schema, &err), -ENOTSUP);
	assert_string_equal(err.text, "schema: network.connect.dst_port is "
				      "TEXT there and BIGINT here");
	assert_null(schema);
	buf_release(&bytes);
	arena_release(&arena);
}

static void foreign_schema__doubles__refused(void **state)
{
	struct buf bytes = BUF_INIT;
	const struct row_schema *schema;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(row_schema_encode(&bytes, NULL), 0);
	rename_in(&bytes, "network.connect", "dst_port", "src_port");
	assert_int_equal(read_schema(&bytes, &arena, &schema, NULL), -EBADMSG);
	buf_reset(&bytes);
	assert_int_equal(row_schema_encode(&bytes, NULL), 0);
	rename_in(&bytes, "process.exec", "process.exec", "process.fork");
	assert_int_equal(read_schema(&bytes, &arena, &schema, NULL), -EBADMSG);
	buf_release(&bytes);
	arena_release(&arena);
}

static void schema__damaged__schema_or_error(void **state)
{
	struct rng rng = { 7 };
	struct buf bytes = BUF_INIT, row_bytes = BUF_INIT;
	const struct row_schema *schema;
	struct arena arena, scratch;
	struct row *row, *back;
	unsigned good = 0, bad = 0;

	(void)state;
	arena_init(&arena, 1 << 20);
	arena_init(&scratch, 1 << 20);
	assert_int_equal(row_schema_encode(&bytes, NULL), 0);
	row = random_row(&rng, STREAM_FILE_OPEN, true, &arena);
	assert_int_equal(row_encode(row, true, &row_bytes, NULL), 0);
	for (unsigned i = 0; i < rounds(4000); i++) {
		uint8_t *copy = exact_copy(bytes.bytes, bytes.len);
		int ret;

		arena_reset(&scratch);
		copy[rng_below(&rng, bytes.len)] = (uint8_t)rng_next(&rng);
		copy[rng_below(&rng, bytes.len)] ^= i & 1;
		ret = row_schema_decode(copy, bytes.len, &scratch, &schema,
					NULL);
		if (ret)
			bad++;
		else
			good++;
		/* Whatever it says, reading a row with it is safe. */
		if (!ret)
			row_decode(row_bytes.bytes, row_bytes.len, schema,
				   &scratch, &back, NULL);
		free(copy);
	}
	assert_true(good > 100 && bad > 100);
	buf_release(&row_bytes);
	buf_release(&bytes);
	arena_release(&scratch);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rows__there_and_back),
		cmocka_unit_test(contexts__not_asked_for__not_written),
		cmocka_unit_test(damaged_bytes__row_or_error),
		cmocka_unit_test(invalid_row__not_written),
		cmocka_unit_test(malformed_messages__refused),
		cmocka_unit_test(arena__full__no_memory),
		cmocka_unit_test(foreign_schema__columns_by_name),
		cmocka_unit_test(foreign_schema__other_type__not_supported),
		cmocka_unit_test(foreign_schema__doubles__refused),
		cmocka_unit_test(schema__damaged__schema_or_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
