// SPDX-License-Identifier: Apache-2.0
/* Operations on tasks: how they begin, what they execute, how they end. */
#include "tests/tools/random_ops/random_ops.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

#define ARGS_MAX 64

static void reap(pid_t pid)
{
	if (pid > 0)
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
}

/* --- the end ---------------------------------------------------------------*/

__attribute__((noreturn)) static void end(struct run *run)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGUSR2, SIGSEGV };

	if (one_in(run, 5))
		kill(getpid(), PICK(run, signals));
	_exit((int)random_below(run, 300));
}

/* --- the begin -------------------------------------------------------------*/

static void op_fork(struct run *run)
{
	pid_t pid = fork();

	if (pid == 0) {
		files_touch(run);
		end(run);
	}
	reap(pid);
}

static void op_vfork(struct run *run)
{
	char *args[] = { (char *)"odd name of vfork", (char *)"", NULL };
	unsigned code = random_below(run, 256);
	bool executes = one_in(run, 2);
	char prog[NAME_SIZE];
	pid_t pid;

	snprintf(prog, sizeof(prog), "%s/prog", run->tools);
	pid = vfork();
	if (pid == 0) {
		if (executes)
			execve(prog, args, environ);
		_exit((int)code);
	}
	reap(pid);
}

static void op_clone(struct run *run)
{
	static const unsigned long flags[] = {
		SIGCHLD,
		0,
		SIGCHLD | CLONE_FS,
		SIGCHLD | CLONE_FILES,
		SIGCHLD | CLONE_FS | CLONE_FILES,
		SIGUSR1 | CLONE_NEWUTS,
		SIGCHLD | CLONE_NEWNS,
		SIGCHLD | CLONE_NEWPID,
		SIGCHLD | CLONE_NEWNET | CLONE_NEWIPC,
		SIGCHLD | CLONE_NEWUSER,
		SIGCHLD | CLONE_THREAD, /* not without more: fails */
	};
	unsigned long chosen = PICK(run, flags);
	struct clone_args args = { .flags = chosen & ~0xffUL,
				   .exit_signal = chosen & 0xff };
	pid_t pid;

	if (one_in(run, 2))
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	else
		pid = (pid_t)syscall(SYS_clone, chosen, 0, 0, 0, 0);
	if (pid == 0) {
		files_touch(run);
		syscall(SYS_exit_group, random_below(run, 256));
	}
	reap(pid);
}

static void *thread_main(void *arg)
{
	struct run *run = arg;

	files_touch(run);
	return NULL;
}

static void op_threads(struct run *run)
{
	struct run runs[3];
	pthread_t threads[3];
	bool made[3];

	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		runs[i] = *run;
		runs[i].random = random_next(run) | 1;
		made[i] = !pthread_create(&threads[i], NULL, thread_main,
					  &runs[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		if (made[i])
			pthread_join(threads[i], NULL);
}

/* --- the program -----------------------------------------------------------*/

struct arguments {
	char *list[ARGS_MAX + 1];
	char *space;
};

static void arguments_make(struct run *run, struct arguments *args)
{
	static const char *const odd[] = {
		"",	    "-x",  "two words", "new\nline", "\xff\xfe",
		"\xc3\xa9", "a=b", "\"'\\",	"--",	     "sh",
	};
	unsigned n = one_in(run, 6) ? ARGS_MAX : random_below(run, 6);
	unsigned len;

	args->space = malloc(40000);
	for (unsigned i = 0; i < n; i++)
		args->list[i] = (char *)PICK(run, odd);
	args->list[n] = NULL;
	if (n && args->space && one_in(run, 3)) {
		len = one_in(run, 4) ? 39999 : random_below(run, 3000);
		memset(args->space, 'l', len);
		args->space[len] = '\0';
		args->list[random_below(run, n)] = args->space;
	}
}

static int memfd_program(const char *prog)
{
	static char bytes[1 << 16];
	int from = open(prog, O_RDONLY);
	int to = (int)syscall(SYS_memfd_create, "program \xff", 0);
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			break;
	close(from);
	return to;
}

static void execute_descriptor(struct run *run, const char *prog, char **args)
{
	int fd;

	switch (random_below(run, 3)) {
	case 0:
		fd = open(prog, O_RDONLY | O_CLOEXEC);
		break;
	case 1:
		fd = open(prog, O_PATH);
		break;
	default:
		fd = memfd_program(prog);
	}
	syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
}

/* Names below the folder of programs; some of them are none. */
static const char *const programs[] = {
	"prog",
	"prog",
	"odd \xff\nname",
	"script",
	"script of script",
	"link to prog",
	"missing",
	"text",
	"folder",
	"loop",
	"prog/x",
	"../tools/prog",
};

static void execute(struct run *run)
{
	struct arguments args = { .list = { NULL } };
	const char *name = PICK(run, programs);
	char path[NAME_SIZE];
	int fd;

	arguments_make(run, &args);
	snprintf(path, sizeof(path), "%s/%s", run->tools, name);
	switch (random_below(run, 6)) {
	case 0:
		snprintf(path, sizeof(path), "%s/prog", run->tools);
		execute_descriptor(run, path, args.list);
		break;
	case 1:
		fd = open(run->tools, O_PATH | O_CLOEXEC);
		syscall(SYS_execveat, fd, name, args.list, environ,
			one_in(run, 3) ? AT_SYMLINK_NOFOLLOW : 0);
		break;
	case 2:
		if (chdir(run->tools) == 0) {
			where_shown();
			syscall(SYS_execve, name, args.list, environ);
		}
		break;
	case 3:
		syscall(SYS_execve, path, one_in(run, 8) ? NULL : args.list,
			NULL);
		break;
	default:
		syscall(SYS_execve, path, args.list, environ);
	}
}

static void *thread_executes(void *arg)
{
	execute(arg);
	return NULL;
}

static void op_exec(struct run *run)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid == 0) {
		if (one_in(run, 5)) {
			if (!pthread_create(&thread, NULL, thread_executes,
					    run))
				pthread_join(thread, NULL);
		} else {
			execute(run);
		}
		_exit(126);
	}
	/* The numbers that the child has used up. */
	for (unsigned i = 0; i < 5; i++)
		random_next(run);
	reap(pid);
}

const struct named_operation task_operations[] = {
	{ "fork", op_fork, 5 },	  { "vfork", op_vfork, 3 },
	{ "clone", op_clone, 4 }, { "threads", op_threads, 2 },
	{ "exec", op_exec, 9 },	  { NULL, NULL, 0 },
};
