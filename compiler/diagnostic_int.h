/* SPDX-License-Identifier: Apache-2.0 */
/* Between diagnostic.c and diagnostic_json.c. */
#ifndef SHRIKE_COMPILER_DIAGNOSTIC_INT_H
#define SHRIKE_COMPILER_DIAGNOSTIC_INT_H

#include "compiler/compiler.h"

struct position {
	size_t line_start;
	size_t line_end;
	unsigned line;	 /* from 1 */
	unsigned column; /* in characters, from 1 */
};

struct position diagnostic_position(const struct compile_source *source,
				    uint32_t at);

/* diagnostics->count of them, in the order of the text. */
void diagnostics_order(const struct diagnostics *diagnostics,
		       const struct diagnostic *ret_order[DIAGNOSTICS_MAX]);

#endif
