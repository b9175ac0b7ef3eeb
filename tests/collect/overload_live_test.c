// SPDX-License-Identifier: Apache-2.0
/*
 * More than can be read, of everything at once: on every CPU processes do what
 * each stream is made of as fast as they can, and the rings hold one page. What
 * was lost is known to the last event.
 */
#include "live.h"

#include "user/base/catalog.h"
#include "user/collect/handlers.h"

#include <fcntl.h>
#include <liburing.h>
#include <limits.h>
#include <mntent.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <bpf/bpf.h>

#define CPUS_MAX 64

/* --- what is done, over and over ------------------------------------------*/

/* A file system and a network of its own, where it harms nobody. */
static void place_make(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("shrike-test", "/tmp", "tmpfs", 0, "size=1m") ||
	    chdir("/tmp") || mkdir("d", 0700) || mknod("a", S_IFREG | 0600, 0))
		_exit(2);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		_exit(3);
	close(fd);
}

static void files_do(void)
{
	int fd = open("/tmp/a", O_RDWR);

	dup2(fd, 100);
	close(100);
	close(fd);
	close(open("/nowhere/at/all", O_RDONLY));
	if (rename("a", "b") || link("b", "c"))
		_exit(4);
	unlink("c");
	chmod("b", 0640);
	rename("b", "a");
	mount("/tmp", "/tmp/d", NULL, MS_BIND, NULL);
	umount2("/tmp/d", MNT_DETACH);
	if (chdir("/tmp"))
		_exit(4);
}

static void connection_do(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct linger reset = { .l_onoff = 1 };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int caller = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(to);
	int called;

	bind(listener, (void *)&to, sizeof(to));
	getsockname(listener, (void *)&to, &len);
	listen(listener, 1);
	if (connect(caller, (void *)&to, sizeof(to)) == 0) {
		called = accept(listener, NULL, NULL);
		setsockopt(called, SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
		close(called);
	}
	close(caller);
	close(listener);
}

static void datagram_do(void)
{
	static const uint8_t question[] = {
		0x53, 0x48, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* one question */
		0,    0,    1, 0, 1,			  /* . IN A */
	};
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (unsigned i = 0; i < 4; i++) {
		to.sin_port = htons(i % 2 ? 53 : 5353);
		sendto(fd, question, sizeof(question), 0, (void *)&to,
		       sizeof(to));
	}
	close(fd);
}

static void system_do(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	munmap(at, 4096);
	if (setresgid((gid_t)-1, 65534, (gid_t)-1) ||
	    setresgid((gid_t)-1, 0, (gid_t)-1))
		_exit(4);
	kill(getpid(), SIGUSR1);
	prctl(PR_SET_NAME, "shrike-load");
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	unshare(CLONE_NEWUTS);
	close(memfd_create("shrike-load", 0));
	close(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "shrike_load", "GPL",
			    program, ARRAY_SIZE(program), NULL));
	syscall(SYS_delete_module, "shrike_no_such_module", O_NONBLOCK);
}

