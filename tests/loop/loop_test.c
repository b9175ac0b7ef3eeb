// SPDX-License-Identifier: Apache-2.0
/* The loop on real pipes, clocks, signals and files. */
#include "support/unit.h"

#include "user/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000LL
#define STOP 17

/* What a test's callbacks see and leave behind. */
struct seen {
	struct loop *loop;
	int fd;
	int other_fd;
	unsigned calls;
	unsigned stop_after;
	int64_t last;
	int64_t total;
	size_t bytes;
	char order[64];
};

static struct loop *open_loop(void)
{
	struct err err = { 0 };
	struct loop *loop = NULL;

	if (loop_open(&loop, &err))
		fail_msg("%s", err.text);
	return loop;
}

static int run(struct loop *loop)
{
	struct err err = { 0 };

	return loop_run(loop, &err);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

static void open_pipe(int ret_fds[2])
{
	assert_int_equal(pipe2(ret_fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static int count(void *ctx, int64_t result, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	seen->last = result;
	seen->total += result;
	return ++seen->calls == seen->stop_after ? STOP : 0;
}

static void run__no_source__returns_at_once(void **state)
{
	struct loop *loop = open_loop();

	(void)state;
	assert_int_equal(run(loop), 0);
	assert_null(loop_close(loop));
	assert_null(loop_close(NULL));
}

static int drain(void *ctx, int64_t result, struct err *err)
{
	struct seen *seen = ctx;
	char bytes[256];
	ssize_t n;

	(void)err;
	seen->last = result;
	seen->calls++;
	while ((n = read(seen->fd, bytes, sizeof(bytes))) > 0)
		seen->bytes += (size_t)n;
	return n == 0 || (result & POLLHUP) ? STOP : 0;
}

static void watch__bytes_already_there__called(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 1 };
	int fds[2];

	(void)state;
	open_pipe(fds);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(loop_watch(loop, fds[0], count, &seen, NULL), 0);
	assert_int_equal(run(loop), STOP);
	assert_true(seen.last & POLLIN);
	loop_close(loop);
	close(fds[0]);
	close(fds[1]);
}

/* Each byte is written after the one before was told. */
static int read_one_write_one(void *ctx, int64_t result, struct err *err)
{
	struct seen *seen = ctx;
	char byte;

	(void)err;
	assert_true(result & POLLIN);
	assert_int_equal(read(seen->fd, &byte, 1), 1);
	if (++seen->calls == seen->stop_after)
		return STOP;
	assert_int_equal(write(seen->other_fd, &byte, 1), 1);
	return 0;
}

static void watch__many_readiness_events__each_is_told(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 10000 };
	int fds[2];

	(void)state;
	open_pipe(fds);
	seen.fd = fds[0];
	seen.other_fd = fds[1];
	assert_int_equal(
		loop_watch(loop, fds[0], read_one_write_one, &seen, NULL), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(run(loop), STOP);
	assert_int_equal(seen.calls, 10000);
	loop_close(loop);
	close(fds[0]);
	close(fds[1]);
}

#define FLOOD_BYTES 1000000

static void *flood(void *ctx)
{
	int fd = *(int *)ctx;
	char bytes[1000] = { 0 };

	for (unsigned i = 0; i < FLOOD_BYTES / sizeof(bytes); i++)
		if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
			return NULL;
	close(fd);
	return NULL;
}

/* A writer of its own speed: no wake-up may be lost. */
static void watch__another_thread_writes__all_bytes_arrive(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { 0 };
	pthread_t thread;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	seen.fd = fds[0];
	assert_int_equal(loop_watch(loop, fds[0], drain, &seen, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, flood, &fds[1]), 0);
	assert_int_equal(run(loop), STOP);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(seen.bytes, FLOOD_BYTES);
	loop_close(loop);
	close(fds[0]);
}

/* The last call is the hang-up; after it nothing is left to wait for. */
static void watch__hang_up__last_call(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { 0 };
	int fds[2];

	(void)state;
	open_pipe(fds);
	assert_int_equal(loop_watch(loop, fds[0], count, &seen, NULL), 0);
	close(fds[1]);
	assert_int_equal(run(loop), 0);
	assert_int_equal(seen.calls, 1);
	assert_true(seen.last & POLLHUP);
	loop_close(loop);
	close(fds[0]);
}

static void watch__bad_descriptor__told_once(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(loop_watch(loop, -1, count, &seen, NULL), 0);
	assert_int_equal(run(loop), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.last, -EBADF);
	loop_close(loop);
}

static void every__period__never_early_and_without_drift(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 20 };
	int64_t start = now_ns();

	(void)state;
	assert_int_equal(loop_every(loop, 3 * MS, count, &seen, NULL), 0);
	assert_int_equal(run(loop), STOP);
	/* A late call counts the periods it stands for, so time adds up. */
	assert_true(seen.total >= 20);
	assert_true(now_ns() - start >= seen.total * 3 * MS);
	loop_close(loop);
}

static int spin_first(void *ctx, int64_t result, struct err *err)
{
	struct seen *seen = ctx;
	int64_t until = now_ns() + 25 * MS;

	if (!seen->calls)
		while (now_ns() < until)
			;
	return count(ctx, result, err);
}

static void
every__callback_takes_longer__periods_are_told_together(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 2 };

	(void)state;
	assert_int_equal(loop_every(loop, 10 * MS, spin_first, &seen, NULL), 0);
	assert_int_equal(run(loop), STOP);
	/* The call after the 25 ms stands for the second and third period. */
	assert_true(seen.last >= 2);
	loop_close(loop);
}

struct named {
	struct seen *seen;
	char name;
};

static int note_order(void *ctx, int64_t result, struct err *err)
{
	struct named *named = ctx;
	struct seen *seen = named->seen;

	(void)err;
	for (; result > 0 && seen->calls < sizeof(seen->order) - 1; result--)
		seen->order[seen->calls++] = named->name;
	return named->name == 'c' ? STOP : 0;
}

static void every__several_timers__in_order(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { 0 };
	struct named a = { &seen, 'a' }, b = { &seen, 'b' }, c = { &seen, 'c' };

	(void)state;
	assert_int_equal(loop_every(loop, 50 * MS, note_order, &c, NULL), 0);
	assert_int_equal(loop_every(loop, 35 * MS, note_order, &b, NULL), 0);
	assert_int_equal(loop_every(loop, 20 * MS, note_order, &a, NULL), 0);
	assert_int_equal(run(loop), STOP);
	/* Due at 20, 35, 40 and 50 ms; late calls may merge, not overtake. */
	assert_int_equal(seen.order[0], 'a');
	assert_non_null(strchr(seen.order, 'b'));
	assert_true(strchr(seen.order, 'c') > strchr(seen.order, 'b'));
	assert_true(strrchr(seen.order, 'a') > seen.order);
	loop_close(loop);
}

static void every__impossible_period__refused(void **state)
{
	static const int64_t periods[] = { 0, -1, INT64_MIN, INT64_MAX };
	struct loop *loop = open_loop();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct err err = { 0 };

		assert_int_equal(
			loop_every(loop, periods[i], count, NULL, &err),
			-EINVAL);
		assert_int_equal(err.code, -EINVAL);
	}
	assert_int_equal(run(loop), 0);
	loop_close(loop);
}

