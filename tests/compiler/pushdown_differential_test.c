// SPDX-License-Identifier: Apache-2.0
/*
 * Random conditions on random records: what the generated function does, in an
 * interpreter, against what the engine makes of the row. It never drops a row
 * that some rule matches; it passes exactly those where it says so. Nor does the
 * hint rule out a rule that matches.
 */
#include "compiler/pushdown.h"
#include "compiler/predicate_gen.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"
#include "user/base/path_set.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define RULES_MAX 3

struct tally {
	uint64_t rows, matched, passed, exact_rows;
	uint64_t decidable, in_kernel; /* terms of the kinds that must be */
	uint64_t satisfied; /* predicates of which some row is TRUE */
	uint64_t in_part;   /* functions that test texts in part */
	bool with_sets;
	uint64_t sets[PATH_SET_KIND_COUNT];
	uint64_t groups; /* more than one in a set: it is told apart */
	uint64_t functions, with_code, longest;
	uint64_t hinted; /* rows that a hint was run on */
	uint64_t hint_functions;
	uint64_t hint_asked, hint_spared; /* rules, of these rows */
	uint64_t hint_shared;		  /* functions of more than 64 rules */
	uint64_t pre_functions, pre_rows, pre_passed;
	uint64_t kind_terms[EXPR_OP_COUNT], kind_exact[EXPR_OP_COUNT];
	struct expr_env *env;
};

static bool is_simple(const struct stream *stream, const struct expr *e)
{
	const struct column *column;

	if (e->op == EXPR_NOT)
		e = e->args[0];
	if (e->op == EXPR_COLUMN)
		return true;
	if (e->op != EXPR_IN && e->op != EXPR_PREFIX &&
	    (e->op < EXPR_EQ || e->op > EXPR_GE))
		return false;
	if (e->args[0]->op != EXPR_COLUMN)
		return false;
	column = catalog_column_at(stream, e->args[0]->column);
	return column->type == VALUE_INT || e->op == EXPR_EQ ||
	       e->op == EXPR_NE || e->op == EXPR_IN || e->op == EXPR_PREFIX;
}

static bool reads_record(const struct stream *stream, const struct expr *e)
{
	bool reads = e->op != EXPR_COLUMN ||
		     (catalog_in_kernel(catalog_column_at(stream, e->column)) &&
		      e->column > COL_cpu);

	for (unsigned i = 0; i < e->arg_count; i++)
		reads = reads && reads_record(stream, e->args[i]);
	return reads;
}

/* By what a term is, below its NOT; of a test, what it tests. */
static void count_kind(const struct pushdown_term *term, struct tally *tally)
{
	const struct expr *e = term->expr;

	if (e->op == EXPR_NOT)
		e = e->args[0];
	if (e->op >= EXPR_EQ && e->op <= EXPR_GE &&
	    (e->args[0]->op >= EXPR_ADD || e->args[0]->op == EXPR_CASE))
		e = e->args[0];
	tally->kind_terms[e->op]++;
	tally->kind_exact[e->op] += term->in_kernel;
}

static bool count_terms(const struct gen *g, const struct kernel_function *f,
			struct tally *tally)
{
	bool all = true;

	for (unsigned i = 0; i < f->term_count; i++) {
		const struct pushdown_term *term = &f->terms[i];

		assert_true(term->in_kernel == !term->reason);
		all = all && term->in_kernel;
		if (f->insns && reads_record(g->stream, term->expr))
			count_kind(term, tally);
		if (!f->insns || !is_simple(g->stream, term->expr))
			continue;
		tally->decidable++;
		tally->in_kernel += term->in_kernel;
	}
	tally->functions++;
	tally->with_code += f->insns != NULL;
	if (f->insn_count > tally->longest)
		tally->longest = f->insn_count;
	return all;
}

static bool run(const struct kernel_function *f, const struct stream *stream,
		const union gen_record *record)
{
	uint64_t result = 0;
	unsigned at = 0;
	const char *wrong;

	if (!f->insns)
		return true;
	wrong = ebpf_interp(f->insns, f->insn_count, record,
			    stream->record_bytes, &result, &at);
	if (wrong)
		fail_msg("instruction %u: %s", at, wrong);
	assert_true(result <= 1);
	return result == 1;
}

