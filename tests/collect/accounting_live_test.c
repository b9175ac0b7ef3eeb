// SPDX-License-Identifier: Apache-2.0
/*
 * The books: every event is accounted for under overload, sequence numbers show
 * loss, the watermark keeps its promise, and only what is needed is attached.
 */
#include "live.h"

#include "user/base/catalog.h"

#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define WRITERS 2

static void opens_make(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n--)
		close(open("/etc/passwd", O_RDONLY));
}

/* A child pinned to a CPU that opens files until it is stopped. */
static pid_t writer_start(int cpu)
{
	cpu_set_t set;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (;;)
		close(open("/etc/passwd", O_RDONLY));
}

static void writer_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/*
 * Other processes open files too, so what is on its way between two looks is
 * missing from the sum: drain and look again. A true error stays.
 */
static void counters_hold(struct live *live, enum stream_id stream,
			  struct collect_counters *ret_counters)
{
	struct collect_counters c;
	unsigned tries = 10000;

	do {
		live_drain(live);
		counters_need(live, stream, &c);
	} while (c.generated != c.filtered + c.delivered + c.lost +
					c.throttled + c.missed &&
		 --tries);
	assert_int_equal(c.generated, c.filtered + c.delivered + c.lost +
					      c.throttled + c.missed);
	assert_int_equal(c.damaged, 0);
	*ret_counters = c;
}

static void counters__ring_too_small__identity_holds(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = 4096,
	};
	struct collect_counters counters;
	unsigned n = scaled(2000, 200000);
	const struct event_head *head = NULL;
	uint64_t holes = 0;
	uint64_t *last;
	struct live live;

	(void)state;
	live_open(&live, &request);
	child_run(opens_make, &n, NULL);
	live_drain(&live);
	/* After the loss, so that each CPU's holes can be seen. */
	for (int cpu = 0; cpu < WRITERS; cpu++) {
		pid_t writer = writer_start(cpu);

		do
			live_drain(&live);
		while (!live_find(&live, STREAM_FILE_OPEN, writer, 0));
		writer_stop(writer);
	}
	counters_hold(&live, STREAM_FILE_OPEN, &counters);
	assert_true(counters.generated >= n);
	assert_true(counters.lost > 0);
	assert_true(counters.delivered > 0);

	last = calloc((size_t)sysconf(_SC_NPROCESSORS_CONF), sizeof(*last));
	assert_non_null(last);
	while ((head = live_next(&live, head))) {
		if (head->stream != STREAM_FILE_OPEN)
			continue;
		assert_true(head->seq > last[head->cpu]);
		holes += head->seq - last[head->cpu] - 1;
		last[head->cpu] = head->seq;
	}
	assert_true(holes > 0);
	assert_true(holes <= counters.lost);
	free(last);
	live_close(&live);
}

/* What makes events of many streams, over and over. */
static void streams_flood(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n--) {
		static const struct sockaddr_in nobody = {
			.sin_family = AF_INET,
			.sin_port = 0x0100,	       /* 1, where nobody is */
			.sin_addr.s_addr = 0x0100007f, /* 127.0.0.1 */
		};
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		pid_t pid;

		connect(fd, (const void *)&nobody, sizeof(nobody));
		close(fd);
		for (int i = 0; i < 20; i++)
			close(open("/etc/passwd", O_RDONLY));
		pid = fork();
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

static void cpus_hold(struct live *live, enum stream_id stream)
{
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);

	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		const struct event_counters *c =
			collector_cpu_counters(live->collector, stream, cpu);

		assert_int_equal(c->generated, c->filtered + c->submitted +
						       c->lost + c->throttled);
	}
}

static void counters__all_streams_in_4_KB__identity_holds(void **state)
{
	struct collect_request request = {
		.lifecycle_ring_bytes = 4096,
		.event_ring_bytes = 4096,
	};
	unsigned n = scaled(200, 5000);
	struct collect_counters counters;
	uint64_t lost = 0;
	struct live live;

	(void)state;
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		request.streams[s] = catalog_hook(s);
	live_open(&live, &request);
	child_run(streams_flood, &n, NULL);
	/* Nothing more is generated: the books are final. */
	collector_detach(live.collector);
	live_drain(&live);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		if (!request.streams[s])
			continue;
		counters_need(&live, s, &counters);
		assert_int_equal(counters.generated,
				 counters.filtered + counters.delivered +
					 counters.lost + counters.throttled +
					 counters.missed);
		assert_int_equal(counters.damaged, 0);
		lost += counters.lost;
		cpus_hold(&live, s);
	}
	assert_true(lost > n);
	live_close(&live);
}

/* --- what was lost, and when ----------------------------------------------*/

