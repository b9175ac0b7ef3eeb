// SPDX-License-Identifier: Apache-2.0
/* Samples of this very process and of a child, told apart from pid reuse. */
#include "support/unit.h"

#include "user/base/buf.h"
#include "user/collect/sampler.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND 1000000000LL

struct seen {
	unsigned count;
	struct process_sample_event last;
	char status[64];
	uint8_t hash[32];
	unsigned hashes;
};

static int take(void *ctx, const void *record, size_t len, struct err *err)
{
	struct seen *seen = ctx;
	const struct event_blob *status = &seen->last.status;
	const struct event_blob *hash = &seen->last.hash;

	(void)err;
	assert_true(len >= sizeof(seen->last));
	memcpy(&seen->last, record, sizeof(seen->last));
	assert_int_equal(seen->last.head.size, len);
	assert_true(status->off + status->len <= len);
	assert_true(hash->off + hash->len <= len);
	if (status->off) {
		memcpy(seen->status, (const char *)record + status->off,
		       status->len);
		seen->status[status->len] = '\0';
	}
	if (hash->off) {
		assert_int_equal(hash->len, 32);
		memcpy(seen->hash, (const char *)record + hash->off, 32);
		seen->hashes++;
	}
	seen->count++;
	return 0;
}

static uint64_t start_ns(pid_t pid)
{
	unsigned long long ticks;
	char path[64], text[1024];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	assert_int_equal(sscanf(strrchr(text, ')') + 1,
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%*u %*u %*d %*d %*d %*d %*d %*d %llu",
				&ticks),
			 1);
	return ticks * (uint64_t)(SECOND / sysconf(_SC_CLK_TCK));
}

static struct process_exec_event program(pid_t pid)
{
	struct process_exec_event e = { .head = {
						.stream = STREAM_PROCESS_EXEC,
						.abi = EVENT_ABI,
						.size = sizeof(e),
						.pid = (uint32_t)pid,
					} };

	e.head.start_ns = start_ns(pid);
	e.head.pid_key = PID_KEY(e.head.start_ns, pid);
	return e;
}

static struct sampler *make(bool rest, bool hash)
{
	const struct sampler_wants wants = { rest, rest, rest, hash };
	struct sampler *sampler;

	assert_int_equal(sampler_new(&wants, &sampler, NULL), 0);
	return sampler;
}