/* Which of the rules may want the record. */
struct hint {
	struct kernel_function function;
	uint64_t *bits; /* of each rule */
};

static void make_hint(const struct pushdown_request *of, struct hint *ret_hint,
		      struct tally *tally)
{
	struct pushdown_request request = *of;
	struct err err = { 0 };

	ret_hint->bits = arena_array(of->arena, of->input_count,
				     sizeof(*ret_hint->bits));
	assert_non_null(ret_hint->bits);
	request.hints = ret_hint->bits;
	if (pushdown_hint(&request, &ret_hint->function, &err))
		fail_msg("%s", err.text);
	tally->hint_functions += ret_hint->function.insns != NULL;
	tally->hint_shared += ret_hint->function.insns && of->input_count > 64;
}

static uint64_t run_hint(const struct hint *hint, const struct stream *stream,
			 const union gen_record *record)
{
	const struct kernel_function *f = &hint->function;
	struct event_hint out = { 0 };
	uint64_t result = 0;
	unsigned at = 0;
	const char *wrong;

	if (!f->insns)
		return ~0ULL;
	wrong = ebpf_interp_out(f->insns, f->insn_count, record,
				stream->record_bytes, &out, sizeof(out),
				&result, &at);
	if (wrong)
		fail_msg("hint, instruction %u: %s", at, wrong);
	assert_int_equal(result, 0);
	return out.bits;
}

static void check_record(struct gen *g, const union gen_record *record,
			 const struct kernel_function *f,
			 const struct hint *hint,
			 const struct pushdown_input *inputs, unsigned count,
			 bool exact, bool all_terms, struct tally *tally)
{
	uint64_t ruled_out = ~run_hint(hint, g->stream, record);
	struct tuple tuple = { 0 };
	bool wanted = false, passed, whole;

	tuple.rows[0] = gen_row(g, record);
	passed = run(f, g->stream, record);
	for (unsigned i = 0; i < count; i++) {
		bool wants = expr_is_true(inputs[i].expr, &tuple, tally->env);
		bool spared = hint->bits[i] & ruled_out;

		wanted |= wants;
		assert_false(wants && spared);
		if (!passed || !hint->function.insns)
			continue;
		tally->hint_asked += !spared;
		tally->hint_spared += spared;
	}
	tally->hinted += hint->function.insns && passed;
	whole = !(record->head.truncated & EVENT_PART_PATH);
	tally->rows++;
	tally->matched += wanted;
	tally->passed += passed;
	if (wanted)
		assert_true(passed);
	if (exact || (all_terms && whole)) {
		assert_int_equal(passed, wanted);
		tally->exact_rows++;
	}
}

/* As the collector has it before it reads a path. */
static void forget_paths(const struct stream *stream, union gen_record *record)
{
	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		const struct column *c = catalog_column_at(stream, i);

		if (c->wire != WIRE_PATH)
			continue;
		memset(record->bytes + c->offset, 0xa5, c->size);
		memset(record->bytes + c->bytes_offset, 0xa5, c->bytes_size);
	}
	record->head.truncated = 0;
}

/* A path of few parts, so that many begin, end and are alike. */
static struct value some_path(struct gen *g)
{
	static const char *const parts[] = { "/etc",	 "/usr/bin", "/a",
					     "/passwd",	 "/shadow",  "/ssh/key",
					     "/opt/x86", "/tmp" };
	char text[128] = "";
	unsigned count = 1 + gen_below(g, 4);
	char *copy;

	for (unsigned i = 0; i < count; i++)
		strcat(text, parts[gen_below(g, ARRAY_SIZE(parts))]);
	copy = arena_printf(g->arena, "%s%u", text, gen_below(g, 4));
	CHECK(copy);
	return value_text(copy);
}

static void set_path(struct gen *g, union gen_record *record)
{
	struct value v = some_path(g);

	if (gen_chance(g, 3))
		return;
	record->open.path = (struct event_blob){
		.off = offsetof(struct file_open_event, path_bytes),
		.len = (uint16_t)v.len,
	};
	memcpy(record->open.path_bytes, v.p, v.len);
}

