// SPDX-License-Identifier: Apache-2.0
/* The process table against a naive model: an array searched from its end. */
#include "stream_fixture.h"

#include "stream/process_table.h"

#define OFFSET 1000000
#define STEPS 400
#define KEYS 12
#define PROCESSES_MAX 6
#define LINGER 15

/* One process as the model has it; text numbers its program, -1: none known. */
struct known {
	int64_t key, start, ended_at, order;
	int text;
	bool there, ended, snapshot;
};

struct model {
	struct known known[KEYS + 1];
	int64_t order;
	uint64_t evicted, forgotten;
};

static void text_of(int program, char *exe, char *args, size_t *ret_args_len)
{
	int n = sprintf(exe, "/usr/bin/p%d", program);

	assert_true(n > 0);
	*ret_args_len = (size_t)sprintf(args, "p%d%c-x%c", program, 0, 0);
}

static struct known *oldest(struct model *m, bool ended)
{
	struct known *best = NULL;

	for (unsigned i = 1; i <= KEYS; i++) {
		struct known *k = &m->known[i];

		if (k->there && k->ended == ended &&
		    (!best || k->order < best->order))
			best = k;
	}
	return best;
}

static void model_touch(struct model *m, int64_t key)
{
	struct known *k = &m->known[key];

	if (k->there && !k->ended)
		k->order = m->order++;
}

static struct known *model_alive(struct model *m, int64_t key)
{
	struct known *k = &m->known[key];
	unsigned held = 0;

	for (unsigned i = 1; i <= KEYS; i++)
		held += m->known[i].there;
	if (!k->there && held == PROCESSES_MAX) {
		struct known *victim = oldest(m, true);

		if (!victim)
			victim = oldest(m, false);
		victim->there = false;
		m->evicted++;
		m->forgotten += !victim->ended;
	}
	if (!k->there || k->ended)
		k->order = m->order++;
	k->there = true;
	k->ended = false;
	return k;
}

static void model_apply(struct model *m, const struct row *row, int program)
{
	int64_t key = row_get(row, COL_pid_key).i;
	struct known *k = &m->known[key];
	struct known parent = *k;

	if (row->stream == STREAM_PROCESS_FORK) {
		model_touch(m, key);
		k = model_alive(m, row_get(row, COL_PROCESS_FORK_child_key).i);
		k->text = parent.there ? parent.text : -1;
		k->start = row_get(row, COL_PROCESS_FORK_child_start_ns).i;
		k->snapshot = false;
	} else if (row->stream == STREAM_PROCESS_SNAPSHOT) {
		if (k->there && !k->snapshot)
			return;
		k = model_alive(m, key);
		k->snapshot = true;
		k->text = program;
		k->start = row->ts;
	} else if (row->stream == STREAM_PROCESS_EXEC) {
		k = model_alive(m, key);
		k->snapshot = false;
		k->text = program;
		k->start = row->ts;
	} else if (row->stream == STREAM_PROCESS_EXIT) {
		if (!k->there || k->ended)
			return;
		k->ended = true;
		k->snapshot = false;
		k->ended_at = row->ts;
		k->order = m->order++;
	}
}

static void expect_text(const struct row *row, unsigned column,
			const char *want)
{
	struct value v = row_get(row, column);

	assert_int_equal(v.type, VALUE_TEXT);
	assert_int_equal(v.len, strlen(want));
	assert_memory_equal(v.p, want, v.len);
}

static void expect_self(const struct row *row, const struct known *k)
{
	char exe[32], args[32], cmdline[32];
	size_t len;

	if (!k->there) {
		assert_null(row->self);
		return;
	}
	assert_non_null(row->self);
	assert_int_equal(row_get(row, COL_start_ts).i, k->start + OFFSET);
	if (k->text < 0) {
		assert_true(value_is_null(row_get(row, COL_exe)));
		return;
	}
	text_of(k->text, exe, args, &len);
	expect_text(row, COL_exe, exe);
	expect_text(row, COL_name, exe + strlen("/usr/bin/"));
	snprintf(cmdline, sizeof(cmdline), "p%d -x", k->text);
	expect_text(row, COL_cmdline, cmdline);
	assert_int_equal(row_get(row, COL_args_count).i, 2);
	assert_int_equal(row_get(row, COL_args).len, len);
	assert_memory_equal(row_get(row, COL_args).p, args, len);
	assert_int_equal(row_get(row, COL_exe_memfd).i, k->text % 2);
}

static void expect_parent(const struct row *row, const struct known *k)
{
	char exe[32], args[32];
	size_t len;

	assert_int_equal(row->parent != NULL, k->there);
	if (!k->there || k->text < 0)
		return;
	text_of(k->text, exe, args, &len);
	expect_text(row, COL_parent_exe, exe);
}

