// SPDX-License-Identifier: Apache-2.0
/* The tables made from bpf/fields.def agree with themselves and event.h. */
#include "support/unit.h"

#include "user/base/catalog.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = 0;

	if (file)
		len = fread(text, 1, size - 1, file);
	if (file)
		fclose(file);
	return len;
}

static const struct stream *stream_at(unsigned id)
{
	return catalog_stream((enum stream_id)id);
}

typedef void column_check(const struct stream *stream,
			  const struct column *column);

static void each_column(column_check *check)
{
	unsigned seen = 0;

	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		const struct stream *stream = stream_at(s);
		unsigned n = catalog_column_count(stream);

		for (unsigned id = 0; id < n; id++, seen++)
			check(stream, catalog_column_at(stream, id));
	}
	assert_true(seen > STREAM_COUNT * COL_OWN_FIRST);
}

static void streams__by_id_and_name__the_same(void **state)
{
	(void)state;
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		const struct stream *stream = stream_at(s);
		const struct stream *named;

		assert_int_equal(stream->id, s);
		/* A state table has no event in its name. */
		assert_int_equal(!strchr(stream->name, '.'),
				 s == STREAM_PROCESS);
		assert_true(stream->record_bytes >= sizeof(struct event_head));
		assert_true(strlen(stream->doc) > 0);
		named = catalog_stream_by_name(stream->name,
					       strlen(stream->name));
		assert_ptr_equal(named,
				 s < STREAM_VISIBLE_COUNT ? stream : NULL);
		assert_null(catalog_stream_by_name(stream->name,
						   strlen(stream->name) - 1));
	}
	assert_null(catalog_stream_by_name("", 0));
	assert_null(catalog_stream_by_name("process.nothing", 15));
	assert_int_equal(catalog_stream_by_name("file.open(", 9)->id,
			 STREAM_FILE_OPEN);
}

static void streams__default_aliases__unique(void **state)
{
	(void)state;
	for (unsigned a = 0; a < STREAM_VISIBLE_COUNT; a++) {
		assert_in_range(strlen(stream_at(a)->alias), 1, 2);
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(stream_at(a)->alias,
						stream_at(b)->alias);
	}
}

static void check_name(const struct stream *stream, const struct column *column)
{
	/* By name gives this one: so no other has its name. */
	assert_ptr_equal(
		catalog_column(stream, column->name, strlen(column->name)),
		column);
	assert_ptr_equal(catalog_column_at(stream, column->id), column);
	assert_null(catalog_column(stream, column->name, 0));
	assert_true(column->hidden || strlen(column->doc) > 0);
}

static void columns__names__unique_in_their_stream(void **state)
{
	(void)state;
	each_column(check_name);
}

static size_t wire_size(enum column_wire wire)
{
	static const size_t sizes[] = {
		[WIRE_NONE] = 0, [WIRE_U8] = 1,
		[WIRE_U16] = 2,	 [WIRE_U32] = 4,
		[WIRE_U64] = 8,	 [WIRE_S32] = 4,
		[WIRE_FLAG] = 4, [WIRE_CHARS] = EVENT_COMM_SIZE,
		[WIRE_IP] = 16,	 [WIRE_BLOB] = sizeof(struct event_blob),
		[WIRE_TIME] = 8, [WIRE_PATH] = sizeof(struct event_blob),
		[WIRE_OPT] = 8,	 [WIRE_DNS] = sizeof(struct event_blob),
	};

	BUILD_CHECK(ARRAY_SIZE(sizes) == WIRE_COUNT);
	return sizes[wire];
}

static bool has_bytes(const struct column *column)
{
	return column->wire == WIRE_PATH || column->wire == WIRE_DNS;
}

static void check_place(const struct stream *stream,
			const struct column *column)
{
	assert_int_equal(column->size, wire_size(column->wire));
	assert_true(column->offset + column->size <= stream->record_bytes);
	if (column->id < COL_HEAD_COUNT)
		assert_true(column->offset + column->size <=
			    sizeof(struct event_head));
	assert_int_equal(column->bytes_size > 0, has_bytes(column));
	if (has_bytes(column))
		assert_true(column->bytes_offset >=
				    column->offset + column->size &&
			    column->bytes_offset + column->bytes_size <=
				    stream->record_bytes);
	assert_int_equal(column->flag != 0, column->wire == WIRE_FLAG);
	assert_int_equal(column->flag & (column->flag - 1), 0);
}

