// SPDX-License-Identifier: Apache-2.0
/*
 * What an interval join needs from the rule's conditions: keys that are equal
 * on both sides, and both ends of the time between the two events.
 *
 * A condition on time is read as `right.ts - anchor.ts <op> constant`, however
 * it is written: b.ts <= a.ts + INTERVAL '5' SECOND, b.ts - a.ts <= INTERVAL
 * '5' SECOND and a.ts >= b.ts - INTERVAL '5' SECOND are the same.
 */
#include "compiler/lower_int.h"

#include "compiler/comparison.h"
#include "compiler/expand.h"
#include "compiler/interval.h"

/* The sum of times, each so many times, and a constant. */
struct linear {
	int times[TUPLE_INPUTS_MAX];
	int64_t constant;
};

static bool linear_add(struct linear *sum, const struct expr *expr, int sign)
{
	if (expr->op == EXPR_CONST &&
	    (expr->type == VALUE_INTERVAL || expr->type == VALUE_TIMESTAMP))
		return sign > 0 ? !__builtin_add_overflow(sum->constant,
							  expr->value.i,
							  &sum->constant) :
				  !__builtin_sub_overflow(sum->constant,
							  expr->value.i,
							  &sum->constant);
	if (expr->op == EXPR_COLUMN && expr->column == COL_ts) {
		sum->times[expr->input] += sign;
		return true;
	}
	if (expr->op == EXPR_ADD || expr->op == EXPR_SUB)
		return linear_add(sum, expr->args[0], sign) &&
		       linear_add(sum, expr->args[1],
				  expr->op == EXPR_ADD ? sign : -sign);
	return false;
}

/* right.ts - anchor.ts is in [lower, upper], as far as one condition tells. */
struct bound {
	unsigned anchor;
	bool has_lower, has_upper;
	int64_t lower, upper;
};

/* right.ts - anchor.ts <op> k */
static bool bound_set(struct bound *bound, enum expr_op op, int64_t k)
{
	*bound = (struct bound){ .anchor = bound->anchor,
				 .lower = k,
				 .upper = k };
	switch ((int)op) {
	case EXPR_EQ:
		bound->has_lower = bound->has_upper = true;
		return true;
	case EXPR_GT:
		bound->has_lower = true;
		return !__builtin_add_overflow(k, 1, &bound->lower);
	case EXPR_GE:
		bound->has_lower = true;
		return true;
	case EXPR_LT:
		bound->has_upper = true;
		return !__builtin_sub_overflow(k, 1, &bound->upper);
	case EXPR_LE:
		bound->has_upper = true;
		return true;
	default:
		return false;
	}
}

/* False: the condition bounds no time between `right` and one other input. */
static bool bound_read(const struct expr *expr, unsigned right,
		       struct bound *ret_bound)
{
	struct linear sum = { 0 };
	enum expr_op op = expr->op;
	unsigned others = 0;
	int64_t k;

	if (!comparison_is(op) ||
	    (expr->args[0]->type != VALUE_TIMESTAMP &&
	     expr->args[0]->type != VALUE_INTERVAL) ||
	    !linear_add(&sum, expr->args[0], 1) ||
	    !linear_add(&sum, expr->args[1], -1) || sum.constant == INT64_MIN)
		return false;
	/* sum <op> 0; turn it so that right.ts is there once, positive. */
	if (sum.times[right] == -1) {
		for (unsigned i = 0; i < TUPLE_INPUTS_MAX; i++)
			sum.times[i] = -sum.times[i];
		sum.constant = -sum.constant;
		op = comparison_mirror(op);
	}
	k = -sum.constant;
	for (unsigned i = 0; i < TUPLE_INPUTS_MAX; i++) {
		if (i == right || !sum.times[i])
			continue;
		ret_bound->anchor = i;
		others++;
		if (sum.times[i] != -1)
			return false;
	}
	return sum.times[right] == 1 && others == 1 &&
	       bound_set(ret_bound, op, k);
}

static void narrow(struct bound *all, const struct bound *one)
{
	if (one->has_lower && (!all->has_lower || one->lower > all->lower))
		all->lower = one->lower;
	if (one->has_upper && (!all->has_upper || one->upper < all->upper))
		all->upper = one->upper;
	all->has_lower |= one->has_lower;
	all->has_upper |= one->has_upper;
}

