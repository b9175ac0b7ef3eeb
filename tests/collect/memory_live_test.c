// SPDX-License-Identifier: Apache-2.0
/* memory.memfd and memory.map of real children. */
#include "live.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

static struct collect_columns columns;

static struct collect_request memory_request(bool failed)
{
	struct collect_request request = {
		.streams = { [STREAM_MEMORY_MEMFD] = true,
			     [STREAM_MEMORY_MAP] = true },
		.columns = &columns,
	};

	memset(&columns, 0xff, sizeof(columns));
	memset(columns.failed, failed, sizeof(columns.failed));
	return request;
}

/* --- memory.memfd ----------------------------------------------------------*/

#define NAME_MAX_BYTES 249 /* of memfd_create */

static void memfds_make(void *arg)
{
	char name[NAME_MAX_BYTES + 2];

	(void)arg;
	memset(name, 'n', sizeof(name));
	name[NAME_MAX_BYTES] = '\0';
	if (memfd_create("plain", MFD_CLOEXEC) < 0 || memfd_create("", 0) < 0 ||
	    memfd_create(name, MFD_ALLOW_SEALING) < 0)
		_exit(1);
	name[NAME_MAX_BYTES] = 'n';
	name[NAME_MAX_BYTES + 1] = '\0';
	if (memfd_create(name, 0) >= 0 || memfd_create((void *)8, 0) >= 0 ||
	    memfd_create("bad", 0x4000) >= 0)
		_exit(2);
}

static const struct memory_memfd_event *memfd_at(const struct live *live,
						 pid_t pid, unsigned n)
{
	const struct memory_memfd_event *m =
		live_find(live, STREAM_MEMORY_MEMFD, pid, n);

	assert_non_null(m);
	assert_int_equal(m->head.source, EVENT_SOURCE_SYSCALL);
	return m;
}

static void memfd__of_any_name__is_seen(void **state)
{
	struct collect_request request = memory_request(false);
	const struct memory_memfd_event *m;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, memfds_make);
	m = memfd_at(&live, pid, 0);
	assert_string_equal(blob_text(m, m->name), "plain");
	assert_int_equal(m->flags, MFD_CLOEXEC);
	assert_int_equal(m->head.retval, m->fd);
	assert_true(m->fd > 2);
	assert_int_equal(m->head.flags, 0);
	m = memfd_at(&live, pid, 1);
	assert_int_not_equal(m->name.off, 0);
	assert_int_equal(m->name.len, 0);
	assert_int_equal(m->head.truncated, 0);
	m = memfd_at(&live, pid, 2);
	assert_int_equal(m->name.len, NAME_MAX_BYTES);
	assert_int_equal(m->flags, MFD_ALLOW_SEALING);
	assert_null(live_find(&live, STREAM_MEMORY_MEMFD, pid, 3));
	counters_balance(&live, STREAM_MEMORY_MEMFD);
	live_close(&live);
}

static void memfd__that_fails__is_seen_when_asked_for(void **state)
{
	struct collect_request request = memory_request(true);
	const struct memory_memfd_event *m;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, memfds_make);
	m = memfd_at(&live, pid, 3);
	assert_int_equal(m->head.retval, -EINVAL);
	assert_int_equal(m->name.len, NAME_MAX_BYTES + 1);
	assert_int_equal(m->fd, EVENT_NONE);
	m = memfd_at(&live, pid, 4);
	assert_int_equal(m->head.retval, -EFAULT);
	assert_int_equal(m->name.len, 0);
	assert_int_equal(m->head.truncated, EVENT_PART_PATH);
	m = memfd_at(&live, pid, 5);
	assert_int_equal(m->head.retval, -EINVAL);
	assert_string_equal(blob_text(m, m->name), "bad");
	assert_int_equal(m->flags, 0x4000);
	counters_balance(&live, STREAM_MEMORY_MEMFD);
	live_close(&live);
}

static void secret_make(void *arg)
{
	(void)arg;
	if (syscall(SYS_memfd_secret, 0) < 0)
		_exit(2);
}

static void memfd__secret__has_no_name(void **state)
{
	struct collect_request request = memory_request(true);
	const struct memory_memfd_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(secret_make, NULL, &status);
	live_drain(&live);
	m = memfd_at(&live, pid, 0);
	assert_int_equal(m->name.off, 0);
	assert_int_equal(m->name.len, 0);
	assert_int_equal(m->head.truncated, 0);
	/* A kernel without it says so. */
	if (status)
		assert_true(m->head.retval < 0);
	else
		assert_true(m->fd > 2);
	live_close(&live);
}

