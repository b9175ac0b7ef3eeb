// SPDX-License-Identifier: Apache-2.0
#include "support/unit.h"

#include "event/random_row.h"
#include "sink/json_check.h"
#include "user/sink/sink.h"

#include <float.h>
#include <math.h>

static const struct sink_options as_json = { .format = SINK_JSON };
static const struct sink_options as_text = { .format = SINK_TEXT };

#define T0 INT64_C(1700000000000000000)

static struct value lit(enum value_type type, const char *bytes, size_t len)
{
	return value_bytes(type, bytes, len);
}

#define LIT(type, text) lit(type, text, sizeof(text) - 1)

/* A shell, started by sshd, that connects out. */
struct example {
	struct context bash;
	struct context sshd;
	union {
		struct row row;
		struct value room[64];
	} exec, connect;
	const struct row *rows[2];
	struct match_field field;
	struct match_field key;
	struct match_doc doc;
};

static void set(struct row *row, unsigned column, struct value value)
{
	row->values[row_slot(column)] = value;
}

static void row_init(struct row *row, enum stream_id stream, int64_t ts,
		     const struct example *e)
{
	row->stream = (uint16_t)stream;
	row->value_count = (uint16_t)row_slots(catalog_stream(stream));
	row->ts = ts;
	row->cpu = 1;
	row->seq = 5;
	row->self = &e->bash;
	row->parent = &e->sshd;
	set(row, COL_ts,
	    (struct value){ .type = VALUE_TIMESTAMP, .i = T0 + ts });
	set(row, COL_pid, value_int(12));
	set(row, COL_ppid, value_int(1));
	set(row, COL_pid_key, value_int(INT64_MAX));
	set(row, COL_comm, value_text("bash"));
	set(row, COL_uid, value_int(0));
	set(row, COL_compat, value_bool(false));
}

static void context_init(struct context *context, const char *exe,
			 const char *name, const char *cmdline)
{
	context->values[COL_exe - COL_CONTEXT_FIRST] = value_text(exe);
	context->values[COL_name - COL_CONTEXT_FIRST] = value_text(name);
	context->values[COL_cmdline - COL_CONTEXT_FIRST] = value_text(cmdline);
}

static void example_init(struct example *e)
{
	memset(e, 0, sizeof(*e));
	context_init(&e->bash, "/bin/bash", "bash", "bash -i");
	context_init(&e->sshd, "/usr/sbin/sshd", "sshd", "sshd: root");
	row_init(&e->exec.row, STREAM_PROCESS_EXEC, 1, e);
	set(&e->exec.row, COL_PROCESS_EXEC_filename, value_text("bash"));
	set(&e->exec.row, COL_PROCESS_EXEC_exec_exe, value_text("hidden"));
	row_init(&e->connect.row, STREAM_NETWORK_CONNECT, 2, e);
	set(&e->connect.row, COL_NETWORK_CONNECT_family, value_int(2));
	set(&e->connect.row, COL_NETWORK_CONNECT_proto, value_int(6));
	set(&e->connect.row, COL_NETWORK_CONNECT_dst_ip,
	    LIT(VALUE_IP, "\xc0\0\2\1"));
	set(&e->connect.row, COL_NETWORK_CONNECT_dst_port, value_int(443));
	e->rows[0] = &e->exec.row;
	e->rows[1] = &e->connect.row;
	e->field = (struct match_field){ "exe", value_text("/tmp/a b") };
	e->key = (struct match_field){ "pid_key", value_int(9) };
	e->doc = (struct match_doc){
		.id = { 0, 0x11, 0x22, [15] = 0xff },
		.ts_ns = T0 + 2,
		.host = "box",
		.rule = "reverse_shell",
		.severity = "high",
		.description = "a shell that calls home",
		.attack = "T1059, T1071",
		.window_start_ns = T0 + 1,
		.window_end_ns = T0 + 2,
		.coverage = "gap",
		.lost = 3,
		.field_count = 1,
		.fields = &e->field,
		.key_count = 1,
		.keys = &e->key,
		.event_count = 2,
		.events = e->rows,
		.event_total = 2,
	};
}

