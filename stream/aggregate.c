// SPDX-License-Identifier: Apache-2.0
#include "stream/engine_int.h"

static bool is_sum(const struct plan_aggregate *aggregate)
{
	return aggregate->op == PLAN_SUM || aggregate->op == PLAN_AVG;
}

static bool is_exact(const struct plan_aggregate *aggregate)
{
	return is_sum(aggregate) && aggregate->arg->type == VALUE_DOUBLE;
}

size_t accumulators_bytes(const struct plan_node *node)
{
	size_t size = node->aggregate_count * sizeof(struct accumulator);

	for (unsigned i = 0; i < node->aggregate_count; i++)
		if (is_exact(&node->aggregates[i]))
			size += sizeof(struct exact_sum);
	return size;
}

void accumulators_init(const struct plan_node *node, struct accumulator *all)
{
	void *behind = all + node->aggregate_count;
	struct exact_sum *exact = behind;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];

		if (is_exact(aggregate))
			all[i].exact = exact++;
		else if (aggregate->op == PLAN_COUNT_DISTINCT)
			list_init(&all[i].values);
		else if (!is_sum(aggregate) && node->kind == PLAN_OVER)
			list_init(&all[i].best);
	}
}

/* What cannot be summed is NULL: a text, what is not a number. */
static struct value summand(const struct plan_aggregate *aggregate,
			    struct value v)
{
	bool integer = v.type == VALUE_INT || v.type == VALUE_BOOL ||
		       v.type == VALUE_INTERVAL || v.type == VALUE_TIMESTAMP;

	if (!integer && (v.type != VALUE_DOUBLE || !is_exact(aggregate)))
		return value_null();
	if (integer && is_exact(aggregate))
		return (struct value){ .type = VALUE_DOUBLE, .d = (double)v.i };
	return v;
}

void aggregate_eval(struct op *op, const struct tuple *tuple,
		    struct value *ret_values)
{
	const struct plan_node *node = op->node;

	for (unsigned i = 0; i < node->aggregate_count; i++) {
		const struct plan_aggregate *aggregate = &node->aggregates[i];
		struct value v = value_int(1);

		if (aggregate->arg)
			v = expr_eval(aggregate->arg, tuple,
				      &op->rule->engine->env);
		if (v.type == VALUE_DOUBLE && v.d != v.d)
			v = value_null();
		if (is_sum(aggregate))
			v = summand(aggregate, v);
		ret_values[i] = v;
	}
}

void aggregate_add(const struct plan_aggregate *aggregate,
		   struct accumulator *acc, struct value v)
{
	acc->count++;
	if (is_exact(aggregate))
		exact_sum_add(acc->exact, v.d);
	else if (is_sum(aggregate))
		acc->sum += v.i;
}

void aggregate_subtract(const struct plan_aggregate *aggregate,
			struct accumulator *acc, struct value v)
{
	acc->count--;
	if (is_exact(aggregate))
		exact_sum_subtract(acc->exact, v.d);
	else if (is_sum(aggregate))
		acc->sum -= v.i;
}

static bool is_time(const struct plan_aggregate *aggregate)
{
	return aggregate->type == VALUE_INTERVAL ||
	       aggregate->type == VALUE_TIMESTAMP;
}

/* The mean of intervals or times is one too, truncated. */
static struct value integer_value(const struct plan_aggregate *aggregate,
				  const struct accumulator *acc)
{
	__int128 sum = acc->sum;
	struct value ret = { .type = VALUE_INT };

	if (aggregate->op == PLAN_AVG && !is_time(aggregate))
		return (struct value){ .type = VALUE_DOUBLE,
				       .d = (double)sum / (double)acc->count };
	if (aggregate->op == PLAN_AVG)
		sum /= (__int128)acc->count;
	if (sum > INT64_MAX || sum < INT64_MIN)
		return value_null();
	if (is_time(aggregate))
		ret.type = (uint8_t)aggregate->type;
	ret.i = (int64_t)sum;
	return ret;
}

struct value aggregate_value(const struct plan_aggregate *aggregate,
			     const struct accumulator *acc)
{
	struct value ret;

	if (!is_sum(aggregate))
		return value_int((int64_t)acc->count);
	if (!acc->count)
		return value_null();
	if (!is_exact(aggregate))
		return integer_value(aggregate, acc);
	ret = exact_sum_value(acc->exact);
	if (aggregate->op == PLAN_AVG && !value_is_null(ret))
		ret.d /= (double)acc->count;
	return ret;
}

bool aggregate_is_better(const struct plan_aggregate *aggregate, struct value v,
			 struct value than)
{
	int order = value_compare(v, than);

	return aggregate->op == PLAN_MIN ? order < 0 : order > 0;
}

size_t values_bytes(const struct value *values, unsigned count)
{
	size_t size = 0;

	for (unsigned i = 0; i < count; i++)
		if (value_is_bytes(values[i]))
			size += values[i].len;
	return size > AGGREGATE_BYTES_MAX ? SIZE_MAX : size;
}

struct value value_move(struct value v, uint8_t **at)
{
	if (!value_is_bytes(v))
		return v;
	if (v.len)
		memcpy(*at, v.p, v.len);
	v.p = *at;
	*at += v.len;
	return v;
}
