// SPDX-License-Identifier: Apache-2.0
/*
 * Conditions: made bottom-up, simplified when made, each distinct one once.
 * That gives two rules' common terms the same address, so that they can be
 * dropped, merged and factored by comparing pointers.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cond cond_false = { .kind = COND_FALSE };
static const struct cond cond_true = { .kind = COND_TRUE };

int cond_set_init(struct cond_set *set, struct arena *arena,
		  const struct stream *stream)
{
	*set = (struct cond_set){
		.arena = arena,
		.stream = stream,
		.buckets =
			arena_array(arena, COND_BUCKETS, sizeof(*set->buckets)),
	};
	return set->buckets ? 0 : -ENOMEM;
}

const struct cond *cond_const(bool value)
{
	return value ? &cond_true : &cond_false;
}

static uint32_t mix(uint32_t hash, uint64_t value)
{
	value = (value ^ hash) * 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(value >> 32);
}

static uint32_t operand_hash(const struct operand *operand)
{
	uint32_t hash = mix(operand->kind, operand->field.offset);

	hash = mix(hash, (uint64_t)operand->min);
	if (operand->left)
		hash = mix(operand_hash(operand->left),
			   operand_hash(operand->right));
	return hash;
}

static uint32_t cond_hash(const struct cond *c)
{
	uint32_t hash = mix(c->kind * 64 + c->cmp, c->field.offset);

	hash = mix(hash, c->mask);
	hash = mix(hash, c->marks);
	hash = mix(hash, (uint64_t)c->bytes_offset << 1 | c->prefix);
	if (c->left)
		hash = mix(hash, (uint64_t)operand_hash(c->left) << 32 |
					 operand_hash(c->right));
	for (uint32_t i = 0; i < c->text_len; i++)
		hash = mix(hash, c->text[i]);
	for (uint32_t i = 0; i < c->arg_count; i++)
		hash = mix(hash, (uintptr_t)c->args[i]->hash);
	return hash;
}

static bool field_equal(struct field a, struct field b)
{
	return a.offset == b.offset && a.size == b.size &&
	       a.is_signed == b.is_signed;
}

static bool cond_equal(const struct cond *a, const struct cond *b)
{
	if (a->hash != b->hash || a->kind != b->kind || a->cmp != b->cmp ||
	    a->term != b->term || a->fold_case != b->fold_case ||
	    a->prefix != b->prefix || a->bytes_offset != b->bytes_offset ||
	    a->mask != b->mask || a->marks != b->marks ||
	    a->text_len != b->text_len || a->arg_count != b->arg_count ||
	    !field_equal(a->field, b->field))
		return false;
	if (a->left && (!operand_equal(a->left, b->left) ||
			!operand_equal(a->right, b->right)))
		return false;
	if (a->text_len && memcmp(a->text, b->text, a->text_len))
		return false;
	/* The children are unique already. */
	for (uint32_t i = 0; i < a->arg_count; i++)
		if (a->args[i] != b->args[i])
			return false;
	return true;
}

/* The one object for `c`. When memory ends: a condition that passes. */
static const struct cond *intern(struct cond_set *set, struct cond c)
{
	const struct cond **bucket;
	struct cond *copy;

	for (uint32_t i = 0; i < c.arg_count; i++) {
		c.has_text |= c.args[i]->has_text;
		c.has_marks |= c.args[i]->has_marks;
	}
	c.hash = cond_hash(&c);
	bucket = &set->buckets[c.hash % COND_BUCKETS];
	for (const struct cond *other = *bucket; other; other = other->next)
		if (cond_equal(&c, other))
			return other;
	copy = arena_alloc(set->arena, sizeof(*copy));
	if (!copy) {
		set->failed = true;
		return &cond_true;
	}
	c.order = set->count++;
	c.line = set->line;
	c.next = *bucket;
	*copy = c;
	*bucket = copy;
	return copy;
}

