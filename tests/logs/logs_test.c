// SPDX-License-Identifier: Apache-2.0
/* From a line in a file to the row that a rule reads. */
#include "support/unit.h"

#include "user/base/row.h"
#include "user/base/text.h"
#include "user/event/decode.h"
#include "user/logs/auth_line.h"
#include "user/logs/logs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define OFFSET INT64_C(1767355200000000000) /* 2026-01-02T12:00:00Z */
#define ROWS_MAX 700

struct fixture {
	char folder[64];
	char path[80];
	struct logs *logs;
	struct logs_time now;
	struct arena arena;
	struct row *rows[ROWS_MAX];
	unsigned count;
};

static int take(void *ctx, const void *record, size_t len, struct err *err)
{
	struct fixture *f = ctx;

	assert_true(f->count < ROWS_MAX);
	if (event_decode(record, len, OFFSET, &f->arena, &f->rows[f->count],
			 err) != 0)
		fail_msg("%s", err->text);
	f->count++;
	return 0;
}

static void turn(struct fixture *f)
{
	struct err err = { 0 };

	f->count = 0;
	f->now.boot_ns += SECOND;
	f->now.realtime_ns = OFFSET + f->now.boot_ns;
	assert_int_equal(logs_turn(f->logs, &f->now, take, f, &err), 0);
}

static void append(struct fixture *f, const void *bytes, size_t len)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void log_line(struct fixture *f, const char *line)
{
	append(f, line, strlen(line));
	append(f, "\n", 1);
}

