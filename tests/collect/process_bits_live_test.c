// SPDX-License-Identifier: Apache-2.0
/*
 * The bits of process terms, from an exec to the exit: who has them, and that
 * whoever is not known passes. The generated functions are made here with the
 * compiler that the build needs anyway: bit 0 is that a process's program is
 * called "want...", and file.open demands it. Copies of this test are the
 * programs.
 */
#include "live.h"

#include "bpf/process_bits.h"
#include "user/base/catalog.h"
#include "user/collect/self_test_deeds.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static const char source[] =
	"struct file_open_event;\n"
	"struct process_exec_event;\n"
	"struct process_terms { unsigned long long words[4]; };\n"
	"unsigned long long process_terms("
	"const struct process_exec_event *event, struct process_terms *out)\n"
	"{\n"
	"	if (!event || !out)\n"
	"		return 1;\n"
	"	for (int i = 0; i < 4; i++)\n"
	"		out->words[i] = ~0ULL;\n"
	"	if (*(const unsigned *)((const char *)event + COMM) != "
	"0x746e6177)\n"
	"		out->words[0] &= ~1ULL;\n"
	"	return 0;\n"
	"}\n"
	"unsigned long long pre_file_open("
	"const struct file_open_event *event)\n"
	"{\n"
	"	if (!event)\n"
	"		return 0;\n"
	"	return *(const unsigned long long *)((const char *)event + "
	"TERMS) & 1;\n"
	"}\n";

static struct {
	uint8_t bytes[65536];
	size_t len; /* 0: no compiler */
	char folder[32];
} made;

static struct collect_processes processes = {
	.tests_terms = { [STREAM_FILE_OPEN] = 1 << PROCESS_TERMS_OWN },
};

/* --- the program -----------------------------------------------------------*/

static void touch(const char *suffix)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file.%s", made.folder, suffix);
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

static void *touch_in_thread(void *arg)
{
	touch("thread");
	return arg;
}

/* Something for each stream, as the program. */
static int program_deeds(void)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct self_test_result result;
	pid_t pid;

	return self_test_deeds(~0ULL, argv, &result, &pid) ? 1 : 0;
}

/* PROGRAM FOLDER [NEXT]: opens in itself, a thread and a child; then NEXT. */
static int program(int argc, char **argv)
{
	pthread_t thread;
	pid_t child;

	if (strcmp(argv[1], "deeds") == 0)
		return program_deeds();
	snprintf(made.folder, sizeof(made.folder), "%s", argv[1]);
	touch("main");
	if (pthread_create(&thread, NULL, touch_in_thread, NULL) ||
	    pthread_join(thread, NULL))
		return 1;
	child = fork();
	if (child == 0) {
		touch("child");
		_exit(0);
	}
	if (waitpid(child, NULL, 0) != child)
		return 1;
	if (argc > 2)
		execl(argv[2], argv[2], argv[1], NULL);
	return 0;
}

/* --- what is needed --------------------------------------------------------*/

static int file_copy(const char *from, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command), "cp %s %s/%s", from, made.folder,
		 name);
	return system(command);
}

static int object_make(void)
{
	char command[512], path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/p.c", made.folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(source, file);
	fclose(file);
	snprintf(command, sizeof(command),
		 "clang-14 -target bpf -O2 -g -mcpu=v3 -DCOMM=%zu -DTERMS=%zu "
		 "-c -o %s/p.o %s/p.c",
		 offsetof(struct event_head, comm),
		 offsetof(struct event_head, terms), made.folder, made.folder);
	if (system(command))
		return 1;
	snprintf(path, sizeof(path), "%s/p.o", made.folder);
	file = fopen(path, "r");
	assert_non_null(file);
	made.len = fread(made.bytes, 1, sizeof(made.bytes), file);
	fclose(file);
	return 0;
}

