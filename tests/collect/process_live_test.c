// SPDX-License-Identifier: Apache-2.0
/* process.exec, process.fork and process.exit of real children. */
#include "live.h"

#include "user/collect/containers_mounts.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const struct collect_request quiet_request = { .streams = { false } };

static uint32_t namespace_inode(const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	assert_int_equal(stat(path, &st), 0);
	return (uint32_t)st.st_ino;
}

static uint32_t loginuid_own(void)
{
	FILE *file = fopen("/proc/self/loginuid", "r");
	unsigned value = 0xffffffff;

	if (file) {
		assert_int_equal(fscanf(file, "%u", &value), 1);
		fclose(file);
	}
	return value;
}

/* The path of our own cgroup in a hierarchy, "" where it has none. */
static void cgroup_path(unsigned hierarchy, char *ret_path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "r");
	char line[512];

	assert_non_null(file);
	*ret_path = '\0';
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if ((unsigned)atoi(line) == hierarchy)
			snprintf(ret_path, size, "%s",
				 strchr(strchr(line, ':') + 1, ':') + 1);
	}
	fclose(file);
}

/* Of v2, or where that has us in its root, of a controller; 0: cannot tell. */
static uint64_t cgroup_own(void)
{
	struct cgroup_mounts mounts;
	char path[512], folder[PATH_MAX + 512];
	struct stat st;

	cgroup_mounts_here(&mounts);
	cgroup_path(0, path, sizeof(path));
	if (strcmp(path, "/") == 0 && mounts.controller) {
		cgroup_path(mounts.hierarchy, path, sizeof(path));
		snprintf(folder, sizeof(folder), "%s%s", mounts.v1, path);
		if (strcmp(path, "/") != 0)
			return stat(folder, &st) ? 0 :
						   st.st_ino | EVENT_CGROUP_V1;
	}
	snprintf(folder, sizeof(folder), "%s%s", mounts.unified, path);
	return !mounts.unified[0] || stat(folder, &st) ? 0 : st.st_ino;
}

struct command {
	const char *file;
	const char *const *argv;
	uid_t uid;
};

static void command_exec(void *arg)
{
	const struct command *command = arg;

	if (command->uid && setresuid(command->uid, command->uid, command->uid))
		_exit(126);
	execv(command->file, (char *const *)command->argv);
	_exit(127);
}

static pid_t command_run(const char *file, const char *const *argv)
{
	struct command command = { .file = file, .argv = argv };

	return child_run(command_exec, &command, NULL);
}

static void exec__child__all_fields_are_right(void **state)
{
	static const char *const argv[] = { "my true", "a b", "", "\n\t\xff",
					    NULL };
	struct command command = { "/bin/true", argv, 12345 };
	const struct process_exec_event *e;
	char real[4096];
	int64_t before = collect_now_ns();
	struct live live;
	pid_t pid;

	(void)state;
	assert_non_null(realpath("/bin/true", real));
	live_open(&live, &quiet_request);
	pid = child_run(command_exec, &command, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.abi, EVENT_ABI);
	assert_int_equal(e->head.tid, pid);
	assert_int_equal(e->head.ppid, getpid());
	assert_int_equal(e->old_pid, pid);
	assert_int_equal(e->head.uid, 12345);
	assert_int_equal(e->head.euid, 12345);
	assert_int_equal(e->head.gid, getgid());
	assert_int_equal(e->head.egid, getegid());
	assert_int_equal(e->head.loginuid, loginuid_own());
	assert_int_equal(e->head.sid, getsid(0));
	assert_int_equal(e->head.pgid, getpgid(0));
	assert_int_equal(e->head.ns_pid, pid);
	assert_int_equal(e->head.pid_ns, namespace_inode("pid"));
	assert_int_equal(e->head.mnt_ns, namespace_inode("mnt"));
	assert_int_equal(e->head.net_ns, namespace_inode("net"));
	assert_int_equal(e->head.user_ns, namespace_inode("user"));
	if (cgroup_own() && !(e->head.cgroup_id & EVENT_CGROUP_V1))
		assert_int_equal(e->head.cgroup_id, cgroup_own());
	assert_string_equal(e->head.comm, "true");
	assert_string_equal(blob_text(e, e->exe), real);
	assert_string_equal(blob_text(e, e->filename), "/bin/true");
	assert_string_equal(blob_text(e, e->interp), "/bin/true");
	assert_int_equal(e->args.len, 8 + 4 + 1 + 4);
	assert_memory_equal((const char *)e + e->args.off,
			    "my true\0a b\0\0\n\t\xff\0", e->args.len);
	assert_int_equal(e->args_total_bytes, e->args.len);
	assert_int_equal(e->head.truncated, 0);
	assert_int_equal(e->head.flags, 0);
	assert_true((int64_t)e->head.start_ns >= before);
	assert_true(e->head.ts > e->head.start_ns);
	assert_true((int64_t)e->head.ts < collect_now_ns());
	assert_int_equal(e->head.pid_key,
			 PID_KEY(e->head.start_ns, e->head.pid));
	live_close(&live);
}