/* --- memory.map ------------------------------------------------------------*/

/* What the child did, to be compared: shared with it. */
struct done {
	uintptr_t addr[4];
	int fd;
};

static struct done *done_make(void)
{
	struct done *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(done, MAP_FAILED);
	return done;
}

/* Calls without libc's own mappings in between. */
static void maps_make(void *arg)
{
	struct done *done = arg;
	const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
	void *at[4];

	done->fd = memfd_create("code", 0);
	if (done->fd < 0 || ftruncate(done->fd, 8192))
		_exit(1);
	at[0] = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, done->fd,
		     4096);
	at[1] = mmap(NULL, 12288, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at[2] = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at[0] == MAP_FAILED || at[1] == MAP_FAILED || at[2] == MAP_FAILED ||
	    mprotect(at[2], 4096, PROT_READ) ||
	    mprotect(at[2], 4096, PROT_READ | PROT_EXEC) ||
	    syscall(SYS_pkey_mprotect, at[2], 4096, rwx, -1))
		_exit(1);
	for (unsigned i = 0; i < 3; i++)
		done->addr[i] = (uintptr_t)at[i];
	/* Fails: the address is not a page's. */
	if (!mprotect((char *)at[2] + 1, 4096, rwx))
		_exit(1);
}

static const struct memory_map_event *map_at(const struct live *live, pid_t pid,
					     unsigned n)
{
	const struct memory_map_event *m =
		live_find(live, STREAM_MEMORY_MAP, pid, n);

	assert_non_null(m);
	return m;
}

static void map__executable__is_seen_and_others_are_not(void **state)
{
	struct collect_request request = memory_request(false);
	struct done *done = done_make();
	const struct memory_map_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(maps_make, done, &status);
	assert_int_equal(status, 0);
	live_drain(&live);

	m = map_at(&live, pid, 0);
	assert_int_equal(m->call, MEMORY_MMAP);
	assert_int_equal(m->addr, done->addr[0]);
	assert_int_equal(m->length, 4096);
	assert_int_equal(m->prot, PROT_READ | PROT_EXEC);
	assert_int_equal(m->fd, done->fd);
	assert_int_equal(m->head.retval, 0);
	assert_false(m->wx);
	m = map_at(&live, pid, 1);
	assert_int_equal(m->addr, done->addr[1]);
	assert_int_equal(m->length, 12288);
	assert_int_equal(m->fd, EVENT_NONE);
	assert_true(m->wx);
	m = map_at(&live, pid, 2);
	assert_int_equal(m->call, MEMORY_MPROTECT);
	assert_int_equal(m->addr, done->addr[2]);
	assert_int_equal(m->prot, PROT_READ | PROT_EXEC);
	assert_false(m->wx);
	m = map_at(&live, pid, 3);
	assert_int_equal(m->call, MEMORY_MPROTECT);
	assert_true(m->wx);
	assert_null(live_find(&live, STREAM_MEMORY_MAP, pid, 4));
	counters_balance(&live, STREAM_MEMORY_MAP);
	live_close(&live);
	munmap(done, sizeof(*done));
}

static void map__that_fails__is_seen_when_asked_for(void **state)
{
	struct collect_request request = memory_request(true);
	struct done *done = done_make();
	const struct memory_map_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(maps_make, done, &status);
	assert_int_equal(status, 0);
	live_drain(&live);
	m = map_at(&live, pid, 4);
	assert_int_equal(m->head.retval, -EINVAL);
	assert_int_equal(m->addr, done->addr[2] + 1);
	assert_true(m->wx);
	live_close(&live);
	munmap(done, sizeof(*done));
}

/* Readable is executable then, whatever the call says. */
static void implied_make(void *arg)
{
	(void)arg;
	if (personality(READ_IMPLIES_EXEC) < 0 ||
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		_exit(1);
}

static void map__personality_makes_it_executable__is_seen(void **state)
{
	struct collect_request request = memory_request(false);
	const struct memory_map_event *m;
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, implied_make);
	m = map_at(&live, pid, 0);
	assert_int_equal(m->prot, PROT_READ | PROT_WRITE | PROT_EXEC);
	assert_true(m->wx);
	live_close(&live);
}

#ifdef __x86_64__

#define CALL32_IPC 117
#define SEMGET 2