static void process__sampled__as_proc_says(void **state)
{
	struct process_exec_event e = program(getpid());
	struct sampler *sampler = make(true, false);
	int64_t now = (int64_t)e.head.start_ns + 1000 * SECOND;
	struct seen seen = { 0 };

	(void)state;
	sampler_see(sampler, &e, sizeof(e));
	assert_int_equal(sampler_turn(sampler, now, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.head.stream, STREAM_PROCESS_SAMPLE);
	assert_int_equal(seen.last.head.pid_key, e.head.pid_key);
	assert_int_equal(seen.last.head.ts, now);
	assert_string_equal(seen.status, "running");
	assert_true(seen.last.has_memory);
	assert_in_range(seen.last.memory_bytes, 100 * 1024, 1u << 30);
	/* A thousand seconds, as far as it knows, hardly any of them used. */
	assert_true(seen.last.has_cpu);
	assert_in_range(seen.last.cpu_milli, 0, 10 * 1000);
	assert_int_equal(seen.hashes, 0);
	/* Not before the period is over. */
	now += SAMPLER_PERIOD_NS / 2;
	assert_int_equal(sampler_turn(sampler, now, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	now += SAMPLER_PERIOD_NS / 2;
	assert_int_equal(sampler_turn(sampler, now, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 2);
	sampler_free(sampler);
}

static void busy_process__sampled__a_whole_core(void **state)
{
	struct sampler *sampler = make(true, false);
	struct process_exec_event e;
	struct seen seen = { 0 };
	uint64_t tick = (uint64_t)(SECOND / sysconf(_SC_CLK_TCK));
	pid_t pid = fork();
	int64_t now;

	(void)state;
	if (pid == 0)
		for (volatile unsigned i = 0;; i++)
			;
	assert_true(pid > 0);
	e = program(pid);
	now = (int64_t)e.head.start_ns + SECOND;
	sampler_see(sampler, &e, sizeof(e));
	assert_int_equal(sampler_turn(sampler, now, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	/* Until it used 20 ticks more; as if that took exactly 20 ticks. */
	for (unsigned round = 0; round < 10000; round++) {
		unsigned long long utime = 0;
		char path[64], text[1024];
		size_t n;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "r");
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[n] = '\0';
		sscanf(strrchr(text, ')') + 1,
		       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu",
		       &utime);
		if (utime >= 20)
			break;
		usleep(1000);
	}
	kill(pid, SIGSTOP);
	now += SAMPLER_PERIOD_NS;
	assert_int_equal(sampler_turn(sampler, now, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 2);
	assert_in_range(seen.last.cpu_milli,
			15 * tick * 100000 / SAMPLER_PERIOD_NS,
			200 * tick * 100000 / SAMPLER_PERIOD_NS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sampler_free(sampler);
}

static void pid__is_another_process_now__not_sampled(void **state)
{
	struct process_exec_event e = program(getpid());
	struct sampler *sampler = make(true, false);
	struct seen seen = { 0 };

	(void)state;
	e.head.start_ns -= 100 * SECOND;
	sampler_see(sampler, &e, sizeof(e));
	assert_int_equal(sampler_turn(sampler, SECOND, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 0);
	sampler_free(sampler);
}

static void ended_process__forgotten(void **state)
{
	struct process_exec_event e = program(getpid());
	struct process_exit_event x = { .head = e.head };
	struct sampler *sampler = make(true, true);
	struct seen seen = { 0 };

	(void)state;
	x.head.stream = STREAM_PROCESS_EXIT;
	x.head.size = sizeof(x);
	sampler_see(sampler, &e, sizeof(e));
	sampler_see(sampler, &x, sizeof(x));
	assert_int_equal(sampler_turn(sampler, SECOND, take, &seen, NULL), 0);
	assert_int_equal(seen.count, 0);
	sampler_free(sampler);
}

static void turns(struct sampler *sampler, unsigned n, int64_t *now,
		  struct seen *seen)
{
	while (n--)
		assert_int_equal(
			sampler_turn(sampler, *now += SECOND, take, seen, NULL),
			0);
}

/* Until so many files in all are hashed or given up; returns the turns it took. */
static unsigned until_settled(struct sampler *sampler, unsigned files,
			      int64_t *now, struct seen *seen)
{
	struct sampler_stats stats;
	unsigned n = 0;

	do {
		turns(sampler, 1, now, seen);
		sampler_stats(sampler, &stats);
		n++;
	} while (seen->hashes + stats.unhashed < files);
	return n;
}

/* So many hashes in all, and nothing is given up. */
static unsigned until_hashed(struct sampler *sampler, unsigned hashes,
			     int64_t *now, struct seen *seen)
{
	unsigned n = until_settled(sampler, hashes, now, seen);

	assert_int_equal(seen->hashes, hashes);
	return n;
}

static void program_file__hashed__once_each_exec(void **state)
{
	struct process_exec_event e = program(getpid());
	struct sampler *sampler = make(false, true);
	char command[64], want[65], text[65];
	struct seen seen = { 0 };
	int64_t now = SECOND;
	FILE *pipe;

	(void)state;
	sampler_see(sampler, &e, sizeof(e));
	until_hashed(sampler, 1, &now, &seen);
	snprintf(command, sizeof(command), "sha256sum /proc/%d/exe", getpid());
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(fread(want, 1, 64, pipe), 64);
	want[64] = '\0';
	pclose(pipe);
	for (unsigned i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", seen.hash[i]);
	assert_string_equal(text, want);
	for (unsigned i = 0; i < 10; i++)
		sampler_turn(sampler, now += SECOND, take, &seen, NULL);
	assert_int_equal(seen.hashes, 1);
	/* Known by now, but told in the turn after the one that looked. */
	sampler_see(sampler, &e, sizeof(e));
	assert_true(until_hashed(sampler, 2, &now, &seen) >= 2);
	assert_int_equal(seen.last.head.ts, now);
	sampler_free(sampler);
}

/* The sampler's, once those of the samplers before are gone. */
static pid_t other_thread(void)
{
	pid_t tid = 0;
	unsigned n;

	do {
		DIR *dir = opendir("/proc/self/task");
		struct dirent *entry;

		assert_non_null(dir);
		n = 0;
		while ((entry = readdir(dir))) {
			pid_t id = atoi(entry->d_name);

			if (!id || id == getpid())
				continue;
			tid = id;
			n++;
		}
		closedir(dir);
	} while (n != 1);
	return tid;
}

/* The child that holds it; the thread goes on when that dies. 0: may not. */
static pid_t hold_thread(pid_t tid)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) ||
		    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) ||
		    waitpid(tid, NULL, __WALL) != tid ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = 0;
	}
	close(ready[0]);
	return pid;
}

/* It got no CPU for a turn, the first look at the file or the second. */
static void reader__answers_later__hashed_all_the_same(void **state)
{
	struct process_exec_event e = program(getpid());
	struct sampler *sampler = make(false, true);
	struct seen seen = { 0 };
	int64_t now = SECOND;

	(void)state;
	sampler_see(sampler, &e, sizeof(e));
	until_hashed(sampler, 1, &now, &seen);
	for (unsigned looks = 0; looks < 2; looks++) {
		pid_t holder;

		sampler_see(sampler, &e, sizeof(e));
		turns(sampler, looks, &now, &seen);
		holder = hold_thread(other_thread());
		if (!holder) {
			sampler_free(sampler);
			skip();
		}
		turns(sampler, 3, &now, &seen);
		assert_int_equal(seen.hashes, 1 + looks);
		kill(holder, SIGKILL);
		waitpid(holder, NULL, 0);
		until_hashed(sampler, 2 + looks, &now, &seen);
	}
	sampler_free(sampler);
}

static void pid__is_another_process_now__not_hashed(void **state)
{
	struct process_exec_event e = program(getpid());
	struct sampler *sampler = make(false, true);
	struct sampler_stats stats;
	struct seen seen = { 0 };
	int64_t now = SECOND;

	(void)state;
	e.head.start_ns -= 100 * SECOND;
	sampler_see(sampler, &e, sizeof(e));
	turns(sampler, 100, &now, &seen);
	assert_int_equal(seen.hashes, 0);
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.unhashed, 1);
	sampler_free(sampler);
}

/* A shell, its file so large that it takes several turns; execs when told. */
static pid_t start_large_shell(const char *path, int *ret_tell)
{
	int in[2];
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(in[0], 0);
		close(in[1]);
		execl(path, "sh", "-c", "read x; exec sleep 1000", NULL);
		_exit(127);
	}
	close(in[0]);
	*ret_tell = in[1];
	return pid;
}

static void wait_for_exe(pid_t pid, const char *name, bool want)
{
	char link[64], exe[256] = "";

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	do {
		ssize_t n = readlink(link, exe, sizeof(exe) - 1);

		assert_true(n > 0);
		exe[n] = '\0';
	} while ((strstr(exe, name) != NULL) != want);
}

/* What was read is not of the program that runs when it is known. */
static void program__changes_while_its_file_is_read__not_hashed(void **state)
{
	char folder[] = "/tmp/sampler_test.XXXXXX", path[64], command[160];
	struct sampler *sampler = make(false, true);
	struct process_exec_event e;
	struct sampler_stats stats;
	struct seen seen = { 0 };
	int64_t now = SECOND;
	int tell;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/large_shell", folder);
	snprintf(command, sizeof(command),
		 "cp /bin/sh %s && truncate -s 32M %s", path, path);
	assert_int_equal(system(command), 0);
	pid = start_large_shell(path, &tell);
	wait_for_exe(pid, "large_shell", true);
	e = program(pid);
	sampler_see(sampler, &e, sizeof(e));
	turns(sampler, 2, &now, &seen);
	assert_int_equal(write(tell, "\n", 1), 1);
	wait_for_exe(pid, "large_shell", false);
	until_settled(sampler, 1, &now, &seen);
	assert_int_equal(seen.hashes, 0);
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.unhashed, 1);
	sampler_see(sampler, &e, sizeof(e));
	until_settled(sampler, 2, &now, &seen);
	assert_int_equal(seen.hashes, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(tell);
	unlink(path);
	rmdir(folder);
	sampler_free(sampler);
}

/*
 * It runs another program since this turn's `now`, and the exec that tells is on
 * its way: the hash of that file is dated behind it, never before.
 */
static void
program__changes_before_its_file_is_open__not_dated_before(void **state)
{
	struct sampler *sampler = make(false, true);
	struct process_exec_event e;
	struct seen seen = { 0 };
	int64_t now = SECOND, exec_ts;
	int tell;
	pid_t pid;

	(void)state;
	pid = start_large_shell("/bin/sh", &tell);
	wait_for_exe(pid, "sleep", false);
	e = program(pid);
	sampler_see(sampler, &e, sizeof(e));
	exec_ts = now + SECOND + 1;
	assert_int_equal(write(tell, "\n", 1), 1);
	wait_for_exe(pid, "sleep", true);
	turns(sampler, 1, &now, &seen);
	assert_true(now < exec_ts);
	assert_int_equal(seen.hashes, 0);
	until_hashed(sampler, 1, &now, &seen);
	assert_true((int64_t)seen.last.head.ts > exec_ts);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(tell);
	sampler_free(sampler);
}

/* A fork names the child, not its creator; ten thousand of them are no work. */
static void forks__many__bounded_work_a_turn(void **state)
{
	struct process_fork_event k = { .head = { .stream = STREAM_PROCESS_FORK,
						  .size = sizeof(k) } };
	struct sampler *sampler = make(true, true);
	struct sampler_stats stats;
	struct seen seen = { 0 };

	(void)state;
	for (unsigned i = 0; i < SAMPLER_PROCESSES_MAX + 10; i++) {
		k.child_pid = 5000000 + i;
		k.child_key = i + 1;
		sampler_see(sampler, &k, sizeof(k));
	}
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(sampler_turn(sampler, (i + 1) * SECOND, take,
					      &seen, NULL),
				 0);
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.unknown, 10);
	assert_int_equal(stats.unhashed, SAMPLER_PROCESSES_MAX);
	assert_int_equal(seen.count, 0);
	sampler_free(sampler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process__sampled__as_proc_says),
		cmocka_unit_test(busy_process__sampled__a_whole_core),
		cmocka_unit_test(pid__is_another_process_now__not_sampled),
		cmocka_unit_test(ended_process__forgotten),
		cmocka_unit_test(program_file__hashed__once_each_exec),
		cmocka_unit_test(reader__answers_later__hashed_all_the_same),
		cmocka_unit_test(pid__is_another_process_now__not_hashed),
		cmocka_unit_test(
			program__changes_while_its_file_is_read__not_hashed),
		cmocka_unit_test(
			program__changes_before_its_file_is_open__not_dated_before),
		cmocka_unit_test(forks__many__bounded_work_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
