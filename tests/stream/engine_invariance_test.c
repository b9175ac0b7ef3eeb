// SPDX-License-Identifier: Apache-2.0
/*
 * What must not show in the matches: how the input was cut into turns, in which
 * order it arrived within the watermark, the hash seed, a restart.
 */
#include "random_plan.h"

#include "stream/reorder.h"

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	f->chance = test_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->arena);
	free(f);
	return 0;
}

/* Any operator, any policy, any mute. */
static void new_pair(struct fixture *f)
{
	arena_reset(&f->arena);
	trace_make(&f->arena, &f->chance, &f->trace);
	random_plan_make_all(&f->plan, &f->arena, &f->chance);
	for (unsigned i = 0; i < TEST_RULES; i++) {
		struct plan_rule *rule = &f->plan.rules[i];

		if (chance(&f->chance, 2))
			rule->emit = PLAN_EMIT_FIRST;
		if (chance(&f->chance, 2))
			suppress(&f->plan, rule, 1 + chance(&f->chance, 5),
				 chance(&f->chance, 2));
		rule->suppress_on_gap = chance(&f->chance, 4) == 0;
	}
}

static void tell_gap(struct fixture *f, struct engine *engine)
{
	int64_t last = f->trace.rows[f->trace.count - 1]->ts;

	assert_int_equal(engine_gap(engine, STREAM_FILE_OPEN, last / 2,
				    last / 2 + 2, 7, NULL),
			 0);
}

static void run_uncut(struct fixture *f, struct transcript *t)
{
	struct engine *engine;

	*t = (struct transcript){ .plan = &f->plan.plan, .all = true };
	engine = engine_make(&f->plan.plan, transcript_match, t, 1);
	tell_gap(f, engine);
	for (unsigned i = 0; i < f->trace.count; i++)
		assert_int_equal(engine_push(engine, f->trace.rows[i], NULL),
				 0);
	engine_finish(engine, TEST_RULES);
}

static unsigned rounds(void)
{
	return check_full() ? 2000 : 60;
}

static void turns__cut_anywhere__same_matches(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript want,
			got = { .plan = &f->plan.plan, .all = true };
		struct engine *engine;

		new_pair(f);
		run_uncut(f, &want);
		engine = engine_make(&f->plan.plan, transcript_match, &got,
				     chance_next(&f->chance));
		tell_gap(f, engine);
		for (unsigned i = 0; i < f->trace.count; i++) {
			int64_t ts = f->trace.rows[i]->ts;

			if (chance(&f->chance, 3) == 0)
				assert_int_equal(
					engine_advance(
						engine,
						ts - chance(&f->chance, 4),
						NULL),
					0);
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		}
		engine_finish(engine, TEST_RULES);
		assert_string_equal(buf_text(&got.order),
				    buf_text(&want.order));
		total += want.order.len;
		transcript_release(&want);
		transcript_release(&got);
	}
	assert_true(total > rounds() * 100);
}

static int push_row(void *ctx, struct row *row, struct err *err)
{
	return engine_push(ctx, row, err);
}

