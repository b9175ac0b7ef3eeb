/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans evaluated the obvious way over a whole trace: every pair is looked at.
 * Scans, filters, joins of all kinds, sliding counts, and FIRST_SEEN of scans.
 */
#ifndef SHRIKE_TESTS_BRUTE_PLAN_H
#define SHRIKE_TESTS_BRUTE_PLAN_H

#include "random_plan.h"

struct brute_tuple {
	struct tuple tuple;
	struct value slot;
};

struct brute {
	struct brute_tuple *items;
	unsigned count;
};

struct brute_world {
	const struct trace *trace;
	struct expr_env env;
};

static inline void brute_add(struct brute *b, const struct tuple *tuple)
{
	b->items = reallocarray(b->items, b->count + 1, sizeof(*b->items));
	assert_non_null(b->items);
	b->items[b->count++] = (struct brute_tuple){ .tuple = *tuple };
}

static inline bool brute_keys_equal(struct brute_world *w, unsigned count,
				    const struct expr **a_keys,
				    const struct tuple *a,
				    const struct expr **b_keys,
				    const struct tuple *b)
{
	for (unsigned i = 0; i < count; i++) {
		struct value x = expr_eval(a_keys[i], a, &w->env);
		struct value y = expr_eval(b_keys[i], b, &w->env);

		if (value_is_null(x) || value_is_null(y) ||
		    value_compare(x, y) != 0)
			return false;
	}
	return true;
}

static inline struct brute brute_scan(struct brute_world *w,
				      const struct plan_node *node)
{
	struct brute ret = { 0 };

	for (unsigned i = 0; i < w->trace->count; i++) {
		const struct row *row = w->trace->rows[i];
		struct tuple tuple = { .ts = row->ts };

		tuple.rows[node->input] = row;
		if (row->stream == node->stream &&
		    expr_is_true(node->predicate, &tuple, &w->env))
			brute_add(&ret, &tuple);
	}
	return ret;
}

static inline bool brute_pair(struct brute_world *w,
			      const struct plan_node *node,
			      const struct tuple *left,
			      const struct tuple *right, struct tuple *ret)
{
	const struct row *anchor = left->rows[node->anchor];
	unsigned input = node->child[1]->input;

	*ret = *left;
	ret->rows[input] = right->rows[input];
	if (right->ts > ret->ts)
		ret->ts = right->ts;
	return anchor && right->ts >= anchor->ts + node->lower_ns &&
	       right->ts <= anchor->ts + node->upper_ns &&
	       brute_keys_equal(w, node->key_count, node->left_keys, left,
				node->right_keys, right) &&
	       expr_is_true(node->predicate, ret, &w->env);
}

/* When it is known that there is no partner. */
static inline int64_t brute_deadline(struct brute_world *w,
				     const struct plan_node *node,
				     const struct tuple *left)
{
	const struct row *anchor = left->rows[node->anchor];

	if (!anchor ||
	    !brute_keys_equal(w, node->key_count, node->left_keys, left,
			      node->left_keys, left) ||
	    anchor->ts + node->upper_ns < left->ts)
		return left->ts;
	return anchor->ts + node->upper_ns;
}

static inline void brute_join_one(struct brute_world *w,
				  const struct plan_node *node,
				  struct tuple left, const struct brute *right,
				  struct brute *ret)
{
	bool paired = false;

	for (unsigned i = 0; i < right->count; i++) {
		struct tuple joined;

		if (!brute_pair(w, node, &left, &right->items[i].tuple,
				&joined))
			continue;
		if (node->join == PLAN_JOIN_INNER ||
		    node->join == PLAN_JOIN_LEFT ||
		    (node->join != PLAN_JOIN_ANTI && !paired))
			brute_add(ret, &joined);
		paired = true;
	}
	if (paired ||
	    (node->join != PLAN_JOIN_LEFT && node->join != PLAN_JOIN_ANTI))
		return;
	left.ts = brute_deadline(w, node, &left);
	brute_add(ret, &left);
}

static inline struct brute brute_run(struct brute_world *w,
				     const struct plan_node *node);

static inline struct brute brute_join(struct brute_world *w,
				      const struct plan_node *node)
{
	struct brute left = brute_run(w, node->child[0]), ret = { 0 };
	struct brute right = brute_scan(w, node->child[1]);

	for (unsigned i = 0; i < left.count; i++)
		brute_join_one(w, node, left.items[i].tuple, &right, &ret);
	free(left.items);
	free(right.items);
	return ret;
}

