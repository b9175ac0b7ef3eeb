// SPDX-License-Identifier: Apache-2.0
/*
 * A log file as daemons, logrotate and people who hide something treat it. What
 * is written is on disk before a turn looks, so no test waits for anything.
 */
#include "support/unit.h"

#include "user/logs/log_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000LL

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 16];
	char other[PATH_MAX + 16];
	struct log_tail *tail;
	int64_t now_ns;
	char *got; /* lines, each ended by '|', a cut one by '!' */
	size_t len, size;
};

static int take(void *ctx, const char *line, size_t len, bool cut,
		struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	if (f->len + len + 2 > f->size) {
		f->size = 2 * (f->len + len + 2);
		f->got = realloc(f->got, f->size);
		assert_non_null(f->got);
	}
	memcpy(f->got + f->len, line, len);
	f->len += len;
	f->got[f->len++] = cut ? '!' : '|';
	f->got[f->len] = '\0';
	return 0;
}

static void turn(struct fixture *f)
{
	struct err err = { 0 };

	assert_int_equal(log_tail_turn(f->tail, f->now_ns, take, f, &err), 0);
}

/* What came since the last call. */
static void expect(struct fixture *f, const char *lines)
{
	turn(f);
	assert_string_equal(f->got ? f->got : "", lines);
	f->len = 0;
	if (f->got)
		f->got[0] = '\0';
}

static void write_to(const char *path, int flags, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void append(struct fixture *f, const char *text)
{
	write_to(f->path, O_APPEND, text, strlen(text));
}

static void watch(struct fixture *f)
{
	struct err err = { 0 };

	if (log_tail_open(f->path, &f->tail, &err) != 0)
		fail_msg("%s", err.text);
}

static struct log_tail_stats stats(const struct fixture *f)
{
	struct log_tail_stats s;

	log_tail_stats(f->tail, &s);
	return s;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->folder, "/tmp/shrike-tail.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/log", f->folder);
	snprintf(f->other, sizeof(f->other), "%s/log.1", f->folder);
	f->now_ns = SECOND;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[PATH_MAX + 16];

	log_tail_close(f->tail);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f->got);
	free(f);
	return 0;
}

static void tail__of_a_file__gives_what_comes_after(void **state)
{
	struct fixture *f = *state;

	append(f, "before\n");
	watch(f);
	expect(f, "");
	append(f, "one\ntwo\n\n");
	expect(f, "one|two||");
	expect(f, "");
}

static void tail__that_starts_inside_a_line__leaves_it_out(void **state)
{
	struct fixture *f = *state;

	append(f, "half of");
	watch(f);
	append(f, " a line\nwhole\n");
	expect(f, "whole|");
}

static void tail__of_a_partial_line__waits_for_its_end(void **state)
{
	struct fixture *f = *state;

	append(f, "");
	watch(f);
	append(f, "a ");
	expect(f, "");
	append(f, "b");
	expect(f, "");
	append(f, " c\nd");
	expect(f, "a b c|");
	append(f, "\n");
	expect(f, "d|");
}

static void tail__of_a_missing_file__waits_for_it(void **state)
{
	struct fixture *f = *state;

	watch(f);
	assert_false(log_tail_present(f->tail));
	expect(f, "");
	append(f, "first\n");
	expect(f, "first|");
	assert_true(log_tail_present(f->tail));
}

static void tail__of_a_renamed_file__reads_old_and_new(void **state)
{
	struct fixture *f = *state;
	int writer;

	append(f, "");
	watch(f);
	writer = open(f->path, O_WRONLY | O_APPEND);
	assert_true(writer >= 0);
	append(f, "1\nunfin");
	assert_int_equal(rename(f->path, f->other), 0);
	append(f, "3\n");
	/* The daemon has not heard of it yet. */
	assert_int_equal(write(writer, "ished\n2\n", 8), 8);
	expect(f, "1|unfinished|2|3|");
	assert_int_equal(write(writer, "late\n", 5), 5);
	append(f, "4\n");
	expect(f, "late|4|");
	assert_int_equal(write(writer, "end", 3), 3);
	close(writer);
	expect(f, "");
	f->now_ns += LOG_OLD_FILE_NS + SECOND;
	expect(f, "end!");
	append(f, "5\n");
	expect(f, "5|");
	assert_int_equal(stats(f).rotated, 1);
	assert_int_equal(stats(f).lost, 0);
}

