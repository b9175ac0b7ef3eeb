// SPDX-License-Identifier: Apache-2.0
/*
 * What else records of a process's life say: directory, environment, the file
 * of the program, credentials before, failures, threads, namespaces.
 */
#include "live.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "user/event/decode.h"

static const struct collect_request quiet_request = { .streams = { false } };

/* --- process.exec ----------------------------------------------------------*/

struct run {
	const char *cwd;
	const char *file;
	const char *const *argv;
	const char *const *envp;
};

static const char *const plain_argv[] = { "true", NULL };

static void run_exec(void *arg)
{
	const struct run *run = arg;

	if (run->cwd && chdir(run->cwd))
		_exit(126);
	execve(run->file, (char *const *)run->argv, (char *const *)run->envp);
	_exit(127);
}

static void exec__directory_and_file__are_the_kernels(void **state)
{
	static const char *const envp[] = { "LD_PRELOAD=/tmp/x.so",
					    "SECRET=abc", "PATH=/bin", NULL };
	struct run run = { "/usr/bin/../lib", "/bin/true", plain_argv, envp };
	const struct process_exec_event *e;
	struct live live;
	struct stat st;
	char cwd[4096];
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(realpath("/usr/lib", cwd));
	assert_int_equal(stat("/bin/true", &st), 0);
	live_open(&live, &quiet_request);
	pid = child_run(run_exec, &run, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->cwd), cwd);
	assert_int_equal(e->exe_ino, st.st_ino);
	if (!(e->head.flags & EVENT_FLAG_EXE_UPPER_LAYER))
		assert_int_equal(e->exe_dev >> 20, major(st.st_dev));
	assert_int_equal(e->env.len, 21 + 11 + 10);
	assert_memory_equal((const char *)e + e->env.off,
			    "LD_PRELOAD=/tmp/x.so\0SECRET=abc\0PATH=/bin",
			    e->env.len);
	assert_int_equal(e->head.truncated, 0);
	live_close(&live);
}

/* What a row has of it. */
static void exec__environment__only_known_names_in_a_row(void **state)
{
	static char filler[5000];
	static const char *const envp[] = {
		"LD_PRELOAD=/tmp/x.so", "SECRET=a", filler, "SECRET2=b",
		"HISTFILE=/dev/null",	NULL
	};
	struct run run = { NULL, "/bin/true", plain_argv, envp };
	const struct process_exec_event *e;
	struct arena arena;
	struct err err = { 0 };
	struct value env;
	struct live live;
	struct row *row;
	pid_t pid;

	(void)state;
	memset(filler, 'f', sizeof(filler) - 1);
	memcpy(filler, "FILLER=", 7);
	arena_init(&arena, 1 << 20);
	live_open(&live, &quiet_request);
	pid = child_run(run_exec, &run, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.truncated, EVENT_PART_ENV);
	assert_int_equal(e->env.len, EVENT_ENV_SIZE);
	if (event_decode(e, e->head.size, 0, &arena, &row, &err))
		fail_msg("%s", err.text);
	env = row_get(row, COL_PROCESS_EXEC_exec_env);
	assert_int_equal(env.type, VALUE_LIST);
	assert_int_equal(env.len, 21 + 19);
	assert_memory_equal(env.p, "LD_PRELOAD=/tmp/x.so\0HISTFILE=/dev/null",
			    env.len);
	arena_release(&arena);
	live_close(&live);
}

/* 200 KB: the start and the end are kept, and how long it was. */
static void exec__huge_arguments__keep_head_and_tail(void **state)
{
	static char words[40][5000];
	const char *argv[44] = { "true", "first" };
	struct run run = { NULL, "/bin/true", argv, plain_argv + 1 };
	const struct process_exec_event *e;
	const char *args;
	struct live live;
	pid_t pid;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		memset(words[i], 'w', sizeof(words[i]) - 1);
		argv[2 + i] = words[i];
	}
	argv[42] = "--the-end";
	live_open(&live, &quiet_request);
	pid = child_run(run_exec, &run, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	args = (const char *)e + e->args.off;
	assert_int_equal(e->head.truncated, EVENT_PART_ARGS);
	assert_int_equal(e->args_total_bytes, 5 + 6 + 40 * 5000 + 10);
	assert_int_equal(e->args.len, EVENT_ARGS_SIZE);
	assert_memory_equal(args, "true\0first\0www", 14);
	assert_int_equal(args[EVENT_ARGS_SIZE - EVENT_ARGS_TAIL - 1], 0);
	assert_int_equal(args[EVENT_ARGS_SIZE - EVENT_ARGS_TAIL], 'w');
	assert_memory_equal(args + EVENT_ARGS_SIZE - 11, "\0--the-end", 11);
	live_close(&live);
}

