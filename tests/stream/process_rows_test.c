// SPDX-License-Identifier: Apache-2.0
/* Rows of stream `process`: what makes one, and what it says. */
#include "stream_fixture.h"

#include "stream/process_table.h"

struct fixture {
	struct arena arena;
	struct process_table *table;
	struct row *out;
	int64_t ts;
};

static int setup(void **state)
{
	const struct process_table_options options = {
		.processes_max = 100,
		.strings_bytes_max = 1 << 20,
		.linger_ns = 1000,
	};
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, 1 << 20);
	assert_int_equal(process_table_new(&options, &f->table, NULL), 0);
	f->out = row_make(&f->arena, STREAM_PROCESS, 0, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	process_table_free(f->table);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static struct row *event(struct fixture *f, enum stream_id stream, int64_t key)
{
	struct row *row;

	f->ts++;
	row = row_make(&f->arena, stream, f->ts, (uint64_t)f->ts);
	row->values[COL_pid_key] = value_int(key);
	row->values[COL_pid] = value_int(key % 1000);
	return row;
}

/* False: no row of `process` came of it. */
static bool apply(struct fixture *f, struct row *row)
{
	process_table_apply(f->table, row);
	return process_table_appeared(f->table, row, f->out);
}

static bool exec(struct fixture *f, enum stream_id stream, int64_t key,
		 const char *exe)
{
	struct row *row = event(f, stream, key);
	unsigned column = stream == STREAM_PROCESS_EXEC ?
				  COL_PROCESS_EXEC_exec_exe :
				  COL_PROCESS_SNAPSHOT_exec_exe;

	row->values[row_slot(column)] = value_text(exe);
	return apply(f, row);
}

static bool sample(struct fixture *f, int64_t key, int64_t cpu_milli,
		   const char *status)
{
	struct row *row = event(f, STREAM_PROCESS_SAMPLE, key);

	row->values[row_slot(COL_PROCESS_SAMPLE_sample_has_cpu)] =
		value_bool(true);
	row->values[row_slot(COL_PROCESS_SAMPLE_sample_cpu_milli)] =
		value_int(cpu_milli);
	row->values[row_slot(COL_PROCESS_SAMPLE_sample_status)] =
		value_text(status);
	return apply(f, row);
}

static void assert_row(const struct fixture *f, enum process_cause cause,
		       int64_t key, const char *exe)
{
	struct value name = row_get(f->out, COL_exe);

	assert_int_equal(f->out->stream, STREAM_PROCESS);
	assert_int_equal(f->out->ts, f->ts);
	assert_int_equal(row_get(f->out, COL_PROCESS_cause).i, cause);
	assert_int_equal(row_get(f->out, COL_pid_key).i, key);
	assert_int_equal(name.len, strlen(exe));
	assert_memory_equal(name.p, exe, name.len);
}

static void process__present_forked_execed__a_row_each(void **state)
{
	struct fixture *f = *state;
	struct row *fork;

	assert_true(exec(f, STREAM_PROCESS_SNAPSHOT, 1, "/sbin/init"));
	assert_row(f, PROCESS_PRESENT, 1, "/sbin/init");
	fork = event(f, STREAM_PROCESS_FORK, 1);
	fork->values[row_slot(COL_PROCESS_FORK_child_key)] = value_int(2002);
	fork->values[row_slot(COL_PROCESS_FORK_child_pid)] = value_int(2);
	fork->values[row_slot(COL_PROCESS_FORK_child_parent_key)] =
		value_int(1);
	fork->values[row_slot(COL_PROCESS_FORK_child_ppid)] = value_int(1);
	assert_true(apply(f, fork));
	assert_row(f, PROCESS_FORKED, 2002, "/sbin/init");
	assert_int_equal(row_get(f->out, COL_pid).i, 2);
	assert_int_equal(row_get(f->out, COL_ppid).i, 1);
	assert_int_equal(row_get(f->out, COL_parent_key).i, 1);
	assert_non_null(f->out->parent);
	assert_true(exec(f, STREAM_PROCESS_EXEC, 2002, "/bin/sh"));
	assert_row(f, PROCESS_EXECED, 2002, "/bin/sh");
}

static void other_events__no_row(void **state)
{
	struct fixture *f = *state;

	exec(f, STREAM_PROCESS_EXEC, 1, "/bin/sh");
	assert_false(apply(f, event(f, STREAM_NETWORK_CONNECT, 1)));
	assert_false(apply(f, event(f, STREAM_PROCESS_EXIT, 1)));
	/* What is known already, the snapshot does not tell again. */
	exec(f, STREAM_PROCESS_EXEC, 2, "/bin/sh");
	assert_false(exec(f, STREAM_PROCESS_SNAPSHOT, 2, "/bin/old"));
}

static void sample__of_a_known_process__a_row_when_it_changed(void **state)
{
	struct fixture *f = *state;
	struct value status;

	assert_false(sample(f, 1, 1000, "sleeping"));
	exec(f, STREAM_PROCESS_EXEC, 1, "/bin/sh");
	assert_true(value_is_null(row_get(f->out, COL_cpu_usage)));
	assert_true(sample(f, 1, 12500, "running"));
	assert_row(f, PROCESS_SAMPLED, 1, "/bin/sh");
	assert_true(row_get(f->out, COL_cpu_usage).d == 12.5);
	assert_true(row_get(f->out, COL_PROCESS_cpu_changed).i);
	assert_false(row_get(f->out, COL_PROCESS_memory_changed).i);
	assert_true(value_is_null(row_get(f->out, COL_memory_usage)));
	status = row_get(f->out, COL_status);
	assert_memory_equal(status.p, "running", 7);
	assert_false(sample(f, 1, 12500, "running"));
	assert_true(sample(f, 1, 12500, "stopped"));
	/* Events of the process see it, those of a new program do not. */
	exec(f, STREAM_PROCESS_EXEC, 1, "/bin/sh");
	assert_true(value_is_null(row_get(f->out, COL_cpu_usage)));
}

static void many_samples__no_room_taken(void **state)
{
	struct fixture *f = *state;
	struct process_table_stats before, after;

	exec(f, STREAM_PROCESS_EXEC, 1, "/bin/sh");
	sample(f, 1, 1, "running");
	process_table_stats(f->table, &before);
	for (int64_t i = 2; i < 1000; i++)
		assert_true(sample(f, 1, i, "running"));
	process_table_stats(f->table, &after);
	assert_int_equal(before.bytes, after.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			process__present_forked_execed__a_row_each, setup,
			teardown),
		cmocka_unit_test_setup_teardown(other_events__no_row, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			sample__of_a_known_process__a_row_when_it_changed,
			setup, teardown),
		cmocka_unit_test_setup_teardown(many_samples__no_room_taken,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
