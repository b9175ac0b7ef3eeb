// SPDX-License-Identifier: Apache-2.0
/*
 * Many rules that ask for different values of the same bytes, as
 *
 *	path = '/etc/passwd' OR path = '/etc/shadow' AND is_write OR ...
 *
 * does: branches of an OR that each begin with "these bytes are that". Tested
 * one after the other they cost as much as there are. Here they become a tree:
 * the bytes most branches ask for are searched by halves, what is left of the
 * branches with that value follows, made a tree likewise. What several ask for
 * is tested once, and a record meets the branches that could hold only.
 */
#include "compiler/pushdown_int.h"

#include <stdlib.h>
#include <string.h>

/* Fewer branches alike are as good one after the other. */
#define GROUP_LEAST 8
/* Few enough values to test one after the other. */
#define GROUP_VALUES_IN_A_ROW 4
/* Instructions worth being said again in each branch of an OR beside them. */
#define GROUP_SHARED_COST 64
/* So deep a tree; what is left is tested in a row. Bounds time and memory. */
#define GROUP_DEPTH_MAX 12

/* A branch's condition that some bytes are `value`. */
struct probe {
	const struct operand *bytes;
	int64_t value;
	uint32_t branch;
	uint32_t cond; /* index in the branch */
};

static void *group_alloc(struct cond_set *set, size_t count, size_t size)
{
	void *ret = arena_array(set->arena, count, size);

	set->failed |= !ret;
	return ret;
}

static const struct cond *group(struct cond_set *set,
				const struct branch *branches, uint32_t count,
				unsigned depth);
static const struct cond *group_or(struct cond_set *set,
				   const struct cond *cond, bool top);

/* --- the branches of a condition ------------------------------------------ */

void add_branch(struct cond_set *set, struct branches *to, struct branch branch)
{
	if (to->count == to->size) {
		uint32_t size = to->size ? to->size * 2 : 64;
		struct branch *items = group_alloc(set, size, sizeof(*items));

		if (!items)
			return;
		if (to->count)
			memcpy(items, to->items, to->count * sizeof(*items));
		to->items = items;
		to->size = size;
	}
	to->items[to->count++] = branch;
}

static uint32_t count_demands(const struct cond *c)
{
	uint32_t count = 0;

	if (c->kind != COND_AND)
		return 1;
	for (uint32_t i = 0; i < c->arg_count; i++)
		count += count_demands(c->args[i]);
	return count;
}

static void take_demands(const struct cond *c, struct branch *to)
{
	if (c->kind != COND_AND) {
		to->conds[to->count++] = c;
		return;
	}
	for (uint32_t i = 0; i < c->arg_count; i++)
		take_demands(c->args[i], to);
}

/* The widest OR from `first` on; false: there is none. */
static bool find_or(const struct branch *branch, uint32_t first,
		    uint32_t *ret_at)
{
	uint32_t widest = 0;

	for (uint32_t i = first; i < branch->count; i++) {
		const struct cond *c = branch->conds[i];

		if (c->kind != COND_OR || c->arg_count <= widest)
			continue;
		widest = c->arg_count;
		*ret_at = i;
	}
	return widest > 0;
}

/* What it costs to demand the others in each branch of the OR at `at`. */
static uint64_t cost_of_others(const struct branch *branch, uint32_t at)
{
	uint64_t cost = 0;

	for (uint32_t i = 0; i < branch->count; i++)
		if (i != at)
			cost += branch->conds[i]->cost;
	return cost * branch->conds[at]->arg_count;
}

/*
 * `c` and what `with` demands. Of an AND one OR is taken apart, or made a tree
 * of its own: so there are never more branches than parts of the condition.
 */
static void expand(struct cond_set *set, const struct cond *c,
		   struct branch with, struct branches *to)
{
	struct branch branch = { .count = with.count };
	uint32_t at = 0;

	branch.conds = group_alloc(set, (size_t)with.count + count_demands(c),
				   sizeof(const struct cond *));
	if (!branch.conds)
		return;
	if (with.count)
		memcpy(branch.conds, with.conds,
		       with.count * sizeof(const struct cond *));
	take_demands(c, &branch);
	if (!find_or(&branch, with.count, &at)) {
		add_branch(set, to, branch);
		return;
	}
	c = branch.conds[at];
	/* As a set they are not said again. */
	if (cost_of_others(&branch, at) > GROUP_SHARED_COST &&
	    !(set->sets && is_set_list(set, c))) {
		branch.conds[at] = group_or(set, c, false);
		add_branch(set, to, branch);
		return;
	}
	branch.conds[at] = branch.conds[--branch.count];
	for (uint32_t i = 0; i < c->arg_count; i++)
		expand(set, c->args[i], branch, to);
}

/* --- which bytes to look at ----------------------------------------------- */

