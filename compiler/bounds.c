// SPDX-License-Identifier: Apache-2.0
#include "compiler/bounds.h"

#include "compiler/interval.h"
#include "compiler/plan_walk.h"
#include "compiler/subscribe.h"

#include <inttypes.h>

#define DAY_NS ((int64_t)86400 * 1000000000)

struct bounds {
	struct compilation *c;
	const struct bound_rule *bound;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The most by which the row of an input below `node` is after that of `from`. */
static int64_t most_after(const struct plan_node *node, unsigned input,
			  unsigned from)
{
	const struct plan_node *join = node;
	unsigned right;

	if (input == from)
		return 0;
	while (join->kind != PLAN_JOIN)
		join = join->child[0];
	right = join->child[1]->input;
	if (input == right)
		return join->upper_ns +
		       most_after(join->child[0], join->anchor, from);
	if (from == right)
		return most_after(join->child[0], input, join->anchor) -
		       join->lower_ns;
	return most_after(join->child[0], input, from);
}

/*
 * A left row waits until no right row can reach it, upper_ns after its anchor; a
 * right row that may come first waits for as long as the lower bound is
 * negative, and for what of the left row comes after the anchor.
 */
static uint64_t join_horizon(const struct plan_node *node)
{
	unsigned left = plan_inputs(node->child[0]);
	int64_t lag = 0;

	for (unsigned i = 0; left >> i; i++)
		if (left >> i & 1)
			lag = later(lag, most_after(node->child[0], i,
						    node->anchor));
	return (uint64_t)later(later(node->upper_ns, lag - node->lower_ns), 0);
}

/* The first FROM item: what says the window of a group or a sequence. */
static const struct ast_item *source_of(const struct bound_rule *bound)
{
	const struct ast_select *select = bound->select;

	return select && select->item_count ? &select->items[0] : NULL;
}

static struct span span_of(const struct bound_rule *bound,
			   const struct plan_node *node)
{
	const struct ast_item *source = source_of(bound);

	switch (node->kind) {
	case PLAN_JOIN:
		return bound->inputs[node->child[1]->input].span;
	case PLAN_COUNT:
	case PLAN_OVER:
		if (bound->aggregate_count)
			return bound->aggregates[0].span;
		break;
	case PLAN_GROUP:
		if (source && source->window)
			return source->window->size_span;
		break;
	case PLAN_SEQUENCE:
		if (source && source->recognize)
			return source->recognize->within_span;
		break;
	case PLAN_FIRST_SEEN:
		return bound->seen_span;
	case PLAN_SCAN:
	case PLAN_FILTER:
	case PLAN_KIND_COUNT:
		break;
	}
	return source ? source->span : bound->ast->name_span;
}

static const char *what_is(const struct plan_node *node)
{
	switch (node->kind) {
	case PLAN_JOIN:
		return "the time bound of a join";
	case PLAN_COUNT:
	case PLAN_OVER:
		return "the range of OVER";
	case PLAN_GROUP:
		return node->window == PLAN_SESSION ?
			       "the maximum of a session" :
			       "the size of a window";
	case PLAN_SEQUENCE:
		return "WITHIN";
	case PLAN_FIRST_SEEN:
		return "the interval of FIRST_SEEN";
	case PLAN_SCAN:
	case PLAN_FILTER:
	case PLAN_KIND_COUNT:
		break;
	}
	CHECK(!"a node with state");
	return NULL;
}

static bool refuse(const struct bounds *b, const struct plan_node *node,
		   const char *suggestion, const char *message)
{
	compilation_error(b->c, span_of(b->bound, node), suggestion, "%s",
			  message);
	return false;
}

/* The windows of a group: a row lies in a bounded number of bounded ones. */
static bool check_window(const struct bounds *b, const struct plan_node *node)
{
	int64_t size = node->size_ns, slide = node->slide_ns;

	if (node->window == PLAN_TUMBLE)
		return true;
	if (slide <= 0)
		return refuse(b, node, "as in INTERVAL '10' SECOND",
			      node->window == PLAN_HOP ?
				      "the slide of HOP must be above zero" :
				      "the gap of SESSION must be above zero");
	if (node->window == PLAN_SESSION)
		return slide <= size ||
		       refuse(b, node,
			      "SESSION(TABLE ..., DESCRIPTOR(ts), gap, "
			      "maximum): the maximum comes last",
			      "a session cannot end before its gap is over");
	if (size % slide)
		return refuse(
			b, node,
			"HOP(TABLE ..., DESCRIPTOR(ts), slide, size): as "
			"in INTERVAL '10' SECOND, INTERVAL '60' SECOND",
			"the size of HOP must be a multiple of its slide");
	if (size / slide > PLAN_HOPS_MAX)
		return refuse(b, node, "take a larger slide",
			      compilation_text(b->c,
					       "each row would lie in %" PRId64
					       " windows of HOP, the limit "
					       "is %d",
					       size / slide, PLAN_HOPS_MAX));
	return true;
}

static bool check_horizon(const struct bounds *b, const struct plan_node *node)
{
	int64_t max = BOUNDS_DAYS_MAX * DAY_NS;
	uint64_t days = BOUNDS_DAYS_MAX;

	if (node->kind == PLAN_FIRST_SEEN) {
		max = INTERVAL_NS_MAX;
		days = (uint64_t)(INTERVAL_NS_MAX / DAY_NS);
	}
	if (!node->horizon_ns && node->kind != PLAN_JOIN)
		return refuse(b, node, "as in INTERVAL '10' MINUTE",
			      compilation_text(b->c,
					       "%s must be above zero: state "
					       "is kept for so long",
					       what_is(node)));
	if (node->horizon_ns > (uint64_t)max)
		return refuse(b, node, NULL,
			      compilation_text(b->c,
					       "%s is at most %" PRIu64
					       " days: state is kept for so "
					       "long",
					       what_is(node), days));
	return true;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Sets of values stop growing where the rule no longer asks. */
static uint32_t aggregate_rows(const struct plan_node *node, uint32_t distinct,
			       uint32_t others)
{
	uint32_t rows = 1;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *a = &node->aggregates[i];
		bool saturates = a->op == PLAN_COUNT_DISTINCT && a->saturate;

		rows = larger(rows, saturates			 ? a->saturate :
				    a->op == PLAN_COUNT_DISTINCT ? distinct :
								   others);
	}
	return rows;
}

static int64_t not_negative(int64_t ns)
{
	return ns > 0 ? ns : 0;
}

static void set_limits(struct plan_node *node)
{
	unsigned n = node->step_count;

	node->keys_max = BOUNDS_KEYS_MAX;
	node->horizon_ns = (uint64_t)not_negative(node->range_ns);
	switch (node->kind) {
	case PLAN_JOIN:
		node->horizon_ns = join_horizon(node);
		node->rows_per_key_max = BOUNDS_JOIN_ROWS_MAX;
		break;
	case PLAN_COUNT:
		/* Lowering left the largest count that is asked for. */
		if (!node->saturate)
			node->rows_per_key_max = larger(node->rows_per_key_max,
							BOUNDS_COUNT_ROWS_MAX);
		break;
	case PLAN_OVER:
		node->rows_per_key_max = aggregate_rows(
			node, BOUNDS_COUNT_ROWS_MAX, BOUNDS_COUNT_ROWS_MAX);
		break;
	case PLAN_GROUP:
		node->horizon_ns = (uint64_t)not_negative(node->size_ns);
		node->rows_per_key_max =
			larger(aggregate_rows(node, BOUNDS_DISTINCT_MAX, 1),
			       BOUNDS_GROUP_ROWS_MAX);
		break;
	case PLAN_SEQUENCE:
		/* A chain at step s has s rows; the last step completes it. */
		node->rows_per_key_max = node->runs_max * n * (n - 1) / 2;
		break;
	case PLAN_FIRST_SEEN:
		node->rows_per_key_max = 1;
		break;
	case PLAN_SCAN:
	case PLAN_FILTER:
	case PLAN_KIND_COUNT:
		CHECK(!"a node with state");
	}
}

static bool set_node(const struct bounds *b, struct plan_node *node)
{
	bool ok = true;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		ok &= set_node(b, plan_child(node, i));
	if (!plan_is_stateful(node))
		return ok;
	set_limits(node);
	return ok & (check_horizon(b, node) &&
		     (node->kind != PLAN_GROUP || check_window(b, node)));
}

bool bounds_set(struct compilation *c, const struct bound_rule *bound)
{
	const struct bounds b = { .c = c, .bound = bound };

	return set_node(&b, bound->plan->root);
}

/* --- bytes ------------------------------------------------------------------
 *
 * Of a retained row: its head and one value a column, and the bytes of those
 * that the rule reads and the row itself holds; what is known of a process is
 * shared by all of its rows. What stands around it is rounded up here, and a
 * test holds the engine to the sum.
 */

#define ROW_HEAD_BYTES 128u /* the row and its count */
#define KEY_HEAD_BYTES 384u /* the element of a key, a group's window too */
#define ITEM_BYTES 128u	    /* of a tuple, a chain or a value in the state */
#define ACCUMULATOR_BYTES 64u
#define SUM_BYTES 640u /* of doubles, exactly */
#define PATH_BYTES 4096u
#define LIST_BYTES 8192u
#define COMPUTED_BYTES 32768u
#define EVIDENCE_ROWS 64u

/* The pool puts a head before it and rounds up to a quarter of a power of 2. */
static uint64_t stored(uint64_t bytes)
{
	bytes += 16;
	return bytes < 64 ? 64 : bytes + bytes / 4;
}

/* A ring doubles as it grows, with the old one beside it. */
static uint64_t ring(uint64_t count, uint64_t bytes)
{
	uint64_t size = 4;

	while (size < count)
		size *= 2;
	return stored(size * bytes) + stored(size * bytes / 2);
}

static uint64_t column_bytes(const struct column *column)
{
	switch (column->type) {
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_IP:
		return column->wire == WIRE_BLOB || column->wire == WIRE_PATH ?
			       PATH_BYTES :
			       column->size;
	case VALUE_LIST:
		return LIST_BYTES;
	case VALUE_HASH:
		return 32;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_DOUBLE:
	case VALUE_TIMESTAMP:
	case VALUE_INTERVAL:
	case VALUE_TYPE_COUNT:
		break;
	}
	return 0;
}

static uint64_t match_row_bytes(const struct plan_rule *read)
{
	uint64_t bytes = ROW_HEAD_BYTES + COL_HEAD_COUNT * sizeof(struct value);

	for (unsigned i = 0; i < read->output_count; i++) {
		enum value_type type = read->outputs[i].expr->type;

		bytes += sizeof(struct value);
		if (type == VALUE_TEXT || type == VALUE_BYTES)
			bytes += PATH_BYTES;
		else if (type == VALUE_LIST)
			bytes += LIST_BYTES;
	}
	return bytes;
}

static uint64_t row_bytes(const struct plan_rule *rule, unsigned input)
{
	uint64_t columns[4] = { 0 };
	const struct stream *stream;
	uint64_t bytes;

	if (rule->input_streams[input] == PLAN_STREAM_MATCHES)
		return match_row_bytes(rule->input_rules[input]);
	stream = catalog_stream(rule->input_streams[input]);
	bytes = ROW_HEAD_BYTES + row_slots(stream) * sizeof(struct value);
	subscribe_columns(rule, input, columns);
	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		const struct column *column = catalog_column_at(stream, i);

		if ((columns[i / 64] >> i % 64 & 1) &&
		    column->wire != WIRE_NONE)
			bytes += column_bytes(column);
	}
	return bytes < ROW_BYTES_MAX ? bytes : ROW_BYTES_MAX;
}

