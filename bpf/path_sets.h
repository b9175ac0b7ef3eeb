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

/* The group of each kind, 0: in no set. */
struct path_groups {
	__u32 group[PATH_SET_KIND_COUNT];
	__u32 pad;
};

/* Longer texts are in no set. */
#define PATH_SET_TEXT_MAX 256

#endif
