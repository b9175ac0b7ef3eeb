// SPDX-License-Identifier: Apache-2.0
/* process.snapshot against children of known shape, and against /proc. */
#include "live.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

static const struct collect_request quiet_request = { .streams = { false } };

/* A child that runs `argv` and waits to be killed. */
static pid_t sleeper_start(const char *file, const char *const *argv)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(file, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	/* The pipe closes on exec. */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void sleeper_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void live_snapshot(struct live *live)
{
	struct err err = { 0 };

	if (collector_snapshot(live->collector, live_keep, live, &err))
		fail_msg("collector_snapshot: %s", err.text);
}

static void snapshot__older_child__has_exe_and_arguments(void **state)
{
	static const char *const argv[] = { "my sleep", "1000", NULL };
	const struct process_exec_event *e;
	struct live live;
	char real[4096];
	int64_t before;
	pid_t pid;

	(void)state;
	assert_non_null(realpath("/bin/sleep", real));
	pid = sleeper_start("/bin/sleep", argv);
	before = collect_now_ns();
	live_open(&live, &quiet_request);
	live_snapshot(&live);
	e = live_need(&live, STREAM_PROCESS_SNAPSHOT, pid);
	assert_string_equal(blob_text(e, e->exe), real);
	assert_int_equal(e->args.len, 14);
	assert_memory_equal((const char *)e + e->args.off, "my sleep\0001000",
			    14);
	assert_int_equal(e->args_total_bytes, 14);
	assert_int_equal(e->filename.len, 0);
	assert_int_equal(e->head.ppid, getpid());
	assert_int_equal(e->head.truncated, 0);
	assert_int_equal(e->head.flags, 0);
	assert_string_equal(e->head.comm, "sleep");
	assert_true((int64_t)e->head.ts >= before);
	assert_true((int64_t)e->head.ts <= collect_now_ns());
	assert_true((int64_t)e->head.start_ns < before);
	/* Once, and by the identity that live records have. */
	assert_null(live_find(&live, STREAM_PROCESS_SNAPSHOT, pid, 1));
	sleeper_stop(pid);
	live_drain(&live);
	assert_int_equal(((const struct event_head *)live_need(
				  &live, STREAM_PROCESS_EXIT, pid))
				 ->pid_key,
			 e->head.pid_key);
	live_close(&live);
}

static void snapshot__long_arguments__are_cut(void **state)
{
	static char word[20000];
	const char *argv[] = { "sleep", "1000", word, NULL };
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	memset(word, '0', sizeof(word) - 1);
	pid = sleeper_start("/bin/sleep", argv);
	live_open(&live, &quiet_request);
	live_snapshot(&live);
	e = live_need(&live, STREAM_PROCESS_SNAPSHOT, pid);
	assert_int_equal(e->head.truncated, EVENT_PART_ARGS);
	assert_int_equal(e->args.len, EVENT_ARGS_SIZE);
	assert_int_equal(e->args_total_bytes, 6 + 5 + sizeof(word));
	sleeper_stop(pid);
	live_close(&live);
}

/* exe as /proc tells it, "" when it has none. */
static void proc_exe(pid_t pid, char *ret_exe, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, ret_exe, size - 1);
	ret_exe[n > 0 ? n : 0] = '\0';
}

#define PIDS_MAX 4096

struct proc_view {
	pid_t pid;
	char exe[1024];
};

/* Every process of /proc whose exe can be read. */
static size_t proc_read(struct proc_view *views)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(proc);
	while ((entry = readdir(proc)) && n < PIDS_MAX) {
		views[n].pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (views[n].pid <= 0)
			continue;
		proc_exe(views[n].pid, views[n].exe, sizeof(views[n].exe));
		if (views[n].exe[0] && !strstr(views[n].exe, " (deleted)"))
			n++;
	}
	closedir(proc);
	return n;
}