/* Does it hold for all records (1), for none (0), or does it depend (-1)? */
static int decided(enum ir_cmp cmp, const struct operand *l,
		   const struct operand *r)
{
	bool less = l->max < r->min, not_greater = l->max <= r->min;
	bool greater = l->min > r->max, not_less = l->min >= r->max;
	bool same = not_greater && not_less;

	switch (cmp) {
	case IR_EQ:
		return same ? 1 : less || greater ? 0 : -1;
	case IR_NE:
		return same ? 0 : less || greater ? 1 : -1;
	case IR_LT:
		return less ? 1 : not_less ? 0 : -1;
	case IR_LE:
		return not_greater ? 1 : greater ? 0 : -1;
	case IR_GT:
		return greater ? 1 : not_greater ? 0 : -1;
	case IR_GE:
		return not_less ? 1 : less ? 0 : -1;
	case IR_CMP_COUNT:
		break;
	}
	CHECK(!"a comparison");
	return -1;
}

const struct cond *cond_compare(struct cond_set *set, enum ir_cmp cmp,
				const struct operand *left,
				const struct operand *right)
{
	int known = decided(cmp, left, right);

	if (known >= 0)
		return cond_const(known);
	return intern(set, (struct cond){ .kind = COND_COMPARE,
					  .cmp = cmp,
					  .left = left,
					  .right = right,
					  .cost = 1 + operand_cost(left) +
						  operand_cost(right) });
}

const struct cond *cond_bits(struct cond_set *set, struct field field,
			     uint32_t mask, bool any)
{
	return intern(set, (struct cond){ .kind = COND_BITS,
					  .cmp = any ? IR_NE : IR_EQ,
					  .field = field,
					  .mask = mask,
					  .cost = 4 });
}

const struct cond *cond_mark(struct cond_set *set, struct field field,
			     uint64_t marks)
{
	return intern(set, (struct cond){ .kind = COND_MARK,
					  .field = field,
					  .has_marks = true,
					  .marks = marks });
}

const struct cond *cond_suffix(struct cond_set *set,
			       const struct column *column, const uint8_t *text,
			       uint32_t len, bool fold_case)
{
	struct field length = { .offset = (uint16_t)(column->offset +
						     offsetof(struct event_blob,
							      len)),
				.size = sizeof(__u16) };

	return intern(set,
		      (struct cond){ .kind = COND_SUFFIX,
				     .cmp = IR_EQ,
				     .field = length,
				     .bytes_offset = column->bytes_offset,
				     .bytes_size = column->bytes_size,
				     .column = column,
				     .text = text,
				     .text_len = len,
				     .fold_case = fold_case,
				     .cost = 6 + (fold_case ? 3 : 2) * len });
}

const struct cond *cond_text(struct cond_set *set, const struct column *column,
			     bool prefix, const uint8_t *text, uint32_t len,
			     uint32_t cost)
{
	return intern(set, (struct cond){ .kind = COND_TEXT,
					  .cmp = IR_EQ,
					  .bytes_offset = column->bytes_offset,
					  .column = column,
					  .prefix = prefix,
					  .has_text = true,
					  .text = text,
					  .text_len = len,
					  .cost = cost });
}

/* Each argument as `turn` makes it; NULL: no memory, which the set keeps. */
static const struct cond **
args_turned(struct cond_set *set, const struct cond *cond,
	    const struct cond *(*turn)(struct cond_set *set,
				       const struct cond *cond))
{
	const struct cond **args = arena_array(set->arena, cond->arg_count,
					       sizeof(const struct cond *));

	if (!args) {
		set->failed = true;
		return NULL;
	}
	for (uint32_t i = 0; i < cond->arg_count; i++)
		args[i] = turn(set, cond->args[i]);
	return args;
}

const struct cond *cond_plain(struct cond_set *set, const struct cond *cond)
{
	const struct cond **args;

	if (!cond->has_text)
		return cond;
	if (cond->kind == COND_TEXT)
		return bytes_plain(set, cond);
	args = args_turned(set, cond, cond_plain);
	if (!args)
		return &cond_true;
	if (cond->kind == COND_IF)
		return cond_if(set, args[0], args[1], args[2]);
	return cond_join(set, cond->kind, args, cond->arg_count, cond->term);
}