static void setuid_exec(void *arg)
{
	if (setresuid(4242, 4243, 4243))
		_exit(1);
	execl(arg, "suid", NULL);
	_exit(127);
}

static void exec__setuid_file__has_the_ids_before(void **state)
{
	const struct process_exec_event *e;
	char path[64], command[160];
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/shrike-suid-%d", getpid());
	snprintf(command, sizeof(command), "cp /bin/true %s && chmod 4755 %s",
		 path, path);
	assert_int_equal(system(command), 0);
	live_open(&live, &quiet_request);
	pid = child_run(setuid_exec, path, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.uid, 4242);
	assert_int_equal(e->head.euid, 0);
	if (e->old_uid != EVENT_NONE) {
		assert_int_equal(e->old_uid, 4242);
		assert_int_equal(e->old_euid, 4243);
	} else {
		/* Only a kernel without the hook may not know. */
		assert_int_not_equal(
			system("grep -q 'sched_prepare_exec' "
			       "/sys/kernel/tracing/available_events"),
			0);
	}
	unlink(path);
	live_close(&live);
}

/* In a mount namespace of its own: lower/true, upper/own over it. */
static void overlay_exec(void *arg)
{
	const char *dir = arg;
	char command[1024];

	snprintf(
		command, sizeof(command),
		"mount --make-rprivate / && mount -t tmpfs none %s && cd %s && "
		"mkdir lower upper work all && cp /bin/true lower/old && "
		"mount -t overlay overlay -o "
		"lowerdir=lower,upperdir=upper,workdir=work all && "
		"cp /bin/true all/new && all/old && all/new",
		dir, dir);
	if (unshare(CLONE_NEWNS))
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static const struct process_exec_event *exec_ending(const struct live *live,
						    const char *end)
{
	const struct event_head *head = NULL;

	while ((head = live_next(live, head))) {
		const struct process_exec_event *e = (const void *)head;
		size_t len = strlen(end);

		if (head->stream == STREAM_PROCESS_EXEC && e->exe.len >= len &&
		    memcmp((const char *)e + e->exe.off + e->exe.len - len, end,
			   len) == 0)
			return e;
	}
	fail_msg("nobody executed %s", end);
	return NULL;
}

static void exec__overlay__upper_layer_is_marked(void **state)
{
	char dir[] = "/tmp/shrike-overlay-XXXXXX";
	struct live live;
	int status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	live_open(&live, &quiet_request);
	child_run(overlay_exec, dir, &status);
	rmdir(dir);
	if (status) {
		live_close(&live);
		print_message("skip: no overlay file system here\n");
		skip();
	}
	live_drain(&live);
	assert_true(exec_ending(&live, "/all/new")->head.flags &
		    EVENT_FLAG_EXE_UPPER_LAYER);
	assert_false(exec_ending(&live, "/all/old")->head.flags &
		     EVENT_FLAG_EXE_UPPER_LAYER);
	live_close(&live);
}

/* fexecve: what the kernel calls it, for a file without close-on-exec. */
static void descriptor_exec(void *arg)
{
	char *argv[] = { (char *)"true", NULL };
	char *envp[] = { NULL };
	int fd = open(arg, O_RDONLY);

	if (dup2(fd, 77) != 77)
		_exit(1);
	fexecve(77, argv, envp);
	_exit(127);
}

static void exec__descriptor__has_the_kernels_name(void **state)
{
	const struct process_exec_event *e;
	struct live live;
	char real[4096];
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(realpath("/bin/true", real));
	live_open(&live, &quiet_request);
	pid = child_run(descriptor_exec, (void *)"/bin/true", &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->filename), "/dev/fd/77");
	assert_string_equal(blob_text(e, e->exe), real);
	live_close(&live);
}

static void vfork_exec(void *arg)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "by vfork", NULL);
		_exit(127);
	}
	(void)arg;
	waitpid(pid, NULL, 0);
}

static void exec__vfork__fork_comes_first(void **state)
{
	const struct process_fork_event *k;
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &quiet_request);
	pid = child_run(vfork_exec, NULL, NULL);
	live_drain(&live);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	e = live_need(&live, STREAM_PROCESS_EXEC, (pid_t)k->child_pid);
	assert_int_equal(e->head.pid_key, k->child_key);
	assert_int_equal(e->head.parent_key, k->head.pid_key);
	assert_true(k->head.ts < e->head.ts);
	assert_true(k->clone_flags & CLONE_VM);
	live_close(&live);
}

/* --- an execve that failed -------------------------------------------------*/

/* On the stack: what the caller has never touched cannot be read either. */
static void failing_execs(void *arg)
{
	char words[3][8] = { "nothing", "a b", "" };
	const char *argv[] = { words[0], words[1], words[2], NULL };
	const char *envp[] = { NULL };

	(void)arg;
	execve("/no/such/program", (char *const *)argv, (char *const *)envp);
	execve("relative", (char *const *)argv, (char *const *)envp);
	syscall(SYS_execve, 8, 16, envp);
	syscall(SYS_execveat, -1, "/etc/passwd", argv, envp, 0);
}

