/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text at all? Size, UTF-8, no NUL byte. */
#ifndef SHRIKE_COMPILER_SOURCE_H
#define SHRIKE_COMPILER_SOURCE_H

#include "compiler/compilation.h"
#include "compiler/compiler.h"

/* False: complained, and the source is not to be read. */
bool source_check(struct compilation *c, const struct compile_source *source,
		  uint32_t index);

#endif
