// SPDX-License-Identifier: Apache-2.0
/* The process table against a naive model: an array searched from its end. */
#include "process_fixture.h"
#include "stream_fixture.h"

#include "stream/process_table.h"

#include <linux/sched.h>
#include <signal.h>

#define OFFSET 1000000
#define STEPS 400
#define KEYS 12
#define PROCESSES_MAX 6
#define LINGER 15

/*
 * One process as the model has it; text and cwd number its program and its
 * directory, -1: none known.
 */
struct known {
	int64_t key, start, ended_at, order, parent;
	int text, cwd;
	bool there, ended, snapshot;
};

struct model {
	struct known known[KEYS + 1];
	int64_t order;
	uint64_t evicted, forgotten;
};

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
	if (!k->there)
		*k = (struct known){ .text = -1, .cwd = -1 };
	if (!k->there || k->ended)
		k->order = m->order++;
	k->there = true;
	k->ended = false;
	return k;
}

static bool flagged(const struct row *row, unsigned column)
{
	struct value v = row_get(row, column);

	return v.type == VALUE_BOOL && v.i;
}

static bool failed(const struct row *row)
{
	return row_get(row, COL_retval).type == VALUE_INT;
}

/* The directory that a row names, by its number. */
static int row_cwd(const struct row *row, unsigned column, int otherwise)
{
	struct value v = row_get(row, column);

	return v.type == VALUE_TEXT ? atoi((const char *)v.p + 2) : otherwise;
}

static void model_fork(struct model *m, const struct row *row)
{
	int64_t key = row_get(row, COL_pid_key).i;
	struct known parent = m->known[key];
	struct known *k;

	if (flagged(row, COL_PROCESS_FORK_is_thread))
		return;
	model_touch(m, key);
	k = model_alive(m, row_get(row, COL_PROCESS_FORK_child_key).i);
	k->text = parent.there ? parent.text : -1;
	k->cwd = parent.there ? parent.cwd : -1;
	k->start = row_get(row, COL_PROCESS_FORK_child_start_ns).i;
	k->snapshot = false;
}

static void model_program(struct model *m, const struct row *row, int program,
			  unsigned cwd, bool snapshot)
{
	struct known *k = &m->known[row_get(row, COL_pid_key).i];

	if (failed(row) || (snapshot && k->there && !k->snapshot))
		return;
	k = model_alive(m, row_get(row, COL_pid_key).i);
	k->snapshot = snapshot;
	k->text = program;
	k->start = row->ts;
	k->cwd = row_cwd(row, cwd, k->cwd);
}

static void model_apply(struct model *m, const struct row *row, int program)
{
	struct known *k = &m->known[row_get(row, COL_pid_key).i];
	bool alive = k->there && !k->ended;

	if (row->stream == STREAM_PROCESS_FORK) {
		model_fork(m, row);
	} else if (row->stream == STREAM_PROCESS_SNAPSHOT) {
		model_program(m, row, program, COL_PROCESS_SNAPSHOT_exec_cwd,
			      true);
	} else if (row->stream == STREAM_PROCESS_EXEC) {
		model_program(m, row, program, COL_PROCESS_EXEC_exec_cwd,
			      false);
	} else if (row->stream == STREAM_PROCESS_CHDIR && alive &&
		   !failed(row)) {
		k->cwd = row_cwd(row, COL_PROCESS_CHDIR_path, -1);
	} else if (row->stream == STREAM_PROCESS_EXIT && alive) {
		k->ended = true;
		k->snapshot = false;
		k->ended_at = row->ts;
		k->order = m->order++;
	}
	if (k->there)
		k->parent = row_get(row, COL_parent_key).i;
}

static void expect_text(const struct row *row, unsigned column,
			const char *want)
{
	struct value v = row_get(row, column);

	assert_int_equal(v.type, VALUE_TEXT);
	assert_int_equal(v.len, strlen(want));
	assert_memory_equal(v.p, want, v.len);
}

static void expect_cwd(const struct row *row, unsigned column, int cwd)
{
	char want[32];

	if (cwd < 0) {
		assert_true(value_is_null(row_get(row, column)));
		return;
	}
	snprintf(want, sizeof(want), "/d%d", cwd);
	expect_text(row, column, want);
}

