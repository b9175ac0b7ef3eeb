// SPDX-License-Identifier: Apache-2.0
/* A match's identity and payload are functions of what made it, and of all. */
#include "support/unit.h"
#include "user/daemon/publish.h"
#include "user/event/codec.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 64

/* A match over two rows that a test can bend before publishing it. */
struct sample {
	struct plan_output output;
	struct plan_output key;
	struct plan_rule read; /* of which tuple[1] may be a match */
	const struct plan_rule *reads[2];
	struct plan_rule rule;
	struct pipeline_origin origin;
	struct row *rows[2];
	const struct row *tuple[2];
	const struct row *evidence[2];
	struct value outputs[1];
	struct value keys[1];
	struct match match;
	struct arena arena;
};

static struct row *row_new(int64_t ts)
{
	const struct stream *stream = catalog_stream(STREAM_PROCESS_EXIT);
	struct row *row =
		calloc(1, sizeof(*row) + SLOTS * sizeof(row->values[0]));

	assert_non_null(row);
	row->stream = STREAM_PROCESS_EXIT;
	row->value_count = (uint16_t)row_slots(stream);
	row->ts = ts;
	row->seq = 7;
	row->values[COL_pid_key] = value_int(4242);
	return row;
}

static void sample_init(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena, 1 << 20);
	s->output.name = "pid";
	s->key.name = "pid_key";
	s->rule = (struct plan_rule){ .name = "r",
				      .severity = "low",
				      .description = "",
				      .attack = "",
				      .input_count = 2,
				      .input_rules = s->reads,
				      .output_count = 1,
				      .outputs = &s->output,
				      .key_count = 1,
				      .keys = &s->key };
	s->reads[1] = &s->read;
	s->origin = (struct pipeline_origin){ .host = "h", .replay = true };
	for (int i = 0; i < 2; i++) {
		s->rows[i] = row_new(1000 + i);
		s->evidence[i] = s->rows[i];
		s->tuple[i] = s->rows[i];
	}
	s->outputs[0] = value_int(1);
	s->keys[0] = value_text("key");
	s->match = (struct match){ .rule = &s->rule,
				   .ts = 1001,
				   .window_start = 1000,
				   .window_end = 1001,
				   .outputs = s->outputs,
				   .rows = s->tuple,
				   .keys = s->keys,
				   .evidence = s->evidence,
				   .evidence_count = 2,
				   .evidence_total = 2 };
}

static void sample_release(struct sample *s)
{
	free(s->rows[0]);
	free(s->rows[1]);
	arena_release(&s->arena);
}

static struct store_match published(struct sample *s)
{
	struct store_match match;
	struct err err = { 0 };

	assert_int_equal(
		publish(&s->match, &s->origin, &s->arena, &match, &err), 0);
	return match;
}

static void publish__same_match__same_bytes(void **state)
{
	struct sample s;
	struct store_match a, b;

	(void)state;
	sample_init(&s);
	a = published(&s);
	b = published(&s);
	assert_memory_equal(a.id, b.id, 16);
	assert_memory_equal(a.salt, b.salt, 16);
	assert_int_equal(a.payload_bytes, b.payload_bytes);
	assert_memory_equal(a.payload, b.payload, a.payload_bytes);
	assert_int_equal(a.pid_key, 4242);
	sample_release(&s);
}

static void publish__live__salt_is_random(void **state)
{
	struct sample s;
	struct store_match a, b;

	(void)state;
	sample_init(&s);
	s.origin.replay = false;
	a = published(&s);
	b = published(&s);
	assert_memory_equal(a.id, b.id, 16);
	assert_memory_not_equal(a.salt, b.salt, 16);
	sample_release(&s);
}

static void bend_rule(struct sample *s)
{
	s->rule.digest[31] ^= 1;
}

static void bend_boot(struct sample *s)
{
	s->origin.boot_id[0] ^= 1;
}

static void bend_ts(struct sample *s)
{
	s->rows[1]->ts++;
}

