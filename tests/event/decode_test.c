// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "event/random_row.h"
#include "user/event/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define OFFSET INT64_C(1700000000000000000)
#define RECORD_MAX 16384

struct record {
	_Alignas(8) uint8_t bytes[RECORD_MAX];
	size_t len;
};

static struct err last_err;

static int decode(const struct record *record, struct arena *arena,
		  struct row **ret_row)
{
	last_err = (struct err){ 0 };
	return event_decode(record->bytes, record->len, OFFSET, arena, ret_row,
			    &last_err);
}

static void record_head(struct record *record, enum stream_id stream)
{
	struct event_head head = {
		.stream = stream,
		.abi = EVENT_ABI,
		.ts = 5000000001,
		.seq = 77,
		.pid_key = PID_KEY(4000000000, 4242),
		.cpu = 3,
		.pid = 4242,
		.tid = 4243,
		.ppid = 1,
		.uid = 1000,
		.loginuid = 4294967295,
		.flags = EVENT_FLAG_COMPAT,
		.truncated = EVENT_PART_ARGS,
		.comm = "sh",
	};

	memset(record, 0, sizeof(*record));
	memcpy(record->bytes, &head, sizeof(head));
	record->len = catalog_fixed_bytes(catalog_stream(stream));
}

static void record_end(struct record *record)
{
	uint32_t size = (uint32_t)record->len;

	memcpy(record->bytes + offsetof(struct event_head, size), &size,
	       sizeof(size));
}

static void set_blob(struct record *record, size_t member, size_t off,
		     size_t len)
{
	struct event_blob blob = { .off = (uint16_t)off, .len = (uint16_t)len };

	memcpy(record->bytes + member, &blob, sizeof(blob));
}

static void add_blob(struct record *record, size_t member, const char *bytes,
		     size_t len)
{
	set_blob(record, member, record->len, len);
	memcpy(record->bytes + record->len, bytes, len);
	record->len += len;
}

#define SET(record, type, member, value)                           \
	memcpy((record)->bytes + offsetof(struct type, member),    \
	       &(__typeof__(((struct type *)0)->member)){ value }, \
	       sizeof(((struct type *)0)->member))

/* The args end without a NUL, as after a cut. */
static void make_exec(struct record *record, enum stream_id stream)
{
	record_head(record, stream);
	add_blob(record, offsetof(struct process_exec_event, filename), "./id",
		 4);
	add_blob(record, offsetof(struct process_exec_event, exe),
		 "/usr/bin/\xff", 10);
	add_blob(record, offsetof(struct process_exec_event, args), "id\0-u",
		 5);
	SET(record, process_exec_event, args_total_bytes, 6);
	record_end(record);
}

static void make_connect(struct record *record, uint16_t family)
{
	static const uint8_t ip[16] = { 192, 0, 2, 1, 5 };

	record_head(record, STREAM_NETWORK_CONNECT);
	SET(record, network_connect_event, family, family);
	SET(record, network_connect_event, proto, 6);
	SET(record, network_connect_event, dst_port, 443);
	SET(record, network_connect_event, cookie, 0xffff888000000000);
	memcpy(record->bytes + offsetof(struct network_connect_event, dst_ip),
	       ip, sizeof(ip));
	record_end(record);
}

static void make_open(struct record *record, const char *path)
{
	record_head(record, STREAM_FILE_OPEN);
	record->len = offsetof(struct file_open_event, path_bytes);
	add_blob(record, offsetof(struct file_open_event, path), path,
		 strlen(path));
	SET(record, file_open_event, is_write, 7);
	record_end(record);
}

/* As the collectors pack it: a place, though nothing stands there. */
static void make_attr(struct record *record, const char *xattr)
{
	record_head(record, STREAM_FILE_ATTR);
	record->len = offsetof(struct file_attr_event, path_bytes);
	add_blob(record, offsetof(struct file_attr_event, path), "/x", 2);
	add_blob(record, offsetof(struct file_attr_event, xattr), xattr,
		 strlen(xattr));
	record_end(record);
}

static void make_mount(struct record *record, const char *src,
		       const char *fstype)
{
	record_head(record, STREAM_FILE_MOUNT);
	record->len = offsetof(struct file_mount_event, path_bytes);
	add_blob(record, offsetof(struct file_mount_event, path), "/m", 2);
	add_blob(record, offsetof(struct file_mount_event, src), src,
		 strlen(src));
	add_blob(record, offsetof(struct file_mount_event, fstype), fstype,
		 strlen(fstype));
	record_end(record);
}

