/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHRIKE_BASE_IO_H
#define SHRIKE_BASE_IO_H

#include <stddef.h>

/* All `len` bytes to a descriptor, however many writes it takes; or -errno. */
int write_all(int fd, const void *bytes, size_t len);

#endif
