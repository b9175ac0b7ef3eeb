// SPDX-License-Identifier: Apache-2.0
/*
 * What no command does: operations that the behaviours need, one a run.
 *
 *   odd_calls clone-uts          a child in a UTS namespace of its own
 *   odd_calls vfork PROGRAM      a child of vfork runs PROGRAM
 *   odd_calls thread PROGRAM     a thread that is not the first runs PROGRAM
 *   odd_calls compat FILE        open and unlink FILE by 32-bit system calls
 *   odd_calls uring DIR          open, rename, unlink of DIR/asked by io_uring
 *   odd_calls shmat              attach shared memory that can be executed
 *   odd_calls seal NAME          a memfd NAME that can be sealed
 *   odd_calls unload MODULE      remove a kernel module
 *   odd_calls secret             a memfd outside the kernel's own memory
 *
 * Exit status: 0, 1 when an operation failed that must not, 77 when this machine
 * does not offer it.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_OFFERED 77

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int ends_well(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	return status ? 1 : 0;
}

static int clone_uts(const char *unused)
{
	long pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL,
			   NULL);

	(void)unused;
	if (pid < 0)
		fail("clone");
	if (!pid)
		_exit(0);
	return ends_well((pid_t)pid);
}

static int vfork_program(const char *program)
{
	pid_t pid = vfork();

	if (pid < 0)
		fail("vfork");
	if (!pid) {
		execl(program, program, "of vfork", NULL);
		_exit(1);
	}
	return ends_well(pid);
}

static void *thread_run(void *program)
{
	execl(program, program, "of a thread", NULL);
	fail(program);
}

static int thread_program(const char *program)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_run, (void *)program))
		fail("pthread_create");
	pthread_join(thread, NULL);
	return 1;
}

#ifdef __x86_64__
/* A 32-bit call from a 64-bit program; -errno where it failed. */
static int compat_call(int number, uintptr_t first, int second)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(number), "b"(first), "c"(second), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int compat(const char *file)
{
	enum { OPEN = 5, UNLINK = 10 };
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd;

	if (low == MAP_FAILED || strlen(file) >= 4096)
		fail("mmap");
	strcpy(low, file);
	fd = compat_call(OPEN, (uintptr_t)low, O_RDONLY);
	if (fd == -ENOSYS)
		return NOT_OFFERED;
	return fd < 0 || compat_call(UNLINK, (uintptr_t)low, 0) ? 1 : 0;
}
#else
static int compat(const char *file)
{
	(void)file;
	return NOT_OFFERED;
}
#endif

/* Hand in what is prepared and wait for it. */
static int asked(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int res;

	if (io_uring_submit(ring) < 0 || io_uring_wait_cqe(ring, &cqe))
		fail("io_uring");
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static int uring(const char *dir)
{
	struct io_uring ring;

	if (chdir(dir))
		fail(dir);
	if (io_uring_queue_init(4, &ring, 0))
		return NOT_OFFERED;
	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, "asked",
			     O_WRONLY | O_CREAT, 0600);
	if (asked(&ring) < 0)
		return 1;
	io_uring_prep_renameat(io_uring_get_sqe(&ring), AT_FDCWD, "asked",
			       AT_FDCWD, "renamed", 0);
	if (asked(&ring) < 0)
		return 1;
	io_uring_prep_unlinkat(io_uring_get_sqe(&ring), AT_FDCWD, "renamed", 0);
	return asked(&ring) ? 1 : 0;
}

static int attach_memory(const char *unused)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
	void *at;

	(void)unused;
	if (id < 0)
		fail("shmget");
	at = shmat(id, NULL, SHM_EXEC);
	shmctl(id, IPC_RMID, NULL);
	return at == (void *)-1 ? 1 : 0;
}

static int sealed(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) < 0;
}

static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) == 0;
}

static int secret(const char *unused)
{
	(void)unused;
	return syscall(SYS_memfd_secret, 0) < 0 ? NOT_OFFERED : 0;
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
} operations[] = {
	{ "clone-uts", clone_uts },   { "vfork", vfork_program },
	{ "thread", thread_program }, { "compat", compat },
	{ "uring", uring },	      { "shmat", attach_memory },
	{ "seal", sealed },	      { "unload", unload },
	{ "secret", secret },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (argc > 1 && strcmp(argv[1], operations[i].name) == 0)
			return operations[i].run(argc > 2 ? argv[2] : "");
	fprintf(stderr, "usage: odd_calls OPERATION [ARGUMENT]\n");
	return 1;
}
