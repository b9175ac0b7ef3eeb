// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

struct item {
	int64_t ts;		 /* of the tuple */
	struct retained *rows[]; /* op->input_count; NULL: no row */
};

BUILD_CHECK((MATCH_EVIDENCE_MAX & (MATCH_EVIDENCE_MAX - 1)) == 0);

static size_t item_bytes(const struct op *op)
{
	return sizeof(struct item) + op->input_count * sizeof(void *);
}

static struct item *item_at(const struct op *op,
			    const struct evidence *evidence, size_t i)
{
	size_t slot = (evidence->first + i) & (evidence->size - 1);

	return (void *)(evidence->items + slot * item_bytes(op));
}

static void drop_first(struct op *op, struct evidence *evidence)
{
	struct item *item = item_at(op, evidence, 0);

	for (unsigned i = 0; i < op->input_count; i++)
		op_drop(op, item->rows[i]);
	evidence->first = (evidence->first + 1) & (evidence->size - 1);
	evidence->count--;
	op->rule->stats.state_rows--;
}

static bool grow(struct op *op, struct evidence *evidence)
{
	struct evidence larger = { .count = evidence->count };

	larger.size = evidence->size ? evidence->size * 2 : 4;
	larger.items = op_alloc(op, larger.size * item_bytes(op));
	if (!larger.items)
		return false;
	for (size_t i = 0; i < evidence->count; i++)
		memcpy(item_at(op, &larger, i), item_at(op, evidence, i),
		       item_bytes(op));
	op_free(op, evidence->items);
	*evidence = larger;
	return true;
}

void evidence_add(struct op *op, struct evidence *evidence,
		  const struct tuple *tuple)
{
	struct item *item;

	if (evidence->count == MATCH_EVIDENCE_MAX)
		drop_first(op, evidence);
	if (evidence->count == evidence->size && !grow(op, evidence))
		return;
	item = item_at(op, evidence, evidence->count);
	if (!op_keep_rows(op, op, tuple, item->rows))
		return;
	item->ts = tuple->ts;
	evidence->count++;
	op->rule->stats.state_rows++;
}

void evidence_leave(struct op *op, struct evidence *evidence, int64_t start)
{
	while (evidence->count && item_at(op, evidence, 0)->ts < start)
		drop_first(op, evidence);
}

void evidence_release(struct op *op, struct evidence *evidence)
{
	while (evidence->count)
		drop_first(op, evidence);
	op_free(op, evidence->items);
	*evidence = (struct evidence){ 0 };
}

unsigned evidence_gather(const struct op *op, const struct evidence *evidence,
			 const struct row **rows)
{
	unsigned n = 0;

	for (size_t i = 0; i < evidence->count; i++) {
		const struct item *item = item_at(op, evidence, i);

		for (unsigned k = 0; k < op->input_count; k++)
			if (item->rows[k])
				rows[n++] = &item->rows[k]->row;
	}
	return n;
}
