// SPDX-License-Identifier: Apache-2.0
/* What the self-test does works here, and leaves nothing behind. */
#include "live.h"

#include "user/base/catalog.h"
#include "user/collect/handlers.h"
#include "user/collect/self_test_deeds.h"

#include <fcntl.h>

static const char *const program[] = { "/bin/true", NULL };

/* /proc/self/mounts and what is in /tmp of ours. */
static void mounts_read(struct buf *out)
{
	int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	do {
		uint8_t *room = buf_reserve(out, 4096);

		assert_non_null(room);
		n = read(fd, room, 4096);
		assert_true(n >= 0);
		out->len += (size_t)n;
	} while (n);
	close(fd);
}

/* Made by nobody here: it would change the machine. */
static bool is_unproved(unsigned stream)
{
	return stream == STREAM_CONTAINER_EVENT ||
	       stream == STREAM_KERNEL_MODULE;
}

static void deeds__all_streams__all_are_done(void **state)
{
	struct self_test_result result;
	struct buf before = BUF_INIT, after = BUF_INIT;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	mounts_read(&before);
	assert_int_equal(self_test_deeds(~0ULL, program, &result, &pid), 0);
	mounts_read(&after);
	assert_int_equal(result.exec_errno, 0);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (!is_unproved(s) && !(result.done & HANDLER_STREAM(s)))
			fail_msg("nothing was done for %s",
				 catalog_stream(s)->name);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.bytes, after.bytes, before.len);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	buf_release(&before);
	buf_release(&after);
}

static void deeds__few_streams__only_theirs_are_done(void **state)
{
	struct self_test_result result;
	pid_t pid;

	(void)state;
	assert_int_equal(self_test_deeds(HANDLER_STREAM(STREAM_FILE_OPEN),
					 program, &result, &pid),
			 0);
	assert_int_equal(result.done, HANDLER_STREAM(STREAM_FILE_OPEN));
	assert_true(pid > 0);
}

static void deeds__no_such_program__says_why(void **state)
{
	static const char *const nowhere[] = { "/nowhere/program", NULL };
	struct self_test_result result;
	pid_t pid;

	(void)state;
	assert_int_equal(self_test_deeds(~0ULL, nowhere, &result, &pid), 0);
	assert_int_equal(result.exec_errno, ENOENT);
	assert_false(result.done & HANDLER_STREAM(STREAM_PROCESS_EXEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deeds__all_streams__all_are_done),
		cmocka_unit_test(deeds__few_streams__only_theirs_are_done),
		cmocka_unit_test(deeds__no_such_program__says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
