// SPDX-License-Identifier: Apache-2.0
/* Rows to messages Event and back. */
#include "user/event/message.h"

#include <errno.h>

/* Which of an event's three lists of values: each has columns of its own. */
enum value_group {
	GROUP_ROW,
	GROUP_CONTEXT,
};

static int put_value(struct values_parts *parts, const struct column *column,
		     struct value value, struct err *err)
{
	Shrike__Values *to = &parts->message;

	if (value_is_null(value))
		return 0;
	if (value.type != column->type || !message_value_valid(value))
		return err_set(err, ERR_INTERNAL, -EINVAL,
			       "%s holds no valid %s", column->name,
			       value_type_name(column->type));
	CHECK(to->n_columns < MESSAGE_COLUMNS_MAX);
	to->columns[to->n_columns++] = column->id;
	if (value_is_bytes(value))
		to->texts[to->n_texts++] = message_bytes(value.p, value.len);
	else
		to->numbers[to->n_numbers++] = message_number(value);
	return 0;
}

static void parts_init(struct values_parts *parts)
{
	shrike__values__init(&parts->message);
	parts->message.columns = parts->columns;
	parts->message.numbers = parts->numbers;
	parts->message.texts = parts->texts;
}

static int fill_context(const struct context *context,
			const struct stream *stream, struct values_parts *parts,
			struct err *err)
{
	int ret;

	parts_init(parts);
	for (unsigned i = 0; i < CONTEXT_COUNT; i++) {
		ret = put_value(
			parts, catalog_column_at(stream, COL_CONTEXT_FIRST + i),
			context->values[i], err);
		if (ret)
			return ret;
	}
	return 0;
}

static int fill_row(const struct row *row, const struct stream *stream,
		    struct values_parts *parts, struct err *err)
{
	unsigned n = catalog_column_count(stream);
	size_t bytes = 0;
	int ret;

	parts_init(parts);
	for (unsigned id = 0; id < n; id++) {
		struct value value;

		if (id >= COL_CONTEXT_FIRST && id < COL_OWN_FIRST)
			continue;
		value = row_get(row, id);
		bytes += value_is_bytes(value) ? value.len : 0;
		ret = put_value(parts, catalog_column_at(stream, id), value,
				err);
		if (ret)
			return ret;
	}
	if (bytes > ROW_BYTES_MAX)
		return err_set(err, ERR_INTERNAL, -E2BIG,
			       "an event with %zu bytes of texts", bytes);
	return 0;
}

int message_event_fill(const struct row *row, bool with_context,
		       struct event_parts *parts, struct err *err)
{
	const struct stream *stream = catalog_stream(row->stream);
	Shrike__Event *event = &parts->event;
	int ret;

	shrike__event__init(event);
	event->stream = row->stream;
	event->ts = row->ts;
	event->cpu = row->cpu;
	event->seq = row->seq;
	event->values = &parts->values.message;
	ret = fill_row(row, stream, &parts->values, err);
	if (!ret && with_context && row->self) {
		event->process = &parts->process.message;
		ret = fill_context(row->self, stream, &parts->process, err);
	}
	if (!ret && with_context && row->parent) {
		event->parent = &parts->parent.message;
		ret = fill_context(row->parent, stream, &parts->parent, err);
	}
	return ret;
}

int row_encode(const struct row *row, bool with_context, struct buf *out,
	       struct err *err)
{
	struct event_parts parts;
	int ret;

	ret = message_event_fill(row, with_context, &parts, err);
	if (ret)
		return ret;
	return message_pack(&parts.event.base, MESSAGE_EVENT_BYTES_MAX, out,
			    err);
}

/* Where a column's value goes, or -1: not in this list. */
static int slot_of(enum value_group group, unsigned id)
{
	bool context = id >= COL_CONTEXT_FIRST && id < COL_PARENT_FIRST;

	if (group == GROUP_CONTEXT)
		return context ? (int)(id - COL_CONTEXT_FIRST) : -1;
	if (id >= COL_CONTEXT_FIRST && id < COL_OWN_FIRST)
		return -1;
	return (int)row_slot(id);
}

struct values_reader {
	const Shrike__Values *from;
	const struct row_schema *schema;
	unsigned stream; /* as the schema numbers it */
	enum value_group group;
	size_t number; /* taken so far */
	size_t text;
	size_t bytes;
};

