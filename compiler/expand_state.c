// SPDX-License-Identifier: Apache-2.0
/*
 * Joins with the table of processes. Each event carries what the table knew of
 * its process, and of the parent, when it happened: a join with the table on
 * one of these is no join, the table's columns are columns of the event.
 *
 *   FROM process p JOIN network.connect n ON n.pid_key = p.pid_key
 *     p.exe is n.exe, and FROM begins with n
 *   ... JOIN file.open f ON f.pid_key = p.pid_key
 *     f is of n's process, within a minute of n
 *   FROM process c LEFT JOIN process p ON p.pid_key = c.parent_key
 *     p.exe is c.parent_exe
 *
 * What is left in FROM is the stream `process`: the table's changes.
 */
#include "compiler/expand_int.h"

#include <string.h>

/* Whose identity a column is. */
enum key { KEY_NONE, KEY_OWN, KEY_PARENT };

/* As which event's process, or its parent, an item of FROM is known. */
struct place {
	bool placed;
	unsigned event; /* item */
	bool parent;
};

struct pass {
	struct expander *x;
	struct ast_select *select;
	struct place places[EXPAND_SOURCES_MAX];
	struct place nearer[EXPAND_SOURCES_MAX]; /* in WHEN: of its own item */
};

static bool is_state(const struct ast_item *item)
{
	return item->stream && !item->window && !item->recognize &&
	       strcmp(item->stream, EXPAND_STATE) == 0;
}

static enum key key_of(const char *column)
{
	if (strcmp(column, "pid_key") == 0 || strcmp(column, "pid") == 0)
		return KEY_OWN;
	if (strcmp(column, "parent_key") == 0 || strcmp(column, "ppid") == 0)
		return KEY_PARENT;
	return KEY_NONE;
}

/* The item, or item_count. */
static unsigned find_item(const struct ast_select *select,
			  const char *qualifier)
{
	unsigned i;

	for (i = 0; i < select->item_count; i++) {
		const struct ast_item *item = &select->items[i];

		if ((item->alias && strcmp(item->alias, qualifier) == 0) ||
		    (item->stream && strcmp(item->stream, qualifier) == 0))
			break;
	}
	return i;
}

/* item.key = other.other_key */
struct link {
	enum key key;
	unsigned other;
	enum key other_key;
};

static bool is_link(const struct ast_select *select,
		    const struct ast_expr *term, unsigned item,
		    struct link *ret)
{
	enum key keys[2];
	unsigned items[2];

	if (term->op != AST_EQ)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		const struct ast_expr *name = term->args[i];

		if (name->op != AST_NAME || !name->qualifier)
			return false;
		keys[i] = key_of(name->text);
		items[i] = find_item(select, name->qualifier);
		if (!keys[i] || items[i] == select->item_count)
			return false;
	}
	if ((items[0] == item) == (items[1] == item))
		return false;
	*ret = items[0] == item ? (struct link){ keys[0], items[1], keys[1] } :
				  (struct link){ keys[1], items[0], keys[0] };
	return true;
}

/* --- where the table's rows are found --- */

/*
 * Is the item of the process of one of `of`, or with KEY_PARENT a child of it,
 * by a term of its own ON?
 */
static enum key tied_to(const struct pass *p, unsigned i, const bool *of)
{
	const struct ast_item *item = &p->select->items[i];
	struct link link;

	for (unsigned t = 0; t < expand_term_count(item->on); t++)
		if (is_link(p->select, expand_term(item->on, t), i, &link) &&
		    of[link.other] && link.other_key == KEY_OWN)
			return link.key;
	return KEY_NONE;
}

/* FROM is the table: the first event that is of its process, or a child's. */
static void place_first(struct pass *p)
{
	bool same[EXPAND_SOURCES_MAX] = { true };
	struct ast_select *select = p->select;

	/* Other rows of the table that are the same row, in any order. */
	for (unsigned round = 1; round < select->item_count; round++)
		for (unsigned i = 1; i < select->item_count; i++)
			same[i] |= is_state(&select->items[i]) &&
				   tied_to(p, i, same) == KEY_OWN;
	p->places[0] = (struct place){ .placed = true };
	for (unsigned i = 1; i < select->item_count; i++) {
		const struct ast_item *item = &select->items[i];
		enum key key;

		if (is_state(item) || !expand_item_stream(item) ||
		    (item->join != AST_JOIN_INNER &&
		     item->join != AST_JOIN_AUTO))
			continue;
		key = tied_to(p, i, same);
		if (!key)
			continue;
		p->places[0] = (struct place){ true, i, key == KEY_PARENT };
		return;
	}
}