static void text__line_and_tree(void **state)
{
	struct buf out = BUF_INIT;
	struct example e;

	(void)state;
	example_init(&e);
	sink_match(&as_text, &e.doc, 7, &out);
	assert_string_equal(
		buf_text(&out),
		"2023-11-14T22:13:20.000000002Z high reverse_shell: "
		"exe=\"/tmp/a b\" [gap: 3 events lost]\n"
		"  |- 22:13:20.000000001 process.exec bash[12] bash -i, "
		"parent sshd[1]\n"
		"  |- 22:13:20.000000002 network.connect bash[12] tcp "
		"192.0.2.1:443, parent sshd[1]\n"
		"  `- match 001122000000000000000000000000ff, ledger 7, "
		"T1059, T1071\n");
	buf_release(&out);
}

static void text__connection__what_became_of_it(void **state)
{
	struct buf out = BUF_INIT;
	struct example e;

	(void)state;
	example_init(&e);
	set(&e.connect.row, COL_NETWORK_CONNECT_outcome,
	    value_int(CONNECT_ATTEMPTED));
	sink_match(&as_text, &e.doc, 7, &out);
	assert_non_null(strstr(buf_text(&out), "192.0.2.1:443, parent"));
	buf_reset(&out);
	set(&e.connect.row, COL_NETWORK_CONNECT_outcome,
	    value_int(CONNECT_ESTABLISHED));
	set(&e.connect.row, COL_retval, value_int(0));
	sink_match(&as_text, &e.doc, 7, &out);
	assert_non_null(
		strstr(buf_text(&out), "192.0.2.1:443, established, parent"));
	buf_reset(&out);
	set(&e.connect.row, COL_NETWORK_CONNECT_outcome,
	    value_int(CONNECT_FAILED));
	set(&e.connect.row, COL_retval, value_int(-111));
	sink_match(&as_text, &e.doc, 7, &out);
	assert_non_null(
		strstr(buf_text(&out), "192.0.2.1:443, failed (-111), parent"));
	buf_release(&out);
}

static void text__color_and_unknown_processes(void **state)
{
	struct sink_options options = { .format = SINK_TEXT, .color = true };
	struct buf out = BUF_INIT;
	struct example e;

	(void)state;
	example_init(&e);
	e.doc.field_count = 0;
	e.doc.event_count = 1;
	e.doc.event_total = 40;
	e.doc.coverage = "complete";
	e.doc.attack = "";
	e.exec.row.self = e.exec.row.parent = NULL;
	set(&e.exec.row, COL_PROCESS_EXEC_exec_args,
	    LIT(VALUE_LIST, "sh\0-c\0rm x\0"));
	sink_match(&options, &e.doc, UINT64_MAX, &out);
	assert_string_equal(
		buf_text(&out),
		"2023-11-14T22:13:20.000000002Z \033[31mhigh\033[0;1m "
		"reverse_shell\033[0m\n"
		"  |- the last 1 of 40 events follow\n"
		"  |- 22:13:20.000000001 process.exec bash[12] "
		"sh -c \"rm x\", parent ?[1]\n"
		"  `- match 001122000000000000000000000000ff\n");
	buf_release(&out);
}

