/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Sets of texts that paths are looked up in, when rules name so many of them
 * that a search in code would be too long.
 *
 * The collector looks up and the predicate reads the answer: a stream's record
 * has, behind the bytes of its last path and so never on a ring, a struct
 * path_groups for each PATH member, named member##_groups. A group says which
 * rules' texts the path met; what else these rules demand is in the predicate.
 */
#ifndef SHRIKE_BPF_PATH_SETS_H
#define SHRIKE_BPF_PATH_SETS_H

#include <linux/types.h>

enum path_set_kind {
	PATH_SET_WHOLE,	 /* the path is the text */
	PATH_SET_NAME,	 /* what follows its last / is */
	PATH_SET_PREFIX, /* it begins so; of several the longest counts */
	PATH_SET_KIND_COUNT
};

/*
 * The group of each kind, 0: in no set; and the bits of struct event_hint of
 * those rules that have the text.
 */
struct path_groups {
	__u32 group[PATH_SET_KIND_COUNT];
	__u32 pad;
	__u64 marks[PATH_SET_KIND_COUNT];
};

/* What is known of a text in a set. */
struct path_set_value {
	__u64 marks;
	__u32 group;
	__u32 pad;
};

/*
 * What is known of a path before it is made: the last component. It lies behind
 * the groups, for the same reason, named member##_name; `pre_` reads it.
 */
struct path_name {
	__u64 start; /* the first bytes; zeros behind a shorter name */
	__u32 len;   /* 0: it is not known */
	__u32 pad;
};

/* Longer texts are in no set. */
#define PATH_SET_TEXT_MAX 248

/* Which set of which path: the key's half that is not the text. */
#define PATH_SET_ID(stream, column, kind) \
	((__u32)(stream) << 16 | (__u32)(column) << 8 | (__u32)(kind))

/*
 * WHOLE and NAME are keys of a hash table: a hash of the text in place of it.
 * Two texts of one hash only let through more than they should.
 */
struct path_text_key {
	__u64 hash;
	__u32 len;
	__u32 set; /* PATH_SET_ID() */
};

/* PREFIX is a key of a longest-prefix trie, which takes 256 bytes of data. */
struct path_prefix_key {
	__u32 bits; /* of what follows */
	__u32 set;
	__u8 text[PATH_SET_TEXT_MAX];
};

/* Constants to the verifier, alone in their section. */
#define PATH_SETS_SECTION ".rodata.path_sets"
#define PATH_SET_STREAMS_MAX 64

struct path_set_settings {
	__u8 kinds[PATH_SET_STREAMS_MAX]; /* a bit for each that has a set */
};

#define PATH_SET_WORDS (PATH_SET_TEXT_MAX / 8)

/* Of `len` bytes, at most PATH_SET_TEXT_MAX; what follows them is ignored. */
static inline __attribute__((always_inline)) __u64
path_text_hash(const __u64 words[PATH_SET_WORDS], __u32 len)
{
	__u64 hash = 0x9e3779b97f4a7c15ULL ^ len;

#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (__u32 i = 0; i < PATH_SET_WORDS; i++) {
		__u64 word = words[i];

		if (8 * i >= len)
			break;
		if (len - 8 * i < 8)
			word &= (1ULL << 8 * (len - 8 * i)) - 1;
		hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	return hash;
}

#endif