const struct cond *cond_if(struct cond_set *set, const struct cond *test,
			   const struct cond *then, const struct cond *other)
{
	const struct cond **args;

	if (test->kind == COND_TRUE || then == other)
		return then;
	if (test->kind == COND_FALSE)
		return other;
	if (then->kind == COND_TRUE)
		return cond_join2(set, COND_OR, test, other);
	if (other->kind == COND_FALSE)
		return cond_join2(set, COND_AND, test, then);
	if (then->kind == COND_FALSE)
		return cond_join2(set, COND_AND, cond_negate(set, test), other);
	if (other->kind == COND_TRUE)
		return cond_join2(set, COND_OR, cond_negate(set, test), then);
	args = arena_array(set->arena, 3, sizeof(const struct cond *));
	if (!args) {
		set->failed = true;
		return &cond_true;
	}
	args[0] = test;
	args[1] = then;
	args[2] = other;
	return intern(set, (struct cond){ .kind = COND_IF,
					  .args = args,
					  .arg_count = 3,
					  .cost = test->cost + then->cost +
						  other->cost + 1 });
}

static int by_cost(const void *a, const void *b)
{
	const struct cond *x = *(const struct cond *const *)a;
	const struct cond *y = *(const struct cond *const *)b;

	/* What is marked comes behind all that it depends on. */
	if (x->has_marks != y->has_marks)
		return x->has_marks ? 1 : -1;
	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Into one flat list: the children of user-level AND in AND, OR in OR. */
static const struct cond **flatten(struct cond_set *set, enum cond_kind kind,
				   const struct cond **args, uint32_t *count)
{
	const struct cond **flat;
	size_t total = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < *count; i++)
		total += args[i]->kind == kind && !args[i]->term ?
				 args[i]->arg_count :
				 1;
	if (total == *count)
		return args;
	flat = total < UINT32_MAX ? arena_array(set->arena, total,
						sizeof(const struct cond *)) :
				    NULL;
	if (!flat) {
		set->failed = true;
		return args;
	}
	for (uint32_t i = 0; i < *count; i++) {
		const struct cond *c = args[i];

		if (c->kind != kind || c->term) {
			flat[n++] = c;
			continue;
		}
		memcpy(&flat[n], c->args,
		       c->arg_count * sizeof(const struct cond *));
		n += c->arg_count;
	}
	*count = n;
	return flat;
}

/* Any of some bits of the same bytes: one test. Returns how many are left. */
static uint32_t merge_bits(struct cond_set *set, const struct cond **args,
			   uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct cond *c = args[i];
		bool bits = c->kind == COND_BITS && c->cmp == IR_NE;
		uint32_t k = bits ? 0 : kept;

		while (k < kept &&
		       (args[k]->kind != COND_BITS || args[k]->cmp != IR_NE ||
			!field_equal(args[k]->field, c->field)))
			k++;
		if (k == kept)
			args[kept++] = c;
		else
			args[k] = cond_bits(set, c->field,
					    args[k]->mask | c->mask, true);
	}
	return kept;
}

/* Marks of the same field, likewise. */
static uint32_t merge_marks(struct cond_set *set, const struct cond **args,
			    uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct cond *c = args[i];
		uint32_t k = c->kind == COND_MARK ? 0 : kept;

		while (k < kept && (args[k]->kind != COND_MARK ||
				    !field_equal(args[k]->field, c->field)))
			k++;
		if (k == kept)
			args[kept++] = c;
		else
			args[k] = cond_mark(set, c->field,
					    args[k]->marks | c->marks);
	}
	return kept;
}

const struct cond *cond_join(struct cond_set *set, enum cond_kind kind,
			     const struct cond **args, uint32_t count,
			     bool term)
{
	const struct cond *neutral = cond_const(kind == COND_AND);
	const struct cond *decisive = cond_const(kind != COND_AND);
	uint64_t cost = 0;
	uint32_t kept = 0;

	if (!term)
		args = flatten(set, kind, args, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (args[i] == decisive)
			return decisive;
		if (args[i] != neutral)
			args[kept++] = args[i];
	}
	if (!term && kept > 1) {
		uint32_t distinct = 1;

		qsort(args, kept, sizeof(const struct cond *), by_cost);
		for (uint32_t i = 1; i < kept; i++)
			if (args[i] != args[distinct - 1])
				args[distinct++] = args[i];
		kept = distinct;
		if (kind == COND_OR)
			kept = merge_marks(set, args,
					   merge_bits(set, args, kept));
	}
	if (kept == 0)
		return neutral;
	if (kept == 1)
		return args[0];
	for (uint32_t i = 0; i < kept; i++)
		cost += args[i]->cost;
	return intern(set, (struct cond){ .kind = kind,
					  .term = term,
					  .args = args,
					  .arg_count = kept,
					  .cost = cost < UINT32_MAX / 4 ?
							  (uint32_t)cost :
							  UINT32_MAX / 4 });
}