static void watch(struct fixture *f, bool log, bool auth)
{
	struct logs_options options = {
		.log = log, .auth = auth, .files = { f->path }, .file_count = 1
	};
	struct err err = { 0 };

	if (logs_open(&options, &f->logs, &err) != 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, (size_t)64 << 20);
	strcpy(f->folder, "/tmp/shrike-logs.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/auth.log", f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	logs_close(f->logs);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static void is_text(const struct row *row, unsigned column, const char *text)
{
	struct value v = row_get(row, column);

	if (!text) {
		assert_true(value_is_null(v));
		return;
	}
	assert_int_equal(v.type, VALUE_TEXT);
	assert_int_equal(v.len, strlen(text));
	assert_memory_equal(v.p, text, v.len);
}

static void is_int(const struct row *row, unsigned column, int64_t i)
{
	struct value v = row_get(row, column);

	assert_false(value_is_null(v));
	assert_int_equal(v.i, i);
}

static void is_null(const struct row *row, unsigned column)
{
	assert_true(value_is_null(row_get(row, column)));
}

static void line__in_a_file__is_a_row(void **state)
{
	struct fixture *f = *state;
	const struct row *row;

	watch(f, true, false);
	log_line(f, "<86>Jan  2 12:00:00 host sshd[42]: hello");
	turn(f);
	assert_int_equal(f->count, 1);
	row = f->rows[0];
	assert_int_equal(row->stream, STREAM_SECURITY_LOG);
	assert_int_equal(row->ts, SECOND);
	is_int(row, COL_ts, OFFSET + SECOND);
	is_int(row, COL_SECURITY_LOG_log_ts, OFFSET);
	is_text(row, COL_SECURITY_LOG_program, "sshd");
	is_text(row, COL_SECURITY_LOG_message, "hello");
	is_int(row, COL_SECURITY_LOG_log_pid, 42);
	is_int(row, COL_SECURITY_LOG_priority, 6);
	is_int(row, COL_SECURITY_LOG_facility, 10);
	is_int(row, COL_SECURITY_LOG_origin, LOG_FILE);
	is_null(row, COL_SECURITY_LOG_sender_exe);
	is_int(row, COL_source, EVENT_SOURCE_USER);
	is_int(row, COL_truncated, 0);
}

/* Whoever wrote the line, nobody vouches for it. */
static void line__in_a_file__names_no_process(void **state)
{
	static const unsigned columns[] = {
		COL_pid,    COL_tid,	   COL_ppid,	   COL_pid_key,
		COL_comm,   COL_uid,	   COL_euid,	   COL_gid,
		COL_egid,   COL_loginuid,  COL_sid,	   COL_pgid,
		COL_pid_ns, COL_cgroup_id, COL_mnt_ns,	   COL_net_ns,
		COL_ns_pid, COL_user_ns,   COL_retval,	   COL_parent_key,
		COL_tty,    COL_caps_eff,  COL_parent_uid,
	};
	struct fixture *f = *state;

	watch(f, true, false);
	log_line(f, "Jan  2 12:00:00 host sshd[42]: hello");
	turn(f);
	assert_int_equal(f->count, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(columns); i++)
		is_null(f->rows[0], columns[i]);
}

static void line__of_no_form__is_a_row_too(void **state)
{
	static const char bytes[] = "any \0 bytes \xff\n";
	struct fixture *f = *state;
	struct logs_stats stats;
	struct value message;

	watch(f, true, true);
	append(f, bytes, sizeof(bytes) - 1);
	append(f, "\n", 1);
	turn(f);
	assert_int_equal(f->count, 2);
	message = row_get(f->rows[0], COL_SECURITY_LOG_message);
	assert_int_equal(message.len, sizeof(bytes) - 2);
	assert_memory_equal(message.p, bytes, message.len);
	is_null(f->rows[0], COL_SECURITY_LOG_program);
	is_null(f->rows[0], COL_SECURITY_LOG_log_ts);
	is_null(f->rows[0], COL_SECURITY_LOG_log_pid);
	is_null(f->rows[0], COL_SECURITY_LOG_priority);
	is_text(f->rows[1], COL_SECURITY_LOG_message, "");
	logs_stats(f->logs, &stats);
	assert_int_equal(stats.unparsed, 2);
}

static void log_in__in_a_file__is_a_row_of_each_stream(void **state)
{
	struct fixture *f = *state;
	const struct row *row;
	char ip[TEXT_IP_BYTES];

	watch(f, true, true);
	log_line(f, "Jan  2 12:00:00 h sshd[42]: Failed password for invalid "
		    "user eve from 2001:db8::7 port 4711 ssh2");
	turn(f);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->rows[0]->stream, STREAM_SECURITY_LOG);
	row = f->rows[1];
	assert_int_equal(row->stream, STREAM_SECURITY_AUTH);
	assert_int_equal(row->ts, SECOND + 1);
	is_text(row, COL_SECURITY_AUTH_program, "sshd");
	is_text(row, COL_SECURITY_AUTH_service, "sshd");
	is_text(row, COL_SECURITY_AUTH_method, "password");
	is_text(row, COL_SECURITY_AUTH_auth_user, "eve");
	is_text(row, COL_SECURITY_AUTH_target_user, NULL);
	is_text(row, COL_SECURITY_AUTH_terminal, NULL);
	is_int(row, COL_SECURITY_AUTH_src_port, 4711);
	is_int(row, COL_SECURITY_AUTH_result, AUTH_FAILURE);
	is_int(row, COL_SECURITY_AUTH_log_pid, 42);
	text_ip(row_get(row, COL_SECURITY_AUTH_src_ip), ip);
	assert_string_equal(ip, "2001:db8::7");
}

static void log_in__by_sudo__has_its_command_masked(void **state)
{
	struct fixture *f = *state;
	const struct row *row;

	watch(f, true, true);
	log_line(f, "Jan  2 12:00:00 h sudo:    al : TTY=pts/0 ; PWD=/ ; "
		    "USER=root ; COMMAND=/bin/x --password=hunter2 y");
	turn(f);
	assert_int_equal(f->count, 2);
	is_text(f->rows[0], COL_SECURITY_LOG_message,
		"   al : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/x "
		"--password=*** y");
	row = f->rows[1];
	is_text(row, COL_SECURITY_AUTH_command, "/bin/x --password=*** y");
	is_text(row, COL_SECURITY_AUTH_auth_user, "al");
	is_text(row, COL_SECURITY_AUTH_target_user, "root");
	is_text(row, COL_SECURITY_AUTH_terminal, "pts/0");
	is_null(row, COL_SECURITY_AUTH_src_ip);
	is_null(row, COL_SECURITY_AUTH_src_port);
}

/* Each attempt is an event with an id of its own, in its order. */
static void line__that_stands_for_several__is_as_many_rows(void **state)
{
	struct fixture *f = *state;

	watch(f, false, true);
	log_line(f, "Jan  2 12:00:00 h sshd[1]: message repeated 999 times: [ "
		    "Failed password for root from ::1 port 1 ssh2]");
	turn(f);
	assert_int_equal(f->count, AUTH_REPEATS_MAX);
	for (unsigned i = 1; i < f->count; i++) {
		assert_true(row_compare(f->rows[i - 1], f->rows[i]) < 0);
		assert_true(f->rows[i]->ts > f->rows[i - 1]->ts);
		assert_true(f->rows[i]->seq > f->rows[i - 1]->seq);
	}
	assert_int_equal(logs_last_ts(f->logs),
			 f->rows[AUTH_REPEATS_MAX - 1]->ts);
}

static int count_bytes(void *ctx, const void *record, size_t len,
		       struct err *err)
{
	(void)record;
	(void)err;
	*(size_t *)ctx += len;
	return 0;
}

/* Whoever floods the log does not make the reader take more than it can hold. */
static void lines__that_stand_for_many__come_in_bounded_turns(void **state)
{
	struct fixture *f = *state;
	struct logs_counters counters;
	struct err err = { 0 };
	unsigned turns = 0;

	watch(f, true, true);
	for (int i = 0; i < 2000; i++)
		log_line(f, "Jan  2 12:00:00 h sshd[1]: message repeated 999 "
			    "times: [ Failed password for root from ::1 port "
			    "1 ssh2]");
	do {
		size_t bytes = 0;

		f->now.boot_ns += SECOND;
		assert_int_equal(
			logs_turn(f->logs, &f->now, count_bytes, &bytes, &err),
			0);
		assert_true(bytes < 8000000);
		logs_counters(f->logs, STREAM_SECURITY_AUTH, &counters);
	} while (counters.delivered < 2000 * AUTH_REPEATS_MAX && turns++ < 500);
	assert_true(turns > 10);
	logs_counters(f->logs, STREAM_SECURITY_LOG, &counters);
	assert_int_equal(counters.delivered, 2000);
	assert_int_equal(counters.lost, 0);
}

static void line__too_long__is_cut_and_says_so(void **state)
{
	struct fixture *f = *state;
	static char line[100000];
	struct logs_stats stats;

	watch(f, true, true);
	memset(line, 'a', sizeof(line));
	append(f, line, sizeof(line));
	append(f, "\n", 1);
	turn(f);
	assert_int_equal(f->count, 1);
	is_int(f->rows[0], COL_truncated, EVENT_PART_PAYLOAD);
	assert_int_equal(row_get(f->rows[0], COL_SECURITY_LOG_message).len,
			 8192);
	logs_stats(f->logs, &stats);
	assert_int_equal(stats.cut, 1);
}

static void lines__all_together__are_accounted_for(void **state)
{
	static const enum stream_id streams[] = { STREAM_SECURITY_LOG,
						  STREAM_SECURITY_AUTH };
	struct fixture *f = *state;
	struct logs_counters counters[2];

	watch(f, true, true);
	for (int i = 0; i < 20; i++)
		log_line(f, i % 4 ? "x" :
				    "Jan  2 12:00:00 h su[1]: (to root) al on "
				    "pts/0");
	turn(f);
	assert_int_equal(f->count, 25);
	assert_int_equal(truncate(f->path, 0), 0);
	log_line(f, "y");
	turn(f);
	assert_int_equal(f->count, 1);
	for (unsigned i = 0; i < 2; i++) {
		logs_counters(f->logs, streams[i], &counters[i]);
		assert_int_equal(counters[i].lost, 1);
		assert_int_equal(counters[i].generated,
				 counters[i].delivered + counters[i].lost);
	}
	assert_int_equal(counters[0].delivered, 21);
	assert_int_equal(counters[1].delivered, 5);
}

#define REMOTE "/lib/systemd/systemd-journal-remote"

static void journal_append(struct fixture *f, const char *fields)
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 REMOTE " --split-mode=none -o %s/test.journal - "
			">/dev/null 2>&1",
		 f->folder);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	fprintf(pipe,
		"__REALTIME_TIMESTAMP=1767355200000000\n"
		"__MONOTONIC_TIMESTAMP=1000000\n"
		"_BOOT_ID=5a6ad8bb7c8b4a2ab5f0a8d6c3b7e101\n%s\n",
		fields);
	assert_int_equal(pclose(pipe), 0);
}

