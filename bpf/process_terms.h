/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Process terms (struct process_terms: term i is bit i % 64 of words[i / 64]): what the rules ask of the program that a process runs, decided
 * once, when it is executed, and kept as a bit for each.
 *
 * A bit that is 0 says that its term is not TRUE of the process. A bit that is
 * 1 says nothing: the term may be TRUE. So all ones is what to take for a
 * process that is not known, and whoever knows more may only clear bits.
 *
 * The collector of process.exec defines process_terms() and exec_keys() weakly;
 * a generated object may bring the strong definitions. To match, these must be
 *
 *   unsigned long long process_terms(const struct process_exec_event *event,
 *                                    struct process_terms *out)
 *   unsigned long long exec_keys(const struct process_exec_event *event,
 *                                struct exec_keys *out)
 *
 * GLOBAL, in .text, and their first tests must be for null pointers. They see
 * the record before it is on the ring, as predicate_<ident>() does (predicate.h),
 * of process.exec and of process.snapshot alike.
 *
 * Both write all of *out and return 0. `out` must not lie on the stack: the
 * verifier follows each bit there, and there are 256.
 *
 * exec_keys() sets a bit for each slot of struct join_slot (compiler.h) that
 * the exec opens for its process: {slot, head.pid_key} is alive from then on for
 * the slot's time to live. A predicate tests head.join_keys, in which the
 * collector has set the bits of the slots that are alive for head.pid_key; all
 * ones where it does not know. A slot is alive for every process until its time
 * to live has passed since these programs took over: who executed before that
 * is not known. exec_keys() wants the record whole, but for what user space adds.
 */
#ifndef SHRIKE_BPF_PROCESS_TERMS_H
#define SHRIKE_BPF_PROCESS_TERMS_H

#include "bpf/event.h"

#define PROCESS_TERM_WORDS 4 /* of struct process_terms */
#define PROCESS_TERMS_MAX (64 * PROCESS_TERM_WORDS)
#define JOIN_SLOTS_MAX 64

struct exec_keys {
	__u64 slots;
};

/* Whose bits: head.terms, head.parent_terms. */
enum process_terms_of { PROCESS_TERMS_OWN, PROCESS_TERMS_PARENT };

#define PROCESS_TERMS_PASS_ALL                                                 \
	__attribute__((weak, noinline)) unsigned long long process_terms(      \
		const struct process_exec_event *event,                        \
		struct process_terms *out)                                     \
	{                                                                      \
		if (!out)                                                      \
			return 1;                                              \
		for (int i = 0; i < PROCESS_TERM_WORDS; i++)                   \
			out->words[i] = ~0ULL;                                 \
		return 0;                                                      \
	}                                                                      \
	__attribute__((weak, noinline)) unsigned long long exec_keys(          \
		const struct process_exec_event *event, struct exec_keys *out) \
	{                                                                      \
		if (!out)                                                      \
			return 1;                                              \
		out->slots = 0;                                                \
		return 0;                                                      \
	}

#endif