/* A row of each input of the node: joins and sequences keep them all. */
static uint64_t whole_tuple(const struct plan_rule *rule,
			    const struct plan_node *node)
{
	unsigned inputs = plan_inputs(node);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < rule->input_count; i++)
		bytes += inputs >> i & 1 ? stored(row_bytes(rule, i)) : 0;
	return bytes;
}

/* The largest of them. */
static uint64_t largest_row(const struct plan_rule *rule,
			    const struct plan_node *node)
{
	unsigned inputs = plan_inputs(node);
	uint64_t largest = 0;

	for (unsigned i = 0; i < rule->input_count; i++) {
		uint64_t bytes =
			inputs >> i & 1 ? stored(row_bytes(rule, i)) : 0;

		largest = bytes > largest ? bytes : largest;
	}
	return largest;
}

/* Of a key or an aggregate's argument that is kept by itself. */
static uint64_t value_bytes_of(const struct plan_rule *rule,
			       const struct expr *expr)
{
	enum stream_id stream;
	uint64_t bytes;

	if (!expr || (expr->type != VALUE_TEXT && expr->type != VALUE_BYTES &&
		      expr->type != VALUE_LIST && expr->type != VALUE_IP &&
		      expr->type != VALUE_HASH))
		return 16;
	if (expr->op != EXPR_COLUMN)
		return COMPUTED_BYTES;
	stream = rule->input_streams[expr->input];
	if (stream == PLAN_STREAM_MATCHES)
		return LIST_BYTES;
	bytes = column_bytes(
		catalog_column_at(catalog_stream(stream), expr->column));
	return 16 + (bytes ? bytes : LIST_BYTES);
}