static void no_grandparent(struct pass *p, const struct ast_expr *term)
{
	expand_error(p->x, term->span,
		     "ANCESTOR(pid_key, 2) is the parent's parent",
		     "an event knows its process and the parent, not the "
		     "parent's parent");
}

/* By a term of its own ON; false: none that can be used yet. */
static bool place_one(struct pass *p, unsigned i)
{
	const struct ast_item *item = &p->select->items[i];
	struct link link;

	for (unsigned t = 0; t < expand_term_count(item->on); t++) {
		const struct ast_expr *term = expand_term(item->on, t);
		struct place other;

		if (!is_link(p->select, term, i, &link) || link.key != KEY_OWN)
			continue;
		other = p->places[link.other];
		if (!other.placed)
			continue;
		if (other.parent && link.other_key == KEY_PARENT) {
			no_grandparent(p, term);
			return false;
		}
		p->places[i] =
			(struct place){ true, other.event,
					other.parent ||
						link.other_key == KEY_PARENT };
		return true;
	}
	return false;
}

static const char *example(struct pass *p, unsigned i)
{
	const struct ast_select *select = p->select;
	const char *own = expand_item_qualifier(&select->items[i]);

	for (unsigned k = 0; k < select->item_count; k++) {
		const char *other = expand_item_qualifier(&select->items[k]);

		if (k != i && p->places[k].placed)
			return compilation_text(
				p->x->c,
				"write ON %s.pid_key = %s.pid_key, or ON "
				"%s.pid_key = %s.parent_key for the parent",
				own, other, own, other);
	}
	return "join it in the subquery, where the events are";
}

static void place_all(struct pass *p)
{
	struct ast_select *select = p->select;
	unsigned missing = select->item_count;
	bool more = true;

	for (unsigned i = 0; i < select->item_count; i++)
		if (!is_state(&select->items[i]) &&
		    expand_item_stream(&select->items[i]))
			p->places[i] = (struct place){ true, i, false };
	if (is_state(&select->items[0]))
		place_first(p);
	while (more && expand_ok(p->x)) {
		more = false;
		missing = select->item_count;
		for (unsigned i = 1; i < select->item_count; i++) {
			if (p->places[i].placed || !is_state(&select->items[i]))
				continue;
			if (place_one(p, i))
				more = true;
			else
				missing = i;
		}
	}
	if (missing < select->item_count && expand_ok(p->x))
		expand_error(p->x, select->items[missing].span,
			     example(p, missing),
			     "the table of processes is joined by the identity "
			     "of a process or of its parent");
}

static bool is_gone(const struct pass *p, unsigned i)
{
	return is_state(&p->select->items[i]) && p->places[i].event != i;
}

/* --- its columns --- */

/* The column that mirrors it; NULL: of the parent it is not known. */
static const char *parent_column(const char *name)
{
	const struct stream *stream = catalog_stream(STREAM_PROCESS);
	const struct column *column;

	switch (key_of(name)) {
	case KEY_OWN:
		return strcmp(name, "pid") == 0 ? "ppid" : "parent_key";
	case KEY_PARENT:
		return NULL;
	case KEY_NONE:
		break;
	}
	if (strcmp(name, "ts") == 0)
		return name;
	for (unsigned i = COL_PARENT_FIRST; i < COL_OWN_FIRST; i++) {
		column = catalog_column_at(stream, catalog_parent_source(i));
		if (strcmp(column->name, name) == 0)
			return catalog_column_at(stream, i)->name;
	}
	return NULL;
}