static bool is_probe(const struct cond *c)
{
	const struct operand *left = c->left;

	return c->kind == COND_COMPARE && c->cmp == IR_EQ &&
	       c->right->kind == OPERAND_CONST &&
	       (left->kind == OPERAND_FIELD ||
		(left->kind == OPERAND_AND &&
		 left->left->kind == OPERAND_FIELD));
}

static struct field field_of(const struct operand *bytes)
{
	return bytes->kind == OPERAND_AND ? bytes->left->field : bytes->field;
}

static int by_bytes(const struct operand *a, const struct operand *b)
{
	struct field x = field_of(a), y = field_of(b);

	if (x.offset != y.offset)
		return x.offset < y.offset ? -1 : 1;
	if (x.size != y.size)
		return x.size < y.size ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == OPERAND_FIELD || a->right->min == b->right->min)
		return 0;
	return a->right->min < b->right->min ? -1 : 1;
}

static int by_probe(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;
	int order = by_bytes(x->bytes, y->bytes);

	if (order)
		return order;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->branch != y->branch)
		return x->branch < y->branch ? -1 : 1;
	return x->cond < y->cond ? -1 : x->cond > y->cond;
}

/* All probes, those of the same bytes together, by value. */
static struct probe *find_probes(struct cond_set *set,
				 const struct branch *branches, uint32_t count,
				 uint32_t *ret_count)
{
	struct probe *probes;
	size_t total = 0;

	*ret_count = 0;
	for (uint32_t i = 0; i < count; i++)
		total += branches[i].count;
	probes = total < UINT32_MAX ? group_alloc(set, total, sizeof(*probes)) :
				      NULL;
	if (!probes)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < branches[i].count; k++) {
			const struct cond *c = branches[i].conds[k];

			if (is_probe(c))
				probes[(*ret_count)++] =
					(struct probe){ c->left, c->right->min,
							i, k };
		}
	}
	qsort(probes, *ret_count, sizeof(*probes), by_probe);
	return probes;
}

/*
 * Those bytes that most branches ask for; of equally many, where most ask for
 * the same value.
 */
static uint32_t choose(const struct probe *probes, uint32_t count,
		       uint32_t *ret_first)
{
	uint32_t best = 0, best_values = 0;

	for (uint32_t i = 0, next; i < count; i = next) {
		uint32_t values = 1;

		for (next = i + 1;
		     next < count &&
		     by_bytes(probes[i].bytes, probes[next].bytes) == 0;
		     next++)
			values += probes[next].value != probes[next - 1].value;
		if (next - i < best ||
		    (next - i == best && values >= best_values))
			continue;
		best = next - i;
		best_values = values;
		*ret_first = i;
	}
	return best;
}

/* --- the tree ------------------------------------------------------------- */

/* What is left of the branches of `count` probes of one value. */
static const struct cond *below(struct cond_set *set,
				const struct branch *branches,
				const struct probe *probes, uint32_t count,
				unsigned depth)
{
	struct branch *rest = group_alloc(set, count, sizeof(*rest));

	for (uint32_t i = 0; rest && i < count; i++) {
		const struct branch *from = &branches[probes[i].branch];

		rest[i].conds = group_alloc(set, from->count,
					    sizeof(const struct cond *));
		if (!rest[i].conds)
			break;
		for (uint32_t k = 0; k < from->count; k++)
			if (k != probes[i].cond)
				rest[i].conds[rest[i].count++] = from->conds[k];
	}
	return set->failed ? cond_const(true) :
			     group(set, rest, count, depth + 1);
}

/* values[i]: the first probe of the i-th value; one more ends the last. */
static const struct cond *search(struct cond_set *set,
				 const struct branch *branches,
				 const struct probe *probes,
				 const uint32_t *values, uint32_t count,
				 unsigned depth)
{
	const struct cond *ret = cond_const(false);
	uint32_t middle = count / 2;

	if (count > GROUP_VALUES_IN_A_ROW) {
		const struct probe *from = &probes[values[middle]];

		return cond_if(
			set,
			cond_compare(set, IR_LT, from->bytes,
				     operand_const(set, from->value)),
			search(set, branches, probes, values, middle, depth),
			search(set, branches, probes, values + middle,
			       count - middle, depth));
	}
	while (count-- > 0) {
		const struct probe *first = &probes[values[count]];

		ret = cond_if(set, branches[first->branch].conds[first->cond],
			      below(set, branches, first,
				    values[count + 1] - values[count], depth),
			      ret);
	}
	return ret;
}

/* The probes are of the same bytes, and of different branches. */
static const struct cond *tree(struct cond_set *set,
			       const struct branch *branches,
			       const struct probe *probes, uint32_t count,
			       unsigned depth)
{
	uint32_t *values = group_alloc(set, (size_t)count + 1, sizeof(*values));
	uint32_t value_count = 0;

	if (!values)
		return cond_const(true);
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 || probes[i].value != probes[i - 1].value)
			values[value_count++] = i;
	values[value_count] = count;
	return search(set, branches, probes, values, value_count, depth);
}

