// SPDX-License-Identifier: Apache-2.0
/*
 * MATCH_RECOGNIZE from SQL text to matches against chains kept the obvious way:
 * one list of all of them, looked through for each row. What a step's condition
 * makes of a row, or of a row and an earlier one, SQLite is asked.
 */
#include "sql_world.h"

#define VARIABLES_MAX 4
#define STEPS_MAX 8
#define CHAINS_MAX 20000
#define NO_ROW WORLD_ROWS
#define CASES (gen_full() ? 10000u : 1000u)

struct variable {
	char name[8];
	enum stream_id stream;
	const char *key; /* its column, in place of the pattern's */
	unsigned least, most;
	bool optional;
	unsigned other; /* whom its condition compares it with, or itself */
	/* Of row r, and of row r after row o of `other`, which may be NO_ROW. */
	bool fits[WORLD_ROWS];
	bool fits_after[WORLD_ROWS][WORLD_ROWS + 1];
};

struct pattern {
	struct world *w;
	struct variable vars[VARIABLES_MAX + 1]; /* the last: UNTIL */
	unsigned var_count;
	bool has_until;
	const char *key;
	unsigned within;	   /* half ms */
	unsigned steps[STEPS_MAX]; /* the variable of each */
	unsigned step_count;
	struct sql_piece defines;
	const struct plan *plan;
	char name[16];
	struct lines want, got;
};

struct chain {
	bool gone;
	unsigned key_row, key_var; /* whose key it is */
	unsigned step, row_count, begun;
	unsigned rows[STEPS_MAX];
};

/* --- conditions ------------------------------------------------------------ */

static void alias(struct pattern *p, unsigned at, const struct variable *var)
{
	struct sql_input *in = &p->w->gen.inputs[at];

	*in = (struct sql_input){ .stream = var->stream };
	snprintf(in->alias, sizeof(in->alias), "%s", var->name);
}

static struct sql_piece condition(struct pattern *p, unsigned inputs)
{
	struct sql_gen *g = &p->w->gen;
	struct sql_piece outer = sql_begin(g);

	g->first = 0;
	g->input_count = inputs;
	sql_put(g, "(");
	sql_condition(g, 1);
	for (unsigned i = sql_below(g, 3); i; i--) {
		sql_put(g, " OR ");
		sql_condition(g, 0);
	}
	sql_put(g, ")");
	return sql_end(g, outer);
}

static void ask_pairs(struct pattern *p, const char *sql,
		      bool fits[][WORLD_ROWS + 1])
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(p->w->oracle, sql, -1, &stmt, NULL))
		fail_msg("%s: %s", sqlite3_errmsg(p->w->oracle), sql);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		fits[sqlite3_column_int(stmt, 0)][sqlite3_column_int(stmt, 1)] =
			true;
	sqlite3_finalize(stmt);
}

/* The condition on its own row, of which SQLite tells the rows. */
static void define_own(struct pattern *p, struct variable *var)
{
	bool pairs[WORLD_ROWS][WORLD_ROWS + 1] = { 0 };
	struct sql_piece own;
	struct buf sql = BUF_INIT;

	alias(p, 0, var);
	own = condition(p, 1);
	buf_printf(&sql, "SELECT %s.ord, 0 FROM %s AS %s WHERE %s", var->name,
		   catalog_stream(var->stream)->name, var->name,
		   buf_text(&own.sql));
	ask_pairs(p, buf_text(&sql), pairs);
	for (unsigned r = 0; r < WORLD_ROWS; r++)
		var->fits[r] = pairs[r][0];
	buf_puts(&p->defines.rule, buf_text(&own.rule));
	sql_piece_release(&own);
	buf_release(&sql);
}

static void define_cross(struct pattern *p, struct variable *var)
{
	const struct variable *other = &p->vars[var->other];
	struct sql_piece cross;
	struct buf sql = BUF_INIT;

	alias(p, 0, var);
	alias(p, 1, other);
	cross = condition(p, 2);
	buf_printf(&sql,
		   "SELECT %s.ord, %s.ord FROM %s AS %s JOIN %s AS %s WHERE %s "
		   "UNION ALL "
		   "SELECT %s.ord, %u FROM %s AS %s LEFT JOIN %s AS %s ON "
		   "FALSE WHERE %s",
		   var->name, other->name, catalog_stream(var->stream)->name,
		   var->name, catalog_stream(other->stream)->name, other->name,
		   buf_text(&cross.sql), var->name, NO_ROW,
		   catalog_stream(var->stream)->name, var->name,
		   catalog_stream(other->stream)->name, other->name,
		   buf_text(&cross.sql));
	ask_pairs(p, buf_text(&sql), var->fits_after);
	buf_printf(&p->defines.rule, " AND %s", buf_text(&cross.rule));
	sql_piece_release(&cross);
	buf_release(&sql);
}