static void make(struct record *record, enum stream_id stream)
{
	if (stream == STREAM_PROCESS_EXEC ||
	    stream == STREAM_PROCESS_SNAPSHOT) {
		make_exec(record, stream);
	} else if (stream == STREAM_NETWORK_CONNECT) {
		make_connect(record, AF_INET);
	} else if (stream == STREAM_FILE_OPEN) {
		make_open(record, "/etc/shadow");
	} else {
		record_head(record, stream);
		record_end(record);
	}
}

static void assert_bytes(struct value value, enum value_type type,
			 const char *bytes, size_t len)
{
	assert_int_equal(value.type, type);
	assert_int_equal(value.len, len);
	assert_memory_equal(value.p, bytes, len);
}

static void assert_text(struct value value, const char *text)
{
	assert_bytes(value, VALUE_TEXT, text, strlen(text));
}

static void exec__every_kind_of_column(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	make_exec(&record, STREAM_PROCESS_EXEC);
	assert_int_equal(decode(&record, &arena, &row), 0);
	memset(&record, 0xaa, sizeof(record)); /* the row has copies */
	assert_int_equal(row->stream, STREAM_PROCESS_EXEC);
	assert_int_equal(row->ts, 5000000001);
	assert_int_equal(row->seq, 77);
	assert_int_equal(row->cpu, 3);
	assert_null(row->self);
	assert_int_equal(row_get(row, COL_ts).type, VALUE_TIMESTAMP);
	assert_int_equal(row_get(row, COL_ts).i, OFFSET + 5000000001);
	assert_int_equal(row_get(row, COL_mono_ns).i, 5000000001);
	assert_int_equal(row_get(row, COL_loginuid).i, 4294967295);
	assert_int_equal(row_get(row, COL_compat).type, VALUE_BOOL);
	assert_int_equal(row_get(row, COL_compat).i, 1);
	assert_text(row_get(row, COL_comm), "sh");
	assert_text(row_get(row, COL_PROCESS_EXEC_filename), "./id");
	assert_text(row_get(row, COL_PROCESS_EXEC_exec_exe), "/usr/bin/\xff");
	assert_bytes(row_get(row, COL_PROCESS_EXEC_exec_args), VALUE_LIST,
		     "id\0-u", 6);
	assert_true(value_is_null(row_get(row, COL_PROCESS_EXEC_interp)));
	assert_true(value_is_null(row_get(row, COL_exe)));
	assert_int_equal(row_get(row, COL_PROCESS_EXEC_args_bytes).i, 6);
	arena_release(&arena);
}

static void exec__secret_in_args__masked(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	record_head(&record, STREAM_PROCESS_EXEC);
	add_blob(&record, offsetof(struct process_exec_event, args),
		 "db\0--password=hunter2", 21);
	SET(&record, process_exec_event, args_total_bytes, 22);
	record_end(&record);
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_bytes(row_get(row, COL_PROCESS_EXEC_exec_args), VALUE_LIST,
		     "db\0--password=***", 18);
	assert_int_equal(row_get(row, COL_PROCESS_EXEC_args_bytes).i, 22);
	arena_release(&arena);
}

static void connect__address_by_family(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	make_connect(&record, AF_INET);
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_bytes(row_get(row, COL_NETWORK_CONNECT_dst_ip), VALUE_IP,
		     "\xc0\0\2\1", 4);
	assert_int_equal(row_get(row, COL_NETWORK_CONNECT_dst_port).i, 443);
	assert_int_equal(row_get(row, COL_NETWORK_CONNECT_cookie).i,
			 (int64_t)0xffff888000000000);
	make_connect(&record, AF_INET6);
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_int_equal(row_get(row, COL_NETWORK_CONNECT_src_ip).len, 16);
	make_connect(&record, AF_UNIX);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	assert_non_null(strstr(last_err.text, "family"));
	arena_release(&arena);
}

/* Its zeros are no pid 0 and no root. */
static void close__of_nobody__no_process(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	record_head(&record, STREAM_NETWORK_CLOSE);
	SET(&record, event_head, flags, EVENT_FLAG_NOBODY);
	SET(&record, event_head, uid, 0);
	SET(&record, event_head, retval, EVENT_NONE);
	SET(&record, network_close_event, peer_port, 443);
	record_end(&record);
	assert_int_equal(decode(&record, &arena, &row), 0);
	for (unsigned id = COL_pid; id <= COL_ns_pid; id++)
		assert_true(value_is_null(row_get(row, id)));
	assert_true(value_is_null(row_get(row, COL_caps_eff)));
	assert_int_equal(row_get(row, COL_seq).i, 77);
	assert_int_equal(row_get(row, COL_source).i, EVENT_SOURCE_KERNEL);
	assert_int_equal(row_get(row, COL_NETWORK_CLOSE_peer_port).i, 443);
	arena_release(&arena);
}

