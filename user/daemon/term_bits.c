// SPDX-License-Identifier: Apache-2.0
#include "user/daemon/term_bits.h"

#include <stdlib.h>
#include <string.h>

struct term_bits {
	const struct program *program;
	struct expr_env env;
	bool decides;	      /* some term is not the kernel's */
	int64_t unsettled_ns; /* the last change; 0: all is settled */
	/* The bits that several terms share are cleared when none is TRUE. */
	struct process_terms
		user; /* bits with a term that is not the kernel's */
	struct process_terms all; /* bits with a term */
};

#define BIT_WORD(bit) ((bit) / 64)
#define BIT_MASK(bit) (1ULL << (bit) % 64)

void term_bits_request(const struct program *program,
		       struct collect_processes *ret_processes)
{
	*ret_processes = (struct collect_processes){
		.slot_count = program->join_slot_count,
	};
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		const struct subscription *of = &program->subscriptions[s];

		for (unsigned whose = 0; whose < 2; whose++)
			if (of->tests_process[whose])
				ret_processes->tests_terms[s] |=
					(uint8_t)(1U << whose);
		ret_processes->tests_slots[s] = of->tests_slots;
		ret_processes->needs_terms[s] = of->needs_terms;
	}
	for (unsigned i = 0; i < program->join_slot_count; i++)
		ret_processes->slot_ns[i] =
			program->join_slots[i].time_to_live_ns;
}

int term_bits_new(const struct program *program, struct term_bits **ret_bits,
		  struct err *err)
{
	struct term_bits *bits;
	int rc;

	*ret_bits = NULL;
	if (!program->process_term_count)
		return 0;
	bits = calloc(1, sizeof(*bits));
	if (!bits)
		return err_nomem(err);
	bits->program = program;
	rc = expr_env_init(&bits->env, err);
	for (unsigned i = 0; i < program->process_term_count && !rc; i++) {
		const struct process_term *term = &program->process_terms[i];
		unsigned word = BIT_WORD(term->bit);

		bits->all.words[word] |= BIT_MASK(term->bit);
		if (!term->in_kernel) {
			bits->decides = true;
			bits->user.words[word] |= BIT_MASK(term->bit);
		}
		rc = expr_env_fit(&bits->env, term->expr, err);
	}
	if (rc) {
		term_bits_free(bits);
		return rc;
	}
	*ret_bits = bits;
	return 0;
}

struct term_bits *term_bits_free(struct term_bits *bits)
{
	if (!bits)
		return NULL;
	expr_env_release(&bits->env);
	free(bits);
	return NULL;
}

/* Which bits are to stay: all but those of `decided` without a TRUE term. */
static struct process_terms keep(struct term_bits *bits,
				 const struct process_terms *decided,
				 const struct context *context)
{
	const struct row row = { .stream = STREAM_PROCESS_EXEC,
				 .self = context };
	const struct tuple tuple = { .rows = { &row } };
	const struct program *program = bits->program;
	struct process_terms stay;

	memset(&stay, 0xff, sizeof(stay));
	if (!context)
		return stay;
	for (unsigned i = 0; i < PROCESS_TERM_WORDS; i++)
		stay.words[i] = ~decided->words[i];
	for (unsigned i = 0; i < program->process_term_count; i++) {
		const struct process_term *term = &program->process_terms[i];
		__u64 *word = &stay.words[BIT_WORD(term->bit)];

		if (!(*word & BIT_MASK(term->bit)) &&
		    expr_is_true(term->expr, &tuple, &bits->env))
			*word |= BIT_MASK(term->bit);
	}
	return stay;
}

void term_bits_snapshot(struct term_bits *bits, struct collector *collector,
			const struct pipeline *pipeline, const void *record)
{
	struct process_terms terms;
	struct event_head head;

	if (!bits)
		return;
	memcpy(&head, record, sizeof(head));
	terms = keep(bits, &bits->user,
		     pipeline_process(pipeline, head.pid_key));
	for (unsigned i = 0; i < PROCESS_TERM_WORDS; i++)
		terms.words[i] &= head.terms.words[i];
	collector_terms_add(collector, record, &terms);
}

static int process_add(void *ctx, const void *record, size_t len,
		       struct err *err)
{
	struct process_terms all;

	(void)len;
	(void)err;
	memset(&all, 0xff, sizeof(all));
	collector_terms_add(ctx, record, &all);
	return 0;
}

int term_bits_change(struct term_bits **bits, const struct program *program,
		     struct collector *collector, struct err *err)
{
	int rc;

	*bits = term_bits_free(*bits);
	if (!program)
		return 0;
	rc = term_bits_new(program, bits, err);
	if (rc || !*bits)
		return rc;
	rc = collector_snapshot(collector, process_add, collector, err);
	(*bits)->unsettled_ns = collect_now_ns();
	return rc;
}

static uint64_t key_of(const struct row *row, unsigned column)
{
	struct value key = row_get(row, column);

	return key.type == VALUE_INT ? (uint64_t)key.i : 0;
}

void term_bits_row(struct term_bits *bits, struct collector *collector,
		   const struct pipeline *pipeline, const struct row *row)
{
	uint64_t key;

	if (!bits || !bits->decides)
		return;
	key = key_of(row, COL_pid_key);
	if (row->stream == STREAM_PROCESS_FORK) {
		collector_terms_inherit(
			collector, key,
			key_of(row, COL_PROCESS_FORK_child_key));
	} else if (row->stream == STREAM_PROCESS_EXEC &&
		   row_get(row, COL_retval).type == VALUE_NULL) {
		struct process_terms stay = keep(
			bits, &bits->user, pipeline_process(pipeline, key));

		collector_terms_clear(collector, key, (uint64_t)row->ts, &stay);
	}
}

struct settling {
	struct term_bits *bits;
	const struct pipeline *pipeline;
};

static struct process_terms settle(void *ctx, uint64_t pid_key)
{
	const struct settling *settling = ctx;
	struct term_bits *bits = settling->bits;

	return keep(bits, &bits->all,
		    pipeline_process(settling->pipeline, pid_key));
}

void term_bits_settle(struct term_bits *bits, struct collector *collector,
		      const struct pipeline *pipeline, int64_t watermark)
{
	struct settling settling = { bits, pipeline };

	if (!bits || !bits->unsettled_ns || watermark <= bits->unsettled_ns)
		return;
	collector_terms_settle(collector, settle, &settling);
	bits->unsettled_ns = 0;
}
