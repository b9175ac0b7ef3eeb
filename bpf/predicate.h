/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * ABI between a collector and the functions that are generated for its stream.
 *
 * The collector defines them weakly, with bodies that pass everything; a
 * generated object may bring the strong definitions, and the two are linked
 * before load. To match, a generated function must be
 *
 *   unsigned long long pre_<ident>(const struct <ident>_event *event)
 *   unsigned long long predicate_<ident>(const struct <ident>_event *event)
 *   unsigned long long hint_<ident>(const struct <ident>_event *event,
 *                                   struct event_hint *out)
 *
 * GLOBAL, in .text, and its first test must be for a null pointer. It returns 0
 * when no rule can use the event.
 *
 * hint_ runs when the event has passed, right behind the predicate, and tells
 * which rules may use it: who rejects pays nothing for that. It writes *out and
 * returns 0. Where it is not called head.hint stays all ones.
 *
 * pre_ is the first of two stages: of a stream with paths it asks what the
 * predicate asks of everything else, and what that demands of a path's last
 * component (struct path_name of bpf/path_sets.h). So it may be called before a
 * path is read: it reads no PATH member, nor head.truncated. Of another stream
 * there is only the predicate.
 *
 * Either sees the record before it is on the ring: head.ts, head.seq and
 * head.cpu are not filled; filled must be what subscription.predicate_columns
 * names, head.terms, head.parent_terms and head.join_keys where it says that they are
 * tested, and, before the predicate is called, the groups of a path's sets
 * (bpf/path_sets.bpf.h).
 */
#ifndef SHRIKE_BPF_PREDICATE_H
#define SHRIKE_BPF_PREDICATE_H

/* An event has passed: fills head.hint, from the record as the predicate saw it. */
#define HINT(ident, event) hint_##ident(event, &(event)->head.hint)

#define HINT_WEAK(ident)                                                   \
	__attribute__((weak, noinline)) unsigned long long hint_##ident(   \
		const struct ident##_event *event, struct event_hint *out) \
	{                                                                  \
		if (out)                                                   \
			out->bits = ~0ULL;                                 \
		return 0;                                                  \
	}

#define PREDICATE_WEAK(stage, ident)                                        \
	__attribute__((weak, noinline)) unsigned long long stage##_##ident( \
		const struct ident##_event *event)                          \
	{                                                                   \
		return 1;                                                   \
	}

/* Of a stream without paths. */
#define PREDICATE_PASS_ALL(ident)        \
	PREDICATE_WEAK(predicate, ident) \
	HINT_WEAK(ident)

/* Of a stream with paths. */
#define STAGES_PASS_ALL(ident)     \
	PREDICATE_WEAK(pre, ident) \
	PREDICATE_PASS_ALL(ident)

#endif
