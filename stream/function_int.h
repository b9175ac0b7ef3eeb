/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of function.h over texts and bytes. No arg is NULL. */
#ifndef SHRIKE_STREAM_FUNCTION_INT_H
#define SHRIKE_STREAM_FUNCTION_INT_H

#include "stream/expr_int.h"

struct value function_length(const struct value *args, struct expr_env *env);
struct value function_substr(const struct value *args, unsigned count,
			     struct expr_env *env);
struct value function_instr(const struct value *args, struct expr_env *env);
struct value function_letters(const struct value *args, struct expr_env *env,
			      bool upper);
struct value function_trim(const struct value *args, unsigned count,
			   struct expr_env *env);
struct value function_replace(const struct value *args, struct expr_env *env);
struct value function_basename(const struct value *args, struct expr_env *env);
struct value function_dirname(const struct value *args, struct expr_env *env);

/* function_bytes.c */
struct value function_hex(const struct value *args, struct expr_env *env);
struct value function_unhex(const struct value *args, struct expr_env *env);
struct value function_entropy(const struct value *args, struct expr_env *env);
struct value function_base64_decode(const struct value *args,
				    struct expr_env *env);

/* The text of an arg; a BYTES stays what it is. NULL when it does not fit. */
static inline struct value function_text(struct value v, struct expr_env *env)
{
	return v.type == VALUE_BYTES ? v : expr_cast(env, v, VALUE_TEXT);
}

#endif
