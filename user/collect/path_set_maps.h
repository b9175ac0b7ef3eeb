/* SPDX-License-Identifier: Apache-2.0 */
/* The sets that a collector looks paths up in, see bpf/path_sets.h. */
#ifndef SHRIKE_COLLECT_PATH_SET_MAPS_H
#define SHRIKE_COLLECT_PATH_SET_MAPS_H

#include "user/base/path_set.h"

struct bpf_object;

/*
 * Make and fill the maps of an object that is open but not loaded, and tell it
 * which sets there are; an object that looks nothing up is left alone. Negative
 * errno, as libbpf's; -EEXIST: two of a set's texts have one hash.
 */
int path_sets_give(struct bpf_object *object, const struct path_set *sets,
		   unsigned count);

#endif
