/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links the generated predicates into a collector: two relocatable BPF objects
 * in, one out, all in memory.
 */
#ifndef SHRIKE_COLLECT_OBJECT_LINK_H
#define SHRIKE_COLLECT_OBJECT_LINK_H

#include "user/base/buf.h"
#include "user/base/err.h"

struct object_bytes {
	const void *bytes;
	size_t len;
};

/* A strong symbol of `generated` replaces a weak one of `collector`. */
int object_link(const struct object_bytes *collector,
		const struct object_bytes *generated, struct buf *out,
		struct err *err);

#endif
