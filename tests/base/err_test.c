// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "user/base/check.h"
#include "user/base/err.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void set__twice__the_first_stays(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_INPUT, -EBADMSG, "line %d", 7),
			 -EBADMSG);
	assert_int_equal(err_set(&err, ERR_USAGE, -EINVAL, "later"), -EINVAL);
	assert_int_equal(err.code, -EBADMSG);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, "line 7");
}

static void set__nobody_asks_for_the_text__the_code(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_INPUT, -EIO, "unheard"), -EIO);
	assert_int_equal(err_prefix(NULL, "unheard"), 0);
	assert_int_equal(err_nomem(NULL), -ENOMEM);
}

static void prefix__on_the_way_up__in_front(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_MACHINE, -EPERM, "not allowed");
	assert_int_equal(err_prefix(&err, "stream %s", "file.open"), -EPERM);
	assert_int_equal(err_prefix(&err, "cannot start"), -EPERM);
	assert_string_equal(err.text,
			    "cannot start: stream file.open: not allowed");
}

static void text__too_long__cut(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_INPUT, -E2BIG, "%5000d", 1);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	err_prefix(&err, "front");
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	assert_int_equal(strncmp(err.text, "front:  ", 8), 0);
	err_prefix(&err, "%5000d", 1);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void nomem__is_our_failure(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_nomem(&err), -ENOMEM);
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_string_equal(err.text, "out of memory");
}

/* What a child prints and how it ends when an invariant is broken or holds. */
static int check_in_child(int holds, char *text, size_t size)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		CHECK(holds == 1);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], text, size - 1);
	text[n > 0 ? n : 0] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check__broken__ends_the_process_with_its_text(void **state)
{
	char text[256];
	int status;

	(void)state;
	status = check_in_child(1, text, sizeof(text));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(text, "");
	status = check_in_child(0, text, sizeof(text));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(text, "err_test.c"));
	assert_non_null(strstr(text, "broken invariant: holds == 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set__twice__the_first_stays),
		cmocka_unit_test(set__nobody_asks_for_the_text__the_code),
		cmocka_unit_test(prefix__on_the_way_up__in_front),
		cmocka_unit_test(text__too_long__cut),
		cmocka_unit_test(nomem__is_our_failure),
		cmocka_unit_test(check__broken__ends_the_process_with_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
