// SPDX-License-Identifier: Apache-2.0
/*
 * Terms on processes, as they run: the exec of a process and of its parent
 * decide their bits in an interpreter, user space clears some of them, a
 * stream's predicate tests them. Against what the engine makes of the row: no
 * row that some rule matches is dropped, whatever the engine has forgotten of
 * the processes; and a bit says exactly what its term says where it claims to.
 */
#include "compiler/predicate_gen.h"
#include "compiler/process_gen.h"
#include "compiler/process_term.h"
#include "compiler/pushdown.h"
#include "support/ebpf_interp.h"
#include "support/unit.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define RULES_MAX 3

/* --- processes ------------------------------------------------------------ */

struct process_args {
	const char *bytes;
	unsigned len, count;
	const char *cmdline;
};

struct process {
	struct process_exec_event event;
	struct process_terms terms;
	struct context context; /* what the engine makes of it */
};

static void set(struct process *p, unsigned column, struct value value)
{
	p->context.values[column - COL_CONTEXT_FIRST] = value;
}

static void fill_context(struct process *p, const struct process_args *args)
{
	const uint8_t *exe = (const uint8_t *)p->event.exe_bytes;
	struct value path = value_bytes(VALUE_TEXT, exe, p->event.exe.len);
	const uint8_t *slash = path.len ? memrchr(exe, '/', path.len) : NULL;
	struct value name = path;

	if (slash) {
		name.p = slash + 1;
		name.len = path.len - (uint32_t)(slash + 1 - exe);
	}
	if (p->event.exe.off) {
		set(p, COL_exe, path);
		set(p, COL_name, name);
	}
	set(p, COL_args, value_bytes(VALUE_LIST, args->bytes, args->len));
	set(p, COL_args_count, value_int(args->count));
	set(p, COL_cmdline, value_text(args->cmdline));
	set(p, COL_exe_memfd,
	    value_bool(p->event.head.flags & EVENT_FLAG_EXE_MEMFD));
	set(p, COL_exe_deleted,
	    value_bool(p->event.head.flags & EVENT_FLAG_EXE_DELETED));
}

static void make_process(struct gen *g, struct process *p)
{
	static const struct process_args args[] = {
		{ "", 0, 0, "" },
		{ "bash\0-c\0x", 10, 3, "bash -c x" },
		{ "sh", 3, 1, "sh" },
		{ "x", 2, 1, "x" },
	};

	memset(p, 0, sizeof(*p));
	gen_process_exe_fill(g, &p->event);
	p->event.head.flags = gen_below(g, 8);
	fill_context(p, &args[gen_below(g, ARRAY_SIZE(args))]);
}

static void decide(const struct kernel_function *f, struct process *p)
{
	uint64_t result;
	unsigned at;
	const char *wrong;

	memset(&p->terms, 0xa5, sizeof(p->terms));
	wrong = ebpf_interp_out(f->insns, f->insn_count, &p->event,
				sizeof(p->event), &p->terms, sizeof(p->terms),
				&result, &at);
	if (wrong)
		fail_msg("instruction %u: %s", at, wrong);
	assert_int_equal(result, 0);
}

static bool bit(const struct process_terms *terms, unsigned i)
{
	return terms->words[i / 64] >> i % 64 & 1;
}

/* --- one program ---------------------------------------------------------- */

struct tally {
	uint64_t rows, ruled_out, matched, passed, terms, exact, cleared,
		functions;
	struct expr_env *env;
};

struct made {
	struct pushdown_input inputs[RULES_MAX];
	unsigned count;
	struct kernel_function predicate;
	struct kernel_function function; /* process_terms() */
	const struct process_term *terms;
	unsigned term_count;
};

