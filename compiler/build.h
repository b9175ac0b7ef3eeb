/* SPDX-License-Identifier: Apache-2.0 */
/* Makes expressions of stream/expr.h; NULL when there is no memory. */
#ifndef SHRIKE_COMPILER_BUILD_H
#define SHRIKE_COMPILER_BUILD_H

#include "stream/expr.h"

struct expr *build_op(struct arena *arena, enum expr_op op,
		      enum value_type type, unsigned arg_count);
/* Its own args array, the same args. */
struct expr *build_copy(struct arena *arena, const struct expr *expr);
struct expr *build_const(struct arena *arena, enum value_type type,
			 struct value value);
struct expr *build_bool(struct arena *arena, bool value);
/* A BOOLEAN that is NULL. */
struct expr *build_null(struct arena *arena);
struct expr *build_not(struct arena *arena, const struct expr *arg);
struct expr *build_two(struct arena *arena, enum expr_op op,
		       enum value_type type, const struct expr *left,
		       const struct expr *right);

/* Two of one shape that read the same, for every tuple of the same value. */
bool build_equal(const struct expr *a, const struct expr *b);

bool build_is_const(const struct expr *expr);
/* A constant that is TRUE, FALSE; NULL is neither. */
bool build_is_bool(const struct expr *expr, bool value);
/* A condition that is never NULL, whatever its columns hold. */
bool build_two_valued(const struct expr *expr);

#endif
