/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as callers wrote them, made canonical: by the text alone, no file
 * system is asked. So `..` behind a symbolic link leads to where the link is.
 */
#ifndef SHRIKE_EVENT_PATH_NAME_H
#define SHRIKE_EVENT_PATH_NAME_H

#include <stddef.h>

/*
 * Of an absolute path, in place: no empty component, no `.`, no `..`, no slash
 * at the end; `..` at the root stays there. Returns the new length; what does
 * not begin with a slash is left as it is.
 */
size_t path_canonical(char *path, size_t len);

#endif