static void put_program(struct row *row, unsigned first, int program)
{
	static char exe[32], args[32];
	size_t len;

	text_of(program, exe, args, &len);
	row_put(row, first, value_text(exe));
	row_put(row, first + 1, value_bytes(VALUE_LIST, args, len));
	row_put(row, first + 2, value_int(row->ts));
	row_put(row, first + 3,
		value_int(program % 2 ? EVENT_FLAG_EXE_MEMFD : 0));
}

static struct row *random_row(struct arena *arena, uint64_t *state, int64_t ts,
			      int program)
{
	static const enum stream_id streams[] = {
		STREAM_PROCESS_FORK, STREAM_PROCESS_FORK,
		STREAM_PROCESS_EXEC, STREAM_PROCESS_EXIT,
		STREAM_FILE_OPEN,    STREAM_PROCESS_SNAPSHOT
	};
	struct row *row = row_make(arena, streams[chance(state, 6)], ts, 0);

	row_put(row, COL_pid_key, value_int(1 + chance(state, KEYS)));
	row_put(row, COL_parent_key, value_int(1 + chance(state, KEYS)));
	if (row->stream == STREAM_PROCESS_FORK) {
		row_put(row, COL_PROCESS_FORK_child_key,
			value_int(1 + chance(state, KEYS)));
		row_put(row, COL_PROCESS_FORK_child_start_ns,
			value_int(ts + 1));
	}
	if (row->stream == STREAM_PROCESS_EXEC)
		put_program(row, COL_PROCESS_EXEC_exec_exe, program);
	if (row->stream == STREAM_PROCESS_SNAPSHOT)
		put_program(row, COL_PROCESS_SNAPSHOT_exec_exe, program);
	return row;
}

static void model_expire(struct model *m, int64_t now)
{
	for (unsigned i = 1; i <= KEYS; i++) {
		struct known *k = &m->known[i];

		if (k->there && k->ended && k->ended_at + LINGER < now)
			k->there = false;
	}
}

static struct process_table *table_make(uint64_t strings_bytes_max)
{
	const struct process_table_options options = {
		.processes_max = PROCESSES_MAX,
		.strings_bytes_max = strings_bytes_max,
		.linger_ns = LINGER,
		.clock_offset_ns = OFFSET,
		.seed = { 1, 2 },
	};
	struct process_table *table;

	assert_int_equal(process_table_new(&options, &table, NULL), 0);
	return table;
}

static void expect_stats(const struct process_table *table,
			 const struct model *m)
{
	struct process_table_stats stats;
	unsigned held = 0, live = 0;

	for (unsigned i = 1; i <= KEYS; i++) {
		held += m->known[i].there;
		live += m->known[i].there && !m->known[i].ended;
	}
	process_table_stats(table, &stats);
	assert_int_equal(stats.held, held);
	assert_int_equal(stats.live, live);
	assert_int_equal(stats.evicted, m->evicted);
	assert_int_equal(stats.forgotten, m->forgotten);
	assert_true((stats.bytes > 0) == (held > 0));
}

static void apply__random_lifecycles__agree_with_model(void **state)
{
	unsigned runs = check_full() ? 2000 : 50;
	uint64_t seed = test_seed(), evicted = 0, forgotten = 0;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	for (unsigned run = 0; run < runs; run++) {
		struct process_table *table = table_make(1 << 20);
		struct model m = { 0 };
		int64_t ts = 100;

		arena_reset(&arena);
		for (int i = 0; i < STEPS; i++) {
			struct row *row;

			ts += chance(&seed, 4);
			row = random_row(&arena, &seed, ts, i);
			model_apply(&m, row, i);
			process_table_apply(table, row);
			expect_self(row, &m.known[row_get(row, COL_pid_key).i]);
			expect_parent(row,
				      &m.known[row_get(row, COL_parent_key).i]);
			model_touch(&m, row_get(row, COL_pid_key).i);
			model_touch(&m, row_get(row, COL_parent_key).i);
			if (chance(&seed, 8) == 0) {
				model_expire(&m, ts);
				process_table_expire(table, ts);
			}
			expect_stats(table, &m);
		}
		evicted += m.evicted;
		forgotten += m.forgotten;
		process_table_free(table);
	}
	assert_true(evicted > runs);
	assert_true(forgotten > 0 && forgotten < evicted);
	arena_release(&arena);
}

static struct row *exec_row(struct arena *arena, int64_t key, int program)
{
	struct row *row = row_make(arena, STREAM_PROCESS_EXEC, 1, 0);

	row_put(row, COL_pid_key, value_int(key));
	put_program(row, COL_PROCESS_EXEC_exec_exe, program);
	return row;
}

static struct row *child_row(struct arena *arena, int64_t key,
			     int64_t parent_key, int program)
{
	struct row *row = exec_row(arena, key, program);

	row_put(row, COL_parent_key, value_int(parent_key));
	return row;
}

