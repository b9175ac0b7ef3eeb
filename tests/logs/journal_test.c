// SPDX-License-Identifier: Apache-2.0
/*
 * Journal files made by systemd-journal-remote from systemd's export format,
 * followed while they grow.
 */
#include "support/unit.h"

#include "user/logs/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define REMOTE "/lib/systemd/systemd-journal-remote"

struct fixture {
	char folder[64];
	struct journal *journal;
	int64_t now_ns;
	unsigned monotonic; /* of the next entry */
	struct log_entry last;
	char program[64], message[64], comm[64], exe[64]; /* of `last` */
	size_t message_len;
	unsigned count;
};

static void keep(char to[64], struct log_text text)
{
	size_t n = text.len < 63 ? text.len : 63;

	memcpy(to, text.p, n);
	to[n] = '\0';
}

static int take(void *ctx, const struct log_entry *entry, struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	f->last = *entry;
	keep(f->program, entry->program);
	keep(f->message, entry->message);
	keep(f->comm, entry->sender_comm);
	keep(f->exe, entry->sender_exe);
	f->message_len = entry->message.len;
	f->count++;
	return 0;
}

/* One entry with these fields, in the export format, into the journal. */
static void append_fields(struct fixture *f, const void *fields, size_t len)
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 REMOTE
		 " --split-mode=none -o %s/test.journal - >/dev/null 2>&1",
		 f->folder);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	f->monotonic++;
	fprintf(pipe,
		"__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%u\n"
		"_BOOT_ID=5a6ad8bb7c8b4a2ab5f0a8d6c3b7e101\n",
		1767355200000000ull + f->monotonic, 1000000 + f->monotonic);
	assert_int_equal(fwrite(fields, 1, len, pipe), len);
	fputs("\n", pipe);
	assert_int_equal(pclose(pipe), 0);
}

static void append(struct fixture *f, const char *fields)
{
	append_fields(f, fields, strlen(fields));
}

/* A field of any bytes: its name, its length in 8 bytes, the bytes. */
static void append_message(struct fixture *f, const void *bytes, size_t len)
{
	char *fields = malloc(len + 32);
	uint64_t le = len; /* of this machine, which the tests run on */

	assert_non_null(fields);
	memcpy(fields, "MESSAGE\n", 8);
	memcpy(fields + 8, &le, 8);
	memcpy(fields + 16, bytes, len);
	fields[16 + len] = '\n';
	append_fields(f, fields, len + 17);
	free(fields);
}

static void pwrite_all(int fd, const void *bytes, size_t len, off_t at)
{
	assert_int_equal(pwrite(fd, bytes, len, at), len);
}

/* What is new, all of it. */
static unsigned turn(struct fixture *f)
{
	struct err err = { 0 };

	f->count = 0;
	f->now_ns += SECOND;
	assert_int_equal(journal_turn(f->journal, f->now_ns, take, f, &err), 0);
	return f->count;
}

static void watch(struct fixture *f)
{
	struct err err = { 0 };

	if (journal_open(f->folder, &f->journal, &err) != 0)
		fail_msg("%s", err.text);
}

static struct journal_stats stats(const struct fixture *f)
{
	struct journal_stats s;