static const char *some_key(struct pattern *p, bool text)
{
	return text ? SQL_PICK(&p->w->gen, "comm", "name", "exe") :
		      SQL_PICK(&p->w->gen, "pid_key", "uid", "parent_key");
}

/* DEFINE of variable v, or none: any row of the pattern's stream. */
static void define(struct pattern *p, unsigned v, bool until)
{
	struct sql_gen *g = &p->w->gen;
	struct variable *var = &p->vars[v];
	struct buf *out = &p->defines.rule;
	bool text = strcmp(p->key, "comm") == 0 ||
		    strcmp(p->key, "name") == 0 || strcmp(p->key, "exe") == 0;

	snprintf(var->name, sizeof(var->name), "%c", until ? 'U' : 'A' + v);
	var->stream = p->vars[0].stream;
	var->key = p->key;
	var->other = v;
	if (!until && sql_below(g, 5) < 2) {
		for (unsigned r = 0; r < WORLD_ROWS; r++)
			var->fits[r] = p->w->rows[r]->stream == var->stream &&
				       world_is_plain(p->w->rows[r]);
		return;
	}
	buf_printf(out, "%s%s AS ", out->len ? ",\n  " : "\n  DEFINE ",
		   var->name);
	if (sql_below(g, 2)) {
		var->stream = sql_streams[sql_below(g, 3)];
		if (v == 0)
			p->vars[0].stream = var->stream;
		buf_printf(out, "%s ", catalog_stream(var->stream)->name);
		if (v && sql_below(g, 4) == 0) {
			var->key = some_key(p, text);
			buf_printf(out, "PARTITION BY %s ", var->key);
		}
		buf_puts(out, "WHERE ");
	}
	define_own(p, var);
	if (!until && v && sql_below(g, 4) == 0) {
		var->other = sql_below(g, v);
		define_cross(p, var);
	}
}

/* --- the rule -------------------------------------------------------------- */

static void quantify(struct pattern *p, unsigned v, struct buf *out)
{
	struct variable *var = &p->vars[v];
	bool end = v == 0 || v + 1 == p->var_count;
	unsigned kind = sql_below(&p->w->gen, 6), copies = 1;

	var->optional = !end && kind < 2;
	buf_printf(out, "%s%s", v ? " " : "", var->name);
	if (var->optional) {
		buf_puts(out, kind ? "*" : "?");
	} else if (kind == 2) {
		copies = 2;
		buf_puts(out, "{2}");
	} else if (kind == 3) {
		buf_puts(out, "+");
	}
	while (copies--)
		p->steps[p->step_count++] = v;
}

static void write_rule(struct pattern *p, struct buf *out)
{
	struct sql_gen *g = &p->w->gen;
	struct buf measures = BUF_INIT, steps = BUF_INIT;
	const char *from;

	p->key = some_key(p, sql_below(g, 3) == 0);
	p->vars[0].stream = sql_streams[sql_below(g, 3)];
	from = catalog_stream(p->vars[0].stream)->name;
	p->var_count = sql_below(g, 3) ? 2 + sql_below(g, 2) : VARIABLES_MAX;
	p->within = 6 + sql_below(g, 24);
	p->has_until = sql_below(g, 4) == 0;
	for (unsigned v = 0; v < p->var_count; v++) {
		enum stream_id stream = p->vars[0].stream;

		/* Each starts from the stream in FROM. */
		define(p, v, false);
		if (v == 0 && p->vars[0].stream != stream)
			from = catalog_stream(p->vars[0].stream)->name;
		quantify(p, v, &steps);
		buf_printf(&measures, "%s%s.ts AS t%u, %s.comm AS c%u",
			   v ? ", " : "", p->vars[v].name, v, p->vars[v].name,
			   v);
	}
	if (p->has_until)
		define(p, p->var_count, true);
	snprintf(p->name, sizeof(p->name), "r%u", g->names++);
	buf_printf(out, "CREATE RULE %s AS SELECT ", p->name);
	for (unsigned v = 0; v < p->var_count; v++)
		buf_printf(out, "m.t%u, m.c%u, ", v, v);
	buf_printf(out,
		   "m.%s FROM %s MATCH_RECOGNIZE (\n  PARTITION BY %s ORDER BY "
		   "ts\n  MEASURES %s\n  PATTERN (%s) WITHIN ",
		   p->key, from, p->key, buf_text(&measures), buf_text(&steps));
	sql_rule_interval(out, p->within);
	if (p->has_until)
		buf_puts(out, "\n  UNTIL U");
	buf_printf(out, "%s\n) AS m;\n", buf_text(&p->defines.rule));
	buf_release(&measures);
	buf_release(&steps);
}

