/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks a path up in the sets that user space has filled, see path_sets.h. A
 * collector calls path_groups_fill() when it has the path, before its
 * predicate; what no rule needs is removed by the verifier.
 *
 * The scratch key is shared by the handlers of an object: they run from one
 * stub, which does not run twice at a time on a CPU.
 *
 * What loops is a global function: the verifier looks at it once, whatever its
 * callers know of the arguments.
 */
#ifndef SHRIKE_BPF_PATH_SETS_BPF_H
#define SHRIKE_BPF_PATH_SETS_BPF_H

#include "bpf/event.h"
#include "bpf/kernel_types.h"
#include "bpf/ring.bpf.h"

#include <bpf/bpf_helpers.h>

SEC(PATH_SETS_SECTION) const volatile struct path_set_settings path_sets;

/* User space makes the maps and puts them in: sizes here are placeholders. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct path_text_key);
	__type(value, struct path_set_value);
} path_texts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct path_prefix_key);
	__type(value, struct path_set_value);
} path_prefixes SEC(".maps");

SCRATCH_MAP(path_set_scratch, struct path_prefix_key);

struct path_chars {
	char bytes[EVENT_PATH_SIZE];
};

__attribute__((noinline)) unsigned long long
path_key_hash(const struct path_prefix_key *key, __u32 len)
{
	return key ? path_text_hash((const __u64 *)key->text, len) : 0;
}

static __always_inline void path_met(struct path_groups *groups,
				     enum path_set_kind kind,
				     const struct path_set_value *value)
{
	if (!value)
		return;
	groups->group[kind] = value->group;
	groups->marks[kind] = value->marks;
}

static __always_inline void path_text_look(struct path_groups *groups,
					   enum path_set_kind kind,
					   const struct path_prefix_key *key,
					   __u32 len, __u32 set)
{
	const struct path_text_key text = {
		.hash = path_key_hash(key, len),
		.len = len,
		.set = set,
	};

	path_met(groups, kind, bpf_map_lookup_elem(&path_texts, &text));
}

/* Bytes behind the last '/'; 0 when it is not among the last ones. */
__attribute__((noinline)) __u32 path_name_length(const struct path_chars *path,
						 __u32 len)
{
	if (!path)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i <= PATH_SET_TEXT_MAX; i++) {
		if (i >= len)
			return 0;
		if (path->bytes[(len - 1 - i) & (EVENT_PATH_SIZE - 1)] == '/')
			return i;
	}
	return 0;
}

static __always_inline void path_name_look(struct path_groups *groups,
					   struct path_prefix_key *key,
					   const char *bytes, __u32 len,
					   __u32 set)
{
	__u32 name = path_name_length((const struct path_chars *)bytes, len);
	__u32 from = (len - name) & (EVENT_PATH_SIZE - 1);

	if (!name || name > PATH_SET_TEXT_MAX)
		return;
	if (bpf_probe_read_kernel(key->text, name, bytes + from))
		return;
	path_text_look(groups, PATH_SET_NAME, key, name, set);
}

/* `bytes` are EVENT_PATH_SIZE at least, of which `len` are the path. */
static __always_inline void path_groups_fill(struct path_groups *groups,
					     __u32 stream, __u32 column,
					     const char *bytes, __u32 len)
{
	__u8 kinds = path_sets.kinds[stream];
	__u32 part = len < PATH_SET_TEXT_MAX ? len : PATH_SET_TEXT_MAX;
	struct path_prefix_key *key;

	if (!kinds)
		return;
	*groups = (struct path_groups){ 0 };
	key = scratch_get(&path_set_scratch);
	if (!key || len > EVENT_PATH_SIZE)
		return;
	if (kinds & (1 << PATH_SET_WHOLE | 1 << PATH_SET_PREFIX))
		bpf_probe_read_kernel(key->text, part, bytes);
	if (kinds & 1 << PATH_SET_PREFIX) {
		key->bits = 8 * (sizeof(key->set) + part);
		key->set = PATH_SET_ID(stream, column, PATH_SET_PREFIX);
		path_met(groups, PATH_SET_PREFIX,
			 bpf_map_lookup_elem(&path_prefixes, key));
	}
	if (kinds & 1 << PATH_SET_WHOLE && len <= PATH_SET_TEXT_MAX)
		path_text_look(groups, PATH_SET_WHOLE, key, part,
			       PATH_SET_ID(stream, column, PATH_SET_WHOLE));
	if (kinds & 1 << PATH_SET_NAME)
		path_name_look(groups, key, bytes, len,
			       PATH_SET_ID(stream, column, PATH_SET_NAME));
}

#endif
