// SPDX-License-Identifier: Apache-2.0
#include "user/base/catalog.h"

#include <string.h>

#define SIZEOF(record, member) (sizeof(((struct record *)0)->member))

#define AT_SCALAR(record, member)                  \
	.offset = offsetof(struct record, member), \
	.size = SIZEOF(record, member)
#define AT_U8 AT_SCALAR
#define AT_U16 AT_SCALAR
#define AT_U32 AT_SCALAR
#define AT_U64 AT_SCALAR
#define AT_S32 AT_SCALAR
#define AT_CHARS AT_SCALAR
#define AT_TIME AT_SCALAR
#define AT_OPT AT_SCALAR
#define AT_NONE(record, member) .size = 0
#define AT_IP(record, member)      \
	AT_SCALAR(record, member), \
		.family_offset = offsetof(struct record, family)
#define AT_BLOB AT_SCALAR
#define AT_PATH(record, member)                                          \
	AT_SCALAR(record, member),                                       \
		.bytes_offset = offsetof(struct record, member##_bytes), \
		.bytes_size = SIZEOF(record, member##_bytes)
#define AT_DNS AT_PATH
#define AT_FLAG(record, bit)                          \
	.offset = offsetof(struct event_head, flags), \
	.size = SIZEOF(event_head, flags), .flag = (bit)

#define COLUMN(col_id, col_name, col_type, col_wire, at, col_doc) \
	[col_id] = { .id = (col_id),                              \
		     .name = (col_name),                          \
		     .doc = (col_doc),                            \
		     .type = VALUE_##col_type,                    \
		     .wire = WIRE_##col_wire,                     \
		     at },
#define GROUP(...) __VA_ARGS__

static const struct column shared_columns[] = {
#define HEAD_COLUMN(name, type, wire, member, doc) \
	COLUMN(COL_##name, #name, type, wire,      \
	       GROUP(AT_##wire(event_head, member)), doc)
#define AMBIENT_COLUMN(name, type, doc) \
	COLUMN(COL_##name, #name, type, NONE, .size = 0, doc)
#define CONTEXT_COLUMN(name, type, doc) \
	COLUMN(COL_##name, #name, type, NONE, .size = 0, doc)
#define PARENT_COLUMN(name, column, type, doc) \
	COLUMN(COL_##name, #name, type, NONE, .context = COL_##column, doc)
#include "bpf/fields.def"
};

BUILD_CHECK(ARRAY_SIZE(shared_columns) == COL_OWN_FIRST);

/* All own columns in the file's order: those of one stream are a run. */
static const struct own_column {
	enum stream_id stream;
	struct column column;
} own_columns[] = {
#define OWN(stream_id, record, col_name, col_type, col_wire, col_at, col_doc, \
	    col_hidden)                                                       \
	{ STREAM_##stream_id,                                                 \
	  { .id = COL_##stream_id##_##col_name,                               \
	    .name = #col_name,                                                \
	    .doc = (col_doc),                                                 \
	    .type = VALUE_##col_type,                                         \
	    .wire = WIRE_##col_wire,                                          \
	    .hidden = (col_hidden),                                           \
	    AT_##col_wire(record, col_at) } },
#define OWN_COLUMN(stream, record, name, type, wire, member, doc) \
	OWN(stream, record, name, type, wire, member, doc, false)
#define HIDDEN_COLUMN(stream, record, name, type, wire, member, doc) \
	OWN(stream, record, name, type, wire, member, doc, true)
#include "bpf/fields.def"
};

/* STREAM_COUNT: of a head column, in every stream. */
static const struct {
	enum stream_id stream;
	unsigned column;
	const char *text;
	int64_t value;
} literals[] = {
#define HEAD_LITERAL(column, text, value) \
	{ STREAM_COUNT, COL_##column, text, value },
#define ENUM_LITERAL(stream, column, text, value) \
	{ STREAM_##stream, COL_##stream##_##column, text, value },
#include "bpf/fields.def"
};

/* Where each stream's run of own_columns[] begins: constants of the file. */
enum own_index {
#define STREAM(id, ident, name, alias, doc) \
	OWN_FIRST_##id, OWN_BEFORE_##id = OWN_FIRST_##id - 1,
#define OWN_COLUMN(stream, record, name, type, wire, member, doc) \
	OWN_INDEX_##stream##_##name,
#define HIDDEN_COLUMN(stream, record, name, type, wire, member, doc) \
	OWN_INDEX_##stream##_##name,
#include "bpf/fields.def"
	OWN_COUNT
};

BUILD_CHECK(ARRAY_SIZE(own_columns) == OWN_COUNT);

static const struct stream streams[] = {
#define STREAM(stream_id, lower, stream_name, stream_alias, stream_doc)        \
	[STREAM_##stream_id] = { .id = STREAM_##stream_id,                     \
				 .name = (stream_name),                        \
				 .ident = #lower,                              \
				 .record = #lower "_event",                    \
				 .alias = (stream_alias),                      \
				 .doc = (stream_doc),                          \
				 .record_bytes = sizeof(struct lower##_event), \
				 .own_first = OWN_FIRST_##stream_id },
#include "bpf/fields.def"
};

BUILD_CHECK(ARRAY_SIZE(streams) == STREAM_COUNT);

const struct stream *catalog_stream(enum stream_id id)
{
	CHECK(id < STREAM_COUNT);
	return &streams[id];
}

const char *catalog_hook(enum stream_id id)
{
	static const char *const hooks[STREAM_COUNT] = {
#define HOOK(stream, hook) [STREAM_##stream] = (hook),
#include "bpf/fields.def"
	};

	CHECK(id < STREAM_COUNT);
	return hooks[id];
}

static bool name_is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

const struct stream *catalog_stream_by_name(const char *name, size_t len)
{
	for (unsigned i = 0; i < STREAM_VISIBLE_COUNT; i++)
		if (name_is(streams[i].name, name, len))
			return &streams[i];
	return NULL;
}

unsigned catalog_column_count(const struct stream *stream)
{
	unsigned end = stream->id + 1 < STREAM_COUNT ?
			       streams[stream->id + 1].own_first :
			       OWN_COUNT;

	return COL_OWN_FIRST + end - stream->own_first;
}

const struct column *catalog_column_at(const struct stream *stream, unsigned id)
{
	CHECK(id < catalog_column_count(stream));
	if (id < COL_OWN_FIRST)
		return &shared_columns[id];
	return &own_columns[stream->own_first + id - COL_OWN_FIRST].column;
}

const struct column *catalog_column(const struct stream *stream,
				    const char *name, size_t len)
{
	unsigned n = catalog_column_count(stream);

	for (unsigned i = 0; i < n; i++) {
		const struct column *column = catalog_column_at(stream, i);

		if (name_is(column->name, name, len))
			return column;
	}
	return NULL;
}

const char *catalog_literal(enum stream_id stream, const struct column *column,
			    unsigned index, int64_t *ret_value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(literals); i++) {
		bool shared = literals[i].stream == STREAM_COUNT;

		if ((!shared && literals[i].stream != stream) ||
		    literals[i].column != column->id || index-- > 0)
			continue;
		*ret_value = literals[i].value;
		return literals[i].text;
	}
	return NULL;
}

const char *catalog_spelled(enum stream_id stream, const struct column *column,
			    struct value value)
{
	const char *text;
	int64_t number;

	if (value.type != VALUE_INT)
		return NULL;
	for (unsigned i = 0;
	     (text = catalog_literal(stream, column, i, &number)); i++)
		if (number == value.i)
			return text;
	return NULL;
}

size_t catalog_fixed_bytes(const struct stream *stream)
{
	unsigned n = catalog_column_count(stream);
	size_t fixed = stream->record_bytes;

	for (unsigned id = COL_OWN_FIRST; id < n; id++) {
		const struct column *column = catalog_column_at(stream, id);

		if (column->bytes_size && column->bytes_offset < fixed)
			fixed = column->bytes_offset;
	}
	return fixed;
}

unsigned catalog_parent_source(unsigned parent_column)
{
	CHECK(parent_column >= COL_PARENT_FIRST &&
	      parent_column < COL_OWN_FIRST);
	return shared_columns[parent_column].context;
}

bool catalog_filled(enum stream_id stream, unsigned column)
{
	static const uint16_t of_a_log[] = {
		COL_ts,	      COL_mono_ns,   COL_seq,	 COL_cpu,
		COL_pid,      COL_comm,	     COL_uid,	 COL_gid,
		COL_loginuid, COL_truncated, COL_source, COL_host,
		COL_boot_id,
	};

	if (!STREAM_IS_SECURITY(stream) || column >= COL_OWN_FIRST)
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(of_a_log); i++)
		if (of_a_log[i] == column)
			return true;
	return false;
}

bool catalog_in_kernel(const struct column *column)
{
	return column->wire != WIRE_NONE && column->wire != WIRE_BLOB &&
	       column->wire != WIRE_OPT && column->wire != WIRE_DNS &&
	       !column->hidden;
}

uint16_t catalog_path_groups(enum stream_id stream, unsigned column)
{
#define GROUPS(STREAM, ident, name)                                   \
	{                                                             \
		STREAM_##STREAM, COL_##STREAM##_##name,               \
			offsetof(struct ident##_event, name##_groups) \
	}
	static const struct {
		enum stream_id stream;
		unsigned column;
		uint16_t offset;
	} groups[] = {
		GROUPS(FILE_OPEN, file_open, path),
		GROUPS(FILE_RENAME, file_rename, path),
		GROUPS(FILE_RENAME, file_rename, old_path),
		GROUPS(FILE_UNLINK, file_unlink, path),
		GROUPS(FILE_LINK, file_link, path),
		GROUPS(FILE_LINK, file_link, target),
		GROUPS(FILE_ATTR, file_attr, path),
		GROUPS(FILE_MOUNT, file_mount, path),
		GROUPS(FILE_MOUNT, file_mount, src),
		GROUPS(KERNEL_MODULE, kernel_module, path),
	};
#undef GROUPS

	for (unsigned i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].stream == stream && groups[i].column == column)
			return groups[i].offset;
	return 0;
}

uint16_t catalog_path_name(enum stream_id stream, unsigned column)
{
	if (stream == STREAM_FILE_OPEN && column == COL_FILE_OPEN_path)
		return offsetof(struct file_open_event, path_name);
	return 0;
}