static void signals__raised__told_by_number(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 2 };

	(void)state;
	assert_int_equal(loop_signals(loop, 1U << SIGINT | 1U << SIGUSR1, count,
				      &seen, NULL),
			 0);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(run(loop), STOP);
	assert_int_equal(seen.total, SIGINT + SIGUSR1);
	loop_close(loop);
}

/* Those not yet told when the function ends the loop come in the next run. */
static void signals__loop_ended_between__none_is_lost(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 1 };

	(void)state;
	assert_int_equal(loop_signals(loop, 1U << SIGUSR1 | 1U << SIGUSR2,
				      count, &seen, NULL),
			 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	assert_int_equal(run(loop), STOP);
	assert_int_equal(seen.calls, 1);
	seen.stop_after = 2;
	assert_int_equal(run(loop), STOP);
	assert_int_equal(seen.total, SIGUSR1 + SIGUSR2);
	loop_close(loop);
}

static int raise_again(void *ctx, int64_t result, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	assert_int_equal(result, SIGUSR1);
	if (++seen->calls == seen->stop_after)
		return STOP;
	return raise(SIGUSR1);
}

static void signals__raised_again_and_again__each_is_told(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 1000 };

	(void)state;
	assert_int_equal(
		loop_signals(loop, 1U << SIGUSR1, raise_again, &seen, NULL), 0);
	raise(SIGUSR1);
	assert_int_equal(run(loop), STOP);
	assert_int_equal(seen.calls, 1000);
	loop_close(loop);
}

static void signals__impossible_mask__refused(void **state)
{
	struct loop *loop = open_loop();
	struct err err = { 0 };

	(void)state;
	assert_int_equal(loop_signals(loop, 0, count, NULL, &err), -EINVAL);
	assert_int_equal(loop_signals(loop, 1, count, NULL, &err), -EINVAL);
	/* A signal that the C library keeps for itself. */
	assert_int_equal(loop_signals(loop, 1ULL << 32, count, NULL, &err),
			 -EINVAL);
	assert_int_equal(run(loop), 0);
	loop_close(loop);
}

static int temporary_file(const char *content, size_t len)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	fd = dup(fileno(file));
	fclose(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	return fd;
}