struct looked {
	struct collect_loss loss; /* the last */
	unsigned loss_count;
	uint64_t sums[STREAM_COUNT][LOSS_LOG + 1];
	uint64_t cgroup; /* whose throttling is looked at */
	struct collect_throttle throttles[4];
	unsigned throttle_count;
};

static int on_loss(void *ctx, const struct collect_loss *loss, struct err *err)
{
	struct looked *looked = ctx;

	(void)err;
	assert_true(loss->count > 0);
	assert_true(loss->from_ns < loss->to_ns);
	looked->sums[loss->stream][loss->reason] += loss->count;
	looked->loss = *loss;
	looked->loss_count++;
	return 0;
}

static int on_throttle(void *ctx, const struct collect_throttle *throttle,
		       struct err *err)
{
	struct looked *looked = ctx;

	(void)err;
	/* The machine's other processes may be held back, too. */
	if (throttle->cgroup_id != looked->cgroup)
		return 0;
	assert_true(looked->throttle_count < ARRAY_SIZE(looked->throttles));
	looked->throttles[looked->throttle_count++] = *throttle;
	return 0;
}

static void look(struct live *live, struct looked *looked)
{
	const struct collect_look how = { on_loss, on_throttle, looked };
	struct err err = { 0 };

	if (collector_look(live->collector, &how, &err))
		fail_msg("collector_look: %s", err.text);
}

static void look__after_an_overload__gap_is_as_long_as_the_loss(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = 4096,
	};
	struct looked looked = { 0 };
	struct collect_counters counters;
	const struct collect_loss *loss = &looked.loss;
	int64_t opened_ns, before_ns, after_ns;
	unsigned n = 1000;
	struct live live;

	(void)state;
	opened_ns = collect_now_ns();
	live_open(&live, &request);
	/* A quiet time that the gap must not reach over. */
	poll(NULL, 0, 100);
	before_ns = collect_now_ns();
	child_run(opens_make, &n, NULL);
	collector_detach(live.collector);
	after_ns = collect_now_ns();
	look(&live, &looked);
	counters_need(&live, STREAM_FILE_OPEN, &counters);
	assert_int_equal(looked.loss_count, 1);
	assert_int_equal(loss->stream, STREAM_FILE_OPEN);
	assert_int_equal(loss->reason, LOSS_RING);
	assert_int_equal(loss->count, counters.lost);
	/* Others open files too; 100 ms of theirs do not fill the ring. */
	assert_true(loss->from_ns > opened_ns);
	assert_true(loss->to_ns > before_ns);
	assert_true(loss->to_ns <= after_ns);
	assert_true(loss->from_ns < loss->to_ns);
	/* It is told once. */
	look(&live, &looked);
	assert_int_equal(looked.loss_count, 1);
	live_close(&live);
}

struct flood {
	char cgroup[PATH_MAX]; /* a folder of its own */
	unsigned opens;
};

static void flood_open(struct flood *flood)
{
	struct mntent *entry;
	FILE *mounts = setmntent("/proc/self/mounts", "re");

	assert_non_null(mounts);
	while ((entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, "cgroup2") == 0)
			break;
	if (!entry) {
		endmntent(mounts);
		print_message("skip: no cgroup2 file system is mounted\n");
		skip();
		return;
	}
	snprintf(flood->cgroup, sizeof(flood->cgroup), "%s/shrike-test-%d",
		 entry->mnt_dir, getpid());
	endmntent(mounts);
	assert_int_equal(mkdir(flood->cgroup, 0700), 0);
}

static void flood_make(void *arg)
{
	struct flood *flood = arg;
	char path[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", flood->cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	close(fd);
	opens_make(&flood->opens);
}

static void throttle__one_cgroup_floods__is_held_back_and_told(void **state)
{
	enum { RATE = 500 };
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.throttle = RATE,
	};
	struct flood flood = { .opens = 20 * RATE };
	struct looked looked = { 0 };
	struct collect_counters counters;
	unsigned seen = 0;
	struct stat st;
	struct live live;
	int status;
	pid_t pid;

	(void)state;
	flood_open(&flood);
	assert_int_equal(stat(flood.cgroup, &st), 0);
	looked.cgroup = st.st_ino;
	live_open(&live, &request);
	pid = child_run(flood_make, &flood, &status);
	assert_int_equal(rmdir(flood.cgroup), 0);
	assert_int_equal(status, 0);
	live_drain(&live);
	while (live_find(&live, STREAM_FILE_OPEN, pid, seen))
		seen++;
	/* What the bucket held, and what came into it meanwhile. */
	assert_true(seen >= RATE && seen < flood.opens / 2);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	look(&live, &looked);
	assert_int_equal(looked.throttle_count, 1);
	assert_true(looked.throttles[0].begins);
	assert_int_equal(looked.throttles[0].stream, STREAM_FILE_OPEN);
	/* It ends when nothing was dropped for a second. */
	while (looked.throttle_count < 2) {
		poll(NULL, 0, 50);
		look(&live, &looked);
	}
	assert_false(looked.throttles[1].begins);
	assert_int_equal(looked.throttles[1].dropped, flood.opens + 1 - seen);
	collector_detach(live.collector);
	live_drain(&live);
	look(&live, &looked);
	counters_hold(&live, STREAM_FILE_OPEN, &counters);
	assert_true(counters.throttled >= flood.opens - seen);
	assert_int_equal(looked.sums[STREAM_FILE_OPEN][LOSS_THROTTLE],
			 counters.throttled);
	counters_hold(&live, STREAM_PROCESS_EXIT, &counters);
	assert_int_equal(counters.throttled, 0);
	live_close(&live);
}

