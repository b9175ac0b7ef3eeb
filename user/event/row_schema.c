// SPDX-License-Identifier: Apache-2.0
/*
 * Schemas: the catalog that wrote some rows, as the catalog that reads them
 * sees it. A column is found by its name; one that this catalog does not have
 * keeps its type, which says how to skip its values.
 */
#include "user/event/message.h"

#include <errno.h>

#define SCHEMA_BYTES_MAX ((size_t)256 * 1024)
#define SCHEMA_STREAMS_MAX 256
#define SCHEMA_COLUMNS_MAX 1024
#define SCHEMA_NAME_MAX 128

struct schema_stream {
	bool present;
	const struct stream *stream; /* NULL: not in this catalog */
	unsigned column_count;
	const struct schema_column *columns;
};

struct row_schema {
	unsigned stream_count; /* the largest id and one */
	struct schema_stream streams[];
};

int message_stream_schema(const struct stream *stream, struct arena *arena,
			  Shrike__StreamSchema *ret_message, struct err *err)
{
	unsigned n = catalog_column_count(stream);
	Shrike__ColumnSchema *columns, **pointers;

	columns = arena_array(arena, n, sizeof(*columns));
	pointers = arena_array(arena, n, sizeof(Shrike__ColumnSchema *));
	if (!columns || !pointers)
		return err_nomem(err);
	for (unsigned id = 0; id < n; id++) {
		const struct column *column = catalog_column_at(stream, id);

		shrike__column_schema__init(&columns[id]);
		columns[id].name = message_text(column->name);
		columns[id].type = column->type;
		pointers[id] = &columns[id];
	}
	shrike__stream_schema__init(ret_message);
	ret_message->id = stream->id;
	ret_message->name = message_text(stream->name);
	ret_message->n_columns = n;
	ret_message->columns = pointers;
	return 0;
}

int row_schema_encode(struct buf *out, struct err *err)
{
	Shrike__StreamSchema streams[STREAM_COUNT], *pointers[STREAM_COUNT];
	Shrike__Schema schema = SHRIKE__SCHEMA__INIT;
	struct arena arena;
	int ret = 0;

	arena_init(&arena, SCHEMA_BYTES_MAX);
	for (unsigned i = 0; i < STREAM_COUNT && !ret; i++) {
		pointers[i] = &streams[i];
		ret = message_stream_schema(catalog_stream(i), &arena,
					    &streams[i], err);
	}
	schema.n_streams = STREAM_COUNT;
	schema.streams = pointers;
	if (!ret)
		ret = message_pack(&schema.base, SCHEMA_BYTES_MAX, out, err);
	arena_release(&arena);
	return ret;
}

static bool name_is(const ProtobufCBinaryData *name, const char *text)
{
	return strlen(text) == name->len &&
	       memcmp(name->data, text, name->len) == 0;
}

/* Also the internal ones, which catalog_stream_by_name() does not give. */
static const struct stream *find_stream(const ProtobufCBinaryData *name)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (name_is(name, catalog_stream(i)->name))
			return catalog_stream(i);
	return NULL;
}

/* `index` is where it lies if the writer had this catalog. */
static const struct column *find_column(const struct stream *stream,
					const ProtobufCBinaryData *name,
					unsigned index)
{
	if (index < catalog_column_count(stream) &&
	    name_is(name, catalog_column_at(stream, index)->name))
		return catalog_column_at(stream, index);
	return catalog_column(stream, (const char *)name->data, name->len);
}

static int read_column(const Shrike__StreamSchema *message,
		       const struct stream *stream, unsigned index, bool *seen,
		       struct schema_column *to, struct err *err)
{
	const Shrike__ColumnSchema *from = message->columns[index];
	const struct column *column;

	if (!from->name.len || from->name.len > SCHEMA_NAME_MAX)
		return MESSAGE_MALFORMED(err, "schema: a column without name");
	if (from->type == VALUE_NULL || from->type >= VALUE_TYPE_COUNT)
		return err_set(err, ERR_INPUT, -ENOTSUP,
			       "schema: column %u of stream %u has type %u, "
			       "which this version does not know",
			       index, message->id, from->type);
	*to = (struct schema_column){ .id = SCHEMA_COLUMN_UNKNOWN,
				      .type = (uint8_t)from->type };
	column = stream ? find_column(stream, &from->name, index) : NULL;
	if (!column)
		return 0;
	if (column->type != from->type)
		return err_set(err, ERR_INPUT, -ENOTSUP,
			       "schema: %s.%s is %s there and %s here",
			       stream->name, column->name,
			       value_type_name(from->type),
			       value_type_name(column->type));
	if (seen[column->id])
		return MESSAGE_MALFORMED(err, "schema: %s.%s is there twice",
					 stream->name, column->name);
	seen[column->id] = true;
	to->id = column->id;
	return 0;
}

