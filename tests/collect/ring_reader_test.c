// SPDX-License-Identifier: Apache-2.0
/* The ring reader on a ring made by hand, without the kernel. */
#include "ring_file.h"

#include "user/collect/collect.h"

#include <errno.h>

struct heard {
	char text[4096];
	size_t len;
};

/* Everything up to `end`, as the drain does it. */
static int consume_to(struct ring_file *file, unsigned long end,
		      struct heard *heard, struct err *err)
{
	for (;;) {
		struct ring_record record;
		int rc = ring_reader_peek(&file->reader, end,
					  collect_now_ns() + 1000000, &record,
					  err);

		if (rc)
			return rc;
		memcpy(heard->text + heard->len, record.bytes, record.len);
		heard->len += record.len;
		ring_reader_next(&file->reader, &record);
	}
}

static int consume(struct ring_file *file, struct heard *heard, struct err *err)
{
	return consume_to(file, ring_reader_end(&file->reader), heard, err);
}

static void consume__records__in_order_without_discarded(void **state)
{
	struct heard heard = { 0 };
	struct ring_file file;

	(void)state;
	ring_file_open(&file);
	ring_put(&file, "one", 3, 0);
	ring_put(&file, "dropped", 7, BPF_RINGBUF_DISCARD_BIT);
	ring_put(&file, "", 0, 0);
	ring_put(&file, "two", 3, 0);
	assert_int_equal(consume(&file, &heard, NULL), RING_END);
	assert_string_equal(heard.text, "onetwo");
	assert_int_equal(consumer(&file), *producer(&file));
	ring_file_close(&file);
}

static void consume__around_the_end__in_one_piece(void **state)
{
	static uint8_t big[1000];
	struct ring_file file;

	(void)state;
	ring_file_open(&file);
	for (unsigned i = 0; i < 20; i++) {
		struct heard heard = { 0 };

		memset(big, 'a' + (int)i, sizeof(big));
		ring_put(&file, big, sizeof(big), 0);
		assert_int_equal(consume(&file, &heard, NULL), RING_END);
		assert_int_equal(heard.len, sizeof(big));
		assert_memory_equal(heard.text, big, sizeof(big));
	}
	ring_file_close(&file);
}

static void consume__busy_record__stops_before_it(void **state)
{
	struct heard heard = { 0 };
	struct ring_file file;
	uint32_t *header;

	(void)state;
	ring_file_open(&file);
	ring_put(&file, "one", 3, 0);
	ring_put(&file, "two", 3, BPF_RINGBUF_BUSY_BIT);
	ring_put(&file, "three", 5, 0);
	assert_int_equal(consume(&file, &heard, NULL), RING_BUSY);
	assert_string_equal(heard.text, "one");
	assert_int_equal(consumer(&file), 16);
	header = (void *)(file.pages + 2 * file.page + 16);
	*header &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(consume(&file, &heard, NULL), RING_END);
	assert_string_equal(heard.text, "onetwothree");
	ring_file_close(&file);
}

static void consume__up_to_a_position__leaves_the_rest(void **state)
{
	struct heard heard = { 0 };
	struct ring_file file;
	unsigned long end;

	(void)state;
	ring_file_open(&file);
	ring_put(&file, "one", 3, 0);
	end = ring_reader_end(&file.reader);
	ring_put(&file, "two", 3, 0);
	assert_int_equal(consume_to(&file, end, &heard, NULL), RING_END);
	assert_string_equal(heard.text, "one");
	ring_file_close(&file);
}

static void peek__not_taken__record_stays(void **state)
{
	struct heard heard = { 0 };
	struct ring_record record;
	struct ring_file file;

	(void)state;
	ring_file_open(&file);
	ring_put(&file, "dropped", 7, BPF_RINGBUF_DISCARD_BIT);
	ring_put(&file, "one", 3, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ring_reader_peek(&file.reader,
						  ring_reader_end(&file.reader),
						  0, &record, NULL),
				 RING_RECORD);
		assert_int_equal(record.len, 3);
		assert_memory_equal(record.bytes, "one", 3);
		assert_int_equal(consumer(&file), 16);
	}
	assert_int_equal(consume(&file, &heard, NULL), RING_END);
	assert_string_equal(heard.text, "one");
	ring_file_close(&file);
}

static void consume__impossible_length__is_refused(void **state)
{
	static const uint32_t lengths[] = { 4, 100, RING_BYTES, 0x3fffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct heard heard = { 0 };
		struct err err = { 0 };
		struct ring_file file;
		uint32_t *header;

		ring_file_open(&file);
		ring_put(&file, "abc", 3, 0);
		header = (void *)(file.pages + 2 * file.page);
		*header = lengths[i];
		*producer(&file) = 8 + (i == 0 ? 0 : 8);
		assert_int_equal(consume(&file, &heard, &err), -EBADMSG);
		assert_int_equal(err.kind, ERR_DAMAGED);
		assert_int_equal(heard.len, 0);
		ring_file_close(&file);
	}
}

static void init__not_a_ring__fails(void **state)
{
	struct ring_reader reader;
	struct err err = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(ring_reader_init(&reader, fds[0], RING_BYTES, &err) < 0);
	assert_int_equal(err.kind, ERR_MACHINE);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(consume__records__in_order_without_discarded),
		cmocka_unit_test(consume__around_the_end__in_one_piece),
		cmocka_unit_test(consume__busy_record__stops_before_it),
		cmocka_unit_test(consume__up_to_a_position__leaves_the_rest),
		cmocka_unit_test(peek__not_taken__record_stays),
		cmocka_unit_test(consume__impossible_length__is_refused),
		cmocka_unit_test(init__not_a_ring__fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