static bool make_program(struct gen *g, struct made *m)
{
	struct process_term_table *table = process_terms_new(g->arena);
	struct pushdown_request request = { .arena = g->arena,
					    .stream = g->stream->id,
					    .stage = PUSHDOWN_PREDICATE,
					    .inputs = m->inputs,
					    .process = table };
	struct err err = { 0 };
	bool exact;

	*m = (struct made){ .count = 1 + gen_below(g, RULES_MAX) };
	for (unsigned i = 0; i < m->count; i++)
		m->inputs[i] = (struct pushdown_input){
			.rule = "r",
			.expr = gen_process_expr(g, gen_below(g, 4))
		};
	request.input_count = m->count;
	assert_non_null(table);
	if (pushdown_stage(&request, &m->predicate, &exact, &err))
		fail_msg("%s", err.text);
	if (!process_terms_count(table))
		return false;
	assert_false(exact);
	if (process_terms_compile(table, &m->function, &m->terms,
				  &m->term_count, &err))
		fail_msg("%s", err.text);
	return true;
}

/* What each bit says, then what user space makes of it. */
static void check_terms(struct gen *g, const struct made *m, struct process *p,
			struct tally *t)
{
	struct row *row = gen_row(g, &(union gen_record){ 0 });
	struct tuple tuple = { .rows[0] = row };

	row->self = &p->context;
	for (unsigned i = 0; i < m->term_count; i++) {
		const struct process_term *term = &m->terms[i];
		bool is = expr_is_true(term->expr, &tuple, t->env);

		t->terms++;
		if (is)
			assert_true(bit(&p->terms, term->bit));
		assert_true(term->in_kernel == !term->reason);
		if (term->in_kernel && !p->event.head.truncated) {
			assert_int_equal(bit(&p->terms, term->bit), is);
			t->exact++;
		}
		if (is || gen_chance(g, 50))
			continue;
		t->cleared += bit(&p->terms, term->bit);
		p->terms.words[term->bit / 64] &= ~(1ULL << term->bit % 64);
	}
}

/* Has it none of the bits, where some are needed? */
static bool is_ruled_out(const struct process_terms *needs,
			 const struct process_terms *terms)
{
	for (unsigned i = 0; i < PROCESS_TERM_WORDS; i++)
		if (needs->words[i] & terms->words[i])
			return false;
	return process_terms_any(needs);
}

static void check_event(struct gen *g, const struct made *m,
			struct process *own, struct process *parent,
			struct tally *t)
{
	union gen_record record;
	struct tuple tuple = { 0 };
	struct row *row;
	bool wanted = false;
	uint64_t passed = 1;
	unsigned at;

	gen_record(g, &record);
	record.head.terms = own->terms;
	record.head.parent_terms = parent->terms;
	row = gen_row(g, &record);
	row->self = gen_chance(g, 90) ? &own->context : NULL;
	row->parent = gen_chance(g, 90) ? &parent->context : NULL;
	tuple.rows[0] = row;
	for (unsigned i = 0; i < m->count; i++)
		wanted |= expr_is_true(m->inputs[i].expr, &tuple, t->env);
	if (m->predicate.insns)
		assert_null(ebpf_interp(m->predicate.insns,
					m->predicate.insn_count, &record,
					g->stream->record_bytes, &passed, &at));
	if (m->predicate.insns &&
	    is_ruled_out(&m->predicate.needs_terms, &own->terms)) {
		assert_int_equal(passed, 0);
		t->ruled_out++;
	}
	t->rows++;
	t->matched += wanted;
	t->passed += passed;
	if (wanted)
		assert_int_equal(passed, 1);
}

static void check_program(struct gen *g, struct tally *t)
{
	struct process own, parent;
	struct made m;

	g->stream = catalog_stream(gen_chance(g, 50) ? STREAM_NETWORK_CONNECT :
						       STREAM_FILE_OPEN);
	if (!make_program(g, &m))
		return;
	t->functions++;
	for (unsigned i = 0; i < 8; i++) {
		make_process(g, &own);
		make_process(g, &parent);
		decide(&m.function, &own);
		decide(&m.function, &parent);
		check_terms(g, &m, &own, t);
		check_terms(g, &m, &parent, t);
		for (unsigned k = 0; k < 4; k++)
			check_event(g, &m, &own, &parent, t);
	}
}

