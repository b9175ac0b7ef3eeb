// SPDX-License-Identifier: Apache-2.0
/* Operations on identity, other processes, memory and sockets. */
#include "tests/tools/random_ops/random_ops.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static void reap(pid_t pid)
{
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

/* --- names and signals -----------------------------------------------------*/

static void op_name(struct run *run)
{
	static const char *const names[] = {
		"",
		"name",
		"odd \xff\n",
		"kworker/0:1",
		"exactly fifteen",
		"more than fifteen bytes",
	};
	const char *name = PICK(run, names);
	int fd;

	if (one_in(run, 3)) {
		fd = open("/proc/self/comm", O_WRONLY);
		if (fd >= 0 && write(fd, name, strlen(name)) < 0)
			errno = 0;
		close(fd);
		return;
	}
	prctl(PR_SET_NAME, name);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void op_signal(struct run *run)
{
	static const int signals[] = { SIGTERM, SIGKILL, SIGHUP, 34, 64 };
	siginfo_t info = { .si_code = SI_QUEUE };
	pid_t pid = sleeper();

	kill(getpid(), 0);
	kill(getpid(), SIGUSR1);
	syscall(SYS_tgkill, getpid(), gettid(), SIGWINCH);
	syscall(SYS_tkill, gettid(), SIGUSR1);
	kill(pid, 99);
	kill(0x3fffff, SIGTERM);
	if (one_in(run, 2)) {
		info.si_signo = SIGUSR1;
		syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info);
	}
	if (one_in(run, 2))
		kill(pid, PICK(run, signals));
	kill(pid, SIGKILL);
	reap(pid);
}

/* It would stop at its next signal. */
static void offered(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		_exit(0);
	}
	reap(pid);
}

static void op_ptrace(struct run *run)
{
	char bytes[16] = "";
	struct iovec here = { bytes, sizeof(bytes) };
	struct iovec there = { bytes, one_in(run, 4) ? 0 : sizeof(bytes) };
	pid_t pid = sleeper();
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd;

	switch (random_below(run, 6)) {
	case 0:
		ptrace(PTRACE_ATTACH, pid, 0, 0);
		break;
	case 1:
		offered();
		break;
	case 2:
		ptrace(PTRACE_PEEKTEXT, 0x3fffff, bytes, 0);
		break;
	case 3:
		syscall(SYS_process_vm_writev, pid, &here, 1, &there, 1, 0);
		break;
	case 4:
		fd = (int)syscall(SYS_pidfd_getfd, pidfd,
				  one_in(run, 3) ? 500 : run->home_fd, 0);
		if (fd >= 0)
			close(fd);
		break;
	default:
		syscall(SYS_process_vm_readv, one_in(run, 4) ? 1 << 22 : pid,
			&here, 1, &there, 1, 0);
	}
	close(pidfd);
	kill(pid, SIGKILL);
	reap(pid);
}

/* --- identity --------------------------------------------------------------*/

static int any_id(struct run *run)
{
	static const int ids[] = { 0, 1, 1000, 65534, 2000000000, -1, -1 };

	return PICK(run, ids);
}

static void capset_some(struct run *run)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	data[0].permitted = (uint32_t)random_next(run);
	data[0].effective = data[0].permitted &
			    (one_in(run, 4) ? ~0U : (uint32_t)random_next(run));
	if (one_in(run, 4))
		data[0].effective = ~0U;
	syscall(SYS_capset, &header, data);
}

static void id_change(struct run *run)
{
	gid_t groups[] = { 1, 2, 3 };

	switch (random_below(run, 10)) {
	case 0:
		syscall(SYS_setuid, any_id(run));
		break;
	case 1:
		syscall(SYS_setgid, any_id(run));
		break;
	case 2:
		syscall(SYS_setreuid, any_id(run), any_id(run));
		break;
	case 3:
		syscall(SYS_setregid, any_id(run), any_id(run));
		break;
	case 4:
	case 5:
		syscall(SYS_setresuid, any_id(run), any_id(run), any_id(run));
		break;
	case 6:
		syscall(SYS_setresgid, any_id(run), any_id(run), any_id(run));
		break;
	case 7:
		syscall(one_in(run, 2) ? SYS_setfsuid : SYS_setfsgid,
			any_id(run));
		break;
	case 8:
		syscall(SYS_setgroups, random_below(run, 4), groups);
		break;
	default:
		capset_some(run);
	}
}

/* Calls that show a witness which ids the process has now. */
static void ids_shown(void)
{
	uid_t uid[3];
	gid_t gid[3];

	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
}

