// SPDX-License-Identifier: Apache-2.0
#include "user/event/message.h"

#include <errno.h>

struct arena_allocator {
	ProtobufCAllocator base;
	struct arena *arena;
	bool full;
};

static void *allocate(void *ctx, size_t size)
{
	struct arena_allocator *allocator = ctx;
	void *ret = arena_alloc(allocator->arena, size);

	if (!ret)
		allocator->full = true;
	return ret;
}

static void release(void *ctx, void *memory)
{
	(void)ctx;
	(void)memory;
}

int message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		   size_t len, size_t limit, struct arena *arena,
		   void **ret_message, struct err *err)
{
	struct arena_allocator allocator = {
		.base = { .alloc = allocate, .free = release },
		.arena = arena,
	};
	void *message;

	if (len > limit)
		return MESSAGE_MALFORMED(err, "%s of %zu bytes is too long",
					 type->short_name, len);
	allocator.base.allocator_data = &allocator;
	message = protobuf_c_message_unpack(type, &allocator.base, len, bytes);
	if (!message && allocator.full)
		return err_nomem(err);
	if (!message)
		return MESSAGE_MALFORMED(err, "malformed %s", type->short_name);
	*ret_message = message;
	return 0;
}

int message_pack(const ProtobufCMessage *message, size_t limit, struct buf *out,
		 struct err *err)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *to;

	if (size > limit)
		return err_set(err, ERR_INTERNAL, -E2BIG,
			       "%s of %zu bytes is too long",
			       message->descriptor->short_name, size);
	to = buf_reserve(out, size);
	if (!to)
		return err_set(err, ERR_INTERNAL, out->failed,
			       "no room for %s of %zu bytes",
			       message->descriptor->short_name, size);
	CHECK(protobuf_c_message_pack(message, to) == size);
	out->len += size;
	return 0;
}

ProtobufCBinaryData message_bytes(const void *bytes, size_t len)
{
	return (ProtobufCBinaryData){ .len = len, .data = (uint8_t *)bytes };
}

ProtobufCBinaryData message_text(const char *text)
{
	return message_bytes(text, text ? strlen(text) : 0);
}

int message_string(const ProtobufCBinaryData *bytes, struct arena *arena,
		   const char **ret_text, struct err *err)
{
	const char *copy;

	if (bytes->len && memchr(bytes->data, 0, bytes->len))
		return MESSAGE_MALFORMED(err, "a NUL inside a text");
	copy = arena_copy(arena, bytes->data, bytes->len);
	if (!copy)
		return err_nomem(err);
	*ret_text = copy;
	return 0;
}

bool message_type_is_text(enum value_type type)
{
	return value_is_bytes((struct value){ .type = (uint8_t)type });
}

int64_t message_number(struct value value)
{
	int64_t bits;

	if (value.type != VALUE_DOUBLE)
		return value.i;
	memcpy(&bits, &value.d, sizeof(bits));
	return bits;
}

bool message_value_valid(struct value value)
{
	switch ((enum value_type)value.type) {
	case VALUE_NULL:
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_TEXT:
	case VALUE_BYTES:
		return true;
	case VALUE_BOOL:
		return value.i == 0 || value.i == 1;
	case VALUE_IP:
		return value.len == 4 || value.len == 16;
	case VALUE_HASH:
		return value.len == VALUE_HASH_BYTES;
	case VALUE_LIST:
		return !value.len || !value.p[value.len - 1];
	case VALUE_TYPE_COUNT:
		break;
	}
	return false;
}

bool message_value(enum value_type type, int64_t number,
		   const ProtobufCBinaryData *text, struct value *ret_value)
{
	struct value value = { .type = (uint8_t)type, .i = number };

	if (message_type_is_text(type)) {
		if (text->len > UINT32_MAX)
			return false;
		value = value_bytes(type, text->len ? (void *)text->data : "",
				    text->len);
	} else if (type == VALUE_DOUBLE) {
		memcpy(&value.d, &number, sizeof(value.d));
	}
	if (!message_value_valid(value))
		return false;
	*ret_value = value;
	return true;
}