static int read_value(struct values_reader *r, size_t index, struct value *to,
		      struct err *err)
{
	static const ProtobufCBinaryData no_text;
	const Shrike__Values *from = r->from;
	uint32_t column = from->columns[index];
	const ProtobufCBinaryData *text = &no_text;
	struct schema_column known;
	int64_t number = 0;
	struct value value;
	int slot;

	if (column >= message_schema_columns(r->schema, r->stream) ||
	    (index && column <= from->columns[index - 1]))
		return MESSAGE_MALFORMED(err,
					 "event: column %u is unknown or "
					 "out of order",
					 column);
	known = message_schema_column(r->schema, r->stream, column);
	if (message_type_is_text(known.type) ? r->text == from->n_texts :
					       r->number == from->n_numbers)
		return MESSAGE_MALFORMED(err, "event: column %u has no value",
					 column);
	if (message_type_is_text(known.type))
		text = &from->texts[r->text++];
	else
		number = from->numbers[r->number++];
	r->bytes += text->len;
	if (!message_value(known.type, number, text, &value))
		return MESSAGE_MALFORMED(err, "event: column %u is no %s",
					 column, value_type_name(known.type));
	if (known.id == SCHEMA_COLUMN_UNKNOWN)
		return 0;
	slot = slot_of(r->group, known.id);
	if (slot < 0)
		return MESSAGE_MALFORMED(err, "event: column %u is misplaced",
					 column);
	to[slot] = value;
	return 0;
}

static int read_values(struct values_reader *r, struct value *to,
		       struct err *err)
{
	int ret;

	for (size_t i = 0; i < r->from->n_columns; i++) {
		ret = read_value(r, i, to, err);
		if (ret)
			return ret;
	}
	if (r->number != r->from->n_numbers || r->text != r->from->n_texts)
		return MESSAGE_MALFORMED(err, "event: values of no column");
	if (r->group == GROUP_ROW && r->bytes > ROW_BYTES_MAX)
		return MESSAGE_MALFORMED(err, "event: %zu bytes of texts",
					 r->bytes);
	return 0;
}

/* NULL stays NULL: the process is not known. */
static int read_context(const Shrike__Values *from,
			const struct row_schema *schema, unsigned stream,
			struct arena *arena, const struct context **ret_context,
			struct err *err)
{
	struct values_reader reader = { .from = from,
					.schema = schema,
					.stream = stream,
					.group = GROUP_CONTEXT };
	struct context *context;
	int ret;

	if (!from)
		return 0;
	context = arena_alloc(arena, sizeof(*context));
	if (!context)
		return err_nomem(err);
	context->refs = 1;
	context->size_bytes = sizeof(*context);
	ret = read_values(&reader, context->values, err);
	if (ret)
		return ret;
	*ret_context = context;
	return 0;
}

int message_event_row(const Shrike__Event *event,
		      const struct row_schema *schema, struct arena *arena,
		      struct row **ret_row, struct err *err)
{
	struct values_reader reader = { .from = event->values,
					.schema = schema,
					.stream = event->stream,
					.group = GROUP_ROW };
	const struct stream *stream;
	struct row *row;
	unsigned slots;
	int ret;

	ret = row_schema_stream(schema, event->stream, &stream, err);
	if (ret)
		return ret;
	if (!event->values)
		return MESSAGE_MALFORMED(err, "event: no values");
	slots = row_slots(stream);
	row = arena_alloc(arena, sizeof(*row) + slots * sizeof(struct value));
	if (!row)
		return err_nomem(err);
	row->stream = (uint16_t)stream->id;
	row->value_count = (uint16_t)slots;
	row->cpu = event->cpu;
	row->ts = event->ts;
	row->seq = event->seq;
	ret = read_values(&reader, row->values, err);
	if (!ret)
		ret = read_context(event->process, schema, event->stream, arena,
				   &row->self, err);
	if (!ret)
		ret = read_context(event->parent, schema, event->stream, arena,
				   &row->parent, err);
	if (ret)
		return ret;
	*ret_row = row;
	return 0;
}

int row_decode(const void *bytes, size_t len, const struct row_schema *schema,
	       struct arena *arena, struct row **ret_row, struct err *err)
{
	void *message;
	int ret;

	ret = message_unpack(&shrike__event__descriptor, bytes, len,
			     MESSAGE_EVENT_BYTES_MAX, arena, &message, err);
	if (ret)
		return ret;
	return message_event_row(message, schema, arena, ret_row, err);
}
