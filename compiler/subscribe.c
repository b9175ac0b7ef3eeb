// SPDX-License-Identifier: Apache-2.0
#include "compiler/subscribe.h"

#include "compiler/compilation.h"
#include "compiler/plan_walk.h"
#include "compiler/semi_join.h"

#include <string.h>

/* Which columns of which input an expression reads. */
static void read_expr(const struct expr *expr, unsigned input,
		      uint64_t columns[4])
{
	if (expr->op == EXPR_COLUMN && expr->input == input) {
		CHECK(expr->column < 256);
		columns[expr->column / 64] |= 1ULL << expr->column % 64;
	}
	for (unsigned i = 0; i < expr->arg_count; i++)
		read_expr(expr->args[i], input, columns);
}

bool subscribe_reads(const struct expr *expr, unsigned input)
{
	bool reads = expr->op == EXPR_COLUMN && expr->input == input;

	for (unsigned i = 0; i < expr->arg_count; i++)
		reads |= subscribe_reads(expr->args[i], input);
	return reads;
}

struct reading {
	unsigned input;
	uint64_t *columns;
};

static void read_one(void *ctx, const struct expr *expr)
{
	const struct reading *reading = ctx;

	read_expr(expr, reading->input, reading->columns);
}

void subscribe_columns(const struct plan_rule *rule, unsigned input,
		       uint64_t columns[4])
{
	struct reading reading = { .input = input, .columns = columns };

	columns[COL_ts / 64] |= 1ULL << COL_ts % 64;
	plan_rule_exprs(rule, read_one, &reading);
}

struct inputs {
	struct pushdown_input *items;
	struct plan_node **scans; /* of each */
	unsigned count;
};

static bool collect_scans(struct compilation *c, const struct semi_joins *joins,
			  const struct plan_rule *rule, struct plan_node *node,
			  enum stream_id stream, struct inputs *inputs)
{
	struct pushdown_input *grown;
	struct plan_node **scans;

	for (unsigned i = 0; i < plan_child_count(node); i++)
		if (!collect_scans(c, joins, rule, plan_child(node, i), stream,
				   inputs))
			return false;
	if (node->kind != PLAN_SCAN || node->stream != stream)
		return true;
	grown = compilation_grow(c, inputs->items, inputs->count,
				 sizeof(*grown));
	scans = compilation_grow(c, inputs->scans, inputs->count,
				 sizeof(*scans));
	if (!grown || !scans)
		return false;
	inputs->items = grown;
	inputs->scans = scans;
	inputs->scans[inputs->count] = node;
	inputs->items[inputs->count++] =
		(struct pushdown_input){ .rule = rule->name,
					 .expr = node->predicate,
					 .slots =
						 semi_joins_slot(joins, node) };
	return true;
}

static void want_columns(struct subscription *subscription,
			 const struct plan_rule *rule, enum stream_id stream)
{
	for (unsigned i = 0; i < rule->input_count; i++) {
		if (rule->input_streams[i] != stream)
			continue;
		subscription->wanted = true;
		subscription->failed |=
			(plan_asks(rule, i) & PLAN_ASKS_FAILED) != 0;
		subscribe_columns(rule, i, subscription->columns);
	}
}

/*
 * What passes tells which scans may use it. Where all events pass nothing is
 * looked up of their processes: that would cost more than it saves.
 */
static int add_hint(struct program *program, struct inputs *inputs,
		    struct pushdown_request *request,
		    struct kernel_function *function, struct err *err)
{
	int r;

	if (program->subscriptions[request->stream].accept_all) {
		request->process = NULL;
		for (unsigned i = 0; i < inputs->count; i++)
			inputs->items[i].slots = 0;
	}
	request->hints = arena_array(request->arena, inputs->count,
				     sizeof(*request->hints));
	if (!request->hints)
		return err_nomem(err);
	r = pushdown_hint(request, function, err);
	if (r || !function->insns)
		return r;
	program->function_count++;
	for (unsigned i = 0; i < inputs->count; i++)
		inputs->scans[i]->hint = request->hints[i];
	return 0;
}

static int add_pre(struct program *program, struct pushdown_request *request,
		   struct kernel_function *function, struct err *err)
{
	struct subscription *subscription =
		&program->subscriptions[request->stream];
	bool exact;
	int r;

	request->stage = PUSHDOWN_PRE;
	r = pushdown_stage(request, function, &exact, err);
	if (r)
		return r;
	subscription->has_pre = function->insns;
	program->function_count += subscription->has_pre;
	return 0;
}

/* The functions of a stream; the predicate first: it is what explain reads. */
static int add_functions(struct program *program, struct inputs *inputs,
			 struct pushdown_request *request,
			 struct kernel_function *functions, struct err *err)
{
	struct subscription *subscription =
		&program->subscriptions[request->stream];
	struct kernel_function *function = &functions[program->function_count];
	unsigned terms = process_terms_count(request->process);
	bool exact;
	int r;

	request->inputs = inputs->items;
	request->input_count = inputs->count;
	request->stage = PUSHDOWN_PREDICATE;
	r = pushdown_stage(request, function, &exact, err);
	if (r)
		return r;
	program->function_count++;
	subscription->has_predicate = function->insns;
	subscription->accept_all = !function->insns;
	subscription->accept_all_rule = function->accept_all_rule;
	if (!function->insns)
		process_terms_cut(request->process, terms);
	if (function->insns && pushdown_has_pre(request->stream))
		r = add_pre(program, request, function + 1, err);
	if (r)
		return r;
	return add_hint(program, inputs, request,
			&functions[program->function_count], err);
}

