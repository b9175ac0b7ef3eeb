// SPDX-License-Identifier: Apache-2.0
/*
 * All operators together with far too little room: nothing breaks, what is lost
 * is the same whatever the turns and the seed, and it is told. The pool never
 * holds more than its limit and ends empty.
 */
#include "random_plan.h"

#include "stream/engine_int.h"

#define AGGREGATES 4

struct fixture {
	struct arena arena;
	uint64_t chance;
	struct trace trace;
	struct random_plan plan;
	bool cut;
	uint64_t flagged; /* matches that say what they lack */
};

/* One line a match; `sound`: of those alone that claim to be complete. */
struct lines {
	const struct plan *plan;
	struct fixture *fixture;
	struct buf text, rules[TEST_RULES];
	struct engine_rule_stats stats[TEST_RULES];
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

static void lines_release(struct lines *l)
{
	buf_release(&l->text);
	for (unsigned i = 0; i < TEST_RULES; i++)
		buf_release(&l->rules[i]);
}

/* Of a match its number says how many were before it: not the same. */
static void put_row(struct buf *out, const struct row *row)
{
	if (!row)
		buf_puts(out, "-,");
	else if (row->stream == PLAN_STREAM_MATCHES)
		buf_puts(out, "m,");
	else
		buf_printf(out, "%d,", (int)row->seq);
}

static void put_output(struct buf *out, struct value v)
{
	if (value_is_null(v))
		buf_puts(out, "|-");
	else if (value_is_bytes(v))
		buf_printf(out, "|%.*s", (int)v.len, (const char *)v.p);
	else if (v.type == VALUE_DOUBLE)
		buf_printf(out, "|%.17g", v.d);
	else
		buf_printf(out, "|%lld", (long long)v.i);
}

static int write_line(void *ctx, const struct match *match, struct err *err)
{
	struct lines *l = ctx;
	unsigned rule = (unsigned)(match->rule - l->plan->rules);
	struct buf line = BUF_INIT;

	(void)err;
	buf_printf(&line, "\n%u: ", rule);
	for (unsigned i = 0; i < match->rule->input_count; i++)
		put_row(&line, match->rows[i]);
	for (unsigned i = 0; i < match->rule->output_count; i++)
		put_output(&line, match->outputs[i]);
	buf_printf(&line, " @%d [%d %d] of %d: ", (int)match->ts,
		   (int)match->window_start, (int)match->window_end,
		   (int)match->evidence_total);
	write_rows(&line, match->evidence, match->evidence_count);
	buf_puts(&line, ".");
	buf_put(&l->rules[rule], line.bytes, line.len);
	if (match->coverage != COVERAGE_COMPLETE) {
		buf_puts(&line, " !");
		l->fixture->flagged++;
	}
	buf_put(&l->text, line.bytes, line.len);
	buf_release(&line);
	return 0;
}

static struct expr *argument(struct random_plan *p, unsigned input, bool text)
{
	return text ? expr_column(p->arena, input, COL_comm, VALUE_TEXT) :
		      expr_column(p->arena, input, COL_uid, VALUE_INT);
}

static void show_slots(struct random_plan *p, struct plan_rule *rule,
		       unsigned count)
{
	struct plan_output *outputs =
		arena_array(p->arena, count, sizeof(*outputs));

	assert_non_null(outputs);
	for (unsigned i = 0; i < count; i++)
		outputs[i] =
			(struct plan_output){ "s", expr_slot(p->arena, i) };
	rule->outputs = outputs;
	rule->output_count = count;
	rule->slot_count = count;
}

/* Sliding or grouped, over a stream or a join, any aggregates. */
static void aggregate_rule(struct random_plan *p, struct plan_rule *rule,
			   enum plan_kind kind)
{
	unsigned first = kind == PLAN_GROUP ? 3 : 0;
	struct plan_aggregate *all =
		arena_array(p->arena, AGGREGATES, sizeof(*all));
	struct plan_node *node, *child;

	assert_non_null(all);
	*rule = (struct plan_rule){ 0 };
	random_start(p, rule);
	child = random_scan(p, rule);
	if (chance(p->chance, 2))
		child = random_join(p, rule, child);
	node = node_make(p, kind, child);
	for (unsigned i = 0; i < AGGREGATES; i++) {
		bool text = chance(p->chance, 2);

		all[i].op = (enum plan_aggregate_op)chance(
			p->chance, PLAN_AGGREGATE_OP_COUNT);
		all[i].type = VALUE_INT;
		all[i].slot = (uint8_t)(first + i);
		if (all[i].op == PLAN_SUM || all[i].op == PLAN_AVG)
			text = false;
		if (all[i].op != PLAN_COUNT_ROWS)
			all[i].arg = argument(p, 0, text);
	}
	node->aggregates = all;
	node->aggregate_count = AGGREGATES;
	node->key_count = 1;
	node->left_keys = key_of(p, 0, COL_pid_key, 1);
	node->range_ns = chance(p->chance, 9);
	node->window = (enum plan_window)chance(p->chance, 3);
	node->slide_ns = 1 + chance(p->chance, 4);
	node->size_ns = node->slide_ns * (1 + chance(p->chance, 4));
	node->limit = (int)chance(p->chance, 4) - 1;
	show_slots(p, rule, first + AGGREGATES);
	rule->root = node;
	rule->emit = kind == PLAN_GROUP ? PLAN_EMIT_CLOSE : PLAN_EMIT_EVERY;
}

static void new_plan(struct fixture *f)
{
	arena_reset(&f->arena);
	trace_make(&f->arena, &f->chance, &f->trace);
	random_plan_make_all(&f->plan, &f->arena, &f->chance);
	aggregate_rule(&f->plan, &f->plan.rules[7], PLAN_OVER);
	aggregate_rule(&f->plan, &f->plan.rules[8], PLAN_GROUP);
}

static void add_policies(struct fixture *f)
{
	for (unsigned i = 0; i < TEST_RULES; i++) {
		struct plan_rule *rule = &f->plan.rules[i];

		if (rule->root->kind == PLAN_GROUP)
			continue;
		if (chance(&f->chance, 2))
			rule->emit = PLAN_EMIT_FIRST;
		if (chance(&f->chance, 2))
			suppress(&f->plan, rule, 1 + chance(&f->chance, 5),
				 chance(&f->chance, 2));
	}
}

static void run(struct fixture *f, const struct plan *plan, uint64_t limit,
		struct lines *l)
{
	const struct engine_options options = {
		.on_match = write_line,
		.ctx = l,
		.seed = { chance_next(&f->chance), 5 },
		.state_bytes_max = limit,
	};
	struct engine *engine;