	journal_stats(f->journal, &s);
	return s;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->folder, "/tmp/shrike-journal.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->now_ns = SECOND;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	journal_close(f->journal);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void need_tool(void)
{
	if (access(REMOTE, X_OK) != 0) {
		print_message("skip: no %s\n", REMOTE);
		skip();
	}
}

static void journal__with_entries__gives_those_that_come(void **state)
{
	struct fixture *f = *state;

	need_tool();
	append(f, "MESSAGE=before\n");
	watch(f);
	assert_int_equal(turn(f), 0);
	append(f, "MESSAGE=one\nSYSLOG_IDENTIFIER=sshd\nSYSLOG_PID=42\n"
		  "PRIORITY=6\nSYSLOG_FACILITY=10\n_PID=43\n_UID=0\n_GID=7\n"
		  "_COMM=sshd\n_EXE=/usr/sbin/sshd\n_AUDIT_LOGINUID=1000\n"
		  "_SOURCE_REALTIME_TIMESTAMP=1767355200000001\n");
	assert_int_equal(turn(f), 1);
	assert_string_equal(f->program, "sshd");
	assert_string_equal(f->message, "one");
	assert_string_equal(f->comm, "sshd");
	assert_string_equal(f->exe, "/usr/sbin/sshd");
	assert_int_equal(f->last.origin, LOG_JOURNAL);
	assert_true(f->last.has_pid && f->last.sender_has_pid &&
		    f->last.sender_has_uid && f->last.sender_has_gid &&
		    f->last.sender_has_loginuid && f->last.has_priority);
	assert_int_equal(f->last.pid, 42);
	assert_int_equal(f->last.sender_pid, 43);
	assert_int_equal(f->last.sender_uid, 0);
	assert_int_equal(f->last.sender_gid, 7);
	assert_int_equal(f->last.sender_loginuid, 1000);
	assert_int_equal(f->last.priority, 6);
	assert_int_equal(f->last.facility, 10);
	assert_int_equal(f->last.ts, INT64_C(1767355200000001000));
	assert_int_equal(turn(f), 0);
}

static void journal__without_an_entry_at_first__gives_the_first(void **state)
{
	struct fixture *f = *state;

	need_tool();
	watch(f);
	assert_int_equal(turn(f), 0);
	append(f, "MESSAGE=one\n");
	assert_int_equal(turn(f), 1);
	append(f, "MESSAGE=two\n");
	assert_int_equal(turn(f), 1);
	assert_string_equal(f->message, "two");
	assert_int_equal(turn(f), 0);
}

static void journal__with_wrong_numbers__knows_them_not(void **state)
{
	struct fixture *f = *state;

	need_tool();
	append(f, "MESSAGE=before\n");
	watch(f);
	append(f, "MESSAGE=one\nSYSLOG_PID=99999999999999999999999\n_PID=-1\n"
		  "_UID=0x0\n_GID=\nPRIORITY=9\n_COMM=logger\n");
	assert_int_equal(turn(f), 1);
	assert_false(f->last.has_pid || f->last.sender_has_pid ||
		     f->last.sender_has_uid || f->last.sender_has_gid ||
		     f->last.has_priority);
	/* Its time of arrival, when the sender's is not told. */
	assert_int_equal(f->last.ts, INT64_C(1767355200000002000));
	assert_string_equal(f->program, "logger");
}

static void journal__of_any_bytes__gives_and_cuts_them(void **state)
{
	static char bytes[3 * JOURNAL_MESSAGE_MAX];
	struct fixture *f = *state;

	need_tool();
	append(f, "MESSAGE=before\n");
	watch(f);
	append_message(f, "a\0b\n\xff", 5);
	assert_int_equal(turn(f), 1);
	assert_int_equal(f->message_len, 5);
	assert_memory_equal(f->message, "a\0b\n\xff", 5);
	assert_false(f->last.cut);
	memset(bytes, 'x', sizeof(bytes));
	append_message(f, bytes, sizeof(bytes));
	assert_int_equal(turn(f), 1);
	assert_int_equal(f->message_len, JOURNAL_MESSAGE_MAX);
	assert_true(f->last.cut);
	assert_int_equal(stats(f).cut, 1);
}

#define DROPPED                                         \
	"MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e\n" \
	"N_DROPPED=42\nMESSAGE=Suppressed 42 messages\n"

static void journal__that_dropped_messages__says_so(void **state)
{
	struct fixture *f = *state;

	need_tool();
	append(f, "MESSAGE=before\n");
	watch(f);
	append(f, DROPPED "_TRANSPORT=syslog\n");
	assert_int_equal(turn(f), 1);
	assert_int_equal(stats(f).lost, 0);
	append(f, DROPPED "_TRANSPORT=driver\n");
	assert_int_equal(turn(f), 1);
	assert_int_equal(stats(f).lost, 42);
}

static void journal__rotated__gives_each_entry_once(void **state)
{
	struct fixture *f = *state;
	char path[128], other[128], message[64];

	need_tool();
	snprintf(path, sizeof(path), "%s/test.journal", f->folder);
	append(f, "MESSAGE=before\n");
	watch(f);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(message, sizeof(message), "MESSAGE=old %u\n", i);
		append(f, message);
		snprintf(other, sizeof(other), "%s/test@%u.journal", f->folder,
			 i);
		assert_int_equal(rename(path, other), 0);
		snprintf(message, sizeof(message), "MESSAGE=new %u\n", i);
		append(f, message);
		assert_int_equal(turn(f), 2);
		snprintf(message, sizeof(message), "new %u", i);
		assert_string_equal(f->message, message);
	}
	assert_int_equal(turn(f), 0);
	assert_int_equal(stats(f).lost, 0);
}