/* What the stream's functions read. */
static void take_columns(struct subscription *subscription,
			 const struct kernel_function *functions,
			 unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < 4; k++)
			subscription->predicate_columns[k] |=
				functions[i].columns[k];
}

static void take_process(struct subscription *subscription,
			 const struct kernel_function *functions,
			 unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct kernel_function *f = &functions[i];

		for (unsigned k = 0; k < 2; k++)
			subscription->tests_process[k] |= f->tests_process[k];
		if (!f->insns)
			continue;
		subscription->tests_slots |= f->tests_slots;
		if (process_terms_any(&f->needs_terms))
			subscription->needs_terms = f->needs_terms;
	}
}

static int subscribe_stream(struct compilation *c, struct program *program,
			    enum stream_id stream,
			    struct process_term_table *process,
			    struct path_set_list *sets,
			    const struct semi_joins *joins,
			    struct kernel_function *functions, struct err *err)
{
	struct subscription *subscription = &program->subscriptions[stream];
	struct pushdown_request request = { .arena = c->arena,
					    .stream = stream,
					    .process = process,
					    .sets = sets };
	struct inputs inputs = { 0 };
	unsigned first = program->function_count;
	int r;

	for (unsigned i = 0; i < program->plan->rule_count; i++) {
		const struct plan_rule *rule = &program->plan->rules[i];

		want_columns(subscription, rule, stream);
		if (!collect_scans(c, joins, rule, rule->root, stream, &inputs))
			return err_nomem(err);
	}
	if (!subscription->wanted)
		return 0;
	subscription->accept_all = true;
	if (STREAM_IS_LIFECYCLE(stream) || stream >= STREAM_KERNEL_COUNT)
		return 0;
	r = add_functions(program, &inputs, &request, functions, err);
	if (r)
		return r;
	take_columns(subscription, functions + first,
		     program->function_count - first);
	take_process(subscription, functions + first,
		     program->function_count - first);
	return 0;
}

static bool reads(const struct subscription *subscription, unsigned column)
{
	return subscription->columns[column / 64] >> column % 64 & 1;
}

static void take_sampled(struct program *program, enum stream_id stream)
{
	const struct subscription *s = &program->subscriptions[stream];

	program->sampled.cpu |= reads(s, COL_cpu_usage);
	program->sampled.memory |= reads(s, COL_memory_usage);
	program->sampled.status |= reads(s, COL_status);
	program->sampled.hash |= reads(s, COL_executable_hash);
	for (unsigned id = COL_container_id; id <= COL_k8s_namespace; id++)
		program->containers |= reads(s, id);
}

/* Where a process is, is known only if each change is seen. */
static void take_directory(struct program *program, enum stream_id stream)
{
	const struct subscription *s = &program->subscriptions[stream];
	struct subscription *chdir =
		&program->subscriptions[STREAM_PROCESS_CHDIR];

	if (!reads(s, COL_cwd) && !reads(s, COL_parent_cwd))
		return;
	chdir->wanted = true;
	chdir->accept_all = true;
}

static int add_process_terms(struct program *program,
			     const struct process_term_table *process,
			     struct kernel_function *functions, struct err *err)
{
	int r;

	if (!process_terms_count(process))
		return 0;
	r = process_terms_compile(process, &functions[program->function_count],
				  &program->process_terms,
				  &program->process_term_count, err);
	if (r)
		return r;
	take_columns(&program->subscriptions[STREAM_PROCESS_EXEC],
		     &functions[program->function_count++], 1);
	return 0;
}

static int add_join_slots(struct program *program,
			  const struct semi_joins *joins,
			  struct kernel_function *functions, struct err *err)
{
	uint64_t used = 0;
	int r;

	for (unsigned i = 0; i < STREAM_COUNT; i++)
		used |= program->subscriptions[i].tests_slots;
	if (!used)
		return 0;
	r = semi_joins_compile(joins, used, &functions[program->function_count],
			       &program->join_slots, err);
	if (r)
		return r;
	program->join_slot_count = joins->slot_count;
	take_columns(&program->subscriptions[STREAM_PROCESS_EXEC],
		     &functions[program->function_count++], 1);
	return 0;
}

int subscribe(struct arena *arena, struct program *program, struct err *err)
{
	struct compilation c = { .arena = arena };
	struct kernel_function *functions =
		arena_array(arena, 3 * STREAM_COUNT + 2, sizeof(*functions));
	struct process_term_table *process = process_terms_new(arena);
	struct path_set_list sets = { 0 };
	struct semi_joins joins;
	int r;

	if (!functions || !process)
		return err_nomem(err);
	r = semi_joins_find(arena, program->plan, &joins, err);
	if (r)
		return r;
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		r = subscribe_stream(&c, program, (enum stream_id)i, process,
				     &sets, &joins, functions, err);
		if (r)
			return r;
		take_sampled(program, (enum stream_id)i);
		take_directory(program, (enum stream_id)i);
	}
	r = add_process_terms(program, process, functions, err);
	if (!r)
		r = add_join_slots(program, &joins, functions, err);
	if (r)
		return r;
	program->path_sets = sets.items;
	program->path_set_count = sets.count;
	program->functions = functions;
	return kernel_object(arena, functions, program->function_count,
			     &program->object, &program->object_bytes, err);
}
