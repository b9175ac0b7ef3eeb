/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of texts that the paths of a stream are looked up in: what the compiler
 * hands to the collector beside the generated object. See bpf/path_sets.h.
 */
#ifndef SHRIKE_BASE_PATH_SET_H
#define SHRIKE_BASE_PATH_SET_H

#include "bpf/event.h"
#include "bpf/path_sets.h"

#include <stdint.h>

struct path_set_entry {
	const uint8_t *text;
	uint32_t len;	/* 1 .. PATH_SET_TEXT_MAX */
	uint32_t group; /* > 0 */
	uint64_t marks; /* of hints, see struct path_groups */
};

/* A stream, column and kind have at most one. */
struct path_set {
	enum stream_id stream;
	unsigned column; /* its id */
	enum path_set_kind kind;
	struct path_set_entry *entries; /* distinct texts, sorted */
	unsigned entry_count;
};

#endif