static int make_all(void **state)
{
	char self[256];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (system("clang-14 --version >/dev/null 2>&1") != 0) {
		print_message("skip: no clang-14 to make a predicate\n");
		return 0;
	}
	strcpy(made.folder, "/tmp/shrike-bits-XXXXXX");
	if (len < 0 || !mkdtemp(made.folder))
		return 1;
	self[len] = '\0';
	return object_make() || file_copy(self, "wanted") ||
	       file_copy(self, "other");
}

static int remove_all(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", made.folder);
	return made.folder[0] ? system(command) : 0;
}

static void bits_open(struct live *live)
{
	struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.processes = &processes,
		.object = made.bytes,
		.object_bytes = made.len,
	};

	if (!made.len)
		skip();
	live_open(live, &request);
}

static void program_run(const char *name, const char *next)
{
	char path[64], after[64];
	int status;
	pid_t pid = fork();

	snprintf(path, sizeof(path), "%s/%s", made.folder, name);
	snprintf(after, sizeof(after), "%s/%s", made.folder, next ? next : "");
	if (pid == 0) {
		execl(path, path, made.folder, next ? after : NULL, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* How often the file was seen to be opened by a program of that name. */
static unsigned seen(const struct live *live, const char *comm,
		     const char *suffix)
{
	const struct event_head *head = NULL;
	char path[128];
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/file.%s", made.folder, suffix);
	while ((head = live_next(live, head)))
		if (head->stream == STREAM_FILE_OPEN &&
		    strcmp(head->comm, comm) == 0 &&
		    strcmp(open_path((const void *)head), path) == 0)
			n++;
	return n;
}

static void all_seen(const struct live *live, const char *comm, unsigned n)
{
	assert_int_equal(seen(live, comm, "main"), n);
	assert_int_equal(seen(live, comm, "thread"), n);
	assert_int_equal(seen(live, comm, "child"), n);
}

/* --- execs, forks, threads -------------------------------------------------*/

static void bits__process_tree__is_of_its_program(void **state)
{
	struct live live;

	(void)state;
	bits_open(&live);
	program_run("other", NULL);
	program_run("wanted", NULL);
	live_drain(&live);
	all_seen(&live, "other", 0);
	all_seen(&live, "wanted", 1);
	live_close(&live);
}

static void bits__exec__are_those_of_the_new_program(void **state)
{
	struct live live;

	(void)state;
	bits_open(&live);
	program_run("other", "wanted");
	live_drain(&live);
	all_seen(&live, "other", 0);
	all_seen(&live, "wanted", 1);
	program_run("wanted", "other");
	live_drain(&live);
	all_seen(&live, "other", 0);
	all_seen(&live, "wanted", 2);
	live_close(&live);
}

static void bits__needed_at_once__rule_out_the_same(void **state)
{
	struct live live;

	(void)state;
	processes.needs_terms[STREAM_FILE_OPEN].words[0] = 1;
	bits_open(&live);
	processes.needs_terms[STREAM_FILE_OPEN].words[0] = 0;
	program_run("other", "wanted");
	program_run("wanted", "other");
	live_drain(&live);
	all_seen(&live, "other", 0);
	all_seen(&live, "wanted", 2);
	live_close(&live);
}

static void deeds_run(const char *name)
{
	char path[64];
	int status;
	pid_t pid = fork();

	snprintf(path, sizeof(path), "%s/%s", made.folder, name);
	if (pid == 0) {
		execl(path, path, "deeds", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/*
 * How a connection ends is told from a packet: nobody knows there what the
 * process is by now.
 */
static bool is_told_later(const struct event_head *head)
{
	const struct network_connect_event *connect = (const void *)head;

	return head->stream == STREAM_NETWORK_CLOSE ||
	       (head->stream == STREAM_NETWORK_CONNECT &&
		connect->outcome != CONNECT_ATTEMPTED);
}

static unsigned count(const struct live *live, enum stream_id stream,
		      const char *comm)
{
	const struct event_head *head = NULL;
	unsigned n = 0;

	while ((head = live_next(live, head)))
		n += head->stream == stream && !is_told_later(head) &&
		     strcmp(head->comm, comm) == 0;
	return n;
}

/* No module can be loaded here. */
static bool is_ruled_out_at_once(unsigned s)
{
	return !STREAM_IS_LIFECYCLE(s) && s != STREAM_NETWORK_CLOSE &&
	       s != STREAM_KERNEL_MODULE;
}

/* No predicate asks for the bit but that of file.open. */
static void bits__needed_of_any_stream__rule_out_before_all_else(void **state)
{
	struct collect_request request = {
		.processes = &processes,
		.object = made.bytes,
		.object_bytes = made.len,
	};
	struct live live;

	(void)state;
	if (!made.len)
		skip();
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++) {
		request.streams[s] = s != STREAM_KERNEL_MODULE;
		processes.needs_terms[s].words[0] = 1;
	}
	live_open(&live, &request);
	memset(processes.needs_terms, 0, sizeof(processes.needs_terms));
	deeds_run("wanted");
	live_drain(&live);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (is_ruled_out_at_once(s) && !count(&live, s, "wanted"))
			fail_msg("%s is missing", catalog_stream(s)->name);
	deeds_run("other");
	live_drain(&live);
	for (unsigned s = 0; s < STREAM_KERNEL_COUNT; s++)
		if (is_ruled_out_at_once(s) && count(&live, s, "other"))
			fail_msg("%s is not ruled out",
				 catalog_stream(s)->name);
	assert_true(count(&live, STREAM_PROCESS_EXIT, "other") > 0);
	live_close(&live);
}

/* --- what user space knows -------------------------------------------------*/

/* A child that is there, without an exec, and opens when it is told to. */
struct child {
	pid_t pid;
	int told; /* to it */
	int done; /* from it */
	uint8_t record[sizeof(struct process_exec_event)];
	bool found;
};

static void child_start(struct child *child)
{
	int to[2], from[2];
	char byte;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	child->found = false;
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		close(to[1]);
		close(from[0]);
		while (read(to[0], &byte, 1) == 1) {
			touch("idle");
			if (write(from[1], &byte, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	child->told = to[1];
	child->done = from[0];
}

static void child_stop(struct child *child)
{
	close(child->told);
	close(child->done);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

/* How many of its opens are seen, of one. */
static unsigned child_opens(struct child *child, struct live *live)
{
	unsigned n = 0;
	char byte = 1;

	buf_reset(&live->records);
	assert_int_equal(write(child->told, &byte, 1), 1);
	assert_int_equal(read(child->done, &byte, 1), 1);
	live_drain(live);
	while (live_find(live, STREAM_FILE_OPEN, child->pid, n))
		n++;
	return n;
}

static int child_look(void *ctx, const void *record, size_t len,
		      struct err *err)
{
	struct child *child = ctx;
	const struct event_head *head = record;

	(void)err;
	if (head->pid != (uint32_t)child->pid)
		return 0;
	memcpy(child->record, record,
	       len < sizeof(child->record) ? len : sizeof(child->record));
	child->found = true;
	return 0;
}

static struct process_exec_event *child_record(struct child *child,
					       struct live *live)
{
	struct err err = { 0 };

	assert_int_equal(
		collector_snapshot(live->collector, child_look, child, &err),
		0);
	assert_true(child->found);
	return (void *)child->record;
}

static const struct process_terms none = { 0 };
static const struct process_terms all = { { ~0ULL, ~0ULL, ~0ULL, ~0ULL } };

static void bits__process_is_not_known__passes_until_it_is(void **state)
{
	struct process_exec_event *record;
	struct child child;
	struct live live;
	uint64_t key;

	(void)state;
	bits_open(&live);
	child_start(&child);
	assert_int_equal(child_opens(&child, &live), 1);
	record = child_record(&child, &live);
	key = record->head.pid_key;
	collector_terms_add(live.collector, record, &all);
	assert_int_equal(child_opens(&child, &live), 1);
	/* Of another exec than the one that it has done. */
	collector_terms_clear(live.collector, key, 1, &none);
	assert_int_equal(child_opens(&child, &live), 1);
	collector_terms_clear(live.collector, key, 0, &none);
	assert_int_equal(child_opens(&child, &live), 0);
	/* What is there already is not changed: it may be newer. */
	collector_terms_add(live.collector, record, &all);
	assert_int_equal(child_opens(&child, &live), 0);
	child_stop(&child);
	live_close(&live);
}

static void bits__of_an_earlier_exec__say_nothing(void **state)
{
	struct process_exec_event *record;
	struct child child;
	struct live live;

	(void)state;
	bits_open(&live);
	child_start(&child);
	record = child_record(&child, &live);
	record->exec_id--;
	collector_terms_add(live.collector, record, &none);
	assert_int_equal(child_opens(&child, &live), 1);
	child_stop(&child);
	live_close(&live);
}

/* Whoever else ends meanwhile makes room: then once more. */
static void bits__no_room__pass_and_are_counted(void **state)
{
	struct process_exec_event record = { 0 };
	uint64_t before = 0;
	struct live live;
	unsigned adds = PROCESS_BITS_MAX + 1;

	(void)state;
	bits_open(&live);
	for (unsigned tries = 0; tries < 100; tries++) {
		for (unsigned i = 0; i < adds; i++) {
			record.head.pid_key++;
			collector_terms_add(live.collector, &record, &none);
		}
		adds = 1000;
		before = collector_processes_full(live.collector);
		assert_true(before > 0);
		program_run("other", NULL);
		live_drain(&live);
		if (seen(&live, "other", "main") &&
		    seen(&live, "other", "child"))
			break;
	}
	assert_true(seen(&live, "other", "main") > 0);
	assert_true(seen(&live, "other", "child") > 0);
	assert_true(collector_processes_full(live.collector) > before);
	live_close(&live);
}

/* The next process has this pid, if nobody is faster. */
static bool pid_next(pid_t pid)
{
	FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "w");

	if (!file)
		return false;
	fprintf(file, "%d", pid - 1);
	return fclose(file) == 0;
}

static void bits__pid_again__are_not_those_of_the_process_before(void **state)
{
	struct child first, second;
	struct live live;
	unsigned tries = 0;

	(void)state;
	bits_open(&live);
	do {
		child_start(&first);
		collector_terms_add(live.collector, child_record(&first, &live),
				    &none);
		assert_int_equal(child_opens(&first, &live), 0);
		child_stop(&first);
		if (!pid_next(first.pid)) {
			live_close(&live);
			skip();
		}
		child_start(&second);
		if (second.pid == first.pid)
			assert_int_equal(child_opens(&second, &live), 1);
		child_stop(&second);
	} while (second.pid != first.pid && ++tries < 100);
	assert_int_equal(second.pid, first.pid);
	live_close(&live);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits__process_tree__is_of_its_program),
		cmocka_unit_test(bits__exec__are_those_of_the_new_program),
		cmocka_unit_test(bits__needed_at_once__rule_out_the_same),
		cmocka_unit_test(
			bits__needed_of_any_stream__rule_out_before_all_else),
		cmocka_unit_test(
			bits__process_is_not_known__passes_until_it_is),
		cmocka_unit_test(bits__of_an_earlier_exec__say_nothing),
		cmocka_unit_test(bits__no_room__pass_and_are_counted),
		cmocka_unit_test(
			bits__pid_again__are_not_those_of_the_process_before),
	};

	if (argc > 1)
		return program(argc, argv);
	return cmocka_run_group_tests(tests, make_all, remove_all);
}
