// SPDX-License-Identifier: Apache-2.0
#include "compiler/dump.h"

#include "compiler/ebpf.h"
#include "compiler/fold.h"
#include "compiler/interval.h"
#include "compiler/lex.h"
#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"
#include "compiler/print.h"
#include "compiler/pushdown.h"
#include "compiler/regalloc.h"
#include "compiler/share.h"
#include "compiler/task.h"

#include <inttypes.h>
#include <string.h>

struct dump {
	const struct dump_state *state;
	struct arena *arena;
	struct buf *out;
};

static const char *token_name(enum token_kind kind)
{
	static const char *const names[TOKEN_KIND_COUNT] = {
		[TOKEN_END] = "end",	   [TOKEN_BAD] = "bad",
		[TOKEN_WORD] = "word",	   [TOKEN_INTEGER] = "integer",
		[TOKEN_DOUBLE] = "double", [TOKEN_TEXT] = "text",
		[TOKEN_BYTES] = "bytes",   [TOKEN_PARAM] = "parameter",
	};

	return names[kind] ? names[kind] : "symbol";
}

/* Complaints were made when the source was read: these are dropped. */
static void dump_tokens(const struct dump *d, unsigned index)
{
	const struct compile_source *source = &d->state->sources[index];
	struct diagnostics *dropped = arena_alloc(d->arena, sizeof(*dropped));
	struct compilation c = { .arena = d->arena, .diagnostics = dropped };
	struct lexer lexer;
	struct token token;

	if (!dropped || source->len > COMPILE_FILE_BYTES_MAX)
		return;
	lexer_init(&lexer, &c, source, index);
	do {
		token = lexer_next(&lexer);
		buf_printf(d->out, "%u-%u %s", token.span.start, token.span.end,
			   token_name(token.kind));
		if (token.text)
			buf_printf(d->out, " %s", token.text);
		else
			buf_printf(d->out, " %.*s",
				   (int)(token.span.end - token.span.start),
				   source->text + token.span.start);
		buf_putc(d->out, '\n');
	} while (token.kind != TOKEN_END && !c.nomem);
}

static void dump_lex(const struct dump *d)
{
	for (unsigned i = 0; i < d->state->source_count; i++)
		dump_tokens(d, i);
}

static void dump_parse(const struct dump *d)
{
	print_program(d->out, &d->state->ast);
}

static void dump_expand(const struct dump *d)
{
	for (unsigned i = 0; i < d->state->expanded_count; i++)
		if (d->state->expanded[i].ast)
			print_rule(d->out, d->state->expanded[i].ast);
}

static void dump_bind(const struct dump *d)
{
	for (unsigned i = 0; i < d->state->bound.count; i++)
		bind_print(d->out, d->state->bound.items[i]);
}

/* As the plan will have them; as they are where there is no memory. */
static struct bound_conditions folded(const struct dump *d,
				      const struct bound_conditions *from)
{
	struct bound_conditions ret = *from;

	ret.items = arena_array(d->arena, from->count, sizeof(*ret.items));
	if (!ret.items)
		return *from;
	for (unsigned i = 0; i < from->count; i++) {
		const struct expr *expr;
		struct fold fold;

		fold_init(&fold, d->arena);
		expr = fold_condition(&fold, from->items[i].expr);
		fold_release(&fold);
		ret.items[i] = from->items[i];
		if (expr)
			ret.items[i].expr = expr;
	}
	return ret;
}

static void dump_fold(const struct dump *d)
{
	for (unsigned i = 0; i < d->state->bound.count; i++) {
		struct bound_rule rule = *d->state->bound.items[i];

		for (unsigned k = 0; k < rule.input_count; k++)
			rule.inputs[k].on = folded(d, &rule.inputs[k].on);
		rule.below = folded(d, &rule.below);
		rule.above = folded(d, &rule.above);
		bind_print(d->out, &rule);
	}
}

static void dump_plan(const struct dump *d)
{
	if (d->state->program->plan)
		plan_print(d->out, d->state->program->plan);
}

static void dump_node_bounds(const struct dump *d, const struct plan_node *node)
{
	if (node->horizon_ns || node->keys_max) {
		buf_puts(d->out, "  ");
		interval_print(d->out, (int64_t)node->horizon_ns);
		buf_printf(d->out, ", %u keys, %u rows a key\n", node->keys_max,
			   node->rows_per_key_max);
	}
	for (unsigned i = 0; i < plan_child_count(node); i++)
		dump_node_bounds(d, plan_child(node, i));
}

static void dump_bounds(const struct dump *d)
{
	const struct plan *plan = d->state->program->plan;

	for (unsigned i = 0; plan && i < plan->rule_count; i++) {
		buf_printf(d->out, "rule %s\n", plan->rules[i].name);
		dump_node_bounds(d, plan->rules[i].root);
	}
}