static const struct cond *
in_a_row(struct cond_set *set, const struct branch *branches, uint32_t count)
{
	const struct cond **args =
		group_alloc(set, count, sizeof(const struct cond *));

	if (!args)
		return cond_const(true);
	for (uint32_t i = 0; i < count; i++)
		args[i] = cond_join(set, COND_AND, branches[i].conds,
				    branches[i].count, false);
	return cond_join(set, COND_OR, args, count, false);
}

/* The branches that none of the `count` probes is of, into `rest`. */
static uint32_t take_rest(struct cond_set *set, const struct branch *branches,
			  uint32_t branch_count, struct probe *probes,
			  uint32_t *count, struct branch *rest)
{
	bool *taken = group_alloc(set, branch_count, sizeof(*taken));
	uint32_t kept = 0, rest_count = 0;

	if (!taken)
		return 0;
	/* A branch that asks for two values of the same bytes: by the lower. */
	for (uint32_t i = 0; i < *count; i++) {
		if (taken[probes[i].branch])
			continue;
		taken[probes[i].branch] = true;
		probes[kept++] = probes[i];
	}
	for (uint32_t i = 0; i < branch_count; i++)
		if (!taken[i])
			rest[rest_count++] = branches[i];
	*count = kept;
	return rest_count;
}

static const struct cond *group(struct cond_set *set,
				const struct branch *branches, uint32_t count,
				unsigned depth)
{
	uint32_t least = depth ? 2 : GROUP_LEAST;
	uint32_t probe_count, first = 0, alike, rest_count;
	const struct cond *found;
	struct branch *rest;
	struct probe *probes;

	if (count < least || depth >= GROUP_DEPTH_MAX)
		return in_a_row(set, branches, count);
	rest = group_alloc(set, count, sizeof(*rest));
	probes = find_probes(set, branches, count, &probe_count);
	if (set->failed)
		return cond_const(true);
	alike = choose(probes, probe_count, &first);
	if (alike < least)
		return in_a_row(set, branches, count);
	rest_count =
		take_rest(set, branches, count, probes + first, &alike, rest);
	found = tree(set, branches, probes + first, alike, depth);
	if (set->failed || !rest_count)
		return found;
	return cond_join2(set, COND_OR, found,
			  group(set, rest, rest_count, depth + 1));
}

/* What is still a text becomes comparisons, which are probes. */
static void make_plain(struct cond_set *set, struct branches *branches)
{
	for (uint32_t i = 0; i < branches->count; i++) {
		struct branch *b = &branches->items[i], plain = { 0 };
		uint32_t count = 0;

		for (uint32_t k = 0; k < b->count; k++) {
			b->conds[k] = cond_plain(set, b->conds[k]);
			count += count_demands(b->conds[k]);
		}
		plain.conds =
			group_alloc(set, count, sizeof(const struct cond *));
		if (!plain.conds)
			return;
		for (uint32_t k = 0; k < b->count; k++)
			take_demands(b->conds[k], &plain);
		*b = plain;
	}
}

/* `top`: no other OR of the condition is made a tree with sets. */
static const struct cond *group_or(struct cond_set *set,
				   const struct cond *cond, bool top)
{
	const struct branch nothing = { .count = 0 };
	struct branches branches = { .count = 0 };
	uint32_t count, first;
	bool in_sets = false;
	struct probe *probes;

	expand(set, cond, nothing, &branches);
	if (top && set->sets && !set->failed)
		in_sets = set->hint ? sets_mark(set, &branches) :
				      sets_extract(set, &branches);
	if (!set->failed)
		make_plain(set, &branches);
	if (set->failed)
		return cond_const(true);
	probes = find_probes(set, branches.items, branches.count, &count);
	if (set->failed)
		return cond_const(true);
	if (choose(probes, count, &first) >= GROUP_LEAST)
		return group(set, branches.items, branches.count, 0);
	if (in_sets)
		return in_a_row(set, branches.items, branches.count);
	return cond_plain(set, cond);
}

/* The widest OR among the args; UINT32_MAX: there is none. */
static uint32_t widest_or(const struct cond *cond)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < cond->arg_count; i++)
		if (cond->args[i]->kind == COND_OR &&
		    (best == UINT32_MAX ||
		     cond->args[i]->arg_count > cond->args[best]->arg_count))
			best = i;
	return best;
}

const struct cond *cond_group(struct cond_set *set, const struct cond *cond)
{
	const struct cond **args;
	uint32_t widest = widest_or(cond);

	if (cond->kind == COND_OR)
		return group_or(set, cond, true);
	if (cond->kind != COND_AND)
		return cond_plain(set, cond);
	args = group_alloc(set, cond->arg_count, sizeof(const struct cond *));
	if (!args)
		return cond;
	for (uint32_t i = 0; i < cond->arg_count; i++)
		args[i] = cond->args[i]->kind == COND_OR ?
				  group_or(set, cond->args[i], i == widest) :
				  cond_plain(set, cond->args[i]);
	return cond_join(set, COND_AND, args, cond->arg_count, cond->term);
}