	*l = (struct lines){ .plan = plan, .fixture = f };
	assert_int_equal(engine_new(plan, &options, &engine, NULL), 0);
	for (unsigned i = 0; i < f->trace.count; i++) {
		const struct row *row = f->trace.rows[i];
		int64_t cut = row->ts - chance(&f->chance, 4);

		if (f->cut && chance(&f->chance, 3) == 0)
			assert_int_equal(engine_advance(engine, cut, NULL), 0);
		assert_int_equal(engine_push(engine, row, NULL), 0);
		assert_true(engine->pool.used_bytes + engine->pool.free_bytes <=
			    limit);
	}
	assert_int_equal(engine_advance(engine, INT64_MAX, NULL), 0);
	for (unsigned i = 0; i < plan->rule_count; i++) {
		engine_rule_stats(engine, i, &l->stats[i]);
		assert_int_equal(l->stats[i].state_rows, 0);
	}
	engine_free(engine);
}

static unsigned rounds(void)
{
	return check_full() ? 3000 : 400;
}

static uint64_t some_limit(struct fixture *f)
{
	return 512 + chance(&f->chance, 1u << (10 + chance(&f->chance, 8)));
}

static void pressure__any_cut_and_seed__same_matches(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct lines want, got;
		uint64_t limit = some_limit(f);

		new_plan(f);
		add_policies(f);
		f->cut = false;
		run(f, &f->plan.plan, limit, &want);
		f->cut = true;
		run(f, &f->plan.plan, limit, &got);
		assert_string_equal(buf_text(&got.text), buf_text(&want.text));
		total += want.text.len;
		lines_release(&want);
		lines_release(&got);
	}
	assert_true(total > rounds() * 100);
	assert_true(f->flagged > rounds());
}

static bool lost_state(const struct fixture *f, const struct lines *l,
		       unsigned rule)
{
	const struct plan_rule *plan = &f->plan.rules[rule];
	bool lost = l->stats[rule].evicted || l->stats[rule].refused;

	for (unsigned i = 0; i < plan->input_count; i++)
		if (plan->input_rules[i])
			lost |= lost_state(f, l,
					   (unsigned)(plan->input_rules[i] -
						      f->plan.rules));
	return lost;
}

/* Each line that claims to be complete is one of a run with room enough. */
static void assert_sound(struct lines *few, struct lines *all)
{
	char *text = (char *)(uintptr_t)buf_text(&few->text), *line, *save;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strchr(line, '!') && !strstr(buf_text(&all->text), line))
			fail_msg("not of a full run: %s\n%s", line,
				 buf_text(&all->text));
}

static void pressure__what_is_lost__is_told(void **state)
{
	struct fixture *f = *state;
	unsigned untouched = 0, touched = 0;

	for (unsigned round = 0; round < rounds(); round++) {
		struct lines all, few;

		new_plan(f);
		run(f, &f->plan.plan, STATE_BYTES, &all);
		run(f, &f->plan.plan, some_limit(f), &few);
		for (unsigned i = 0; i < TEST_RULES; i++) {
			assert_false(lost_state(f, &all, i));
			if (lost_state(f, &few, i)) {
				touched++;
				continue;
			}
			assert_string_equal(buf_text(&few.rules[i]),
					    buf_text(&all.rules[i]));
			untouched++;
		}
		assert_sound(&few, &all);
		lines_release(&all);
		lines_release(&few);
	}
	assert_true(untouched > rounds() && touched > rounds());
}

/* A rule reads those before it: the first few are the same without the rest. */
static void rules__with_others_or_without__same_matches(void **state)
{
	struct fixture *f = *state;

	for (unsigned round = 0; round < rounds(); round++) {
		struct lines all, few;
		struct plan prefix;

		new_plan(f);
		add_policies(f);
		prefix = f->plan.plan;
		prefix.rule_count = 1 + chance(&f->chance, TEST_RULES - 1);
		run(f, &f->plan.plan, STATE_BYTES, &all);
		run(f, &prefix, STATE_BYTES, &few);
		for (unsigned i = 0; i < prefix.rule_count; i++)
			assert_string_equal(buf_text(&few.rules[i]),
					    buf_text(&all.rules[i]));
		lines_release(&all);
		lines_release(&few);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pressure__any_cut_and_seed__same_matches, setup,
			teardown),
		cmocka_unit_test_setup_teardown(pressure__what_is_lost__is_told,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			rules__with_others_or_without__same_matches, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