static void counters__room_enough__nothing_is_lost(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
	};
	struct collect_counters counters;
	unsigned n = 1000;
	unsigned seen = 0;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	pid = child_run(opens_make, &n, NULL);
	live_drain(&live);
	while (live_find(&live, STREAM_FILE_OPEN, pid, seen))
		seen++;
	assert_int_equal(seen, n);
	counters_hold(&live, STREAM_FILE_OPEN, &counters);
	assert_int_equal(counters.lost, 0);
	counters_hold(&live, STREAM_PROCESS_EXIT, &counters);
	assert_true(counters.delivered >= 1);
	live_close(&live);
}

/* Lifecycle records get through while file events flood their ring. */
static void lifecycle__event_ring_full__is_not_starved(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = 4096,
	};
	struct collect_counters counters;
	unsigned n = 1000;
	struct live live;
	pid_t pid;

	(void)state;
	live_open(&live, &request);
	child_run(opens_make, &n, NULL);
	pid = child_run(opens_make, &n, NULL);
	live_drain(&live);
	live_need(&live, STREAM_PROCESS_EXIT, pid);
	counters_need(&live, STREAM_PROCESS_EXIT, &counters);
	assert_int_equal(counters.lost, 0);
	counters_need(&live, STREAM_FILE_OPEN, &counters);
	assert_true(counters.lost > 0);
	live_close(&live);
}

struct promise {
	int64_t watermark_ns;
	uint64_t records;
	uint64_t broken;
};

static int promise_check(void *ctx, const void *record, size_t len,
			 struct err *err)
{
	struct promise *promise = ctx;
	struct event_head head;

	(void)err;
	assert_true(len >= sizeof(head));
	memcpy(&head, record, sizeof(head));
	promise->records++;
	if ((int64_t)head.ts < promise->watermark_ns)
		promise->broken++;
	return 0;
}

static void watermark__two_cpus_write__no_record_is_older(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
	};
	struct promise promise = { 0 };
	uint64_t wanted = scaled(200000, 5000000);
	uint64_t turns = 0;
	pid_t writers[WRITERS];
	struct live live;

	(void)state;
	live_open(&live, &request);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = writer_start(i);
	while (promise.records < wanted) {
		struct err err = { 0 };
		int64_t watermark_ns;
		int64_t now_ns = collect_now_ns();

		if (collector_drain(live.collector, now_ns, promise_check,
				    &promise, &watermark_ns, &err))
			fail_msg("collector_drain: %s", err.text);
		assert_true(watermark_ns >= promise.watermark_ns);
		assert_true(watermark_ns < now_ns);
		promise.watermark_ns = watermark_ns;
		turns++;
	}
	for (int i = 0; i < WRITERS; i++)
		writer_stop(writers[i]);
	assert_int_equal(promise.broken, 0);
	assert_true(turns > 10);
	assert_true(promise.watermark_ns > 0);
	live_close(&live);
}

static void wakeup__ring_a_quarter_full__descriptor_is_readable(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.event_ring_bytes = 65536,
	};
	struct pollfd polls[4];
	unsigned n = 2000;
	struct live live;
	int fds[4];
	unsigned count;

	(void)state;
	live_open(&live, &request);
	count = collector_fds(live.collector, fds, 4);
	assert_int_equal(count, 2);
	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	child_run(opens_make, &n, NULL);
	assert_true(poll(polls, count, 10000) > 0);
	assert_true(polls[1].revents & POLLIN);
	live_close(&live);
}