static void unknown_of_parent(struct pass *p, const struct ast_expr *name)
{
	const struct stream *stream = catalog_stream(STREAM_PROCESS);
	struct buf known = BUF_INIT;
	const char *suggestion;

	buf_puts(&known, "known are pid, pid_key");
	for (unsigned i = COL_PARENT_FIRST; i < COL_OWN_FIRST; i++)
		buf_printf(&known, ", %s",
			   catalog_column_at(stream, catalog_parent_source(i))
				   ->name);
	suggestion = compilation_take(p->x->c, &known);
	expand_error(p->x, name->span, suggestion,
		     "'%s' of a parent process is not known", name->text);
}

/* What only a row of the stream `process` has. */
static bool is_of_change(const char *name)
{
	const struct column *column = catalog_column(
		catalog_stream(STREAM_PROCESS), name, strlen(name));

	return column && column->id >= COL_OWN_FIRST;
}

static struct ast_expr *table_column(struct pass *p, unsigned item,
				     const struct ast_expr *name)
{
	const struct place *place =
		p->nearer[item].placed ? &p->nearer[item] : &p->places[item];
	const struct ast_item *event = &p->select->items[place->event];
	const char *column = name->text;

	if (is_of_change(name->text)) {
		expand_error(p->x, name->span,
			     "it is a column of FROM process alone",
			     "'%s' says why the table has changed, and no "
			     "event knows it",
			     name->text);
		return NULL;
	}
	if (place->parent)
		column = parent_column(name->text);
	if (column)
		return expand_column(p->x, name->span,
				     expand_item_qualifier(event), column);
	unknown_of_parent(p, name);
	return NULL;
}

/* Does a query around the name, but inside of ours, have that alias? */
static bool is_hidden(const struct expand_map *m, const char *qualifier)
{
	for (unsigned i = 0; i < m->inside_count; i++)
		if (find_item(m->inside[i], qualifier) <
		    m->inside[i]->item_count)
			return true;
	return false;
}

static bool put_column(struct expand_map *m, const struct ast_expr *expr,
		       struct ast_expr **ret)
{
	struct pass *p = m->data;
	unsigned item;

	if (expr->op != AST_NAME || !expr->qualifier ||
	    is_hidden(m, expr->qualifier))
		return false;
	item = find_item(p->select, expr->qualifier);
	if (item == p->select->item_count || !is_gone(p, item))
		return false;
	*ret = table_column(p, item, expr);
	return true;
}

/* --- the joins that are left --- */

/* With the identities in place of the numbers, which are used again. */
static struct ast_expr *put_link(struct pass *p, struct ast_expr *term)
{
	struct ast_expr *sides[2];

	for (unsigned i = 0; i < 2; i++) {
		const struct ast_expr *name = term->args[i];
		const struct place *place =
			&p->places[find_item(p->select, name->qualifier)];
		bool parent = place->parent || key_of(name->text) == KEY_PARENT;

		if (place->parent && key_of(name->text) == KEY_PARENT) {
			no_grandparent(p, term);
			return NULL;
		}
		sides[i] = expand_column(
			p->x, name->span,
			expand_item_qualifier(&p->select->items[place->event]),
			parent ? "parent_key" : "pid_key");
		p->x->changed |= strcmp(name->text, "pid") == 0 ||
				 strcmp(name->text, "ppid") == 0;
	}
	return expand_infix(p->x, AST_EQ, sides[0], sides[1]);
}

static bool is_same_name(const struct ast_expr *term)
{
	return strcmp(term->args[0]->text, term->args[1]->text) == 0 &&
	       strcmp(term->args[0]->qualifier, term->args[1]->qualifier) == 0;
}

/*
 * ON with the table's columns in place. *anchor becomes the item that the
 * table ties this one to; what says that a process is itself is left out.
 */
static struct ast_expr *put_on(struct pass *p, unsigned i, unsigned *anchor)
{
	struct ast_expr *on = p->select->items[i].on;
	struct expand_map m = { .x = p->x, .expr = put_column, .data = p };
	unsigned count = expand_term_count(on), n = 0;
	struct ast_expr **terms =
		compilation_alloc(p->x->c, count, sizeof(struct ast_expr *));
	struct link link;