static const struct plan_rule *rule_named(const struct plan *plan,
					  const char *name)
{
	for (unsigned i = 0; i < plan->rule_count; i++)
		if (strcmp(plan->rules[i].name, name) == 0)
			return &plan->rules[i];
	return NULL;
}

static void dump_pushdown_terms(const struct dump *d,
				const struct kernel_function *function)
{
	buf_printf(d->out, "%s\n", function->name);
	for (unsigned i = 0; i < function->term_count; i++) {
		const struct pushdown_term *term = &function->terms[i];
		const struct plan_rule *rule =
			rule_named(d->state->program->plan, term->rule);
		struct expr_names names;

		if (!rule)
			continue;
		names = plan_rule_names(rule);
		buf_printf(d->out, "  %s %s: ",
			   term->in_kernel		   ? "kernel" :
			   term->in_process		   ? "process" :
			   function->stage == PUSHDOWN_PRE ? "later" :
							     "user space",
			   term->rule);
		expr_print(d->out, term->expr, &names);
		buf_printf(d->out, "%s%s\n", term->reason ? " -- " : "",
			   term->reason ? term->reason : "");
	}
}

/* Calls `print` for each kernel function; of the last two, if it has code. */
static void each_function(const struct dump *d, bool code,
			  void (*print)(const struct dump *,
					const struct kernel_function *))
{
	const struct program *program = d->state->program;

	for (unsigned i = 0; i < program->function_count; i++)
		if (!code || program->functions[i].ir)
			print(d, &program->functions[i]);
}

static void dump_share(const struct dump *d)
{
	if (d->state->program->share)
		share_print(d->state->program->share, d->out);
}

static void dump_pushdown(const struct dump *d)
{
	each_function(d, false, dump_pushdown_terms);
}

static void dump_ir(const struct dump *d,
		    const struct kernel_function *function)
{
	buf_printf(d->out, "%s\n", function->name);
	ir_print(function->ir, d->out);
}

static void dump_kernel_ir(const struct dump *d)
{
	each_function(d, true, dump_ir);
}

static void dump_homes(const struct dump *d,
		       const struct kernel_function *function)
{
	struct regalloc regs;

	buf_printf(d->out, "%s\n", function->name);
	/* It was done before with the same result. */
	if (regalloc(function->ir, &regs, NULL))
		return;
	for (uint32_t i = 0; i < function->ir->reg_count; i++) {
		const struct home *home = &regs.homes[i];

		if (home->kind == HOME_REGISTER)
			buf_printf(d->out, "  v%u r%u\n", i, home->reg);
		else if (home->kind == HOME_STACK)
			buf_printf(d->out, "  v%u r10%+d\n", i, home->offset);
		else
			buf_printf(d->out, "  v%u again at each use\n", i);
	}
	buf_printf(d->out, "  %u spilled, %u bytes of stack\n",
		   regs.spill_count, regs.stack_bytes);
}

static void dump_regalloc(const struct dump *d)
{
	each_function(d, true, dump_homes);
}

static void dump_insns(const struct dump *d,
		       const struct kernel_function *function)
{
	buf_printf(d->out, "%s\n", function->name);
	kernel_function_print(function, d->out);
}

static void dump_ebpf(const struct dump *d)
{
	each_function(d, true, dump_insns);
}

static void dump_subscriptions(const struct dump *d)
{
	subscriptions_print(d->out, d->state->program);
}

static void dump_tasks(const struct dump *d)
{
	tasks_print(d->out, d->state->program);
}

/* The passes in their order. One that is added gets a line here. */
static const struct {
	const char *name;
	void (*print)(const struct dump *d);
} passes[] = {
	{ "lex", dump_lex },
	{ "parse", dump_parse },
	{ "expand", dump_expand },
	{ "bind", dump_bind },
	{ "type", dump_bind },
	{ "fold", dump_fold },
	{ "plan", dump_plan },
	{ "bounds", dump_bounds },
	{ "share", dump_share },
	{ "pushdown", dump_pushdown },
	{ "kernel-ir", dump_kernel_ir },
	{ "regalloc", dump_regalloc },
	{ "ebpf", dump_ebpf },
	{ "subscriptions", dump_subscriptions },
	{ "tasks", dump_tasks },
};

bool compile_pass_known(const char *pass)
{
	for (unsigned i = 0; i < ARRAY_SIZE(passes); i++)
		if (strcmp(passes[i].name, pass) == 0)
			return true;
	return false;
}

void compile_pass_names(struct buf *out)
{
	for (unsigned i = 0; i < ARRAY_SIZE(passes); i++)
		buf_printf(out, "%s%s", i ? ", " : "", passes[i].name);
}

void dump(const char *pass, const struct dump_state *state, struct arena *arena,
	  struct buf *out)
{
	const struct dump d = { state, arena, out };

	for (unsigned i = 0; i < ARRAY_SIZE(passes); i++)
		if (strcmp(passes[i].name, pass) == 0)
			passes[i].print(&d);
}