static void exec_do(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* A cgroup comes and goes. */
static void cgroup_do(const char *folder)
{
	if (mkdir(folder, 0700) == 0)
		rmdir(folder);
}

/* The same without system calls: open, rename, remove what is not there. */
static void requests_do(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	io_uring_prep_openat(io_uring_get_sqe(ring), AT_FDCWD, "/tmp/a",
			     O_RDONLY, 0);
	io_uring_prep_renameat(io_uring_get_sqe(ring), AT_FDCWD, "x", AT_FDCWD,
			       "y", 0);
	io_uring_prep_unlinkat(io_uring_get_sqe(ring), AT_FDCWD, "x", 0);
	io_uring_submit_and_wait(ring, 3);
	while (io_uring_peek_cqe(ring, &cqe) == 0) {
		if (cqe->res > 0)
			close(cqe->res);
		io_uring_cqe_seen(ring, cqe);
	}
}

static void files_load(const char *arg)
{
	struct io_uring ring;
	bool has_ring = io_uring_queue_init(8, &ring, 0) == 0;

	(void)arg;
	place_make();
	for (;;) {
		files_do();
		if (has_ring)
			requests_do(&ring);
	}
}

static void network_load(const char *arg)
{
	(void)arg;
	place_make();
	for (;;) {
		connection_do();
		datagram_do();
	}
}

static void system_load(const char *arg)
{
	sigset_t blocked;

	(void)arg;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	for (;;)
		system_do();
}

static void lifecycle_load(const char *cgroup)
{
	for (;;) {
		exec_do();
		if (cgroup)
			cgroup_do(cgroup);
	}
}

static void opens_load(const char *arg)
{
	(void)arg;
	for (;;)
		close(open("/etc/passwd", O_RDONLY));
}

/* --- the loads of a test -------------------------------------------------- */

struct load {
	pid_t pids[8 * CPUS_MAX];
	unsigned count;
	char folders[CPUS_MAX][PATH_MAX]; /* cgroups that come and go */
};

static void load_add(struct load *load, int cpu, void (*run)(const char *),
		     const char *arg)
{
	cpu_set_t set;
	pid_t pid;

	assert_true(load->count < ARRAY_SIZE(load->pids));
	pid = fork();
	assert_true(pid >= 0);
	if (pid) {
		load->pids[load->count++] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
	run(arg);
}

/* They run until now: one that ended before did not do its work. */
static void load_stop(struct load *load)
{
	for (unsigned i = 0; i < load->count; i++)
		assert_int_equal(waitpid(load->pids[i], NULL, WNOHANG), 0);
	for (unsigned i = 0; i < load->count; i++)
		kill(load->pids[i], SIGKILL);
	for (unsigned i = 0; i < load->count; i++)
		assert_int_equal(waitpid(load->pids[i], NULL, 0),
				 load->pids[i]);
	for (unsigned i = 0; i < CPUS_MAX; i++)
		if (load->folders[i][0])
			rmdir(load->folders[i]);
}

static unsigned cpus_of_ours(int *ret_cpus)
{
	unsigned count = 0;
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && count < CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, &set))
			ret_cpus[count++] = cpu;
	return count;
}

/* Where cgroups can be made; "": nowhere. */
static void cgroup_mount(char *ret_mount)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;

	assert_non_null(mounts);
	ret_mount[0] = '\0';
	while (!ret_mount[0] && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, "cgroup2") == 0 &&
		    access(entry->mnt_dir, W_OK) == 0)
			snprintf(ret_mount, PATH_MAX, "%s", entry->mnt_dir);
	endmntent(mounts);
}

/* Every kind on every CPU. Returns whether cgroups are among them. */
static bool load_all(struct load *load)
{
	int cpus[CPUS_MAX];
	unsigned count = cpus_of_ours(cpus);
	char mount[PATH_MAX];

	cgroup_mount(mount);
	for (unsigned i = 0; i < count; i++) {
		char *folder = mount[0] ? load->folders[i] : NULL;

		if (folder)
			snprintf(folder, PATH_MAX, "%.4000s/shrike-load-%d-%u",
				 mount, getpid(), i);
		load_add(load, cpus[i], files_load, NULL);
		load_add(load, cpus[i], network_load, NULL);
		load_add(load, cpus[i], system_load, NULL);
		load_add(load, cpus[i], lifecycle_load, folder);
	}
	return mount[0];
}

/* --- what came of it ------------------------------------------------------ */

struct told {
	uint64_t sums[STREAM_COUNT][LOSS_LOG + 1];
	int64_t opened_ns;
	uint64_t broken; /* gaps that end before they begin, or before all */
};

static int loss_take(void *ctx, const struct collect_loss *loss,
		     struct err *err)
{
	struct told *told = ctx;