	for (unsigned t = 0; t < count && expand_ok(p->x); t++) {
		struct ast_expr *term = expand_term(on, t);

		if (!is_link(p->select, term, i, &link) ||
		    !p->places[i].placed || !p->places[link.other].placed ||
		    (!is_state(&p->select->items[link.other]) &&
		     !is_gone(p, i))) {
			terms[n++] = expand_map_expr(&m, term);
			continue;
		}
		if (p->places[link.other].event != i)
			*anchor = p->places[link.other].event;
		/* In WHEN the table is as of this item's own time. */
		if (!is_gone(p, i) && link.other_key == KEY_OWN &&
		    is_gone(p, link.other))
			p->nearer[link.other] =
				(struct place){ true, i,
						link.key == KEY_PARENT };
		term = put_link(p, term);
		if (term && !is_same_name(term))
			terms[n++] = term;
	}
	return expand_ok(p->x) ? expand_all(p->x, terms, n) : NULL;
}

static void put_event(struct pass *p, unsigned i, bool first)
{
	struct ast_select *select = p->select;
	struct ast_item *item = &select->items[i];
	struct expand_map m = { .x = p->x, .expr = put_column, .data = p };
	unsigned anchor = i;
	struct ast_expr *on;

	memset(p->nearer, 0, sizeof(p->nearer));
	on = put_on(p, i, &anchor);
	item->when = expand_map_expr(&m, item->when);
	memset(p->nearer, 0, sizeof(p->nearer));
	if (!expand_ok(p->x))
		return;
	if (first) {
		item->triggered = item->join == AST_JOIN_AUTO;
		item->join = AST_JOIN_FROM;
		on = expand_and(p->x, on, item->when);
		select->where = expand_and(p->x, on, select->where);
		item->on = NULL;
		item->when = NULL;
		return;
	}
	item->on = on ? on : expand_true(p->x, item->span);
	if (anchor == i ||
	    expand_has_time_bound(on, expand_item_qualifier(item)) ||
	    expand_has_time_bound(select->where, expand_item_qualifier(item)))
		return;
	on = expand_time_bound(p->x, item->span, expand_item_qualifier(item),
			       expand_item_qualifier(&select->items[anchor]),
			       EXPAND_WINDOW_NS, EXPAND_WINDOW_NS);
	item->on = expand_and(p->x, item->on, on);
	p->x->changed = true;
}

/* A parent that is not known is no row of an inner join. */
static struct ast_expr *parent_is_known(struct pass *p, unsigned i)
{
	const struct ast_item *item = &p->select->items[i];
	const char *event =
		expand_item_qualifier(&p->select->items[p->places[i].event]);
	struct ast_expr *zero = expand_new(p->x, AST_INT, item->span, 0);

	if (item->join == AST_JOIN_LEFT || !p->places[i].parent)
		return NULL;
	return expand_infix(
		p->x, AST_NE,
		expand_column(p->x, item->span, event, "parent_key"), zero);
}

/* The table goes; what else its ON asks for is asked of the event. */
static void put_table(struct pass *p, unsigned i)
{
	struct ast_item *item = &p->select->items[i];
	unsigned anchor = i;
	struct ast_expr *on = put_on(p, i, &anchor);

	if (on && item->join == AST_JOIN_LEFT) {
		expand_error(p->x, on->span, "ask for it in WHERE",
			     "a LEFT JOIN with the table of processes takes "
			     "the identity and nothing else");
		return;
	}
	on = expand_and(p->x, parent_is_known(p, i), on);
	p->select->where = expand_and(p->x, p->select->where, on);
}

/* --- FOR SYSTEM_TIME AS OF --- */