static void read__parts_of_a_file__bytes_then_end(void **state)
{
	static const struct {
		uint64_t offset;
		size_t len;
		int64_t result;
	} cases[] = {
		{ 0, 5, 5 },  { 3, 4, 4 },  { 7, 100, 3 },
		{ 10, 8, 0 }, { 99, 8, 0 }, { 0, 0, 0 },
	};
	static const char content[] = "0123456789";
	struct loop *loop = open_loop();
	int fd = temporary_file(content, 10);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen seen = { .last = -1 };
		char bytes[128];

		memset(bytes, '#', sizeof(bytes));
		assert_int_equal(loop_read(loop, fd, bytes, cases[i].len,
					   cases[i].offset, count, &seen, NULL),
				 0);
		assert_int_equal(run(loop), 0);
		assert_int_equal(seen.calls, 1);
		assert_int_equal(seen.last, cases[i].result);
		if (seen.last)
			assert_memory_equal(bytes, content + cases[i].offset,
					    (size_t)seen.last);
		assert_int_equal(bytes[seen.last], '#');
	}
	loop_close(loop);
	close(fd);
}

static void read__failures__negative_errno(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { 0 };
	char byte;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(loop_read(loop, -1, &byte, 1, 0, count, &seen, NULL),
			 0);
	assert_int_equal(run(loop), 0);
	assert_int_equal(seen.last, -EBADF);
	assert_int_equal(loop_read(loop, fd, &byte, 1, 0, count, &seen, NULL),
			 0);
	assert_int_equal(run(loop), 0);
	assert_int_equal(seen.last, -EISDIR);
	assert_int_equal(seen.calls, 2);
	loop_close(loop);
	close(fd);
}

struct file_reader {
	struct loop *loop;
	int fd;
	uint64_t offset;
	uint64_t sum;
	unsigned calls;
	uint8_t bytes[1000];
};

/* A callback that adds a source: the next read. */
static int read_on(void *ctx, int64_t result, struct err *err)
{
	struct file_reader *reader = ctx;

	reader->calls++;
	if (result <= 0)
		return (int)result;
	for (int64_t i = 0; i < result; i++)
		reader->sum += reader->bytes[i];
	reader->offset += (uint64_t)result;
	return loop_read(reader->loop, reader->fd, reader->bytes,
			 sizeof(reader->bytes), reader->offset, read_on, reader,
			 err);
}

static void read__each_asks_for_the_next__whole_file(void **state)
{
	enum { SIZE = 250001 };
	uint8_t *content = malloc(SIZE);
	struct file_reader reader = { .loop = open_loop() };
	uint64_t sum = 0;

	(void)state;
	assert_non_null(content);
	for (unsigned i = 0; i < SIZE; i++)
		sum += content[i] = (uint8_t)(i * i >> 3);
	reader.fd = temporary_file((char *)content, SIZE);
	assert_int_equal(read_on(&reader, 0, NULL), 0);
	assert_int_equal(loop_read(reader.loop, reader.fd, reader.bytes,
				   sizeof(reader.bytes), 0, read_on, &reader,
				   NULL),
			 0);
	assert_int_equal(run(reader.loop), 0);
	assert_int_equal(reader.offset, SIZE);
	assert_int_equal(reader.sum, sum);
	assert_int_equal(reader.calls, 253);
	loop_close(reader.loop);
	close(reader.fd);
	free(content);
}

static int fail_with_text(void *ctx, int64_t result, struct err *err)
{
	(void)ctx;
	(void)result;
	return err_set(err, ERR_INPUT, -EPROTO, "as it must be");
}

static void run__callback_fails__its_error_is_returned(void **state)
{
	struct loop *loop = open_loop();
	struct err err = { 0 };

	(void)state;
	assert_int_equal(loop_every(loop, 1 * MS, fail_with_text, NULL, &err),
			 0);
	assert_int_equal(loop_run(loop, &err), -EPROTO);
	assert_string_equal(err.text, "as it must be");
	/* The timer goes on: what the loop does next is the caller's choice. */
	err = (struct err){ 0 };
	assert_int_equal(loop_run(loop, &err), -EPROTO);
	loop_close(loop);
}

static void sources__too_many__refused_and_rows_are_reused(void **state)
{
	struct loop *loop = open_loop();
	struct err err = { 0 };
	struct seen seen = { 0 };
	int fd = temporary_file("x", 1);
	unsigned added = 0;
	char byte;
	int rc;

	(void)state;
	while (!(rc = loop_read(loop, fd, &byte, 1, 0, count, &seen, &err)))
		added++;
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(err.code, -ENOSPC);
	assert_int_equal(added, 64);
	for (unsigned round = 1; round <= 20; round++) {
		assert_int_equal(run(loop), 0);
		assert_int_equal(seen.calls, round * 64);
		for (unsigned i = 0; i < 64; i++)
			assert_int_equal(loop_read(loop, fd, &byte, 1, 0, count,
						   &seen, NULL),
					 0);
	}
	loop_close(loop);
	close(fd);
}

