// SPDX-License-Identifier: Apache-2.0
/*
 * Files and directories that are renamed while the path is walked: each path
 * that is told is one that the file had.
 */
#include "live.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* Names inside the directory entry, and longer ones, which are not. */
#define SHORT_NAME "f"
#define LONG_NAME                                                                \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789"
#define SHORT_ABOVE "a"
#define LONG_ABOVE "bcdefghijklmnopqrstuvwxyz01234"

static char root[64];

static int root_make(void **state)
{
	char path[128];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/shrike-race-%d", getpid());
	snprintf(path, sizeof(path), "%s/%s/one", root, SHORT_ABOVE);
	*strrchr(path, '/') = '\0';
	if (mkdir(root, 0755) || mkdir(path, 0755))
		return -1;
	strcat(path, "/one");
	if (mkdir(path, 0755))
		return -1;
	strcpy(strrchr(path, '/'), "/two");
	return mkdir(path, 0755);
}

static int root_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void cpu_take(unsigned which)
{
	unsigned seen = 0;
	cpu_set_t set, one;

	if (sched_getaffinity(0, sizeof(set), &set))
		_exit(1);
	which %= (unsigned)CPU_COUNT(&set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set) || seen++ != which)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			_exit(1);
	}
}

/* Back and forth until it is killed. */
static pid_t mover_start(const char *from, const char *to, int dir)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cpu_take(1);
	for (;;)
		if (renameat(dir, from, dir, to) ||
		    renameat(dir, to, dir, from))
			_exit(1);
}

static void mover_stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

struct opens {
	unsigned count;
	int fd; /* of the file, wherever it is */
};

/* By the descriptor: it works whatever the file's name is meanwhile. */
static void opens_make(void *arg)
{
	const struct opens *opens = arg;
	char path[64];

	cpu_take(0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", opens->fd);
	for (unsigned i = 0; i < opens->count; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			_exit(1);
		close(fd);
	}
}

/* Which of the four paths it is; 4: none. */
static unsigned path_which(const char *path)
{
	static const char *const above[] = { SHORT_ABOVE, LONG_ABOVE };
	static const char *const names[] = { "one/" SHORT_NAME,
					     "two/" LONG_NAME };
	char want[512];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "%s/%s/%s", root, above[i / 2],
			 names[i % 2]);
		if (strcmp(path, want) == 0)
			return i;
	}
	return 4;
}

struct seen {
	unsigned paths[5]; /* by path_which() */
	unsigned cut;
};

/* What the opener's last round was told as. */
static void seen_add(struct seen *seen, struct live *live, pid_t pid)
{
	const struct file_open_event *event;
	const struct event_head *head = NULL;

	live_drain(live);
	while ((head = live_next(live, head))) {
		unsigned which;

		if (head->stream != STREAM_FILE_OPEN ||
		    head->pid != (uint32_t)pid)
			continue;
		if (head->truncated & EVENT_PART_PATH) {
			seen->cut++;
			continue;
		}
		event = (const void *)head;
		which = path_which(open_path(event));
		if (which == 4 && seen->paths[which] < 5)
			print_message("never was: %s\n", open_path(event));
		seen->paths[which]++;
	}
	live->records.len = 0;
}

static void open__names_change_meanwhile__path_is_one_it_had(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = 1U << 26,
	};
	const char *full = getenv("CHECK_FULL");
	unsigned rounds = full && strcmp(full, "1") == 0 ? 20 : 1;
	struct opens opens = { .count = 50000 };
	pid_t file_mover, dir_mover;
	struct seen seen = { 0 };
	struct live live;
	char path[128];
	unsigned sum = 0;
	int dir, top;

	(void)state;
	snprintf(path, sizeof(path), "%s/%s", root, SHORT_ABOVE);
	top = open(root, O_PATH | O_DIRECTORY);
	dir = open(path, O_PATH | O_DIRECTORY);
	assert_true(top >= 0 && dir >= 0);
	opens.fd = openat(dir, "one/" SHORT_NAME, O_RDWR | O_CREAT, 0600);
	assert_true(opens.fd >= 0);
	live_open(&live, &request);
	file_mover = mover_start("one/" SHORT_NAME, "two/" LONG_NAME, dir);
	dir_mover = mover_start(SHORT_ABOVE, LONG_ABOVE, top);
	for (unsigned i = 0; i < rounds; i++) {
		int status;
		pid_t pid = child_run(opens_make, &opens, &status);

		assert_int_equal(status, 0);
		seen_add(&seen, &live, pid);
	}
	mover_stop(file_mover);
	mover_stop(dir_mover);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(seen.paths[i] > 0);
		sum += seen.paths[i];
	}
	print_message("%u were whole, %u never were, %u were cut\n", sum,
		      seen.paths[4], seen.cut);
	assert_int_equal(seen.paths[4], 0);
	assert_int_equal(sum + seen.cut, rounds * opens.count);
	/* A hypervisor may stop the CPU that renames amid that: then one is
	   cut, and says so. */
	assert_true(seen.cut <= rounds * opens.count / 1000);
	close(opens.fd);
	close(dir);
	close(top);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			open__names_change_meanwhile__path_is_one_it_had,
			root_make, root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
