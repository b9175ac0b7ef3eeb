// SPDX-License-Identifier: Apache-2.0
#include "compiler/leave_out.h"

#include "user/base/catalog.h"

#define ADVICE "'shrike probe -r' says what each rule needs and has here"

/* The first of the block's inputs that it cannot have; NULL: it has them. */
static const struct bound_input *input_lacking(const struct bound_rule *block,
					       const char *const *lacks)
{
	for (unsigned i = 0; i < block->input_count; i++) {
		const struct bound_input *input = &block->inputs[i];

		if (input->source ? input->source->left_out :
				    lacks[input->stream] != NULL)
			return input;
	}
	return NULL;
}

static void tell(struct compilation *c, const struct bound_rule *rule,
		 const struct bound_input *input,
		 const struct compile_options *options)
{
	struct span span = rule->ast->name_span;
	const char *why =
		input->source ?
			compilation_text(c,
					 "it reads the matches of '%s', which "
					 "does not either",
					 input->source->ast->name) :
			compilation_text(c,
					 "%s needs %s, which this kernel lacks",
					 catalog_stream(input->stream)->name,
					 options->lacks[input->stream]);

	if (!why)
		return;
	c->rule = rule->ast->name;
	if (options->strict)
		compilation_error(c, span, ADVICE, "does not run here: %s",
				  why);
	else
		compilation_warning(c, span, ADVICE, "does not run here: %s",
				    why);
	c->rule = NULL;
}

/* The blocks of one rule lie behind each other, its own is the last. */
static unsigned rule_end(const struct bound_rules *rules, unsigned first)
{
	unsigned end = first;

	while (end < rules->count &&
	       rules->items[end]->ast == rules->items[first]->ast)
		end++;
	return end;
}

/* Is the rule of the blocks [first, end) left out? */
static bool rule_leave_out(struct compilation *c,
			   const struct bound_rules *rules, unsigned first,
			   unsigned end, const struct compile_options *options)
{
	const struct bound_input *input = NULL;

	for (unsigned i = first; i < end && !input; i++)
		input = input_lacking(rules->items[i], options->lacks);
	if (!input)
		return false;
	for (unsigned i = first; i < end; i++)
		rules->items[i]->left_out = true;
	tell(c, rules->items[first], input, options);
	return true;
}

unsigned leave_out(struct compilation *c, const struct bound_rules *rules,
		   const struct compile_options *options)
{
	unsigned left = 0, out = 0;

	if (!options || !options->lacks)
		return 0;
	for (unsigned i = 0, end; i < rules->count; i = end) {
		end = rule_end(rules, i);
		if (!rules->items[i]->enabled)
			continue;
		if (rule_leave_out(c, rules, i, end, options))
			out++;
		else
			left++;
	}
	if (out && !left && !options->strict)
		compilation_error(c, rules->items[0]->ast->name_span, NULL,
				  "no rule is left that can run here");
	return out;
}
