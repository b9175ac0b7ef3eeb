// SPDX-License-Identifier: Apache-2.0
/* process.chdir and process.namespace of real children. */
#include "live.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- process.chdir ---------------------------------------------------------*/

static void directories_change(void *arg)
{
	int fd = open("/usr/bin", O_PATH | O_DIRECTORY);

	(void)arg;
	if (chdir("/usr/../usr/lib") || fchdir(fd) || chdir("..") ||
	    chdir("/no/such") == 0)
		_exit(1);
}

static void chdir__each_way__has_the_kernels_path(void **state)
{
	static const char *const want[] = { "/usr/lib", "/usr/bin", "/usr" };
	const struct process_chdir_event *cd;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open_asking(&live, STREAM_PROCESS_CHDIR, false);
	pid = child_run(directories_change, NULL, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		cd = live_find(&live, STREAM_PROCESS_CHDIR, pid, i);
		assert_non_null(cd);
		assert_string_equal(blob_text(cd, cd->path), want[i]);
		assert_int_equal(cd->head.source, EVENT_SOURCE_KERNEL);
		assert_int_equal(cd->head.retval, 0);
	}
	assert_null(live_find(&live, STREAM_PROCESS_CHDIR, pid, 3));
	live_close(&live);

	live_open_asking(&live, STREAM_PROCESS_CHDIR, true);
	pid = child_run(directories_change, NULL, NULL);
	live_drain(&live);
	cd = live_find(&live, STREAM_PROCESS_CHDIR, pid, 3);
	assert_non_null(cd);
	assert_string_equal(blob_text(cd, cd->path), "/no/such");
	assert_int_equal(cd->head.source, EVENT_SOURCE_SYSCALL);
	assert_int_equal(cd->head.retval, -ENOENT);
	live_close(&live);
}

/* 200 directories of 60 bytes: longer than a path may be. */
static void deep_go(void *arg)
{
	char dir[] = "/tmp/shrike-deep-XXXXXX";
	char name[61];

	(void)arg;
	memset(name, 'd', 60);
	name[60] = 0;
	if (!mkdtemp(dir) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, NULL) || chdir(dir))
		_exit(1);
	for (unsigned i = 0; i < 200; i++)
		if (mkdir(name, 0700) || chdir(name))
			_exit(2);
	rmdir(dir);
}

static void chdir__deeper_than_a_path__keeps_its_end(void **state)
{
	const struct process_chdir_event *cd;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open_asking(&live, STREAM_PROCESS_CHDIR, false);
	pid = child_run(deep_go, NULL, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	cd = live_find(&live, STREAM_PROCESS_CHDIR, pid, 10);
	assert_non_null(cd);
	assert_int_equal(cd->head.truncated, 0);
	assert_int_equal(cd->path.len,
			 strlen("/tmp/shrike-deep-XXXXXX") + 10 * 61);
	cd = live_find(&live, STREAM_PROCESS_CHDIR, pid, 200);
	assert_non_null(cd);
	assert_int_equal(cd->head.truncated, EVENT_PART_PATH);
	assert_true(cd->path.len > 4000);
	assert_memory_equal((const char *)cd + cd->path.off + cd->path.len - 4,
			    "dddd", 4);
	live_close(&live);
}

/* --- process.namespace -----------------------------------------------------*/

static void namespaces_enter(void *arg)
{
	int uts = open("/proc/self/ns/uts", O_RDONLY);
	int mnt = open("/proc/self/ns/mnt", O_RDONLY);
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_FILES) || unshare(CLONE_NEWUTS | CLONE_NEWIPC) ||
	    setns(uts, 0) || unshare(CLONE_NEWNS) || chdir("/usr") ||
	    setns(mnt, CLONE_NEWNS))
		_exit(1);
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWNET | CLONE_NEWUSER | SIGCHLD,
			     NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid || setns(-1, 0) == 0)
		_exit(1);
}

static void namespace__each_way__has_its_kinds(void **state)
{
	static const struct {
		uint32_t call;
		uint64_t flags;
	} want[] = { { NAMESPACE_UNSHARE, CLONE_NEWUTS | CLONE_NEWIPC },
		     { NAMESPACE_SETNS, CLONE_NEWUTS },
		     { NAMESPACE_UNSHARE, CLONE_NEWNS },
		     { NAMESPACE_SETNS, CLONE_NEWNS },
		     { NAMESPACE_CLONE, CLONE_NEWNET | CLONE_NEWUSER } };
	const struct collect_request request = {
		.streams = { [STREAM_PROCESS_NAMESPACE] = true,
			     [STREAM_PROCESS_CHDIR] = true }
	};
	const struct process_chdir_event *cd;
	struct collect_counters c;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, namespaces_enter);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct process_namespace_event *ns =
			live_find(&live, STREAM_PROCESS_NAMESPACE, pid, i);

		assert_non_null(ns);
		assert_int_equal(ns->call, want[i].call);
		assert_int_equal(ns->flags, want[i].flags);
	}
	assert_null(live_find(&live, STREAM_PROCESS_NAMESPACE, pid,
			      ARRAY_SIZE(want)));
	/* Who enters a mount namespace stands at its root. */
	cd = live_find(&live, STREAM_PROCESS_CHDIR, pid, 1);
	assert_non_null(cd);
	assert_string_equal(blob_text(cd, cd->path), "/");
	counters_need(&live, STREAM_PROCESS_NAMESPACE, &c);
	assert_int_equal(c.generated,
			 c.filtered + c.delivered + c.lost + c.missed);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chdir__each_way__has_the_kernels_path),
		cmocka_unit_test(chdir__deeper_than_a_path__keeps_its_end),
		cmocka_unit_test(namespace__each_way__has_its_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