static void exec__odd_file_name__is_kept(void **state)
{
	static const char name[] = "/tmp/shrike odd\n\xc3\xa9'\"\\";
	static const char *const argv[] = { "x", NULL };
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	unlink(name);
	live_open(&live, &quiet_request);
	assert_int_equal(system("cp /bin/true /tmp/shrike-odd.$PPID"), 0);
	{
		char from[64];

		snprintf(from, sizeof(from), "/tmp/shrike-odd.%d", getpid());
		assert_int_equal(rename(from, name), 0);
	}
	pid = command_run(name, argv);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->exe), name);
	assert_string_equal(blob_text(e, e->filename), name);
	unlink(name);
	live_close(&live);
}

static void exec__long_arguments__are_cut_and_marked(void **state)
{
	static char word[3000];
	const char *argv[21] = { "true" };
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	for (unsigned i = 1; i < 20; i++)
		argv[i] = word;
	live_open(&live, &quiet_request);
	pid = command_run("/bin/true", argv);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.truncated, EVENT_PART_ARGS);
	assert_int_equal(e->args.len, EVENT_ARGS_SIZE);
	assert_int_equal(e->args_total_bytes, 5 + 19 * 3000);
	assert_memory_equal((const char *)e + e->args.off, "true\0www", 8);
	assert_int_equal(((const char *)e)[e->args.off + e->args.len - 1], 0);
	live_close(&live);
}

static void exec__exactly_full_arguments__are_whole(void **state)
{
	static char word[EVENT_ARGS_SIZE - 5];
	const char *argv[] = { "true", word, NULL };
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	live_open(&live, &quiet_request);
	pid = command_run("/bin/true", argv);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.truncated, 0);
	assert_int_equal(e->args.len, EVENT_ARGS_SIZE);
	live_close(&live);
}

static void memfd_exec(void *arg)
{
	char *argv[] = { (char *)"from-memory", NULL };
	char *envp[] = { NULL };
	char bytes[65536];
	int in = open("/bin/true", O_RDONLY);
	int fd = memfd_create("pay load", MFD_CLOEXEC);
	ssize_t n;

	(void)arg;
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(fd, bytes, (size_t)n) != n)
			_exit(126);
	fexecve(fd, argv, envp);
	_exit(127);
}

static void exec__memfd__is_marked(void **state)
{
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &quiet_request, memfd_exec);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->exe), "/memfd:pay load");
	assert_int_equal(e->head.flags,
			 EVENT_FLAG_EXE_MEMFD | EVENT_FLAG_EXE_DELETED);
	live_close(&live);
}

static void deleted_exec(void *arg)
{
	char *argv[] = { (char *)"gone", NULL };
	char *envp[] = { NULL };
	int fd = open(arg, O_RDONLY | O_CLOEXEC);

	unlink(arg);
	fexecve(fd, argv, envp);
	_exit(127);
}

static void exec__deleted_file__is_marked(void **state)
{
	const struct process_exec_event *e;
	char path[64];
	char command[128];
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/memfd:not-%d", getpid());
	snprintf(command, sizeof(command), "cp /bin/true %s", path);
	assert_int_equal(system(command), 0);
	live_open(&live, &quiet_request);
	pid = child_run(deleted_exec, path, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->exe), path);
	assert_int_equal(e->head.flags, EVENT_FLAG_EXE_DELETED);
	live_close(&live);
}

static void exec__script__has_interpreter_and_file(void **state)
{
	static const char *const argv[] = { "s", NULL };
	const struct process_exec_event *e;
	char path[64];
	char args[80];
	struct live live;
	FILE *file;
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/shrike-script-%d", getpid());
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("#!/bin/sh\nexit 3\n", file);
	fchmod(fileno(file), 0755);
	fclose(file);
	live_open(&live, &quiet_request);
	pid = command_run(path, argv);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->filename), path);
	assert_string_equal(blob_text(e, e->interp), "/bin/sh");
	snprintf(args, sizeof(args), "/bin/sh%c%s", 0, path);
	assert_int_equal(e->args.len, 8 + strlen(path) + 1);
	assert_memory_equal((const char *)e + e->args.off, args,
			    8 + strlen(path));
	unlink(path);
	live_close(&live);
}

static void *thread_exec(void *arg)
{
	command_exec(arg);
	return NULL;
}

static void threaded_exec(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_exec, arg);
	pthread_join(thread, NULL);
}

static void exec__from_a_thread__keeps_the_process(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct command command = { "/bin/true", argv, 0 };
	const struct process_exec_event *e;
	const struct process_exit_event *x;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &quiet_request);
	pid = child_run(threaded_exec, &command, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.tid, pid);
	assert_int_not_equal(e->old_pid, pid);
	x = live_need(&live, STREAM_PROCESS_EXIT, pid);
	assert_int_equal(x->head.pid_key, e->head.pid_key);
	assert_null(live_find(&live, STREAM_PROCESS_EXIT, pid, 1));
	live_close(&live);
}