static void check_as_of(struct pass *p, unsigned i)
{
	const struct ast_item *item = &p->select->items[i];
	const struct ast_expr *time = item->as_of;
	unsigned other;

	if (!time)
		return;
	if (!is_state(item)) {
		expand_error(p->x, time->span,
			     "only the table of processes has a past",
			     "FOR SYSTEM_TIME AS OF reads a table, and %s is "
			     "%s",
			     item->stream ? item->stream : "this",
			     item->stream ? "a stream" : "a subquery");
		return;
	}
	if (is_gone(p, i) && time->op == AST_NAME && time->qualifier &&
	    strcmp(time->text, "ts") == 0) {
		other = find_item(p->select, time->qualifier);
		if (other < p->select->item_count &&
		    p->places[other].event == p->places[i].event)
			return;
	}
	expand_error(p->x, time->span,
		     "write FOR SYSTEM_TIME AS OF e.ts, where e is the event "
		     "it is joined with",
		     "the table of processes is read as of the time of the "
		     "event that it is joined with");
}

/* --- the table alone --- */

static const struct {
	const char *column;
	const char *changed;
} sampled[] = {
	{ "cpu_usage", "cpu_changed" },
	{ "memory_usage", "memory_changed" },
	{ "status", "status_changed" },
	{ "executable_hash", "hash_changed" },
};

struct reading {
	const char *qualifier;
	bool changes; /* it asks itself why there is a row */
	bool columns[ARRAY_SIZE(sampled)];
};

static bool note_reading(struct expand_map *m, const struct ast_expr *expr,
			 struct ast_expr **ret)
{
	struct reading *reading = m->data;

	(void)ret;
	if (expr->op != AST_NAME ||
	    (expr->qualifier && reading->qualifier &&
	     strcmp(expr->qualifier, reading->qualifier) != 0))
		return false;
	reading->changes |= is_of_change(expr->text);
	for (unsigned i = 0; i < ARRAY_SIZE(sampled); i++)
		reading->columns[i] |=
			strcmp(expr->text, sampled[i].column) == 0;
	return false;
}

static void read_all(struct expander *x, const struct ast_select *select,
		     struct reading *reading)
{
	struct expand_map m = { .x = x, .expr = note_reading, .data = reading };
	struct ast_output *outputs = select->outputs;
	struct ast_select clauses = *select;

	expand_map_outputs(&m, &outputs, select->output_count);
	expand_map_clauses(&m, &clauses);
	for (unsigned i = 0; i < select->item_count; i++)
		expand_map_expr(&m, select->items[i].on);
}

/* `first`, OR one of the sampled columns that are read has changed. */
static struct ast_expr *or_changed(struct expander *x, struct span span,
				   const char *qualifier,
				   const struct reading *reading,
				   struct ast_expr *first)
{
	unsigned n = 1;
	struct ast_expr *ret;

	for (unsigned i = 0; i < ARRAY_SIZE(sampled); i++)
		n += reading->columns[i];
	if (n == 1)
		return first;
	ret = expand_new(x, AST_OR, span, n);
	if (!ret)
		return NULL;
	ret->args[0] = first;
	n = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(sampled); i++)
		if (reading->columns[i])
			ret->args[n++] = expand_column(x, span, qualifier,
						       sampled[i].changed);
	return ret;
}

/* cause <> 'sample', OR ... : what every reader of the table asks for. */
static struct ast_expr *own_change(struct expander *x, struct span span,
				   const char *qualifier,
				   const struct reading *reading)
{
	struct ast_expr *sample = expand_new(x, AST_TEXT, span, 0);
	struct ast_expr *cause = expand_column(x, span, qualifier, "cause");

	x->changed = true;
	if (!sample)
		return NULL;
	sample->text = "sample";
	return or_changed(x, span, qualifier, reading,
			  expand_infix(x, AST_NE, cause, sample));
}

static bool is_table(const char *stream)
{
	return stream && strcmp(stream, EXPAND_STATE) == 0;
}

static bool is_table_step(const struct ast_item *item,
			  const struct ast_step *step)
{
	return is_table(step->stream ? step->stream : item->stream);
}

static void read_sequence(struct expander *x,
			  const struct ast_recognize *sequence,
			  struct reading *reading)
{
	struct expand_map m = { .x = x, .expr = note_reading, .data = reading };
	struct ast_output *measures = sequence->measures;
	unsigned n = sequence->step_count + (sequence->until != NULL);