const struct cond *cond_join2(struct cond_set *set, enum cond_kind kind,
			      const struct cond *a, const struct cond *b)
{
	const struct cond **args =
		arena_array(set->arena, 2, sizeof(const struct cond *));

	if (!args) {
		set->failed = true;
		return &cond_true;
	}
	args[0] = a;
	args[1] = b;
	return cond_join(set, kind, args, 2, true);
}

static enum ir_cmp opposite(enum ir_cmp cmp)
{
	static const uint8_t opposites[] = {
		[IR_EQ] = IR_NE, [IR_NE] = IR_EQ, [IR_LT] = IR_GE,
		[IR_LE] = IR_GT, [IR_GT] = IR_LE, [IR_GE] = IR_LT,
	};

	CHECK(cmp < ARRAY_SIZE(opposites));
	return opposites[cmp];
}

const struct cond *cond_negate(struct cond_set *set, const struct cond *cond)
{
	struct cond turned = *cond;
	const struct cond **args;

	switch (cond->kind) {
	case COND_TRUE:
	case COND_FALSE:
		return cond_const(cond->kind == COND_FALSE);
	case COND_COMPARE:
	case COND_BITS:
	case COND_SUFFIX:
	case COND_TEXT:
		turned.cmp = opposite(cond->cmp);
		return intern(set, turned);
	case COND_AND:
	case COND_OR:
	case COND_IF:
		break;
	case COND_MARK:
		CHECK(!"a mark below a NOT");
	}
	args = args_turned(set, cond, cond_negate);
	if (!args)
		return &cond_true;
	if (cond->kind == COND_IF)
		return cond_if(set, cond->args[0], args[1], args[2]);
	return cond_join(set, cond->kind == COND_AND ? COND_OR : COND_AND, args,
			 cond->arg_count, cond->term);
}

/* A branch of an OR as the list of what it demands. */
static uint32_t demands(const struct cond *const *branch,
			const struct cond *const **ret_list)
{
	if ((*branch)->kind == COND_AND && !(*branch)->term) {
		*ret_list = (*branch)->args;
		return (*branch)->arg_count;
	}
	*ret_list = branch;
	return 1;
}

static bool holds(const struct cond *const *branch, const struct cond *what)
{
	const struct cond *const *list;
	uint32_t count = demands(branch, &list);

	for (uint32_t i = 0; i < count; i++)
		if (list[i] == what)
			return true;
	return false;
}

static const struct cond *without(struct cond_set *set,
				  const struct cond *const *branch,
				  const struct cond *const *common,
				  uint32_t common_count)
{
	const struct cond *const *list;
	uint32_t count = demands(branch, &list), kept = 0;
	const struct cond **rest =
		arena_array(set->arena, count, sizeof(const struct cond *));

	if (!rest) {
		set->failed = true;
		return &cond_true;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = 0;

		while (k < common_count && common[k] != list[i])
			k++;
		if (k == common_count)
			rest[kept++] = list[i];
	}
	return cond_join(set, COND_AND, rest, kept, false);
}

const struct cond *cond_factor(struct cond_set *set, const struct cond *cond)
{
	const struct cond *const *list;
	const struct cond **common, **branches;
	uint32_t count, shared = 0;

	if (cond->kind != COND_OR || cond->term)
		return cond;
	count = demands(&cond->args[0], &list);
	common = arena_array(set->arena, (size_t)count + 1,
			     sizeof(const struct cond *));
	branches = arena_array(set->arena, cond->arg_count,
			       sizeof(const struct cond *));
	if (!common || !branches) {
		set->failed = true;
		return cond;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = 1;

		while (k < cond->arg_count && holds(&cond->args[k], list[i]))
			k++;
		if (k == cond->arg_count)
			common[shared++] = list[i];
	}
	if (!shared)
		return cond;
	for (uint32_t k = 0; k < cond->arg_count; k++)
		branches[k] = without(set, &cond->args[k], common, shared);
	common[shared] =
		cond_join(set, COND_OR, branches, cond->arg_count, false);
	return cond_join(set, COND_AND, common, shared + 1, false);
}