/* An equality of a value of `right` with one of the inputs before it. */
static bool is_key(const struct term *term, unsigned right,
		   const struct expr **ret_left, const struct expr **ret_right)
{
	unsigned before = (1u << right) - 1;
	const struct expr *a, *b;

	if (term->expr->op != EXPR_EQ)
		return false;
	a = term->expr->args[0];
	b = term->expr->args[1];
	if (lower_inputs(a) == 1u << right) {
		*ret_right = a;
		*ret_left = b;
	} else {
		*ret_right = b;
		*ret_left = a;
	}
	/* Keys are compared as bytes: 1 and 1.0, 0.0 and -0.0 are not alike. */
	return a->type == b->type && a->type != VALUE_DOUBLE &&
	       lower_inputs(*ret_right) == 1u << right &&
	       lower_inputs(*ret_left) && !(lower_inputs(*ret_left) & ~before);
}

static bool add_key(struct lowering *l, struct plan_node *join,
		    const struct expr *left, const struct expr *right,
		    unsigned input)
{
	if (join->key_count >= PLAN_KEYS_MAX) {
		compilation_error(l->c, l->bound->inputs[input].span, NULL,
				  "a join has at most %d keys", PLAN_KEYS_MAX);
		return false;
	}
	join->left_keys[join->key_count] = left;
	join->right_keys[join->key_count++] = right;
	return true;
}

/* Where such a condition is written, and where it is looked for. */
static const char *place_name(const struct lowering *l, unsigned input)
{
	enum plan_join join = l->bound->inputs[input].join;

	return join == PLAN_JOIN_SEMI || join == PLAN_JOIN_ANTI ?
		       "the subquery's WHERE" :
		       "ON";
}

static struct terms *pool_of(struct lowering *l, unsigned input)
{
	return l->bound->inputs[input].join == PLAN_JOIN_INNER ? &l->below :
								 &l->on[input];
}

static bool take_keys(struct lowering *l, struct plan_node *join,
		      unsigned input)
{
	const struct terms *terms = pool_of(l, input);
	const char *right = l->bound->inputs[input].name;
	const char *left = l->bound->inputs[0].name;

	join->left_keys = compilation_alloc(l->c, PLAN_KEYS_MAX,
					    sizeof(*join->left_keys));
	join->right_keys = compilation_alloc(l->c, PLAN_KEYS_MAX,
					     sizeof(*join->right_keys));
	if (!join->left_keys || !join->right_keys)
		return false;
	for (unsigned i = 0; i < terms->count; i++) {
		struct term *term = &terms->items[i];
		const struct expr *l_key, *r_key;
		struct bound bound;

		if (term->placed || bound_read(term->expr, input, &bound) ||
		    !is_key(term, input, &l_key, &r_key))
			continue;
		if (!add_key(l, join, l_key, r_key, input))
			return false;
		term->placed = true;
	}
	if (join->key_count)
		return true;
	compilation_error(l->c, l->bound->inputs[input].span,
			  compilation_text(l->c,
					   "add a key to %s, as in "
					   "%s.pid_key = %s.pid_key",
					   place_name(l, input), right, left),
			  "the join with '%s' needs a key that is equal on "
			  "both sides",
			  right);
	return false;
}

static void complain_bound(struct lowering *l, unsigned input,
			   const struct bound bounds[])
{
	const char *right = l->bound->inputs[input].name;
	const char *left = l->bound->inputs[0].name;
	const char *missing = "a time bound on both sides";
	const char *where = place_name(l, input);
	const char *add;

	add = compilation_text(l->c,
			       "add to %s: AND %s.ts BETWEEN %s.ts AND %s.ts + "
			       "INTERVAL '10' SECOND",
			       where, right, left, left);
	for (unsigned i = 0; i < input; i++) {
		left = l->bound->inputs[i].name;
		if (bounds[i].has_lower) {
			missing = "an upper time bound too";
			add = compilation_text(l->c,
					       "add to %s: AND %s.ts <= %s.ts "
					       "+ INTERVAL '10' SECOND",
					       where, right, left);
		} else if (bounds[i].has_upper) {
			missing = "a lower time bound too";
			add = compilation_text(l->c,
					       "add to %s: AND %s.ts >= %s.ts",
					       where, right, left);
		}
	}
	compilation_error(l->c, l->bound->inputs[input].span, add,
			  "the join with '%s' needs %s: events wait for their "
			  "partner",
			  right, missing);
}