static void expect_program(const struct row *row, int program)
{
	char exe[32], args[32], cmdline[32];
	size_t len;

	text_of(program, exe, args, &len);
	expect_text(row, COL_exe, exe);
	expect_text(row, COL_name, exe + strlen("/usr/bin/"));
	snprintf(cmdline, sizeof(cmdline), "p%d -x", program);
	expect_text(row, COL_cmdline, cmdline);
	assert_int_equal(row_get(row, COL_args_count).i, 2);
	assert_int_equal(row_get(row, COL_args).len, len);
	assert_memory_equal(row_get(row, COL_args).p, args, len);
	assert_int_equal(row_get(row, COL_exe_memfd).i, program % 2);
	assert_int_equal(row_get(row, COL_exe_ino).i, 1000 + program);
	assert_int_equal(row_get(row, COL_exe_dev).i, 8 << 20 | program);
	assert_int_equal(row_get(row, COL_env).len, len);
	assert_memory_equal(row_get(row, COL_env).p, args, len);
}

/* `program`: of the row, when it is an exec. */
static void expect_self(const struct row *row, const struct known *k,
			int program)
{
	if (row->stream == STREAM_PROCESS_EXEC && failed(row)) {
		assert_non_null(row->self);
		expect_program(row, program);
		expect_cwd(row, COL_cwd,
			   k->there ?
				   k->cwd :
				   row_cwd(row, COL_PROCESS_EXEC_exec_cwd, -1));
		return;
	}
	if (!k->there) {
		assert_null(row->self);
		return;
	}
	assert_non_null(row->self);
	assert_int_equal(row_get(row, COL_start_ts).i, k->start + OFFSET);
	expect_cwd(row, COL_cwd, k->cwd);
	if (k->text < 0) {
		assert_true(value_is_null(row_get(row, COL_exe)));
		return;
	}
	expect_program(row, k->text);
}

static void expect_previous(const struct row *row, const struct known *before)
{
	char exe[32], args[32];
	size_t len;

	if (row->stream != STREAM_PROCESS_EXEC)
		return;
	if (failed(row) || !before->there || before->text < 0) {
		assert_true(
			value_is_null(row_get(row, COL_PROCESS_EXEC_prev_exe)));
		return;
	}
	text_of(before->text, exe, args, &len);
	expect_text(row, COL_PROCESS_EXEC_prev_exe, exe);
}

static void expect_ancestors(const struct model *m, const struct row *row)
{
	struct value v = row_get(row, COL_ancestors);
	int64_t key = row_get(row, COL_parent_key).i;
	char want[PROCESS_ANCESTORS_MAX * 16];
	size_t len = 0;

	for (unsigned n = 0; n < PROCESS_ANCESTORS_MAX; n++) {
		const struct known *k = &m->known[key];

		if (!k->there || k->text < 0)
			break;
		len += (size_t)sprintf(want + len, "p%d", k->text) + 1;
		key = k->parent;
	}
	assert_int_equal(v.type, len ? VALUE_LIST : VALUE_NULL);
	if (!len)
		return;
	assert_int_equal(v.len, len);
	assert_memory_equal(v.p, want, len);
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
	expect_cwd(row, COL_parent_cwd, k->cwd);
}

static struct value cwd_text(struct arena *arena, int cwd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "/d%d", cwd);

	return value_text(arena_copy(arena, text, (size_t)n));
}

/* What only some rows have. */
static void put_extras(struct arena *arena, uint64_t *state, struct row *row,
		       int program)
{
	if (row->stream == STREAM_PROCESS_FORK && chance(state, 5) == 0)
		row_put(row, COL_PROCESS_FORK_is_thread, value_bool(true));
	if (row->stream == STREAM_PROCESS_EXEC && chance(state, 2) == 0)
		row_put(row, COL_PROCESS_EXEC_exec_cwd,
			cwd_text(arena, program));
	if (row->stream == STREAM_PROCESS_SNAPSHOT && chance(state, 2) == 0)
		row_put(row, COL_PROCESS_SNAPSHOT_exec_cwd,
			cwd_text(arena, program));
	if (row->stream == STREAM_PROCESS_CHDIR)
		row_put(row, COL_PROCESS_CHDIR_path, cwd_text(arena, program));
	if ((row->stream == STREAM_PROCESS_EXEC ||
	     row->stream == STREAM_PROCESS_CHDIR) &&
	    chance(state, 5) == 0)
		row_put(row, COL_retval, value_int(-2));
}