/* Someone writes over a journal file, anywhere: what comes in others is read. */
static void journal__with_a_damaged_file__goes_on(void **state)
{
	struct fixture *f = *state;
	char path[128], other[128];

	need_tool();
	srandom((unsigned)test_seed());
	snprintf(path, sizeof(path), "%s/test.journal", f->folder);
	snprintf(other, sizeof(other), "%s/damaged.journal", f->folder);
	for (unsigned i = 0; i < 8; i++) {
		unsigned char junk[4096];
		struct stat st;
		int fd;

		append(f, "MESSAGE=before\n");
		f->journal = journal_close(f->journal);
		watch(f);
		append(f, "MESSAGE=one\n");
		assert_int_equal(stat(path, &st), 0);
		fd = open(path, O_WRONLY);
		assert_true(fd >= 0);
		for (unsigned k = 0; k < sizeof(junk); k++)
			junk[k] = (unsigned char)random();
		for (unsigned k = 0; k < 64; k++)
			pwrite_all(fd, junk, 1u << (random() % 12),
				   random() % (st.st_size - 4096));
		close(fd);
		turn(f);
		assert_int_equal(rename(path, other), 0);
		append(f, "MESSAGE=new\n");
		for (unsigned k = 0; k < 4; k++)
			turn(f);
		assert_string_equal(f->message, "new");
	}
}

/* Its pages are gone while they are mapped. */
static void journal__made_shorter__is_lost_and_goes_on(void **state)
{
	static const off_t sizes[] = { 0, 4096, 8192, 100000 };
	struct fixture *f = *state;
	struct sigaction before, after;
	char path[128];

	need_tool();
	sigaction(SIGBUS, NULL, &before);
	snprintf(path, sizeof(path), "%s/test.journal", f->folder);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		append(f, "MESSAGE=before\n");
		f->journal = journal_close(f->journal);
		watch(f);
		append(f, "MESSAGE=one\n");
		assert_int_equal(turn(f), 1);
		append(f, "MESSAGE=two\n");
		assert_int_equal(truncate(path, sizes[i]), 0);
		turn(f);
		assert_int_equal(stats(f).lost, 1);
		assert_int_equal(stats(f).failed, 1);
		assert_int_equal(unlink(path), 0);
		turn(f);
		append(f, "MESSAGE=new\n");
		turn(f);
		assert_string_equal(f->message, "new");
		assert_int_equal(unlink(path), 0);
	}
	sigaction(SIGBUS, NULL, &after);
	assert_ptr_equal(before.sa_handler, after.sa_handler);
}

static void journal__of_no_folder__is_refused(void **state)
{
	struct journal *journal;
	struct err err = { 0 };

	(void)state;
	assert_true(journal_open("/no/such/folder", &journal, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(journal__with_entries__gives_those_that_come),
		TEST(journal__without_an_entry_at_first__gives_the_first),
		TEST(journal__with_wrong_numbers__knows_them_not),
		TEST(journal__of_any_bytes__gives_and_cuts_them),
		TEST(journal__that_dropped_messages__says_so),
		TEST(journal__rotated__gives_each_entry_once),
		TEST(journal__with_a_damaged_file__goes_on),
		TEST(journal__made_shorter__is_lost_and_goes_on),
		TEST(journal__of_no_folder__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
