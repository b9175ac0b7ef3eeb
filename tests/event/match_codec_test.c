// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "event/random_row.h"
#include "user/event/codec.h"

#include <errno.h>
#include <stdlib.h>

#define EVENTS 5

static const struct match_field fields[] = {
	{ "exe", { .type = VALUE_TEXT, .len = 4, .p = (uint8_t *)"/b\xffn" } },
	{ "count", { .type = VALUE_INT, .i = -3 } },
	{ "none", { .type = VALUE_NULL } },
	{ "ratio", { .type = VALUE_DOUBLE, .d = 0.1 } },
	{ "yes", { .type = VALUE_BOOL, .i = 1 } },
	{ "no", { .type = VALUE_BOOL, .i = 0 } },
	{ "ip", { .type = VALUE_IP, .len = 4, .p = (uint8_t *)"\x0a\0\0\1" } },
	{ "empty", { .type = VALUE_TEXT, .p = (uint8_t *)"" } },
	{ "args", { .type = VALUE_LIST, .len = 4, .p = (uint8_t *)"a\0b" } },
	{ "span", { .type = VALUE_INTERVAL, .i = INT64_MIN } },
};

static struct match_doc *make_doc(struct rng *rng, struct arena *arena)
{
	struct match_doc *doc = arena_alloc(arena, sizeof(*doc));
	const struct row **rows = arena_array(arena, EVENTS, sizeof(*rows));

	assert_non_null(doc);
	assert_non_null(rows);
	for (unsigned i = 0; i < EVENTS; i++)
		rows[i] = random_row(rng, rng_below(rng, STREAM_COUNT), true,
				     arena);
	*doc = (struct match_doc){
		.id = { 1, 2, 0, 255 },
		.ts_ns = 1700000000000000001,
		.host = "box",
		.rule = "reverse_shell",
		.rule_digest = { 9, 8 },
		.severity = "high",
		.description = "",
		.attack = "T1059",
		.window_start_ns = -1,
		.window_end_ns = INT64_MAX,
		.coverage = "gap",
		.lost = UINT64_MAX,
		.field_count = ARRAY_SIZE(fields),
		.fields = fields,
		.key_count = 2,
		.keys = fields,
		.event_count = EVENTS,
		.events = rows,
		.event_total = 1000,
	};
	return doc;
}

static void assert_fields_same(const struct match_field *a,
			       const struct match_field *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_string_equal(a[i].name, b[i].name);
		assert_true(values_same(a[i].value, b[i].value));
	}
}

static void assert_same(const struct match_doc *a, const struct match_doc *b)
{
	assert_memory_equal(a->id, b->id, sizeof(a->id));
	assert_memory_equal(a->rule_digest, b->rule_digest,
			    sizeof(a->rule_digest));
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->rule, b->rule);
	assert_string_equal(a->severity, b->severity);
	assert_string_equal(a->description, b->description);
	assert_string_equal(a->attack, b->attack);
	assert_string_equal(a->coverage, b->coverage);
	assert_true(a->ts_ns == b->ts_ns && a->lost == b->lost &&
		    a->window_start_ns == b->window_start_ns &&
		    a->window_end_ns == b->window_end_ns &&
		    a->event_total == b->event_total);
	assert_int_equal(a->field_count, b->field_count);
	assert_int_equal(a->key_count, b->key_count);
	assert_int_equal(a->event_count, b->event_count);
	assert_fields_same(a->fields, b->fields, a->field_count);
	assert_fields_same(a->keys, b->keys, a->key_count);
	for (unsigned i = 0; i < a->event_count; i++)
		assert_true(rows_same(a->events[i], b->events[i]));
}

static void match__there_and_back__same_bytes(void **state)
{
	struct rng rng = { 1 };
	struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 24);
	for (unsigned i = 0; i < 200; i++) {
		struct match_doc *doc, *back;

		arena_reset(&arena);
		buf_reset(&bytes);
		buf_reset(&again);
		doc = make_doc(&rng, &arena);
		doc->event_count = i % (EVENTS + 1);
		assert_int_equal(match_encode(doc, &bytes, NULL), 0);
		assert_int_equal(match_decode(bytes.bytes, bytes.len, &arena,
					      &back, NULL),
				 0);
		assert_same(doc, back);
		assert_int_equal(match_encode(back, &again, NULL), 0);
		assert_int_equal(again.len, bytes.len);
		assert_memory_equal(again.bytes, bytes.bytes, bytes.len);
	}
	buf_release(&bytes);
	buf_release(&again);
	arena_release(&arena);
}