/* Sometimes it is not told, as where a path does not end with a file's name. */
static void tell_name(struct gen *g, const union gen_record *record,
		      struct path_name *ret_name)
{
	const char *path = (const char *)record->bytes + record->open.path.off;
	uint32_t len = record->open.path.len;
	const char *slash = len ? memrchr(path, '/', len) : NULL;

	*ret_name = (struct path_name){ 0 };
	if (!slash || gen_chance(g, 20))
		return;
	ret_name->len = (uint32_t)(path + len - (slash + 1));
	memcpy(&ret_name->start, slash + 1,
	       ret_name->len < 8 ? ret_name->len : 8);
}

/* The stage before the path passes whatever some rule wants. */
static void check_pre(struct gen *g, const struct pushdown_input *inputs,
		      unsigned count, unsigned rows, struct tally *tally)
{
	const struct pushdown_request request = { .arena = g->arena,
						  .stream = g->stream->id,
						  .stage = PUSHDOWN_PRE,
						  .inputs = inputs,
						  .input_count = count };
	struct kernel_function pre;
	struct tuple tuple = { 0 };
	struct err err = { 0 };
	bool exact;

	if (!pushdown_has_pre(g->stream->id))
		return;
	if (pushdown_stage(&request, &pre, &exact, &err))
		fail_msg("%s", err.text);
	tally->pre_functions += pre.insns != NULL;
	for (unsigned i = 0; pre.insns && i < rows; i++) {
		union gen_record record, early;
		bool wanted = false, passed;

		gen_record(g, &record);
		if (g->stream->id == STREAM_FILE_OPEN && gen_chance(g, 50))
			set_path(g, &record);
		early = record;
		forget_paths(g->stream, &early);
		if (g->stream->id == STREAM_FILE_OPEN)
			tell_name(g, &record, &early.open.path_name);
		tuple.rows[0] = gen_row(g, &record);
		for (unsigned k = 0; k < count; k++)
			wanted |= expr_is_true(inputs[k].expr, &tuple,
					       tally->env);
		passed = run(&pre, g->stream, &early);
		tally->pre_rows++;
		tally->pre_passed += passed;
		if (wanted)
			assert_true(passed);
	}
}

static void check_predicate(struct gen *g, unsigned rows, struct tally *tally)
{
	struct pushdown_input inputs[RULES_MAX];
	unsigned count = 1 + gen_below(g, RULES_MAX);
	struct pushdown_request request = { .arena = g->arena,
					    .stage = PUSHDOWN_PREDICATE,
					    .inputs = inputs,
					    .input_count = count };
	struct kernel_function function;
	struct hint hint;
	struct err err = { 0 };
	uint64_t matched = tally->matched;
	bool exact, all;

	g->stream = gen_stream(g);
	if (gen_chance(g, 60))
		g->stream = catalog_stream(gen_chance(g, 50) ?
						   STREAM_NETWORK_CONNECT :
						   STREAM_FILE_OPEN);
	for (unsigned i = 0; i < count; i++) {
		inputs[i].rule = "r";
		inputs[i].expr = gen_expr(g, gen_below(g, 4));
	}
	request.stream = g->stream->id;
	if (pushdown_stage(&request, &function, &exact, &err))
		fail_msg("%s", err.text);
	make_hint(&request, &hint, tally);
	all = count_terms(g, &function, tally);
	for (unsigned i = 0; i < rows; i++) {
		union gen_record record;

		gen_record(g, &record);
		check_record(g, &record, &function, &hint, inputs, count, exact,
			     all, tally);
	}
	check_pre(g, inputs, count, rows, tally);
	tally->satisfied += tally->matched != matched;
	arena_reset(g->arena);
}

