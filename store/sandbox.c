// SPDX-License-Identifier: Apache-2.0
/*
 * Limits and a seccomp filter (seccomp(2), classic BPF over struct
 * seccomp_data), for x86-64 and 64-bit ARM; elsewhere the limits alone.
 */
#include "store/sandbox.h"

#include "user/base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_FD 3

static int limit(int resource, rlim_t value)
{
	struct rlimit r = { .rlim_cur = value, .rlim_max = value };

	return setrlimit((__rlimit_resource_t)resource, &r) ? -errno : 0;
}

/* A handler of the parent's would run on in its copy. */
static void default_signals(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				       SIGABRT, SIGSYS, SIGINT, SIGTERM,
				       SIGPIPE, SIGHUP };

	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
}

int sandbox_begin(int keep_fd)
{
	int null_fd;

	default_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (keep_fd != KEPT_FD && dup2(keep_fd, KEPT_FD) < 0)
		return -errno;
	if (close_range(KEPT_FD + 1, ~0U, 0))
		return -errno;
	null_fd = open("/dev/null", O_RDWR);
	if (null_fd < 0)
		return -errno;
	for (int fd = 0; fd < KEPT_FD; fd++)
		if (dup2(null_fd, fd) < 0)
			return -errno;
	close(null_fd);
	return limit(RLIMIT_CORE, 0);
}

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

#ifdef AUDIT_ARCH_HERE
#define ALLOW(name)                                             \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int filter_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		ALLOW(read),
		ALLOW(write),
		ALLOW(pread64),
		ALLOW(mmap),
		ALLOW(munmap),
		ALLOW(mremap),
		ALLOW(mprotect),
		ALLOW(madvise),
		ALLOW(brk),
		ALLOW(futex),
		ALLOW(getpid),
		ALLOW(gettid),
		ALLOW(clock_gettime),
		ALLOW(rt_sigreturn),
		ALLOW(rt_sigprocmask),
		ALLOW(sigaltstack), /* of AddressSanitizer, before an exit */
		ALLOW(exit),
		ALLOW(exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno :
								      0;
}
#else
static int filter_calls(void)
{
	return 0;
}
#endif

int sandbox_close(void)
{
	int rc = limit(RLIMIT_FSIZE, 0);

	if (rc == 0)
		rc = limit(RLIMIT_NOFILE, 0);
	return rc ? rc : filter_calls();
}
