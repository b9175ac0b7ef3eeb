// SPDX-License-Identifier: Apache-2.0
/*
 * A hint: beside "some rule may use this event", which. Each scan's condition
 * gets a bit that it marks where it holds; when there are more than 64 those
 * share one that lie next to each other by their text, so that rules on the same
 * column and the like of a value do. Equal conditions share one anyway, as far
 * as there are bits to share.
 *
 * A condition that always holds needs no bit: its scan is always asked.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HINT_BITS 64u
#define HINT_WORK_BYTES ((size_t)64 << 20)

/* A distinct condition, and what its scans are called. */
struct marked {
	const struct cond *cond;
	const char *text;
	uint64_t marks;
};

static int by_cond(const void *a, const void *b)
{
	const struct marked *x = a, *y = b;

	return x->cond->order < y->cond->order ?
		       -1 :
		       x->cond->order > y->cond->order;
}

static int by_text(const void *a, const void *b)
{
	const struct marked *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : by_cond(a, b);
}

/* The distinct ones of those that depend on the record, by their order. */
static unsigned find_distinct(const struct cond *const *conds,
			      const char *const *texts, unsigned count,
			      struct marked *to)
{
	unsigned found = 0, distinct = 0;

	for (unsigned i = 0; i < count; i++)
		if (conds[i]->kind > COND_TRUE)
			to[found++] = (struct marked){ .cond = conds[i],
						       .text = texts[i] };
	qsort(to, found, sizeof(*to), by_cond);
	for (unsigned i = 0; i < found; i++)
		if (!distinct || to[distinct - 1].cond != to[i].cond)
			to[distinct++] = to[i];
	return distinct;
}

/* A bit for each scan, while there are enough; NULL as above. */
static void give_each(const struct cond *const *conds, unsigned count,
		      uint64_t *hints)
{
	unsigned next = 0;

	for (unsigned i = 0; i < count; i++)
		hints[i] = conds[i]->kind == COND_TRUE ? 0 : 1ULL << next++;
}

static const struct marked *find(const struct marked *marked, unsigned count,
				 const struct cond *cond)
{
	const struct marked key = { .cond = cond };

	return bsearch(&key, marked, count, sizeof(*marked), by_cond);
}

/* A bit for those next to each other. What never holds has the first. */
static void share(struct marked *marked, unsigned distinct,
		  const struct cond *const *conds, unsigned count,
		  uint64_t *hints)
{
	qsort(marked, distinct, sizeof(*marked), by_text);
	for (unsigned i = 0; i < distinct; i++)
		marked[i].marks = 1ULL
				  << (uint64_t)i * HINT_BITS /
					     (distinct < HINT_BITS ? HINT_BITS :
								     distinct);
	qsort(marked, distinct, sizeof(*marked), by_cond);
	for (unsigned i = 0; i < count; i++) {
		const struct marked *m = NULL;

		if (conds[i]->kind > COND_TRUE)
			m = find(marked, distinct, conds[i]);
		hints[i] = m ? m->marks : conds[i]->kind == COND_TRUE ? 0 : 1;
	}
}

static unsigned not_always(const struct cond *const *conds, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n += conds[i]->kind != COND_TRUE;
	return n;
}

/* The condition, and its marks where it holds. */
static const struct cond *mark(struct cond_set *set,
			       const struct marked *marked)
{
	const struct cond **both =
		arena_array(set->arena, 2, sizeof(const struct cond *));
	const struct field none = { .size = 0 };

	if (!both) {
		set->failed = true;
		return cond_const(true);
	}
	both[0] = marked->cond;
	both[1] = cond_mark(set, none, marked->marks);
	return cond_join(set, COND_AND, both, 2, false);
}

static const struct cond *join(struct cond_set *set,
			       const struct marked *marked, unsigned distinct)
{
	const struct cond **any =
		arena_array(set->arena, distinct, sizeof(const struct cond *));

	if (!any) {
		set->failed = true;
		return cond_const(true);
	}
	for (unsigned i = 0; i < distinct; i++)
		any[i] = mark(set, &marked[i]);
	return cond_join(set, COND_OR, any, distinct, false);
}

const struct cond *hint_root(struct cond_set *set,
			     const struct cond *const *conds,
			     const char *const *texts, unsigned count,
			     uint64_t *hints)
{
	struct marked *marked = arena_array(set->arena, count, sizeof(*marked));
	unsigned distinct;

	memset(hints, 0, count * sizeof(*hints));
	if (!marked) {
		set->failed = true;
		return cond_const(true);
	}
	distinct = find_distinct(conds, texts, count, marked);
	/* One alone is what the predicate has asked. */
	if (!distinct || (distinct == 1 && not_always(conds, count) == count))
		return cond_const(true);
	if (not_always(conds, count) > HINT_BITS) {
		share(marked, distinct, conds, count, hints);
		return join(set, marked, distinct);
	}
	give_each(conds, count, hints);
	for (unsigned i = 0; i < distinct; i++)
		for (unsigned k = 0; k < count; k++)
			if (conds[k] == marked[i].cond)
				marked[i].marks |= hints[k];
	return join(set, marked, distinct);
}

/* --- in an arena of its own ----------------------------------------------- */

static void *copy(struct arena *arena, const void *items, size_t count,
		  size_t size)
{
	return arena_copy(arena, items, count * size);
}

static bool lines_copy(struct arena *arena, struct kernel_function *f)
{
	struct kernel_line *lines =
		copy(arena, f->lines, f->line_count, sizeof(*lines));

	f->lines = lines;
	for (unsigned i = 0; lines && i < f->line_count; i++) {
		lines[i].text =
			arena_copy(arena, lines[i].text, strlen(lines[i].text));
		if (!lines[i].text)
			return false;
	}
	return lines;
}

static bool ir_copy(struct arena *arena, struct kernel_function *f)
{
	struct kernel_ir *ir = copy(arena, f->ir, 1, sizeof(*ir));

	f->ir = ir;
	if (!ir)
		return false;
	ir->arena = arena;
	ir->blocks =
		copy(arena, ir->blocks, ir->block_count, sizeof(*ir->blocks));
	ir->insns = copy(arena, ir->insns, ir->insn_count, sizeof(*ir->insns));
	return ir->blocks && ir->insns;
}

static bool function_copy(struct arena *arena, struct kernel_function *f)
{
	f->name = arena_copy(arena, f->name, strlen(f->name));
	if (!f->insns)
		return f->name;
	f->insns = copy(arena, f->insns, f->insn_count, sizeof(*f->insns));
	return f->name && f->insns && lines_copy(arena, f) && ir_copy(arena, f);
}

int pushdown_hint(const struct pushdown_request *request,
		  struct kernel_function *ret_function, struct err *err)
{
	struct pushdown_request within = *request;
	struct kernel_function function = { 0 };
	struct err why = { 0 };
	struct arena work;
	bool exact;
	int r;

	arena_init(&work, HINT_WORK_BYTES);
	within.arena = &work;
	within.stage = PUSHDOWN_HINT;
	r = pushdown_stage(&within, &function, &exact, &why);
	if (!r && !function_copy(request->arena, &function))
		r = err_nomem(err);
	else if (r == -ENOMEM)
		r = 0;
	else if (r && err)
		*err = why;
	arena_release(&work);
	if (!r)
		*ret_function = function;
	return r;
}