static void op_ids(struct run *run)
{
	pid_t pid = fork();

	random_next(run);
	if (pid == 0) {
		for (unsigned i = 0; i < 4; i++) {
			id_change(run);
			ids_shown();
		}
		files_touch(run);
		_exit(0);
	}
	reap(pid);
}

/* --- namespaces and roots --------------------------------------------------*/

static void join_own(struct run *run)
{
	static const char *const kinds[] = { "mnt",  "net",    "uts", "ipc",
					     "user", "cgroup", "pid" };
	static const int flags[] = { 0, 0, CLONE_NEWNET, CLONE_NEWUTS };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", PICK(run, kinds));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	syscall(SYS_setns, fd, PICK(run, flags));
	if (fd >= 0)
		close(fd);
}

static void op_namespaces(struct run *run)
{
	static const unsigned flags[] = {
		CLONE_NEWNS,   CLONE_NEWUTS,
		CLONE_NEWIPC,  CLONE_NEWNET,
		CLONE_NEWUSER, CLONE_NEWCGROUP,
		CLONE_FS,      CLONE_NEWTIME,
		CLONE_FILES,   0,
		0x20000000U, /* pid */
		0x100,	       CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID,
	};
	pid_t pid = fork(), inner;

	random_next(run);
	if (pid == 0) {
		if (one_in(run, 3))
			join_own(run);
		else
			syscall(SYS_unshare, PICK(run, flags));
		files_touch(run);
		inner = fork();
		if (inner == 0) {
			kill(getpid(), SIGUSR1);
			files_touch(run);
			_exit(7);
		}
		reap(inner);
		_exit(0);
	}
	reap(pid);
}

static void op_chroot(struct run *run)
{
	static const char *const roots[] = { "d", "d/d", ".", "missing", "a" };
	pid_t pid = fork();

	random_next(run);
	if (pid == 0) {
		syscall(SYS_chroot, PICK(run, roots));
		files_touch(run);
		if (chdir("/") == 0) {
			where_shown();
			files_touch(run);
		}
		_exit(0);
	}
	reap(pid);
}

/* --- memory ----------------------------------------------------------------*/

static void op_memfd(struct run *run)
{
	char long_name[300];
	static const char *const odd[] = { "", "name", "odd \xff\n/x",
					   "\xc3\xa9" };
	unsigned len = 245 + random_below(run, 8); /* at most 249 */
	int fd;

	memset(long_name, 'm', len);
	long_name[len] = '\0';
	fd = (int)syscall(SYS_memfd_create,
			  one_in(run, 3) ? long_name : PICK(run, odd),
			  random_below(run, one_in(run, 4) ? 0x100 : 4));
	if (fd >= 0)
		close(fd);
}

static void op_map(struct run *run)
{
	int prot = (int)random_below(run, 8);
	size_t len = 4096UL * random_below(run, 5);
	int fd = one_in(run, 3) ? open(run->tools, O_RDONLY) : -1;
	int prog = openat(fd, "prog", O_RDONLY);
	void *at;

	at = mmap(NULL, len, prot,
		  prog >= 0 ? MAP_PRIVATE : MAP_PRIVATE | MAP_ANONYMOUS, prog,
		  0);
	mprotect(at, one_in(run, 4) ? 1 : len, (int)random_below(run, 8));
	mprotect((void *)4097, 4096, PROT_EXEC);
	if (at != MAP_FAILED)
		munmap(at, len);
	if (prog >= 0)
		close(prog);
	if (fd >= 0)
		close(fd);
}

/* --- sockets ---------------------------------------------------------------*/

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t loopback(struct run *run, union address *at)
{
	memset(at, 0, sizeof(*at));
	if (one_in(run, 3)) {
		at->in6.sin6_family = AF_INET6;
		at->in6.sin6_addr = in6addr_loopback;
		return sizeof(at->in6);
	}
	at->in.sin_family = AF_INET;
	at->in.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + random_below(run, 200));
	return sizeof(at->in);
}

static void op_socket(struct run *run)
{
	static const int domains[] = { AF_UNIX,	   AF_INET, AF_INET6, AF_PACKET,
				       AF_NETLINK, 999,	    AF_ALG };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW,
				     SOCK_SEQPACKET, 77 };
	static const int protocols[] = { 0, 0, 0, 1, 6, 17, 255 };
	int fd = socket(PICK(run, domains),
			PICK(run, types) | (one_in(run, 3) ? SOCK_CLOEXEC : 0),
			PICK(run, protocols));

	if (fd >= 0)
		close(fd);
}

