// SPDX-License-Identifier: Apache-2.0
#include "compiler/task.h"

#include "compiler/compilation.h"
#include "compiler/interval.h"
#include "compiler/plan_print.h"
#include "compiler/plan_walk.h"
#include "compiler/subscribe.h"

#include <inttypes.h>

/* What the tree says of one input: its scan, and the join that asks for it. */
struct found {
	const struct plan_node *scan;
	const struct plan_node *join;
};

static void find(const struct plan_node *node, unsigned input,
		 struct found *found)
{
	if (node->kind == PLAN_SCAN && node->input == input)
		found->scan = node;
	if (node->kind == PLAN_JOIN && node->child[1]->kind == PLAN_SCAN &&
	    node->child[1]->input == input)
		found->join = node;
	for (unsigned i = 0; i < plan_child_count(node); i++)
		find(plan_child(node, i), input, found);
}

static bool fill(struct compilation *c, const struct plan_rule *rule,
		 unsigned input, struct collection_task *task)
{
	const struct expr_names names = plan_rule_names(rule);
	struct buf predicate = BUF_INIT;
	struct found found = { 0 };

	find(rule->root, input, &found);
	task->rule = rule;
	task->stream = rule->input_streams[input];
	subscribe_columns(rule, input, task->columns);
	if (found.scan && found.scan->predicate)
		expr_print(&predicate, found.scan->predicate, &names);
	task->predicate = compilation_take(c, &predicate);
	task->id = compilation_text(c, "%s/%s", rule->name,
				    rule->input_names[input]);
	if (found.join && found.join->triggered) {
		task->rate_limit = found.join->keys_max;
		task->time_to_live_ns = found.join->upper_ns;
	}
	return !c->nomem;
}

int task_list(struct arena *arena, struct program *program, struct err *err)
{
	struct compilation c = { .arena = arena };
	const struct plan *plan = program->plan;
	struct collection_task *tasks;
	unsigned n = 0;

	for (unsigned i = 0; i < plan->rule_count; i++)
		n += plan->rules[i].input_count;
	tasks = compilation_alloc(&c, n, sizeof(*tasks));
	if (!tasks)
		return err_nomem(err);
	for (unsigned i = 0; i < plan->rule_count; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		for (unsigned k = 0; k < rule->input_count; k++) {
			if (rule->input_streams[k] == PLAN_STREAM_MATCHES)
				continue;
			if (!fill(&c, rule, k, &tasks[program->task_count++]))
				return err_nomem(err);
		}
	}
	program->tasks = tasks;
	return 0;
}

static void put_columns(struct buf *out, enum stream_id id,
			const uint64_t columns[4])
{
	const struct stream *stream = catalog_stream(id);
	bool first = true;

	buf_puts(out, "  columns ");
	for (unsigned i = 0; i < catalog_column_count(stream); i++) {
		if (!(columns[i / 64] >> i % 64 & 1))
			continue;
		buf_printf(out, "%s%s", first ? "" : ", ",
			   catalog_column_at(stream, i)->name);
		first = false;
	}
	buf_putc(out, '\n');
}

void subscriptions_print(struct buf *out, const struct program *program)
{
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		const struct subscription *s = &program->subscriptions[i];

		if (!s->wanted)
			continue;
		buf_printf(out, "stream %s\n  rows %s",
			   catalog_stream((enum stream_id)i)->name,
			   s->has_predicate ? "that pass the predicate" :
					      "all");
		if (s->accept_all_rule)
			buf_printf(out, ", for rule %s", s->accept_all_rule);
		if (s->failed)
			buf_puts(out, ", failed calls too");
		buf_putc(out, '\n');
		put_columns(out, (enum stream_id)i, s->columns);
	}
}

void tasks_print(struct buf *out, const struct program *program)
{
	for (unsigned i = 0; i < program->task_count; i++) {
		const struct collection_task *task = &program->tasks[i];

		buf_printf(out, "task %s\n  rule %s\n  stream %s\n", task->id,
			   task->rule->name,
			   catalog_stream(task->stream)->name);
		put_columns(out, task->stream, task->columns);
		if (*task->predicate)
			buf_printf(out, "  predicate %s\n", task->predicate);
		if (task->rate_limit)
			buf_printf(out, "  rate limit %u\n", task->rate_limit);
		if (task->time_to_live_ns) {
			buf_puts(out, "  time to live ");
			interval_print(out, task->time_to_live_ns);
			buf_putc(out, '\n');
		}
	}
}
