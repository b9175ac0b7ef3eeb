/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules the machine cannot run: those that read a stream it lacks
 * something for, and those that read the matches of such a rule. Each is marked
 * and warned of; where all must run, or none is left, that is an error.
 */
#ifndef SHRIKE_COMPILER_LEAVE_OUT_H
#define SHRIKE_COMPILER_LEAVE_OUT_H

#include "compiler/bind.h"
#include "compiler/compilation.h"
#include "compiler/compiler.h"

/* How many are left out. `options` may be NULL: then none is. */
unsigned leave_out(struct compilation *c, const struct bound_rules *rules,
		   const struct compile_options *options);

#endif
