// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of equal ts are peers and count for each other: of a sliding window each
 * tuple waits until its moment ends, its rows retained.
 */
#include "stream/engine_int.h"

void peer_free(struct op *op, struct peer *peer)
{
	for (unsigned i = 0; i < op->input_count; i++) {
		const struct row *row = peer->tuple.rows[op->inputs[i]];

		if (row)
			op_drop(op, retained_of(row));
	}
	--*peer->pending;
	op->rule->engine->waiting--;
	list_remove(&peer->list);
	op_free(op, peer);
}

void peer_wait(struct op *op, struct list *peers, struct key_head *key,
	       unsigned *pending, const struct tuple *tuple)
{
	struct peer *peer = op_alloc(op, sizeof(*peer));
	struct retained *rows[TUPLE_INPUTS_MAX];

	if (!peer)
		return;
	peer->key = key;
	peer->pending = pending;
	peer->tuple.ts = tuple->ts;
	list_insert(peers, &peer->list);
	++*pending;
	op->rule->engine->waiting++;
	if (!op_keep_rows(op, op, tuple, rows)) {
		peer_free(op, peer);
		return;
	}
	for (unsigned i = 0; i < op->input_count; i++)
		if (rows[i])
			peer->tuple.rows[op->inputs[i]] = &rows[i]->row;
}

struct peer *peer_first(const struct list *peers)
{
	return list_empty(peers) ? NULL :
				   CONTAINER(peers->next, struct peer, list);
}
