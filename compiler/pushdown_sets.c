// SPDX-License-Identifier: Apache-2.0
/*
 * Many texts of one path, of one kind, become a set that the collector looks
 * the path up in:
 *
 *	path = '/a' AND x OR path = '/b' AND y OR path = '/c' AND x OR ...
 *
 * gives the texts of equal demands one group, and the predicate asks
 *
 *	group = 1 AND x OR group = 2 AND y OR ...
 *
 * Kinds: the whole path; what follows its last '/', for a text to end with that
 * holds one; a beginning. A path that begins with a text begins with its
 * beginnings too: the longest counts, so its group has their demands as well.
 *
 * Beginnings and whole paths are searched in code as fast, as long as they fit;
 * endings lie at no fixed place and are compared one after the other. Measured
 * (tests/bench/many_rules.sh, ns of an open that no rule matches): 1,000 endings
 * one after the other 1,441, by their last component 476, of 440 without any;
 * beginnings 403 in code, 452 in a map; whole paths 417 and 429.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

#include <stdlib.h>
#include <string.h>

/* So many distinct texts are worth a look-up; fewer, when code is too long. */
#define NAMES_LEAST 32
#define OTHERS_LEAST 512

static uint32_t least(const struct cond_set *set, enum path_set_kind kind)
{
	return kind == PATH_SET_NAME || set->brief ? NAMES_LEAST : OTHERS_LEAST;
}

/* A text of one branch, and what else that branch demands. */
struct member {
	const uint8_t *text;
	uint32_t len;
	const struct cond *rest;
};

struct extraction {
	struct cond_set *set;
	struct branches *branches;
	const struct column *column;
	enum path_set_kind kind;
	struct member *members;
	uint32_t member_count;
	struct path_set_entry *entries;
	uint32_t *above; /* of each: the longest other that it begins with */
	uint32_t entry_count;
	const struct cond **groups; /* of each group what it demands */
	uint32_t group_count;
};

static uint32_t last_slash(const struct cond *c)
{
	uint32_t i = c->text_len;

	while (i > 0 && c->text[i - 1] != '/')
		i--;
	return i;
}

/* The kind of set that takes it; PATH_SET_KIND_COUNT: none. */
static enum path_set_kind kind_of(const struct cond_set *set,
				  const struct cond *c)
{
	if (c->cmp != IR_EQ || c->fold_case ||
	    (c->kind != COND_TEXT && c->kind != COND_SUFFIX) || !c->text_len ||
	    c->text_len > PATH_SET_TEXT_MAX ||
	    !catalog_path_groups(set->stream->id, c->column->id))
		return PATH_SET_KIND_COUNT;
	if (c->kind == COND_TEXT)
		return c->prefix ? PATH_SET_PREFIX : PATH_SET_WHOLE;
	/* Something follows a '/'. */
	return last_slash(c) > 0 && last_slash(c) < c->text_len ?
		       PATH_SET_NAME :
		       PATH_SET_KIND_COUNT;
}

bool is_set_text(const struct cond_set *set, const struct cond *cond)
{
	return set->sets && kind_of(set, cond) != PATH_SET_KIND_COUNT;
}

bool is_set_list(const struct cond_set *set, const struct cond *cond)
{
	enum path_set_kind kind;

	if (cond->kind != COND_OR)
		return false;
	kind = kind_of(set, cond->args[0]);
	if (kind == PATH_SET_KIND_COUNT || cond->arg_count < least(set, kind))
		return false;
	for (uint32_t i = 1; i < cond->arg_count; i++)
		if (kind_of(set, cond->args[i]) != kind)
			return false;
	return true;
}

/* The branch's condition that this set takes; its count: none. */
static uint32_t find_text(const struct extraction *x,
			  const struct branch *branch)
{
	uint32_t i = 0;

	while (i < branch->count &&
	       (kind_of(x->set, branch->conds[i]) != x->kind ||
		branch->conds[i]->column != x->column))
		i++;
	return i;
}