static void text__other_streams(void **state)
{
	struct buf out = BUF_INIT;
	struct example e;
	struct row *row;

	(void)state;
	example_init(&e);
	row = &e.connect.row;
	e.doc.event_count = 1;
	e.rows[0] = row;
	set(row, COL_NETWORK_CONNECT_dst_ip,
	    LIT(VALUE_IP, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out), " tcp [::1]:443, parent"));

	buf_reset(&out);
	memset(&e.connect, 0, sizeof(e.connect));
	row_init(row, STREAM_FILE_OPEN, 2, &e);
	set(row, COL_FILE_OPEN_path, value_text("/etc/shadow"));
	set(row, COL_FILE_OPEN_is_write, value_bool(true));
	set(row, COL_FILE_OPEN_created, value_bool(true));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out),
			       "file.open bash[12] /etc/shadow for writing, "
			       "created, parent sshd[1]\n"));

	buf_reset(&out);
	memset(&e.connect, 0, sizeof(e.connect));
	row_init(row, STREAM_PROCESS_EXIT, 2, &e);
	set(row, COL_PROCESS_EXIT_code, value_int(3));
	set(row, COL_PROCESS_EXIT_signal, value_int(0));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out), "bash[12] status 3, parent"));
	set(row, COL_PROCESS_EXIT_signal, value_int(9));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out), "bash[12] signal 9, parent"));

	buf_reset(&out);
	memset(&e.connect, 0, sizeof(e.connect));
	row_init(row, STREAM_PROCESS_FORK, 2, &e);
	set(row, COL_PROCESS_FORK_child_pid, value_int(13));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out), "bash[12] child 13, parent"));

	buf_reset(&out);
	set(row, COL_container_id, value_text("0123456789abcdef"));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out),
			       "parent sshd[1], container 0123456789ab\n"));
	buf_reset(&out);
	set(row, COL_container_runtime, value_text("podman"));
	set(row, COL_container_name, value_text("web"));
	set(row, COL_k8s_pod, value_text("app-7d"));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(strstr(buf_text(&out),
			       "parent sshd[1], podman web in app-7d\n"));
	buf_reset(&out);
	set(row, COL_k8s_namespace, value_text("shop"));
	sink_match(&as_text, &e.doc, 0, &out);
	assert_non_null(
		strstr(buf_text(&out), ", podman web in shop/app-7d\n"));
	buf_release(&out);
}

static void json__one_object_a_line(void **state)
{
	struct buf out = BUF_INIT;
	struct example e;

	(void)state;
	example_init(&e);
	sink_match(&as_json, &e.doc, 7, &out);
	assert_string_equal(
		buf_text(&out),
		"{\"time\":\"2023-11-14T22:13:20.000000002Z\",\"host\":\"box\","
		"\"rule\":\"reverse_shell\",\"severity\":\"high\","
		"\"description\":\"a shell that calls home\","
		"\"attack\":[\"T1059\",\"T1071\"],"
		"\"match_id\":\"001122000000000000000000000000ff\","
		"\"rule_digest\":\"00000000000000000000000000000000"
		"00000000000000000000000000000000\","
		"\"key\":{\"pid_key\":9},\"fields\":{\"exe\":\"/tmp/a b\"},"
		"\"window\":{\"start\":\"2023-11-14T22:13:20.000000001Z\","
		"\"end\":\"2023-11-14T22:13:20.000000002Z\"},"
		"\"coverage\":\"gap\",\"lost\":3,\"event_total\":2,\"events\":["
		"{\"stream\":\"process.exec\","
		"\"time\":\"2023-11-14T22:13:20.000000001Z\","
		"\"id\":{\"ts\":1,\"cpu\":1,\"seq\":5},"
		"\"process\":{\"pid\":12,\"ppid\":1,"
		"\"pid_key\":9223372036854775807,\"comm\":\"bash\",\"uid\":0,"
		"\"exe\":\"/bin/bash\",\"name\":\"bash\","
		"\"cmdline\":\"bash -i\"},"
		"\"parent\":{\"pid\":1,\"exe\":\"/usr/sbin/sshd\","
		"\"name\":\"sshd\",\"cmdline\":\"sshd: root\"},"
		"\"compat\":false,\"filename\":\"bash\"},"
		"{\"stream\":\"network.connect\","
		"\"time\":\"2023-11-14T22:13:20.000000002Z\","
		"\"id\":{\"ts\":2,\"cpu\":1,\"seq\":5},"
		"\"process\":{\"pid\":12,\"ppid\":1,"
		"\"pid_key\":9223372036854775807,\"comm\":\"bash\",\"uid\":0,"
		"\"exe\":\"/bin/bash\",\"name\":\"bash\","
		"\"cmdline\":\"bash -i\"},"
		"\"parent\":{\"pid\":1,\"exe\":\"/usr/sbin/sshd\","
		"\"name\":\"sshd\",\"cmdline\":\"sshd: root\"},"
		"\"compat\":false,\"family\":\"inet\",\"proto\":\"tcp\","
		"\"dst_ip\":\"192.0.2.1\",\"dst_port\":443}],"
		"\"ledger\":{\"seq\":7}}\n");
	assert_true(json_is_valid(&out, "\n"));
	buf_reset(&out);
	sink_match(&as_json, &e.doc, UINT64_MAX, &out);
	assert_null(strstr(buf_text(&out), "ledger"));
	buf_release(&out);
}