static int read_stream(const Shrike__StreamSchema *message, struct arena *arena,
		       struct schema_stream *to, struct err *err)
{
	bool seen[MESSAGE_COLUMNS_MAX] = { false };
	struct schema_column *columns;
	unsigned n = (unsigned)message->n_columns;
	int ret;

	if (!message->name.len || message->name.len > SCHEMA_NAME_MAX ||
	    message->n_columns > SCHEMA_COLUMNS_MAX)
		return MESSAGE_MALFORMED(err, "schema: impossible stream %u",
					 message->id);
	to->stream = find_stream(&message->name);
	CHECK(!to->stream ||
	      catalog_column_count(to->stream) <= ARRAY_SIZE(seen));
	columns = arena_array(arena, n, sizeof(*columns));
	if (!columns)
		return err_nomem(err);
	for (unsigned i = 0; i < n; i++) {
		ret = read_column(message, to->stream, i, seen, &columns[i],
				  err);
		if (ret)
			return ret;
	}
	to->present = true;
	to->column_count = n;
	to->columns = columns;
	return 0;
}

/* The same stream under two ids would let one event be two. */
static bool stream_is_double(const struct row_schema *schema, unsigned id)
{
	const struct stream *stream = schema->streams[id].stream;

	for (unsigned i = 0; i < id; i++)
		if (stream && schema->streams[i].stream == stream)
			return true;
	return false;
}

int message_schema_read(const Shrike__Schema *message, struct arena *arena,
			const struct row_schema **ret_schema, struct err *err)
{
	unsigned n = (unsigned)message->n_streams, count;
	struct row_schema *schema;
	int ret;

	if (message->n_streams > SCHEMA_STREAMS_MAX)
		return MESSAGE_MALFORMED(err, "schema: too many streams");
	for (unsigned i = 0; i < n; i++)
		if (message->streams[i]->id >= SCHEMA_STREAMS_MAX ||
		    (i &&
		     message->streams[i]->id <= message->streams[i - 1]->id))
			return MESSAGE_MALFORMED(err, "schema: stream ids are "
						      "not in order");
	count = n ? message->streams[n - 1]->id + 1 : 0;
	schema = arena_alloc(arena, sizeof(*schema) +
					    count * sizeof(schema->streams[0]));
	if (!schema)
		return err_nomem(err);
	schema->stream_count = count;
	for (unsigned i = 0; i < n; i++) {
		unsigned id = message->streams[i]->id;

		ret = read_stream(message->streams[i], arena,
				  &schema->streams[id], err);
		if (ret)
			return ret;
		if (stream_is_double(schema, id))
			return MESSAGE_MALFORMED(
				err, "schema: %s is there twice",
				schema->streams[id].stream->name);
	}
	*ret_schema = schema;
	return 0;
}

int row_schema_decode(const void *bytes, size_t len, struct arena *arena,
		      const struct row_schema **ret_schema, struct err *err)
{
	void *message;
	int ret;

	ret = message_unpack(&shrike__schema__descriptor, bytes, len,
			     SCHEMA_BYTES_MAX, arena, &message, err);
	if (ret)
		return ret;
	return message_schema_read(message, arena, ret_schema, err);
}

int row_schema_stream(const struct row_schema *schema, unsigned id,
		      const struct stream **ret_stream, struct err *err)
{
	if (!schema && id < STREAM_COUNT) {
		*ret_stream = catalog_stream(id);
		return 0;
	}
	if (!schema || id >= schema->stream_count ||
	    !schema->streams[id].present)
		return MESSAGE_MALFORMED(err, "stream %u is in no schema", id);
	if (!schema->streams[id].stream)
		return err_set(err, ERR_INPUT, -ENOTSUP,
			       "stream %u is not known to this version", id);
	*ret_stream = schema->streams[id].stream;
	return 0;
}

unsigned message_schema_columns(const struct row_schema *schema,
				unsigned stream)
{
	return schema ? schema->streams[stream].column_count :
			catalog_column_count(catalog_stream(stream));
}

struct schema_column message_schema_column(const struct row_schema *schema,
					   unsigned stream, unsigned index)
{
	const struct column *column;

	if (schema)
		return schema->streams[stream].columns[index];
	column = catalog_column_at(catalog_stream(stream), index);
	return (struct schema_column){ .id = column->id,
				       .type = (uint8_t)column->type };
}