static void expect_ancestor(const struct process_table *table, int64_t key,
			    unsigned n, const char *exe)
{
	const struct context *context = process_table_ancestor(table, key, n);
	struct value v;

	if (!exe) {
		assert_null(context);
		return;
	}
	assert_non_null(context);
	v = context->values[COL_exe - COL_CONTEXT_FIRST];
	assert_int_equal(v.len, strlen(exe));
	assert_memory_equal(v.p, exe, v.len);
}

static void ancestor__known_parents__found_upwards(void **state)
{
	struct process_table *table = table_make(1 << 20);
	struct arena arena;
	struct row *fork;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (int key = 1; key <= 3; key++)
		process_table_apply(table,
				    child_row(&arena, key, key - 1, key));
	fork = row_make(&arena, STREAM_PROCESS_FORK, 2, 0);
	row_put(fork, COL_pid_key, value_int(3));
	row_put(fork, COL_PROCESS_FORK_child_key, value_int(4));
	row_put(fork, COL_PROCESS_FORK_child_parent_key, value_int(3));
	process_table_apply(table, fork);
	expect_ancestor(table, 4, 1, "/usr/bin/p3");
	expect_ancestor(table, 4, 2, "/usr/bin/p2");
	expect_ancestor(table, 4, 3, "/usr/bin/p1");
	expect_ancestor(table, 4, 4, NULL);
	expect_ancestor(table, 9, 1, NULL);
	/* Its parent ended: another took it over. */
	process_table_apply(table, child_row(&arena, 4, 1, 4));
	expect_ancestor(table, 4, 1, "/usr/bin/p1");
	/* What pids say is not to be trusted: a circle ends where asked. */
	process_table_apply(table, child_row(&arena, 1, 4, 1));
	expect_ancestor(table, 4, 1000, "/usr/bin/p4");
	arena_release(&arena);
	process_table_free(table);
}

static void context__held__outlives_exec_and_table(void **state)
{
	struct process_table *table = table_make(1 << 20);
	const struct context *child;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	process_table_apply(table, exec_row(&arena, 1, 7));
	row = row_make(&arena, STREAM_PROCESS_FORK, 2, 0);
	row_put(row, COL_pid_key, value_int(1));
	row_put(row, COL_PROCESS_FORK_child_key, value_int(2));
	row_put(row, COL_PROCESS_FORK_child_start_ns, value_int(2));
	process_table_apply(table, row);
	row = row_make(&arena, STREAM_FILE_OPEN, 3, 0);
	row_put(row, COL_pid_key, value_int(2));
	process_table_apply(table, row);
	child = context_hold(row->self);
	process_table_apply(table, exec_row(&arena, 1, 8));
	process_table_apply(table, exec_row(&arena, 2, 9));
	process_table_free(table);
	row->self = child;
	row->parent = NULL;
	expect_text(row, COL_exe, "/usr/bin/p7");
	context_drop(child);
	arena_release(&arena);
}

static void strings__over_the_limit__evict_others(void **state)
{
	struct process_table *table = table_make(700);
	struct process_table_stats stats;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (int64_t key = 1; key <= 5; key++) {
		row = exec_row(&arena, key, 3);
		process_table_apply(table, row);
		assert_non_null(row->self);
		process_table_stats(table, &stats);
		assert_true(stats.bytes <= 700);
	}
	assert_true(stats.evicted > 0);
	assert_int_equal(stats.forgotten, stats.evicted);
	process_table_free(table);
	arena_release(&arena);
}

/* A flood of idle processes does not make the table forget a busy daemon. */
static void table_full__busy_process__outlives_idle_ones(void **state)
{
	struct process_table *table = table_make(1 << 20);
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	process_table_apply(table, exec_row(&arena, 1, 3));
	for (int64_t key = 2; key < 10 * PROCESSES_MAX; key++) {
		process_table_apply(table, exec_row(&arena, key, 4));
		row = row_make(&arena, STREAM_FILE_OPEN, 1, 0);
		row_put(row, COL_parent_key, value_int(1));
		process_table_apply(table, row);
		assert_non_null(row->parent);
	}
	process_table_free(table);
	arena_release(&arena);
}

static void unknown__counted__not_for_no_parent(void **state)
{
	struct process_table *table = table_make(1 << 20);
	struct process_table_stats stats;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = row_make(&arena, STREAM_FILE_OPEN, 1, 0);
	row_put(row, COL_pid_key, value_int(5));
	row_put(row, COL_parent_key, value_int(0));
	process_table_apply(table, row);
	process_table_stats(table, &stats);
	assert_null(row->self);
	assert_int_equal(stats.unknown, 1);
	process_table_free(table);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply__random_lifecycles__agree_with_model),
		cmocka_unit_test(ancestor__known_parents__found_upwards),
		cmocka_unit_test(context__held__outlives_exec_and_table),
		cmocka_unit_test(strings__over_the_limit__evict_others),
		cmocka_unit_test(table_full__busy_process__outlives_idle_ones),
		cmocka_unit_test(unknown__counted__not_for_no_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