static void columns__places__inside_the_record(void **state)
{
	(void)state;
	each_column(check_place);
}

static void check_type(const struct stream *stream, const struct column *column)
{
	(void)stream;
	assert_true(column->type > VALUE_NULL &&
		    column->type < VALUE_TYPE_COUNT);
	switch (column->wire) {
	case WIRE_NONE:
		assert_true((column->id >= COL_AMBIENT_FIRST &&
			     column->id < COL_OWN_FIRST) ||
			    strcmp(column->name, "prev_exe") == 0);
		break;
	case WIRE_FLAG:
		assert_int_equal(column->type, VALUE_BOOL);
		break;
	case WIRE_IP:
		assert_int_equal(column->type, VALUE_IP);
		break;
	case WIRE_TIME:
		assert_int_equal(column->type, VALUE_TIMESTAMP);
		break;
	case WIRE_CHARS:
		assert_int_equal(column->type, VALUE_TEXT);
		break;
	case WIRE_PATH:
		assert_true(column->type == VALUE_TEXT ||
			    (column->type == VALUE_LIST && column->hidden));
		break;
	case WIRE_DNS:
		assert_int_equal(column->type, VALUE_LIST);
		break;
	case WIRE_OPT:
		assert_true(column->type == VALUE_INT ||
			    column->type == VALUE_TIMESTAMP);
		break;
	case WIRE_BLOB:
		assert_true(column->type == VALUE_TEXT ||
			    column->type == VALUE_LIST ||
			    column->type == VALUE_HASH ||
			    column->type == VALUE_BYTES);
		break;
	case WIRE_U8:
		assert_true(column->type == VALUE_BOOL ||
			    column->type == VALUE_INT);
		break;
	case WIRE_U64:
		assert_true(column->type == VALUE_INT ||
			    column->type == VALUE_INTERVAL);
		break;
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_S32:
		assert_int_equal(column->type, VALUE_INT);
		break;
	case WIRE_COUNT:
		fail();
	}
}

static void columns__types__what_the_wire_can_hold(void **state)
{
	(void)state;
	each_column(check_type);
}

static void columns__shared__the_same_in_every_stream(void **state)
{
	(void)state;
	for (unsigned id = 0; id < COL_OWN_FIRST; id++)
		for (unsigned s = 1; s < STREAM_COUNT; s++)
			assert_ptr_equal(catalog_column_at(stream_at(0), id),
					 catalog_column_at(stream_at(s), id));
	assert_string_equal(catalog_column_at(stream_at(0), 0)->name, "ts");
	assert_string_equal(catalog_column_at(stream_at(0), COL_pid)->name,
			    "pid");
}

static void columns__of_the_parent__mirror_the_context(void **state)
{
	const struct stream *stream = stream_at(0);

	(void)state;
	for (unsigned id = COL_PARENT_FIRST; id < COL_OWN_FIRST; id++) {
		const struct column *parent = catalog_column_at(stream, id);
		unsigned source = catalog_parent_source(id);
		const struct column *own = catalog_column_at(stream, source);

		assert_true(source >= COL_CONTEXT_FIRST &&
			    source < COL_PARENT_FIRST);
		assert_int_equal(parent->type, own->type);
		assert_int_equal(strncmp(parent->name, "parent_", 7), 0);
		assert_string_equal(parent->name + 7, own->name);
	}
}

static void columns__own__numbered_by_their_stream(void **state)
{
	const struct column *column;

	(void)state;
	column = catalog_column(stream_at(STREAM_NETWORK_CONNECT), "dst_port",
				8);
	assert_int_equal(column->id, COL_NETWORK_CONNECT_dst_port);
	assert_int_equal(column->offset,
			 offsetof(struct network_connect_event, dst_port));
	column = catalog_column(stream_at(STREAM_FILE_OPEN), "path", 4);
	assert_int_equal(column->id, COL_OWN_FIRST);
	assert_int_equal(column->bytes_size, EVENT_PATH_SIZE);
	assert_null(catalog_column(stream_at(STREAM_FILE_OPEN), "dst_port", 8));
}

