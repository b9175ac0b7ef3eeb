// SPDX-License-Identifier: Apache-2.0
/*
 * The reader's confinement: what it needs works, anything else ends it.
 */
#include "tests/store/store_fixture.h"

#include "store/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* Runs in a confined child; returns its wait status. */
static int status_of(void (*action)(void), int keep_fd)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (sandbox_begin(keep_fd) || sandbox_close())
			_exit(99);
		action();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void read_and_write(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || write(3, "ok", 2) != 2)
		_exit(1);
}

static void open_file(void)
{
	if (open("/dev/null", O_RDONLY) < 0)
		_exit(1);
}

static void make_socket(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) < 0)
		_exit(1);
}

static void make_process(void)
{
	if (fork() < 0)
		_exit(1);
}

static void memory_and_output__allowed(void **state)
{
	char text[3] = "";
	int fds[2], status;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	status = status_of(read_and_write, fds[1]);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], text, 2), 2);
	assert_string_equal(text, "ok");
	close(fds[0]);
	close(fds[1]);
}

static void anything_else__ends_the_process(void **state)
{
	void (*const actions[])(void) = { open_file, make_socket,
					  make_process };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		int status = status_of(actions[i], 2);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_and_output__allowed),
#if defined(__x86_64__) || defined(__aarch64__)
		cmocka_unit_test(anything_else__ends_the_process),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