/* A semaphore of a 32-bit caller, which has the call with shmat(). */
static void semaphore_make(void *arg)
{
	long ret = CALL32_IPC;

	(void)arg;
	if (personality(READ_IMPLIES_EXEC) < 0)
		_exit(1);
	__asm__ volatile("int $0x80"
			 : "+a"(ret)
			 : "b"(SEMGET), "c"(IPC_PRIVATE), "d"(1), "S"(0600)
			 : "memory", "r8", "r9", "r10", "r11");
	if (ret < 0)
		_exit(2);
	semctl((int)ret, 0, IPC_RMID);
}

static void map__ipc_of_other_kinds__is_no_mapping(void **state)
{
	struct collect_request request = memory_request(false);
	struct live live;
	pid_t pid;

	(void)state;
	pid = live_run(&live, &request, semaphore_make);
	assert_null(live_find(&live, STREAM_MEMORY_MAP, pid, 0));
	live_close(&live);
}

#endif

static void shared_attach(void *arg)
{
	struct done *done = arg;
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
	void *at;

	if (id < 0)
		_exit(2);
	at = shmat(id, NULL, SHM_EXEC);
	done->addr[0] = (uintptr_t)at;
	if (shmat(id, NULL, 0) == (void *)-1)
		_exit(1);
	shmctl(id, IPC_RMID, NULL);
	if (at == (void *)-1)
		_exit(1);
}

static void map__of_shared_memory__is_seen(void **state)
{
	struct collect_request request = memory_request(false);
	struct done *done = done_make();
	const struct memory_map_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(shared_attach, done, &status);
	live_drain(&live);
	if (status == 2 << 8) {
		print_message("skip: no System V shared memory here\n");
		live_close(&live);
		skip();
	}
	assert_int_equal(status, 0);
	m = map_at(&live, pid, 0);
	assert_int_equal(m->call, MEMORY_SHMAT);
	assert_int_equal(m->addr, done->addr[0]);
	assert_true(m->wx);
	assert_null(live_find(&live, STREAM_MEMORY_MAP, pid, 1));
	live_close(&live);
	munmap(done, sizeof(*done));
}

#if defined(__x86_64__)
static long call32(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("push %%rbx\n\tmov %1, %%ebx\n\tint $0x80\n\tpop %%rbx"
		     : "=a"(ret)
		     : "r"((int)a), "a"(nr), "c"(b), "d"(c)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* The first mmap() of i386 has its arguments in memory. */
static void compat_maps(void *arg)
{
	struct done *done = arg;
	unsigned *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long at;

	args[1] = 8192;
	args[2] = PROT_READ | PROT_EXEC;
	args[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	args[4] = (unsigned)-1;
	at = call32(90, (long)args, 0, 0);
	if (at == -ENOSYS)
		_exit(2);
	done->addr[0] = (uintptr_t)(unsigned)at;
	if (call32(125, at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
		_exit(1);
}

static void map__by_32_bit_calls__is_seen(void **state)
{
	struct collect_request request = memory_request(false);
	struct done *done = done_make();
	const struct memory_map_event *m;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(compat_maps, done, &status);
	live_drain(&live);
	if (status == 2 << 8 || WIFSIGNALED(status)) {
		print_message("skip: this kernel has no 32-bit calls\n");
		live_close(&live);
		skip();
	}
	assert_int_equal(status, 0);
	m = map_at(&live, pid, 0);
	assert_int_equal(m->call, MEMORY_MMAP);
	assert_int_equal(m->head.flags, EVENT_FLAG_COMPAT);
	assert_int_equal(m->length, 8192);
	assert_int_equal(m->addr, done->addr[0]);
	assert_int_equal(m->fd, EVENT_NONE);
	m = map_at(&live, pid, 1);
	assert_int_equal(m->call, MEMORY_MPROTECT);
	assert_true(m->wx);
	assert_int_equal(m->addr, done->addr[0]);
	live_close(&live);
	munmap(done, sizeof(*done));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memfd__of_any_name__is_seen),
		cmocka_unit_test(memfd__that_fails__is_seen_when_asked_for),
		cmocka_unit_test(memfd__secret__has_no_name),
		cmocka_unit_test(map__executable__is_seen_and_others_are_not),
		cmocka_unit_test(map__that_fails__is_seen_when_asked_for),
		cmocka_unit_test(map__personality_makes_it_executable__is_seen),
#ifdef __x86_64__
		cmocka_unit_test(map__ipc_of_other_kinds__is_no_mapping),
#endif
		cmocka_unit_test(map__of_shared_memory__is_seen),
#if defined(__x86_64__)
		cmocka_unit_test(map__by_32_bit_calls__is_seen),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