static void check_in_kernel(const struct stream *stream,
			    const struct column *column)
{
	bool no = column->hidden || column->wire == WIRE_NONE ||
		  column->wire == WIRE_BLOB || column->wire == WIRE_OPT ||
		  column->wire == WIRE_DNS;

	(void)stream;
	assert_int_equal(catalog_in_kernel(column), !no);
}

static void in_kernel__only_what_has_a_fixed_place(void **state)
{
	const struct stream *open = stream_at(STREAM_FILE_OPEN);

	(void)state;
	each_column(check_in_kernel);
	assert_true(catalog_in_kernel(catalog_column(open, "path", 4)));
	assert_true(catalog_in_kernel(catalog_column(open, "comm", 4)));
	assert_false(catalog_in_kernel(catalog_column(open, "exe", 3)));
}

static void check_hidden(const struct stream *stream,
			 const struct column *column)
{
	if (column->id < COL_OWN_FIRST)
		assert_false(column->hidden);
	else if (stream->id >= STREAM_VISIBLE_COUNT)
		assert_true(column->hidden);
}

static void hidden__never_a_shared_column(void **state)
{
	(void)state;
	each_column(check_hidden);
}

static void literals__of_enum_columns__found(void **state)
{
	const struct stream *connect = stream_at(STREAM_NETWORK_CONNECT);
	const struct column *family = catalog_column(connect, "family", 6);
	const struct column *proto = catalog_column(connect, "proto", 5);
	const struct column *port = catalog_column(connect, "dst_port", 8);
	int64_t value = -1;

	(void)state;
	assert_string_equal(catalog_literal(connect->id, family, 0, &value),
			    "inet");
	assert_int_equal(value, 2);
	assert_string_equal(catalog_literal(connect->id, family, 1, &value),
			    "inet6");
	assert_int_equal(value, 10);
	assert_string_equal(catalog_literal(connect->id, proto, 0, &value),
			    "tcp");
	assert_int_equal(value, 6);
	value = -1;
	assert_null(catalog_literal(connect->id, family, 2, &value));
	assert_null(catalog_literal(connect->id, proto, 2, &value));
	assert_null(catalog_literal(connect->id, port, 0, &value));
	/* The same column id in another stream is another column. */
	assert_null(catalog_literal(STREAM_FILE_OPEN, family, 0, &value));
	assert_int_equal(value, -1);
}

/* Does a kernel program stand at the hook? */
static bool hook_stands(const char *hook)
{
	static char text[1 << 18];
	char section[64];
	bool found = false;
	glob_t files;

	snprintf(section, sizeof(section), "SEC(\"tp_btf/%s\")", hook);
	assert_int_equal(glob("bpf/*.bpf.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t len = read_text(files.gl_pathv[i], text, sizeof(text));

		assert_true(len > 0 && len < sizeof(text) - 1);
		text[len] = '\0';
		found |= strstr(text, section) != NULL;
	}
	globfree(&files);
	return found;
}

/* What explain says of a stream is what its program is attached to. */
static void hooks__of_events__stand_in_their_programs(void **state)
{
	unsigned hooks = 0;

	(void)state;
	for (int id = 0; id < STREAM_COUNT; id++) {
		const char *hook = catalog_hook((enum stream_id)id);

		if (!hook)
			continue;
		assert_true(hook_stands(hook));
		hooks++;
	}
	assert_true(hooks >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams__by_id_and_name__the_same),
		cmocka_unit_test(streams__default_aliases__unique),
		cmocka_unit_test(columns__names__unique_in_their_stream),
		cmocka_unit_test(columns__places__inside_the_record),
		cmocka_unit_test(columns__types__what_the_wire_can_hold),
		cmocka_unit_test(columns__shared__the_same_in_every_stream),
		cmocka_unit_test(columns__of_the_parent__mirror_the_context),
		cmocka_unit_test(columns__own__numbered_by_their_stream),
		cmocka_unit_test(in_kernel__only_what_has_a_fixed_place),
		cmocka_unit_test(hidden__never_a_shared_column),
		cmocka_unit_test(literals__of_enum_columns__found),
		cmocka_unit_test(hooks__of_events__stand_in_their_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