/* An own column of this name would hide a member of the event object. */
static void catalog__no_column_named_like_a_member(void **state)
{
	static const char *const members[] = { "stream", "time", "id",
					       "process", "parent" };

	(void)state;
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		for (size_t i = 0; i < ARRAY_SIZE(members); i++)
			assert_null(catalog_column(catalog_stream(s),
						   members[i],
						   strlen(members[i])));
}

struct text_case {
	const char *bytes;
	size_t len;
	const char *text;
	const char *json;
};

static void hostile_bytes__escaped(void **state)
{
#define CASE(bytes, text, json)                      \
	{                                            \
		bytes, sizeof(bytes) - 1, text, json \
	}
	static const struct text_case cases[] = {
		CASE("", "", "\"\""),
		CASE("a b\"c", "a b\"c", "\"a b\\\"c\""),
		CASE("a\\b/", "a\\\\b/", "\"a\\\\b/\""),
		CASE("a\0b", "a\\x00b", "\"a\\u0000b\""),
		CASE("\t\n\r\b\f\v", "\\x09\\x0a\\x0d\\x08\\x0c\\x0b",
		     "\"\\t\\n\\r\\b\\f\\u000b\""),
		CASE("\033[2J\x7f", "\\x1b[2J\\x7f", "\"\\u001b[2J\\u007f\""),
		/* C1: CSI as a code point, and as a bare byte */
		CASE("\xc2\x9b", "\\xc2\\x9b", "\"\\u009b\""),
		CASE("\x9b", "\\x9b", "\"\xef\xbf\xbd\""),
		CASE("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f",
		     "\"gr\xc3\xbc\xc3\x9f\""),
		CASE("\xf0\x9f\x90\xa6", "\xf0\x9f\x90\xa6",
		     "\"\xf0\x9f\x90\xa6\""),
		/* overlong, surrogate, too large, cut short */
		CASE("\xc0\xaf", "\\xc0\\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""),
		CASE("\xe0\x80\x80", "\\xe0\\x80\\x80",
		     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""),
		CASE("\xed\xa0\x80", "\\xed\\xa0\\x80",
		     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""),
		CASE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
		     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""),
		CASE("\xe2\x82", "\\xe2\\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""),
		CASE("\xc3(", "\\xc3(", "\"\xef\xbf\xbd(\""),
		/* right-to-left override, line separator, a tag character */
		CASE("a\xe2\x80\xae"
		     "b",
		     "a\\xe2\\x80\\xaeb", "\"a\\u202eb\""),
		CASE("\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\"\\u2028\""),
		CASE("\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81",
		     "\"\\udb40\\udc41\""),
	};
#undef CASE
	struct buf text = BUF_INIT, json = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct text_case *c = &cases[i];
		struct value value = lit(VALUE_TEXT, c->bytes, c->len);

		buf_reset(&text);
		buf_reset(&json);
		sink_text_value(&text, value);
		sink_json_value(&json, value);
		assert_string_equal(buf_text(&text), c->text);
		assert_string_equal(buf_text(&json), c->json);
		assert_true(json_is_valid(&json, ""));
	}
	buf_release(&text);
	buf_release(&json);
}

