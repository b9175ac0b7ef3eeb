/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf messages between the files of this folder: unpacking into an arena,
 * values to numbers and texts and back. Includes what protoc-c made, so no one
 * else includes it.
 */
#ifndef SHRIKE_EVENT_MESSAGE_H
#define SHRIKE_EVENT_MESSAGE_H

#include "shrike.pb-c.h"
#include "user/event/codec.h"

/* More columns than any stream has. */
#define MESSAGE_COLUMNS_MAX 128
#define MESSAGE_EVENT_BYTES_MAX ((size_t)512 * 1024)
#define MESSAGE_MATCH_BYTES_MAX ((size_t)16 * 1024 * 1024)

#define MESSAGE_MALFORMED(err, ...) \
	err_set(err, ERR_INPUT, -EBADMSG, __VA_ARGS__)

/*
 * Unpack into the arena, where the message stays: nothing is freed. -EBADMSG
 * when malformed or over `limit`, -ENOMEM when the arena is full.
 */
int message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		   size_t len, size_t limit, struct arena *arena,
		   void **ret_message, struct err *err);

/* Append; -E2BIG when over `limit`. */
int message_pack(const ProtobufCMessage *message, size_t limit, struct buf *out,
		 struct err *err);

/* Borrowed bytes as protobuf-c wants them; it only reads them. */
ProtobufCBinaryData message_bytes(const void *bytes, size_t len);
ProtobufCBinaryData message_text(const char *text);

/* A C string of the bytes; -EBADMSG when they hold a NUL. */
int message_string(const ProtobufCBinaryData *bytes, struct arena *arena,
		   const char **ret_text, struct err *err);

/* Is a value of this type kept as a text, or else as a number? */
bool message_type_is_text(enum value_type type);

int64_t message_number(struct value value);

/* A value of a type from its number and text; false: it cannot be one. */
bool message_value(enum value_type type, int64_t number,
		   const ProtobufCBinaryData *text, struct value *ret_value);

/* Would message_value() accept it back? */
bool message_value_valid(struct value value);

/* Fill a StreamSchema of this catalog; its columns live in the arena. */
int message_stream_schema(const struct stream *stream, struct arena *arena,
			  Shrike__StreamSchema *ret_message, struct err *err);

/* What a reader needs of a schema message. */
int message_schema_read(const Shrike__Schema *message, struct arena *arena,
			const struct row_schema **ret_schema, struct err *err);

#define SCHEMA_COLUMN_UNKNOWN UINT16_MAX

struct schema_column {
	uint16_t id;  /* in this catalog, or SCHEMA_COLUMN_UNKNOWN */
	uint8_t type; /* enum value_type */
};

/* How many columns the writer's stream has; schema NULL: this catalog. */
unsigned message_schema_columns(const struct row_schema *schema,
				unsigned stream);
struct schema_column message_schema_column(const struct row_schema *schema,
					   unsigned stream, unsigned index);

/* An Event with all it points at but the values' bytes. */
struct event_parts {
	Shrike__Event event;
	struct values_parts {
		Shrike__Values message;
		uint32_t columns[MESSAGE_COLUMNS_MAX];
		int64_t numbers[MESSAGE_COLUMNS_MAX];
		ProtobufCBinaryData texts[MESSAGE_COLUMNS_MAX];
	} values, process, parent;
};

int message_event_fill(const struct row *row, bool with_context,
		       struct event_parts *parts, struct err *err);
int message_event_row(const Shrike__Event *event,
		      const struct row_schema *schema, struct arena *arena,
		      struct row **ret_row, struct err *err);

#endif