	expand_map_list(&m, sequence->keys, sequence->key_count);
	expand_map_outputs(&m, &measures, sequence->measure_count);
	for (unsigned i = 0; i < n; i++) {
		const struct ast_step *step = &sequence->steps[i];

		expand_map_list(&m, step->keys, step->key_count);
		expand_map_expr(&m, step->define);
	}
}

/* Its steps are copies that expand_sequence() has made, UNTIL behind them. */
static void steps_of_own_changes(struct expander *x,
				 const struct ast_item *item)
{
	const struct ast_recognize *sequence = item->recognize;
	unsigned n = sequence->step_count + (sequence->until != NULL);
	struct reading reading = { 0 };
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		any |= is_table_step(item, &sequence->steps[i]);
	if (!any)
		return;
	read_sequence(x, sequence, &reading);
	for (unsigned i = 0; i < n && !reading.changes && expand_ok(x); i++) {
		struct ast_step *step = &sequence->steps[i];

		if (is_table_step(item, step))
			step->define = expand_and(
				x, step->define,
				own_change(x, step->span, NULL, &reading));
	}
}

/*
 * Which columns are sampled depends on all rules; a row that only says that
 * another rule's column has changed is not this rule's.
 */
static void only_own_changes(struct expander *x, struct ast_select *select)
{
	const struct ast_item *item = &select->items[0];
	struct reading reading = { .qualifier = expand_item_qualifier(item) };
	struct expand_map m = { .x = x,
				.expr = note_reading,
				.data = &reading };

	for (unsigned i = 0; i < select->item_count; i++)
		if (select->items[i].recognize)
			steps_of_own_changes(x, &select->items[i]);
	if (!is_table(item->stream) || item->recognize)
		return;
	read_all(x, select, &reading);
	if (item->window)
		expand_map_list(&m, item->window->keys,
				item->window->key_count);
	if (reading.changes || !expand_ok(x))
		return;
	select->where = expand_and(
		x, select->where,
		own_change(x, item->span,
			   item->alias ? reading.qualifier : NULL, &reading));
}

static void remove_tables(struct pass *p)
{
	struct ast_select *select = p->select;
	struct ast_item *items =
		compilation_alloc(p->x->c, select->item_count, sizeof(*items));
	unsigned first = p->places[0].event, n = 0;

	if (!items)
		return;
	if (is_gone(p, 0))
		items[n++] = select->items[first];
	for (unsigned i = 0; i < select->item_count; i++)
		if (!is_gone(p, i) && !(is_gone(p, 0) && i == first))
			items[n++] = select->items[i];
	p->x->changed |= n < select->item_count;
	select->items = items;
	select->item_count = n;
}

static void put_tables(struct pass *p)
{
	struct ast_select *select = p->select;
	struct expand_map m = { .x = p->x, .expr = put_column, .data = p };

	place_all(p);
	for (unsigned i = 0; i < select->item_count && expand_ok(p->x); i++)
		check_as_of(p, i);
	if (!expand_ok(p->x))
		return;
	expand_map_outputs(&m, &select->outputs, select->output_count);
	expand_map_clauses(&m, select);
	for (unsigned i = 1; i < select->item_count && expand_ok(p->x); i++) {
		if (is_gone(p, i))
			put_table(p, i);
		else
			put_event(p, i,
				  is_gone(p, 0) && p->places[0].event == i);
	}
	if (expand_ok(p->x))
		remove_tables(p);
}

void expand_state(struct expander *x, struct ast_select *select)
{
	struct pass *p = compilation_alloc(x->c, 1, sizeof(*p));
	bool any = false;

	if (!p)
		return;
	p->x = x;
	p->select = select;
	for (unsigned i = 0; i < select->item_count; i++)
		any |= is_state(&select->items[i]) && select->item_count > 1;
	for (unsigned i = 0; i < select->item_count; i++)
		if (!any)
			check_as_of(p, i);
	if (any)
		put_tables(p);
	if (expand_ok(x) && select->item_count > AST_JOINS_MAX + 1)
		expand_error(x, select->items[AST_JOINS_MAX + 1].span,
			     "split the rule",
			     "with those that are not written out the rule has "
			     "more than %d joins",
			     AST_JOINS_MAX);
	if (expand_ok(x))
		only_own_changes(x, select);
}
