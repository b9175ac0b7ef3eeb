// SPDX-License-Identifier: Apache-2.0
#include "stream/row_copy_int.h"

#include "stream/process_table.h"

size_t row_copy_bytes(const struct row *row)
{
	size_t size = sizeof(*row) + row->value_count * sizeof(row->values[0]);

	for (unsigned i = 0; i < row->value_count; i++)
		if (value_is_bytes(row->values[i]))
			size += row->values[i].len;
	return size;
}

void row_copy(struct row *to, const struct row *from)
{
	size_t fixed =
		sizeof(*from) + from->value_count * sizeof(to->values[0]);
	uint8_t *bytes = (uint8_t *)to + fixed;

	memcpy(to, from, fixed);
	for (unsigned i = 0; i < to->value_count; i++) {
		struct value *v = &to->values[i];

		if (!value_is_bytes(*v))
			continue;
		if (v->len)
			memcpy(bytes, v->p, v->len);
		v->p = bytes;
		bytes += v->len;
	}
	to->self = context_hold(from->self);
	to->parent = context_hold(from->parent);
}

void row_copy_release(struct row *copy)
{
	context_drop(copy->self);
	context_drop(copy->parent);
}