/* The bounds that a plan may have; see INTERVAL_NS_MAX. */
static bool check_bound(struct lowering *l, unsigned input,
			const struct bound *bound)
{
	struct span span = l->bound->inputs[input].span;
	enum plan_join join = l->bound->inputs[input].join;
	bool outer = join == PLAN_JOIN_LEFT || join == PLAN_JOIN_ANTI;

	if (bound->lower < -INTERVAL_NS_MAX || bound->lower > INTERVAL_NS_MAX ||
	    bound->upper < -INTERVAL_NS_MAX || bound->upper > INTERVAL_NS_MAX) {
		compilation_error(l->c, span, NULL,
				  "the time bound of the join with '%s' is "
				  "more than 3650 days wide",
				  l->bound->inputs[input].name);
		return false;
	}
	if (bound->lower > bound->upper)
		compilation_warning(l->c, span, NULL,
				    "%s: the time bound of '%s' is empty",
				    outer ? "the join never finds a partner" :
					    "the rule can never match",
				    l->bound->inputs[input].name);
	return true;
}

/* The rows of a partner that may be missing tell no time. */
static void complain_anchor(struct lowering *l, unsigned input, unsigned anchor)
{
	const char *right = l->bound->inputs[input].name;
	const char *left = l->bound->inputs[0].name;

	compilation_error(l->c, l->bound->inputs[input].span,
			  compilation_text(l->c,
					   "add to %s: AND %s.ts BETWEEN %s.ts "
					   "AND %s.ts + INTERVAL '10' SECOND",
					   place_name(l, input), right, left,
					   left),
			  "the join with '%s' takes its time from '%s', which "
			  "a LEFT JOIN may leave out",
			  right, l->bound->inputs[anchor].name);
}

/*
 * AUTO JOIN: the side that ON leaves open is that of the bound that it has
 * without any, from the row on for a minute.
 */
static void complete(struct bound *bound)
{
	int64_t from = bound->lower < EXPAND_WINDOW_NS ? 0 : bound->lower;
	int64_t to = bound->upper < 0 ? bound->upper : EXPAND_WINDOW_NS;

	if (bound->has_lower == bound->has_upper)
		return;
	/* Where there is no room the bound itself is too wide. */
	if (bound->has_lower &&
	    __builtin_add_overflow(from, EXPAND_WINDOW_NS, &bound->upper))
		bound->upper = INT64_MAX;
	if (bound->has_upper &&
	    __builtin_sub_overflow(to, EXPAND_WINDOW_NS, &bound->lower))
		bound->lower = INT64_MIN;
	bound->has_lower = bound->has_upper = true;
}

/* The input that has both bounds; `input`: none. */
static unsigned find_anchor(const struct lowering *l, unsigned input,
			    const struct bound *bounds, unsigned *ret_missing)
{
	unsigned anchor = input;

	*ret_missing = input;
	for (unsigned i = input; i-- > 0;) {
		if (!bounds[i].has_lower || !bounds[i].has_upper)
			continue;
		if (l->nullable & 1u << i)
			*ret_missing = i;
		else
			anchor = i;
	}
	return anchor;
}

static bool take_bound(struct lowering *l, struct plan_node *join,
		       unsigned input)
{
	const struct terms *terms = pool_of(l, input);
	struct bound bounds[TUPLE_INPUTS_MAX] = { 0 };
	unsigned anchor, missing;
	struct bound one;

	for (unsigned i = 0; i < terms->count; i++)
		if (!terms->items[i].placed &&
		    bound_read(terms->items[i].expr, input, &one) &&
		    one.anchor < input)
			narrow(&bounds[one.anchor], &one);
	anchor = find_anchor(l, input, bounds, &missing);
	if (anchor == input && l->bound->inputs[input].triggered) {
		for (unsigned i = 0; i < input; i++)
			complete(&bounds[i]);
		anchor = find_anchor(l, input, bounds, &missing);
	}
	if (anchor == input) {
		if (missing < input)
			complain_anchor(l, input, missing);
		else
			complain_bound(l, input, bounds);
		return false;
	}
	for (unsigned i = 0; i < terms->count; i++)
		if (bound_read(terms->items[i].expr, input, &one) &&
		    one.anchor == anchor)
			terms->items[i].placed = true;
	join->anchor = (uint8_t)anchor;
	join->lower_ns = bounds[anchor].lower;
	join->upper_ns = bounds[anchor].upper;
	return check_bound(l, input, &bounds[anchor]);
}

bool lower_join(struct lowering *l, struct plan_node *join, unsigned input)
{
	bool ok = take_keys(l, join, input);

	join->join = l->bound->inputs[input].join;
	join->triggered = l->bound->inputs[input].triggered;
	ok &= take_bound(l, join, input);
	return ok && lower_place(l, pool_of(l, input), (2u << input) - 1,
				 &join->predicate);
}