	(void)err;
	told->sums[loss->stream][loss->reason] += loss->count;
	if (loss->from_ns < loss->to_ns &&
	    loss->from_ns >= told->opened_ns - COLLECT_MARGIN_NS &&
	    loss->to_ns <= collect_now_ns() + COLLECT_MARGIN_NS)
		return 0;
	told->broken++;
	print_message("%s, for reason %d: a gap from %lld to %lld ns\n",
		      catalog_stream(loss->stream)->name, (int)loss->reason,
		      (long long)(loss->from_ns - told->opened_ns),
		      (long long)(loss->to_ns - told->opened_ns));
	return 0;
}

static int throttle_take(void *ctx, const struct collect_throttle *throttle,
			 struct err *err)
{
	(void)ctx;
	(void)throttle;
	(void)err;
	fail_msg("nothing is held back here");
	return 0;
}

static int record_drop(void *ctx, const void *record, size_t len,
		       struct err *err)
{
	(void)ctx;
	(void)record;
	(void)len;
	(void)err;
	return 0;
}

static void turn(struct live *live, struct told *told)
{
	const struct collect_look how = { loss_take, throttle_take, told };
	struct err err = { 0 };

	if (collector_drain(live->collector, collect_now_ns(), record_drop,
			    NULL, &live->watermark_ns, &err) ||
	    collector_look(live->collector, &how, &err))
		fail_msg("%s", err.text);
}

/* Every call is wanted, those that failed too, with all that can be asked. */
static void request_all(struct collect_request *request,
			struct collect_columns *columns)
{
	memset(columns, 0, sizeof(*columns));
	memset(columns->read, 0xff, sizeof(columns->read));
	memset(columns->failed, 1, sizeof(columns->failed));
	*request = (struct collect_request){
		.columns = columns,
		.lifecycle_ring_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
		.event_ring_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
	};
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		request->streams[s] = catalog_hook(s);
}

/* Have all streams had events, and lost enough? */
static bool is_enough(struct live *live, const struct collect_request *request,
		      bool with_cgroups, uint64_t enough)
{
	uint64_t lost[RING_COUNT] = { 0 };
	struct collect_counters c;

	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		if (!request->streams[s])
			continue;
		counters_need(live, s, &c);
		lost[stream_ring(s)] += c.lost;
		if (c.generated == c.missed &&
		    (s != STREAM_CONTAINER_EVENT || with_cgroups))
			return false;
	}
	for (unsigned i = 0; i < RING_COUNT; i++)
		if (lost[i] < enough)
			return false;
	return true;
}

static void books_check(struct live *live, const struct told *told,
			enum stream_id stream, struct collect_counters *ret)
{
	const uint64_t *sums = told->sums[stream];
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	uint64_t generated = 0, lost = 0;

	counters_need(live, stream, ret);
	assert_int_equal(ret->generated, ret->filtered + ret->delivered +
						 ret->lost + ret->throttled +
						 ret->missed);
	assert_int_equal(ret->damaged, 0);
	assert_int_equal(ret->throttled, 0);
	assert_int_equal(sums[LOSS_RING], ret->lost);
	assert_int_equal(sums[LOSS_MISSED], ret->missed);
	assert_int_equal(sums[LOSS_THROTTLE] + sums[LOSS_DAMAGED], 0);
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		const struct event_counters *each =
			collector_cpu_counters(live->collector, stream, cpu);

		assert_int_equal(each->generated,
				 each->filtered + each->submitted + each->lost +
					 each->throttled);
		generated += each->generated;
		lost += each->lost;
	}
	assert_int_equal(generated + ret->missed, ret->generated);
	assert_int_equal(lost, ret->lost);
}

/* How often the rings must run over, and are read before they do. */
#define ROUNDS 10
#define TURNS 20

