// SPDX-License-Identifier: Apache-2.0
/*
 * A match's evidence; matches as rows. A match of a rule that others read is
 * queued and read when whoever made it is at rest, still at the same moment. It
 * holds the rows of its evidence, so that a reader's match shows events, never
 * matches.
 */
#include "stream/engine_int.h"
#include "stream/row_copy_int.h"

#include <stdalign.h>

/* Total order; rows of the same id in the order they came. */
static bool before(const struct engine *engine, const struct row *a,
		   const struct row *b)
{
	int order = row_compare(a, b);

	if (order)
		return order < 0;
	return row_ordinal(engine, a) < row_ordinal(engine, b);
}

static bool in_order(const struct engine *engine, const struct row **rows,
		     unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		if (before(engine, rows[i], rows[i - 1]))
			return false;
	return true;
}

static void sift_down(const struct engine *engine, const struct row **rows,
		      unsigned count, unsigned place)
{
	const struct row *row = rows[place];

	for (;;) {
		unsigned child = 2 * place + 1;

		if (child >= count)
			break;
		if (child + 1 < count &&
		    before(engine, rows[child], rows[child + 1]))
			child++;
		if (!before(engine, row, rows[child]))
			break;
		rows[place] = rows[child];
		place = child;
	}
	rows[place] = row;
}

/* A heap sort: the C library's qsort() would allocate. */
static void sort(const struct engine *engine, const struct row **rows,
		 unsigned count)
{
	if (in_order(engine, rows, count))
		return;
	for (unsigned i = count / 2; i-- > 0;)
		sift_down(engine, rows, count, i);
	while (count-- > 1) {
		const struct row *last = rows[count];

		rows[count] = rows[0];
		rows[0] = last;
		sift_down(engine, rows, count, 0);
	}
}

/* Total order, each row once. */
static unsigned sort_rows(const struct engine *engine, const struct row **rows,
			  unsigned count)
{
	unsigned n = 0;

	/* The row that is being pushed may already have a copy. */
	for (unsigned i = 0; engine->current_kept && i < count; i++)
		if (rows[i] == engine->current)
			rows[i] = &engine->current_kept->row;
	sort(engine, rows, count);
	for (unsigned i = 0; i < count; i++)
		if (n == 0 || rows[n - 1] != rows[i])
			rows[n++] = rows[i];
	return n;
}

static void add_basis(const struct basis *basis, struct match *match)
{
	if (basis->coverage > match->coverage)
		match->coverage = basis->coverage;
	if (basis->lost > match->lost)
		match->lost = basis->lost;
	if (basis->window_start < match->window_start)
		match->window_start = basis->window_start;
	match->evidence_total += basis->total - basis->count;
}

/* What is behind each match among the rows, in its place. */
static unsigned expand(struct engine *engine, const struct row **rows,
		       unsigned count, struct match *match)
{
	const struct row **to = engine->evidence;
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct basis *basis;

		if (rows[i]->stream != PLAN_STREAM_MATCHES) {
			to[n++] = rows[i];
			continue;
		}
		basis = retained_of(rows[i])->basis;
		add_basis(basis, match);
		for (unsigned k = 0; k < basis->count; k++)
			to[n++] = &basis->rows[k]->row;
	}
	return n;
}

/*
 * `rows`, of which there are at most GATHER_MAX, become the match's evidence,
 * and it takes over what the matches among them say of coverage and windows.
 */
void match_evidence(struct rule *rule, const struct row **rows, unsigned count,
		    struct match *match)
{
	struct engine *engine = rule->engine;
	unsigned skip;

	if (rule->reads) {
		count = sort_rows(engine, rows, count);
		count = expand(engine, rows, count, match);
		rows = engine->evidence;
	}
	count = sort_rows(engine, rows, count);
	skip = count > MATCH_EVIDENCE_MAX ? count - MATCH_EVIDENCE_MAX : 0;
	match->evidence = rows + skip;
	match->evidence_count = count - skip;
	match->evidence_total += count;
}