static struct row *random_row(struct arena *arena, uint64_t *state, int64_t ts,
			      int program)
{
	static const enum stream_id streams[] = {
		STREAM_PROCESS_FORK, STREAM_PROCESS_FORK,
		STREAM_PROCESS_EXEC, STREAM_PROCESS_EXIT,
		STREAM_FILE_OPEN,    STREAM_PROCESS_SNAPSHOT,
		STREAM_PROCESS_CHDIR
	};
	struct row *row = row_make(arena, streams[chance(state, 7)], ts, 0);

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
	put_extras(arena, state, row, program);
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
		process_table_ask(table, PROCESS_AMBIENT(COL_ancestors));
		for (int i = 0; i < STEPS; i++) {
			struct known before;
			struct row *row;

			ts += chance(&seed, 4);
			row = random_row(&arena, &seed, ts, i);
			before = m.known[row_get(row, COL_pid_key).i];
			model_apply(&m, row, i);
			process_table_apply(table, row);
			expect_self(row, &m.known[row_get(row, COL_pid_key).i],
				    i);
			expect_parent(row,
				      &m.known[row_get(row, COL_parent_key).i]);
			expect_previous(row, &before);
			expect_ancestors(&m, row);
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

static void expect_place(const struct process_table *table, int64_t key,
			 const char *cwd)
{
	const struct context *context = process_table_ancestor(table, key, 0);
	struct value v;

	assert_non_null(context);
	v = context->values[COL_cwd - COL_CONTEXT_FIRST];
	if (!cwd) {
		assert_true(value_is_null(v));
		return;
	}
	assert_int_equal(v.len, strlen(cwd));
	assert_memory_equal(v.p, cwd, v.len);
}

static struct row *fork_row(struct arena *arena, int64_t key, int64_t child,
			    int64_t flags)
{
	struct row *row = row_make(arena, STREAM_PROCESS_FORK, 2, 0);

	row_put(row, COL_pid_key, value_int(key));
	row_put(row, COL_PROCESS_FORK_child_key, value_int(child));
	row_put(row, COL_PROCESS_FORK_child_parent_key, value_int(key));
	row_put(row, COL_PROCESS_FORK_clone_flags, value_int(flags));
	return row;
}

/* The one moves, and with it the other, of which nothing is heard. */
static void cwd__shared_by_processes__is_unknown(void **state)
{
	struct process_table *table = table_make(1 << 20);
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	row = exec_row(&arena, 1, 1);
	row_put(row, COL_PROCESS_EXEC_exec_cwd, cwd_text(&arena, 1));
	process_table_apply(table, row);
	process_table_apply(table, fork_row(&arena, 1, 2, SIGCHLD));
	expect_place(table, 2, "/d1");
	process_table_apply(table, fork_row(&arena, 1, 3, CLONE_FS | SIGCHLD));
	expect_place(table, 1, NULL);
	expect_place(table, 2, "/d1");
	expect_place(table, 3, NULL);
	row = row_make(&arena, STREAM_PROCESS_CHDIR, 3, 0);
	row_put(row, COL_pid_key, value_int(3));
	row_put(row, COL_PROCESS_CHDIR_path, cwd_text(&arena, 2));
	process_table_apply(table, row);
	expect_place(table, 3, NULL);
	row = exec_row(&arena, 1, 1);
	row_put(row, COL_PROCESS_EXEC_exec_cwd, cwd_text(&arena, 1));
	process_table_apply(table, row);
	expect_place(table, 1, NULL);
	process_table_free(table);
	arena_release(&arena);
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

struct family {
	struct process_table *table;
	struct arena *arena;
};

#define START_NS 1000000

/* A process of this pid and parent runs `exe`, in the session `sid`. */
static void runs_since(struct family *f, int64_t start_ns, int64_t pid,
		       int64_t parent, int64_t sid, const char *exe)
{
	struct row *row = row_make(f->arena, STREAM_PROCESS_EXEC, 1, 0);

	row_put(row, COL_pid_key, value_int(PID_KEY(start_ns, pid)));
	row_put(row, COL_parent_key,
		value_int(parent ? (int64_t)PID_KEY(START_NS, parent) : 0));
	row_put(row, COL_sid, value_int(sid));
	row_put(row, COL_PROCESS_EXEC_exec_exe, value_text(exe));
	if (parent == 0 && pid == 2)
		row_put(row, COL_PROCESS_EXEC_exec_flags,
			value_int(EVENT_FLAG_KTHREAD));
	process_table_apply(f->table, row);
}

static void runs(struct family *f, int64_t pid, int64_t parent, int64_t sid,
		 const char *exe)
{
	runs_since(f, START_NS, pid, parent, sid, exe);
}

static void ends(struct family *f, int64_t pid)
{
	struct row *row = row_make(f->arena, STREAM_PROCESS_EXIT, 2, 0);

	row_put(row, COL_pid_key, value_int(PID_KEY(START_NS, pid)));
	process_table_apply(f->table, row);
}

static struct row *opens(struct family *f, int64_t pid, int64_t parent,
			 int64_t sid)
{
	struct row *row = row_make(f->arena, STREAM_FILE_OPEN, 3, 0);

	row_put(row, COL_pid_key, value_int(PID_KEY(START_NS, pid)));
	row_put(row, COL_parent_key, value_int(PID_KEY(START_NS, parent)));
	row_put(row, COL_sid, value_int(sid));
	return row;
}

static void expect_entry(struct family *f, struct row *row, const char *entry,
			 const char *leader)
{
	process_table_apply(f->table, row);
	if (entry)
		expect_text(row, COL_entry_type, entry);
	else
		assert_true(value_is_null(row_get(row, COL_entry_type)));
	if (leader)
		expect_text(row, COL_session_leader_exe, leader);
	else
		assert_true(
			value_is_null(row_get(row, COL_session_leader_exe)));
}

static void family_start(struct family *f, struct arena *arena)
{
	const struct process_table_options options = {
		.processes_max = 100,
		.strings_bytes_max = 1 << 20,
		.linger_ns = LINGER,
		.clock_offset_ns = OFFSET,
	};

	arena_init(arena, 1 << 20);
	*f = (struct family){ .arena = arena };
	assert_int_equal(process_table_new(&options, &f->table, NULL), 0);
	process_table_ask(f->table, PROCESS_AMBIENT_ALL);
	runs(f, 1, 0, 1, "/sbin/init");
	runs(f, 2, 0, 0, "kthreadd");
	runs(f, 10, 1, 10, "/usr/sbin/sshd");
	runs(f, 11, 10, 11, "/usr/sbin/sshd");
	runs(f, 12, 11, 12, "/bin/bash");
	runs(f, 13, 12, 12, "/usr/bin/curl");
	runs(f, 20, 1, 20, "/usr/sbin/cron");
	runs(f, 21, 20, 20, "/bin/sh");
	runs(f, 30, 1, 30, "/usr/bin/containerd-shim-runc-v2");
	runs(f, 31, 30, 31, "/entry");
	runs(f, 40, 1, 40, "/usr/bin/unknownd");
	runs(f, 41, 40, 40, "/bin/sh");
	runs(f, 50, 2, 0, "/sbin/modprobe");
}

static void entry__ways_in__are_told_apart(void **state)
{
	struct arena arena;
	struct family f;
	struct row *row;

	(void)state;
	family_start(&f, &arena);
	expect_entry(&f, opens(&f, 13, 12, 12), "sshd", "/bin/bash");
	/* The daemon itself did not come through its own door. */
	expect_entry(&f, opens(&f, 10, 1, 10), "init", "/usr/sbin/sshd");
	expect_entry(&f, opens(&f, 21, 20, 20), "cron", "/usr/sbin/cron");
	expect_entry(&f, opens(&f, 31, 30, 31), "container", "/entry");
	expect_entry(&f, opens(&f, 41, 40, 40), "init", "/usr/bin/unknownd");
	expect_entry(&f, opens(&f, 2, 0, 0), "kthread", NULL);
	expect_entry(&f, opens(&f, 50, 2, 0), "kthread", NULL);
	expect_entry(&f, opens(&f, 99, 98, 97), NULL, NULL);
	row = opens(&f, 41, 40, 40);
	row_put(row, COL_tty, value_int(4 << 20));
	expect_entry(&f, row, "terminal", "/usr/bin/unknownd");
	row = opens(&f, 41, 40, 40);
	row_put(row, COL_pid_ns, value_int(0xEFFFFFFCLL));
	expect_entry(&f, row, "init", "/usr/bin/unknownd");
	row_put(row, COL_pid_ns, value_int(4026532000LL));
	expect_entry(&f, row, "container", "/usr/bin/unknownd");
	process_table_free(f.table);
	arena_release(&arena);
}

/* nohup: the shell is gone, init has taken the child. */
static void entry__left_behind__is_that_of_its_session(void **state)
{
	struct arena arena;
	struct family f;

	(void)state;
	family_start(&f, &arena);
	ends(&f, 12);
	expect_entry(&f, opens(&f, 13, 1, 12), "sshd", "/bin/bash");
	/* The pid is given again: the session was over by then. */
	runs_since(&f, 2 * START_NS, 12, 1, 12, "/usr/bin/other");
	expect_entry(&f, opens(&f, 13, 1, 12), "init", "/usr/bin/other");
	process_table_free(f.table);
	arena_release(&arena);
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
		cmocka_unit_test(cwd__shared_by_processes__is_unknown),
		cmocka_unit_test(ancestor__known_parents__found_upwards),
		cmocka_unit_test(entry__ways_in__are_told_apart),
		cmocka_unit_test(entry__left_behind__is_that_of_its_session),
		cmocka_unit_test(context__held__outlives_exec_and_table),
		cmocka_unit_test(strings__over_the_limit__evict_others),
		cmocka_unit_test(table_full__busy_process__outlives_idle_ones),
		cmocka_unit_test(unknown__counted__not_for_no_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