static void snapshot__every_process__agrees_with_proc(void **state)
{
	struct proc_view *views = calloc(PIDS_MAX, sizeof(*views));
	const struct process_exec_event *e;
	unsigned compared = 0;
	struct live live;
	char exe[1024];
	size_t n;

	(void)state;
	assert_non_null(views);
	live_open(&live, &quiet_request);
	n = proc_read(views);
	live_snapshot(&live);
	for (size_t i = 0; i < n; i++) {
		/* Others come and go: compare what did not change meanwhile. */
		proc_exe(views[i].pid, exe, sizeof(exe));
		if (strcmp(exe, views[i].exe) != 0)
			continue;
		e = live_need(&live, STREAM_PROCESS_SNAPSHOT, views[i].pid);
		assert_string_equal(blob_text(e, e->exe), exe);
		compared++;
	}
	assert_true(compared >= 1);
	e = live_need(&live, STREAM_PROCESS_SNAPSHOT, getpid());
	proc_exe(getpid(), exe, sizeof(exe));
	assert_string_equal(blob_text(e, e->exe), exe);
	e = live_need(&live, STREAM_PROCESS_SNAPSHOT, 2);
	assert_string_equal(e->head.comm, "kthreadd");
	assert_int_equal(e->head.flags, EVENT_FLAG_KTHREAD);
	assert_int_equal(e->exe.len, 0);
	assert_int_equal(e->head.truncated, 0);
	free(views);
	live_close(&live);
}

static bool proc_has(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return access(path, F_OK) == 0;
}

static bool listed(const struct live *live, uint64_t pid_key)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head)))
		if (head->pid_key == pid_key)
			return true;
	return false;
}

/* Also of those that the kernel hides from the list of tasks. */
static void snapshot__parent_that_lives__is_there(void **state)
{
	const struct event_head *head = NULL;
	const struct process_exec_event *e;
	unsigned compared = 0;
	struct live live;

	(void)state;
	live_open(&live, &quiet_request);
	live_snapshot(&live);
	while ((head = live_next(&live, head))) {
		/* It may have ended meanwhile, but not come. */
		if (!head->ppid || !proc_has(head->ppid) ||
		    live_find(&live, STREAM_PROCESS_EXIT, head->ppid, 0))
			continue;
		if (!listed(&live, head->parent_key))
			fail_msg("pid %u: its parent %u is not listed",
				 head->pid, head->ppid);
		compared++;
	}
	assert_true(compared >= 1);
	e = live_need(&live, STREAM_PROCESS_SNAPSHOT, 1);
	assert_true(e->args.len > 0);
	assert_int_equal(e->head.ppid, 0);
	assert_null(live_find(&live, STREAM_PROCESS_SNAPSHOT, 1, 1));
	live_close(&live);
}

static void snapshot__sequence__has_no_holes_and_counts(void **state)
{
	const struct event_head *head = NULL;
	struct collect_counters counters;
	struct live live;
	uint64_t seq = 0;

	(void)state;
	live_open(&live, &quiet_request);
	live_snapshot(&live);
	while ((head = live_next(&live, head)))
		assert_int_equal(head->seq, ++seq);
	counters_need(&live, STREAM_PROCESS_SNAPSHOT, &counters);
	assert_int_equal(counters.delivered, seq);
	assert_int_equal(counters.generated, seq);
	live_close(&live);
}

#define MANY 10000

/* Many children of a child, which end with it. */
static void many_wait(int ready, int go)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < MANY; i++) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(1);
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	if (write(ready, "", 1) != 1 || read(go, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

static int64_t cpu_time_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

/*
 * Each is there once, nothing is missing, and it takes less than a second of a
 * CPU, whatever else the machine does meanwhile.
 */
static void snapshot__ten_thousand__all_listed_in_a_second(void **state)
{
	const struct event_head *head = NULL;
	struct collect_counters counters;
	int ready[2], go[2];
	unsigned found = 0;
	int64_t before, took;
	struct live live;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		many_wait(ready[1], go[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	live_open(&live, &quiet_request);
	before = cpu_time_ns();
	live_snapshot(&live);
	took = cpu_time_ns() - before;
	while ((head = live_next(&live, head))) {
		const struct process_exec_event *e = (const void *)head;

		if (head->ppid != (uint32_t)pid)
			continue;
		found++;
		assert_true(e->exe.len > 0 && e->args.len > 0 &&
			    e->cwd.len > 0);
	}
	print_message("%u processes listed in %lld ms\n", found,
		      (long long)(took / 1000000));
	assert_int_equal(found, MANY);
	counters_need(&live, STREAM_PROCESS_SNAPSHOT, &counters);
	assert_int_equal(counters.lost, 0);
	assert_true(took < 1000000000LL * slow_times());
	live_close(&live);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot__older_child__has_exe_and_arguments),
		cmocka_unit_test(snapshot__long_arguments__are_cut),
		cmocka_unit_test(snapshot__every_process__agrees_with_proc),
		cmocka_unit_test(snapshot__parent_that_lives__is_there),
		cmocka_unit_test(snapshot__sequence__has_no_holes_and_counts),
		cmocka_unit_test(
			snapshot__ten_thousand__all_listed_in_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