static void tail__renamed_again_and_again__loses_nothing(void **state)
{
	struct fixture *f = *state;
	char lines[64];

	append(f, "");
	watch(f);
	for (int i = 0; i < 50; i++) {
		snprintf(lines, sizeof(lines), "%d\n", i);
		append(f, lines);
		assert_int_equal(rename(f->path, f->other), 0);
		snprintf(lines, sizeof(lines), "new %d\n", i);
		append(f, lines);
		snprintf(lines, sizeof(lines), "%d|new %d|", i, i);
		expect(f, lines);
	}
	assert_int_equal(stats(f).rotated, 50);
	assert_int_equal(stats(f).lost, 0);
}

static void tail__renamed_twice_between_looks__says_so(void **state)
{
	struct fixture *f = *state;

	append(f, "");
	watch(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(f->path, f->other), 0);
		append(f, "x\n");
	}
	expect(f, "x|");
	assert_int_equal(stats(f).lost, 1);
}

static void tail__of_an_emptied_file__starts_again_and_says_so(void **state)
{
	struct fixture *f = *state;

	append(f, "old\n");
	watch(f);
	append(f, "one\ntw");
	expect(f, "one|");
	assert_int_equal(truncate(f->path, 0), 0);
	append(f, "2\n");
	expect(f, "tw!2|");
	assert_int_equal(stats(f).emptied, 1);
	assert_int_equal(stats(f).lost, 1);
}

/* Emptied and grown past where reading stood, between two looks. */
static void tail__of_a_file_written_anew__starts_again(void **state)
{
	struct fixture *f = *state;

	append(f, "");
	watch(f);
	append(f, "one\n");
	expect(f, "one|");
	write_to(f->path, O_TRUNC, "other lines\nthan before\n", 24);
	expect(f, "other lines|than before|");
	assert_int_equal(stats(f).emptied, 1);
	assert_int_equal(stats(f).lost, 1);
}

static void tail__of_a_removed_file__waits_for_another(void **state)
{
	struct fixture *f = *state;

	append(f, "");
	watch(f);
	append(f, "1\n");
	assert_int_equal(unlink(f->path), 0);
	expect(f, "1|");
	append(f, "2\n");
	expect(f, "2|");
}

static void tail__of_long_lines__cuts_them(void **state)
{
	static const size_t lengths[] = { LOG_LINE_MAX - 1, LOG_LINE_MAX,
					  LOG_LINE_MAX + 1, 5 * LOG_LINE_MAX,
					  200000 };
	struct fixture *f = *state;
	unsigned cut = 0;

	append(f, "");
	watch(f);
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t n = lengths[i],
		       kept = n < LOG_LINE_MAX ? n : LOG_LINE_MAX;
		char *line = malloc(n + 6), *want = malloc(kept + 6);

		assert_non_null(line);
		assert_non_null(want);
		memset(line, 'a', n);
		memcpy(line + n, "\nend\n", 6);
		append(f, line);
		memset(want, 'a', kept);
		strcpy(want + kept, n > LOG_LINE_MAX ? "!end|" : "|end|");
		expect(f, want);
		cut += n > LOG_LINE_MAX;
		assert_int_equal(stats(f).cut, cut);
		free(line);
		free(want);
	}
}

static void tail__of_any_bytes__gives_them_all(void **state)
{
	struct fixture *f = *state;
	char bytes[256];

	append(f, "");
	watch(f);
	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)(i == '\n' ? 'n' : i);
	write_to(f->path, O_APPEND, bytes, 256);
	append(f, "\n");
	turn(f);
	assert_int_equal(f->len, 257);
	assert_memory_equal(f->got, bytes, 256);
}

/* The same lines, however the writes and the looks fall. */
static void tail__of_random_writes__gives_every_line(void **state)
{
	struct fixture *f = *state;
	char *want = calloc(1, 4 << 20), *at = want;

	assert_non_null(want);
	srandom((unsigned)test_seed());
	append(f, "");
	watch(f);
	for (int i = 0; i < 3000; i++) {
		static char piece[3000];
		size_t n = (size_t)random() % (random() % 10 ? 40 : 3000);

		for (size_t k = 0; k < n; k++)
			piece[k] = random() % 30 ? 'x' : '\n';
		write_to(f->path, O_APPEND, piece, n);
		memcpy(at, piece, n);
		at += n;
		if (random() % 50 == 0) {
			assert_int_equal(rename(f->path, f->other), 0);
			write_to(f->path, 0, "\n", 1);
			/* A line that ended with its file. */
			if (at > want && at[-1] != '\n')
				*at++ = '\n';
			*at++ = '\n';
			turn(f);
		}
		if (random() % 20 == 0)
			turn(f);
	}
	f->now_ns += LOG_OLD_FILE_NS + SECOND;
	turn(f);
	(void)at;
	for (char *c = want; c < at; c++)
		*c = *c == '\n' ? '|' : *c;
	while (at > want && at[-1] != '|')
		at--;
	assert_int_equal(stats(f).lost, 0);
	/* Where a file ended inside a line, that line was given late. */
	for (size_t i = 0; i < f->len; i++)
		if (f->got[i] == '!')
			f->got[i] = '|';
	assert_int_equal(f->len, at - want);
	free(want);
}