static void open__path_up_to_the_records_end(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;
	size_t path = offsetof(struct file_open_event, path);
	size_t bytes = offsetof(struct file_open_event, path_bytes);

	(void)state;
	arena_init(&arena, 1 << 20);
	make_open(&record, "/etc/shadow");
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_text(row_get(row, COL_FILE_OPEN_path), "/etc/shadow");
	assert_int_equal(row_get(row, COL_FILE_OPEN_is_write).i, 1);
	set_blob(&record, path, bytes, 12);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	set_blob(&record, path, bytes - 1, 2);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	set_blob(&record, path, bytes, 0);
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_text(row_get(row, COL_FILE_OPEN_path), "");
	/* Longer than any path, although the record holds it. */
	record.len = bytes + EVENT_PATH_SIZE + 1;
	record_end(&record);
	set_blob(&record, path, bytes, EVENT_PATH_SIZE + 1);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	arena_release(&arena);
}

static void text__of_what_was_not_named__null(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	make_attr(&record, "");
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_true(value_is_null(row_get(row, COL_FILE_ATTR_xattr)));
	make_attr(&record, "user.a");
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_bytes(row_get(row, COL_FILE_ATTR_xattr), VALUE_TEXT, "user.a",
		     6);
	make_mount(&record, "", "");
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_bytes(row_get(row, COL_FILE_MOUNT_path), VALUE_TEXT, "/m", 2);
	assert_true(value_is_null(row_get(row, COL_FILE_MOUNT_src)));
	assert_true(value_is_null(row_get(row, COL_FILE_MOUNT_fstype)));
	make_mount(&record, "none", "tmpfs");
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_bytes(row_get(row, COL_FILE_MOUNT_src), VALUE_TEXT, "none", 4);
	assert_bytes(row_get(row, COL_FILE_MOUNT_fstype), VALUE_TEXT, "tmpfs",
		     5);
	arena_release(&arena);
}

static void cookie__none_yet__null(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	make_connect(&record, AF_INET);
	SET(&record, network_connect_event, cookie, EVENT_NONE);
	assert_int_equal(decode(&record, &arena, &row), 0);
	assert_true(value_is_null(row_get(row, COL_NETWORK_CONNECT_cookie)));
	arena_release(&arena);
}

static void blob__inside_the_struct__refused(void **state)
{
	size_t exe = offsetof(struct process_exec_event, exe);
	struct record record;
	struct arena arena;
	struct row *row;

	(void)state;
	arena_init(&arena, 1 << 20);
	make_exec(&record, STREAM_PROCESS_EXEC);
	set_blob(&record, exe,
		 offsetof(struct process_exec_event, exe_bytes) - 1, 4);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	set_blob(&record, exe, record.len, 1);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	set_blob(&record, exe, record.len + 1, 0);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	set_blob(&record, exe, record.len, 0);
	assert_int_equal(decode(&record, &arena, &row), 0);
	arena_release(&arena);
}

/* One after the other, over the same bytes. */
static int decode_texts(size_t program, size_t message)
{
	size_t fixed = sizeof(struct security_log_event);
	size_t len = program > message ? program : message;
	uint8_t *bytes = calloc(1, fixed + len);
	uint32_t size = (uint32_t)(fixed + len);
	struct record record;
	struct arena arena;
	struct row *row;
	int rc;

	arena_init(&arena, 1 << 20);
	record_head(&record, STREAM_SECURITY_LOG);
	set_blob(&record, offsetof(struct security_log_event, program), fixed,
		 program);
	set_blob(&record, offsetof(struct security_log_event, message), fixed,
		 message);
	/* Of the sender nothing is known, no text either. */
	SET(&record, event_head, flags, EVENT_FLAG_SENDER);
	SET(&record, event_head, comm, "");
	assert_non_null(bytes);
	memcpy(bytes, record.bytes, record.len);
	memcpy(bytes + offsetof(struct event_head, size), &size, sizeof(size));
	last_err = (struct err){ 0 };
	rc = event_decode(bytes, fixed + len, OFFSET, &arena, &row, &last_err);
	free(bytes);
	arena_release(&arena);
	return rc;
}