static uint64_t keys_bytes(const struct plan_rule *rule,
			   const struct plan_node *node)
{
	const struct expr **keys = node->kind == PLAN_SEQUENCE ?
					   node->steps[0].keys :
					   node->left_keys;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < node->key_count; i++)
		bytes += value_bytes_of(rule, keys[i]);
	return bytes;
}

/* The last tuples, and one that waits for its peers. */
static uint64_t evidence_bytes(const struct plan_rule *rule,
			       const struct plan_node *node)
{
	return ring(EVIDENCE_ROWS, 8 + rule->input_count * 8ull) +
	       (EVIDENCE_ROWS + 1) * whole_tuple(rule, node) +
	       stored(ITEM_BYTES + TUPLE_INPUTS_MAX * 16ull);
}

/* What the aggregates keep of a key. */
static uint64_t aggregates_bytes(const struct plan_rule *rule,
				 const struct plan_node *node)
{
	bool over = node->kind == PLAN_OVER;
	uint64_t rows = node->rows_per_key_max;
	uint64_t bytes = 0, row = ITEM_BYTES;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *a = &node->aggregates[i];
		uint64_t value = value_bytes_of(rule, a->arg);
		uint64_t most = rows;

		bytes += ACCUMULATOR_BYTES + SUM_BYTES;
		if (a->op == PLAN_COUNT_DISTINCT) {
			if (a->saturate && a->saturate < most)
				most = a->saturate + 1ull;
			bytes += most * stored(ITEM_BYTES + value);
		} else {
			row += ITEM_BYTES + value;
			bytes += stored(value);
		}
	}
	return stored(bytes) + (over ? rows * stored(row) : 0);
}

