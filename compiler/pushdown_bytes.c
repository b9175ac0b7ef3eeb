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

/*
 * `size` bytes, no letter's case counting when `fold_case`: then the bit by
 * which it differs is cleared on both sides.
 */
static const struct cond *piece(struct cond_set *set, uint32_t offset,
				const uint8_t *text, unsigned size,
				bool fold_case)
{
	struct field field = { .offset = (uint16_t)offset,
			       .size = (uint8_t)size };
	const struct operand *bytes = operand_field(set, field);
	int64_t want = little_endian(text, size);
	uint64_t all = size == 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;
	uint64_t mask = all;

	for (unsigned i = 0; fold_case && i < size; i++)
		if (ascii_is_letter(text[i]))
			mask &= ~(0x20ULL << (8 * i));
	if (mask != all)
		bytes = operand_and(set, bytes, mask);
	return cond_compare(
		set, IR_EQ, bytes,
		operand_const(set, (int64_t)((uint64_t)want & mask)));
}

/* The conditions that `text` stands at `offset`, into `args`. */
static uint32_t pieces(struct cond_set *set, uint32_t offset,
		       struct bytes_test test, const struct cond **args)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < test.len;) {
		unsigned size = piece_size(offset + i, test.len - i);

		args[count++] = piece(set, offset + i, test.text + i, size,
				      test.fold_case);
		i += size;
	}
	return count;
}

/* `first` AND the bytes; `first` NULL: only the bytes. */
static const struct cond *bytes_at(struct cond_set *set,
				   const struct cond *first, uint32_t offset,
				   struct bytes_test test)
{
	const struct cond **args = arena_array(set->arena, (size_t)test.len + 1,
					       sizeof(const struct cond *));
	uint32_t count = 0;

	if (!args) {
		set->failed = true;
		return cond_const(true);
	}
	if (first)
		args[count++] = first;
	count += pieces(set, offset, test, args + count);
	return cond_join(set, COND_AND, args, count, true);
}

const struct cond *path_length(struct cond_set *set,
			       const struct column *column, enum ir_cmp cmp,
			       uint32_t len)
{
	struct field field = { .offset = (uint16_t)(column->offset +
						    offsetof(struct event_blob,
							     len)),
			       .size = sizeof(__u16) };

	return cond_compare(set, cmp, operand_field(set, field),
			    operand_const(set, len));
}

static const struct cond *chars_equal(struct cond_set *set,
				      struct bytes_test test)
{
	const struct column *column = test.column;
	uint8_t with_nul[256] = { 0 };

	CHECK(column->size < sizeof(with_nul));
	if (test.len > column->size ||
	    (test.len && memchr(test.text, 0, test.len)))
		return cond_const(false);
	if (test.len)
		memcpy(with_nul, test.text, test.len);
	test.text = with_nul;
	test.len += test.len < column->size;
	return bytes_at(set, NULL, column->offset, test);
}

static const struct cond *path_at(struct cond_set *set, struct bytes_test test,
				  bool prefix)
{
	return bytes_at(
		set,
		path_length(set, test.column, prefix ? IR_GE : IR_EQ, test.len),
		test.column->bytes_offset, test);
}

/* A path is the text, or begins so: told as such while a set may take it. */
static const struct cond *path_text(struct cond_set *set,
				    struct bytes_test test, bool prefix)
{
	if (test.len > test.column->bytes_size)
		return cond_const(false);
	if (test.fold_case || !test.len || !set->sets)
		return path_at(set, test, prefix);
	return cond_text(set, test.column, prefix, test.text, test.len,
			 2 + 2 * (test.len / 8 + 2));
}

const struct cond *bytes_plain(struct cond_set *set, const struct cond *text)
{
	const struct bytes_test test = { .column = text->column,
					 .text = text->text,
					 .len = text->text_len };
	const struct cond *cond;
	uint32_t line = set->line;

	set->line = text->line;
	cond = path_at(set, test, text->prefix);
	set->line = line;
	return text->cmp == IR_EQ ? cond : cond_negate(set, cond);
}

const struct cond *bytes_equal(struct cond_set *set, struct bytes_test test)
{
	const struct column *column = test.column;

	if (column->wire == WIRE_CHARS)
		return chars_equal(set, test);
	return path_text(set, test, false);
}

