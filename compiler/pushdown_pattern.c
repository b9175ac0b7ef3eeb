// SPDX-License-Identifier: Apache-2.0
/*
 * LIKE and what it folds to, and networks. Of a pattern with wildcards the
 * kernel tests what stands before the first and, in a path, behind the last.
 */
#include "compiler/pushdown_int.h"

/* The bytes of a LIKE pattern at both ends, and whether that is all it asks. */
struct ends {
	struct bytes_test head;
	struct bytes_test tail;
	uint32_t least; /* bytes of what can match */
	bool whole;	/* no wildcard at all */
	bool exact;	/* between the ends anything may stand */
};

static bool is_wildcard(uint8_t c)
{
	return c == '%' || c == '_';
}

static struct ends read_ends(const struct expr *expr,
			     const struct column *column)
{
	const uint8_t *pattern = expr->value.p;
	uint32_t len = expr->value.len, end = len;
	struct bytes_test test = { .column = column,
				   .text = pattern,
				   .fold_case = expr->fold_case };
	struct ends ends = { .head = test, .tail = test };
	uint32_t *head = &ends.head.len;

	while (*head < len && !is_wildcard(pattern[*head]) &&
	       (!expr->escape || pattern[*head] != expr->escape))
		++*head;
	ends.whole = *head == len;
	ends.least = *head;
	/* Behind an escape a wildcard is none: nothing is said of the rest. */
	if (ends.whole || expr->escape)
		return ends;
	while (!is_wildcard(pattern[end - 1]))
		end--;
	ends.tail.text = pattern + end;
	ends.tail.len = len - end;
	ends.least += ends.tail.len;
	/* % goes by characters: it never stops inside of one. */
	ends.exact = !ends.tail.len || (pattern[end] & 0xc0) != 0x80;
	for (uint32_t i = *head; i < end; i++)
		ends.exact &= pattern[i] == '%';
	return ends;
}

/* Long enough, and ends so. */
static const struct cond *tail_cond(struct cond_set *set,
				    const struct ends *ends)
{
	const struct column *column = ends->tail.column;
	const struct cond *tail;

	if (ends->least > column->bytes_size)
		return cond_const(false);
	tail = bytes_suffix(set, ends->tail);
	if (!ends->head.len)
		return tail;
	return cond_join2(set, COND_AND,
			  path_length(set, column, IR_GE, ends->least), tail);
}

static struct leaf like_leaf(struct cond_set *set, const struct expr *expr,
			     const struct column *column, enum want want)
{
	struct ends ends = read_ends(expr, column);
	bool has_tail = ends.tail.len && column->wire == WIRE_PATH &&
			ends.tail.len <= column->bytes_offset;
	bool exact = ends.exact && (has_tail || !ends.tail.len);
	const struct cond *cond;
	struct leaf leaf;

	if (ends.whole)
		return leaf_text(set, column, bytes_equal(set, ends.head),
				 !ends.head.len, want);
	if (!exact && (want == WANT_FALSE || want == WANT_NOT_TRUE ||
		       (!ends.head.len && !has_tail)))
		return leaf_undecided("LIKE with such a pattern is decided in "
				      "user space");
	cond = bytes_prefix(set, ends.head);
	if (has_tail)
		cond = cond_join2(set, COND_AND, tail_cond(set, &ends), cond);
	leaf = leaf_text(set, column, cond, !ends.least, want);
	if (!exact)
		leaf.reason = has_tail ?
				      "only the ends of the pattern are tested "
				      "in the kernel" :
				      "only the beginning of the pattern is "
				      "tested in the kernel";
	return leaf;
}

struct leaf pattern_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want)
{
	const struct expr *arg = expr->args[0];
	const struct column *column = column_of(set, arg);
	const char *reason =
		column ? column_reason(set, column) : value_reason(set, arg);
	struct bytes_test test = { .column = column,
				   .text = expr->value.p,
				   .len = expr->value.len,
				   .fold_case = expr->fold_case };

	if (arg->op == EXPR_CONST && arg->value.type == VALUE_NULL)
		return leaf_unknown(want);
	if (reason)
		return leaf_undecided(reason);
	if ((column->wire != WIRE_CHARS && column->wire != WIRE_PATH) ||
	    expr->value.type != VALUE_TEXT)
		return leaf_undecided("a pattern on what is no text is "
				      "decided in user space");
	if (expr->op == EXPR_LIKE)
		return like_leaf(set, expr, column, want);
	if (expr->op == EXPR_PREFIX && want_may_be_brief(set, want))
		return leaf_brief(set, BYTES_PREFIX, test, want);
	if (expr->op == EXPR_PREFIX || !test.len)
		return leaf_text(set, column, bytes_prefix(set, test),
				 !test.len, want);
	if (expr->op == EXPR_CONTAINS)
		return leaf_undecided("contains is decided in user space");
	if (column->wire != WIRE_PATH)
		return leaf_undecided("where the text ends is decided in user "
				      "space");
	if (test.len > column->bytes_offset)
		return leaf_undecided("the ending is too long for the kernel");
	if (want_may_be_brief(set, want))
		return leaf_brief(set, BYTES_SUFFIX, test, want);
	return leaf_text(set, column, bytes_suffix(set, test), false, want);
}

struct leaf network_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want)
{
	const struct expr *arg = expr->args[0];
	const struct column *column = column_of(set, arg);
	const char *reason =
		column ? column_reason(set, column) : value_reason(set, arg);
	struct bytes_test test = { .column = column,
				   .text = expr->value.p,
				   .len = expr->value.len };

	if (arg->op == EXPR_CONST && arg->value.type == VALUE_NULL)
		return leaf_unknown(want);
	if (reason)
		return leaf_undecided(reason);
	if (column->wire != WIRE_IP)
		return leaf_undecided("it is no address");
	return leaf_exactly(set, address_in(set, test, expr->prefix), want);
}
