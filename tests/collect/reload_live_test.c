// SPDX-License-Identifier: Apache-2.0
/*
 * New programs take over from old ones: every event is delivered exactly once,
 * by one or the other, and the counters go on.
 */
#include "live.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#define FDS_MAX 8
#define BURST 20
/* Nothing is read while programs are loaded. */
#define RING_BYTES (64U << 20)

static const struct collect_request files = {
	.streams = { [STREAM_FILE_OPEN] = true },
	.event_ring_bytes = RING_BYTES,
};

static const struct collect_request files_and_connections = {
	.streams = { [STREAM_FILE_OPEN] = true,
		     [STREAM_NETWORK_CONNECT] = true },
	.event_ring_bytes = RING_BYTES,
};

static const struct collect_request connections = {
	.streams = { [STREAM_NETWORK_CONNECT] = true },
};

struct writer {
	pid_t pid;
	int stop; /* closed: the writer ends */
	int told; /* how many files it has opened */
	char folder[32];
};

/* Opens DIR/0, DIR/1 ... until the pipe's other end is closed. */
static void write_numbers(int stop, int told)
{
	struct pollfd end = { .fd = stop, .events = POLLIN };
	uint32_t n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* In bursts, so that there are not more than fit into memory. */
	while (n % BURST || poll(&end, 1, 1) == 0) {
		char name[16];

		snprintf(name, sizeof(name), "%u", n++);
		close(open(name, O_CREAT | O_WRONLY, 0600));
		unlink(name);
	}
	if (write(told, &n, sizeof(n)) != sizeof(n))
		_exit(1);
	_exit(0);
}

static void writer_start(struct writer *writer)
{
	int stop[2], told[2];

	strcpy(writer->folder, "/tmp/shrike-reload.XXXXXX");
	assert_non_null(mkdtemp(writer->folder));
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(pipe(told), 0);
	writer->pid = fork();
	assert_true(writer->pid >= 0);
	if (writer->pid == 0) {
		close(stop[1]);
		if (chdir(writer->folder))
			_exit(1);
		write_numbers(stop[0], told[1]);
	}
	close(stop[0]);
	close(told[1]);
	writer->stop = stop[1];
	writer->told = told[0];
}

/* Returns how many files it has opened: all have their numbers below that. */
static uint32_t writer_stop(struct writer *writer)
{
	uint32_t n = 0;
	int status;

	close(writer->stop);
	assert_int_equal(read(writer->told, &n, sizeof(n)), sizeof(n));
	close(writer->told);
	assert_int_equal(waitpid(writer->pid, &status, 0), writer->pid);
	assert_int_equal(status, 0);
	rmdir(writer->folder);
	return n;
}

static void reload(struct live *live, const struct collect_request *request)
{
	struct err err = { 0 };

	if (collector_reload(live->collector, request, &err))
		fail_msg("collector_reload: %s", err.text);
}

/* How often each number was delivered; the highest number is below `n`. */
static unsigned char *numbers_count(const struct live *live,
				    const struct writer *writer, uint32_t n,
				    uint32_t *generation)
{
	unsigned char *times = calloc(n, 1);
	const struct event_head *head = NULL;
	size_t prefix = strlen(writer->folder);

	assert_non_null(times);
	while ((head = live_next(live, head))) {
		const char *path;
		unsigned long number;

		if (head->stream != STREAM_FILE_OPEN ||
		    head->pid != (uint32_t)writer->pid)
			continue;
		path = open_path((const void *)head);
		assert_int_equal(strncmp(path, writer->folder, prefix), 0);
		number = strtoul(path + prefix + 1, NULL, 10);
		assert_true(number < n);
		times[number]++;
		/* The rings keep the order: generations only rise. */
		assert_true(head->generation >= *generation);
		*generation = head->generation;
	}
	return times;
}

static void reload__while_files_open__each_is_there_once(void **state)
{
	static const struct collect_request *const turns[] = {
		&files_and_connections,
		&files,
	};
	struct collect_counters before = { 0 }, after;
	struct writer writer;
	unsigned char *times;
	struct live live;
	unsigned reloads = scaled(8, 100);
	uint32_t generation = 0;
	uint32_t n;

	(void)state;
	live_open(&live, &files);
	writer_start(&writer);
	for (unsigned i = 0; i < reloads; i++) {
		reload(&live, turns[i % ARRAY_SIZE(turns)]);
		live_drain(&live);
		counters_need(&live, STREAM_FILE_OPEN, &after);
		assert_true(after.generated >= before.generated);
		assert_int_equal(after.lost, 0);
		before = after;
	}
	n = writer_stop(&writer);
	live_drain(&live);
	times = numbers_count(&live, &writer, n, &generation);
	assert_true(generation > reloads);
	for (uint32_t i = 0; i < n; i++)
		if (times[i] != 1)
			fail_msg("open %u of %u was delivered %u times", i, n,
				 times[i]);
	/* Else it proves nothing. */
	assert_true(n > 20 * reloads);
	print_message("%u opens, %u reloads\n", n, reloads);
	free(times);
	live_close(&live);
}

static void reload__stream_no_longer_wanted__hook_is_left(void **state)
{
	struct collect_counters counters;
	struct buf text = BUF_INIT;
	struct live live;
	uint64_t generated;
	int fds[FDS_MAX];

	(void)state;
	live_open(&live, &files);
	assert_int_equal(collector_fds(live.collector, fds, FDS_MAX), 2);
	reload(&live, &connections);
	assert_int_equal(collector_fds(live.collector, fds, FDS_MAX), 3);
	collector_describe(live.collector, &text);
	assert_non_null(strstr(buf_text(&text), "inet_sock_set_state"));
	assert_null(strstr(buf_text(&text), "file.open"));
	counters_need(&live, STREAM_FILE_OPEN, &counters);
	generated = counters.generated;
	close(open("/etc/passwd", O_RDONLY));
	counters_need(&live, STREAM_FILE_OPEN, &counters);
	assert_int_equal(counters.generated, generated);
	buf_release(&text);
	live_close(&live);
}

static void open_one(void *arg)
{
	close(open(arg, O_RDONLY));
}

static void reload__refused__old_programs_go_on(void **state)
{
	struct collect_request damaged = files_and_connections;
	struct err err = { 0 };
	struct live live;
	pid_t pid;

	(void)state;
	damaged.object = (const uint8_t *)"no object";
	damaged.object_bytes = 9;
	live_open(&live, &files);
	assert_true(collector_reload(live.collector, &damaged, &err) < 0);
	assert_int_equal(err.kind, ERR_MACHINE);
	pid = child_run(open_one, (void *)"/etc/passwd", NULL);
	live_drain(&live);
	live_need(&live, STREAM_FILE_OPEN, pid);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload__while_files_open__each_is_there_once),
		cmocka_unit_test(reload__stream_no_longer_wanted__hook_is_left),
		cmocka_unit_test(reload__refused__old_programs_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
