// SPDX-License-Identifier: Apache-2.0
/* A process as /proc tells it: this one, whose identity is known. */
#include "support/unit.h"

#include "bpf/event.h"
#include "user/collect/proc_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Start in clock ticks: in /proc/PID/stat, 20 fields behind the name. */
static uint64_t start_ticks(pid_t pid)
{
	char path[64], text[1024];
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	at = strrchr(text, ')');
	for (unsigned i = 0; i < 20; i++)
		at = strchr(at + 1, ' ');
	return strtoull(at, NULL, 10);
}

/* Some moment within the tick, `ticks` later than the process started. */
static uint64_t key_of(pid_t pid, uint64_t ticks)
{
	uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

	return PID_KEY((start_ticks(pid) + ticks) * tick_ns + tick_ns / 2, pid);
}

static uint64_t own_key(uint64_t ticks)
{
	return key_of(getpid(), ticks);
}

static void process__this_one__has_name_program_and_arguments(void **state)
{
	const struct process_exec_event *e;
	struct buf record = BUF_INIT;
	char exe[4096], cwd[4096];
	struct stat st;
	ssize_t n;

	(void)state;
	prctl(PR_SET_NAME, "a) R 1 (b");
	assert_true(proc_process(own_key(0), (uint32_t)getpid(), &record));
	e = (const void *)record.bytes;
	assert_int_equal(e->head.size, record.len);
	assert_int_equal(e->head.stream, STREAM_PROCESS_SNAPSHOT);
	assert_int_equal(e->head.pid_key, own_key(0));
	assert_int_equal(e->head.pid, getpid());
	assert_int_equal(e->head.ppid, getppid());
	assert_string_equal(e->head.comm, "a) R 1 (b");
	assert_int_equal(e->head.uid, getuid());
	assert_int_equal(e->head.gid, getgid());
	assert_int_equal(e->head.truncated & ~(uint32_t)EVENT_PART_ENV, 0);
	n = readlink("/proc/self/exe", exe, sizeof(exe));
	assert_int_equal(e->exe.len, n);
	assert_memory_equal(record.bytes + e->exe.off, exe, (size_t)n);
	assert_true(e->args.len > 1);
	assert_int_equal(record.bytes[e->args.off + e->args.len - 1], 0);
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_int_equal(e->exe_ino, st.st_ino);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(e->cwd.len, strlen(cwd));
	assert_memory_equal(record.bytes + e->cwd.off, cwd, e->cwd.len);
	assert_int_equal(e->env.off + e->env.len, record.len);
	buf_release(&record);
}

/* Nobody that cannot be asked is root. */
static void process__of_another_user__is_not_roots(void **state)
{
	const struct process_exec_event *e;
	struct buf record = BUF_INIT;
	int ready[2], go[2];
	char byte = 0;
	uint64_t key;
	pid_t pid;

	(void)state;
	if (getuid())
		skip();
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (setresgid(1235, 1236, 0) || setresuid(1233, 1234, 0))
			_exit(1);
		(void)!write(ready[1], &byte, 1);
		(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	key = key_of(pid, 0);
	assert_true(proc_process(key, (uint32_t)pid, &record));
	e = (const void *)record.bytes;
	assert_int_equal(e->head.uid, 1233);
	assert_int_equal(e->head.euid, 1234);
	assert_int_equal(e->head.gid, 1235);
	assert_int_equal(e->head.egid, 1236);
	assert_int_equal(e->head.caps_eff, 0);
	close(go[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	buf_release(&record);
}

static void process__another_start__is_not_that_process(void **state)
{
	struct buf record = BUF_INIT;

	(void)state;
	assert_false(proc_process(own_key(1), (uint32_t)getpid(), &record));
	assert_false(proc_process(own_key(0), 1U << PID_KEY_SHIFT, &record));
	assert_int_equal(record.len, 0);
	buf_release(&record);
}

static void was_there__since_its_start_until_its_end(void **state)
{
	uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t start_ns = start_ticks(getpid()) * tick_ns;
	pid_t pid = fork();
	siginfo_t info;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(proc_was_there((uint32_t)getpid(), start_ns + tick_ns));
	assert_false(proc_was_there((uint32_t)getpid(), start_ns));
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(proc_was_there((uint32_t)pid, UINT64_MAX));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(proc_was_there((uint32_t)pid, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			process__this_one__has_name_program_and_arguments),
		cmocka_unit_test(process__of_another_user__is_not_roots),
		cmocka_unit_test(process__another_start__is_not_that_process),
		cmocka_unit_test(was_there__since_its_start_until_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
