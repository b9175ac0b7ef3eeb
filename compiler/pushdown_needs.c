// SPDX-License-Identifier: Apache-2.0
/*
 * What a condition demands of a process: where none of some bits is set, it is
 * FALSE without a look at anything else of the record. So most events need not
 * be made into a record at all.
 */
#include "bpf/process_terms.h"
#include "compiler/pushdown_int.h"

#include <stddef.h>

bool process_terms_any(const struct process_terms *terms)
{
	for (unsigned i = 0; i < PROCESS_TERM_WORDS; i++)
		if (terms->words[i])
			return true;
	return false;
}

/* A test of some bits of head.terms; a record is little-endian. */
static bool bits_need(const struct cond *cond, struct process_terms *ret_needs)
{
	const size_t from = offsetof(struct event_head, terms);
	size_t at = cond->field.offset;
	unsigned bit;

	if (cond->cmp != IR_NE || at < from ||
	    at + cond->field.size > from + sizeof(*ret_needs))
		return false;
	bit = (unsigned)(at - from) * 8;
	*ret_needs = (struct process_terms){ 0 };
	ret_needs->words[bit / 64] = (uint64_t)cond->mask << bit % 64;
	return true;
}

static bool needs(const struct cond *cond, struct process_terms *ret_needs)
{
	struct process_terms all = { 0 };

	if (cond->kind == COND_BITS)
		return bits_need(cond, ret_needs);
	if (cond->kind == COND_AND) {
		for (uint32_t i = 0; i < cond->arg_count; i++)
			if (needs(cond->args[i], ret_needs))
				return true;
		return false;
	}
	if (cond->kind != COND_OR)
		return false;
	for (uint32_t i = 0; i < cond->arg_count; i++) {
		struct process_terms one;

		if (!needs(cond->args[i], &one))
			return false;
		for (unsigned k = 0; k < PROCESS_TERM_WORDS; k++)
			all.words[k] |= one.words[k];
	}
	*ret_needs = all;
	return true;
}

void note_needs(const struct cond *cond, struct process_terms *ret_needs)
{
	struct process_terms found;

	if (needs(cond, &found))
		*ret_needs = found;
}
