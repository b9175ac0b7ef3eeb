// SPDX-License-Identifier: Apache-2.0
/*
 * A predicate object is linked into the collectors and filters. It is made here
 * with the compiler that the build needs anyway; one object holds the functions
 * of all streams, as the rule compiler's does.
 */
#include "live.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char source[] =
	"struct file_open_event;\n"
	"struct network_connect_event;\n"
	"unsigned long long predicate_file_open("
	"const struct file_open_event *event)\n"
	"{\n"
	"	if (!event)\n"
	"		return 0;\n"
	"	return *((const unsigned char *)event + IS_WRITE);\n"
	"}\n"
	"unsigned long long predicate_network_connect("
	"const struct network_connect_event *event)\n"
	"{\n"
	"	if (!event)\n"
	"		return 0;\n"
	"	return *(const unsigned short *)"
	"((const char *)event + DST_PORT) == 4444;\n"
	"}\n";

struct object {
	uint8_t bytes[65536];
	size_t len;
};

/* The verifier refuses it: no test for null. */
static const char bad_source[] =
	"struct file_open_event;\n"
	"unsigned long long predicate_file_open("
	"const struct file_open_event *event)\n"
	"{\n"
	"	return *((const unsigned char *)event + IS_WRITE);\n"
	"}\n";

/* Made once; their length stays 0 where there is no compiler. */
static struct object object;
static struct object bad_object;

static void object_make(const char *text, struct object *ret_object)
{
	char folder[] = "/tmp/shrike-predicate-XXXXXX";
	char command[512];
	char path[64];
	FILE *file;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/p.c", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	snprintf(command, sizeof(command),
		 "clang-14 -target bpf -O2 -g -mcpu=v3 -DIS_WRITE=%zu "
		 "-DDST_PORT=%zu -c -o %s/p.o %s/p.c",
		 offsetof(struct file_open_event, is_write),
		 offsetof(struct network_connect_event, dst_port), folder,
		 folder);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/p.o", folder);
	file = fopen(path, "r");
	assert_non_null(file);
	ret_object->len =
		fread(ret_object->bytes, 1, sizeof(ret_object->bytes), file);
	assert_true(ret_object->len < sizeof(ret_object->bytes));
	fclose(file);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static int objects_make(void **state)
{
	(void)state;
	if (system("clang-14 --version >/dev/null 2>&1") != 0) {
		print_message("skip: no clang-14 to make a predicate\n");
		return 0;
	}
	object_make(source, &object);
	object_make(bad_source, &bad_object);
	return 0;
}

static void reads_and_writes(void *arg)
{
	const char *path = arg;

	for (int i = 0; i < 10; i++)
		close(open("/etc/passwd", O_RDONLY));
	close(open(path, O_WRONLY | O_CREAT, 0600));
	for (uint16_t port = 4440; port < 4450; port++) {
		struct sockaddr_in to = {
			.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		(void)!connect(fd, (void *)&to, sizeof(to));
		close(fd);
	}
}

static void filter_check(bool files, bool connections)
{
	struct collect_request request = { .streams = { false } };
	struct collect_counters counters;
	char path[64];
	struct live live;
	pid_t pid;

	if (!object.len)
		skip();
	request.streams[STREAM_FILE_OPEN] = files;
	request.streams[STREAM_NETWORK_CONNECT] = connections;
	request.object = object.bytes;
	request.object_bytes = object.len;
	live_open(&live, &request);
	snprintf(path, sizeof(path), "/tmp/shrike-written-%d", getpid());
	pid = child_run(reads_and_writes, path, NULL);
	unlink(path);
	live_drain(&live);
	if (files) {
		const struct file_open_event *f =
			live_need(&live, STREAM_FILE_OPEN, pid);

		assert_string_equal(open_path(f), path);
		assert_null(live_find(&live, STREAM_FILE_OPEN, pid, 1));
		counters_need(&live, STREAM_FILE_OPEN, &counters);
		assert_true(counters.filtered >= 10);
	}
	if (connections) {
		const struct network_connect_event *n =
			live_need(&live, STREAM_NETWORK_CONNECT, pid);

		assert_int_equal(n->dst_port, 4444);
		/* How it ended may follow. */
		n = live_find(&live, STREAM_NETWORK_CONNECT, pid, 1);
		assert_true(!n || n->outcome != CONNECT_ATTEMPTED);
		counters_need(&live, STREAM_NETWORK_CONNECT, &counters);
		assert_true(counters.filtered >= 9);
	}
	live_close(&live);
}

static void predicate__both_streams__filters_both(void **state)
{
	(void)state;
	filter_check(true, true);
}

static void predicate__one_stream__other_function_is_unused(void **state)
{
	(void)state;
	filter_check(true, false);
	filter_check(false, true);
}

static void predicate__no_collector_filters__is_not_needed(void **state)
{
	(void)state;
	filter_check(false, false);
}

static void predicate__not_an_object__is_refused(void **state)
{
	static const uint8_t junk[64] = "this is no ELF file";
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.object = junk,
		.object_bytes = sizeof(junk),
	};
	struct collector *collector = NULL;
	struct err err = { 0 };
	int rc;

	(void)state;
	rc = collector_open(&request, &collector, &err);
	assert_true(rc < 0);
	assert_null(collector);
	if (rc != -EPERM)
		assert_non_null(strstr(err.text, "predicates"));
}

static void predicate__verifier_refuses__error_has_its_reason(void **state)
{
	const struct collect_request request = {
		.streams = { [STREAM_FILE_OPEN] = true },
		.object = bad_object.bytes,
		.object_bytes = bad_object.len,
	};
	struct collector *collector = NULL;
	struct err err = { 0 };
	int rc;

	(void)state;
	if (!bad_object.len)
		skip();
	rc = collector_open(&request, &collector, &err);
	assert_true(rc < 0);
	assert_null(collector);
	assert_int_equal(err.kind, ERR_MACHINE);
	if (!strstr(err.text, "CAP_BPF"))
		assert_non_null(strstr(err.text, "mem_or_null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predicate__both_streams__filters_both),
		cmocka_unit_test(
			predicate__one_stream__other_function_is_unused),
		cmocka_unit_test(
			predicate__no_collector_filters__is_not_needed),
		cmocka_unit_test(predicate__not_an_object__is_refused),
		cmocka_unit_test(
			predicate__verifier_refuses__error_has_its_reason),
	};

	return cmocka_run_group_tests(tests, objects_make, NULL);
}