static void bend_seq(struct sample *s)
{
	s->rows[0]->seq++;
}

static void bend_cpu(struct sample *s)
{
	s->rows[0]->cpu++;
}

static void bend_order(struct sample *s)
{
	s->evidence[0] = s->rows[1];
	s->evidence[1] = s->rows[0];
}

static void bend_parts(struct sample *s)
{
	s->tuple[0] = s->rows[1];
	s->tuple[1] = s->rows[0];
}

static void bend_key(struct sample *s)
{
	s->keys[0] = value_text("kez");
}

static void bend_key_type(struct sample *s)
{
	s->keys[0] = value_bytes(VALUE_BYTES, "key", 3);
}

static void bend_total(struct sample *s)
{
	s->match.evidence_total = 3;
}

static void bend_partner(struct sample *s)
{
	s->tuple[1] = NULL;
}

/* Two windows that hold the same rows. */
static void bend_moment(struct sample *s)
{
	bend_partner(s);
	s->match.ts++;
}

static void bend_stream(struct sample *s)
{
	s->rows[1]->stream = PLAN_STREAM_MATCHES;
	s->evidence[1] = s->evidence[0];
}

static void bend_read_rule(struct sample *s)
{
	bend_stream(s);
	s->read.digest[0] ^= 1;
}

static void bend_read_number(struct sample *s)
{
	bend_stream(s);
	s->rows[1]->seq++;
}

/* No two of them are alike. */
static void publish__any_part_differs__another_id(void **state)
{
	void (*const bends[])(struct sample *) = {
		bend_rule,     bend_boot,      bend_ts,		 bend_seq,
		bend_cpu,      bend_order,     bend_parts,	 bend_key,
		bend_key_type, bend_total,     bend_partner,	 bend_moment,
		bend_stream,   bend_read_rule, bend_read_number,
	};
	struct store_match match[ARRAY_SIZE(bends) + 1];
	struct sample s;

	(void)state;
	sample_init(&s);
	match[0] = published(&s);
	for (size_t i = 0; i < ARRAY_SIZE(bends); i++) {
		struct sample t;

		sample_init(&t);
		bends[i](&t);
		match[i + 1] = published(&t);
		for (size_t k = 0; k <= i; k++)
			assert_memory_not_equal(match[k].id, match[i + 1].id,
						16);
		sample_release(&t);
	}
	sample_release(&s);
}

/* The ids of matches that are stored already. */
static void publish__events_alone__id_is_as_ever(void **state)
{
	static const uint8_t want[16] = {
		0x40, 0x6d, 0xa4, 0xdf, 0xe3, 0xe1, 0x4e, 0x8f,
		0x54, 0x7d, 0x0a, 0x29, 0x86, 0x7b, 0x0f, 0x39,
	};
	struct store_match match;
	struct sample s;

	(void)state;
	sample_init(&s);
	match = published(&s);
	assert_memory_equal(match.id, want, 16);
	sample_release(&s);
}

static void publish__payload__reads_back(void **state)
{
	struct match_doc *doc;
	struct store_match a;
	struct err err = { 0 };
	struct sample s;

	(void)state;
	sample_init(&s);
	s.origin.clock_offset_ns = 5000;
	a = published(&s);
	assert_int_equal(
		match_decode(a.payload, a.payload_bytes, &s.arena, &doc, &err),
		0);
	assert_string_equal(doc->rule, "r");
	assert_int_equal(doc->ts_ns, 6001);
	assert_int_equal(doc->event_count, 2);
	assert_int_equal(doc->events[1]->ts, 1001);
	assert_int_equal(doc->key_count, 1);
	assert_true(value_equal(doc->keys[0].value, value_text("key")));
	sample_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publish__same_match__same_bytes),
		cmocka_unit_test(publish__live__salt_is_random),
		cmocka_unit_test(publish__any_part_differs__another_id),
		cmocka_unit_test(publish__events_alone__id_is_as_ever),
		cmocka_unit_test(publish__payload__reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
