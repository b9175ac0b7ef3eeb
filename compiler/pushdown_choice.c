// SPDX-License-Identifier: Apache-2.0
/*
 * A test of a value that conditions choose:
 *
 *	CASE WHEN c THEN a ELSE b END = 1	c is TRUE and a = 1, or it is
 *						not and b = 1
 *	COALESCE(a, b) = 1			a is known and a = 1, or it is
 *						not and b = 1
 *	NULLIF(a, b) = 1			NULL where a = b, else a = 1
 *
 * A condition that the kernel knows only in part may hold and may not.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <string.h>

bool is_choice(const struct expr *expr)
{
	return expr->op == EXPR_CASE ||
	       (expr->op == EXPR_CALL && (expr->function == FUNCTION_COALESCE ||
					  expr->function == FUNCTION_IFNULL ||
					  expr->function == FUNCTION_NULLIF));
}

struct choice {
	struct cond_set *set;
	const struct expr *test;
	uint32_t at;
	enum want want;
};

/* The test with `value` in place of the choice. */
static struct leaf with_value(const struct choice *c, const struct expr *value)
{
	struct expr *copy;
	const struct expr **args;

	if (!leaf_spend(c->set, c->test))
		return leaf_spent();
	if (c->at == CHOICE_SELF)
		return leaf_when(c->set, value, c->want);
	copy = arena_alloc(c->set->arena, sizeof(*copy));
	args = arena_array(c->set->arena, c->test->arg_count,
			   sizeof(const struct expr *));
	if (!copy || !args) {
		c->set->failed = true;
		return leaf_undecided(NULL);
	}
	*copy = *c->test;
	memcpy(args, c->test->args,
	       c->test->arg_count * sizeof(const struct expr *));
	args[c->at] = value;
	copy->args = args;
	return leaf_when(c->set, copy, c->want);
}

static struct leaf with_null(const struct choice *c)
{
	static const struct expr null = { .op = EXPR_CONST };

	return with_value(c, &null);
}

/* `then` where `test` is TRUE, `other` where it is FALSE or NULL. */
static struct leaf choose(struct cond_set *set, const struct expr *test,
			  struct leaf then, struct leaf other)
{
	struct leaf is = leaf_when(set, test, WANT_TRUE);
	struct leaf ret = then;

	if (is.reason)
		return leaf_join(
			set, COND_OR, leaf_join(set, COND_AND, is, then),
			leaf_join(set, COND_AND,
				  leaf_when(set, test, WANT_NOT_TRUE), other));
	ret.cond = cond_if(set, is.cond, then.cond, other.cond);
	if (is.cond->kind == COND_TRUE)
		other.reason = NULL;
	if (is.cond->kind == COND_FALSE)
		then.reason = NULL;
	ret.reason = then.reason ? then.reason : other.reason;
	ret.reads_path |= other.reads_path || is.reads_path;
	return ret;
}

static struct leaf case_leaf(const struct choice *c, const struct expr *expr)
{
	unsigned i = expr->arg_count;
	struct leaf ret = i % 2 ? with_value(c, expr->args[--i]) : with_null(c);

	for (; i > 0; i -= 2)
		ret = choose(c->set, expr->args[i - 2],
			     with_value(c, expr->args[i - 1]), ret);
	return ret;
}

static struct leaf coalesce_leaf(const struct choice *c,
				 const struct expr *expr)
{
	unsigned i = expr->arg_count - 1u;
	struct leaf ret = with_value(c, expr->args[i]);

	while (i-- > 0) {
		struct expr null = { .op = EXPR_IS_NULL,
				     .type = VALUE_BOOL,
				     .arg_count = 1,
				     .args = &expr->args[i] };

		ret = choose(c->set, &null, ret, with_value(c, expr->args[i]));
	}
	return ret;
}

static struct leaf nullif_leaf(const struct choice *c, const struct expr *expr)
{
	struct expr equal = *expr;

	equal.op = EXPR_EQ;
	equal.type = VALUE_BOOL;
	return choose(c->set, &equal, with_null(c),
		      with_value(c, expr->args[0]));
}

struct leaf choice_leaf(struct cond_set *set, const struct expr *test,
			uint32_t at, enum want want)
{
	const struct expr *expr = at == CHOICE_SELF ? test : test->args[at];
	const struct choice c = {
		.set = set, .test = test, .at = at, .want = want
	};

	CHECK(is_choice(expr));
	if (!leaf_spend(set, test))
		return leaf_spent();
	if (expr->type == VALUE_DOUBLE)
		return leaf_undecided("a fraction is compared in user space");
	if (expr->op == EXPR_CASE)
		return case_leaf(&c, expr);
	if (expr->function == FUNCTION_NULLIF)
		return nullif_leaf(&c, expr);
	return coalesce_leaf(&c, expr);
}