static void assert_forms(struct value value, const char *text, const char *json)
{
	struct buf out = BUF_INIT;

	sink_text_value(&out, value);
	assert_string_equal(buf_text(&out), text);
	buf_reset(&out);
	sink_json_value(&out, value);
	assert_string_equal(buf_text(&out), json);
	assert_true(json_is_valid(&out, ""));
	buf_release(&out);
}

static struct value interval(int64_t ns)
{
	return (struct value){ .type = VALUE_INTERVAL, .i = ns };
}

static struct value real(double d)
{
	return (struct value){ .type = VALUE_DOUBLE, .d = d };
}

static void values__of_each_type(void **state)
{
	(void)state;
	assert_forms(value_null(), "NULL", "null");
	assert_forms(value_bool(true), "true", "true");
	assert_forms(value_int(INT64_MIN), "-9223372036854775808",
		     "-9223372036854775808");
	assert_forms(real(0.1), "0.1", "0.1");
	assert_forms(real(1.0 / 3), "0.3333333333333333", "0.3333333333333333");
	assert_forms(real(DBL_MAX), "1.7976931348623157e+308",
		     "1.7976931348623157e+308");
	assert_forms(real((double)NAN), "nan", "null");
	assert_forms(real((double)-INFINITY), "-inf", "null");
	assert_forms(LIT(VALUE_BYTES, "\0\xfe"), "00fe", "\"00fe\"");
	assert_forms(LIT(VALUE_IP, "\x0a\0\0\1"), "10.0.0.1", "\"10.0.0.1\"");
	assert_forms(LIT(VALUE_LIST, ""), "", "[]");
	assert_forms(LIT(VALUE_LIST, "a\0\0b \"c\0"), "a \"\" \"b \\\"c\"",
		     "[\"a\",\"\",\"b \\\"c\"]");
	assert_forms(interval(90000000000), "90s", "90000000000");
	assert_forms(interval(-1250000000), "-1.25s", "-1250000000");
	assert_forms(interval(1), "0.000000001s", "1");
}

/* No byte that a terminal acts on, and no invalid UTF-8, gets through. */
static void assert_printable(const struct buf *text)
{
	uint32_t code;
	size_t n;

	for (size_t i = 0; i < text->len; i += n) {
		n = utf8_decode(text->bytes + i, text->len - i, &code);
		assert_true(n > 0);
		assert_true(code == '\n' || code >= 0x20);
		assert_false(code >= 0x7f && code < 0xa0);
	}
}

static void random_matches__valid_json_and_printable_text(void **state)
{
	struct rng rng = { 11 };
	struct buf out = BUF_INIT;
	struct arena arena;
	struct example e;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 3000; i++) {
		arena_reset(&arena);
		example_init(&e);
		for (unsigned k = 0; k < 2; k++)
			e.rows[k] = random_row(&rng, (i + k) % STREAM_COUNT,
					       true, &arena);
		e.field.value =
			random_value(&rng, i % VALUE_TYPE_COUNT, &arena);
		e.doc.host = arena_copy(
			&arena, random_bytes(&rng, VALUE_TEXT, 9, &arena).p, 9);
		buf_reset(&out);
		sink_match(&as_json, &e.doc, i, &out);
		assert_int_equal(out.failed, 0);
		assert_true(json_is_valid(&out, "\n"));
		buf_reset(&out);
		sink_match(&as_text, &e.doc, i, &out);
		assert_printable(&out);
	}
	buf_release(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text__line_and_tree),
		cmocka_unit_test(text__connection__what_became_of_it),
		cmocka_unit_test(text__color_and_unknown_processes),
		cmocka_unit_test(text__other_streams),
		cmocka_unit_test(json__one_object_a_line),
		cmocka_unit_test(catalog__no_column_named_like_a_member),
		cmocka_unit_test(hostile_bytes__escaped),
		cmocka_unit_test(values__of_each_type),
		cmocka_unit_test(random_matches__valid_json_and_printable_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