/* Every kind pending, one ended but not yet gone. */
static void close__sources_pending__cancels_them(void **state)
{
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 1 };
	char *bytes = malloc(64);
	int fds[2], hung_up[2], sockets[2];

	(void)state;
	open_pipe(fds);
	open_pipe(hung_up);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	loop_watch(loop, fds[0], count, &seen, NULL);
	loop_every(loop, 3600 * 1000 * MS, count, &seen, NULL);
	loop_signals(loop, 1U << SIGUSR1, count, &seen, NULL);
	/* A read that waits: the buffer is ours again after the close. */
	loop_read(loop, sockets[0], bytes, 64, 0, count, &seen, NULL);
	loop_watch(loop, hung_up[0], count, &seen, NULL);
	close(hung_up[1]);
	assert_int_equal(run(loop), STOP);
	loop_close(loop);
	free(bytes);
	assert_int_equal(seen.calls, 1);
	close(sockets[0]);
	close(sockets[1]);
	close(hung_up[0]);
}

/* What arrives after the close is not taken by a read from before. */
static void close__read_pending__takes_nothing_later(void **state)
{
	int sockets[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, sockets),
			 0);
	for (unsigned i = 0; i < 500; i++) {
		struct loop *loop = open_loop();
		struct seen seen = { .stop_after = 1 };
		char late = 'n';

		assert_int_equal(fcntl(sockets[0], F_SETFL, 0), 0);
		loop_read(loop, sockets[0], &late, 1, 0, count, NULL, NULL);
		loop_every(loop, 1, count, &seen, NULL);
		assert_int_equal(run(loop), STOP);
		loop_close(loop);
		assert_int_equal(write(sockets[1], "y", 1), 1);
		assert_int_equal(fcntl(sockets[0], F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(read(sockets[0], &byte, 1), 1);
		assert_int_equal(late, 'n');
	}
	close(sockets[0]);
	close(sockets[1]);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void close__leaves_no_descriptor(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct loop *loop = open_loop();

		loop_signals(loop, 1U << SIGUSR1, count, NULL, NULL);
		loop_close(loop);
	}
	assert_int_equal(open_descriptors(), before);
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* io_uring_enter returns EINTR: the loop goes on waiting. */
static void run__interrupted_by_handlers__goes_on(void **state)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	struct loop *loop = open_loop();
	struct seen seen = { .stop_after = 5 };

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	loop_every(loop, 5 * MS, count, &seen, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(run(loop), STOP);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(seen.calls, 5);
	loop_close(loop);
}

/* No descriptor left for the ring. */
static void open__the_machine_refuses__says_so(void **state)
{
	struct rlimit limit, none;
	struct err err = { 0 };
	struct loop *loop = NULL;
	int rc;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = loop_open(&loop, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(rc, -EMFILE);
	assert_int_equal(err.kind, ERR_MACHINE);
	assert_int_equal(strncmp(err.text, "io_uring: ", 10), 0);
	assert_null(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run__no_source__returns_at_once),
		cmocka_unit_test(watch__bytes_already_there__called),
		cmocka_unit_test(watch__many_readiness_events__each_is_told),
		cmocka_unit_test(
			watch__another_thread_writes__all_bytes_arrive),
		cmocka_unit_test(watch__hang_up__last_call),
		cmocka_unit_test(watch__bad_descriptor__told_once),
		cmocka_unit_test(every__period__never_early_and_without_drift),
		cmocka_unit_test(
			every__callback_takes_longer__periods_are_told_together),
		cmocka_unit_test(every__several_timers__in_order),
		cmocka_unit_test(every__impossible_period__refused),
		cmocka_unit_test(signals__raised__told_by_number),
		cmocka_unit_test(signals__loop_ended_between__none_is_lost),
		cmocka_unit_test(signals__raised_again_and_again__each_is_told),
		cmocka_unit_test(signals__impossible_mask__refused),
		cmocka_unit_test(read__parts_of_a_file__bytes_then_end),
		cmocka_unit_test(read__failures__negative_errno),
		cmocka_unit_test(read__each_asks_for_the_next__whole_file),
		cmocka_unit_test(run__callback_fails__its_error_is_returned),
		cmocka_unit_test(
			sources__too_many__refused_and_rows_are_reused),
		cmocka_unit_test(close__sources_pending__cancels_them),
		cmocka_unit_test(close__read_pending__takes_nothing_later),
		cmocka_unit_test(close__leaves_no_descriptor),
		cmocka_unit_test(run__interrupted_by_handlers__goes_on),
		cmocka_unit_test(open__the_machine_refuses__says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