static void exec__failed__only_where_asked(void **state)
{
	static const struct {
		const char *filename, *exe;
		int retval;
		uint32_t args, truncated;
	} want[] = {
		{ "/no/such/program", "/no/such/program", -ENOENT, 13, 0 },
		{ "relative", "", -ENOENT, 13, 0 },
		{ "", "", -EFAULT, 0, EVENT_PART_FILENAME | EVENT_PART_ARGS },
		{ "/etc/passwd", "/etc/passwd", -EACCES, 13, 0 },
	};
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &quiet_request);
	pid = child_run(failing_execs, NULL, NULL);
	live_drain(&live);
	assert_null(live_find(&live, STREAM_PROCESS_EXEC, pid, 0));
	live_close(&live);

	live_open_asking(&live, STREAM_PROCESS_EXEC, true);
	pid = child_run(failing_execs, NULL, NULL);
	live_drain(&live);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct process_exec_event *e =
			live_find(&live, STREAM_PROCESS_EXEC, pid, i);

		assert_non_null(e);
		assert_int_equal(e->head.retval, want[i].retval);
		assert_int_equal(e->head.source, EVENT_SOURCE_SYSCALL);
		assert_string_equal(blob_text(e, e->filename),
				    want[i].filename);
		assert_string_equal(blob_text(e, e->exe), want[i].exe);
		assert_int_equal(e->args.len, want[i].args);
		if (want[i].args)
			assert_memory_equal((const char *)e + e->args.off,
					    "nothing\0a b\0", 13);
		assert_int_equal(e->head.truncated, want[i].truncated);
	}
	assert_null(
		live_find(&live, STREAM_PROCESS_EXEC, pid, ARRAY_SIZE(want)));
	live_close(&live);
}

static void failing_exec_of_many(void *arg)
{
	static char word[3000];
	const char *argv[] = { "x", word, word, word, NULL };

	(void)arg;
	memset(word, 'w', sizeof(word) - 1);
	execv("/no/such", (char *const *)argv);
}

static void exec__failed_with_long_arguments__is_cut(void **state)
{
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	live_open_asking(&live, STREAM_PROCESS_EXEC, true);
	pid = child_run(failing_exec_of_many, NULL, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->head.truncated, EVENT_PART_ARGS);
	assert_int_equal(e->args.len, 2 + 2 * 3000);
	live_close(&live);
}

/* --- process.fork ----------------------------------------------------------*/

static void *thread_nothing(void *arg)
{
	return arg;
}

static void thread_make(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_nothing, arg);
	pthread_join(thread, NULL);
}

static void fork__thread__only_where_asked(void **state)
{
	struct collect_columns columns = { 0 };
	const struct collect_request request = { .columns = &columns };
	const struct process_fork_event *k;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(thread_make, NULL, NULL);
	live_drain(&live);
	assert_null(live_find(&live, STREAM_PROCESS_FORK, pid, 0));
	live_close(&live);

	live_open(&live, &quiet_request);
	pid = child_run(thread_make, NULL, NULL);
	live_drain(&live);
	k = live_need(&live, STREAM_PROCESS_FORK, pid);
	assert_true(k->head.flags & EVENT_FLAG_THREAD);
	assert_int_equal(k->child_key, k->head.pid_key);
	assert_int_not_equal(k->child_pid, pid);
	live_close(&live);
}

/* The same pid again, as soon as it is free: CLONE_SET_TID. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&pid,
				   .set_tid_size = 1 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void pid_twice(void *arg)
{
	pid_t pid = fork(), again;
	if (pid == 0)
		_exit(3);
	waitpid(pid, NULL, 0);
	again = fork_as(pid);
	if (again == 0) {
		execl("/bin/true", "again", NULL);
		_exit(127);
	}
	waitpid(again, NULL, 0);
	(void)arg;
	_exit(again == pid ? 0 : 1);
}

static void fork__pid_used_again__is_another_process(void **state)
{
	const struct process_fork_event *first, *second;
	const struct process_exec_event *e;
	const struct process_exit_event *x;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &quiet_request, pid_twice);
	first = live_find(&live, STREAM_PROCESS_FORK, pid, 0);
	second = live_find(&live, STREAM_PROCESS_FORK, pid, 1);
	assert_non_null(first);
	assert_non_null(second);
	assert_int_equal(first->child_pid, second->child_pid);
	assert_true(first->child_key < second->child_key);
	e = live_need(&live, STREAM_PROCESS_EXEC, (pid_t)first->child_pid);
	assert_int_equal(e->head.pid_key, second->child_key);
	x = live_find(&live, STREAM_PROCESS_EXIT, (pid_t)first->child_pid, 0);
	assert_int_equal(x->head.pid_key, first->child_key);
	assert_int_equal(x->code, 3);
	x = live_find(&live, STREAM_PROCESS_EXIT, (pid_t)first->child_pid, 1);
	assert_int_equal(x->head.pid_key, second->child_key);
	live_close(&live);
}

#define REUSES 1000
#define NAMESPACE_PIDS 310 /* 300 are never used again */

