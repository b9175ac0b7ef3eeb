/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * ABI between a collector and the predicate that is generated for its stream.
 *
 * The collector defines predicate_<ident>() weakly, with a body that passes
 * everything; a generated object may bring the strong definition, and the two
 * are linked before load. To match, the generated function must be
 *
 *   unsigned long long predicate_<ident>(const struct <ident>_event *event)
 *
 * GLOBAL, in .text, and its first test must be for a null pointer. It returns 0
 * when no rule can use the event. It sees the record before it is on the ring:
 * head.ts and head.seq are not filled, the rest is.
 */
#ifndef SHRIKE_BPF_PREDICATE_H
#define SHRIKE_BPF_PREDICATE_H

#define PREDICATE_PASS_ALL(ident)                                             \
	__attribute__((weak, noinline)) unsigned long long predicate_##ident( \
		const struct ident##_event *event)                            \
	{                                                                     \
		return 1;                                                     \
	}

#endif