static void tail__of_much__is_read_in_turns(void **state)
{
	struct fixture *f = *state;
	unsigned turns = 0;

	append(f, "");
	watch(f);
	for (int i = 0; i < 5000; i++) {
		char line[1024];

		memset(line, 'a' + i % 26, sizeof(line));
		line[sizeof(line) - 1] = '\n';
		write_to(f->path, O_APPEND, line, sizeof(line));
	}
	while (stats(f).lines < 5000 && turns++ < 100)
		turn(f);
	assert_int_equal(stats(f).lines, 5000);
	assert_true(turns >= 5000 * 1024 / LOG_TURN_BYTES);
}

/* Takes one line a turn, whatever happens to the file meanwhile. */
static int take_one(void *ctx, const char *line, size_t len, bool cut,
		    struct err *err)
{
	int rc = take(ctx, line, len, cut, err);

	return rc ? rc : LOG_ENOUGH;
}

static void tail__whose_reader_has_enough__keeps_the_rest(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	append(f, "");
	watch(f);
	append(f, "1\n2\n3\nend");
	assert_int_equal(log_tail_turn(f->tail, f->now_ns, take_one, f, &err),
			 LOG_ENOUGH);
	assert_string_equal(f->got, "1|");
	assert_int_equal(truncate(f->path, 0), 0);
	append(f, "4\n");
	assert_int_equal(log_tail_turn(f->tail, f->now_ns, take_one, f, &err),
			 LOG_ENOUGH);
	assert_int_equal(rename(f->path, f->other), 0);
	append(f, "5\n6\n");
	for (int i = 0; i < 10; i++)
		assert_true(log_tail_turn(f->tail, f->now_ns, take_one, f,
					  &err) >= 0);
	assert_string_equal(f->got, "1|2|3|end!4|5|6|");
	assert_int_equal(stats(f).lost, 1);
}

static void tail__of_what_is_no_file__is_refused(void **state)
{
	struct fixture *f = *state;
	struct log_tail *tail;
	struct err err = { 0 };

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_true(log_tail_open(f->path, &tail, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "no regular file"));
	err = (struct err){ 0 };
	assert_true(log_tail_open("/no/such/folder/log", &tail, &err) < 0);
	assert_non_null(strstr(err.text, "folder is not there"));
	err = (struct err){ 0 };
	assert_true(log_tail_open("", &tail, &err) < 0);
	err = (struct err){ 0 };
	assert_true(log_tail_open("/tmp/", &tail, &err) < 0);
}

static void tail__when_a_pipe_takes_its_name__does_not_read_it(void **state)
{
	struct fixture *f = *state;

	append(f, "");
	watch(f);
	assert_int_equal(rename(f->path, f->other), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	expect(f, "");
	assert_int_equal(unlink(f->path), 0);
	append(f, "back\n");
	expect(f, "back|");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tail__of_a_file__gives_what_comes_after),
		TEST(tail__that_starts_inside_a_line__leaves_it_out),
		TEST(tail__of_a_partial_line__waits_for_its_end),
		TEST(tail__of_a_missing_file__waits_for_it),
		TEST(tail__of_a_renamed_file__reads_old_and_new),
		TEST(tail__renamed_again_and_again__loses_nothing),
		TEST(tail__renamed_twice_between_looks__says_so),
		TEST(tail__of_an_emptied_file__starts_again_and_says_so),
		TEST(tail__of_a_file_written_anew__starts_again),
		TEST(tail__of_a_removed_file__waits_for_another),
		TEST(tail__of_long_lines__cuts_them),
		TEST(tail__of_any_bytes__gives_them_all),
		TEST(tail__of_random_writes__gives_every_line),
		TEST(tail__of_much__is_read_in_turns),
		TEST(tail__whose_reader_has_enough__keeps_the_rest),
		TEST(tail__of_what_is_no_file__is_refused),
		TEST(tail__when_a_pipe_takes_its_name__does_not_read_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
