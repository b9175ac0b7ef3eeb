// SPDX-License-Identifier: Apache-2.0
/*
 * Each deed runs in a process of its own. It returns whether all went as it
 * should: in a container that forbids some of it nothing is proved, and nothing
 * is wrong.
 */
#include "user/collect/self_test_deeds.h"

#include "user/base/check.h"
#include "user/collect/handlers.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static bool chdir_do(void)
{
	return chdir("/") == 0;
}

static bool open_do(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool cred_do(void)
{
	return setresgid((gid_t)-1, 65534, (gid_t)-1) == 0;
}

/* Pending, so that it is sent and not only ignored. */
static bool signal_do(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	return sigprocmask(SIG_BLOCK, &blocked, NULL) == 0 &&
	       kill(getpid(), SIGUSR1) == 0;
}

static bool rename_do(void)
{
	return prctl(PR_SET_NAME, "shrike-test") == 0;
}

static bool ptrace_do(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool namespace_do(void)
{
	return unshare(CLONE_NEWUTS) == 0;
}

/* --- files, on a file system that nobody else sees --------------------------*/

#define PRIVATE_PLACE "/tmp"

static bool place_make(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("shrike-test", PRIVATE_PLACE, "tmpfs", 0, "size=64k") ==
		       0 &&
	       chdir(PRIVATE_PLACE) == 0 && mknod("a", S_IFREG | 0600, 0) == 0;
}

static bool file_rename_do(void)
{
	return place_make() && rename("a", "b") == 0;
}

static bool file_unlink_do(void)
{
	return place_make() && unlink("a") == 0;
}

static bool file_link_do(void)
{
	return place_make() && link("a", "b") == 0;
}

static bool file_attr_do(void)
{
	return place_make() && chmod("a", 0644) == 0;
}

static bool file_dup_do(void)
{
	return dup2(STDIN_FILENO, 100) == 100;
}

/* --- sockets, in a network that nobody else sees ----------------------------*/

static bool network_make(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool connection_do(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	int listener, caller, called;

	if (!network_make())
		return false;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || caller < 0 ||
	    bind(listener, (void *)&address, sizeof(address)) ||
	    getsockname(listener, (void *)&address, &len) ||
	    listen(listener, 1) ||
	    connect(caller, (void *)&address, sizeof(address)))
		return false;
	called = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return called >= 0 && close(caller) == 0 && close(called) == 0 &&
	       close(listener) == 0;
}

static bool socket_do(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

/* The question for the root's address, to nobody. */
static bool datagram_do(void)
{
	static const uint8_t question[] = {
		0x53, 0x48, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* one question */
		0,    0,    1, 0, 1,			  /* . IN A */
	};
	struct sockaddr_in address = loopback(53);
	int fd;

	if (!network_make())
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 &&
	       sendto(fd, question, sizeof(question), 0, (void *)&address,
		      sizeof(address)) == sizeof(question);
}

/* --- memory and kernel -----------------------------------------------------*/

static bool memfd_do(void)
{
	return memfd_create("shrike-test", MFD_CLOEXEC) >= 0;
}

static bool map_do(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED &&
	       mprotect(at, page, PROT_READ | PROT_EXEC) == 0;
}

/* return 0 */
static bool bpf_do(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "shrike_test", "GPL",
			     program, ARRAY_SIZE(program), NULL) >= 0;
}

/* --- all of them -----------------------------------------------------------*/

#define PROVES(name) HANDLER_STREAM(STREAM_##name)

/*
 * A stream that is not here cannot be proved without changing the machine:
 * cgroups would have to be made, modules to be loaded.
 */
static const struct deed {
	uint64_t streams;
	bool (*run)(void);
} deeds[] = {
	{ PROVES(PROCESS_CHDIR), chdir_do },
	{ PROVES(FILE_OPEN), open_do },
	{ PROVES(PROCESS_CRED), cred_do },
	{ PROVES(PROCESS_SIGNAL), signal_do },
	{ PROVES(PROCESS_RENAME), rename_do },
	{ PROVES(PROCESS_PTRACE), ptrace_do },
	{ PROVES(PROCESS_NAMESPACE), namespace_do },
	{ PROVES(FILE_MOUNT), place_make },
	{ PROVES(FILE_RENAME), file_rename_do },
	{ PROVES(FILE_UNLINK), file_unlink_do },
	{ PROVES(FILE_LINK), file_link_do },
	{ PROVES(FILE_ATTR), file_attr_do },
	{ PROVES(FILE_DUP), file_dup_do },
	{ PROVES(NETWORK_CONNECT) | PROVES(NETWORK_LISTEN) |
		  PROVES(NETWORK_ACCEPT) | PROVES(NETWORK_CLOSE),
	  connection_do },
	{ PROVES(NETWORK_SOCKET), socket_do },
	{ PROVES(NETWORK_DATAGRAM) | PROVES(NETWORK_DNS), datagram_do },
	{ PROVES(MEMORY_MEMFD), memfd_do },
	{ PROVES(MEMORY_MAP), map_do },
	{ PROVES(KERNEL_BPF), bpf_do },
};

/* In a child; its exit status. -1: it did not exit. */
static int deed_run(const struct deed *deed)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(deed->run() ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Run the program without input, output and environment. */
static void program_run(const char *const argv[],
			struct self_test_result *result)
{
	char *const nothing[] = { NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			dup2(null, fd);
		execve(argv[0], (char *const *)argv, nothing);
		result->exec_errno = errno;
		_exit(1);
	}
	if (pid < 0)
		result->exec_errno = errno;
	else if (waitpid(pid, &status, 0) == pid && !result->exec_errno)
		result->done |= PROVES(PROCESS_EXEC) | PROVES(PROCESS_FORK) |
				PROVES(PROCESS_EXIT);
}

static void all_run(uint64_t streams, const char *const argv[],
		    struct self_test_result *result)
{
	program_run(argv, result);
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		if (deeds[i].streams & streams && deed_run(&deeds[i]) == 0)
			result->done |= deeds[i].streams;
}

int self_test_deeds(uint64_t streams, const char *const argv[],
		    struct self_test_result *ret_result, pid_t *ret_pid)
{
	/* What children write is seen here. */
	struct self_test_result *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int rc = 0;

	if (shared == MAP_FAILED)
		return -errno;
	pid = fork();
	if (pid == 0) {
		all_run(streams, argv, shared);
		_exit(0);
	}
	if (pid < 0)
		rc = -errno;
	while (!rc && waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			rc = -errno;
	*ret_result = *shared;
	ret_result->done &= streams;
	*ret_pid = pid;
	munmap(shared, sizeof(*shared));
	return rc;
}