const struct cond *bytes_prefix(struct cond_set *set, struct bytes_test test)
{
	const struct column *column = test.column;

	if (test.len == 0)
		return cond_const(true);
	if (column->wire == WIRE_CHARS) {
		if (test.len > column->size || memchr(test.text, 0, test.len))
			return cond_const(false);
		return bytes_at(set, NULL, column->offset, test);
	}
	return path_text(set, test, true);
}

const struct cond *bytes_suffix(struct cond_set *set, struct bytes_test test)
{
	const uint8_t *text = test.text;
	uint8_t *upper;

	if (test.fold_case) {
		upper = arena_alloc(set->arena, test.len);
		if (!upper) {
			set->failed = true;
			return cond_const(true);
		}
		for (uint32_t i = 0; i < test.len; i++)
			upper[i] = ascii_is_letter(text[i]) ?
					   text[i] & ASCII_CASE_MASK :
					   text[i];
		text = upper;
	}
	return cond_suffix(set, test.column, text, test.len, test.fold_case);
}

static const struct cond *
bytes_whole(struct cond_set *set, enum bytes_kind kind, struct bytes_test test)
{
	return kind == BYTES_EQUAL  ? bytes_equal(set, test) :
	       kind == BYTES_PREFIX ? bytes_prefix(set, test) :
				      bytes_suffix(set, test);
}

const struct cond *bytes_brief(struct cond_set *set, enum bytes_kind kind,
			       struct bytes_test test, bool *ret_part)
{
	const struct cond *whole = bytes_whole(set, kind, test);
	const struct column *column = test.column;
	/* The last four that lie aligned: names differ at their ends. */
	uint32_t end = (column->bytes_offset + test.len) / 4 * 4;
	struct bytes_test part = test;

	part.len = 4;
	if (is_set_text(set, whole)) {
		const uint8_t *name = memrchr(test.text, '/', test.len);

		/* A set knows the last component alone. */
		if (kind != BYTES_SUFFIX || name == test.text)
			return whole;
		*ret_part = true;
		part.len = (uint32_t)(test.text + test.len - name);
		part.text = name;
		return bytes_suffix(set, part);
	}
	if (column->wire != WIRE_PATH || test.len <= 8 ||
	    test.len > column->bytes_size)
		return whole;
	*ret_part = true;
	if (kind == BYTES_SUFFIX) {
		part.text += test.len - part.len;
		return bytes_suffix(set, part);
	}
	part.text += end - 4 - column->bytes_offset;
	return bytes_at(set,
			path_length(set, column,
				    kind == BYTES_EQUAL ? IR_EQ : IR_GE,
				    test.len),
			end - 4, part);
}

static const struct cond *family_is(struct cond_set *set, uint32_t address_len)
{
	const struct column *family =
		catalog_column(set->stream, "family", strlen("family"));
	struct field field;

	CHECK(family);
	field = (struct field){ .offset = family->offset,
				.size = (uint8_t)family->size };
	return cond_compare(
		set, IR_EQ, operand_field(set, field),
		operand_const(set, address_len == 4 ? AF_INET : AF_INET6));
}

const struct cond *address_equal(struct cond_set *set, struct bytes_test test)
{
	if (test.len != 4 && test.len != 16)
		return cond_const(false);
	return bytes_at(set, family_is(set, test.len), test.column->offset,
			test);
}

const struct cond *address_in(struct cond_set *set, struct bytes_test test,
			      unsigned bits)
{
	uint32_t address_len = test.len, whole = bits / 8;
	struct field last = {
		.offset = (uint16_t)(test.column->offset + whole),
		.size = 1,
	};
	const struct cond *begins;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if ((address_len != 4 && address_len != 16) || bits > address_len * 8)
		return cond_const(false);
	test.len = whole;
	begins = bytes_at(set, family_is(set, address_len), test.column->offset,
			  test);
	if (bits % 8 == 0)
		return begins;
	return cond_join2(
		set, COND_AND, begins,
		cond_compare(set, IR_EQ,
			     operand_and(set, operand_field(set, last), mask),
			     operand_const(set, test.text[whole] & mask)));
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

	bool exec = set->stream->id == STREAM_PROCESS_EXEC;

	return cond_bits(set, truncated,
			 exec ? EVENT_PART_EXE | EVENT_PART_FILENAME :
				EVENT_PART_PATH,
			 true);
}
