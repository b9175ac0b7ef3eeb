// SPDX-License-Identifier: Apache-2.0
/*
 * The numbers of 32-bit system calls are those of the kernel's headers, which
 * know them for x86 only: names mean the 32-bit calls in this file.
 */
#include "support/unit.h"

#include "bpf/system_calls.h"
#include "user/base/check.h"

#if defined(__x86_64__)
#include <asm/unistd_32.h>
#endif

#if defined(__x86_64__)
static const struct {
	const char *name;
	unsigned ours;
	unsigned header;
} calls[] = {
/* The headers' plain name is that of the call with 16-bit ids. */
#define SAME(name)                                \
	{                                         \
#name, SLOT32_##name, __NR_##name \
	}
#define WIDE(name)                                         \
	{ #name, SLOT32_##name, __NR_##name##32 },         \
	{                                                  \
#name "16", SLOT32_##name##16, __NR_##name \
	}
	SAME(open),
	SAME(creat),
	SAME(openat),
	SAME(openat2),
	SAME(open_by_handle_at),
	SAME(close),
	SAME(read),
	SAME(write),
	SAME(readv),
	SAME(writev),
	SAME(preadv2),
	SAME(pwritev2),
	SAME(sendfile),
	SAME(splice),
	SAME(ioctl),
	SAME(dup),
	SAME(dup2),
	SAME(dup3),
	SAME(fcntl),
	SAME(fcntl64),
	SAME(rename),
	SAME(renameat),
	SAME(renameat2),
	SAME(unlink),
	SAME(unlinkat),
	SAME(rmdir),
	SAME(mkdir),
	SAME(mkdirat),
	SAME(mknod),
	SAME(mknodat),
	SAME(link),
	SAME(linkat),
	SAME(symlink),
	SAME(symlinkat),
	SAME(chmod),
	SAME(fchmod),
	SAME(fchmodat),
	WIDE(chown),
	WIDE(fchown),
	WIDE(lchown),
	SAME(fchownat),
	SAME(utime),
	SAME(utimes),
	SAME(futimesat),
	SAME(utimensat),
	SAME(utimensat_time64),
	SAME(setxattr),
	SAME(lsetxattr),
	SAME(fsetxattr),
	SAME(removexattr),
	SAME(lremovexattr),
	SAME(fremovexattr),
	SAME(truncate),
	SAME(ftruncate),
	SAME(truncate64),
	SAME(ftruncate64),
	SAME(fallocate),
	SAME(mount),
	SAME(umount),
	SAME(umount2),
	SAME(pivot_root),
	SAME(chroot),
	SAME(chdir),
	SAME(fchdir),
	SAME(open_tree),
	SAME(move_mount),
	SAME(fsopen),
	SAME(fsconfig),
	SAME(fsmount),
	SAME(mount_setattr),
	SAME(execve),
	SAME(execveat),
	SAME(fork),
	SAME(vfork),
	SAME(clone),
	SAME(clone3),
	SAME(unshare),
	SAME(setns),
	SAME(setsid),
	SAME(prctl),
	WIDE(setuid),
	WIDE(setgid),
	WIDE(setreuid),
	WIDE(setregid),
	WIDE(setresuid),
	WIDE(setresgid),
	WIDE(setfsuid),
	WIDE(setfsgid),
	WIDE(setgroups),
	SAME(capset),
	SAME(kill),
	SAME(tkill),
	SAME(tgkill),
	SAME(rt_sigqueueinfo),
	SAME(rt_tgsigqueueinfo),
	SAME(pidfd_send_signal),
	SAME(ptrace),
	SAME(process_vm_readv),
	SAME(process_vm_writev),
	SAME(pidfd_getfd),
	SAME(socket),
	SAME(socketpair),
	SAME(socketcall),
	SAME(bind),
	SAME(connect),
	SAME(listen),
	SAME(accept4),
	SAME(shutdown),
	SAME(sendto),
	SAME(sendmsg),
	SAME(sendmmsg),
	SAME(recvfrom),
	SAME(recvmsg),
	SAME(recvmmsg),
	SAME(recvmmsg_time64),
	SAME(memfd_create),
	SAME(memfd_secret),
	SAME(mmap),
	SAME(mmap2),
	SAME(mprotect),
	SAME(pkey_mprotect),
	SAME(shmat),
	SAME(ipc),
	SAME(init_module),
	SAME(finit_module),
	SAME(delete_module),
	SAME(kexec_load),
	SAME(bpf),
	SAME(perf_event_open),
	SAME(userfaultfd),
	SAME(io_uring_setup),
	SAME(io_uring_enter),
	SAME(io_uring_register),
};
#endif

static void calls__32_bit_numbers__are_those_of_the_headers(void **state)
{
#if defined(__x86_64__)
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].ours != CALL_NUMBERS + calls[i].header)
			fail_msg("%s is %u, not %u", calls[i].name,
				 calls[i].header, calls[i].ours - CALL_NUMBERS);
#else
	(void)state;
	print_message("skip: no header has this machine's 32-bit calls\n");
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			calls__32_bit_numbers__are_those_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