static void damaged_bytes__match_or_error(void **state)
{
	unsigned n = getenv("CHECK_FULL") ? 200000 : 4000;
	struct rng rng = { 2 };
	struct buf bytes = BUF_INIT, again = BUF_INIT;
	struct arena arena, scratch;
	unsigned good = 0, bad = 0;

	(void)state;
	arena_init(&arena, 1 << 24);
	arena_init(&scratch, 1 << 24);
	assert_int_equal(match_encode(make_doc(&rng, &arena), &bytes, NULL), 0);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *copy = malloc(bytes.len);
		struct match_doc *back;
		size_t len = bytes.len;
		int ret;

		assert_non_null(copy);
		arena_reset(&scratch);
		buf_reset(&again);
		memcpy(copy, bytes.bytes, len);
		if (i % 8)
			copy[rng_below(&rng, len)] = (uint8_t)rng_next(&rng);
		else
			len = rng_below(&rng, len);
		ret = match_decode(copy, len, &scratch, &back, NULL);
		if (ret) {
			assert_true(ret == -EBADMSG || ret == -ENOTSUP);
			bad++;
		} else {
			assert_int_equal(match_encode(back, &again, NULL), 0);
			good++;
		}
		free(copy);
	}
	assert_true(good > 100 && bad > 100);
	buf_release(&again);
	buf_release(&bytes);
	arena_release(&scratch);
	arena_release(&arena);
}

static void evidence__of_a_renamed_column__read_by_name(void **state)
{
	struct rng rng = { 3 };
	struct buf bytes = BUF_INIT;
	const struct row *rows[1];
	struct match_doc *doc, *back;
	struct arena arena;
	struct row *row;
	uint8_t *at;

	(void)state;
	arena_init(&arena, 1 << 24);
	doc = make_doc(&rng, &arena);
	row = random_row(&rng, STREAM_PROCESS_EXIT, false, &arena);
	row->values[row_slot(COL_PROCESS_EXIT_signal)] = value_int(9);
	rows[0] = row;
	doc->events = rows;
	doc->event_count = 1;
	assert_int_equal(match_encode(doc, &bytes, NULL), 0);
	at = memmem(bytes.bytes, bytes.len, "signal", 6);
	assert_non_null(at);
	memcpy(at, "siGNal", 6);
	assert_int_equal(
		match_decode(bytes.bytes, bytes.len, &arena, &back, NULL), 0);
	assert_true(value_is_null(
		row_get(back->events[0], COL_PROCESS_EXIT_signal)));
	at = memmem(bytes.bytes, bytes.len, "process.exit", 12);
	assert_non_null(at);
	memcpy(at, "process.EXIT", 12);
	assert_int_equal(
		match_decode(bytes.bytes, bytes.len, &arena, &back, NULL),
		-ENOTSUP);
	buf_release(&bytes);
	arena_release(&arena);
}

static void malformed_match__refused(void **state)
{
	struct err err = { 0 };
	struct match_doc *back = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	/* An empty message is a message, but no match. */
	assert_int_equal(match_decode("", 0, &arena, &back, &err), -EBADMSG);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(match_decode("\x0a\x05zz", 4, &arena, &back, NULL),
			 -EBADMSG);
	assert_null(back);
	arena_release(&arena);
}

static void nul_inside_a_name__refused(void **state)
{
	struct rng rng = { 4 };
	struct buf bytes = BUF_INIT;
	struct match_doc *back;
	struct arena arena;
	uint8_t *at;

	(void)state;
	arena_init(&arena, 1 << 24);
	assert_int_equal(match_encode(make_doc(&rng, &arena), &bytes, NULL), 0);
	at = memmem(bytes.bytes, bytes.len, "reverse_shell", 13);
	assert_non_null(at);
	at[3] = 0;
	assert_int_equal(
		match_decode(bytes.bytes, bytes.len, &arena, &back, NULL),
		-EBADMSG);
	buf_release(&bytes);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(match__there_and_back__same_bytes),
		cmocka_unit_test(damaged_bytes__match_or_error),
		cmocka_unit_test(evidence__of_a_renamed_column__read_by_name),
		cmocka_unit_test(malformed_match__refused),
		cmocka_unit_test(nul_inside_a_name__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
