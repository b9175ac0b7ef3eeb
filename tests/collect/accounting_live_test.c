// SPDX-License-Identifier: Apache-2.0
/*
 * The books: every event is accounted for under overload, sequence numbers show
 * loss, the watermark keeps its promise, and only what is needed is attached.
 */
#include "live.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#define WRITERS 2

static unsigned scaled(unsigned few, unsigned many)
{
	const char *full = getenv("CHECK_FULL");

	return full && strcmp(full, "1") == 0 ? many : few;
}

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
	} while (c.generated != c.filtered + c.delivered + c.lost + c.missed &&
		 --tries);
	assert_int_equal(c.generated,
			 c.filtered + c.delivered + c.lost + c.missed);
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

static void count_any(struct live *live, unsigned *ret_count)
{
	const struct event_head *head = NULL;

	*ret_count = 0;
	live_drain(live);
	while ((head = live_next(live, head)))
		*ret_count += head->ppid == (uint32_t)getpid();
}

static void self_test__attached__hooks_fire_and_nothing_is_seen(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true,
			     [STREAM_NETWORK_CONNECT] = true },
	};
	struct collect_counters counters;
	struct err err = { 0 };
	struct live live;
	unsigned seen;

	(void)state;
	live_open(&live, &request);
	if (collector_self_test(live.collector, argv, &err))
		fail_msg("collector_self_test: %s", err.text);
	count_any(&live, &seen);
	assert_int_equal(seen, 0);
	counters_hold(&live, STREAM_PROCESS_EXEC, &counters);
	assert_true(counters.delivered >= 1);
	/* It hides its own child only. */
	child_run(opens_make, &(unsigned){ 1 }, NULL);
	count_any(&live, &seen);
	assert_true(seen >= 2);
	live_close(&live);
}

static void self_test__detached__names_the_stream(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	static const char *const nowhere[] = { "/nowhere/program", NULL };
	const struct collect_request request = { .streams = { false } };
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
	assert_non_null(strstr(err.text, "process.exec"));
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
		cmocka_unit_test(counters__room_enough__nothing_is_lost),
		cmocka_unit_test(lifecycle__event_ring_full__is_not_starved),
		cmocka_unit_test(watermark__two_cpus_write__no_record_is_older),
		cmocka_unit_test(
			wakeup__ring_a_quarter_full__descriptor_is_readable),
		cmocka_unit_test(describe__exec_only__no_hook_on_system_calls),
		cmocka_unit_test(
			self_test__attached__hooks_fire_and_nothing_is_seen),
		cmocka_unit_test(self_test__detached__names_the_stream),
		cmocka_unit_test(open__bad_ring_size__is_a_usage_error),
		cmocka_unit_test(
			open__without_privileges__says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