static void exit_with_7(void *arg)
{
	(void)arg;
	_exit(7);
}

static void die_of_kill(void *arg)
{
	(void)arg;
	raise(SIGKILL);
}

static void *thread_nothing(void *arg)
{
	return arg;
}

static void threads_then_5(void *arg)
{
	pthread_t threads[4];

	(void)arg;
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread_nothing, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	_exit(5);
}

static void exit__status_and_signal__once_per_process(void **state)
{
	const struct process_exit_event *x;
	struct live live;
	pid_t normal, killed, threaded;

	(void)state;
	live_open(&live, &quiet_request);
	normal = child_run(exit_with_7, NULL, NULL);
	killed = child_run(die_of_kill, NULL, NULL);
	threaded = child_run(threads_then_5, NULL, NULL);
	live_drain(&live);
	x = live_need(&live, STREAM_PROCESS_EXIT, normal);
	assert_int_equal(x->code, 7);
	assert_int_equal(x->signal, 0);
	assert_int_equal(x->head.ppid, getpid());
	x = live_need(&live, STREAM_PROCESS_EXIT, killed);
	assert_int_equal(x->code, 0);
	assert_int_equal(x->signal, SIGKILL);
	x = live_need(&live, STREAM_PROCESS_EXIT, threaded);
	assert_int_equal(x->code, 5);
	assert_null(live_find(&live, STREAM_PROCESS_EXIT, threaded, 1));
	live_close(&live);
}

static void fork__child__is_identified_as_in_its_own_records(void **state)
{
	static const struct collect_request request = { .watch_self = true };
	static const char *const argv[] = { "true", NULL };
	const struct process_fork_event *k;
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = command_run("/bin/true", argv);
	live_drain(&live);
	k = live_need(&live, STREAM_PROCESS_FORK, getpid());
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(k->child_pid, pid);
	assert_int_equal(k->child_ppid, getpid());
	assert_int_equal(k->child_key, e->head.pid_key);
	assert_int_equal(k->child_start_ns, e->head.start_ns);
	assert_int_equal(k->child_parent_key, k->head.pid_key);
	assert_int_equal(k->head.pid_key, e->head.parent_key);
	assert_int_equal(k->clone_flags, SIGCHLD);
	assert_true(k->head.ts < e->head.ts);
	live_close(&live);
}

/* As sibling of its creator, in a pid namespace of its own. */
static void sibling_make(void *arg)
{
	long pid =
		syscall(SYS_clone, CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNET,
			NULL, NULL, NULL, NULL);

	(void)arg;
	if (pid == 0)
		execl("/bin/true", "inner", NULL);
}

static void fork__clone_parent_and_namespaces__are_seen(void **state)
{
	const struct process_fork_event *k;
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &quiet_request);
	pid = child_run(sibling_make, NULL, NULL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	live_drain(&live);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	assert_int_equal(k->child_ppid, getpid());
	assert_int_equal(k->child_parent_key, k->head.parent_key);
	assert_int_equal(k->clone_flags & ~0xffULL,
			 CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNET);
	e = live_need(&live, STREAM_PROCESS_EXEC, (pid_t)k->child_pid);
	assert_int_equal(e->head.ns_pid, 1);
	assert_int_not_equal(e->head.pid_ns, k->head.pid_ns);
	assert_int_not_equal(e->head.net_ns, k->head.net_ns);
	assert_int_equal(e->head.mnt_ns, k->head.mnt_ns);
	live_close(&live);
}

static void own_process__without_watch_self__is_not_seen(void **state)
{
	struct live live;

	(void)state;
	live_open(&live, &quiet_request);
	child_run(exit_with_7, NULL, NULL);
	live_drain(&live);
	assert_null(live_find(&live, STREAM_PROCESS_FORK, getpid(), 0));
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec__child__all_fields_are_right),
		cmocka_unit_test(exec__odd_file_name__is_kept),
		cmocka_unit_test(exec__long_arguments__are_cut_and_marked),
		cmocka_unit_test(exec__exactly_full_arguments__are_whole),
		cmocka_unit_test(exec__memfd__is_marked),
		cmocka_unit_test(exec__deleted_file__is_marked),
		cmocka_unit_test(exec__script__has_interpreter_and_file),
		cmocka_unit_test(exec__from_a_thread__keeps_the_process),
		cmocka_unit_test(exit__status_and_signal__once_per_process),
		cmocka_unit_test(
			fork__child__is_identified_as_in_its_own_records),
		cmocka_unit_test(fork__clone_parent_and_namespaces__are_seen),
		cmocka_unit_test(own_process__without_watch_self__is_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