static void blobs__over_each_other__bounded_by_row_bytes(void **state)
{
	(void)state;
	assert_int_equal(decode_texts(40000, ROW_BYTES_MAX - 40000), 0);
	assert_int_equal(decode_texts(40000, ROW_BYTES_MAX - 40000 + 1),
			 -EBADMSG);
	assert_non_null(strstr(last_err.text, "too long"));
	assert_int_equal(decode_texts(40000, 40000), -EBADMSG);
}

static void head__wrong__refused(void **state)
{
	struct record record;
	struct arena arena;
	struct row *row = NULL;

	(void)state;
	arena_init(&arena, 1 << 20);
	make(&record, STREAM_PROCESS_EXIT);
	SET(&record, event_head, abi, EVENT_ABI + 1);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	make(&record, STREAM_PROCESS_EXIT);
	SET(&record, event_head, stream, STREAM_COUNT);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	make(&record, STREAM_PROCESS_EXIT);
	record.len++;
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	make(&record, STREAM_PROCESS_EXIT);
	SET(&record, event_head, ts, (uint64_t)INT64_MAX + 1);
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	SET(&record, event_head, ts, INT64_MAX); /* and the offset */
	assert_int_equal(decode(&record, &arena, &row), -EBADMSG);
	assert_null(row);
	arena_release(&arena);
}

static void any_length__short_records_refused(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		struct record record;
		size_t whole;

		make(&record, s);
		whole = record.len;
		for (size_t len = 0; len < whole; len++) {
			uint8_t *exact = malloc(len ? len : 1);
			struct row *row;

			record.len = len;
			record_end(&record);
			assert_non_null(exact);
			memcpy(exact, record.bytes, len);
			assert_int_equal(event_decode(exact, len, OFFSET,
						      &arena, &row, NULL),
					 -EBADMSG);
			free(exact);
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
}

/* Reads each byte that the row shows. */
static uint64_t row_sum(const struct row *row)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < row->value_count; i++) {
		struct value value = row->values[i];

		assert_true(value.type < VALUE_TYPE_COUNT);
		for (uint32_t k = 0; value_is_bytes(value) && k < value.len;
		     k++)
			sum += value.p[k];
	}
	return sum;
}

static void any_byte__random__row_or_error(void **state)
{
	struct rng rng = { 12345 };
	uint64_t rows = 0, errors = 0, sum = 0;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		struct record record;
		uint8_t *exact;

		make(&record, s);
		exact = malloc(record.len);
		assert_non_null(exact);
		for (size_t i = 0; i < record.len * 64; i++) {
			struct row *row;
			size_t at = i % record.len;
			int ret;

			memcpy(exact, record.bytes, record.len);
			exact[at] = (uint8_t)rng_next(&rng);
			exact[rng_below(&rng, record.len)] ^=
				(uint8_t)rng_below(&rng, 4);
			arena_reset(&arena);
			ret = event_decode(exact, record.len, OFFSET, &arena,
					   &row, NULL);
			if (ret) {
				assert_int_equal(ret, -EBADMSG);
				errors++;
			} else {
				sum += row_sum(row);
				rows++;
			}
		}
		free(exact);
	}
	assert_true(rows > 1000 && errors > 100 && sum);
	arena_release(&arena);
}

static void arena__full__no_memory(void **state)
{
	struct record record;
	struct row *row;

	(void)state;
	make_exec(&record, STREAM_PROCESS_EXEC);
	for (size_t limit = 0; limit < 600; limit += 16) {
		struct arena arena;

		arena_init(&arena, limit);
		assert_int_equal(decode(&record, &arena, &row), -ENOMEM);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec__every_kind_of_column),
		cmocka_unit_test(exec__secret_in_args__masked),
		cmocka_unit_test(connect__address_by_family),
		cmocka_unit_test(close__of_nobody__no_process),
		cmocka_unit_test(open__path_up_to_the_records_end),
		cmocka_unit_test(text__of_what_was_not_named__null),
		cmocka_unit_test(cookie__none_yet__null),
		cmocka_unit_test(blob__inside_the_struct__refused),
		cmocka_unit_test(blobs__over_each_other__bounded_by_row_bytes),
		cmocka_unit_test(head__wrong__refused),
		cmocka_unit_test(any_length__short_records_refused),
		cmocka_unit_test(any_byte__random__row_or_error),
		cmocka_unit_test(arena__full__no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