static void overload__everything_on_every_cpu__books_are_exact(void **state)
{
	static struct collect_columns columns;
	static struct told told;
	const char *full = getenv("CHECK_FULL");
	uint64_t enough = full && strcmp(full, "1") == 0 ? 20000 : 500;
	uint64_t delivered[RING_COUNT] = { 0 }, lost[RING_COUNT] = { 0 };
	struct collect_request request;
	struct load load = { 0 };
	struct live live;
	bool with_cgroups;

	(void)state;
	request_all(&request, &columns);
	told.opened_ns = collect_now_ns();
	live_open(&live, &request);
	with_cgroups = load_all(&load);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		for (unsigned j = 0; j < TURNS; j++)
			turn(&live, &told);
		/* A reader that is slower than any machine. */
		while (!is_enough(&live, &request, with_cgroups,
				  enough * i / ROUNDS))
			sched_yield();
	}
	turn(&live, &told);
	load_stop(&load);
	/* Nothing more is generated: the books are final. */
	collector_detach(live.collector);
	turn(&live, &told);
	assert_int_equal(told.broken, 0);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		struct collect_counters c;

		if (!request.streams[s])
			continue;
		books_check(&live, &told, s, &c);
		delivered[stream_ring(s)] += c.delivered;
		lost[stream_ring(s)] += c.lost;
	}
	for (unsigned i = 0; i < RING_COUNT; i++) {
		print_message("ring %u: %llu delivered, %llu lost\n", i,
			      (unsigned long long)delivered[i],
			      (unsigned long long)lost[i]);
		assert_true(delivered[i] > 0);
		assert_true(lost[i] >= enough);
	}
	live_close(&live);
}

/* --- classes -------------------------------------------------------------- */

#define EXECS 60

struct lives {
	pid_t parent;
	unsigned execs;
	unsigned exits;
};

static int lives_take(void *ctx, const void *record, size_t len,
		      struct err *err)
{
	struct lives *lives = ctx;
	struct event_head head;

	(void)err;
	assert_true(len >= sizeof(head));
	memcpy(&head, record, sizeof(head));
	if (head.ppid != (uint32_t)lives->parent)
		return 0;
	lives->execs += head.stream == STREAM_PROCESS_EXEC;
	lives->exits += head.stream == STREAM_PROCESS_EXIT;
	return 0;
}

static void lives_drain(struct live *live, struct lives *lives)
{
	struct err err = { 0 };

	if (collector_drain(live->collector, collect_now_ns(), lives_take,
			    lives, &live->watermark_ns, &err))
		fail_msg("collector_drain: %s", err.text);
}

/* Every program that starts and ends is seen, whatever happens to files. */
static void overload__files_on_every_cpu__lifecycle_is_whole(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
	};
	struct collect_counters counters;
	struct load load = { 0 };
	int cpus[CPUS_MAX];
	unsigned count = cpus_of_ours(cpus);
	struct lives lives = { 0 };
	struct live live;
	int status;

	(void)state;
	live_open(&live, &request);
	for (unsigned i = 0; i < count; i++)
		load_add(&load, cpus[i], opens_load, NULL);
	do {
		lives_drain(&live, &lives);
		counters_need(&live, STREAM_FILE_OPEN, &counters);
	} while (counters.lost < 1000);
	lives.parent = fork();
	assert_true(lives.parent >= 0);
	if (lives.parent == 0) {
		for (unsigned i = 0; i < EXECS; i++)
			exec_do();
		_exit(0);
	}
	while (waitpid(lives.parent, &status, WNOHANG) == 0)
		lives_drain(&live, &lives);
	assert_int_equal(status, 0);
	load_stop(&load);
	collector_detach(live.collector);
	lives_drain(&live, &lives);
	assert_int_equal(lives.execs, EXECS);
	assert_int_equal(lives.exits, EXECS);
	counters_need(&live, STREAM_PROCESS_EXEC, &counters);
	assert_int_equal(counters.lost + counters.missed, 0);
	counters_need(&live, STREAM_PROCESS_EXIT, &counters);
	assert_int_equal(counters.lost + counters.missed, 0);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			overload__everything_on_every_cpu__books_are_exact),
		cmocka_unit_test(
			overload__files_on_every_cpu__lifecycle_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