/* What a branch demands but for the text; of an ending more than its name. */
static const struct cond *rest_of(struct extraction *x,
				  const struct branch *branch, uint32_t at)
{
	const struct cond **rest = arena_array(x->set->arena, branch->count,
					       sizeof(const struct cond *));
	const struct cond *text = branch->conds[at];
	uint32_t count = 0;

	if (!rest) {
		x->set->failed = true;
		return cond_const(true);
	}
	for (uint32_t i = 0; i < branch->count; i++)
		if (i != at ||
		    (x->kind == PATH_SET_NAME && last_slash(text) > 1))
			rest[count++] = branch->conds[i];
	return cond_join(x->set, COND_AND, rest, count, false);
}

static int by_text(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	uint32_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->text, y->text, len);

	if (order)
		return order;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->rest->order < y->rest->order ?
		       -1 :
		       x->rest->order > y->rest->order;
}

static bool same_text(const struct member *a, const struct member *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* All texts of the kind, sorted; returns how many distinct ones. */
static uint32_t find_members(struct extraction *x)
{
	uint32_t distinct = 0;

	x->members = arena_array(x->set->arena, x->branches->count,
				 sizeof(*x->members));
	if (!x->members) {
		x->set->failed = true;
		return 0;
	}
	x->member_count = 0;
	for (uint32_t i = 0; i < x->branches->count; i++) {
		const struct branch *branch = &x->branches->items[i];
		uint32_t at = find_text(x, branch);
		const struct cond *c;
		uint32_t from;

		if (at == branch->count)
			continue;
		c = branch->conds[at];
		from = x->kind == PATH_SET_NAME ? last_slash(c) : 0;
		x->members[x->member_count++] = (struct member){
			.text = c->text + from,
			.len = c->text_len - from,
			.rest = rest_of(x, branch, at),
		};
	}
	qsort(x->members, x->member_count, sizeof(*x->members), by_text);
	for (uint32_t i = 0; i < x->member_count; i++)
		distinct +=
			!i || !same_text(&x->members[i], &x->members[i - 1]);
	return distinct;
}

/* The number of the group that demands this. */
static uint32_t group_of(struct extraction *x, const struct cond *demands)
{
	uint32_t i = 0;

	while (i < x->group_count && x->groups[i] != demands)
		i++;
	if (i == x->group_count)
		x->groups[x->group_count++] = demands;
	return i + 1;
}

/*
 * The longest other text that this one begins with; UINT32_MAX: none. As they
 * are sorted it is the one before, or one that that begins with.
 */
static uint32_t beginning_of(const struct path_set_entry *entries,
			     uint32_t before, const uint32_t *above,
			     const uint8_t *text, uint32_t len)
{
	uint32_t i = before ? before - 1 : UINT32_MAX;

	while (i != UINT32_MAX &&
	       (entries[i].len >= len ||
		memcmp(entries[i].text, text, entries[i].len)))
		i = above[i];
	return i;
}

/* One text: its members are `count` from `first` on. */
static void add_entry(struct extraction *x, uint32_t first, uint32_t count)
{
	const struct member *m = &x->members[first];
	const struct cond **any = arena_array(x->set->arena, (size_t)count + 1,
					      sizeof(const struct cond *));
	uint32_t above = x->kind == PATH_SET_PREFIX ?
				 beginning_of(x->entries, x->entry_count,
					      x->above, m->text, m->len) :
				 UINT32_MAX;
	uint32_t n = 0;

	if (!any) {
		x->set->failed = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		any[n++] = m[i].rest;
	if (above != UINT32_MAX)
		any[n++] = x->groups[x->entries[above].group - 1];
	x->above[x->entry_count] = above;
	x->entries[x->entry_count++] = (struct path_set_entry){
		.text = m->text,
		.len = m->len,
		.group = group_of(x, cond_join(x->set, COND_OR, any, n, false)),
	};
}

static void add_entries(struct extraction *x, uint32_t distinct)
{
	uint32_t next;

	x->entries = arena_array(x->set->arena, distinct, sizeof(*x->entries));
	x->groups = arena_array(x->set->arena, distinct,
				sizeof(const struct cond *));
	x->above = arena_array(x->set->arena, distinct, sizeof(*x->above));
	if (!x->entries || !x->groups || !x->above) {
		x->set->failed = true;
		return;
	}
	for (uint32_t i = 0; i < x->member_count; i = next) {
		next = i + 1;
		while (next < x->member_count &&
		       same_text(&x->members[i], &x->members[next]))
			next++;
		add_entry(x, i, next - i);
	}
}

static void keep_set(struct extraction *x)
{
	struct path_set_list *list = x->set->sets;

	if (list->count == list->size) {
		unsigned size = list->size ? 2 * list->size : 8;
		struct path_set *items =
			arena_array(x->set->arena, size, sizeof(*items));

		if (!items) {
			x->set->failed = true;
			return;
		}
		if (list->count)
			memcpy(items, list->items,
			       list->count * sizeof(*items));
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] =
		(struct path_set){ .stream = x->set->stream->id,
				   .column = x->column->id,
				   .kind = x->kind,
				   .entries = x->entries,
				   .entry_count = x->entry_count };
}

/* The branches that have a text of the set become one of each group. */
static void replace_branches(struct extraction *x)
{
	const struct field field = {
		.offset = (uint16_t)(catalog_path_groups(x->set->stream->id,
							 x->column->id) +
				     x->kind * sizeof(__u32)),
		.size = sizeof(__u32),
	};
	const struct operand *group = operand_field(x->set, field);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < x->branches->count; i++)
		if (find_text(x, &x->branches->items[i]) ==
		    x->branches->items[i].count)
			x->branches->items[kept++] = x->branches->items[i];
	x->branches->count = kept;
	for (uint32_t i = 0; i < x->group_count && !x->set->failed; i++) {
		struct branch b = {
			.conds = arena_array(x->set->arena, 2,
					     sizeof(const struct cond *)),
		};

		if (!b.conds) {
			x->set->failed = true;
			return;
		}
		b.conds[b.count++] = cond_compare(x->set, IR_EQ, group,
						  operand_const(x->set, i + 1));
		if (x->groups[i]->kind != COND_TRUE)
			b.conds[b.count++] = x->groups[i];
		add_branch(x->set, x->branches, b);
	}
}

static void extract(struct cond_set *set, struct branches *branches,
		    const struct column *column, enum path_set_kind kind)
{
	struct extraction x = {
		.set = set, .branches = branches, .column = column, .kind = kind
	};
	uint32_t distinct = find_members(&x);

	if (set->failed || distinct < least(set, kind))
		return;
	add_entries(&x, distinct);
	if (!set->failed)
		keep_set(&x);
	if (!set->failed)
		replace_branches(&x);
}

bool sets_extract(struct cond_set *set, struct branches *branches)
{
	unsigned before = set->sets->count;

	for (unsigned i = 0; i < catalog_column_count(set->stream); i++) {
		const struct column *column = catalog_column_at(set->stream, i);

		if (!catalog_path_groups(set->stream->id, i))
			continue;
		for (unsigned k = 0; k < PATH_SET_KIND_COUNT && !set->failed;
		     k++)
			extract(set, branches, column, (enum path_set_kind)k);
	}
	return set->sets->count != before;
}

/* --- the marks of a hint -------------------------------------------------- */

static struct path_set *set_of(const struct cond_set *set,
			       const struct column *column,
			       enum path_set_kind kind)
{
	for (unsigned i = 0; i < set->sets->count; i++) {
		struct path_set *s = &set->sets->items[i];

		if (s->stream == set->stream->id && s->column == column->id &&
		    s->kind == kind)
			return s;
	}
	return NULL;
}

static int by_entry(const void *a, const void *b)
{
	const struct path_set_entry *x = a, *y = b;
	int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* What is in a set of this condition's text; NULL: nothing. */
static struct path_set_entry *entry_of(const struct cond_set *set,
				       const struct cond *c,
				       const struct path_set **ret_set)
{
	enum path_set_kind kind = kind_of(set, c);
	struct path_set_entry key;
	struct path_set *s;
	uint32_t from;

	if (kind == PATH_SET_KIND_COUNT)
		return NULL;
	s = set_of(set, c->column, kind);
	if (!s)
		return NULL;
	from = kind == PATH_SET_NAME ? last_slash(c) : 0;
	key.text = c->text + from;
	key.len = c->text_len - from;
	*ret_set = s;
	return bsearch(&key, s->entries, s->entry_count, sizeof(*s->entries),
		       by_entry);
}

/* A branch whose text is in a set, and what it then marks. */
struct marking {
	const struct path_set *in;
	const struct cond *rest; /* what else it demands */
	uint64_t marks;
};

static int by_rest(const void *a, const void *b)
{
	const struct marking *x = a, *y = b;

	if (x->in != y->in)
		return x->in < y->in ? -1 : 1;
	return x->rest->order < y->rest->order ?
		       -1 :
		       x->rest->order > y->rest->order;
}

/* False: it stays as it is. */
static bool mark_branch(struct cond_set *set, const struct branch *branch,
			struct marking *ret_marking)
{
	const struct cond **rest = arena_array(set->arena, branch->count,
					       sizeof(const struct cond *));
	struct path_set_entry *entry = NULL;
	uint32_t count = 0;

	if (!rest) {
		set->failed = true;
		return false;
	}
	*ret_marking = (struct marking){ .in = NULL };
	for (uint32_t i = 0; i < branch->count; i++) {
		const struct cond *c = branch->conds[i];

		if (c->kind == COND_MARK)
			ret_marking->marks |= c->marks;
		else if (entry || !(entry = entry_of(set, c, &ret_marking->in)))
			rest[count++] = c;
	}
	if (!entry || !ret_marking->marks)
		return false;
	entry->marks |= ret_marking->marks;
	ret_marking->rest = cond_join(set, COND_AND, rest, count, false);
	return true;
}

/* What begins with a text is marked as that is: the longest is found. */
static void mark_beginnings(struct cond_set *set, struct path_set *in)
{
	uint32_t *above =
		arena_array(set->arena, in->entry_count, sizeof(*above));

	if (!above) {
		set->failed = true;
		return;
	}
	for (uint32_t i = 0; i < in->entry_count; i++) {
		struct path_set_entry *e = &in->entries[i];

		above[i] = beginning_of(in->entries, i, above, e->text, e->len);
		if (above[i] != UINT32_MAX)
			e->marks |= in->entries[above[i]].marks;
	}
}

static void add_marked(struct cond_set *set, struct branches *branches,
		       const struct marking *m)
{
	const struct field field = {
		.offset = (uint16_t)(catalog_path_groups(set->stream->id,
							 m->in->column) +
				     offsetof(struct path_groups, marks) +
				     m->in->kind * sizeof(__u64)),
		.size = sizeof(__u64),
	};
	struct branch b = { .conds = arena_array(set->arena, 2,
						 sizeof(const struct cond *)) };

	if (!b.conds) {
		set->failed = true;
		return;
	}
	if (m->rest->kind != COND_TRUE)
		b.conds[b.count++] = m->rest;
	b.conds[b.count++] = cond_mark(set, field, m->marks);
	add_branch(set, branches, b);
}

bool sets_mark(struct cond_set *set, struct branches *branches)
{
	struct marking *found =
		arena_array(set->arena, branches->count, sizeof(*found));
	uint32_t count = 0, kept = 0;

	if (!found) {
		set->failed = true;
		return false;
	}
	for (uint32_t i = 0; i < branches->count; i++) {
		if (mark_branch(set, &branches->items[i], &found[count]))
			count++;
		else
			branches->items[kept++] = branches->items[i];
	}
	branches->count = kept;
	qsort(found, count, sizeof(*found), by_rest);
	for (uint32_t i = 0, next; i < count; i = next) {
		for (next = i + 1;
		     next < count && !by_rest(&found[i], &found[next]); next++)
			found[i].marks |= found[next].marks;
		add_marked(set, branches, &found[i]);
	}
	for (unsigned i = 0; i < set->sets->count && !set->failed; i++)
		if (set->sets->items[i].stream == set->stream->id &&
		    set->sets->items[i].kind == PATH_SET_PREFIX)
			mark_beginnings(set, &set->sets->items[i]);
	return count > 0;
}

void sets_unmark(struct cond_set *set)
{
	for (unsigned i = 0; set->sets && i < set->sets->count; i++) {
		struct path_set *s = &set->sets->items[i];

		for (unsigned k = 0;
		     s->stream == set->stream->id && k < s->entry_count; k++)
			s->entries[k].marks = 0;
	}
}