static void print_kinds(const struct tally *t)
{
	static const struct {
		const char *name;
		enum expr_op op;
		unsigned least; /* percent that must be exact */
	} kinds[] = {
		{ "=", EXPR_EQ, 90 },
		{ "IN", EXPR_IN, 90 },
		{ "prefix", EXPR_PREFIX, 90 },
		{ "suffix", EXPR_SUFFIX, 0 },
		{ "LIKE", EXPR_LIKE, 0 },
		{ "CIDR", EXPR_CIDR, 100 },
		{ "IS TRUE", EXPR_IS_TRUE, 50 },
		{ "IS NULL", EXPR_IS_NULL, 50 },
		{ "CASE", EXPR_CASE, 50 },
		{ "call", EXPR_CALL, 50 },
		{ "*", EXPR_MUL, 50 },
		{ "/", EXPR_DIV, 50 },
		{ "%", EXPR_MOD, 50 },
		{ "-", EXPR_NEG, 50 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint64_t terms = t->kind_terms[kinds[i].op];
		uint64_t exact = t->kind_exact[kinds[i].op];

		printf("%s: %.1f%% of %lu in the kernel\n", kinds[i].name,
		       100.0 * (double)exact / (double)terms, terms);
		assert_true(terms > 50);
		assert_true(exact * 100 >= terms * kinds[i].least);
	}
}

static void print_hints(const struct tally *t)
{
	uint64_t rules = t->hint_asked + t->hint_spared;

	printf("%lu hints, %lu of more than 64 rules: of %lu rows %.1f%% of "
	       "the rules need not be asked\n",
	       t->hint_functions, t->hint_shared, t->hinted,
	       100.0 * (double)t->hint_spared / (double)rules);
	assert_true(t->hint_functions * 100 >= t->functions * 30);
}

static void predicates__random_rows__superset_and_exact_where_said(void **state)
{
	unsigned predicates = gen_full() ? 100000 : 5000;
	struct arena arena;
	struct gen g = { .state = test_seed(), .arena = &arena };
	struct expr_env env;
	struct tally t = { .env = &env };

	(void)state;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	arena_init(&arena, ARENA_BYTES);
	for (unsigned i = 0; i < predicates; i++)
		check_predicate(&g, 50, &t);
	arena_release(&arena);
	expr_env_release(&env);
	print_kinds(&t);
	print_hints(&t);
	assert_true(t.hint_spared * 100 >= (t.hint_asked + t.hint_spared) * 20);
	printf("%.1f%% of the predicates match\n",
	       100.0 * (double)t.satisfied / (double)t.functions);
	assert_true(t.satisfied * 100 >= t.functions * 30);
	printf("%lu rows: %.1f%% matched, %.1f%% passed, %.1f%% compared "
	       "exactly; %lu of %lu functions filter, longest %lu; %.1f%% of "
	       "%lu simple terms in the kernel\n",
	       t.rows, 100.0 * (double)t.matched / (double)t.rows,
	       100.0 * (double)t.passed / (double)t.rows,
	       100.0 * (double)t.exact_rows / (double)t.rows, t.with_code,
	       t.functions, t.longest,
	       100.0 * (double)t.in_kernel / (double)t.decidable, t.decidable);
	printf("%lu functions before the path: %.1f%% of %lu rows passed\n",
	       t.pre_functions,
	       100.0 * (double)t.pre_passed / (double)t.pre_rows, t.pre_rows);
	assert_true(t.pre_functions * 100 >= t.functions * 5);
	assert_true(t.pre_passed * 100 <= t.pre_rows * 90);
	assert_true(t.matched * 100 >= t.rows * 30);
	assert_true(t.passed * 100 <= t.rows * 90);
	assert_true(t.exact_rows * 100 >= t.rows * 30);
	assert_true(t.in_kernel * 100 >= t.decidable * 90);
}

static const struct expr *paths_in(struct gen *g)
{
	unsigned n = 1 + gen_below(g, gen_chance(g, 20) ? 200 : 5);
	struct expr *e = gen_node(g, EXPR_IN, VALUE_BOOL, n + 1);

	e->args[0] =
		gen_column(g, catalog_column_at(g->stream, COL_FILE_OPEN_path));
	for (unsigned i = 1; i <= n; i++) {
		char *text = arena_printf(g->arena, "/in/%03u%s", i,
					  (char *)some_path(g).p);

		CHECK(text);
		e->args[i] = gen_const(g, value_text(text));
	}
	return e;
}

static const struct expr *path_term(struct gen *g, enum expr_op most)
{
	static const enum expr_op ops[] = { EXPR_EQ, EXPR_PREFIX, EXPR_SUFFIX };
	enum expr_op op =
		gen_chance(g, 60) ? most : ops[gen_below(g, ARRAY_SIZE(ops))];
	struct expr *e = gen_node(g, op, VALUE_BOOL, op == EXPR_EQ ? 2 : 1);
	struct value v = some_path(g);

	if (gen_chance(g, 3))
		return paths_in(g);

	e->args[0] =
		gen_column(g, catalog_column_at(g->stream, COL_FILE_OPEN_path));
	if (op == EXPR_EQ) {
		e->args[1] = gen_const(g, v);
		return e;
	}
	if (op == EXPR_SUFFIX)
		v.p += v.len / 4;
	v.len -= v.len / 4;
	e->value = v;
	e->fold_case = gen_chance(g, 10);
	return e;
}

/* Paths, alone or with what other rules ask for as well. */
static const struct expr *path_rule(struct gen *g, enum expr_op most)
{
	unsigned dice = gen_below(g, 100);
	struct expr *e =
		gen_node(g, dice < 5 ? EXPR_OR : EXPR_AND, VALUE_BOOL, 2);

	if (dice >= 60)
		return path_term(g, most);
	e->args[0] = path_term(g, most);
	if (dice < 10)
		e->args[1] = path_term(g, most);
	else if (dice < 35)
		e->args[1] = gen_in(g, catalog_column_at(g->stream, COL_uid));
	else
		e->args[1] = gen_column(
			g,
			catalog_column_at(g->stream, COL_FILE_OPEN_is_write));
	return e;
}

static bool is_in(const struct path_set *set, const struct path_set_entry *e,
		  struct value path)
{
	const uint8_t *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;

	if (set->kind == PATH_SET_NAME) {
		if (!slash)
			return false;
		path.len -= (uint32_t)(slash + 1 - path.p);
		path.p = slash + 1;
	}
	return (set->kind == PATH_SET_PREFIX ? path.len >= e->len :
					       path.len == e->len) &&
	       memcmp(path.p, e->text, e->len) == 0;
}

/* What the collector finds in the sets. */
static void look_up(const struct path_set_list *sets, union gen_record *record)
{
	const struct value path = { .len = record->open.path.len,
				    .p = record->bytes +
					 record->open.path.off };

	memset(&record->open.path_groups, 0, sizeof(struct path_groups));
	for (unsigned i = 0; i < sets->count; i++) {
		const struct path_set *set = &sets->items[i];
		uint32_t longest = 0;

		for (unsigned k = 0; k < set->entry_count; k++) {
			const struct path_set_entry *e = &set->entries[k];

			if (e->len <= longest || !is_in(set, e, path))
				continue;
			longest = e->len;
			record->open.path_groups.group[set->kind] = e->group;
			record->open.path_groups.marks[set->kind] = e->marks;
		}
	}
}

static void count_sets(const struct path_set_list *sets, struct tally *tally)
{
	for (unsigned i = 0; i < sets->count; i++) {
		const struct path_set *set = &sets->items[i];
		bool several = false;

		for (unsigned k = 0; k < set->entry_count; k++)
			several |= set->entries[k].group > 1;
		tally->sets[set->kind]++;
		tally->groups += several;
	}
}

/* Searched by halves, not one after the other; long ones in part. */
static void check_rules(struct gen *g, struct tally *tally)
{
	unsigned count = gen_chance(g, tally->with_sets ? 20 : 5) ?
				 2500 :
				 8 + gen_below(g, 100);
	struct pushdown_input *inputs =
		arena_array(g->arena, count, sizeof(*inputs));
	struct kernel_function function;
	struct err err = { 0 };
	static const enum expr_op ops[] = { EXPR_EQ, EXPR_PREFIX, EXPR_SUFFIX };
	enum expr_op most = ops[gen_below(g, gen_chance(g, 50) ? 1 : 3)];
	struct path_set_list sets = { 0 };
	struct hint hint;
	const struct pushdown_request request = { .arena = g->arena,
						  .stream = STREAM_FILE_OPEN,
						  .stage = PUSHDOWN_PREDICATE,
						  .inputs = inputs,
						  .input_count = count,
						  .sets = tally->with_sets ?
								  &sets :
								  NULL };
	bool exact, all;

	assert_non_null(inputs);
	g->stream = catalog_stream(STREAM_FILE_OPEN);
	for (unsigned i = 0; i < count; i++) {
		inputs[i].rule = "r";
		inputs[i].expr = path_rule(g, most);
	}
	if (pushdown_stage(&request, &function, &exact, &err))
		fail_msg("%s", err.text);
	make_hint(&request, &hint, tally);
	count_sets(&sets, tally);
	all = count_terms(g, &function, tally);
	tally->in_part += !all;
	for (unsigned i = 0; i < 50; i++) {
		union gen_record record;

		gen_record(g, &record);
		set_path(g, &record);
		look_up(&sets, &record);
		check_record(g, &record, &function, &hint, inputs, count, exact,
			     all, tally);
	}
	check_pre(g, inputs, count, 50, tally);
	arena_reset(g->arena);
}

static void check_many_rules(struct tally *t)
{
	unsigned rounds = gen_full() ? 5000 : 300;
	struct arena arena;
	struct gen g = { .state = test_seed(), .arena = &arena };
	struct expr_env env;

	t->env = &env;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	arena_init(&arena, ARENA_BYTES);
	for (unsigned i = 0; i < rounds; i++)
		check_rules(&g, t);
	arena_release(&arena);
	expr_env_release(&env);
	printf("%lu rows: %.1f%% matched, %.1f%% passed, %.1f%% compared "
	       "exactly; %lu of %lu functions filter, longest %lu\n",
	       t->rows, 100.0 * (double)t->matched / (double)t->rows,
	       100.0 * (double)t->passed / (double)t->rows,
	       100.0 * (double)t->exact_rows / (double)t->rows, t->with_code,
	       t->functions, t->longest);
	print_hints(t);
	assert_true(t->hint_shared * 100 >= t->functions * 10);
	assert_true(t->hint_spared * 100 >=
		    (t->hint_asked + t->hint_spared) * 50);
	assert_true(t->matched * 100 >= t->rows * 30);
	assert_true(t->passed * 100 <= t->rows * 80);
	assert_true(t->exact_rows * 100 >= t->rows * 30);
	/* Of 2,500 rules one in a thousand is too long even in part. */
	assert_true(t->with_code * 100 >= t->functions * 98);
}

static void rules__many_on_paths__superset_and_exact_where_said(void **state)
{
	struct tally t = { 0 };

	(void)state;
	check_many_rules(&t);
	assert_true(t.in_part > 0);
}

/* The same, with what the collector looks up. */
static void rules__with_sets__superset_and_exact_where_said(void **state)
{
	struct tally t = { .with_sets = true };

	(void)state;
	check_many_rules(&t);
	printf("sets: %lu whole, %lu names, %lu prefixes, %lu with groups; "
	       "%lu functions test texts in part\n",
	       t.sets[PATH_SET_WHOLE], t.sets[PATH_SET_NAME],
	       t.sets[PATH_SET_PREFIX], t.groups, t.in_part);
	for (unsigned i = 0; i < PATH_SET_KIND_COUNT; i++)
		assert_true(t.sets[i] * 100 >= t.functions);
	assert_true(t.groups * 100 >= t.functions * 20);
}

/* No record: passes, whatever the rules say. */
static void predicate__no_record__passes(void **state)
{
	struct expr no = { .op = EXPR_CONST, .value = value_bool(false) };
	struct pushdown_input input = { .rule = "r", .expr = &no };
	struct kernel_function function;
	struct arena arena;
	uint64_t result;
	unsigned at;
	bool exact;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	assert_int_equal(pushdown(&arena, STREAM_FILE_OPEN, &input, 1,
				  &function, &exact, NULL),
			 0);
	assert_true(exact);
	assert_null(ebpf_interp(function.insns, function.insn_count, NULL, 0,
				&result, &at));
	assert_int_equal(result, 1);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			predicates__random_rows__superset_and_exact_where_said),
		cmocka_unit_test(
			rules__many_on_paths__superset_and_exact_where_said),
		cmocka_unit_test(
			rules__with_sets__superset_and_exact_where_said),
		cmocka_unit_test(predicate__no_record__passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