/* The match as a row, in the engine's scratch. */
static const struct row *row_of(struct rule *rule, const struct match *match)
{
	struct engine *engine = rule->engine;
	struct row *row = engine->match_row;
	unsigned count = rule->plan->output_count;

	*row = (struct row){
		.stream = PLAN_STREAM_MATCHES,
		.value_count = (uint16_t)(COL_HEAD_COUNT + count),
		.ts = match->ts,
		.seq = rule->match_seq,
	};
	memset(row->values, 0, COL_HEAD_COUNT * sizeof(row->values[0]));
	row->values[COL_ts] =
		value_int(ts_add(match->ts, engine->clock_offset));
	row->values[COL_ts].type = VALUE_TIMESTAMP;
	row->values[COL_mono_ns] = value_int(match->ts);
	row->values[COL_seq] = value_int((int64_t)rule->match_seq);
	if (count)
		memcpy(&row->values[COL_HEAD_COUNT], match->outputs,
		       count * sizeof(row->values[0]));
	return row;
}

static struct basis *basis_at(struct list *at)
{
	return CONTAINER(at, struct basis, queue);
}

/* The copy of a row and the basis behind it, in one block. */
static struct retained *match_new(struct op *op, const struct row *row,
				  unsigned evidence_count)
{
	size_t bytes = offsetof(struct retained, row) + row_copy_bytes(row);
	struct retained *kept;

	bytes += -bytes % alignof(struct basis);
	kept = op_alloc_uncharged(op, bytes + sizeof(struct basis) +
					      evidence_count * sizeof(void *));
	if (!kept)
		return NULL;
	kept->refs = 1; /* the queue's */
	kept->ordinal = ++op->rule->engine->ordinal;
	kept->basis = (void *)((char *)kept + bytes);
	kept->basis->match = kept;
	row_copy(&kept->row, row);
	return kept;
}

static void enqueue(struct engine *engine, struct basis *basis)
{
	struct list *head = &engine->matches, *at = head;
	int64_t ts = basis->match->row.ts;

	while (at->prev != head) {
		const struct basis *before = basis_at(at->prev);
		int64_t before_ts = before->match->row.ts;

		if (before_ts < ts ||
		    (before_ts == ts && before->from <= basis->from))
			break;
		at = at->prev;
	}
	list_insert(at, &basis->queue);
}

/* Without room for it the readers miss this match: counted, and told. */
void match_queue(struct rule *rule, const struct match *match)
{
	struct engine *engine = rule->engine;
	struct op *root = &rule->ops[rule->op_count - 1];
	struct retained *kept;
	struct basis *basis;

	rule->match_seq++;
	if (!rule->reader_count)
		return;
	kept = match_new(root, row_of(rule, match), match->evidence_count);
	if (!kept)
		return;
	basis = kept->basis;
	basis->from = rule;
	basis->late = engine->late;
	basis->coverage = match->coverage;
	basis->lost = match->lost;
	basis->window_start = match->window_start;
	basis->total = match->evidence_total;
	for (unsigned i = 0; i < match->evidence_count; i++) {
		struct retained *row = row_retain(root, match->evidence[i]);

		if (!row) {
			retained_drop(engine, kept);
			return;
		}
		basis->bytes += pool_bytes(row);
		basis->rows[basis->count++] = row;
	}
	enqueue(engine, basis);
}

static void take_first(struct engine *engine)
{
	struct basis *basis = basis_at(engine->matches.next);

	list_remove(&basis->queue);
	retained_drop(engine, basis->match);
}

int matches_drain(struct engine *engine, int64_t ts, struct err *err)
{
	bool late = engine->late;
	int rc = 0;

	while (!rc && !list_empty(&engine->matches)) {
		const struct basis *basis = basis_at(engine->matches.next);
		const struct rule *from = basis->from;

		if (basis->match->row.ts > ts)
			break;
		engine->late = basis->late;
		for (unsigned i = 0; i < from->reader_count && !rc; i++)
			rc = scan_row(from->readers[i], &basis->match->row,
				      err);
		take_first(engine);
	}
	engine->late = late;
	return rc;
}

void matches_release(struct engine *engine)
{
	while (!list_empty(&engine->matches))
		take_first(engine);
}