static uint64_t orders_bytes(const struct plan_rule *rule,
			     const struct plan_node *node)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < node->order_count; i++)
		bytes += stored(value_bytes_of(rule, node->orders[i].expr));
	return bytes;
}

static uint64_t key_bytes(const struct plan_rule *rule,
			  const struct plan_node *node)
{
	uint64_t keys = keys_bytes(rule, node);
	uint64_t rows = node->rows_per_key_max;
	uint64_t head = stored(KEY_HEAD_BYTES + keys);
	unsigned steps = node->step_count;

	switch (node->kind) {
	case PLAN_COUNT: /* runs of 16 bytes */
		return head + ring(rows, 16) + evidence_bytes(rule, node);
	case PLAN_OVER:
		return head + aggregates_bytes(rule, node) +
		       evidence_bytes(rule, node);
	case PLAN_GROUP: /* its keys once more, as values */
		return 2 * head + stored(keys) + aggregates_bytes(rule, node) +
		       orders_bytes(rule, node) + evidence_bytes(rule, node);
	case PLAN_JOIN: /* on both sides */
		return head + rows * (whole_tuple(rule, node) +
				      2 * stored(ITEM_BYTES +
						 TUPLE_INPUTS_MAX * 8ull));
	case PLAN_SEQUENCE:
		return head + rows * largest_row(rule, node) +
		       (uint64_t)node->runs_max * (steps - 1) *
			       stored(ITEM_BYTES + PLAN_STEPS_MAX * 8ull);
	case PLAN_FIRST_SEEN:
		return head;
	case PLAN_SCAN:
	case PLAN_FILTER:
	case PLAN_KIND_COUNT:
		break;
	}
	return 0;
}

uint64_t bounds_bytes(const struct plan_rule *rule,
		      const struct plan_node *node)
{
	if (!plan_is_stateful(node))
		return 0;
	/* 2^17 keys, 50 aggregates of 2^16 values of 2^16 bytes: it fits. */
	return node->keys_max * key_bytes(rule, node);
}