/* --- all chains ------------------------------------------------------------ */

struct search {
	struct pattern *p;
	struct chain *chains;
	unsigned count;
	bool copies; /* other conditions than keys tie the steps */
};

static struct value key_of(const struct pattern *p, unsigned row, unsigned var)
{
	const struct row *r = p->w->rows[row];
	const char *name = p->vars[var].key;
	const struct column *column =
		catalog_column(catalog_stream(r->stream), name, strlen(name));

	return row_get(r, column->id);
}

static bool same_key(const struct search *s, const struct chain *chain,
		     unsigned row, unsigned var)
{
	return !chain->gone &&
	       value_equal(key_of(s->p, chain->key_row, chain->key_var),
			   key_of(s->p, row, var));
}

static unsigned row_of(const struct search *s, const struct chain *chain,
		       unsigned var)
{
	unsigned row = NO_ROW;

	for (unsigned i = 0; i <= chain->step; i++)
		if (s->p->steps[i] == var && chain->rows[i] != NO_ROW)
			row = chain->rows[i];
	return row;
}

static bool in_time(const struct search *s, const struct chain *chain,
		    unsigned row)
{
	return s->p->w->rows[row]->ts - s->p->w->rows[chain->begun]->ts <=
	       (int64_t)s->p->within * (SQL_MS / 2);
}

/* May the row be step `step` of the chain, steps between left out? */
static bool may_follow(const struct search *s, const struct chain *chain,
		       unsigned step, unsigned row)
{
	unsigned v = s->p->steps[step];
	const struct variable *var = &s->p->vars[v];

	if (!same_key(s, chain, row, v) || chain->step >= step ||
	    !in_time(s, chain, row))
		return false;
	for (unsigned i = chain->step + 1; i < step; i++)
		if (!s->p->vars[s->p->steps[i]].optional)
			return false;
	return var->other == v ||
	       var->fits_after[row][row_of(s, chain, var->other)];
}

static struct chain *add(struct search *s)
{
	assert_true(s->count < CHAINS_MAX);
	return &s->chains[s->count++];
}

static void extend(struct chain *chain, unsigned step, unsigned row)
{
	for (unsigned i = chain->step + 1; i < step; i++)
		chain->rows[i] = NO_ROW;
	chain->rows[step] = row;
	chain->step = step;
	chain->row_count++;
}

/* Without copies a step holds one chain a key: the one that began last. */
static void one_a_step(struct search *s, struct chain *chain)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct chain *c = &s->chains[i];

		if (c == chain || c->gone || c->step != chain->step ||
		    !same_key(s, c, chain->key_row, chain->key_var))
			continue;
		if (c->begun > chain->begun)
			chain->gone = true;
		else
			c->gone = true;
	}
}

/* The longest, then whose rows came last, then whose steps are the later. */
static bool is_better(const struct chain *a, const struct chain *b)
{
	unsigned rows[2][STEPS_MAX], steps[2][STEPS_MAX];

	if (a->row_count != b->row_count)
		return a->row_count > b->row_count;
	for (unsigned c = 0; c < 2; c++) {
		const struct chain *chain = c ? b : a;
		unsigned n = 0;

		for (unsigned i = 0; i <= chain->step; i++) {
			if (chain->rows[i] == NO_ROW)
				continue;
			rows[c][n] = chain->rows[i];
			steps[c][n++] = i;
		}
	}
	for (unsigned i = a->row_count; i-- > 0;) {
		if (rows[0][i] != rows[1][i])
			return rows[0][i] > rows[1][i];
		if (steps[0][i] != steps[1][i])
			return steps[0][i] > steps[1][i];
	}
	return false;
}

static struct chain *best(struct search *s, unsigned step, unsigned row)
{
	struct chain *found = NULL;

	for (unsigned i = 0; i < s->count; i++) {
		struct chain *c = &s->chains[i];

		if (!may_follow(s, c, step, row))
			continue;
		if (!found || c->begun > found->begun ||
		    (c->begun == found->begun && is_better(c, found)))
			found = c;
	}
	return found;
}

static void emit(struct search *s, const struct chain *chain)
{
	struct buf line = BUF_INIT;

	for (unsigned v = 0; v < s->p->var_count; v++) {
		unsigned row = row_of(s, chain, v);

		if (row == NO_ROW) {
			buf_puts(&line, "NULL|NULL|");
			continue;
		}
		world_put_value(&line, row_get(s->p->w->rows[row], COL_ts), "");
		buf_putc(&line, '|');
		world_put_value(&line, row_get(s->p->w->rows[row], COL_comm),
				"");
		buf_putc(&line, '|');
	}
	world_put_value(&line, key_of(s->p, chain->key_row, chain->key_var),
			"");
	buf_putc(&line, '|');
	lines_add(&s->p->want, buf_text(&line));
	buf_release(&line);
}