/* Arrival: shuffled, but never behind a watermark that was promised. */
static void arrival__shuffled_within_watermark__same_matches(void **state)
{
	struct fixture *f = *state;

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript want,
			got = { .plan = &f->plan.plan, .all = true };
		struct reorder *reorder;
		struct engine *engine;
		unsigned start = 0;

		new_pair(f);
		run_uncut(f, &want);
		engine = engine_make(&f->plan.plan, transcript_match, &got, 9);
		tell_gap(f, engine);
		assert_int_equal(reorder_new(1 << 20, &reorder, NULL), 0);
		while (start < f->trace.count) {
			unsigned n =
				1 + chance(&f->chance, f->trace.count - start);
			unsigned end = start + n;
			struct row **rows = f->trace.rows;
			int64_t watermark = rows[start]->ts;

			for (unsigned i = start; i < end; i++) {
				unsigned k = i + chance(&f->chance, end - i);
				struct row *swap = rows[i];

				rows[i] = rows[k];
				rows[k] = swap;
				assert_int_equal(
					reorder_push(reorder, rows[i], NULL),
					REORDER_HELD);
			}
			start = end;
			if (start < f->trace.count)
				watermark = rows[start]->ts;
			assert_int_equal(reorder_advance(reorder, watermark,
							 push_row, engine,
							 NULL),
					 0);
			assert_int_equal(
				engine_advance(engine, watermark, NULL), 0);
		}
		assert_int_equal(reorder_advance(reorder, INT64_MAX, push_row,
						 engine, NULL),
				 0);
		assert_int_equal(reorder_held_bytes(reorder), 0);
		reorder_free(reorder);
		engine_finish(engine, TEST_RULES);
		assert_string_equal(buf_text(&got.order),
				    buf_text(&want.order));
		transcript_release(&want);
		transcript_release(&got);
	}
}

/*
 * What is saved covers filters with mutes, thresholds over one ts and what was
 * seen: rules whose windows a restart between two ts does not cut.
 */
static void survivor(struct fixture *f, unsigned index)
{
	struct random_plan *p = &f->plan;
	struct plan_rule *rule = &p->rules[index];

	*rule = (struct plan_rule){ .emit = rule->emit };
	random_start(p, rule);
	rule->root = random_scan(p, rule);
	if (index % 3 == 1) {
		rule->root = random_seen(p, rule->root);
	} else if (index % 3 == 2) {
		rule->root = random_count(p, rule, rule->root);
		rule->root->range_ns = 0;
		rule->root = random_threshold(p, rule->root);
		show_slot(p, rule);
	}
	suppress(p, rule, chance(&f->chance, 5), chance(&f->chance, 2));
}

static struct engine *restart(struct fixture *f, struct engine *engine,
			      struct transcript *t)
{
	struct buf saved = BUF_INIT, again = BUF_INIT;
	struct engine *next = engine_make(&f->plan.plan, transcript_match, t,
					  chance_next(&f->chance));

	tell_gap(f, next);
	assert_int_equal(engine_save(engine, &saved, NULL), 0);
	assert_int_equal(engine_restore(next, saved.bytes, saved.len, NULL), 0);
	assert_int_equal(engine_save(next, &again, NULL), 0);
	assert_int_equal(saved.len, again.len);
	assert_memory_equal(saved.bytes, again.bytes, saved.len);
	buf_release(&saved);
	buf_release(&again);
	engine_free(engine);
	return next;
}

static void restart__between_two_ts__same_matches(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct transcript want,
			got = { .plan = &f->plan.plan, .all = true };
		struct engine *engine;
		int64_t last = INT64_MIN;

		new_pair(f);
		for (unsigned i = 0; i < TEST_RULES; i++)
			survivor(f, i);
		run_uncut(f, &want);
		engine = engine_make(&f->plan.plan, transcript_match, &got, 2);
		tell_gap(f, engine);
		for (unsigned i = 0; i < f->trace.count; i++) {
			int64_t ts = f->trace.rows[i]->ts;

			assert_int_equal(engine_advance(engine, ts, NULL), 0);
			if (ts > last && chance(&f->chance, 3) == 0)
				engine = restart(f, engine, &got);
			last = ts;
			assert_int_equal(
				engine_push(engine, f->trace.rows[i], NULL), 0);
		}
		engine_finish(engine, TEST_RULES);
		assert_string_equal(buf_text(&got.order),
				    buf_text(&want.order));
		total += want.order.len;
		transcript_release(&want);
		transcript_release(&got);
	}
	assert_true(total > rounds() * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			turns__cut_anywhere__same_matches, setup, teardown),
		cmocka_unit_test_setup_teardown(
			arrival__shuffled_within_watermark__same_matches, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			restart__between_two_ts__same_matches, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