static void describe__exec_only__no_hook_on_system_calls(void **state)
{
	const struct collect_request request = { .streams = { false } };
	struct buf text = BUF_INIT;
	struct collect_counters counters;
	unsigned n = 10;
	struct live live;
	int fds[4];

	(void)state;
	live_open(&live, &request);
	collector_describe(live.collector, &text);
	assert_non_null(
		strstr(buf_text(&text),
		       "process.exec     from tp_btf/sched_process_exec"));
	assert_null(strstr(buf_text(&text), "sys_exit"));
	assert_null(strstr(buf_text(&text), "inet_sock"));
	assert_int_equal(collector_fds(live.collector, fds, 4), 1);
	child_run(opens_make, &n, NULL);
	counters_need(&live, STREAM_FILE_OPEN, &counters);
	assert_int_equal(counters.generated, 0);
	buf_release(&text);
	live_close(&live);
}

/* What our children did, and theirs as long as they run this program. */
static void count_any(struct live *live, unsigned *ret_count)
{
	char name[EVENT_COMM_SIZE];
	const struct event_head *head = NULL;

	*ret_count = 0;
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	live_drain(live);
	while ((head = live_next(live, head)))
		*ret_count += head->pid != (uint32_t)getpid() &&
			      (head->ppid == (uint32_t)getpid() ||
			       strncmp(head->comm, name, sizeof(name)) == 0);
}

/* Each stream that something can be done for has an event. */
static void self_test__all_streams__hooks_fire_nothing_is_seen(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct collect_request request = { .streams = { false } };
	struct collect_counters counters;
	struct err err = { 0 };
	struct live live;
	unsigned seen;

	(void)state;
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		request.streams[s] = catalog_hook(s);
	live_open(&live, &request);
	if (collector_self_test(live.collector, argv, &err))
		fail_msg("collector_self_test: %s", err.text);
	count_any(&live, &seen);
	assert_int_equal(seen, 0);
	counters_hold(&live, STREAM_PROCESS_EXEC, &counters);
	assert_true(counters.delivered >= 1);
	counters_hold(&live, STREAM_NETWORK_CONNECT, &counters);
	assert_true(counters.delivered >= 1);
	/* It hides its own children only. */
	child_run(opens_make, &(unsigned){ 1 }, NULL);
	count_any(&live, &seen);
	assert_true(seen >= 2);
	live_close(&live);
}

static void self_test__detached__names_the_stream(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	static const char *const nowhere[] = { "/nowhere/program", NULL };
	/* Others make no memfd in the moment before it is detached. */
	const struct collect_request request = {
		.streams = { [STREAM_MEMORY_MEMFD] = true },
	};
	struct err err = { 0 };
	struct live live;

	(void)state;
	live_open(&live, &request);
	assert_int_equal(collector_self_test(live.collector, nowhere, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/program"));
	live_close(&live);

	err = (struct err){ 0 };
	live_open(&live, &request);
	collector_detach(live.collector);
	assert_int_equal(collector_self_test(live.collector, argv, &err),
			 -ENODATA);
	assert_int_equal(err.kind, ERR_MACHINE);
	assert_non_null(strstr(err.text, "the hook of "));
	live_close(&live);
}

static void open__bad_ring_size__is_a_usage_error(void **state)
{
	const struct collect_request request = {
		.lifecycle_ring_bytes = 12345,
	};
	struct collector *collector = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(collector_open(&request, &collector, &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(collector);
}

static void open_as_nobody(void *arg)
{
	const struct collect_request request = { .streams = { false } };
	struct collector *collector;
	struct err err = { 0 };
	int rc;

	(void)arg;
	if (setresuid(65534, 65534, 65534))
		_exit(1);
	rc = collector_open(&request, &collector, &err);
	if (rc != -EPERM || err.kind != ERR_MACHINE ||
	    !strstr(err.text, "CAP_BPF"))
		_exit(2);
}

static void open__without_privileges__says_what_is_missing(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: not root, cannot drop privileges\n");
		skip();
	}
	child_run(open_as_nobody, NULL, &status);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters__ring_too_small__identity_holds),
		cmocka_unit_test(counters__all_streams_in_4_KB__identity_holds),
		cmocka_unit_test(
			look__after_an_overload__gap_is_as_long_as_the_loss),
		cmocka_unit_test(
			throttle__one_cgroup_floods__is_held_back_and_told),
		cmocka_unit_test(counters__room_enough__nothing_is_lost),
		cmocka_unit_test(lifecycle__event_ring_full__is_not_starved),
		cmocka_unit_test(watermark__two_cpus_write__no_record_is_older),
		cmocka_unit_test(
			wakeup__ring_a_quarter_full__descriptor_is_readable),
		cmocka_unit_test(describe__exec_only__no_hook_on_system_calls),
		cmocka_unit_test(
			self_test__all_streams__hooks_fire_nothing_is_seen),
		cmocka_unit_test(self_test__detached__names_the_stream),
		cmocka_unit_test(open__bad_ring_size__is_a_usage_error),
		cmocka_unit_test(
			open__without_privileges__says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