/* It ends, and so does each chain that has a row in the same step. */
static void consume(struct search *s, struct chain *chain)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct chain *c = &s->chains[i];

		if (c->gone || !same_key(s, c, chain->key_row, chain->key_var))
			continue;
		for (unsigned k = 0; k <= c->step && k < chain->step; k++)
			if (c->rows[k] != NO_ROW &&
			    c->rows[k] == chain->rows[k])
				c->gone = true;
	}
	chain->gone = true;
}

static void begin(struct search *s, unsigned row)
{
	struct chain *chain = add(s);

	*chain = (struct chain){ .key_row = row, .begun = row };
	chain->rows[0] = row;
	chain->row_count = 1;
	if (!s->copies)
		one_a_step(s, chain);
}

static void take_step(struct search *s, unsigned step, unsigned row)
{
	bool last = step + 1 == s->p->step_count;
	unsigned count = s->count;
	struct chain *chain;

	if (step == 0) {
		begin(s, row);
		return;
	}
	if (last || !s->copies) {
		chain = best(s, step, row);
		if (!chain)
			return;
		extend(chain, step, row);
		if (last) {
			emit(s, chain);
			consume(s, chain);
		} else {
			one_a_step(s, chain);
		}
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!may_follow(s, &s->chains[i], step, row))
			continue;
		chain = add(s);
		*chain = s->chains[i];
		extend(chain, step, row);
	}
}

static void take_row(struct search *s, unsigned row)
{
	const struct pattern *p = s->p;
	unsigned until = p->var_count;

	if (p->has_until && p->vars[until].fits[row] &&
	    !value_is_null(key_of(p, row, until)))
		for (unsigned i = 0; i < s->count; i++)
			if (same_key(s, &s->chains[i], row, until))
				s->chains[i].gone = true;
	for (unsigned step = p->step_count; step-- > 0;)
		if (p->vars[p->steps[step]].fits[row] &&
		    !value_is_null(key_of(p, row, p->steps[step])))
			take_step(s, step, row);
}

/* Those that are gone or too old; what is left stays in order. */
static void forget(struct search *s, unsigned row)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->count; i++)
		if (!s->chains[i].gone && in_time(s, &s->chains[i], row))
			s->chains[n++] = s->chains[i];
	s->count = n;
}

static const struct plan_node *sequence_of(const struct plan *plan)
{
	const struct plan_node *node = plan->rules[plan->rule_count - 1].root;

	while (node->kind != PLAN_SEQUENCE)
		node = node->child[0];
	return node;
}

static bool agrees(struct world *w, void *ctx)
{
	struct pattern *p = ctx;
	struct search s = { .p = p };

	s.copies = sequence_of(p->plan)->runs_max > 1;
	s.chains = calloc(CHAINS_MAX, sizeof(*s.chains));
	assert_non_null(s.chains);
	lines_clear(&p->want);
	lines_clear(&p->got);
	for (unsigned i = 0; i < WORLD_ROWS; i++) {
		if (w->left_out[i])
			continue;
		forget(&s, i);
		take_row(&s, i);
	}
	lines_sort(&p->want);
	free(s.chains);
	world_engine(w, p->plan, p->name, &p->got);
	return lines_equal(&p->want, &p->got);
}

static bool one_pattern(struct world *w, unsigned number)
{
	struct pattern *p = calloc(1, sizeof(*p));
	struct buf rule = BUF_INIT;
	struct front front;
	bool matched;

	(void)number;
	assert_non_null(p);
	p->w = w;
	sql_reset(&w->gen);
	write_rule(p, &rule);
	p->plan = world_compile(&front, buf_text(&rule));
	assert_non_null(p->plan);
	if (!agrees(w, p)) {
		world_shrink(w, agrees, p);
		agrees(w, p);
		print_error("%s", buf_text(&rule));
		world_print_rows(w);
		lines_print("all chains", &p->want);
		lines_print("engine", &p->got);
		fail_msg("the engine and all chains differ");
	}
	matched = p->got.count;
	lines_clear(&p->want);
	lines_clear(&p->got);
	sql_piece_release(&p->defines);
	buf_release(&rule);
	front_release(&front);
	free(p);
	return matched;
}

static void sequence_text__random_patterns__match_all_chains(void **state)
{
	(void)state;
	world_try(CASES, "patterns matched", one_pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sequence_text__random_patterns__match_all_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