/* Init of a pid namespace in which few pids are left. */
static int few_pids(void *arg)
{
	FILE *file;

	(void)arg;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		_exit(2);
	file = fopen("/proc/sys/kernel/pid_max", "w");
	if (!file || fprintf(file, "%d", NAMESPACE_PIDS) < 0 || fclose(file))
		_exit(2);
	for (unsigned i = 0; i < REUSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(3);
	}
	_exit(0);
}

static bool pid_max_is_of_the_namespace(void)
{
	/* Since 6.14; before, it is the host's, and not ours to change. */
	return system("test $(uname -r | cut -d. -f1) -gt 6 || test $(uname -r "
		      "| cut -d. -f1) -eq 6 -a $(uname -r | cut -d. -f2) -ge "
		      "14") == 0;
}

static void few_pids_run(void *arg)
{
	long pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD,
			   NULL, NULL, NULL, NULL);
	int status;

	if (pid == 0)
		few_pids(arg);
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) != pid ||
	    !WIFEXITED(status))
		_exit(1);
	_exit(WEXITSTATUS(status));
}

static int key_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void fork__few_pids_in_a_namespace__keys_are_unique(void **state)
{
	static uint64_t keys[REUSES];
	const struct event_head *head = NULL;
	const struct process_fork_event *init;
	uint32_t ns_pid_max = 0;
	unsigned exits = 0;
	struct live live;
	pid_t pid;

	(void)state;
	if (!pid_max_is_of_the_namespace()) {
		print_message("skip: pid_max is one for all namespaces\n");
		skip();
	}
	pid = live_run(&live, &quiet_request, few_pids_run);
	init = live_need(&live, STREAM_PROCESS_FORK, pid);
	while ((head = live_next(&live, head))) {
		if (head->stream != STREAM_PROCESS_EXIT ||
		    head->ppid != init->child_pid)
			continue;
		assert_true(exits < REUSES);
		keys[exits++] = head->pid_key;
		if (head->ns_pid > ns_pid_max)
			ns_pid_max = head->ns_pid;
	}
	assert_int_equal(exits, REUSES);
	assert_true(ns_pid_max < NAMESPACE_PIDS);
	qsort(keys, REUSES, sizeof(*keys), key_compare);
	for (unsigned i = 1; i < REUSES; i++)
		assert_true(keys[i - 1] != keys[i]);
	live_close(&live);
}

static void columns__nobody_asks__are_not_read(void **state)
{
	struct collect_columns columns = { 0 };
	const struct collect_request request = { .columns = &columns };
	struct run run = { "/usr", "/bin/true", plain_argv, plain_argv };
	const struct process_exec_event *e;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(run_exec, &run, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_int_equal(e->cwd.off | e->filename.off | e->interp.off, 0);
	assert_true(e->exe.len > 0 && e->args.len > 0 && e->env.len > 0);
	live_close(&live);

	/* A file's rule that reads parent_cwd needs the directory of execs. */
	columns.read[STREAM_FILE_OPEN][COL_parent_cwd / 64] |=
		1ULL << COL_parent_cwd % 64;
	live_open(&live, &request);
	pid = child_run(run_exec, &run, NULL);
	live_drain(&live);
	e = live_need(&live, STREAM_PROCESS_EXEC, pid);
	assert_string_equal(blob_text(e, e->cwd), "/usr");
	assert_string_equal(blob_text(e, e->env), "true");
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec__directory_and_file__are_the_kernels),
		cmocka_unit_test(exec__environment__only_known_names_in_a_row),
		cmocka_unit_test(exec__huge_arguments__keep_head_and_tail),
		cmocka_unit_test(exec__setuid_file__has_the_ids_before),
		cmocka_unit_test(exec__overlay__upper_layer_is_marked),
		cmocka_unit_test(exec__descriptor__has_the_kernels_name),
		cmocka_unit_test(exec__vfork__fork_comes_first),
		cmocka_unit_test(exec__failed__only_where_asked),
		cmocka_unit_test(exec__failed_with_long_arguments__is_cut),
		cmocka_unit_test(fork__thread__only_where_asked),
		cmocka_unit_test(fork__pid_used_again__is_another_process),
		cmocka_unit_test(
			fork__few_pids_in_a_namespace__keys_are_unique),
		cmocka_unit_test(columns__nobody_asks__are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