static inline struct brute brute_count(struct brute_world *w,
				       const struct plan_node *node)
{
	struct brute child = brute_run(w, node->child[0]), ret = { 0 };

	for (unsigned i = 0; i < child.count; i++) {
		const struct tuple *a = &child.items[i].tuple;
		int64_t n = 0;

		for (unsigned k = 0; k < child.count; k++) {
			const struct tuple *b = &child.items[k].tuple;

			n += b->ts <= a->ts &&
			     b->ts >= a->ts - node->range_ns &&
			     brute_keys_equal(w, node->key_count,
					      node->left_keys, a,
					      node->left_keys, b);
		}
		if (!n)
			continue; /* a NULL key equals not even itself */
		brute_add(&ret, a);
		ret.items[ret.count - 1].slot = value_int(n);
	}
	free(child.items);
	return ret;
}

static inline struct brute brute_seen(struct brute_world *w,
				      const struct plan_node *node)
{
	struct brute child = brute_scan(w, node->child[0]), ret = { 0 };

	for (unsigned i = 0; i < child.count; i++) {
		const struct tuple *a = &child.items[i].tuple;
		bool is_new =
			brute_keys_equal(w, node->key_count, node->left_keys, a,
					 node->left_keys, a);

		for (unsigned k = 0; k < i; k++)
			if (child.items[k].tuple.ts >= a->ts - node->range_ns &&
			    brute_keys_equal(
				    w, node->key_count, node->left_keys, a,
				    node->left_keys, &child.items[k].tuple))
				is_new = false;
		if (is_new)
			brute_add(&ret, a);
	}
	free(child.items);
	return ret;
}

static inline struct brute brute_filter(struct brute_world *w,
					const struct plan_node *node)
{
	struct brute ret = brute_run(w, node->child[0]);
	unsigned n = 0;

	for (unsigned i = 0; i < ret.count; i++) {
		struct brute_tuple *item = &ret.items[i];

		item->tuple.slots = &item->slot;
		if (expr_is_true(node->predicate, &item->tuple, &w->env))
			ret.items[n++] = *item;
	}
	ret.count = n;
	return ret;
}

/* The tuples that go up from `node`; the caller frees the items. */
static inline struct brute brute_run(struct brute_world *w,
				     const struct plan_node *node)
{
	if (node->kind == PLAN_SCAN)
		return brute_scan(w, node);
	if (node->kind == PLAN_JOIN)
		return brute_join(w, node);
	if (node->kind == PLAN_COUNT)
		return brute_count(w, node);
	if (node->kind == PLAN_FIRST_SEEN)
		return brute_seen(w, node);
	return brute_filter(w, node);
}

/* Lines of one rule: rows by input, a count if there is one, when. */
static inline void brute_line(struct buf *out, const struct row *const *rows,
			      unsigned inputs, struct value slot, int64_t ts)
{
	write_rows(out, rows, inputs);
	if (!value_is_null(slot))
		buf_printf(out, "|%d", (int)slot.i);
	buf_printf(out, " @%d\n", (int)ts);
}

static inline void brute_lines(struct brute_world *w,
			       const struct plan_rule *rule, struct buf *out)
{
	struct brute all = brute_run(w, rule->root);

	for (unsigned i = 0; i < all.count; i++)
		brute_line(out, all.items[i].tuple.rows, rule->input_count,
			   all.items[i].slot, all.items[i].tuple.ts);
	free(all.items);
}

static inline int note_line(void *ctx, const struct match *match,
			    struct err *err)
{
	struct transcript *t = ctx;
	unsigned rule = (unsigned)(match->rule - t->plan->rules);

	(void)err;
	brute_line(&t->lines[rule], match->rows, match->rule->input_count,
		   match->rule->slot_count ? match->outputs[0] : value_null(),
		   match->ts);
	return 0;
}

static inline int line_order(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

/* The lines of `text`, sorted, one after another. */
static inline void sort_lines(struct buf *text)
{
	char *copy = strdup(buf_text(text));
	const char **lines = NULL;
	unsigned n = 0;

	assert_non_null(copy);
	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		lines = reallocarray(lines, n + 1, sizeof(*lines));
		assert_non_null(lines);
		lines[n++] = line;
	}
	buf_reset(text);
	if (n)
		qsort(lines, n, sizeof(*lines), line_order);
	for (unsigned i = 0; i < n; i++)
		buf_printf(text, "%s\n", lines[i]);
	free(lines);
	free(copy);
}

static inline void expect_lines(struct buf *got, struct buf *want,
				const char *what)
{
	sort_lines(got);
	sort_lines(want);
	if (strcmp(buf_text(got), buf_text(want)) != 0)
		fail_msg("%s: engine\n%s-- oracle --\n%s", what, buf_text(got),
			 buf_text(want));
}

#endif
