// SPDX-License-Identifier: Apache-2.0
/*
 * Texts and addresses at fixed places of the record, compared in the largest
 * aligned pieces: not every machine loads what is not aligned.
 *
 *	comm	16 bytes, a NUL behind the text unless it is 16 long; what
 *		follows the NUL is unspecified
 *	path	struct event_blob {off, len} and the bytes; both 0: not known
 *	ip	16 bytes; the column `family` says whether 4 or all count
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <string.h>
#include <sys/socket.h>

/* The record is little-endian, like the object it is compiled into. */
static int64_t little_endian(const uint8_t *p, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = size; i-- > 0;)
		value = value << 8 | p[i];
	return (int64_t)value;
}

static unsigned piece_size(uint32_t offset, uint32_t left)
{
	unsigned size = 8;

	while (size > left || offset % size)
		size /= 2;
	return size;
}

/* The conditions that `text` stands at `offset`, into `args`. */
static uint32_t pieces(struct cond_set *set, uint32_t offset,
		       const uint8_t *text, uint32_t len,
		       const struct cond **args)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < len;) {
		unsigned size = piece_size(offset + i, len - i);
		struct field field = { .offset = (uint16_t)(offset + i),
				       .size = (uint8_t)size };
		int64_t want = little_endian(text + i, size);

		args[count++] =
			cond_compare(set, IR_EQ, operand_field(set, field),
				     operand_const(set, want));
		i += size;
	}
	return count;
}

/* `first` AND the bytes; `first` NULL: only the bytes. */
static const struct cond *bytes_at(struct cond_set *set,
				   const struct cond *first, uint32_t offset,
				   const uint8_t *text, uint32_t len)
{
	const struct cond **args = arena_array(set->arena, (size_t)len + 1,
					       sizeof(const struct cond *));
	uint32_t count = 0;

	if (!args) {
		set->failed = true;
		return cond_const(true);
	}
	if (first)
		args[count++] = first;
	count += pieces(set, offset, text, len, args + count);
	return cond_join(set, COND_AND, args, count, true);
}

static const struct cond *path_length(struct cond_set *set,
				      const struct column *column,
				      enum ir_cmp cmp, uint32_t len)
{
	struct field field = { .offset = (uint16_t)(column->offset +
						    offsetof(struct event_blob,
							     len)),
			       .size = sizeof(__u16) };

	return cond_compare(set, cmp, operand_field(set, field),
			    operand_const(set, len));
}

static const struct cond *chars_equal(struct cond_set *set,
				      const struct column *column,
				      const uint8_t *text, uint32_t len)
{
	uint8_t with_nul[256] = { 0 };

	CHECK(column->size < sizeof(with_nul));
	if (len > column->size || memchr(text, 0, len))
		return cond_const(false);
	memcpy(with_nul, text, len);
	return bytes_at(set, NULL, column->offset, with_nul,
			len + (len < column->size));
}

const struct cond *bytes_equal(struct cond_set *set, struct bytes_test test)
{
	const struct column *column = test.column;

	if (column->wire == WIRE_CHARS)
		return chars_equal(set, column,
				   test.len ? test.text : (const uint8_t *)"",
				   test.len);
	if (test.len > column->bytes_size)
		return cond_const(false);
	return bytes_at(set, path_length(set, column, IR_EQ, test.len),
			column->bytes_offset, test.text, test.len);
}

const struct cond *bytes_prefix(struct cond_set *set, struct bytes_test test)
{
	const struct column *column = test.column;

	if (test.len == 0)
		return cond_const(true);
	if (column->wire == WIRE_CHARS) {
		if (test.len > column->size || memchr(test.text, 0, test.len))
			return cond_const(false);
		return bytes_at(set, NULL, column->offset, test.text, test.len);
	}
	if (test.len > column->bytes_size)
		return cond_const(false);
	return bytes_at(set, path_length(set, column, IR_GE, test.len),
			column->bytes_offset, test.text, test.len);
}

const struct cond *address_equal(struct cond_set *set, struct bytes_test test)
{
	const struct column *family =
		catalog_column(set->stream, "family", strlen("family"));
	struct field field;
	int number = test.len == 4 ? AF_INET : AF_INET6;

	CHECK(family);
	if (test.len != 4 && test.len != 16)
		return cond_const(false);
	field = (struct field){ .offset = family->offset,
				.size = (uint8_t)family->size };
	return bytes_at(set,
			cond_compare(set, IR_EQ, operand_field(set, field),
				     operand_const(set, number)),
			test.column->offset, test.text, test.len);
}

const struct cond *path_known(struct cond_set *set, const struct column *column)
{
	struct field blob = { .offset = column->offset,
			      .size = sizeof(struct event_blob) };

	CHECK(column->offset % sizeof(struct event_blob) == 0);
	return cond_compare(set, IR_NE, operand_field(set, blob),
			    operand_const(set, 0));
}

const struct cond *path_cut(struct cond_set *set)
{
	struct field truncated = {
		.offset = offsetof(struct event_head, truncated),
		.size = sizeof(((struct event_head *)0)->truncated),
	};

	return cond_bits(set, truncated, EVENT_PART_PATH, true);
}
