/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to syntax trees. A statement that cannot be read is complained
 * about and left out; reading goes on behind its ';'.
 */
#ifndef SHRIKE_COMPILER_PARSE_H
#define SHRIKE_COMPILER_PARSE_H

#include "compiler/ast.h"
#include "compiler/compilation.h"
#include "compiler/compiler.h"

/* Append the statements of one source, whose bytes source_check() accepted. */
void parse_source(struct compilation *c, const struct compile_source *source,
		  uint32_t index, struct ast_program *program);

#endif