static void terms__random_processes__superset_and_exact_where_said(void **state)
{
	unsigned programs = gen_full() ? 100000 : 5000;
	struct arena arena;
	struct gen g = { .state = test_seed(), .arena = &arena };
	struct expr_env env;
	struct tally t = { .env = &env };

	(void)state;
	assert_int_equal(expr_env_init(&env, NULL), 0);
	arena_init(&arena, ARENA_BYTES);
	for (unsigned i = 0; i < programs; i++) {
		check_program(&g, &t);
		arena_reset(&arena);
	}
	arena_release(&arena);
	expr_env_release(&env);
	printf("%lu programs, %lu rows: %.1f%% matched, %.1f%% passed; %lu "
	       "terms, %.1f%% decided exactly, %.1f%% cleared\n",
	       t.functions, t.rows, 100.0 * (double)t.matched / (double)t.rows,
	       100.0 * (double)t.passed / (double)t.rows, t.terms,
	       100.0 * (double)t.exact / (double)t.terms,
	       100.0 * (double)t.cleared / (double)t.terms);
	assert_true(t.functions * 100 >= programs * 50);
	assert_true(t.matched * 100 >= t.rows * 10);
	assert_true(t.passed * 100 <= t.rows * 90);
	assert_true(t.exact * 100 >= t.terms * 40);
	assert_true(t.cleared * 100 >= t.terms * 2);
	assert_true(t.ruled_out * 100 >= t.rows);
}

/* --- more terms than bits ------------------------------------------------- */

static const struct expr *exe_is(struct gen *g, unsigned n)
{
	struct expr *e = gen_node(g, EXPR_EQ, VALUE_BOOL, 2);
	char *text = arena_printf(g->arena, "/opt/program-%u", n);

	assert_non_null(text);
	e->args[0] = gen_column(g, catalog_column_at(g->stream, COL_exe));
	e->args[1] = gen_const(g, value_text(text));
	return e;
}

static void terms__more_than_bits__share_them(void **state)
{
	enum { RULES = 600 };
	struct arena arena;
	struct gen g = { .arena = &arena,
			 .stream = catalog_stream(STREAM_FILE_OPEN) };
	struct pushdown_input *inputs;
	struct pushdown_request request = { .arena = &arena,
					    .stream = STREAM_FILE_OPEN,
					    .stage = PUSHDOWN_PREDICATE,
					    .input_count = RULES };
	struct kernel_function predicate, function;
	const struct process_term *terms;
	struct process p = { 0 };
	unsigned count, set = 0;
	bool exact;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	inputs = arena_array(&arena, RULES, sizeof(*inputs));
	request.process = process_terms_new(&arena);
	assert_true(inputs && request.process);
	for (unsigned i = 0; i < RULES; i++)
		inputs[i] = (struct pushdown_input){ .rule = "r",
						     .expr = exe_is(&g, i) };
	request.inputs = inputs;
	assert_int_equal(pushdown_stage(&request, &predicate, &exact, NULL), 0);
	assert_non_null(predicate.insns);
	assert_true(predicate.tests_process[PROCESS_TERMS_OWN]);
	assert_false(predicate.tests_process[PROCESS_TERMS_PARENT]);
	assert_int_equal(process_terms_count(request.process), RULES);
	assert_int_equal(process_terms_compile(request.process, &function,
					       &terms, &count, NULL),
			 0);
	assert_int_equal(count, PROCESS_TERMS_MAX);
	p.event.exe.off = offsetof(struct process_exec_event, exe_bytes);
	p.event.exe.len =
		(uint16_t)sprintf(p.event.exe_bytes, "/opt/program-%u", 300);
	decide(&function, &p);
	for (unsigned i = 0; i < PROCESS_TERMS_MAX; i++)
		set += bit(&p.terms, i);
	assert_int_equal(set, 1);
	assert_true(bit(&p.terms, 300 % PROCESS_TERMS_MAX));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			terms__random_processes__superset_and_exact_where_said),
		cmocka_unit_test(terms__more_than_bits__share_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