/* The journal vouches for its sender, and for nothing else of it. */
static void log_in__in_the_journal__has_its_sender(void **state)
{
	struct fixture *f = *state;
	struct logs_options options = { .auth = true, .journal = f->folder };
	const struct row *row;
	struct err err = { 0 };

	if (access(REMOTE, X_OK) != 0) {
		print_message("skip: no %s\n", REMOTE);
		skip();
	}
	assert_int_equal(logs_open(&options, &f->logs, &err), 0);
	journal_append(f, "SYSLOG_IDENTIFIER=su\nSYSLOG_PID=1\n"
			  "MESSAGE=(to root) al on pts/0\n_PID=77\n_UID=0\n"
			  "_COMM=a_name_longer_than_comm\n_EXE=/tmp/su\n");
	turn(f);
	assert_int_equal(f->count, 1);
	row = f->rows[0];
	is_int(row, COL_pid, 77);
	is_int(row, COL_uid, 0);
	is_null(row, COL_gid);
	is_null(row, COL_pid_key);
	is_text(row, COL_comm, "a_name_longer_t");
	is_text(row, COL_SECURITY_AUTH_sender_exe, "/tmp/su");
	is_int(row, COL_SECURITY_AUTH_log_pid, 1);
	is_int(row, COL_SECURITY_AUTH_origin, LOG_JOURNAL);
	is_int(row, COL_SECURITY_AUTH_log_ts, OFFSET);
}

static void sources__are_described(void **state)
{
	struct fixture *f = *state;
	struct buf text = BUF_INIT;

	watch(f, false, true);
	logs_describe(f->logs, &text);
	assert_non_null(strstr(buf_text(&text), f->path));
	assert_non_null(strstr(buf_text(&text), "not there yet"));
	log_line(f, "x");
	turn(f);
	buf_reset(&text);
	logs_describe(f->logs, &text);
	assert_null(strstr(buf_text(&text), "not there yet"));
	buf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(line__in_a_file__is_a_row),
		TEST(line__in_a_file__names_no_process),
		TEST(line__of_no_form__is_a_row_too),
		TEST(log_in__in_a_file__is_a_row_of_each_stream),
		TEST(log_in__by_sudo__has_its_command_masked),
		TEST(line__that_stands_for_several__is_as_many_rows),
		TEST(lines__that_stand_for_many__come_in_bounded_turns),
		TEST(line__too_long__is_cut_and_says_so),
		TEST(lines__all_together__are_accounted_for),
		TEST(log_in__in_the_journal__has_its_sender),
		TEST(sources__are_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
