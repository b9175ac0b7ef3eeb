// SPDX-License-Identifier: Apache-2.0
/*
 * Do hooks fire, or are they only attached? The kernel counts the runs of a
 * program while its statistics are on; so turn them on, start a child that runs
 * a program and ends, and listen on a socket for a moment: a program that has
 * not run then never will. What the child did is not handed to anybody.
 */
#include "user/collect/collect_int.h"

#include "user/base/catalog.h"

#include <errno.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* The socket's states change: CLOSE, LISTEN, CLOSE. */
static void socket_listen(void)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (bind(fd, (const void *)&loopback, sizeof(loopback)) == 0)
		listen(fd, 1);
	close(fd);
}

/* Fork, exec, some opens, exit. Returns 0 or an errno. */
static int child_run(struct collector *collector, const char *const argv[])
{
	static char *const no_environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return rc;
	for (int fd = 0; fd <= STDERR_FILENO && !rc; fd++)
		rc = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
						      O_RDWR, 0);
	if (!rc)
		rc = posix_spawn(&pid, argv[0], &actions, NULL,
				 (char *const *)argv, no_environment);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		return rc;
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return errno;
	collector->tester_pid = (uint32_t)pid;
	collector->tester_until_ns = (uint64_t)collect_now_ns();
	return 0;
}

static int runs_check(const struct collector *collector, struct err *err)
{
	const struct programs *programs = &collector->programs;

	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		uint64_t runs;
		int rc;

		if (!(programs->generation->streams & HANDLER_STREAM(s)))
			continue;
		rc = programs_runs(programs, s, &runs, err);
		if (rc)
			return rc;
		if (!runs)
			return err_set(err, ERR_MACHINE, -ENODATA,
				       "the hook of %s is attached, but this "
				       "kernel does not call it",
				       catalog_stream(s)->name);
	}
	return 0;
}

int collector_self_test(struct collector *collector, const char *const argv[],
			struct err *err)
{
	int stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	int rc;

	/* CAP_BPF and CAP_PERFMON do not suffice for that. */
	if (stats_fd == -EPERM)
		return 0;
	if (stats_fd < 0)
		return err_set(err, ERR_MACHINE, stats_fd,
			       "cannot count the runs of kernel programs: %s",
			       strerror(-stats_fd));
	socket_listen();
	rc = child_run(collector, argv);
	if (rc)
		rc = err_set(err, ERR_MACHINE, -rc, "cannot run %s: %s",
			     argv[0], strerror(rc));
	else
		rc = runs_check(collector, err);
	close(stats_fd);
	return rc;
}
