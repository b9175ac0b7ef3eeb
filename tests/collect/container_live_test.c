// SPDX-License-Identifier: Apache-2.0
/*
 * container.event of real cgroups, and the cgroup that records tell of processes
 * in them: in v2, and in v1 where v2 has the process in its root.
 */
#include "live.h"

#include "user/collect/containers_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define CHURN 1000

static const struct collect_request container_request = {
	.streams = { [STREAM_CONTAINER_EVENT] = true },
};

static struct cgroup_mounts mounts;

static int mounts_find(void **state)
{
	(void)state;
	cgroup_mounts_here(&mounts);
	return 0;
}

/* A cgroup's folder, which is not there yet; its path within the hierarchy. */
struct cgroup {
	char path[64];
	char folder[PATH_MAX + 64];
	uint64_t id;
};

static void cgroup_name(struct cgroup *cgroup, const char *mount,
			const char *name)
{
	snprintf(cgroup->path, sizeof(cgroup->path), "/shrike-%d-%s", getpid(),
		 name);
	snprintf(cgroup->folder, sizeof(cgroup->folder), "%s%s", mount,
		 cgroup->path);
}

static void cgroup_make(void *arg)
{
	const struct cgroup *cgroup = arg;

	_exit(mkdir(cgroup->folder, 0755) != 0);
}

static void cgroup_remove(void *arg)
{
	const struct cgroup *cgroup = arg;

	_exit(rmdir(cgroup->folder) != 0);
}

static void cgroup_enter(const struct cgroup *cgroup)
{
	char path[PATH_MAX + 128];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->folder);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(3);
	close(fd);
}

static bool can_write(const char *mount)
{
	char folder[PATH_MAX + 64];

	snprintf(folder, sizeof(folder), "%s/shrike-%d-try", mount, getpid());
	return mount[0] && mkdir(folder, 0755) == 0 && rmdir(folder) == 0;
}

static const struct container_event_event *
event_of(const struct live *live, unsigned op, const struct cgroup *cgroup)
{
	const struct container_event_event *event;
	const struct event_head *head = NULL;

	while ((head = live_next(live, head))) {
		event = (const void *)head;
		if (head->stream == STREAM_CONTAINER_EVENT && event->op == op &&
		    event->cgroup == cgroup->id &&
		    strcmp(blob_text(event, event->path), cgroup->path) == 0)
			return event;
	}
	fail_msg("no event %u of %s", op, cgroup->path);
	return NULL;
}

static void counters_check(struct live *live)
{
	struct collect_counters c =
		counters_balance(live, STREAM_CONTAINER_EVENT);

	assert_int_equal(c.lost + c.missed, 0);
}

static void namespaces_enter(void *arg)
{
	const char *const argv[] = { "/bin/true", NULL };

	cgroup_enter(arg);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS |
		    CLONE_NEWCGROUP))
		_exit(4);
	if (fork() == 0) {
		execv(argv[0], (char **)argv);
		_exit(5);
	}
	wait(NULL);
}

/* The child in its namespaces is pid 1 there. */
static const struct event_head *exec_in(const struct live *live, uint64_t id)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head)))
		if (head->stream == STREAM_PROCESS_EXEC &&
		    head->cgroup_id == id)
			return head;
	fail_msg("no exec in cgroup %llu", (unsigned long long)id);
	return NULL;
}

static void lives(const char *mount, unsigned hierarchy, uint64_t mark)
{
	const struct container_event_event *event;
	const struct event_head *exec;
	struct cgroup cgroup;
	struct live live;
	struct stat st;
	int status;
	pid_t pid;

	if (!can_write(mount)) {
		print_message("skip: no cgroup can be made in '%s'\n", mount);
		skip();
	}
	live_open(&live, &container_request);
	/* The test's own process is left out: a child makes the cgroup. */
	cgroup_name(&cgroup, mount, "lives");
	child_run(cgroup_make, &cgroup, &status);
	assert_int_equal(status, 0);
	assert_int_equal(stat(cgroup.folder, &st), 0);
	cgroup.id = st.st_ino;
	child_run(namespaces_enter, &cgroup, &status);
	assert_int_equal(status, 0);
	pid = child_run(cgroup_remove, &cgroup, &status);
	assert_int_equal(status, 0);
	live_drain(&live);

	event = event_of(&live, CONTAINER_CREATE, &cgroup);
	assert_int_equal(event->hierarchy, hierarchy);
	assert_int_equal(event->attached_key, 0);
	event = event_of(&live, CONTAINER_ATTACH, &cgroup);
	assert_int_equal(event->attached_key, event->head.pid_key);
	event = event_of(&live, CONTAINER_REMOVE, &cgroup);
	assert_int_equal(event->head.pid, pid);
	exec = exec_in(&live, cgroup.id | mark);
	assert_int_equal(exec->ns_pid, 1);
	counters_check(&live);
	live_close(&live);
}

static void cgroup__of_v2__is_told_and_holds_its_processes(void **state)
{
	(void)state;
	lives(mounts.unified, 0, 0);
}

static void cgroup__of_v1_alone__is_told_and_holds_its_processes(void **state)
{
	(void)state;
	lives(mounts.v1, mounts.hierarchy, EVENT_CGROUP_V1);
}

static void churn(void *arg)
{
	const char *mount = arg;
	char folder[PATH_MAX + 64];

	for (unsigned i = 0; i < CHURN; i++) {
		snprintf(folder, sizeof(folder), "%s/shrike-%d-%u", mount,
			 getpid(), i);
		if (mkdir(folder, 0755) || rmdir(folder))
			_exit(1);
	}
}

static void cgroup__thousand_come_and_go__none_is_lost(void **state)
{
	const char *mount = mounts.unified[0] ? mounts.unified : mounts.v1;
	const struct container_event_event *event;
	struct live live;
	unsigned count = 0;
	int status;
	pid_t pid;

	(void)state;
	if (!can_write(mount)) {
		print_message("skip: no cgroup can be made in '%s'\n", mount);
		skip();
	}
	live_open(&live, &container_request);
	pid = child_run(churn, (void *)(uintptr_t)mount, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	for (unsigned i = 0;
	     (event = live_find(&live, STREAM_CONTAINER_EVENT, pid, i)); i++) {
		assert_int_equal(event->op,
				 i % 2 ? CONTAINER_REMOVE : CONTAINER_CREATE);
		count++;
	}
	assert_int_equal(count, 2 * CHURN);
	counters_check(&live);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			cgroup__of_v2__is_told_and_holds_its_processes),
		cmocka_unit_test(
			cgroup__of_v1_alone__is_told_and_holds_its_processes),
		cmocka_unit_test(cgroup__thousand_come_and_go__none_is_lost),
	};

	return cmocka_run_group_tests(tests, mounts_find, NULL);
}
