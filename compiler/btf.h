/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BTF for generated functions: their types, and which SQL term each instruction
 * came from (.BTF.ext). Bytes only; who loads them is not our concern.
 */
#ifndef SHRIKE_COMPILER_BTF_H
#define SHRIKE_COMPILER_BTF_H

#include "compiler/pushdown.h"

/*
 * Append the sections .BTF and .BTF.ext for functions that lie one behind the
 * other in the section `text`. Only functions with instructions count.
 */
int btf_sections(const struct kernel_function *functions,
		 unsigned function_count, const char *text, struct buf *btf,
		 struct buf *btf_ext, struct err *err);

#endif