/* Both ends of a connection; the names are asked for so that they are seen. */
static void talk(struct run *run, int server, int client)
{
	char bytes[2000] = "";
	union address name;
	socklen_t len = sizeof(name);
	int peer = accept4(server, one_in(run, 2) ? &name.sa : NULL, &len,
			   one_in(run, 2) ? SOCK_CLOEXEC : 0);
	size_t up = random_below(run, sizeof(bytes));
	size_t down = random_below(run, sizeof(bytes));

	len = sizeof(name);
	getsockname(client, &name.sa, &len);
	if (peer < 0)
		return;
	if (send(client, bytes, up, 0) > 0)
		recv(peer, bytes, up, MSG_WAITALL);
	if (send(peer, bytes, down, 0) > 0)
		recv(client, bytes, down, MSG_WAITALL);
	shutdown(client, SHUT_WR);
	recv(peer, bytes, 1, 0);
	close(peer);
	recv(client, bytes, 1, 0);
}

static void op_tcp(struct run *run)
{
	union address at;
	socklen_t len = loopback(run, &at);
	int server = socket(at.sa.sa_family, SOCK_STREAM, 0);
	int client = socket(at.sa.sa_family, SOCK_STREAM, 0);

	if (!bind(server, &at.sa, len) &&
	    !listen(server, (int)random_below(run, 100))) {
		getsockname(server, &at.sa, &len);
		if (!connect(client, &at.sa, len))
			talk(run, server, client);
		if (one_in(run, 4))
			listen(server, 9);
	}
	close(client);
	close(server);
}

/* Nobody listens there, or there is no way. */
static void op_refused(struct run *run)
{
	union address at;
	socklen_t len = loopback(run, &at);
	int type = one_in(run, 4) ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(at.sa.sa_family, type, 0);

	at.in.sin_port = htons((uint16_t)(1 + random_below(run, 900)));
	if (at.sa.sa_family == AF_INET && one_in(run, 4))
		at.in.sin_addr.s_addr = htonl(0xcb007101); /* unreachable */
	connect(fd, &at.sa, one_in(run, 8) ? 3 : len);
	close(fd);
}

static void send_some(struct run *run, int fd, union address *at, socklen_t len)
{
	char bytes[1500] = "";
	struct iovec part = { bytes, random_below(run, sizeof(bytes)) };
	struct mmsghdr many[2] = { 0 };

	for (unsigned i = 0; i < 2; i++)
		many[i].msg_hdr = (struct msghdr){ .msg_name = at,
						   .msg_namelen = len,
						   .msg_iov = &part,
						   .msg_iovlen = 1 };
	switch (random_below(run, 5)) {
	case 0:
		sendmsg(fd, &many[0].msg_hdr, 0);
		break;
	case 1:
		sendmmsg(fd, many, 2, 0);
		break;
	case 2:
		if (!connect(fd, &at->sa, len) &&
		    write(fd, bytes, part.iov_len) >= 0)
			send(fd, bytes, 3, 0);
		break;
	default:
		sendto(fd, bytes, part.iov_len, 0, &at->sa, len);
	}
}

/* The receiver is there, so that no error comes back later. */
static void op_udp(struct run *run)
{
	union address at, own;
	socklen_t len = loopback(run, &at);
	socklen_t own_len = sizeof(own);
	int there = socket(at.sa.sa_family, SOCK_DGRAM, 0);
	int fd = socket(at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!bind(there, &at.sa, len)) {
		getsockname(there, &at.sa, &len);
		send_some(run, fd, &at, len);
		getsockname(fd, &own.sa, &own_len);
	}
	close(fd);
	close(there);
}

static void op_unix(struct run *run)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int pair[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "socket%u",
		 random_below(run, 3));
	bind(fd, (struct sockaddr *)&at, sizeof(at));
	listen(fd, 1);
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	if (!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) {
		send(pair[0], "x", 1, 0);
		close(pair[0]);
		close(pair[1]);
	}
}

const struct named_operation other_operations[] = {
	{ "name", op_name, 4 },
	{ "signal", op_signal, 3 },
	{ "ptrace", op_ptrace, 3 },
	{ "ids", op_ids, 4 },
	{ "namespaces", op_namespaces, 3 },
	{ "chroot", op_chroot, 3 },
	{ "memfd", op_memfd, 4 },
	{ "map", op_map, 5 },
	{ "socket", op_socket, 4 },
	{ "tcp", op_tcp, 4 },
	{ "refused", op_refused, 3 },
	{ "udp", op_udp, 4 },
	{ "unix", op_unix, 1 },
	{ NULL, NULL, 0 },
};
